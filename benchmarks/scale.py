"""The same questions on 1, 3, 10 and 30 times the data, by DuckDB, Sail with two workers, and Apache Spark.

    python benchmarks/scale.py [--launches 200000] [--scales 1,3,10,30] [--engines duckdb,sail,spark]

The answers must be equal on all engines, and no question may cost more than the data grew. Then the model of docs/scale.md: what
its formulas predict for the larger sizes from the smallest ones, beside what was measured. Apache Spark takes part if
`make test-spark` has installed it.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import footfall
from footfall.lake import Lake, Restated
from footfall.lake.files import connect
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import Grain, Window, periods_in
from footfall.sources.binder import LAUNCHES
from measure import BUILD, claim, free_port, served, size_of

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from spark_servers import sail_command, spark_command, spark_lacks

SPAN = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
HOURS = SPAN.length // timedelta(hours=1)
REPOSITORIES = 20_000
ROUNDS = 3
SLACK = 1.25
"""By how much a cost may exceed the growth of the data: the machine is not the same from one moment to the next."""
NEAR = 2.0
"""A prediction of a time holds within this factor, one of a size within a tenth of it above 1."""
SCOPES, SCOPE_DAYS = (300, 1000, 3000), 30
UNIVERSE, ACTORS = 10_000_000, (1_000, 10_000, 100_000, 1_000_000)

RAW = "repositories by week (every row)"
QUESTIONS: dict[str, dict[str, Any]] = {
    RAW: {"metric": "repos", "grain": "week", "since": "2024-W02", "until": "2025-W01"},
    "launches by hour of one member (a month)": {
        "metric": "launches",
        "grain": "hour",
        "where": "federation=gke",
        "since": "2024-06-01",
        "until": "2024-07-01",
    },
    "top ten repositories (rollup)": {"metric": "launches", "grain": "total", "by": "repo", "top": 10},
    "launches by day by member (rollup)": {"metric": "launches", "grain": "day", "by": "federation"},
}
YEAR = {"since": "2024", "until": "2025"}


def workspace(launches: int) -> Path:
    """A workspace with a year of so many launches, written through the lake as collecting would; made once."""
    folder = BUILD / "scale" / f"{launches}"
    if not (folder / "done").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "footfall.toml").write_text('[sources.binder]\narchive = "archive"\n')
        with footfall.open(folder) as ff:
            fill(ff.lake, launches)
        (folder / "done").touch()
    return folder


def fill(lake: Lake, launches: int) -> None:
    """A repository of rank k gets a share of the launches that is proportional to 1/k, as in the archive of mybinder.org."""
    connection = connect()
    connection.execute("SELECT setseed(0.5)")
    for month in periods_in(Grain.MONTH, SPAN):
        hours = month.window.length // timedelta(hours=1)
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE launches AS
            WITH event AS (
                SELECT TIMESTAMPTZ '{month.start:%Y-%m-%d} 00:00+00' + to_hours((random() * {hours})::INT % {hours}) AS hour,
                       pow({REPOSITORIES}, random())::INT AS n
                FROM range({launches * hours // HOURS})
            )
            SELECT hour, 'GitHub' AS provider, 'org' || n % 3000 || '/repo-' || n || '/HEAD' AS spec,
                   'GitHub:org' || n % 3000 || '/repo-' || n AS repo, federation || '.mybinder.org' AS origin, federation,
                   'success' AS status, 5::BIGINT AS version, NULL::BOOLEAN AS build_token, NULL::VARCHAR AS request_origin,
                   count(*) AS launches
            FROM (SELECT *, ['gesis', '2i2c', 'ovh2', 'gke'][1 + n % 4] AS federation FROM event) GROUP BY ALL
            """
        )
        lake.commit(LAUNCHES, connection.table("launches"), replaces=[Restated(month.window)])
        lake.record([Entry("binder", LAUNCHES.name, "", month.window, Status.COMPLETE, month.end)])
    refresh(lake, LAUNCHES)


@dataclass(frozen=True)
class Engine:
    """An engine, and the process of its server; None for this process alone."""

    address: str
    server: int | None = None

    def cpu(self) -> float:
        """Seconds of CPU time so far, of this process and of the server."""
        if self.server is None:
            return time.process_time()
        fields = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def engines(wanted: Sequence[str]) -> Iterator[dict[str, Engine]]:
    """The engines, by name; their servers run until the block ends."""
    with ExitStack() as running:
        found = {}
        for name in wanted:
            port = free_port()
            if name == "spark" and (lacking := spark_lacks()):
                print(f"      left out: {lacking}")
            elif name == "duckdb":
                found[name] = Engine("duckdb://")
            else:
                command, environment = sail_command(port) if name == "sail" else spark_command(port, memory="3g")
                server = running.enter_context(served(command, port, environment))
                found[name] = Engine(f"sc://127.0.0.1:{port}", server.pid)
        yield found


