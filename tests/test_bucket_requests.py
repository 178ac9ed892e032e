"""How often a bucket is asked: a query lists logs, and reads a file that never changes once per machine."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.lake import Lake
from footfall.lake.copying import copy_lake
from footfall.workspace import Workspace
from lakes import NOW, TABLES, LakeOf, at, collected, days
from s3 import BUCKET, KEY, SECRET, Proxy
from workspaces import launches, write_workspace

pytestmark = pytest.mark.slow

METRICS = {"launches": "launches", "commits": "commits", "users": "users", "views": "views", "stars": "stars"}
SPAN = days("2020-09-01", "2020-12-31")
ASKED: dict[str, Any] = {"grain": "month", "since": "2020-09", "until": "2021-01"}


def of_five_tables(folder: Path) -> LakeOf:
    """Each table has one row a day: its value is the day of the month."""
    rows = {
        name: [
            {table.time: at(str(day)), "repo": "a/b", "hub": "h", table.measures[0]: day.day, "observed_at": NOW}
            for day in SPAN
        ]
        for name, table in TABLES.items()
    }
    entries = [
        entry for table in TABLES.values() for entry in collected(SPAN, table, "a/b" if table.rule.scope else "")
    ]
    return LakeOf(folder, rows, entries)


def answers(of: LakeOf) -> dict[str, str]:
    return {name: of.ask(metric, **ASKED).to_csv() for name, metric in METRICS.items()}


def test_a_query_lists_logs_and_reads_each_file_once(bucket: Proxy, tmp_path: Path) -> None:
    of, address = of_five_tables(tmp_path / "lake"), f"s3://{BUCKET}/{uuid.uuid4().hex}"
    expected = answers(of)
    assert "2020-09-01,465," in expected["launches"]  # the sum of 1 … 30
    copy_lake(str(tmp_path / "lake"), address, options=bucket.options)

    def opened() -> Lake:
        return Lake.open(address, now=lambda: NOW, options=bucket.options, copies=tmp_path / "copies")

    with bucket.counted() as first:
        of.lake = opened()
        assert answers(of) == expected
    with bucket.counted() as cold:
        of.lake = opened()
        assert answers(of) == expected
    with bucket.counted() as warm:
        of.ask("launches", **ASKED)
    with bucket.counted() as after_a_commit:
        opened().commit(TABLES["stars"], None, replaces=[])
        assert answers(of) == expected
    files = [request for request in first if "month%3D" in request]
    assert len(files) == len(set(files)) > 5
    assert not [request for request in [*cold, *warm, *after_a_commit] if "month%3D" in request or "HEAD" in request]
    assert len(cold) <= 60
    assert 0 < len(warm) <= 10


def test_a_collection_that_finds_nothing_new_asks_little(
    bucket: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {"address": f"s3://{BUCKET}/{uuid.uuid4().hex}", "endpoint": bucket.endpoint, "region": "us-east-1"}
    write_workspace(tmp_path / "one")
    write_workspace(tmp_path / "other")
    for name, value in {
        "FOOTFALL_LAKE": json.dumps(where),
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)

    def opened(machine: str = "one") -> Workspace:
        return footfall.open(tmp_path / machine, now=lambda: at("2026-03-10T12"))

    assert not [source.error for source in opened().collect().sources if source.error]
    with bucket.counted() as quiet:
        assert not [source.error for source in opened().collect().sources if source.error]
    assert 0 < len(quiet) <= 60
    assert not [request for request in quiet if "HEAD" in request]
    for machine in ("one", "other"):
        [row] = opened(machine).query("launches", grain="month", since="2026-02", until="2026-03").rows.to_pylist()
        expected = sum(launches(tmp_path / machine, "2026-02-01", "2026-03-01").values())
        assert row["launches"] == expected
    assert [state.source for state in opened("other").status()] == ["binder", "git"]
