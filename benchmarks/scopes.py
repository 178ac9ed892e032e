"""What the ledger costs readers: 300 scopes by day over 400 days, collected once, and ten times over (1.2 million entries).

    python benchmarks/scopes.py

Cold `footfall status` and a cold query next to the same on an empty ledger; the ledger on disk next to its live entries; a question
split by 300 scopes next to one split by 30; what a source reads of its ledger at 300 scopes beside 30.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa

import footfall
from footfall.lake import Lake, Restated
from footfall.lake.compaction import compact
from footfall.lake.maintain import maintain
from footfall.ledger import LEDGER, Entry, Known, Status
from footfall.periods import ALL_TIME, Window
from footfall.sources.git import COMMITS
from measure import BUILD, FOOTFALL, alternate, claim, run, timed

START, DAYS, SCOPES = datetime(2025, 10, 1, tzinfo=UTC), 400, 300
NOW = START + timedelta(days=DAYS)
ROUNDS = 3
STATUS = [*FOOTFALL, "status"]
QUERY = [*FOOTFALL, "query", "commits", "--grain", "month", "--since", "2026-01", "--until", "2026-10"]


def windows() -> list[Window]:
    return [Window(START + timedelta(days=n), START + timedelta(days=n + 1)) for n in range(DAYS)]


def entries(scopes: int, version: int = 0) -> list[Entry]:
    """One complete day of each scope and day; each version says something else."""
    return [
        Entry("git", COMMITS.name, f"owner/repo-{n}", day, Status.COMPLETE, day.end, version, fingerprint=f"{version}")
        for n in range(scopes)
        for day in windows()
    ]


def commits(scopes: int) -> pa.Table:
    """A commit of each scope on each day."""
    days = [day.start + timedelta(hours=n % 24) for n in range(scopes) for day in windows()]
    repos = [f"owner/repo-{n}" for n in range(scopes) for _ in windows()]
    filled = {"committed_at": days, "repo": repos, "commits": [1] * len(days), "is_bot": [False] * len(days)}
    columns = [pa.array(filled.get(f.name, [None] * len(days)), f.type) for f in COMMITS.arrow_schema()]
    return pa.table(columns, COMMITS.arrow_schema())


def workspace(name: str, scopes: int, recorded: Sequence[int]) -> Path:
    """A workspace with the commits of some scopes, whose ledger was recorded so many times."""
    folder = BUILD / "scopes" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "footfall.toml").write_text('[sources.git]\nrepositories = ["."]\n')
    lake = Lake.open(str(folder / "lake"), now=lambda: NOW)
    replaces = [Restated(ALL_TIME, f"owner/repo-{n}") for n in range(scopes)]
    lake.commit(COMMITS, commits(scopes), replaces=replaces)
    for version in recorded:
        lake.record(entries(scopes, version))
        compact(lake, LEDGER)
    return folder


def ledger_bytes(folder: Path) -> tuple[int, int]:
    """Of the ledger: what a question reads, and with what is kept for earlier moments."""
    ledger = Lake.open(str(folder / "lake")).snapshot([]).ledger
    assert ledger is not None
    sizes = {file: Path(file).stat().st_size for file in ledger.files}
    return sum(sizes[file] for file in ledger.current), sum(sizes.values())


def split(folder: Path) -> None:
    with footfall.open(folder, now=lambda: NOW) as ff:
        ff.query("commits", grain="month", by=["repo"], since="2025-10", until="2026-11")


def read_known(folder: Path, scopes: int) -> None:
    known = Known(Lake.open(str(folder / "lake")).known("git"))
    for n in range(scopes):
        for day in windows():
            assert known.stored(COMMITS.name, f"owner/repo-{n}", day)


def report(what: str, ratio: float, most: float) -> None:
    claim(what, ratio, f"≤ {most:g}", ratio <= most)


def main() -> None:
    empty = workspace("empty", SCOPES, [])
    few = workspace("few", SCOPES // 10, [0])
    once = workspace("once", SCOPES, [0])
    often = workspace("often", SCOPES, range(10))
    for what, command in (("status", STATUS), ("a query by month", QUERY)):
        contenders = {f.name: partial(run, command, cwd=f) for f in (empty, once, often)}
        best = alternate(ROUNDS, contenders)
        for name, words in (("once", "120,000 live entries"), ("often", "1.2 million recorded entries")):
            report(f"cold {what}, {words}, next to an empty ledger", best[name].seconds / best["empty"].seconds, 1.5)
    live, _ = ledger_bytes(once)
    read, kept = ledger_bytes(often)
    report("bytes of the ledger that a question reads, next to its live entries", read / live, 2)
    print(f"      with what answers as of earlier moments: {kept / live:.2f}×")
    maintain(Lake.open(str(often / "lake"), now=lambda: NOW + timedelta(days=31)), [])
    report("bytes of the ledger on disk after maintain, a month later", ledger_bytes(often)[1] / live, 2)
    tasks: dict[str, Callable[[Path, int], object]] = {
        "a question split by 300 scopes beside 30": lambda folder, scopes: split(folder),
        "what a source reads of its ledger, 300 scopes beside 30": read_known,
    }
    for what, task in tasks.items():
        split(few)  # what is imported and compiled once is neither's
        sizes = {"few": partial(task, few, SCOPES // 10), "once": partial(task, once, SCOPES)}
        best = alternate(3, {name: partial(timed, act) for name, act in sizes.items()})
        report(what, best["once"].seconds / best["few"].seconds, 12)


if __name__ == "__main__":
    main()