def measured(folder: Path, engine: Engine) -> tuple[dict[str, list[Any]], dict[str, float]]:
    """The answers of an engine, and the least CPU time in which it gave each."""
    os.environ["FOOTFALL_ENGINE"] = engine.address
    answers, seconds = {}, {}
    with footfall.open(folder) as ff:
        for question, asked in QUESTIONS.items():
            ask = partial(ff.query, **(YEAR | asked))
            answers[question] = sorted(ask().to_arrow().to_pylist(), key=repr)
            seconds[question] = min(cost_of(ask, engine.cpu) for _ in range(ROUNDS))
    del os.environ["FOOTFALL_ENGINE"]
    return answers, seconds


def cost_of(act: Callable[[], object], cpu: Callable[[], float] = time.process_time) -> float:
    """Seconds of CPU time of a call: unlike the clock's, they hardly depend on what else the machine does."""
    before = cpu()
    act()
    return cpu() - before


def rows_expected(launches: int) -> float:
    """Rows of the table of launches: hours and repositories that occur together, if launches are independent."""
    weights = [math.log((k + 0.5) / max(k - 0.5, 1)) / math.log(REPOSITORIES) for k in range(1, REPOSITORIES)]
    weights.append(math.log(REPOSITORIES / (REPOSITORIES - 0.5)) / math.log(REPOSITORIES))
    return sum(HOURS * -math.expm1(-launches * weight / HOURS) for weight in weights)


def table_of(folder: Path) -> tuple[int, int]:
    """Rows and bytes of the table of launches, without its rollups."""
    with footfall.open(folder) as ff:
        files = ff.lake.snapshot([LAUNCHES]).tables[LAUNCHES.name].files
    listed = ", ".join(f"'{file}'" for file in files)
    [(rows,)] = connect().sql(f"SELECT count(*) FROM read_parquet([{listed}])").fetchall()
    return rows, sum(Path(file).stat().st_size for file in files)


def predicted(what: str, ratio: float, most: float) -> None:
    claim(f"model: {what}, predicted / measured", ratio, f"{1 / most:.2f} to {most:.2f}", 1 / most <= ratio <= most)


def line(sizes: Sequence[float], values: Sequence[float], size: float) -> float:
    """The value at `size` on the line through two points."""
    slope = (values[1] - values[0]) / (sizes[1] - sizes[0])
    return values[0] + slope * (size - sizes[0])


def check_model(folders: dict[int, Path], seconds: dict[str, dict[int, dict[str, float]]]) -> None:
    sizes = {launches: table_of(folder) for launches, folder in folders.items()}
    for launches, (rows, _) in sizes.items():
        predicted(f"rows of {launches:,} launches", rows_expected(launches) / rows, 1.05)
    first, *_, last = sizes
    print(f"      bytes a row: {' / '.join(f'{size / rows:.1f}' for rows, size in sizes.values())}")
    if len(sizes) > 2:
        known = list(sizes)[-3:-1]
        bytes_on_line = line([sizes[n][0] for n in known], [sizes[n][1] for n in known], sizes[last][0])
        predicted(f"bytes of {last:,} launches from the smaller sizes", bytes_on_line / sizes[last][1], 1.5)
        known = [first, known[1]]
        for name, of in seconds.items():
            on_line = line([sizes[n][0] for n in known], [of[n][RAW] for n in known], sizes[last][0])
            predicted(
                f"{name}: CPU time of {RAW}, {last:,} launches from the smaller sizes", on_line / of[last][RAW], NEAR
            )
            per_million = (of[last][RAW] - of[first][RAW]) / (sizes[last][0] - sizes[first][0]) * 1e6
            print(
                f"      {name}: {of[first][RAW]:.2f} s at {first:,} launches, then {per_million:.3f} s a million rows"
            )
    check_sets()
    check_ledger()


