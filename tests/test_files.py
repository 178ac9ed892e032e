"""The files source: every line is a row or is refused, values are what the settings declare, and nothing is guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from footfall.collect import SourceSummary, collect
from footfall.errors import FootfallError, SettingsError
from footfall.http import Client
from footfall.lake import Lake
from footfall.ledger import Status
from footfall.periods import Window
from footfall.sources import Context, open_sources
from footfall.sources.files import Files, FilesSettings
from footfall.testing import Upstream, check_source
from lengths import STEP

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
VISITS: dict[str, Any] = {
    "name": "visits",
    "path": "visits/*.csv",
    "format": "csv",
    "time": {"column": "date", "format": "%Y-%m-%d"},
    "dimensions": [{"name": "country", "column": "country_code"}],
    "measures": ["downloads"],
}


class Place:
    """A folder with files, and a lake that they are collected into."""

    def __init__(self, folder: Path, client: Client | None = None) -> None:
        self.folder = folder
        self.client = client
        self.lake = Lake(folder / "lake", lambda: self.now)
        self.now = NOW

    def write(self, name: str, text: str | bytes) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def source(self, *tables: dict[str, Any]) -> Files:
        context = Context(self.folder, self.folder / "scratch", lambda: self.now, self._client, "files")
        return Files(FilesSettings.model_validate({"tables": tables}), context)

    def _client(self) -> Client:
        assert self.client is not None
        return self.client

    def collect(self, *tables: dict[str, Any], **more: Any) -> SourceSummary:
        self.now += timedelta(seconds=1)
        (summary,) = collect(self.lake, {"files": self.source(*tables)}, now=lambda: self.now, **more).sources
        return summary

    def rows(self, table: dict[str, Any] = VISITS) -> list[tuple[Any, ...]]:
        (declared,) = self.source(table).tables
        pinned = self.lake.snapshot([declared]).tables.get(declared.name)
        if pinned is None:
            return []
        names = ", ".join(f'"{name}"' for name in declared.names if name not in ("observed_at", declared.time))
        found = self.lake.cursor().execute(
            f"SELECT strftime({declared.time}, '%Y-%m-%d'), {names} FROM read_parquet(?, union_by_name = true) "
            "ORDER BY ALL NULLS FIRST",
            [list(pinned.files)],
        )
        return [(date.fromisoformat(row[0]), *row[1:]) for row in found.fetchall()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_only_the_empty_cell_is_null(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,NA,7\n2026-11-01,,3\n2026-11-01,US,90\n")
    assert place.collect(VISITS).rows == 3
    day = date(2026, 11, 1)
    assert place.rows() == [(day, None, 3), (day, "NA", 7), (day, "US", 90)]


@pytest.mark.parametrize("word", ["NA", "N/A", "null", "NULL", "None", "nan", "NaN", "-", "\\N", " "])
def test_words_that_others_take_for_null_are_values_of_a_text_and_errors_of_a_number(place: Place, word: str) -> None:
    place.write("visits/a.csv", f"date,country_code,downloads\n2026-11-01,{word},7\n")
    place.collect(VISITS)
    assert [row[1] for row in place.rows()] == [word]
    place.write("visits/b.csv", f"date,country_code,downloads\n2026-11-02,x,{word}\n")
    assert "not a whole number" in place.collect(VISITS).error


def test_the_first_bad_line_is_the_error_and_nothing_of_the_file_is_stored(place: Place) -> None:
    """Types are declared: a value of another type after 20,000 good ones is an error, and none of them is lost."""
    table = {**VISITS, "measures": [{"name": "downloads", "type": "number"}], "dimensions": ["n"]}
    lines = [f"2026-11-01,{n},10.5" for n in range(20_480)]
    place.write("visits/a.csv", "\n".join(["date,n,downloads", *lines, "2026-11-01,x,11.0.1"]) + "\n")
    error = place.collect(table).error
    assert "a.csv, line 20,482" in error
    assert "11.0.1" in error
    assert place.rows(table) == []
    allowed = place.collect({**table, "max_rejected": 1})
    assert (allowed.rows, allowed.rejected, allowed.error) == (20_480, 1, "")


def test_a_date_of_another_form_is_an_error_with_its_line(place: Place) -> None:
    table = {
        **VISITS,
        "time": {"column": "B", "format": "%Y-%m-%d"},
        "dimensions": [],
        "measures": [{"name": "count", "column": "A"}],
    }
    place.write("visits/dates.csv", "A,B\n1,2024-03-08\n2,2024-03-09\n3,03/10/2024\n4,2024-03-11\n")
    assert "dates.csv, line 4: 'B' is '03/10/2024'" in place.collect(table).error


@pytest.mark.parametrize(
    "written",
    ["2026-11-1", "2026-1-01", " 2026-11-01", "2026-11-01 ", "26-11-01", "2026-11-31", "0000-01-01", "2026/11/01", ""],
)
def test_one_form_of_a_date_is_read(place: Place, written: str) -> None:
    place.write("visits/a.csv", f"date,country_code,downloads\n{written},x,1\n")
    assert "a.csv, line 2" in place.collect(VISITS).error


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-11-01,x", "2 cells"),
        ("2026-11-01,x,1,2", "4 cells"),
        ("2026-11-01,x,1.5", "not a whole number"),
        ("2026-11-01,x,1_0", "not a whole number"),
        ("2026-11-01,x,１２", "not a whole number"),
        ("2026-11-01,x,9223372036854775808", "too large"),
        ("", "it is empty"),
    ],
)
def test_rows_and_refused_lines_are_all_lines(place: Place, line: str, reason: str) -> None:
    place.write("visits/a.csv", f"date,country_code,downloads\n2026-11-01,a,1\n{line}\n2026-11-01,b,2\n")
    assert reason in place.collect(VISITS).error
    done = place.collect({**VISITS, "max_rejected": 5})
    assert (done.rows, done.rejected) == (2, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("date,country_code,downloads\n", "has no row"),
        ("date,country,downloads\n2026-11-01,x,1\n", "no column 'country_code'"),
        ("date,country_code,downloads,downloads\n2026-11-01,x,1,2\n", "several columns 'downloads'"),
        ('date,country_code,downloads\n2026-11-01,"x,1\n', "quotes"),
        (b"date,country_code,downloads\n2026-11-01,\xff,1\n", "is not utf-8"),
        (b"\x00\x01\x02", "no column"),
        ("date,country_code,downloads\n2026-11-01,x,1\n2026-11-01,x,1\n", "same time and dimensions"),
    ],
)
def test_a_file_that_is_not_what_the_settings_say_is_one_sentence(place: Place, text: str | bytes, said: str) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,5\n")
    place.collect(VISITS)
    place.write("visits/a.csv", text)
    error = place.collect(VISITS).error
    assert said in error
    assert "a.csv" in error
    assert place.rows() == [(date(2026, 11, 1), "x", 5)], "collected data is kept"


def test_a_bad_file_does_not_stop_the_others(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,bad\n")
    place.write("visits/b.csv", "date,country_code,downloads\n2026-11-02,x,4\n")
    assert "a.csv, line 2" in place.collect(VISITS).error
    assert place.rows() == [(date(2026, 11, 2), "x", 4)]


def test_csv_is_read_as_the_settings_say(place: Place) -> None:
    table = {
        **VISITS,
        "csv": {
            "delimiter": ";",
            "quote": "'",
            "encoding": "latin-1",
            "columns": ["country_code", "downloads", "date"],
        },
    }
    place.write("visits/a.csv", "'Österreich;\nWien';3;2026-11-01\r\n".encode("latin-1"))
    place.collect(table)
    assert place.rows(table) == [(date(2026, 11, 1), "Österreich;\nWien", 3)]


def test_a_byte_order_mark_is_no_part_of_the_first_column(place: Place) -> None:
    place.write("visits/a.csv", "\ufeffdate,country_code,downloads\n2026-11-01,x,1\n")
    assert place.collect(VISITS).rows == 1


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "feather"])
def test_every_form_gives_the_same_rows(place: Place, form: str) -> None:
    rows = [
        {"date": "2026-11-01", "country_code": None, "downloads": 3},
        {"date": "2026-11-02", "country_code": "NA", "downloads": 4},
    ]
    table = {**VISITS, "format": form, "path": "visits/a.*"}
    file = place.folder / "visits" / f"a.{form}"
    file.parent.mkdir()
    match form:
        case "csv":
            file.write_text("date,country_code,downloads\n2026-11-01,,3\n2026-11-02,NA,4\n")
        case "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        case "parquet":
            pq.write_table(pa.Table.from_pylist(rows), file)
        case _:
            feather.write_feather(pa.Table.from_pylist(rows), str(file))
    assert not place.collect(table).error
    assert place.rows(table) == [(date(2026, 11, 1), None, 3), (date(2026, 11, 2), "NA", 4)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"date": "2026-11-01", "country_code": 5, "downloads": 1}', "'country_code' is 5"),
        ('{"date": "2026-11-01", "country_code": "x", "downloads": NaN}', "NaN is not a number of JSON"),
        ('{"date": "2026-11-01", "country_code": ["x"], "downloads": 1}', "not a text, a number"),
        ('{"date": "2026-11-01", "country_code": "x", "downloads": true}', "kind"),
        ('{"date": "2026-11-01", "country_code": "x", "downloads": 1e400}', "whole number"),
        ("[1]", "not an object"),
        ("{", "JSON"),
        ('{"country_code": "x", "downloads": 1}', "no time"),
    ],
)
def test_a_bad_line_of_json_is_named(place: Place, line: str, said: str) -> None:
    table = {**VISITS, "format": "jsonl", "path": "visits/a.jsonl"}
    good = '{"date": "2026-11-01", "country_code": "a", "downloads": 1}'
    place.write("visits/a.jsonl", f"{good}\n{line}\n")
    error = place.collect(table).error
    assert said in error
    assert "line 2" in error


@pytest.mark.parametrize(
    ("time", "written", "day"),
    [
        ("date", "2026-11-01T00:00:00-08:00", date(2026, 11, 1)),
        ("date", "2026-11-01T00:00:00+09:00", date(2026, 11, 1)),
        ("date", "2026-11-01", date(2026, 11, 1)),
        ({"column": "date", "format": "%d.%m.%Y"}, "01.11.2026", date(2026, 11, 1)),
    ],
)
def test_of_days_the_date_counts_as_it_is_written(place: Place, time: Any, written: str, day: date) -> None:
    table = {**VISITS, "time": time}
    place.write("visits/a.csv", f"date,country_code,downloads\n{written},x,1\n")
    assert not place.collect(table).error
    assert place.rows(table) == [(day, "x", 1)]


def test_an_hour_needs_a_zone(place: Place) -> None:
    table = {**VISITS, "resolution": "hour", "time": "date"}
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01T23:30:00,x,1\n")
    assert "without a time zone" in place.collect(table).error
    there = {**table, "time": {"column": "date", "zone": "America/Los_Angeles"}}
    assert not place.collect(there).error
    assert place.rows(there) == [(date(2026, 11, 2), "x", 1)]


def test_a_second_run_reads_and_writes_nothing(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,1\n2026-11-02,x,2\n")
    place.collect(VISITS)
    before = place.lake.snapshot(place.source(VISITS).tables).tables["visits"].version
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-02,x,2\n2026-11-01,x,1\n")  # the same rows
    assert place.collect(VISITS).unchanged == 2
    assert place.lake.snapshot(place.source(VISITS).tables).tables["visits"].version == before
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-02,x,2\n2026-11-01,x,10\n")
    assert place.collect(VISITS).windows == 1, "only the day that changed is written"


def test_a_day_without_a_row_is_missing_or_zero_as_the_settings_say(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,1\n2026-11-03,x,2\n")
    place.collect(VISITS)
    empty = Window.of_day(date(2026, 11, 2))
    assert place.lake.known("files").positions[1].keys().isdisjoint({("visits", "", empty)})
    place.collect({**VISITS, "absent": "zero"})
    assert ("visits", "", empty) in place.lake.known("files").positions[1]


def test_two_files_cannot_state_one_day(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,1\n")
    place.write("visits/b.csv", "date,country_code,downloads\n2026-11-01,y,1\n")
    assert "a.csv and b.csv both have rows of one day" in place.collect(VISITS).error
    assert place.collect({**VISITS, "scope": "country"}).error == ""
    assert len(place.rows({**VISITS, "scope": "country"})) == 2


def test_rows_that_repeat_are_added_where_the_settings_say_so(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,1\n2026-11-01,x,2\n")
    table = {**VISITS, "repeated": "add"}
    place.collect(table)
    assert place.rows(table) == [(date(2026, 11, 1), "x", 3)]


def test_observed_values_keep_the_largest(place: Place) -> None:
    table = {**VISITS, "rule": "observe"}
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,9\n2026-11-02,x,1\n")
    place.write("visits/b.csv", "date,country_code,downloads\n2026-11-01,x,4\n")
    assert not place.collect(table).error
    assert (date(2026, 11, 1), "x", 9) in place.rows(table)


def test_a_dated_file_states_the_time_of_its_name(place: Place) -> None:
    table = {**VISITS, "path": "visits/%Y/%Y-%m.csv", "window": "month"}
    place.write("visits/2026/2026-10.csv", "date,country_code,downloads\n2026-10-03,x,1\n")
    place.write("visits/2026/2025-09.csv", "date,country_code,downloads\n2025-09-03,x,1\n")  # the folder says 2026
    place.collect(table)
    (entry,) = place.lake.known("files")
    assert (f"{entry.window}", entry.status) == ("2026-10-01 … 2026-11-01", Status.COMPLETE)
    place.write("visits/2026/2026-10.csv", "date,country_code,downloads\n2026-11-03,x,1\n")
    assert place.collect(table).failed == 1
    assert place.rows(table) == [(date(2026, 10, 3), "x", 1)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"path": "a/%H.csv"}, "no other %"),
        ({"path": "a/%Y-%m.csv"}, "a file per month"),
        ({"scope": "land"}, "not one of its dimensions"),
        ({"window": "week"}, "window is day, month or year"),
        ({"resolution": "month"}, "finer than the resolution"),
        ({"path": "https://x.org/%Y.csv", "window": "year"}, "needs `first`"),
        ({"path": "ftp://x.org/a.csv"}, "https:// address"),
        ({"time": {"column": "date", "zone": "Mars"}}, "not a time zone"),
        ({"csv": {"encoding": "utf-99"}}, "not an encoding"),
        ({"measures": []}, "must not be empty"),
        ({"preset": "npm"}, "no preset"),
        ({"packages": ["a"]}, "preset"),
        ({"colums": []}, "unknown setting 'colums'"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(place: Place, more: dict[str, Any], said: str) -> None:
    context = Context(place.folder, place.folder / "scratch", lambda: NOW, lambda: Client(), "files")
    with pytest.raises(SettingsError, match=r"sources\.files") as raised:
        open_sources({"files": {"tables": [{**VISITS, **more}]}}, context)
    assert said in str(raised.value)


def test_a_missing_folder_is_an_error_that_erases_nothing(place: Place) -> None:
    assert "there is no file visits/*.csv" in place.collect(VISITS).error


class Bucket:
    """Files over HTTP, which counts what it is asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        body = self.files.get(request.url.path)
        if body is None:
            return httpx2.Response(404, text="<Error><Code>NoSuchKey</Code></Error>")
        headers = {"ETag": f'"{hash(body)}"'}
        return httpx2.Response(200, headers=headers, content=b"" if request.method == "HEAD" else body)


