from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from footfall.errors import LakeError, LakeWriteError, NewerLakeError, NotALakeError, SettingsError, SourceError
from footfall.lake import Cursor, Lake, Restated
from footfall.lake.compaction import compact
from footfall.lake.delta import CommitConflictError, DataFile, DeltaFolder
from footfall.lake.files import read_files, write_month
from footfall.lake.maintain import maintain
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.periods import Grain, Window
from footfall.tables import Column, Observe, Replace, Role, Rollup, Table

pytestmark = pytest.mark.slow

VISITS = Table(
    name="visits",
    description="A table for tests.",
    columns=(
        Column("hour", "timestamp", Role.TIME, "When."),
        Column("page", "string", Role.DIMENSION, "What."),
        Column("site", "string", Role.DIMENSION, "Where."),
        Column("visits", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(),
    rollups=(Rollup("visits_by_day", Grain.DAY, ("site",)), Rollup("visits_by_year", Grain.YEAR, ("site",))),
    sort=("page", "hour"),
)
GAUGE = Table(
    name="gauge",
    description="A table of revisable values.",
    columns=(
        Column("day", "timestamp", Role.TIME, "When."),
        Column("repo", "string", Role.DIMENSION, "Which."),
        Column("views", "integer", Role.MEASURE, "How many."),
        Column("observed_at", "timestamp", Role.ATTRIBUTE, "When it was learnt."),
    ),
    rule=Observe(key=("day", "repo"), resolve="max"),
)
JAN = [date(2024, 1, day) for day in range(1, 32)]
FIRST = Window.of_day(JAN[0])


def visits(day: date, *counts: int, site: str = "a", table: Table = VISITS) -> pa.Table:
    start = Window.of_day(day).start
    rows = [
        {"hour": start + timedelta(hours=h), "page": f"p{h}", "site": site, "visits": n} for h, n in enumerate(counts)
    ]
    return pa.Table.from_pylist(rows, schema=table.arrow_schema())


def contents(lake: Lake, table: Table = VISITS) -> list[tuple[object, ...]]:
    pinned = lake.snapshot([table]).tables.get(table.name)
    if pinned is None or not pinned.files:
        return []
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    columns = ", ".join(f'"{c}"::VARCHAR' if c.endswith(("hour", "day", "_at")) else f'"{c}"' for c in table.names)
    return sorted(
        connection.execute(
            f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false)", [list(pinned.files)]
        ).fetchall(),
        key=str,
    )


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"))


def put(lake: Lake, day: date, *counts: int) -> int:
    return lake.commit(VISITS, visits(day, *counts), replaces=[Restated(Window.of_day(day))])


# Replace


def test_a_replaced_window_holds_exactly_the_new_rows(lake: Lake) -> None:
    put(lake, JAN[0], 1, 2, 3)
    put(lake, JAN[1], 4)
    put(lake, JAN[0], 7, 8)
    assert [row[3] for row in contents(lake)] == [7, 8, 4]


def test_running_it_twice_changes_nothing(lake: Lake) -> None:
    put(lake, JAN[0], 1, 2, 3)
    before = contents(lake)
    put(lake, JAN[0], 1, 2, 3)
    assert contents(lake) == before


def test_a_window_inside_a_compacted_file_is_replaced_and_its_neighbours_stay(lake: Lake) -> None:
    for day in JAN[:5]:
        put(lake, day, day.day)
    compact(lake, VISITS, crowded=1)
    put(lake, JAN[2], 100, 101)
    assert [row[3] for row in contents(lake)] == [1, 2, 100, 101, 4, 5]


def test_a_window_vouched_for_as_empty_becomes_empty(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    put(lake, JAN[1], 2)
    lake.commit(VISITS, None, replaces=[Restated(Window.of_day(JAN[0]))])
    assert [row[3] for row in contents(lake)] == [2]


def test_windows_across_months_land_in_one_commit(lake: Lake) -> None:
    days = [date(2024, 1, 31), date(2024, 2, 1)]
    rows = pa.concat_tables([visits(days[0], 1), visits(days[1], 2)])
    before = lake.commit(VISITS, rows, replaces=[Restated(Window.of_day(d)) for d in days])
    assert lake.commit(VISITS, rows, replaces=[Restated(Window.of_day(d)) for d in days]) == before + 1
    assert [row[3] for row in contents(lake)] == [1, 2]


def test_rows_outside_their_windows_are_refused_and_nothing_is_written(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    with pytest.raises(SourceError, match="2 rows of visits outside"):
        lake.commit(VISITS, visits(JAN[1], 1, 2), replaces=[Restated(FIRST)])
    assert [row[3] for row in contents(lake)] == [1]


def test_only_the_scope_given_is_replaced(lake: Lake) -> None:
    scoped = Table(VISITS.name, "", VISITS.columns, Replace(scope="site"))
    for site, count in (("a", 1), ("b", 2)):
        lake.commit(scoped, visits(JAN[0], count, site=site), replaces=[Restated(FIRST, site)])
    compact(lake, scoped, crowded=1)
    lake.commit(scoped, visits(JAN[0], 9, site="a"), replaces=[Restated(FIRST, "a")])
    assert [(row[2], row[3]) for row in contents(lake, scoped)] == [("a", 9), ("b", 2)]


def test_rows_and_cursor_are_one_commit_and_the_cursor_never_falls(lake: Lake) -> None:
    lake.commit(VISITS, visits(JAN[5], 1), replaces=[Restated(Window.of_day(JAN[5]))], cursors=[Cursor("s/visits/", 6)])
    lake.commit(VISITS, visits(JAN[0], 1), replaces=[Restated(FIRST)], cursors=[Cursor("s/visits/", 1)])
    assert lake.cursor_position(VISITS, "s/visits/") == 6
    assert lake.cursor_position(VISITS, "other") is None


def test_a_new_column_is_added_and_older_rows_have_no_value(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    wider = Table(VISITS.name, "", (*VISITS.columns, Column("ref", "string", Role.DIMENSION, "")), Replace())
    rows = visits(JAN[1], 2).append_column("ref", pa.array(["abc"]))
    lake.commit(wider, rows, replaces=[Restated(Window.of_day(JAN[1]))])
    compact(lake, wider, crowded=1)
    assert [row[3:] for row in contents(lake, wider)] == [(1, None), (2, "abc")]


# Observe


def views(day: date, count: int | None, observed_at: datetime) -> pa.Table:
    row = {"day": Window.of_day(day).start, "repo": "r", "views": count, "observed_at": observed_at}
    return pa.Table.from_pylist([row], schema=GAUGE.arrow_schema())


def test_only_values_that_differ_from_the_last_observation_are_appended(lake: Lake) -> None:
    at = datetime(2024, 1, 5, tzinfo=UTC)
    for hour, count in enumerate([211, 211, 1, 1, None, 211]):
        lake.commit(GAUGE, views(JAN[0], count, at + timedelta(hours=hour)))
    rows = sorted(contents(lake, GAUGE), key=lambda row: str(row[3]))
    assert [row[2] for row in rows] == [211, 1, None, 211]


def test_an_observation_without_a_moment_is_stamped_with_the_clock(tmp_path: Path) -> None:
    noon = datetime(2024, 1, 5, 12, tzinfo=UTC)
    lake = Lake.open(str(tmp_path / "lake"), now=lambda: noon)
    lake.commit(GAUGE, views(JAN[0], 5, noon).drop_columns(["observed_at"]))
    assert contents(lake, GAUGE)[0][3] == "2024-01-05 12:00:00+00"


# The ledger


def entry(status: Status, *, rows: int = 0, day: date = JAN[0], minute: int = 0) -> Entry:
    seen = datetime(2024, 2, 1, 0, minute, tzinfo=UTC)
    return Entry("s", "visits", "", Window.of_day(day), status, Window.of_day(day).end, rows, observed_at=seen)


def test_the_ledger_tells_the_newest_outcome_and_the_success_a_failure_did_not_undo(lake: Lake) -> None:
    lake.record([entry(Status.PROVISIONAL, rows=3)])
    lake.record([entry(Status.COMPLETE, rows=4, minute=1)])
    lake.record([entry(Status.FAILED, minute=2)])
    assert [(e.status, e.rows) for e in lake.known("s")] == [(Status.COMPLETE, 4), (Status.FAILED, 0)]
    assert list(lake.known("other")) == []


def test_entries_come_back_as_they_were_recorded(lake: Lake) -> None:
    full = Entry("s", "t", "x/y", FIRST, Status.COMPLETE, FIRST.end, 5, 2, "etag", "why", "{bad", FIRST.end)
    lake.record([full])
    assert list(lake.known()) == [full]


# Snapshots


def test_a_snapshot_holds_still_while_others_write_and_compact(lake: Lake) -> None:
    for day in JAN[:3]:
        put(lake, day, 1)
    pinned = lake.snapshot([VISITS]).tables["visits"]
    put(lake, JAN[0], 50)
    compact(lake, VISITS, crowded=1)
    count = duckdb.execute("SELECT sum(visits) FROM read_parquet(?)", [list(pinned.files)]).fetchall()
    assert count == [(3,)]


def test_the_version_changes_with_every_write_and_with_nothing_else(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    first = lake.snapshot([VISITS]).version
    assert lake.snapshot([VISITS]).version == first
    put(lake, JAN[0], 2)
    assert lake.snapshot([VISITS]).version != first


def test_the_lake_can_be_read_as_it_was(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    between = datetime.now(UTC)
    put(lake, JAN[0], 2)
    pinned = lake.snapshot([VISITS], as_of=between).tables["visits"]
    assert duckdb.execute("SELECT visits FROM read_parquet(?)", [list(pinned.files)]).fetchall() == [(1,)]
    assert lake.snapshot([VISITS], as_of=datetime(2001, 1, 1, tzinfo=UTC)).tables == {}


# Rollups


def rolled(lake: Lake, which: int = 0) -> list[tuple[object, ...]]:
    return contents(lake, VISITS.rolled(VISITS.rollups[which]))


def test_a_rollup_sums_what_the_table_holds_and_says_which_version(lake: Lake) -> None:
    put(lake, JAN[0], 1, 2, 3)
    put(lake, date(2024, 2, 1), 5)
    refresh(lake, VISITS)
    assert rolled(lake) == [("2024-01-01 00:00:00+00", "a", 6), ("2024-02-01 00:00:00+00", "a", 5)]
    tables = lake.snapshot([VISITS]).tables
    assert tables["visits_by_day"].built_from == tables["visits"].version
    put(lake, JAN[0], 10)
    tables = lake.snapshot([VISITS]).tables
    assert tables["visits_by_day"].built_from != tables["visits"].version
    refresh(lake, VISITS)
    assert [row[2] for row in rolled(lake)] == [10, 5]


def test_a_rollup_of_years_follows_its_months(lake: Lake) -> None:
    put(lake, JAN[0], 1, 2)
    put(lake, date(2024, 12, 31), 4)
    put(lake, date(2023, 12, 31), 8)
    refresh(lake, VISITS)
    assert rolled(lake, 1) == [("2023-01-01 00:00:00+00", "a", 8), ("2024-01-01 00:00:00+00", "a", 7)]
    before = set(lake.snapshot([VISITS]).tables["visits_by_year"].files)
    put(lake, date(2024, 6, 1), 16)
    put(lake, JAN[0])
    refresh(lake, VISITS)
    assert rolled(lake, 1) == [("2023-01-01 00:00:00+00", "a", 8), ("2024-01-01 00:00:00+00", "a", 20)]
    after = set(lake.snapshot([VISITS]).tables["visits_by_year"].files)
    assert {Path(path).parent.name for path in before & after} == {"month=2023-01"}
    put(lake, date(2023, 12, 31))
    refresh(lake, VISITS)
    assert rolled(lake, 1) == [("2024-01-01 00:00:00+00", "a", 20)]


class Overtaken(Lake):
    """A lake that another writer is busy with just when its rollup of years is to be built."""

    is_overtaken = False

    def open_for_writing(self, table: Table) -> DeltaFolder:
        if table.name == "visits_by_year" and not self.is_overtaken:
            self.is_overtaken = True
            other = Lake.open(str(self.root))
            put(other, JAN[1], 2)
            refresh(other, replace(VISITS, rollups=VISITS.rollups[:1]))
        return super().open_for_writing(table)


def test_a_rollup_is_not_built_on_one_of_another_version(tmp_path: Path) -> None:
    lake = Overtaken(tmp_path / "lake")
    version = put(lake, JAN[0], 1)
    refresh(lake, VISITS)
    assert lake.is_overtaken
    assert [row[2] for row in rolled(lake, 0)] == [1, 2]
    assert [row[2] for row in rolled(lake, 1)] == [1]
    assert lake.snapshot([VISITS]).tables["visits_by_year"].built_from == version
    refresh(lake, VISITS)
    assert [row[2] for row in rolled(lake, 1)] == [3]


def test_a_refresh_rebuilds_only_the_months_that_changed(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    put(lake, date(2024, 2, 1), 5)
    refresh(lake, VISITS)
    before = set(lake.snapshot([VISITS]).tables["visits_by_day"].files)
    put(lake, date(2024, 2, 2), 6)
    refresh(lake, VISITS)
    after = set(lake.snapshot([VISITS]).tables["visits_by_day"].files)
    assert {Path(path).parent.name for path in before & after} == {"month=2024-01"}


def test_a_rollup_survives_compaction_and_expiry_of_the_version_it_was_built_from(lake: Lake) -> None:
    for day in JAN[:4]:
        put(lake, day, 1)
    refresh(lake, VISITS)
    maintain(lake, [VISITS], keep=timedelta(0))
    tables = lake.snapshot([VISITS]).tables
    assert tables["visits_by_day"].built_from == tables["visits"].version
    put(lake, JAN[0], 9)
    maintain(lake, [VISITS], keep=timedelta(0))
    refresh(lake, VISITS)
    assert sum(row[2] for row in rolled(lake)) == 12  # type: ignore[misc]


# Maintenance


def test_maintaining_joins_small_files_expires_old_ones_and_tells(lake: Lake) -> None:
    for day in JAN:
        put(lake, day, day.day, 1)
    before = contents(lake)
    [done, _rollup] = [*maintain(lake, [VISITS], keep=timedelta(0)), None][:2]
    assert done is not None
    assert (done.table, done.files_before, done.files_after) == ("visits", 31, 1)
    assert done.bytes_after < done.bytes_before
    assert done.expired_files == 31
    assert done.expired_bytes > 0
    assert contents(lake) == before
    assert len(list(lake.root.glob("visits/month=*/*.parquet"))) == 1


def test_versions_younger_than_the_limit_stay_readable(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    between = datetime.now(UTC)
    put(lake, JAN[0], 2)
    maintain(lake, [VISITS])
    pinned = lake.snapshot([VISITS], as_of=between).tables["visits"]
    assert duckdb.execute("SELECT visits FROM read_parquet(?)", [list(pinned.files)]).fetchall() == [(1,)]


# Faults


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(NotALakeError, match="is not a Footfall lake"):
        Lake.open(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_place_of_the_lake_is_said(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("x")
    with pytest.raises(NotALakeError, match="is a file"):
        Lake.open(str(tmp_path / "lake"))


def test_a_lake_of_a_newer_footfall_is_not_touched(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    marker = lake.root / "footfall-lake.json"
    marker.write_text(json.dumps({"format": 99, "written_by": "footfall 9.0"}))
    with pytest.raises(NewerLakeError, match=r"footfall 9\.0.*upgrade Footfall"):
        Lake.open(str(lake.root))


def test_a_table_with_features_from_the_future_is_refused(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    log = lake.root / "visits" / "_delta_log" / f"{9:020}.json"
    existing = len(list(log.parent.glob("*.json")))
    log = log.with_name(f"{existing:020}.json")
    log.write_text(json.dumps({"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}) + "\n")
    with pytest.raises(NewerLakeError, match="upgrade Footfall"):
        put(lake, JAN[1], 1)


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_log_file_that_says_nothing_is_refused(lake: Lake, text: str) -> None:
    for day in JAN[:3]:
        put(lake, day, 1)
    lake.cursor().close()
    (lake.root / "visits" / "_delta_log" / f"{2:020}.json").write_text(text)
    again = Lake.open(str(lake.root))
    for act in (lambda: again.snapshot([VISITS]), lambda: put(again, JAN[4], 1), lambda: maintain(again, [VISITS])):
        with pytest.raises(LakeError, match=r"00002\.json is damaged: it is empty"):
            act()


def test_a_damaged_marker_is_said(lake: Lake) -> None:
    put(lake, JAN[0], 1)
    (lake.root / "footfall-lake.json").write_text("{")
    with pytest.raises(NotALakeError, match="is damaged"):
        Lake.open(str(lake.root))


def test_other_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="ftp:// is not supported; write a folder, or an address that begins with s3://"
    ):
        Lake.open("ftp://bucket/lake")


def test_asking_an_empty_lake_writes_nothing(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    assert list(lake.known()) == []
    assert lake.snapshot([VISITS]).tables == {}
    assert not (tmp_path / "lake").exists()


def test_a_full_disk_is_one_sentence_and_harms_nothing(small_disk: Path) -> None:
    lake = Lake.open(str(small_disk / "lake"))
    put(lake, JAN[0], 1, 2, 3)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(os.urandom(4096))
            except OSError:
                break
    with pytest.raises(LakeWriteError, match="the disk is full; free some space"):
        put(lake, JAN[1], *range(24))
    filler.unlink()
    assert [row[3] for row in contents(lake)] == [1, 2, 3]
    put(lake, JAN[1], 4)
    assert [row[3] for row in contents(lake)] == [1, 2, 3, 4]


def test_a_read_only_lake_answers_and_refuses_writes(small_disk: Path) -> None:
    lake = Lake.open(str(small_disk / "lake"))
    put(lake, JAN[0], 1)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(LakeWriteError, match="read-only"):
        put(lake, JAN[1], 2)
    assert [row[3] for row in contents(Lake.open(str(small_disk / "lake")))] == [1]


# Company


WRITER = """
import sys
from datetime import date
from footfall.lake import Cursor, Lake, Restated
from footfall.periods import Window
sys.path.insert(0, {tests!r})
from test_lake import VISITS, visits
lake = Lake.open({root!r})
for round in range({rounds}):
    for number in range(1, 6):
        day = date(2024, 1, number)
        rows = visits(day, *[{value}] * 3)
        lake.commit(VISITS, rows, replaces=[Restated(Window.of_day(day))], cursors=[Cursor("s/visits/", number)])
"""


def test_collectors_and_readers_at_once_see_whole_commits_only(tmp_path: Path) -> None:
    """Two processes replace the same days over and over while this one reads: each day is one writer's, whole."""
    root = tmp_path / "lake"
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                WRITER.format(root=str(root), tests=str(Path(__file__).parent), rounds=6, value=value),
            ]
        )
        for value in (1, 100)
    ]
    lake = Lake.open(str(root))
    seen = 0
    while any(writer.poll() is None for writer in writers):
        by_day: dict[str, list[object]] = {}
        for row in contents(lake):
            by_day.setdefault(str(row[0])[:10], []).append(row[3])
        assert all(values in ([1] * 3, [100] * 3) for values in by_day.values())
        seen += bool(by_day)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen > 0
    assert len(contents(lake)) == 15


def joined(lake: Lake, delta: DeltaFolder) -> list[DataFile]:
    files = read_files(delta.folder, delta.files())
    written = write_month(delta.folder, VISITS, "2024-01", lake.cursor().sql("SELECT 1"), f"SELECT * FROM {files}")
    return [written] if written else []


def test_of_two_that_take_the_same_files_away_only_one_lands(lake: Lake) -> None:
    """Both begin with one version; where both landed, all rows of these files would be doubled."""
    for day in JAN[:3]:
        put(lake, day, day.day)
    before = contents(lake)
    one, other = (DeltaFolder.open(lake.root / "visits", "hour") for _ in range(2))
    assert one is not None
    assert other is not None
    one.commit(joined(lake, one), one.files())
    with pytest.raises(CommitConflictError):
        other.commit(joined(lake, other), other.files())
    assert contents(lake) == before


# Everyone can read it


def test_every_reader_reads_what_was_written(lake: Lake) -> None:
    import pandas as pd
    import polars as pl

    put(lake, JAN[0], 1, 2)
    put(lake, JAN[1], 3)
    compact(lake, VISITS, crowded=1)
    address = str(lake.root / "visits")
    [path] = lake.snapshot([VISITS]).tables["visits"].files
    assert pl.read_delta(address)["visits"].sum() == 6
    assert pd.read_parquet(path)["visits"].sum() == 6
    assert duckdb.execute("SELECT sum(visits), any_value(typeof(hour)) FROM read_parquet(?)", [path]).fetchall() == [
        (6, "TIMESTAMP WITH TIME ZONE")
    ]
    assert not any(pa.types.is_string_view(field.type) for field in pa.parquet.read_schema(path))


def test_spark_reads_what_was_written(lake: Lake, sail: str) -> None:
    from pyspark.sql import SparkSession

    put(lake, JAN[0], 1, 2)
    put(lake, JAN[1], 3)
    session = SparkSession.builder.remote(sail).create()
    frame = session.read.format("delta").load(str(lake.root / "visits"))
    assert sorted(row["visits"] for row in frame.select("page", "visits").collect()) == [1, 2, 3]
    session.stop()


def test_rows_lie_sorted_in_their_file_for_that_is_what_compresses(lake: Lake) -> None:
    many = duckdb.connect().query(
        "SELECT TIMESTAMPTZ '2024-01-01 00:00+00' + to_hours((random() * 700)::INT) AS hour, "
        "'p' || (random() * 1000)::INT AS page, 'a' AS site, 1 AS visits FROM range(400000)"
    )
    january = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
    lake.commit(VISITS, many.to_arrow_table(), replaces=[Restated(january)])
    [path] = lake.snapshot([VISITS]).tables["visits"].files
    in_file = pa.parquet.read_table(path, columns=["page", "hour"])
    assert in_file.equals(in_file.sort_by([("page", "ascending"), ("hour", "ascending")]))


def in_order(rows: pa.Table, is_coded: bool) -> pa.Table:
    rows = rows.sort_by([("page", "ascending"), ("hour", "ascending")])
    names = [name for name in ("page", "site") if is_coded]
    for name in names:
        coded = rows[name].combine_chunks().dictionary_encode()
        rows = rows.set_column(rows.schema.get_field_index(name), name, coded)
    return rows


@pytest.mark.parametrize("is_coded", [True, False])
def test_rows_said_to_be_sorted_are_the_same_rows(tmp_path: Path, is_coded: bool) -> None:
    many = duckdb.connect().query(
        "SELECT TIMESTAMPTZ '2024-01-01 00:00+00' + to_hours(n % 700) AS hour, "
        "'p' || (n * 7919 % 5000) AS page, CASE WHEN n > 200000 THEN 's' || n % 3 END AS site, n AS visits "
        "FROM range(300000) AS t(n)"
    )
    january = Window(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
    rows = many.to_arrow_table().cast(VISITS.arrow_schema())
    usual, quick = Lake.open(str(tmp_path / "usual")), Lake.open(str(tmp_path / "quick"))
    usual.commit(VISITS, rows, replaces=[Restated(january)])
    quick.commit(VISITS, in_order(rows, is_coded), replaces=[Restated(january)], is_sorted=True)
    assert contents(quick) == contents(usual)
    ours, theirs = (DeltaFolder.open(lake.root / "visits", "hour") for lake in (quick, usual))
    assert ours is not None
    assert theirs is not None
    assert [replace(file, path="", size=0) for file in ours.files()] == [
        replace(file, path="", size=0) for file in theirs.files()
    ]
    [path] = quick.snapshot([VISITS]).tables["visits"].files
    assert pa.parquet.read_table(path, columns=["page"]).equals(in_order(rows, False).select(["page"]))
    spans = [pa.parquet.ParquetFile(path).metadata.row_group(n).column(1).statistics for n in range(3)]
    assert spans[0].max <= spans[1].min < spans[1].max <= spans[2].min, "a reader can pass over groups"
    quick.commit(VISITS, visits(JAN[0], 5), replaces=[Restated(FIRST)], is_sorted=True)
    usual.commit(VISITS, visits(JAN[0], 5), replaces=[Restated(FIRST)])
    assert contents(quick) == contents(usual)


def test_rows_said_to_be_sorted_are_held_against_their_windows(lake: Lake) -> None:
    with pytest.raises(SourceError, match="outside the windows"):
        lake.commit(VISITS, visits(JAN[1], 1), replaces=[Restated(FIRST)], is_sorted=True)
    assert contents(lake) == []
    assert not list((lake.root / "visits").glob("month=*/*"))
