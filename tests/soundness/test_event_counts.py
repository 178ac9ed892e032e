"""Distinct actors of an event by period: checked against plain Python sets, and against real purchases counted line by line."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.activity import Activity
from footfall.activity.counts import EventCounts
from footfall.errors import QueryError
from footfall.periods import Grain, Window, ceil, floor, periods_in
from footfall.stores.ids import Actors
from footfall.stores.store import UNDATED, day_slot, hour_slot
from lengths import examples
from stores import KINDS, Kind

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
FIRST = datetime(2025, 12, 25, tzinfo=UTC)
HOURS = int((NOW - FIRST) / timedelta(hours=1)) + 72  # some marks are dated up to three days ahead

Marked = dict[datetime, set[int | str]]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def activity(request: pytest.FixtureRequest) -> Iterator[Activity]:
    kind: Kind = request.param
    with kind.new(request) as store:
        yield Activity(store, lambda: NOW)


@st.composite
def marks(draw: st.DrawFn) -> Marked:
    """Who was marked in which hour: few actors who meet often, numbers and names."""
    actors: st.SearchStrategy[int | str] = st.sampled_from([1, 2, 3, 70_000, "ada", "bob", 2**40])
    made = draw(st.lists(st.tuples(st.integers(0, HOURS), actors), min_size=1, max_size=40))
    found: Marked = defaultdict(set)
    for hour, actor in made:
        found[FIRST + timedelta(hours=hour)].add(actor)
    return dict(found)


def mark(activity: Activity, marked: Marked, *, hourly: bool) -> EventCounts:
    event = f"seen-{uuid4().hex}"
    for moment, actors in marked.items():
        activity.mark(event, list(actors), moment, hourly=hourly)
    activity.mark(event, "without a time", unique=True)
    return EventCounts(activity, event, NOW)


def during(marked: Marked, window: Window) -> set[int | str]:
    """Who was marked in a window, up to the end of the day of NOW, with plain sets."""
    end = min(window.end, ceil(Grain.DAY, NOW))
    return set().union(*(actors for moment, actors in marked.items() if window.start <= moment < end))


ON_EACH_STORE = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ON_EACH_STORE
@given(marked=marks(), grain=st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR]))
def test_periods_are_counted_as_plain_sets_count_them(activity: Activity, marked: Marked, grain: Grain) -> None:
    counts = mark(activity, marked, hourly=False)
    windows = [period.window for period in periods_in(grain, Window(FIRST, NOW + timedelta(days=5)))]
    expected = [during(marked, window) for window in windows]
    for _ in range(2):  # what was counted before may be remembered
        assert counts.per_window(windows) == list(map(len, expected))
    so_far = [set().union(*expected[: n + 1]) for n in range(len(windows))]
    assert counts.running(windows) == list(map(len, so_far))


@ON_EACH_STORE
@given(marked=marks(), start=st.integers(0, HOURS), length=st.integers(1, HOURS))
def test_hours_and_windows_that_cut_days_are_counted_as_plain_sets_count_them(
    activity: Activity, marked: Marked, start: int, length: int
) -> None:
    counts = mark(activity, marked, hourly=True)
    window = Window(FIRST + timedelta(hours=start), FIRST + timedelta(hours=start + length))
    assert counts.per_window([window], is_calendar=False) == [len(during(marked, window))]
    hours = [period.window for period in periods_in(Grain.HOUR, window)][:100]
    assert counts.per_window(hours) == [len(during(marked, hour)) for hour in hours]


@ON_EACH_STORE
@given(marked=marks())
def test_actors_are_known_from_the_day_of_the_first_mark_until_now(activity: Activity, marked: Marked) -> None:
    counts = mark(activity, marked, hourly=False)
    first = floor(Grain.DAY, min(marked))
    until = ceil(Grain.HOUR, NOW)
    assert counts.known() == (Window(first, until) if first < until else None)


def test_a_window_that_ends_now_has_all_of_the_present_day(activity: Activity) -> None:
    activity.mark("seen", [1, 2], NOW)
    activity.mark("seen", [3], NOW + timedelta(days=1))
    counts = EventCounts(activity, "seen", NOW)
    for end in (NOW, ceil(Grain.HOUR, NOW)):
        assert counts.per_window([Window(floor(Grain.DAY, NOW), end)], is_calendar=False) == [2]
    with pytest.raises(QueryError, match="kept by the day on 2026-03-11"):
        counts.per_window([Window(floor(Grain.DAY, NOW), floor(Grain.HOUR, NOW))], is_calendar=False)


def test_an_event_without_a_dated_mark_is_not_known_at_any_time(activity: Activity) -> None:
    activity.mark("premium", [1, 2], unique=True)
    assert EventCounts(activity, "premium", NOW).known() is None
    assert EventCounts(activity, "premium", NOW).per_window(
        [Window(FIRST, NOW.replace(minute=0))], is_calendar=False
    ) == [0]


def test_a_part_of_a_day_that_is_kept_by_the_day_is_refused(activity: Activity) -> None:
    activity.mark("seen", 1, "2026-03-01", hourly=False)
    activity.mark("seen", 2, "2026-03-02T10:00Z", hourly=True)
    hour = datetime(2026, 3, 1, 9, tzinfo=UTC)
    counts = EventCounts(activity, "seen", NOW)
    with pytest.raises(QueryError, match="kept by the day on 2026-03-01, so no part of that day can be counted"):
        counts.per_window([Window(hour, hour + timedelta(hours=1))])
    with pytest.raises(QueryError, match="not a whole hour"):
        counts.per_window([Window(hour, hour + timedelta(minutes=90))])
    next_day = hour + timedelta(days=1, hours=1)
    assert counts.per_window([Window(next_day, next_day + timedelta(hours=1))]) == [1]


def test_a_mark_taken_back_is_counted_no_more(activity: Activity) -> None:
    counts = mark(activity, {FIRST: {1, 2}, FIRST + timedelta(days=1): {1}}, hourly=False)
    months = [period.window for period in periods_in(Grain.MONTH, Window(FIRST, FIRST + timedelta(days=1)))]
    assert counts.per_window(months) == [2]
    activity.unmark(counts.event, 2, FIRST)
    assert counts.per_window(months) == [1]
    activity.unmark(counts.event, 1, FIRST)
    assert counts.per_window(months) == [1]  # another day of the month has the actor


def test_customers_of_cdnow_by_month(shared_data: Path, tmp_path: Path) -> None:
    """69,659 purchases: distinct customers of each month, week and year, and of all months so far."""
    from footfall.stores.sqlite import SqliteStore

    with gzip.open(shared_data / "cohorts" / "cdnow" / "CDNOW_master.txt.gz", "rt") as file:
        lines = [line.split() for line in file if line.strip()[:1].isdigit()]
    bought = [(int(line[0]), datetime.strptime(line[1], "%Y%m%d").replace(tzinfo=UTC)) for line in lines]
    now = datetime(1998, 7, 1, 12, tzinfo=UTC)
    activity = Activity(SqliteStore(tmp_path / "activity.db", now=lambda: now), lambda: now)
    by_day: dict[datetime, set[int]] = defaultdict(set)
    for customer, day in bought:
        by_day[day].add(customer)
    activity.store.mark("bought", {day_slot(day): Actors(sorted(ids)) for day, ids in by_day.items()})
    counts = EventCounts(activity, "bought", now)
    assert counts.known() == Window(datetime(1997, 1, 1, tzinfo=UTC), now)  # on the hour
    whole = Window(datetime(1997, 1, 1, tzinfo=UTC), datetime(1998, 7, 1, tzinfo=UTC))
    for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR):
        windows = [period.window for period in periods_in(grain, whole)]
        expected = [
            {customer for day, ids in by_day.items() if day in window for customer in ids} for window in windows
        ]
        assert counts.per_window(windows) == list(map(len, expected)), grain
        if grain is Grain.MONTH:
            assert counts.per_window(windows)[:3] == [7846, 9633, 9524]
            so_far = [set().union(*expected[: n + 1]) for n in range(len(windows))]
            assert counts.running(windows) == list(map(len, so_far))
            assert counts.running(windows)[-1] == 23_570
    assert counts.per_window([whole], is_calendar=False) == [23_570]


def test_an_hour_marked_beside_its_day_is_in_both(activity: Activity) -> None:
    day = datetime(2026, 3, 2, tzinfo=UTC)
    activity.store.mark("seen", {day_slot(day): Actors([1, 2]), hour_slot(day): Actors([1, 2]), UNDATED: Actors([9])})
    counts = EventCounts(activity, "seen", NOW)
    hours = [Window(day, day + timedelta(hours=1)), Window(day + timedelta(hours=1), day + timedelta(hours=2))]
    assert counts.per_window(hours) == [2, 0]
    assert counts.running(hours) == [2, 2]