def conda_file(folder: Path, month: str, *rows: tuple[str, str, int]) -> bytes:
    file = folder / f"{month}.parquet"
    names = {"time": [month] * len(rows), "data_source": ["conda-forge"] * len(rows)}
    told = {
        **names,
        "pkg_name": pa.array([row[0] for row in rows]).dictionary_encode(),
        "pkg_version": ["1.0"] * len(rows),
        "pkg_platform": ["noarch"] * len(rows),
        "pkg_python": pa.array([row[1] for row in rows]).dictionary_encode(),
        "counts": [row[2] for row in rows],
    }
    pq.write_table(pa.table(told), file)
    return file.read_bytes()


def test_the_preset_of_conda_keeps_the_packages_and_says_where_the_definition_changed(tmp_path: Path) -> None:
    bucket = Bucket()
    for month, count in (("2024-01", 2829), ("2024-02", 2812), ("2024-03", 12573)):
        rows = [("icepyx", "3.10", count), ("icepyx", "3.1", 1), ("numpy", "3.10", 5)]
        bucket.files[f"/conda/monthly/2024/{month}.parquet"] = conda_file(tmp_path, month, *rows)
    place = Place(tmp_path, Client(transport=httpx2.MockTransport(bucket.answer), attempts=1))
    table = {"preset": "conda", "packages": ["icepyx"], "first": "2024-01-01"}
    place.now = datetime(2024, 5, 3, tzinfo=UTC)
    summary = place.collect(table)
    assert (summary.error, summary.failed, summary.complete + summary.provisional, summary.missing) == ("", 0, 3, 2)
    found = place.rows(table)
    assert [(row[0], row[5], row[6]) for row in found if row[5] == "3.10"] == [
        (date(2024, 1, 1), "3.10", 2829),
        (date(2024, 2, 1), "3.10", 2812),
        (date(2024, 3, 1), "3.10", 12573),
    ]
    (broken,) = place.source(table).annotations
    assert (broken.kind, broken.window.start) == ("break", datetime(2024, 3, 1, tzinfo=UTC))
    place.now = datetime(2025, 1, 3, tzinfo=UTC)
    place.collect(table)
    bucket.asked.clear()
    place.collect(table)
    assert not any("2024-01" in asked for asked in bucket.asked), "what is final is not asked for again"


