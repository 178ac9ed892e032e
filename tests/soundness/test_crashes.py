"""Killed at any moment, collecting loses nothing and doubles nothing.

A collecting process is killed with SIGKILL at random instants, over and over, and resumed; meanwhile the archive
restates days. The lake must end up as an independent count of the archive's files says.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

import footfall
from footfall.sources.binder.sample import write_sample_archive

pytestmark = pytest.mark.slow

NOW = datetime(2025, 4, 1, 12, tzinfo=UTC)
KILLS = 60


COLLECT = """
import footfall
from datetime import datetime, timedelta
footfall.open({workspace!r}, now=lambda: datetime.now().astimezone() - timedelta(days={ago})).collect()
"""


def restate(archive: Path, day: date, more: int) -> None:
    """The archive says something else about a day: its file gets more launches than it had."""
    path = archive / f"events-{day}.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, *lines[:more]]) + "\n")
    os.utime(path, (time.time(), time.time()))


def counted(archive: Path) -> Counter[tuple[str, str, str]]:
    """Launches per (hour, provider, spec), read with nothing of the product."""
    launches: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(archive.glob("events-*.jsonl")):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            launches[event["timestamp"][:13].replace("T", " "), event["provider"], event["spec"]] += 1
    return launches


def stored(workspace: Path, name: str = "launches") -> Counter[tuple[str, str, str]]:
    ws = footfall.open(workspace)
    files = list(ws.snapshot().tables[name].files)
    rows = duckdb.execute(
        "SELECT strftime(hour AT TIME ZONE 'UTC', '%Y-%m-%d %H'), provider, spec, sum(launches)::BIGINT "
        "FROM read_parquet(?, hive_partitioning = false) GROUP BY ALL",
        [files],
    ).fetchall()
    return Counter({(hour, provider, spec): launches for hour, provider, spec, launches in rows})


def test_killed_at_random_instants_the_tables_end_as_if_nothing_had_happened(tmp_path: Path) -> None:
    # A process that has imported everything and started nothing gives birth to each collector, so that what is
    # killed is collecting, not importing.
    nursery = multiprocessing.get_context("forkserver")
    nursery.set_forkserver_preload(["footfall.workspace", "footfall.collect", "footfall.sources.binder"])
    archive = tmp_path / "archive"
    write_sample_archive(archive, 100, 60, until=date(2025, 4, 1), repositories=30)
    chance = random.Random(20181103)
    kills = rounds = 0
    while kills < KILLS:
        workspace = tmp_path / f"workspace-{rounds}"
        workspace.mkdir()
        (workspace / "footfall.toml").write_text(f'[sources.binder]\narchive = "{archive}"\n')
        collect = COLLECT.format(workspace=str(workspace), ago=(datetime.now(UTC) - NOW).days)
        patience = 0.05
        while True:
            child = nursery.Process(target=exec, args=(collect, {}))
            child.start()
            child.join(chance.uniform(0, patience))
            if not child.is_alive():
                assert child.exitcode == 0
                break
            assert child.pid is not None
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            kills += 1
            patience *= 1.15
            if chance.random() < 0.2:
                restate(archive, date(2025, chance.randint(1, 3), chance.randint(1, 28)), chance.randint(1, 30))
        exec(collect, {})
        truth = counted(archive)
        assert stored(workspace) == truth
        ledger = footfall.open(workspace).lake.known("binder")
        assert sum(entry.rows for entry in ledger if entry.is_success) == truth.total()
        by_month = footfall.open(workspace).snapshot().tables["launches_by_month"]
        rolled = duckdb.execute("SELECT sum(launches) FROM read_parquet(?)", [list(by_month.files)]).fetchall()
        assert rolled == [(truth.total(),)]
        shutil.rmtree(workspace)
        rounds += 1
    assert rounds > 1
