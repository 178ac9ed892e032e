from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from footfall.engine import DuckDB, connect
from footfall.errors import LakeError, SettingsError
from footfall.periods import Grain
from lakes import LAUNCHES, LakeOf, at, collected, days


@pytest.mark.parametrize("address", ["duck", "duckdb://file.db", "sc://", "spark://host:1", "https://host", ""])
def test_unknown_engines(address: str) -> None:
    with pytest.raises(SettingsError, match=r'write "duckdb://", or "sc://host:port" for Spark Connect'):
        connect(address)


def test_a_cluster_that_is_not_there_is_told_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(SettingsError, match=r"cannot be reached .*; start the cluster, or set engine") as caught:
        connect(f"sc://127.0.0.1:{port}/;token=hush")
    assert time.monotonic() - started < 5
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("grain", "start"),
    [
        (Grain.HOUR, "2021-01-03T23"),
        (Grain.DAY, "2021-01-03"),
        (Grain.WEEK, "2020-12-28"),
        (Grain.MONTH, "2021-01-01"),
        (Grain.YEAR, "2021-01-01"),
    ],
)
def test_truncating_floors_in_utc(tmp_path: Path, grain: Grain, start: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own time zone."""
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 1}]})
        rows = lake.engine.mount(lake.lake.snapshot([LAUNCHES]).tables["launches"], LAUNCHES)
        picked = rows.select(start=lake.engine.truncate(rows.hour, grain), hour=rows.hour)
        assert lake.engine.run(picked).to_pylist() == [{"start": at(start), "hour": at("2021-01-03T23")}]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_question_that_is_under_way_is_answered_though_the_engine_is_closed(tmp_path: Path) -> None:
    """Another thread may close the workspace between mounting and running."""
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 7}]})
    rows = lake.engine.mount(lake.lake.snapshot([LAUNCHES]).tables["launches"], LAUNCHES)
    lake.engine.close()
    lake.engine.close()
    assert lake.engine.run(rows.select("launches")).to_pylist() == [{"launches": 7}]


def test_a_table_comes_without_its_partition_column(tmp_path: Path) -> None:
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 1}]})
    rows = lake.engine.mount(lake.lake.snapshot([LAUNCHES]).tables["launches"], LAUNCHES)
    got, wanted = lake.engine.run(rows).schema, LAUNCHES.arrow_schema()
    assert (got.names, got.types) == (wanted.names, wanted.types)


def test_a_snapshot_holds_still_while_the_lake_changes(tmp_path: Path) -> None:
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 1}]})
    snapshot = lake.lake.snapshot([LAUNCHES])
    more = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-04T23"), "launches": 1}]})
    old, new = (s.tables["launches"] for s in (snapshot, more.lake.snapshot([LAUNCHES])))
    counts = [lake.engine.run(lake.engine.mount(pinned, LAUNCHES)).num_rows for pinned in (old, new, old)]
    assert counts == [1, 2, 1]


def test_what_a_plugin_names_in_a_list_is_built_each_time(tmp_path: Path) -> None:
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 1}]})
    rows = lake.engine.mount(lake.lake.snapshot([LAUNCHES]).tables["launches"], LAUNCHES)
    assert lake.engine.recall(("asked", [1]), lambda: rows) is rows


def test_files_that_are_gone_are_told(tmp_path: Path) -> None:
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 1}]})
    for file in lake.lake.snapshot([LAUNCHES]).tables["launches"].files:
        Path(file).unlink()
    with pytest.raises(LakeError, match=r"is missing \(if it expired during the query, run"):
        lake.ask("launches", use_rollups=False)


def test_several_threads_may_ask(tmp_path: Path) -> None:
    rows = [{"hour": at(f"{day}"), "launches": n} for n, day in enumerate(days("2021-01-01", "2021-01-31"))]
    lake = LakeOf(tmp_path, {"launches": rows}, collected(days("2021-01-01", "2021-01-31")))
    answers: list[object] = []

    def ask(grain: str) -> None:
        answers.extend(sum(lake.values_of("launches", grain=grain).values()) for _ in range(5))

    threads = [threading.Thread(target=ask, args=(grain,)) for grain in ("day", "week", "month", "total")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [sum(range(31))] * 20


def test_views_of_versions_that_are_no_longer_asked_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that lives long, with a new version of its tables at every collection."""
    monkeypatch.setattr("footfall.engine.views._MOST_VIEWS", 3)
    lake = LakeOf(tmp_path, {"launches": [{"hour": at("2021-01-03T23"), "launches": 7}]})
    pinned = lake.lake.snapshot([LAUNCHES]).tables["launches"]
    engine = lake.engine
    assert isinstance(engine, DuckDB)

    def count_of(version: int) -> int:
        """The rows of the table as if it stood elsewhere, so at another version; the expression is kept."""
        elsewhere = replace(pinned, address=f"{pinned.address}?{version}")
        built = engine.recall(
            ("count", version), lambda: engine.mount(elsewhere, LAUNCHES).aggregate(n=lambda t: t.count())
        )
        [row] = engine.run(built).to_pylist()
        return int(row["n"])

    def views() -> int:
        asked = engine._cursor().execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        return len(asked.fetchall())

    for version in range(10):
        assert count_of(version) == 1
        assert count_of(0) == 1, "what is asked again and again stays"
        assert views() <= 3
    assert count_of(5) == 1, "what was dropped is made again"
    assert views() == 3