def test_exports_of_plausible_may_overlap_and_visitors_are_not_added(place: Place) -> None:
    table = {"preset": "plausible", "path": "plausible/imported_visitors*.csv"}
    header = '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
    place.write(
        "plausible/imported_visitors_20260101_20260102.csv",
        header + '"2026-01-01",5,9,1,6,300\n"2026-01-02",2,2,1,2,9\n',
    )
    assert place.collect(table).error == ""
    place.write(
        "plausible/imported_visitors_20260101_20260104.csv",
        header + '"2026-01-02",4,8,1,5,90\n"2026-01-04",1,1,1,1,0\n',
    )
    assert not place.collect(table).failed
    last = {}
    for day, *counts in sorted(row[:4] for row in place.rows(table)):
        last[day] = counts
    assert last == {
        date(2026, 1, 1): [5, 9, 6],
        date(2026, 1, 2): [4, 8, 5],
        date(2026, 1, 3): [
            0,
            0,
            0,
        ],  # between the first and the last day of an export, a day without a line had no visit
        date(2026, 1, 4): [1, 1, 1],
    }
    kinds = {metric.name: str(metric.kind) for metric in place.source(table).metrics}
    assert kinds == {"site_visitors": "level", "site_pageviews": "sum", "site_visits": "sum"}
    rows = place.rows(table)
    assert place.collect(table).rows == 0
    assert place.rows(table) == rows, "a second reading changes nothing"


