"""Two machines that collect into one bucket at once and are killed at random moments: the tables of one undisturbed collector."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

import footfall
from footfall.lake import Lake, verify
from footfall.lake.examining import examine_lake
from footfall.tables import Table
from s3 import BUCKET, KEY, SECRET, Proxy
from workspaces import write_workspace

pytestmark = pytest.mark.slow

KILLS = 6


def contents(lake: Lake, tables: Sequence[Table]) -> dict[str, list[tuple[object, ...]]]:
    """All rows of tables, read with nothing of the product's SQL."""
    pinned = lake.snapshot(tables).tables
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    asked = "SELECT * FROM read_parquet(?, hive_partitioning = false, union_by_name = true) ORDER BY ALL"
    verify(file for one in pinned.values() for file in one.files)
    return {name: connection.execute(asked, [list(one.files)]).fetchall() for name, one in pinned.items()}


def test_two_machines_killed_at_random_leave_the_same_tables(bucket: Proxy, tmp_path: Path) -> None:
    chance = random.Random(2026)
    machines = {name: write_workspace(tmp_path / name) for name in ("one", "two", "alone")}
    footfall.open(machines["alone"]).collect()
    address = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    where = json.dumps({"address": address, "endpoint": bucket.endpoint, "region": "us-east-1"})
    environment = {**os.environ, "FOOTFALL_LAKE": where, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}

    def collector(machine: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "footfall", "--workspace", str(machines[machine]), "collect"]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    running = {name: collector(name) for name in ("one", "two")}
    kills = 0
    while kills < KILLS:
        time.sleep(chance.uniform(0.3, 1.5))
        name = chance.choice(["one", "two"])
        if running[name].poll() is None:
            os.kill(running[name].pid, signal.SIGKILL)
            kills += 1
        running[name].communicate()
        running[name] = collector(name)
    said = {name: process.communicate(timeout=120)[1] for name, process in running.items()}
    assert {name: process.returncode for name, process in running.items()} == {"one": 0, "two": 0}, said
    whole = Lake.open(address, options=bucket.options, copies=tmp_path / "copies")
    alone = footfall.open(machines["alone"])
    tables = list(alone.tables.values())
    assert contents(whole, tables) == contents(alone.lake, tables)
    assert all(found.is_intact for found in examine_lake(whole, tables))
    spans = {table.name: whole.snapshot([table]).collected(table.name).spans.keys() for table in tables}
    assert spans == {table.name: alone.snapshot(tables=[table]).collected(table.name).spans.keys() for table in tables}
