"""Taking marks back by file, deleting events, and slips that would mark the wrong thing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

import footfall
from footfall.activity.files import Columns
from footfall.errors import MarkError, QueryError
from footfall.sources.binder.sample import write_sample_archive
from footfall.workspace import Workspace
from workspaces import Ran
from workspaces import run as run_command

NOW = datetime(2026, 4, 8, 12, tzinfo=UTC)


@pytest.fixture
def ff(tmp_path: Path) -> Workspace:
    (tmp_path / "footfall.toml").write_text("")
    return footfall.open(tmp_path, now=lambda: NOW)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    (tmp_path / "footfall.toml").touch()
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run_command(capsys, *arguments)


# A file without --at


@pytest.mark.parametrize("moment", ["2026-01-05", "2026-01-05T10:00Z", "2026-01-05 10:00:00"])
def test_a_column_of_moments_is_asked_for(run: Callable[..., Ran], tmp_path: Path, moment: str) -> None:
    (tmp_path / "x.csv").write_text(f"who,bought\n1,{moment}\n2,\n3,{moment}\n")
    ran = run("mark", "bought", "--file", "x.csv", "--actor", "who")
    assert ran.code == 1
    assert "x.csv has moments in column 'bought', and without --at all rows would be marked now" in ran.err
    assert run("mark", "bought", "--file", "x.csv", "--actor", "who", "--at", "now").code == 0


def test_a_column_of_dates_in_parquet_is_asked_for(ff: Workspace, tmp_path: Path) -> None:
    pl.DataFrame({"who": [1, 2], "on": [date(2026, 1, 5), None]}).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(MarkError, match="has moments in column 'on'"):
        ff.mark_file("bought", tmp_path / "x.parquet", actor="who")
    ff.mark_file("bought", tmp_path / "x.parquet", actor="who", at="on", skip_missing=True)
    assert list(ff.event("bought").day(2026, 1, 5)) == [1]


@pytest.mark.parametrize("other", ["20260105", "2026", "x", "NA", "1.5", "2026-01-05,2026 was good"])
def test_other_columns_are_no_moments(run: Callable[..., Ran], tmp_path: Path, other: str) -> None:
    values = other.split(",")
    (tmp_path / "x.csv").write_text("who,other\n" + "".join(f"{n},{value}\n" for n, value in enumerate(values)))
    assert run("mark", "bought", "--file", "x.csv", "--actor", "who").code == 0


# Taking back what a file holds


def test_marks_of_a_file_are_taken_back(ff: Workspace, run: Callable[..., Ran], tmp_path: Path) -> None:
    ff.mark("bought", [1, 2, "ada"], "2026-01-05")
    ff.mark("bought", [1, 2], "2026-01-06")
    ff.close()
    (tmp_path / "wrong.csv").write_text("who,when\n1,2026-01-05\nada,2026-01-05\n7,2026-01-05\n2,2026-01-06\n")
    ran = run("unmark", "bought", "--file", "wrong.csv", "--actor", "who", "--at", "when")
    assert (ran.code, ran.out) == (0, "Unmarked bought: 3 marks.\n")
    assert list(ff.event("bought").day(2026, 1, 5)) == [2]
    assert list(ff.event("bought").day(2026, 1, 6)) == [1]
    assert set(ff.event("bought").month(2026, 1)) == {1, 2}


def test_a_broken_file_takes_nothing_back(ff: Workspace, tmp_path: Path) -> None:
    ff.mark("bought", [1, 2], "2026-01-05")
    (tmp_path / "wrong.csv").write_text("who,when\n1,2026-01-05\n2,soon\n")
    with pytest.raises(MarkError, match="row 2, column 'when': 'soon' is not a moment"):
        ff.activity.unmark_file("bought", tmp_path / "wrong.csv", Columns("who", "when"))
    assert len(ff.event("bought").day(2026, 1, 5)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("unmark", "bought"), "no actors were given"),
        (("unmark", "bought", "1", "--file", "x.csv", "--actor", "who"), "without actors"),
        (("unmark", "bought", "--file", "x.csv"), "--file FILE --actor COLUMN"),
        (("unmark", "bought", "1", "--actor", "who"), "--actor needs a file"),
        (("unmark", "bougth", "1"), "event 'bougth' was never marked; did you mean 'bought'"),
    ],
)
def test_what_cannot_be_taken_back_is_one_sentence(
    ff: Workspace, run: Callable[..., Ran], arguments: tuple[str, ...], said: str
) -> None:
    ff.mark("bought", 1)
    ff.close()
    ran = run(*arguments)
    assert ran.code == 1
    assert said in ran.err


# Deleting an event


def test_an_event_is_deleted_with_all_its_marks(ff: Workspace, run: Callable[..., Ran]) -> None:
    ff.mark("typo", [1, 2, 3], "2026-01-05")
    ff.mark("typo", 9, unique=True)
    ff.mark("active", 1)
    ff.close()
    ran = run("events", "--delete", "typo", "--yes")
    assert (ran.code, ran.out) == (0, "Deleted typo: 4 marks of 4 actors.\n")
    assert ff.events() == ["active"]
    assert len(ff.event("typo").ever()) == 0
    ff.mark("typo", 5)
    assert list(ff.event("typo").ever()) == [5]


def test_an_event_of_a_table_is_not_deleted(tmp_path: Path) -> None:
    write_sample_archive(tmp_path / "archive", 5, 10, until=date(2026, 4, 1))
    (tmp_path / "footfall.toml").write_text('[sources.binder]\narchive = "archive"\nfirst_day = 2026-03-27\n')
    ff = footfall.open(tmp_path, now=lambda: NOW)
    ff.collect()
    before = len(ff.event("binder_launch").ever())
    with pytest.raises(MarkError, match="reported by a collected table"):
        ff.activity.delete("binder_launch")
    with pytest.raises(QueryError, match="never marked"):
        ff.activity.delete("nothing")
    assert len(ff.event("binder_launch").ever()) == before > 0


def test_swapped_arguments_are_noticed(ff: Workspace, run: Callable[..., Ran]) -> None:
    ff.mark("active", 1)
    ff.close()
    ran = run("mark", "17", "active")
    assert ran.code == 1
    assert "'active' is an event and '17' was never marked: the event comes first" in ran.err
    assert run("mark", "active", "17").code == 0
    assert run("mark", "new", "17").code == 0


@pytest.mark.parametrize("words", [("mark", "active", "-5"), ("unmark", "active", "3", "-12"), ("forget", "-5")])
def test_a_negative_number_is_not_taken_for_an_option(run: Callable[..., Ran], words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert "A negative number is not a valid actor" in ran.err
    assert "No such option" not in ran.err


def test_a_text_that_begins_with_a_hyphen_is_marked_behind_two(ff: Workspace, run: Callable[..., Ran]) -> None:
    ran = run("mark", "active", "-ada")
    assert ran.code == 2
    assert "Put an actor that begins with a hyphen after --" in " ".join(ran.err.replace("│", " ").split())
    assert run("mark", "active", "--", "-ada").code == 0
    assert list(ff.event("active").ever()) == ["-ada"]
    assert "after --" not in run("mark", "active", "1", "--nope").err


def test_a_slip_in_the_name_of_an_event_that_is_read_is_noticed_once(ff: Workspace) -> None:
    ff.mark("active", 1)
    with pytest.warns(UserWarning, match="event 'activ' was never marked; did you mean 'active'"):
        assert len(ff.event("activ").year()) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ff.event("activ").year()) == 0
        assert len(ff.event("purchased").year()) == 0
        assert len(ff.event("active").year()) == 1