@pytest.mark.parametrize(
    ("preset", "file", "line"),
    [
        (
            "plausible",
            '"date","visitors","pageviews","bounces","visits","visit_duration"\n"2026-01-01",5,ehhh,1,6,0\n',
            2,
        ),
        ("condastats", "pkg_name,time,counts\nicepyx,2024-02,2812\nicepyx,2024-13,1\n", 3),
        ("pepy", "date,downloads\n2026-01-01,7\n2026-01-02,n/a\n", 3),
    ],
)
def test_a_bad_line_of_a_preset_is_named(place: Place, preset: str, file: str, line: int) -> None:
    table = {"preset": preset, "path": "kept/*.csv"}
    place.write("kept/a.csv", file)
    error = place.collect(table).error
    assert f"a.csv, line {line}: " in error
    assert "\n" not in error
    assert place.rows(table) == []


def test_what_condastats_wrote_is_read_with_its_break(place: Place) -> None:
    table = {"preset": "condastats", "path": "*.csv"}
    place.write("overall.csv", "pkg_name,time,counts\nicepyx,2024-02,2812\nicepyx,2024-03,12573\n")
    assert not place.collect(table).failed
    assert [row[:3] for row in place.rows(table)] == [
        (date(2024, 2, 1), "icepyx", 2812),
        (date(2024, 3, 1), "icepyx", 12573),
    ]
    (broken,) = place.source(table).annotations
    assert (broken.kind, broken.window.start) == ("break", datetime(2024, 3, 1, tzinfo=UTC))


