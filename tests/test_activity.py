"""Marking through a workspace, and the sets that come of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import footfall
from footfall.activity.actors import read_actor, written
from footfall.errors import MarkError, QueryError, SettingsError
from footfall.workspace import Workspace

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
SOMEBODY = uuid.UUID("12345678-1234-5678-1234-567812345678")


def workspace(folder: Path, settings: str = "") -> Workspace:
    folder.mkdir(exist_ok=True)
    (folder / "footfall.toml").write_text(settings, encoding="utf-8")
    return footfall.open(folder, now=lambda: NOW)


@pytest.fixture
def ff(tmp_path: Path) -> Workspace:
    return workspace(tmp_path / "here")


# Actors


def test_numbers_texts_and_uuids_are_actors(ff: Workspace) -> None:
    ff.mark("active", [7, 2**40, "ada", SOMEBODY, 0, 2**32 - 1, 2**200])
    assert list(ff.event("active").day()) == [0, 7, 2**32 - 1, 2**40, 2**200, str(SOMEBODY), "ada"]


def test_a_text_that_is_a_number_is_that_number(ff: Workspace) -> None:
    ff.mark("active", ["123", 123, "007", str(2**40), 2**40])
    assert list(ff.event("active").day()) == [123, 2**40, "007"]
    assert "123" in ff.event("active").day()


@pytest.mark.parametrize(
    "hold",
    [
        list,
        tuple,
        iter,
        lambda values: np.array(values, dtype=np.int64),
        lambda values: np.array(values, dtype=np.uint16),
        lambda values: pa.array(values),
        lambda values: pa.chunked_array([values[:1], values[1:]]),
        lambda values: pa.array(map(str, values)),
        lambda values: pa.array(map(str, values)).dictionary_encode(),
        lambda values: pd.Series(values),
        lambda values: pl.Series(values),
        lambda values: pl.Series([str(v) for v in values]),
    ],
)
def test_whatever_holds_actors_is_read(ff: Workspace, hold: Callable[[list[int]], Any]) -> None:
    ff.mark("active", hold([3, 1, 2, 3]))
    assert list(ff.event("active").day()) == [1, 2, 3]
    assert ff.event("active").day().occurrences() == 4


def test_arrow_texts_keep_names_and_large_numbers(ff: Workspace) -> None:
    ff.mark("active", pa.array(["ada", "5", str(2**32), "99999999999999999999", "05", "1.5"]))
    assert list(ff.event("active").day()) == [5, 2**32, 99999999999999999999, "05", "1.5", "ada"]


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        (-1, "-1 is not an actor"),
        (np.int64(-5), "-5 is not an actor"),
        (True, r"True \(a bool\) is not an actor"),
        (1.5, "a float"),
        (None, "nothing"),
        ("", "a text needs 1 to"),
        (b"ada", "a bytes"),
        ([1, None], "nothing"),
        ([1, -2], "-2 is not an actor"),
        (np.array([1, -2]), "-2 is not an actor"),
        (np.array([[1]]), "one row of values"),
        (pa.array([1, None]), "value 2 of the actors is missing"),
        (pa.array([1.5]), "a float"),
        ({"a": 1}, "a dict"),
        (NOW, "a datetime"),
    ],
)
def test_what_is_no_actor_is_one_sentence_and_marks_nothing(ff: Workspace, actor: Any, said: str) -> None:
    ff.mark("active", 1)
    with pytest.raises(MarkError, match=said):
        ff.mark("active", actor)
    assert list(ff.event("active").ever()) == [1]


@given(st.one_of(st.integers(min_value=0, max_value=2**70), st.text(min_size=1, max_size=40)))
def test_an_actor_that_is_read_is_written_as_it_was_given(actor: int | str) -> None:
    try:
        read = read_actor(actor)
    except MarkError:
        assert "\0" in str(actor)
        return
    back = read if isinstance(read, int) else written(read)
    assert str(back) == str(actor)
    assert read_actor(back) == read


# Moments


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (None, date(2026, 11, 25)),
        ("2026-03-01", date(2026, 3, 1)),
        ("20260301", date(2026, 3, 1)),
        ("2026-W09-7", date(2026, 3, 1)),
        (date(2026, 3, 1), date(2026, 3, 1)),
        ("yesterday", date(2026, 11, 24)),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), date(2026, 2, 28)),
        ("2026-03-01T23:30-05:00", date(2026, 3, 2)),
        (date(1969, 7, 20), date(1969, 7, 20)),
    ],
)
def test_a_mark_is_of_its_day_in_utc(ff: Workspace, at: Any, day: date) -> None:
    ff.mark("active", 1, at)
    assert 1 in ff.event("active").day(day)
    assert ff.activity.summary("active").first_day == datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 3, 1, 12), "has no time zone"),  # noqa: DTZ001
        ("2026-03-01T12:00", "has no time zone"),
        ("2028-01-01", "more than a year ahead"),
        ("soon", "'soon' is not a moment in time; write one like 2026-11-23, "),
        ("2026", "2026 is a whole year; a mark needs a day or an instant"),
        ("2026-11", "2026-11 is a whole month"),
        ("2026-W48", "2026-W48 is a whole week"),
        (1764000000, r"1764000000 \(int\) is not a moment in time"),
        (1.5, "is not a moment in time"),
        ("0001-01-01T00:00+05:00", "outside the calendar"),
    ],
)
def test_a_moment_that_cannot_be_is_one_sentence(ff: Workspace, at: Any, said: str) -> None:
    with pytest.raises(footfall.FootfallError, match=said):
        ff.mark("active", 1, at)
    assert ff.events() == []


@pytest.mark.parametrize("event", ["", "a\nb", "x" * 300, 5, "  ", " active", "active "])
def test_what_names_no_event_is_one_sentence(ff: Workspace, event: Any) -> None:
    with pytest.raises(MarkError, match="is not a valid event name") as raised:
        ff.mark(event, 1)
    assert len(str(raised.value)) < 250
    assert ff.events() == []


# Sets


def test_coarser_periods_are_unions_of_days(ff: Workspace) -> None:
    for day, actor in (("2026-11-23", 1), ("2026-11-25", 2), ("2026-11-01", 3), ("2026-01-05", 4)):
        ff.mark("active", actor, day)
    event = ff.event("active")
    assert [list(s) for s in (event.day(), event.week(), event.month(), event.year())] == [
        [2],
        [1, 2],
        [1, 2, 3],
        [1, 2, 3, 4],
    ]
    assert list(event.week(2026, 48)) == list(event.week("2026-W48")) == list(event.week(date(2026, 11, 26))) == [1, 2]
    assert list(event.month(2026, 1)) == [4]
    assert list(event.between("2026-11-01", "2026-11-24")) == [1, 3]
    assert len(event.ever()) == 4


def test_unmarking_a_day_leaves_week_and_month_true(ff: Workspace) -> None:
    """bitmapist clears the week and the month although another of their days is marked."""
    ff.mark("active", 1, "2026-11-23")
    ff.mark("active", 1, "2026-11-24")
    event = ff.event("active")
    assert 1 in event.week()
    ff.unmark("active", 1, "2026-11-23")
    assert 1 not in event.day("2026-11-23")
    assert 1 in event.week()
    assert 1 in event.month()
    ff.unmark("active", 1, "2026-11-24")
    assert 1 not in event.week()
    assert not event.year()


def test_a_late_mark_reaches_a_closed_month_that_is_kept(ff: Workspace) -> None:
    for day in (3, 4):
        ff.mark("active", day, date(2026, 5, day))
    ff.activity.store.fold()  # type: ignore[attr-defined]
    may = ff.event("active").month(2026, 5)
    assert list(may) == [3, 4]
    other = footfall.open(ff.settings.folder, now=lambda: NOW)
    assert list(other.event("active").month(2026, 5)) == [3, 4]
    other.mark("active", 9, "2026-05-20")
    assert list(may) == [3, 4, 9]
    other.activity.store.fold()  # type: ignore[attr-defined]
    assert list(may) == [3, 4, 9]
    other.unmark("active", 3, "2026-05-03")
    assert list(may) == [4, 9]


def test_hours_are_kept_where_they_are_asked(ff: Workspace) -> None:
    ff.mark("active", 1, "2026-11-25T09:10Z", hourly=True)
    ff.mark("active", 2, "2026-11-25T10:50Z", hourly=True)
    event = ff.event("active")
    assert list(event.hour(2026, 11, 25, 9)) == [1]
    assert list(event.hour("2026-11-25T10:00Z")) == [2]
    assert list(event.day()) == [1, 2]
    assert list(event.between("2026-11-25T10:00Z", "2026-11-26")) == [2]
    ff.unmark("active", 1, "2026-11-25")
    assert not event.hour(2026, 11, 25, 9)


def test_unmark_says_how_many_were_there(ff: Workspace) -> None:
    ff.mark("active", [1, "ada"], "2026-11-25T09:10Z", hourly=True)
    ff.mark("active", [1, 2], unique=True)
    assert ff.unmark("active", [1, 2, "ada", "bob"], "2026-11-25T10:00Z", hourly=True) == 0
    assert ff.unmark("active", [1, 1, 2, "ada", "bob"], "2026-11-25") == 2
    assert ff.unmark("active", [1, 2], unique=True) == 2
    assert ff.unmark("active", [1, 2, "ada"]) == 0


def test_what_has_no_time_has_no_hour(ff: Workspace) -> None:
    for change in (ff.mark, ff.unmark):
        with pytest.raises(MarkError, match="a unique mark has no time, so no hour either"):
            change("active", 1, hourly=True, unique=True)
    ff.mark("active", 1, NOW, hourly=True, unique=True)
    assert list(ff.event("active").hour()) == [1]


def test_a_part_of_a_day_that_is_kept_whole_is_refused(ff: Workspace) -> None:
    ff.mark("active", 1)
    with pytest.raises(QueryError, match="is kept by the day on 2026-11-25"):
        len(ff.event("active").between("2026-11-25T10:00Z", "2026-11-26"))


def test_hourly_can_be_the_default(tmp_path: Path) -> None:
    ff = workspace(tmp_path / "hourly", "activity = { hourly = true }")
    ff.mark("active", 1)
    ff.mark("active", 2, hourly=False)
    assert list(ff.event("active").hour()) == [1]


def test_unique_marks_have_no_time(ff: Workspace) -> None:
    ff.mark("premium", 1, unique=True)
    ff.mark("premium", 2, "2026-11-24", unique=True)
    event = ff.event("premium")
    assert list(event.unique()) == [1, 2]
    assert list(event.month()) == [2]
    ff.unmark("premium", 1, unique=True)
    assert list(event.unique()) == [2]
    with pytest.raises(QueryError, match="has no period"):
        event.unique().next()


def test_no_day_holds_what_has_no_time(ff: Workspace) -> None:
    ff.mark("premium", 1, unique=True)
    assert not ff.event("premium").day(1969, 12, 31)
    assert not ff.event("premium").between("1960", "1980")
    assert list(ff.event("premium").ever()) == [1]


def test_sets_combine(ff: Workspace) -> None:
    ff.mark("a", [1, 2, 3, "x"])
    ff.mark("b", [2, 3, 4, "x", "y"])
    a, b = ff.event("a").day(), ff.event("b").day()
    assert list(a & b) == [2, 3, "x"]
    assert list(a | b) == [1, 2, 3, 4, "x", "y"]
    assert list(a ^ b) == [1, 4, "y"]
    assert list(a - b) == [1]
    assert list(~a) == [4, "y"]
    assert list(~a & b) == [4, "y"]
    assert [len(s) for s in (a & b, a | b, a ^ b, a - b, ~a)] == [3, 6, 3, 1, 2]
    assert 2 in a & b
    assert 1 not in a & b
    assert "y" in ~a
    assert a & b == b & a
    assert a != b
    with pytest.raises(QueryError, match="is not a set of actors"):
        a & {1}  # type: ignore[operator]


def test_the_population_of_a_complement_can_be_named(tmp_path: Path) -> None:
    ff = workspace(tmp_path / "named", 'activity = { population = "signed_up" }')
    ff.mark("signed_up", [1, 2, 3], "2026-01-01")
    ff.mark("active", [2, 9])
    active = ff.event("active").day()
    assert list(~active) == [1, 3]
    assert list(active.complement(ff.event("active").ever() | ff.event("signed_up").ever())) == [1, 3]


def test_sets_of_different_stores_combine_by_actor(tmp_path: Path) -> None:
    one, other = workspace(tmp_path / "one"), workspace(tmp_path / "other")
    one.mark("active", ["zoe", "ada", 5])
    other.mark("seen", ["ada", "bob", 5, 6])
    a, b = one.event("active").day(), other.event("seen").day()
    assert list(a & b) == [5, "ada"]
    assert list(b & a) == [5, "ada"]
    assert list(a | b) == [5, 6, "ada", "bob", "zoe"]
    assert list(b - a) == [6, "bob"]
    assert "bob" in a | b
    assert len(a ^ b) == 3


def test_sets_are_lazy(ff: Workspace) -> None:
    today = ff.event("active").day() & ~ff.event("paid").ever()
    assert not (ff.settings.folder / "activity.db").exists()
    assert len(today) == 0
    ff.mark("active", 1)
    assert list(today) == [1]


def test_periods_move(ff: Workspace) -> None:
    month = ff.event("active").month(2026, 1)
    assert (month.start, month.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert month.prev().start == datetime(2025, 12, 1, tzinfo=UTC)
    assert month.shift(14).label == "2027-03"
    assert ff.event("active").week(2020, 53).next().label == "2021-W01"
    span = ff.event("active").between("2026-01-01", "2026-01-11").next()
    assert (span.start.day, span.end.day) == (11, 21)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda e: e.month(2026, 13), "there is no month"),
        (lambda e: e.week(2021, 53), "there is no week"),
        (lambda e: e.day(2026, 2, 30), "there is no day"),
        (lambda e: e.month(2026), r"month takes \(year, month\)"),
        (lambda e: e.between("2026-01-02", "2026-01-02"), "must come after"),
        (lambda e: e.between("2026-01-01T00:30Z", "2026-01-02"), "is not a whole hour"),
        (lambda e: e.day().sample(-1), "a sample of -1"),
    ],
)
def test_a_period_that_cannot_be_is_one_sentence(ff: Workspace, ask: Callable[[Any], Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        ask(ff.event("active"))


def test_samples_and_arrays(ff: Workspace) -> None:
    ff.mark("active", np.arange(1000))
    day = ff.event("active").day()
    assert day.to_numpy().dtype == np.uint64
    assert (day.to_numpy() == np.arange(1000)).all()
    drawn = day.sample(10, seed=1)
    assert len(set(drawn)) == 10
    assert drawn == sorted(drawn) == day.sample(10, seed=1) != day.sample(10, seed=2)
    assert len(day.sample(5000)) == 1000
    ff.mark("active", "ada")
    assert day.to_numpy().tolist() == [*range(1000), "ada"]


def test_occurrences_are_counted_beside_the_sets(ff: Workspace) -> None:
    for _ in range(3):
        ff.mark("active", 1)
    ff.mark("active", [1, 2, "ada"])
    ff.mark("active", 1, "2026-11-24")
    assert ff.event("active").day().occurrences() == 6
    assert ff.event("active").month().occurrences() == 7
    assert len(ff.event("active").day()) == 3


# Forgetting and hashing


def test_forget_says_from_how_many_sets(ff: Workspace) -> None:
    ff.mark("active", ["ada", 5], "2026-11-24")
    ff.mark("active", ["ada", 5])
    ff.mark("paid", "ada", unique=True)
    assert ff.forget("ada") == 3
    assert ff.forget("ada") == 0
    assert ff.forget(5) == 2
    assert ff.events() == []
    ff.mark("active", "ada")  # a new actor, who happens to have the same name
    assert list(ff.event("active").ever()) == ["ada"]


def test_several_are_forgotten_at_once(ff: Workspace) -> None:
    ff.mark("active", ["ada", 5, 6])
    ff.mark("paid", ["ada", 6])
    assert ff.forget(["ada", "5", 5]) == 3
    assert list(ff.event("active").ever()) == [6]


def test_with_a_key_no_name_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "a key")
    ff = workspace(tmp_path / "hashed", 'activity = { hash_key = { env = "KEY" } }')
    ff.mark("active", ["ada@example.org", 5, SOMEBODY])
    day = ff.event("active").day()
    assert "ada@example.org" in day
    assert SOMEBODY in day
    assert 5 in day
    assert all(actor == 5 or len(str(actor)) == 32 for actor in day)
    ff.activity.store.fold()  # type: ignore[attr-defined]
    ff.activity.close()
    kept = b"".join(file.read_bytes() for file in ff.settings.folder.glob("activity.db*"))
    assert b"ada@example" not in kept
    assert str(SOMEBODY).encode() not in kept
    assert ff.forget("ada@example.org") == 1


def test_stores_with_different_keys_do_not_combine(tmp_path: Path) -> None:
    one = workspace(tmp_path / "one", 'activity = { hash_key = "x" }')
    other = workspace(tmp_path / "other")
    one.mark("active", ["ada", 5])
    other.mark("active", ["ada", 5])
    with pytest.raises(QueryError, match="give both the same hash_key"):
        len(one.event("active").day() & other.event("active").day())


def test_names_kept_under_another_key_are_not_taken_for_strangers(tmp_path: Path) -> None:
    ff = workspace(tmp_path / "here")
    ff.mark("active", ["ada", 5])
    keyed = workspace(tmp_path / "here", 'activity = { hash_key = "x" }')
    with pytest.raises(SettingsError, match="kept as they are, and there is a hash_key"):
        keyed.mark("active", "ada")
    with pytest.raises(SettingsError, match="set the one they were marked with"):
        assert "ada" in keyed.event("active").day()
    assert 5 in keyed.event("active").day()
    fresh = workspace(tmp_path / "fresh", 'activity = { hash_key = "x" }')
    fresh.mark("active", "ada")
    other = workspace(tmp_path / "fresh", 'activity = { hash_key = "y" }')
    with pytest.raises(SettingsError, match="as hashes under another hash_key"):
        other.mark("active", "bob")


# Addresses


@pytest.mark.parametrize("address", ["sqlite:///deep.db", "deep.db"])
def test_a_store_is_a_file_in_the_workspace(tmp_path: Path, address: str) -> None:
    ff = workspace(tmp_path / "here", f'activity = "{address}"')
    ff.mark("active", 1)
    assert (tmp_path / "here" / "deep.db").is_file()


def test_a_store_can_be_an_absolute_path(tmp_path: Path) -> None:
    ff = workspace(tmp_path / "here", f'activity = "sqlite:///{tmp_path}/away.db"')
    ff.mark("active", 1)
    assert (tmp_path / "away.db").is_file()


def test_an_address_of_nothing_is_one_sentence(tmp_path: Path) -> None:
    ff = workspace(tmp_path / "here", 'activity = "mongodb://user:secret@host"')
    with pytest.raises(SettingsError, match="not the address of a store") as raised:
        ff.mark("active", 1)
    assert "secret" not in str(raised.value)
