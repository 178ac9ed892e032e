"""Compacting at any moment, by several at once and killed at any step, loses no entry and doubles none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb

from footfall.lake import Lake

SCOPES = 30
COLLECTOR = """
import sys
from datetime import datetime, timedelta, UTC
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import Window

root, source, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
start = datetime(2026, 3, 31, tzinfo=UTC)
days = [Window(start + timedelta(days=n), start + timedelta(days=n + 1)) for n in range(2)]
lake = Lake.open(root)
for version in range(first, last):
    lake.record([
        Entry(source, "t", f"scope-{n}", day, Status.COMPLETE, day.end, version) for n in range(30) for day in days
    ])
    print(version, flush=True)
    compact(lake, LEDGER, crowded=1)
"""


def collector(root: Path, source: str, first: int, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COLLECTOR, str(root), source, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(line) for line in process.stdout.read().split()]


def recorded(lake: Lake) -> Counter[tuple[str, int]]:
    """How often each version of each source stands in all files of the ledger, read with nothing of the product's SQL."""
    ledger = lake.snapshot([]).ledger
    if ledger is None or not ledger.files:
        return Counter()
    asked = "SELECT source, rows, count(*) FROM read_parquet(?, hive_partitioning = false) GROUP BY ALL"
    return Counter(
        {(source, rows): count for source, rows, count in duckdb.execute(asked, [list(ledger.files)]).fetchall()}
    )


def test_two_that_record_and_compact_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    processes = {source: collector(root, source, 1, 9) for source in ("a", "b")}
    seen = {source: acknowledged(process) for source, process in processes.items()}
    assert [process.wait() for process in processes.values()] == [0, 0]
    assert seen == {"a": list(range(1, 9)), "b": list(range(1, 9))}
    lake = Lake.open(str(root))
    assert recorded(lake) == {(source, version): SCOPES * 2 for source in "ab" for version in range(1, 9)}
    assert {(entry.source, entry.rows) for entry in lake.known()} == {("a", 8), ("b", 8)}
    assert len(lake.known()) == SCOPES * 2 * 2


def test_killed_at_any_step_it_is_whole_and_what_was_recorded_stands(tmp_path: Path) -> None:
    chance = random.Random(2026)
    root, first, kills = tmp_path / "lake", 1, 0
    stands: set[int] = set()
    while kills < 6:
        process = collector(root, "a", first, first + 50)
        time.sleep(chance.uniform(0.6, 3))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        seen = acknowledged(process)
        assert process.wait() in (0, -signal.SIGKILL)
        if not (root / "ledger").exists():
            continue
        stands |= set(seen)
        counts = recorded(Lake.open(str(root)))
        # the last may have landed without being acknowledged
        assert {version for _, version in counts} - stands <= {max(stands, default=first - 1) + 1, first}
        assert set(counts.values()) <= {SCOPES * 2}
        assert stands <= {version for _, version in counts}
        newest = max((version for _, version in counts), default=0)
        if not newest:
            continue
        assert {entry.rows for entry in Lake.open(str(root)).known()} == {newest}
        stands |= {newest}
        first = newest + 1