def test_pandas_writes_the_series_of_condastats_as_the_preset_reads_it(place: Place) -> None:
    """Its answers are pandas' own: months as an index, counts that are floats in its older versions."""
    pd = pytest.importorskip("pandas")
    index = pd.MultiIndex.from_tuples([("icepyx", "2019-01"), ("icepyx", "2019-02")], names=["pkg_name", "time"])
    place.write("kept.csv", pd.Series([932443.0, 1049595.0], index, name="counts").to_csv())
    table = {"preset": "condastats", "path": "kept.csv"}
    place.collect(table)
    assert [row[2] for row in place.rows(table)] == [932443, 1049595]


def test_the_names_of_files_say_a_dimension(place: Place) -> None:
    """One file each, so that their days are their own: what one of them lacks is not known of it."""
    table = {"preset": "pepy", "path": "pepy/{project}.csv"}
    place.write("pepy/icepyx.csv", "date,downloads\n2026-01-01,7\n2026-01-02,9\n")
    place.write("pepy/gget.csv", "date,downloads\n2026-01-02,100\n")
    assert place.collect(table).windows == 3
    days = [(day, project, count) for day, project, count, *_ in place.rows(table)]
    assert days == [
        (date(2026, 1, 1), "icepyx", 7),
        (date(2026, 1, 2), "gget", 100),
        (date(2026, 1, 2), "icepyx", 9),
    ]
    assert place.source(table).project_names.dimension == "project"
    (declared,) = place.source(table).tables
    assert declared.rule.scope == "project"