def check_sets() -> None:
    """Bytes of a set of actors: for each 65,536 ids 8 bytes, and 2 bytes an actor, of which 8,192 at the most."""
    import numpy as np
    from pyroaring import BitMap

    chance = np.random.default_rng(5)
    for actors in ACTORS:
        ids = BitMap(chance.choice(UNIVERSE, actors, replace=False).astype("uint32"))
        containers = UNIVERSE / 65_536
        expected = containers * (8 + min(2 * actors / containers, 8192))
        predicted(f"bytes of a set of {actors:,} of {UNIVERSE:,} actors", expected / len(ids.serialize()), 1.5)


def check_ledger() -> None:
    """Entries of the ledger: their bytes, and the time in which a question has read them, by the number of scopes."""
    seconds, sizes = [], []
    for scopes in SCOPES:
        folder = BUILD / "scale" / f"ledger-{scopes}"
        shutil.rmtree(folder, ignore_errors=True)
        start = datetime(2024, 1, 1, tzinfo=UTC)
        days = [Window(start + timedelta(days=n), start + timedelta(days=n + 1)) for n in range(SCOPE_DAYS)]
        lake = Lake.open(str(folder), now=lambda: SPAN.end)
        entries = [
            Entry("git", "commits", f"owner/{n}", d, Status.COMPLETE, d.end, fingerprint=f"{random.getrandbits(64):x}")
            for n in range(scopes)
            for d in days
        ]
        lake.record(entries)

        seconds.append(min(cost_of(partial(read_ledger, folder)) for _ in range(ROUNDS)))
        sizes.append(size_of(folder / LEDGER.name, "**/*.parquet"))
    few, some, many = (scopes * SCOPE_DAYS for scopes in SCOPES)
    predicted(
        f"CPU time to read {many:,} entries of the ledger from {few:,} and {some:,}",
        line([few, some], seconds[:2], many) / seconds[2],
        NEAR,
    )
    predicted(
        f"bytes of {many:,} entries of the ledger from {few:,} and {some:,}",
        line([few, some], sizes[:2], many) / sizes[2],
        1.5,
    )
    per = (seconds[2] - seconds[0]) / (many - few)
    print(f"      ledger: {per * 1e6:.2f} s a million entries, {sizes[2] / many:.1f} bytes an entry")


def read_ledger(folder: Path) -> object:
    """What a question does with the ledger: opened by a new process, it reads the entries of its table."""
    return Lake.open(str(folder), now=lambda: SPAN.end).snapshot([]).collected("commits", SPAN)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--launches", type=int, default=200_000, help="launches at the smallest size")
    parser.add_argument("--scales", default="1,3,10,30", help="how many times as many; the first is the smallest")
    parser.add_argument("--engines", default="duckdb,sail,spark")
    given = parser.parse_args()
    folders = {given.launches * int(n): workspace(given.launches * int(n)) for n in given.scales.split(",")}
    seconds: dict[str, dict[int, dict[str, float]]] = {}
    with engines(given.engines.split(",")) as found_engines:
        for engine in found_engines.values():
            measured(next(iter(folders.values())), engine)  # a server compiles what it runs often
        for launches, folder in folders.items():
            answers: dict[str, list[Any]] = {}
            for name, engine in found_engines.items():
                found, seconds.setdefault(name, {})[launches] = measured(folder, engine)
                for question, rows in found.items():
                    assert answers.setdefault(question, rows) == rows, f"{name} answers otherwise: {question}"
            print(f"      {launches:,} launches: the answers of {', '.join(found_engines)} are equal")
    first, *_ = folders
    print(
        f"\n{os.cpu_count()} cores; CPU time as a multiple of the smallest size's, and (in brackets) of DuckDB's at that size\n"
    )
    print(f"{'':51}" + "".join(f"{f'{n // first}×':>14}" for n in folders))
    for question in QUESTIONS:
        for name, of in seconds.items():
            cells = (
                f"{of[n][question] / of[first][question]:.2f} ({of[n][question] / seconds['duckdb'][n][question]:.1f})"
                for n in folders
            )
            print(f"{question:42} {name:8}" + "".join(f"{cell:>14}" for cell in cells))
    print()
    for name, of in seconds.items():
        for question in QUESTIONS:
            for small, large in zip(folders, list(folders)[1:], strict=False):
                ratio = of[large][question] / of[small][question]
                most = large / small * SLACK
                if ratio > most or large == list(folders)[-1]:
                    claim(
                        f"{name}: {question}, {large:,} launches beside {small:,}", ratio, f"≤ {most:g}", ratio <= most
                    )
    check_model(folders, seconds)


if __name__ == "__main__":
    main()
