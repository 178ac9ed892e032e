"""The drill: back up while others mark and collect, destroy the workspace, restore it, compare."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

import footfall
from workspaces import FIRST, HOLES, UNTIL, launches, write_workspace

pytestmark = pytest.mark.slow

_MARKS = """
import os, sys
import footfall
folder, log, first = sys.argv[1], sys.argv[2], int(sys.argv[3])
with footfall.open(folder) as ff, open(log, "a") as said:
    for actor in range(first, first + 10**6):
        ff.mark("active", actor, "2026-03-01")
        ff.mark("named", f"user-{actor}", "2026-03-02")
        if actor % 50 == 0:
            ff.mark("batch", range(actor, actor + 50), "2026-03-03")
        said.write(f"{actor}\\n")
        said.flush()
"""
_COLLECTS = """
import sys
import footfall
while True:
    with footfall.open(sys.argv[1]) as ff:
        ff.collect(recheck=True)
        ff.maintain()
        len(ff.event("binder_launch").month(2026, 2))
"""


def acknowledged(log: Path) -> list[int]:
    """The actors whose marks had returned; the last line may be on its way."""
    return (
        [int(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")] if log.exists() else []
    )


def launches_by_day(folder: Path) -> dict[str, int | None]:
    with footfall.open(folder) as ff:
        rows = ff.query("launches", grain="day", since=FIRST, until=UNTIL).to_dicts()
        return {str(row["period"])[:10]: row["launches"] for row in rows}


def test_a_workspace_that_was_backed_up_while_others_marked_and_collected(tmp_path: Path) -> None:
    folder = write_workspace(tmp_path / "usage")
    with footfall.open(folder) as ff:
        ff.collect()
    logs = [tmp_path / f"log-{n}" for n in range(2)]
    scripts = [[_MARKS, str(folder), str(log), str(n * 10**7)] for n, log in enumerate(logs)] + [
        [_COLLECTS, str(folder)]
    ]
    others = [subprocess.Popen([sys.executable, "-c", *script], stderr=subprocess.PIPE) for script in scripts]
    try:
        while not all(len(acknowledged(log)) > 300 for log in logs):
            time.sleep(0.05)
            assert all(other.poll() is None for other in others)
        before = [actor for log in logs for actor in acknowledged(log)]
        with footfall.open(folder) as ff:
            ff.backup(tmp_path / "backup.tar")
        assert all(other.poll() is None for other in others)
    finally:
        for other in others:
            other.kill()
            other.communicate()
    after = {actor for log in logs for actor in acknowledged(log)}
    upstream = tmp_path / "upstream"
    for name in ("sample-archive", "project"):
        shutil.move(folder / name, upstream / name)
    shutil.rmtree(folder)

    footfall.restore(tmp_path / "backup.tar", folder)
    for name in ("sample-archive", "project"):
        shutil.move(upstream / name, folder / name)
    with footfall.open(folder) as ff:
        active, named = set(ff.event("active").day(2026, 3, 1)), set(ff.event("named").day(2026, 3, 2))
        assert set(before) <= active
        assert {f"user-{actor}" for actor in before} <= named
        assert set(range(before[0], before[0] + 50)) <= set(ff.event("batch").day(2026, 3, 3))
        assert len(active - after) <= len(logs)  # made, and not written down before the end
    check_lake(folder)
    with footfall.open(folder) as ff:
        assert not [source.error for source in ff.collect().sources if source.error]
        assert not [found for found in ff.examine() if found.is_failed]
    check_lake(folder)


def check_lake(folder: Path) -> None:
    """Every day that the ledger claims has the launches of the archive, and the holes are holes."""
    found, day = launches_by_day(folder), FIRST
    while day < UNTIL:
        if day in HOLES:
            assert found[str(day)] is None
        else:
            count = sum(launches(folder, str(day), str(day + timedelta(days=1))).values())
            assert found[str(day)] == count
        day += timedelta(days=1)
    assert date.fromisoformat(min(found)) == FIRST
    with footfall.open(folder) as ff:
        assert ff.query("commits", grain="total").to_dicts()[0]["commits"] == 4