def test_names_dates_and_stars_go_together_in_a_path(place: Place) -> None:
    table = {**VISITS, "path": "**/{site}-[a-b]/%Y/%Y-%m.csv", "window": "month", "dimensions": ["country_code"]}
    text = "date,country_code,downloads\n2026-10-05,NA,7\n"
    for name in ("x/docs-a/2026/2026-10.csv", "docs.b-b/2026/2026-10.csv", "docs-c/2026/2026-10.csv"):
        place.write(name, text)
    place.write("docs-a/2025/2026-10.csv", "this is not read: folder and name differ")
    place.collect(table)
    assert [row[1] for row in place.rows(table)] == ["docs", "docs.b"]


def test_a_name_in_a_path_has_no_column(place: Place) -> None:
    with pytest.raises(ValueError, match="site is named in path: it is a text, and has no column"):
        place.source({**VISITS, "path": "{site}.csv", "dimensions": [{"name": "site", "column": "where"}]})
    with pytest.raises(ValueError, match="an address has neither"):
        place.source({**VISITS, "path": "https://example.org/{site}.csv"})


def test_a_range_without_members_in_a_path_finds_nothing(place: Place) -> None:
    place.write("a.csv", "date,country_code,downloads\n2026-10-05,NA,7\n")
    assert "there is no file [z-a].csv" in place.collect({**VISITS, "path": "[z-a].csv"}).error


