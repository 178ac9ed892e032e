"""Marks, sets and cohorts against bitmapist on a Redis server on this machine.

Both answer from the same marks, and answers are compared before anything is timed. bitmapist's bitmaps are laid down as
the bytes it would have written, since marking millions of ids one by one is not what is measured there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from footfall.activity import Activity
from footfall.stores.ids import Actors
from footfall.stores.opening import open_store
from footfall.stores.store import day_slot
from measure import BUILD, Measured, alternate, claim, free_port, run, served, timed

FOLDER = BUILD / "activity"
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
USERS, A_DAY, DAYS = 1_000_000, 100_000, 30
ROUNDS = 5

Ids = npt.NDArray[np.uint64]


def activity_at(address: str) -> Activity:
    return Activity(open_store(address, FOLDER, lambda: NOW), lambda: NOW)


def fresh(name: str) -> Activity:
    for file in FOLDER.glob(f"{name}.db*"):
        file.unlink()
    return activity_at(f"{name}.db")


@contextmanager
def redis_server() -> Iterator[str]:
    """A server of our own that keeps nothing on disk."""
    if shutil.which("redis-server") is None:
        raise SystemExit("redis-server is not installed; `make test` installs it when it runs as root.")
    port = free_port()
    with served(["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"], port):
        yield f"redis://127.0.0.1:{port}/0"


def ratio_of(best: dict[str, Measured]) -> float:
    """How many times faster ours was."""
    return best["theirs"].seconds / best["ours"].seconds


# Marking


def marking(redis: str, bitmapist: Any) -> None:
    ff, singles, batch = fresh("marks"), 20_000, 1_000_000
    ids = [int(n) for n in np.random.default_rng(1).integers(0, USERS, singles)]

    def mark_ours() -> None:
        for _ in range(5):  # long enough for the journal to be folded on the way
            for number in ids:
                ff.mark("single", number)
        ff.close()

    def mark_theirs() -> None:
        for number in ids:
            bitmapist.mark_event("single", number)

    best = alternate(ROUNDS, {"ours": lambda: timed(mark_ours), "theirs": lambda: timed(mark_theirs)})
    print(
        f"  one at a time: {5 * singles / best['ours'].seconds:,.0f}/s, bitmapist {singles / best['theirs'].seconds:,.0f}/s"
    )
    claim("marks, one at a time, durable", 5 * ratio_of(best), "at least 8×", 5 * ratio_of(best) >= 8)

    many = np.random.default_rng(2).integers(0, USERS, batch, dtype=np.uint64)
    listed = many[:50_000].tolist()

    def batch_ours() -> None:
        ff.mark("batch", many)

    def batch_theirs() -> None:
        pipeline = bitmapist.get_redis("default").pipeline(transaction=False)
        for number in listed:
            bitmapist.mark_event("batch", number, system=pipeline, use_pipeline=False)
        pipeline.execute()

    best = alternate(ROUNDS, {"ours": lambda: timed(batch_ours), "theirs": lambda: timed(batch_theirs)})
    ratio = ratio_of(best) * batch / len(listed)
    claim("marks, a batch of a million against its pipeline", ratio, "at least 30×", ratio >= 30)
    ff.close()


# Sets


def days(limit: int) -> list[Ids]:
    """Who was active on each of 30 days: 100,000 of a million users, whose ids lie below `limit`."""
    chance = np.random.default_rng(limit)
    users = np.unique(chance.integers(0, limit, int(USERS * 1.2), dtype=np.uint64))
    users = chance.permutation(users)[:USERS]
    return [np.sort(chance.choice(users, min(A_DAY, len(users)), replace=False)) for _ in range(DAYS)]


def lay_ours(ff: Activity, active: list[Ids]) -> None:
    slots = [day_slot(NOW - timedelta(days=back)) for back in range(DAYS)]
    ff.store.mark("active", {slot: Actors(ids) for slot, ids in zip(slots, active, strict=True)})
    if hasattr(ff.store, "fold"):
        ff.store.fold()


def lay_theirs(client: Any, active: list[Ids]) -> None:
    """The day keys of bitmapist: bit n of a text, the first bit of a byte being its highest."""
    for back, ids in enumerate(active):
        on = NOW - timedelta(days=back)
        bits = np.zeros((int(ids.max()) // 8 + 1) * 8, dtype=np.uint8)
        bits[ids] = 1
        client.set(f"trackist_active_{on.year}-{on.month}-{on.day}", np.packbits(bits).tobytes())


def reading(redis: str, bitmapist: Any) -> None:
    client = bitmapist.get_redis("default")
    active = days(1 << 20)
    client.flushdb()
    lay_theirs(client, active)
    ff = fresh("reading")
    lay_ours(ff, active)
    day, theirs = ff.event("active").day(), bitmapist.DayEvents("active", NOW.year, NOW.month, NOW.day)
    member = int(active[0][0])
    assert len(day) == len(theirs) == A_DAY
    assert member in day
    assert member in theirs
    asked: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "len of a day": (lambda: len(day), lambda: len(theirs)),
        "in a day": (lambda: member in day, lambda: member in theirs),
    }
    for what, (ask_ours, ask_theirs) in asked.items():
        best = alternate(ROUNDS, {"ours": repeated(ask_ours), "theirs": repeated(ask_theirs)})
        claim(what, ratio_of(best), "at least 5×", ratio_of(best) >= 5)
    ff.close()


def repeated(ask: Callable[[], object], times: int = 1000) -> Callable[[], Measured]:
    return lambda: timed(lambda: [ask() for _ in range(times)])


# Cohorts


def ask_cohort(address: str) -> Any:
    """30 days of rows and columns, from an activity that has read nothing yet."""
    from footfall.retention.cohorts import cohort

    ff = activity_at(address)
    answer = cohort(ff.store, "active", "active", grain="day", last=DAYS, columns=DAYS, now=NOW)
    ff.close()
    return answer


def cohorts(redis: str, bitmapist: Any) -> None:
    from bitmapist import cohort as theirs

    client = bitmapist.get_redis("default")

    def ask_theirs() -> Any:
        return theirs.get_dates_data(
            "active", "active", time_group="days", num_results=DAYS, num_of_rows=DAYS - 1, as_percent=False
        )

    for power, promised in ((20, 5), (24, 50)):
        active = days(1 << power)
        client.flushdb()
        lay_theirs(client, active)
        ff = fresh(f"cohort{power}")
        lay_ours(ff, active)
        ff.close()
        check(ask_cohort(f"cohort{power}.db"), ask_theirs(), active)
        ask_ours = repeated(partial(ask_cohort, f"cohort{power}.db"), 1)
        best = alternate(ROUNDS, {"ours": ask_ours, "theirs": partial(with_server, client, ask_theirs)})
        ratio = best["theirs"].cpu / best["ours"].cpu
        print(f"      {ratio_of(best):.1f} times faster on the clock; CPU time {best['ours'].cpu * 1000:.1f} ms")
        what = f"30 × 30 cohort, ids below 2^{power}, CPU time of bitmapist with its server"
        claim(what, ratio, f"at least {promised}×", ratio >= promised)
    ff = fresh("cohort30")
    lay_ours(ff, days(1 << 30))
    ff.close()
    best = alternate(ROUNDS, {n: repeated(partial(ask_cohort, f"cohort{n}.db"), 1) for n in ("24", "30")})
    slower = best["30"].cpu / best["24"].cpu
    claim("the same below 2^30, CPU time of ours below 2^24", slower, "at most 3×", slower <= 3)


def with_server(client: Any, ask: Callable[[], object]) -> Measured:
    """One call, with the CPU time of the server that answers it."""
    before = server_cpu(client)
    measured = timed(ask)
    return replace(measured, cpu=measured.cpu + server_cpu(client) - before)


def server_cpu(client: Any) -> float:
    used = client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


def against_sql() -> None:
    """The same cohort by DuckDB, from a table of actor and day."""
    for power in (20, 24, 30):
        active = days(1 << power)
        ff = fresh(f"cohort{power}")
        lay_ours(ff, active)
        ff.close()
        table = FOLDER / f"cohort{power}.duckdb"
        table.unlink(missing_ok=True)
        with duckdb.connect(str(table)) as connection:
            rows = {"actor": np.concatenate(active), "ago": np.repeat(np.arange(DAYS), [len(ids) for ids in active])}
            connection.register("rows", rows)
            connection.execute(
                f"CREATE TABLE marks AS SELECT actor, DATE '{NOW:%Y-%m-%d}' - ago::INTEGER AS day FROM rows ORDER BY day, actor"
            )
        ask_ours, ask_theirs = partial(ask_cohort, f"cohort{power}.db"), partial(by_join, table)
        counted = {(row.period.start.date(), n): count for row in ask_ours().rows for n, count in enumerate(row.counts)}
        assert {(day, later): count for day, later, count in ask_theirs()} == {at: n for at, n in counted.items() if n}
        best = alternate(ROUNDS, {"ours": repeated(ask_ours, 1), "theirs": repeated(ask_theirs, 1)})
        what = f"30 × 30 cohort, ids below 2^{power}, CPU time of DuckDB on a table of actor and day"
        ratio = best["theirs"].cpu / best["ours"].cpu
        print(f"      {ratio_of(best):.1f} times faster on the clock; CPU time {best['ours'].cpu * 1000:.1f} ms")
        claim(what, ratio, "at least 50×", ratio >= 50)


def by_join(table: Path) -> list[Any]:
    with duckdb.connect(str(table), read_only=True) as connection:
        return connection.execute(
            "SELECT one.day, date_diff('day', one.day, other.day), count(*) FROM marks one JOIN marks other "
            "ON one.actor = other.actor AND other.day >= one.day GROUP BY ALL"
        ).fetchall()


def check(answer: Any, theirs: Any, active: list[Ids]) -> None:
    """Both say what plain intersections say."""
    by_age = active[::-1]
    counts = {row.period.start.date(): list(row.counts) for row in answer.rows}
    for day, _, *cells in theirs:
        first = (day.date() - (NOW - timedelta(days=DAYS - 1)).date()).days
        truth = [len(np.intersect1d(by_age[first], later)) for later in by_age[first:]]
        assert [int(cell) for cell in cells if cell != ""][: len(truth)] == truth
        assert counts[day.date()][: len(truth)] == truth


# The store on Redis


def on_redis(redis: str, bitmapist: Any) -> None:
    from bitmapist import cohort as theirs

    client = bitmapist.get_redis("default")
    client.flushdb()
    ff = activity_at(redis)
    ids = [int(n) for n in np.random.default_rng(5).integers(0, USERS, 5000)]

    def mark(how: Callable[[str, int], object]) -> None:
        for number in ids:
            how("here", number)

    best = alternate(
        ROUNDS,
        {"ours": lambda: timed(lambda: mark(ff.mark)), "theirs": lambda: timed(lambda: mark(bitmapist.mark_event))},
    )
    claim("on Redis: marks, one at a time", ratio_of(best), "at least 1×", ratio_of(best) >= 1)
    for power in (20, 24):
        client.flushdb()
        lay_theirs(client, days(1 << power))
        ask_theirs = partial(
            theirs.get_dates_data, "active", "active", num_results=DAYS, num_of_rows=DAYS - 1, as_percent=False
        )
        best = alternate(3, {"ours": repeated(partial(ask_cohort, redis), 1), "theirs": repeated(ask_theirs, 1)})
        what = f"on Redis: 30 × 30 cohort, ids below 2^{power}"
        claim(what, ratio_of(best), "at least 3×", ratio_of(best) >= 3)
    ff.close()


# Size


def size(redis: str, bitmapist: Any) -> None:
    client = bitmapist.get_redis("default")
    client.flushdb()
    ids = np.unique(np.random.default_rng(3).integers(0, 1 << 30, 100_000, dtype=np.uint64))
    before = client.info("memory")["used_memory"]
    pipeline = client.pipeline(transaction=False)
    for number in ids.tolist():
        bitmapist.mark_event("sparse", number, system=pipeline, use_pipeline=False)
    pipeline.execute()
    theirs = client.info("memory")["used_memory"] - before
    client.flushdb()
    ff = fresh("sparse")
    ff.mark("sparse", ids)
    ff.store.fold()  # type: ignore[attr-defined]
    ff.close()
    on_disk = sum(file.stat().st_size for file in FOLDER.glob("sparse.db*"))
    in_memory = int(
        subprocess.run([sys.executable, __file__, "sparse"], capture_output=True, text=True, check=True).stdout
    )
    print(
        f"  100,000 ids below 2^30: {theirs / 2**20:,.0f} MiB, ours {on_disk / 2**20:.2f} MiB on disk, {in_memory / 2**20:.2f} MiB in memory"
    )
    claim("smaller, the file", theirs / on_disk, "at least 400×", theirs / on_disk >= 400)
    claim("smaller, in memory", theirs / in_memory, "at least 400×", theirs / in_memory >= 400)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def answer_sparse() -> None:
    """Bytes that a process grows by when it has answered a day, a week, a month and a year."""
    small = fresh("few")
    small.mark("few", [1, 2, 3])
    event = small.event("few")
    print(len(event.day()), len(event.week()), len(event.month()), len(event.year()), file=sys.stderr)
    event = activity_at("sparse.db").event("sparse")
    before = resident()
    for period in (event.day(), event.week(), event.month(), event.year()):
        assert len(period) > 99_000
    print(max(resident() - before, 1))


def year() -> None:
    """Ten million actors, one in ten active a day, for a year."""
    if not (FOLDER / "year.db").exists():
        ff = fresh("year")
        chance = np.random.default_rng(4)
        for back in range(365):
            ids = np.flatnonzero(chance.random(10_000_000, dtype=np.float32) < 0.1).astype(np.uint64)
            ff.store.mark("active", {day_slot(NOW - timedelta(days=back)): Actors(ids)})
        ff.store.fold()  # type: ignore[attr-defined]
        ff.close()
    with sqlite3.connect(FOLDER / "year.db") as kept:
        kept.execute("DELETE FROM unions")  # what an earlier run kept is made anew
    measured = run([sys.executable, __file__, "year"])
    print((FOLDER / "year.txt").read_text(), end="")
    print(f"  a year of ten million actors: file {(FOLDER / 'year.db').stat().st_size / 2**20:,.0f} MiB")
    claim("a year of ten million actors: memory in GB", measured.peak / 1e9, "below 1", measured.peak < 1e9)


def answer_year() -> None:
    from footfall.retention.cohorts import cohort

    ff = activity_at("year.db")
    event = ff.event("active")
    said = []
    for what, ask in (
        ("a month's distinct actors", lambda: len(event.month().prev())),
        ("a year's", lambda: len(event.between(NOW.date() - timedelta(days=364), NOW.date() + timedelta(days=1)))),
        (
            "a 12-month cohort",
            lambda: cohort(ff.store, "active", "active", grain="month", last=12, columns=12, now=NOW),
        ),
        ("the cohort again", lambda: cohort(ff.store, "active", "active", grain="month", last=12, columns=12, now=NOW)),
    ):
        said.append(f"  {what}: {timed(ask).seconds:.2f} s\n")
    (FOLDER / "year.txt").write_text("".join(said))


def main() -> None:
    import bitmapist

    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:] or ["marking", "reading", "cohorts", "sql", "redis", "size", "years"]
    with redis_server() as redis:
        port = int(redis.split(":")[2].split("/")[0])
        bitmapist.setup_redis("default", "127.0.0.1", port)
        if "marking" in wanted:
            marking(redis, bitmapist)
        if "reading" in wanted:
            reading(redis, bitmapist)
        if "cohorts" in wanted:
            cohorts(redis, bitmapist)
        if "redis" in wanted:
            on_redis(redis, bitmapist)
        if "size" in wanted:
            size(redis, bitmapist)
    if "sql" in wanted:
        against_sql()
    if "years" in wanted:
        year()


if __name__ == "__main__":
    if sys.argv[1:] == ["sparse"]:
        answer_sparse()
    elif sys.argv[1:] == ["year"]:
        answer_year()
    else:
        main()
