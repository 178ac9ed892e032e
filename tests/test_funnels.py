"""Funnels against a count by hand: each actor, each start, each order of days."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import NOW, InMemory, stores
from footfall.errors import FootfallError
from footfall.periods import Window
from footfall.retention.funnels import Funnel, funnel, length_in_days
from footfall.stores.store import UNDATED, start_of

EVENTS = ("a", "b", "c")


def days_by_actor(store: InMemory, event: str) -> dict[int, set[date]]:
    found: dict[int, set[date]] = {}
    for (name, slot), ids in store.sets.items():
        if name == event and slot != UNDATED:
            for actor in ids:
                found.setdefault(actor, set()).add(start_of(slot).date())
    return found


def steps_taken(days: list[set[date]], start: date, within: int) -> int:
    """How far somebody comes who starts on a day and takes every step as early as they can."""
    taken, at = 0, start
    for each in days:
        possible = [day for day in each if at <= day < start + timedelta(days=within)]
        if not possible or (taken == 0 and start not in each):
            break
        at = start if taken == 0 else min(possible)
        taken += 1
    return taken


@given(
    stores(),
    st.permutations(EVENTS).flatmap(lambda order: st.integers(2, 3).map(lambda n: order[:n])),
    st.integers(1, 45),
    st.integers(0, 45),
    st.integers(0, 20),
)
def test_every_step_is_what_counting_by_hand_says(
    store: InMemory, steps: list[str], within: int, length: int, ago: int
) -> None:
    end = NOW.date() - timedelta(days=ago)
    starts = [end - timedelta(days=n) for n in range(length + 1)]
    since, until = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (starts[-1], end + timedelta(days=1)))
    found = funnel(store, steps, now=NOW, within=within, since=since, until=until)
    by_event = [days_by_actor(store, event) for event in steps]
    best = [
        max(steps_taken([days.get(actor, set()) for days in by_event], start, within) for start in starts)
        for actor in by_event[0]
    ]
    assert [step.actors for step in found.steps] == [sum(n > k for n in best) for k in range(len(steps))]


def store_of_three() -> InMemory:
    """One goes through on one day, one takes five days, one goes the wrong way round, one starts twice."""
    on = [date(2026, 3, n) for n in range(1, 12)]
    return InMemory(
        {
            "see": {on[0]: [1, 2, 3], on[1]: [4], on[5]: [4]},
            "try": {on[0]: [1], on[2]: [2], on[6]: [4]},
            "buy": {on[0]: [1, 3], on[4]: [2], on[7]: [4]},
        }
    )


def asked(steps: Any = ("see", "try", "buy"), **options: Any) -> Funnel:
    given: dict[str, Any] = {"now": NOW, "since": datetime(2026, 3, 1, tzinfo=UTC)}
    return funnel(store_of_three(), **given | {"steps": steps} | options)


def test_the_time_runs_from_the_day_of_the_first_step_which_counts_as_one() -> None:
    assert [[step.actors for step in asked(within=days).steps] for days in (1, 2, 3, 4, 5, 7)] == [
        [4, 1, 1],
        [4, 2, 1],
        [4, 3, 2],
        [4, 3, 2],
        [4, 3, 3],
        [4, 3, 3],
    ]


def test_shares_are_of_the_first_and_of_the_previous_step() -> None:
    assert asked(within=3).to_csv().splitlines() == [
        "step,event,actors,percent_of_first,percent_of_previous,is_provisional",
        "1,see,4,100.0,100.0,false",
        "2,try,3,75.0,75.0,false",
        "3,buy,2,50.0,66.7,false",
    ]
    assert asked(["nothing", "try", "buy"]).to_csv().splitlines()[1:] == [
        "1,nothing,0,,,false",
        "2,try,0,,,false",
        "3,buy,0,,,false",
    ]
    assert asked(within=8).to_csv().splitlines()[1] == "1,see,4,100.0,100.0,true"


def test_a_funnel_is_provisional_while_somebody_has_time_left() -> None:
    until = datetime(2026, 3, 6, tzinfo=UTC)
    assert not asked(["see", "buy"], until=until, within="9d").is_provisional, "the last one came on the 2nd"
    assert asked(["see", "buy"], until=until, within="10d").is_provisional
    assert not asked(within="5d").is_provisional, "the last one came on the 6th"
    assert asked(within="6d").is_provisional
    assert not asked(["nothing", "buy"]).is_provisional


def test_a_funnel_is_provisional_where_a_day_of_it_was_not_collected() -> None:
    store = InMemory({"a": {date(2026, 2, 1): [1, 2]}, "b": {date(2026, 2, 3): [1]}})
    asked: dict[str, Any] = {
        "now": NOW,
        "since": datetime(2026, 2, 1, tzinfo=UTC),
        "until": datetime(2026, 2, 2, tzinfo=UTC),
    }
    for day, is_open in ((1, True), (7, True), (8, False)):
        hole = Window.of_day(date(2026, 2, day))
        found = funnel(store, ["a", "b"], gaps=[hole], **asked)
        assert (found.is_provisional, found.has_gaps, found.has_time_left) == (is_open, is_open, False)


def test_it_counts_the_last_thirty_days_when_no_time_is_named() -> None:
    found = funnel(store_of_three(), ["see", "buy"], now=NOW)
    assert found.window.length == timedelta(days=30)
    assert NOW in found.window


def test_json_and_frames_say_the_same() -> None:
    told = json.loads(asked(within="1w").to_json())
    assert told["question"]["within"] == "7d"
    assert told["definition"]["steps"] == ["see", "try", "buy"]
    assert told["definition"]["is_provisional"]
    assert told["rows"] == asked().to_arrow().to_pylist()
    assert asked().to_pandas().shape == (3, 6)


@pytest.mark.parametrize(("text", "days"), [("7d", 7), ("2w", 14), (" 30 D", 30), (3, 3)])
def test_a_time_is_days_or_weeks(text: str | int, days: int) -> None:
    assert length_in_days(text) == days


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": ["see"]}, "a funnel has at least two steps, not 1: name the events in their order."),
        ({"steps": "see"}, "a funnel has at least two steps, not 1: name the events in their order."),
        (
            {"steps": ["see", "see"]},
            "step 'see' follows itself, and marks do not record how often it was done on a day; name another event, or use cohort.",
        ),
        ({"within": "36h"}, "within='36h' is not a number of days from 1 to 1,000; write it like 7d or 2w."),
        ({"within": "a week"}, "within='a week' is not a number of days from 1 to 1,000; write it like 7d or 2w."),
        ({"within": 0}, "within=0 is not a number of days from 1 to 1,000; write it like 7d or 2w."),
        (
            {"since": datetime(2026, 3, 12, tzinfo=UTC)},
            "since 2026-03-12 is in the future; it is now 2026-03-11T15:30Z.",
        ),
        (
            {"until": datetime(2026, 2, 1, tzinfo=UTC)},
            "since 2026-03-01 must come before until 2026-02-01.",
        ),
    ],
)
def test_what_is_no_question_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FootfallError) as caught:
        asked(**options)
    assert str(caught.value) == message