def test_an_address_that_fails_is_a_failure_of_its_month(tmp_path: Path) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(500)

    place = Place(tmp_path, Client(transport=httpx2.MockTransport(answer), attempts=1))
    place.now = datetime(2024, 2, 3, tzinfo=UTC)
    assert place.collect({"preset": "conda", "packages": ["icepyx"], "first": "2024-01-01"}).failed == 2


def test_one_address_is_fetched_where_it_changed(tmp_path: Path) -> None:
    bucket = Bucket()
    bucket.files["/a.csv"] = b"date,country_code,downloads\n2026-11-01,x,1\n"
    place = Place(tmp_path, Client(transport=httpx2.MockTransport(bucket.answer), attempts=1))
    table = {**VISITS, "path": "https://files.example.org/a.csv"}
    place.collect(table)
    place.collect(table)
    assert bucket.asked == ["HEAD /a.csv", "GET /a.csv", "HEAD /a.csv"]
    assert place.rows(table) == [(date(2026, 11, 1), "x", 1)]


def test_a_window_that_could_not_be_read_is_well_again_when_it_is_mended(place: Place) -> None:
    table = {**VISITS, "path": "visits/%Y-%m-%d.csv"}
    place.write("visits/2026-11-01.csv", "date,country_code,downloads\n2026-11-01,x,bad\n")
    assert place.collect(table).failed == 1
    place.write("visits/2026-11-01.csv", "date,country_code,downloads\n2026-11-01,x,1\n")
    assert place.collect(table).failed == 0
    (entry,) = place.lake.known("files")
    assert entry.status is Status.COMPLETE


def test_names_of_others_reach_messages_without_control_of_the_terminal(place: Place) -> None:
    place.write("visits/a.csv", "date,country_code,downloads\n2026-11-01,x,\x1b[31mred\n")
    with pytest.raises(FootfallError, match="could not be read"):
        raise FootfallError(f"could not be read: {place.collect(VISITS).error}")
    assert "\x1b" not in place.collect(VISITS).error


class Counters(Upstream):
    """A folder of CSV files, a scope each."""

    def settings(self) -> dict[str, Any]:
        return {"tables": [{**VISITS, "path": str(self.folder / "files" / "*.csv"), "scope": "country"}]}

    def begin(self) -> None:
        self.write("a", {ago: 3 + ago for ago in (9, 2, 1, 0)})
        self.write("b", {ago: 5 + ago for ago in (9, 0)})

    def write(self, name: str, days: dict[int, int]) -> None:
        lines = [f"{self.starts_at - timedelta(days=ago):%Y-%m-%d},{name},{count}" for ago, count in days.items()]
        (self.folder / "files").mkdir(exist_ok=True)
        (self.folder / "files" / f"{name}.csv").write_text("\n".join(["date,country_code,downloads", *lines]) + "\n")

    def restate(self) -> None:
        self.write("a", {9: 90, 2: 5, 1: 4, 0: 3})

    def take_back(self) -> None:
        self.write("a", {ago: 3 + ago for ago in (9, 2, 1, 0)})

    def fail(self) -> None:
        (self.folder / "files").rename(self.folder / "away")

    def be_empty(self) -> None:
        (self.folder / "files" / "a.csv").write_text("")

    def recover(self) -> None:
        if (self.folder / "away").exists():
            (self.folder / "away").rename(self.folder / "files")
        self.take_back()

    def add_scopes(self, count: int) -> None:
        for n in range(count):
            self.write(f"more-{n}", {1: 3})


@pytest.mark.slow
def test_the_source_keeps_every_promise(tmp_path: Path) -> None:
    assert check_source(Files, Counters, tmp_path, step=STEP).skipped == ()
