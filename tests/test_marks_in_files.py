"""`footfall mark`, from words and from files."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import footfall
from footfall.activity.activity import EventSummary
from footfall.activity.files import Columns
from footfall.terminal.activity import event_list
from workspaces import run

ROWS = "who,when,what\n17,2026-01-05,a\nada,2026-01-05T23:30:00-02:00,b\n17,2026-01-05,c\n18,20260210,d\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "footfall.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_csv_file_is_marked_by_its_columns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text(ROWS)
    ran = run(capsys, "mark", "bought", "--file", "x.csv", "--actor", "who", "--at", "when")
    assert (ran.code, ran.out) == (0, "Marked bought: 4 rows on 3 days.\n")
    event = footfall.open(folder).event("bought")
    assert list(event.day("2026-01-05")) == [17]
    assert event.day("2026-01-05").occurrences() == 2
    assert list(event.day("2026-01-06")) == ["ada"]
    assert list(event.month(2026, 2)) == [18]


def test_compressed_csv_and_parquet_say_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv.gz").write_bytes(gzip.compress(ROWS.encode()))
    table = pa.table({"who": [17, 17, 18], "when": pa.array([0, 1, 2], pa.timestamp("s", "UTC"))})
    pq.write_table(table, folder / "x.parquet")
    assert run(capsys, "mark", "a", "--file", "x.csv.gz", "--actor", "who", "--at", "when").code == 0
    assert run(capsys, "mark", "b", "--file", "x.parquet", "--actor", "who", "--at", "when").code == 0
    ff = footfall.open(folder)
    assert list(ff.event("a").ever()) == [17, 18, "ada"]
    assert list(ff.event("b").day(1970, 1, 1)) == [17, 18]
    assert ff.event("b").ever().occurrences() == 3


def test_one_moment_can_be_that_of_all_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text("who\n1\n2\n")
    run(capsys, "mark", "a", "--file", "x.csv", "--actor", "who", "--at", "2026-01-05")
    assert list(footfall.open(folder).event("a").day(2026, 1, 5)) == [1, 2]


def test_moments_without_a_zone_need_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text("who,when\n1,2026-01-05 00:30:00\n")
    command = ("mark", "a", "--file", "x.csv", "--actor", "who", "--at", "when")
    ran = run(capsys, *command)
    assert ran.code == 1
    assert "row 1, column 'when': 2026-01-05T00:30:00 has no time zone" in ran.err
    assert "--zone UTC; nothing was marked." in ran.err
    assert run(capsys, *command, "--zone", "Europe/Berlin").code == 0
    assert list(footfall.open(folder).event("a").day(2026, 1, 4)) == [1]
    assert "not a time zone" in run(capsys, *command, "--zone", "Mars/Base").err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("who,when\n1,2026-01-05\n,2026-01-05\n", "row 2 has nothing in column 'who'"),
        ("who,when\n1,\n", "row 1 has nothing in column 'when'"),
        ("who,when\n1,2026-01-05\n2,soon\n", "row 2, column 'when': 'soon' is not a moment in time"),
        ("who,when\n1,2999-01-01\n", "row 1, column 'when': 2999-01-01 is more than a year ahead"),
        ("who,when\n1,2026-01-05,3\n", "cannot be read as CSV with a header"),
        ("whom,when\n1,2026-01-05\n", "has no column 'who'; did you mean 'whom'"),
        ("who,then\n1,2026-01-05\n", "has no column 'when', and it is not a moment either"),
        ("", "cannot be read as CSV"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_marked(
    folder: Path, capsys: pytest.CaptureFixture[str], rows: str, said: str
) -> None:
    (folder / "x.csv").write_text(rows)
    ran = run(capsys, "mark", "a", "--file", "x.csv", "--actor", "who", "--at", "when")
    assert ran.code == 1
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert footfall.open(folder).events() == []


@pytest.mark.parametrize("text", ['who\n1\n"2\n3\n4\n', 'who\n"un', 'who\n5" disk\n'])
def test_an_open_quotation_mark_swallows_no_rows(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.csv").write_text(text)
    (folder / "x.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("x.csv", "x.csv.gz"):
        ran = run(capsys, "-w", folder, "mark", "visit", "--file", name, "--actor", "who")
        assert ran.code == 1
        assert f"{name} cannot be read as CSV with a header: a quotation mark is never closed" in ran.err
    (folder / "x.csv").write_text('who\n"a ""b"" c"\nd\n')
    assert run(capsys, "-w", folder, "mark", "visit", "--file", "x.csv", "--actor", "who").code == 0
    assert set(footfall.open(folder).event("visit").ever()) == {'a "b" c', "d"}


def test_a_zone_is_named_in_python_too(folder: Path) -> None:
    (folder / "x.csv").write_text("who,at\n1,2026-11-02 00:30\n")
    ff = footfall.open(folder)
    ff.mark_file("visit", "x.csv", actor="who", at="at", zone="Europe/Berlin")
    assert len(ff.event("visit").day(2026, 11, 1)) == 1
    with pytest.raises(footfall.FootfallError, match="'Nope/X' is not a time zone; write one like UTC"):
        ff.mark_file("visit", "x.csv", actor="who", at="at", zone="Nope/X")


def test_rows_that_say_nothing_can_be_left_out_and_are_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.csv").write_text("who,when\n1,2026-01-05\n,2026-01-05\n3,\n")
    ran = run(capsys, "mark", "a", "--file", "x.csv", "--actor", "who", "--at", "when", "--skip-missing")
    assert ran.out == "Marked a: 1 row on 1 day. 2 rows without actor or time left out.\n"


def test_words_are_marked_and_taken_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "events").out.startswith("Nothing was marked yet.")
    assert run(capsys, "mark", "active", "17", "ada", "--at", "2026-01-05").out == "Marked active: 2 actors.\n"
    assert run(capsys, "unmark", "active", "17", "--at", "2026-01-05").code == 0
    assert list(footfall.open(folder).event("active").ever()) == ["ada"]
    listed = run(capsys, "events").out
    assert "active" in listed
    assert "2026-01-05" in listed
    assert run(capsys, "forget", "ada").out == "Forgot ada: removed from 1 set.\n"
    assert run(capsys, "forget", "ada").out == "ada is not known.\n"
    assert run(capsys, "forget", "17").out == "17 is not known.\n"


def test_what_was_marked_and_taken_back_is_said_truly(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "mark", "x", "17", "17").out == "Marked x: 2 marks of 1 actor.\n"
    assert run(capsys, "mark", "x", "1", "--unique").out == "Marked x: 1 actor, without a time.\n"
    both = run(capsys, "mark", "x", "2", "--unique", "--at", "2026-01-05")
    assert both.out == "Marked x: 1 actor, without a time and on that day.\n"
    assert list(footfall.open(folder).event("x").day("2026-01-05")) == [2]
    assert run(capsys, "unmark", "x", "17", "18").out == "Unmarked x: 1 mark.\n"
    assert run(capsys, "unmark", "x", "17").out == "Unmarked x: nothing, as none of them was marked.\n"
    ran = run(capsys, "unmark", "xs", "17")
    assert (ran.code, ran.err) == (1, "footfall: event 'xs' was never marked; did you mean 'x'? Valid: x.\n")


def test_a_zone_is_that_of_a_local_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "mark", "x", "17", "--at", "2026-01-05T00:30", "--zone", "Europe/Berlin").code == 0
    (folder / "x.csv").write_text("who,b\n18,1\n")
    given = ("--at", "2026-01-05T00:30", "--zone", "Europe/Berlin")
    assert run(capsys, "mark", "x", "--file", "x.csv", "--actor", "who", *given).code == 0
    assert list(footfall.open(folder).event("x").day("2026-01-04")) == [17, 18]


def test_an_event_whose_marks_were_not_counted_shows_none() -> None:
    """As in a deployment that bitmapist fills, which keeps only who."""
    found = [EventSummary("a", "", None, None, 5, 0), EventSummary("b", "", None, None, 0, 0)]
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(event_list(found))
    rows = [line.split() for line in console.export_text().splitlines()]
    assert [row[-2:] for row in rows if row and row[0] in "ab"] == [["5", "–"], ["0", "0"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mark", "active"), "no actors were given"),
        (("mark", "active", "17", "--zone", "UTC"), "--zone is the zone of the times given with --at"),
        (("mark", "active", "17", "--skip-missing"), "--skip-missing needs a file"),
        (("mark", "active", "17", "--actor", "who"), "--actor needs a file"),
        (("mark", "active", "17", "--at", "2026-01-05", "--zone", "Mars"), "'Mars' is not a time zone"),
        (("mark", "active", "17", "--unique", "--hourly"), "a unique mark has no time"),
        (("mark", "active", "--", "-5"), "-5 is not an actor"),
        (("mark", "active", "17", "--at", "2026-11"), "2026-11 is a whole month"),
        (("mark", "active", "1", "--file", "x.csv"), "to mark a file, use --file FILE --actor COLUMN"),
        (("mark", "active", "1", "--at", "2999-01-01"), "more than a year ahead"),
        (("mark", "active", "--file", "absent.csv", "--actor", "who"), "there is no file absent.csv"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    ran = run(capsys, *arguments)
    assert ran.code == 1
    assert said in ran.err


def test_many_rows_are_read_in_portions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.activity.portions.PORTION_BYTES", 4096)
    rows = [f"{n % 977},2026-01-{n % 28 + 1:02}" for n in range(20_000)]
    (folder / "x.csv").write_text("who,when\n" + "\n".join(rows) + "\n")
    ff, told = footfall.open(folder), list[int]()
    found = ff.mark_file("b", folder / "x.csv", actor="who", at="when")
    assert (found.rows, found.marked) == (20_000, 20_000)
    ff.activity.mark_file("a", folder / "x.csv", Columns("who", "when"), tell=told.append)
    assert len(told) > 10
    assert told == sorted(told)
    for day in (1, 28):
        truth = {int(row.split(",")[0]) for row in rows if row.endswith(f"-{day:02}")}
        assert set(ff.event("a").day(2026, 1, day)) == truth


SOME_DAY = 1_767_571_200
"""2026-01-05T00:00:00Z, in seconds since 1970."""


@pytest.mark.parametrize(
    "when",
    [
        pa.array([SOME_DAY], pa.timestamp("s", "Mars/Phobos")),  # an instant, whatever its zone is called
        pa.array([SOME_DAY * 10**9 + 1], pa.timestamp("ns", "+05:30")),
        pa.array([SOME_DAY * 1000], pa.date64()),
        pa.array([SOME_DAY // 86_400], pa.date32()),
        pa.array(["2026-01-05T12:00Z"], pa.string_view()),
        pa.array([b"2026-01-05"], pa.binary_view()),
        pa.array(["2026-01-05"]).dictionary_encode(),
    ],
    ids=lambda column: str(column.type),
)
def test_moments_of_every_type_that_has_them(folder: Path, capsys: pytest.CaptureFixture[str], when: pa.Array) -> None:
    pq.write_table(pa.table({"who": pa.array(["ada"], pa.string_view()), "when": when}), folder / "x.parquet")
    ran = run(capsys, "mark", "a", "--file", "x.parquet", "--actor", "who", "--at", "when")
    assert (ran.code, ran.err) == (0, "")
    assert list(footfall.open(folder).event("a").day(2026, 1, 5)) == ["ada"]


@pytest.mark.parametrize(
    ("who", "when", "said"),
    [
        (pa.array([7]), pa.array([10**12], pa.timestamp("s", "UTC")), "outside the calendar, which has the years 1 to 9999"),
        (pa.array([7]), pa.array([-(10**12)], pa.timestamp("s")), "outside the calendar"),
        (pa.array([7]), pa.array([2**30], pa.date32()), "outside the calendar"),
        (pa.array([7]), pa.array([[1]]), "column 'when': a column of list<element: int64> holds neither"),
        (pa.array([{"a": 1}]), pa.array([SOME_DAY], pa.timestamp("s", "UTC")), "column 'who': a column of struct<a: int64> holds"),
        (pa.array([1], pa.timestamp("s", "Mars/Phobos")), pa.array([SOME_DAY], pa.timestamp("s", "UTC")), "are not actors"),
        (pa.array([1], pa.duration("s")), pa.array([SOME_DAY], pa.timestamp("s", "UTC")), "is not an actor"),
    ],
    ids=lambda given: str(getattr(given, "type", "")),
)  # fmt: skip
def test_columns_of_odd_types_are_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], who: pa.Array, when: pa.Array, said: str
) -> None:
    pq.write_table(pa.table({"who": who, "when": when}), folder / "x.parquet")
    ran = run(capsys, "mark", "a", "--file", "x.parquet", "--actor", "who", "--at", "when")
    assert ran.code == 1
    assert ran.err.startswith("footfall: row 1, column ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not footfall.open(folder).events()
