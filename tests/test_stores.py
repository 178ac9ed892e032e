"""What every store of marks does, whichever it is. A new one is one more line in `stores.KINDS`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from footfall.errors import ReusedKeyError
from footfall.periods import Grain, Period
from footfall.stores.ids import NAMED, Actors
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, Request, Store, day_slot, hour_slot
from lengths import examples
from stores import KINDS, Kind, Member, Model, members


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}Z" if "T" in moment else f"{moment}T00:00Z")


def day(text: str) -> int:
    return day_slot(at(text))


def span(grain: Grain, text: str) -> tuple[int, int]:
    """The slots of the period that holds a day."""
    period = Period.containing(grain, at(text))
    return day_slot(period.start), day_slot(period.end)


MONDAY = day("2026-11-23")
EVER = (FIRST, LAST)
NOT_MARKED = "nobody did this"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def store(kind: Kind, request: pytest.FixtureRequest) -> Iterator[Store]:
    with kind.new(request) as made:
        yield made


# Marking


def test_a_day_looks_different_exactly_when_its_actors_changed(store: Store) -> None:
    day = MONDAY // PER_DAY
    assert store.looks("seen") == {}
    store.mark("seen", {MONDAY: Actors([1, 2], ["ada"]), MONDAY + 5: Actors([9], []), UNDATED: Actors([4], [])})
    store.mark("other", {MONDAY: Actors([1], [])})
    first = store.looks("seen")
    assert list(first) == [day]
    store.mark_one("seen", MONDAY + PER_DAY, 70_000)
    store.mark_one("seen", UNDATED, 5)
    both = store.looks("seen")
    assert both.keys() == {day, day + 1}
    assert both[day] == first[day]
    seen = {first[day]}
    for change in (
        lambda: store.mark_one("seen", MONDAY, 3),
        lambda: store.unmark("seen", {MONDAY: Actors([1], [])}),
        lambda: store.forget("ada"),
        lambda: store.unmark("seen", {MONDAY + 5: Actors([9], [])}),
    ):
        change()
        again = store.looks("seen")
        assert again[day] not in seen
        assert again[day + 1] == both[day + 1]
        seen.add(again[day])
    store.unmark("seen", {MONDAY: Actors([2, 3], [])})
    assert store.looks("seen").keys() == {day + 1}


def test_one_is_marked(store: Store) -> None:
    store.mark_one("seen", MONDAY, 123)
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {123}
    assert store.count("seen", MONDAY, MONDAY + PER_DAY) == 1


def test_the_smallest_and_the_largest_number_are_marked(kind: Kind, store: Store) -> None:
    store.mark_one("seen", MONDAY, 0)
    store.mark_one("flag", UNDATED, kind.largest)
    assert members(store, "seen", MONDAY, MONDAY + 1) == {0}
    assert members(store, "flag", UNDATED, UNDATED + 1) == {kind.largest}


def test_a_named_actor_is_marked_beside_the_number_of_his_id(store: Store) -> None:
    store.mark_one("seen", MONDAY, "ada")
    [id] = store.ids_of(["ada"])
    assert id is not None
    store.mark_one("seen", MONDAY, id - NAMED)
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {"ada", id - NAMED}
    assert store.count("seen", MONDAY, MONDAY + PER_DAY) == 2


def test_many_are_marked_in_several_slots(store: Store) -> None:
    numbers = np.arange(0, 3000, 3, dtype=np.uint64)
    store.mark("seen", {MONDAY: Actors(numbers, ["ada", "bob"]), MONDAY + PER_DAY: Actors([7], ["ada"])})
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {*numbers.tolist(), "ada", "bob"}
    assert members(store, "seen", MONDAY + PER_DAY, MONDAY + 2 * PER_DAY) == {7, "ada"}
    assert store.count("seen", MONDAY, MONDAY + 2 * PER_DAY) == 1003


def test_a_request_is_served_once_and_its_key_takes_no_other(store: Store) -> None:
    marks = {"seen": {MONDAY: Actors([5])}}
    first, other = Request("app:k 1", "aa", 1_000_000, 60), Request("app:k 1", "ab", 1_000_001, 60)
    assert [store.mark_batch(marks, first) for _ in range(3)] == [True, False, False]
    with pytest.raises(ReusedKeyError):
        store.mark_batch({"seen": {MONDAY: Actors([6])}}, other)
    assert members(store, "seen", *EVER) == {5}
    assert store.occurrences("seen", *EVER) == 1
    assert store.mark_batch(marks, Request("app:k", "aa", 1_000_002, 60))  # the beginning of a key is another key
    assert store.mark_batch(marks, Request("app:k 1\x20", "aa", 1_000_002, 60))


def test_nothing_marked_is_nothing(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors()})
    store.mark("seen", {})
    assert store.events() == []
    assert store.occurrences("seen", *EVER) == 0


def test_names_may_hold_anything(store: Store) -> None:
    names = ["", " ", "a_b", "läßt grüßen", "猫", "💡", "x" * 4000, "12", "new\nline", "*?[]\\"][1:]
    store.mark("seen", {MONDAY: Actors((), names)})
    assert members(store, "seen", *EVER) == set(names)
    assert store.count("seen", *EVER) == len(names)


# Repeated marks


def test_a_repeated_mark_changes_the_occurrences_only(store: Store) -> None:
    for _ in range(3):
        store.mark_one("seen", MONDAY, 5)
        store.mark_one("seen", MONDAY, "ada")
    store.mark("seen", {MONDAY: Actors([5, 5], ["ada"])})
    assert store.count("seen", MONDAY, MONDAY + PER_DAY) == 2
    assert store.occurrences("seen", MONDAY, MONDAY + PER_DAY) == 9


def test_actors_may_stand_for_more_marks(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors([1, 2], marks=40)})
    assert store.occurrences("seen", *EVER) == 40


def test_occurrences_are_those_of_the_slots_asked(store: Store) -> None:
    for slot in (UNDATED, MONDAY, MONDAY + 10, MONDAY + 40 * PER_DAY):
        store.mark_one("seen", slot, 1)
    store.mark_one("seen_too", MONDAY, 1)
    assert store.occurrences("seen", MONDAY, MONDAY + PER_DAY) == 2
    assert store.occurrences("seen", MONDAY + 1, MONDAY + PER_DAY) == 1
    assert store.occurrences("seen", UNDATED, UNDATED + 1) == 1
    assert store.occurrences("seen", *EVER) == 4


# Reading


def test_a_period_is_the_union_of_its_days(store: Store) -> None:
    days = ["2025-12-28", "2025-12-29", "2025-12-31", "2026-01-01", "2026-01-04", "2026-01-05", "2026-02-28"]
    for n, text in enumerate(days):
        store.mark_one("seen", day(text), n)
    assert members(store, "seen", *span(Grain.WEEK, "2026-01-01")) == {1, 2, 3, 4}  # 2026-W01 begins in December
    assert members(store, "seen", *span(Grain.MONTH, "2025-12-01")) == {0, 1, 2}
    assert members(store, "seen", *span(Grain.MONTH, "2026-01-01")) == {3, 4, 5}
    assert members(store, "seen", *span(Grain.YEAR, "2026-01-01")) == {3, 4, 5, 6}
    assert store.count("seen", *span(Grain.MONTH, "2025-12-01")) == 3
    assert store.count("seen", *span(Grain.YEAR, "2026-01-01")) == 4


def test_any_range_of_days_is_exact(store: Store) -> None:
    first = day("2026-01-20")
    for n in range(60):
        store.mark_one("seen", first + n * PER_DAY, n)
    for start, stop in ((0, 60), (3, 4), (5, 50), (12, 40), (11, 41), (0, 13), (20, 20), (30, 59), (1, 59)):
        assert members(store, "seen", first + start * PER_DAY, first + stop * PER_DAY) == set(range(start, stop))


def test_hours_are_told_apart_and_make_up_their_day(store: Store) -> None:
    for hour in (0, 9, 23):
        store.mark_one("seen", hour_slot(at(f"2026-11-23T{hour:02}:30")), hour)
    store.mark_one("seen", MONDAY + PER_DAY, 99)
    assert members(store, "seen", MONDAY + 1 + 9, MONDAY + 1 + 10) == {9}
    assert members(store, "seen", MONDAY + 1, MONDAY + 1 + 10) == {0, 9}
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {0, 9, 23}
    assert members(store, "seen", MONDAY + 1 + 9, MONDAY + 2 * PER_DAY) == {9, 23, 99}
    assert members(store, "seen", *span(Grain.WEEK, "2026-11-23")) == {0, 9, 23, 99}


def test_ever_holds_dated_and_undated(store: Store) -> None:
    store.mark_one("seen", UNDATED, 1)
    store.mark_one("seen", day("1969-07-20"), 2)
    store.mark_one("seen", day("2055-01-01"), 3)
    assert members(store, "seen", *EVER) == {1, 2, 3}
    assert members(store, "seen", UNDATED, UNDATED + 1) == {1}
    assert members(store, "seen", 0, LAST) == {3}
    assert all(store.contains("seen", *EVER, n) for n in (1, 2, 3))
    assert not store.contains("seen", *EVER, 4)


def test_contains_asks_for_one(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors([5], ["ada"])})
    [ada] = store.ids_of(["ada"])
    assert ada is not None
    for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR):
        assert store.contains("seen", *span(grain, "2026-11-23"), 5)
        assert store.contains("seen", *span(grain, "2026-11-23"), ada)
        assert not store.contains("seen", *span(grain, "2026-11-23"), 6)
    assert not store.contains("seen", MONDAY + PER_DAY, MONDAY + 2 * PER_DAY, 5)
    assert not store.contains("seen", MONDAY, MONDAY + PER_DAY, ada + 1)


def test_what_was_never_marked_is_empty(store: Store) -> None:
    store.mark_one("seen", MONDAY, 5)
    assert not store.union(NOT_MARKED, *EVER)
    assert store.count(NOT_MARKED, MONDAY, MONDAY + PER_DAY) == 0
    assert store.occurrences(NOT_MARKED, *EVER) == 0
    assert store.slots(NOT_MARKED) == []
    assert not store.contains(NOT_MARKED, *EVER, 5)
    store.unmark(NOT_MARKED, {MONDAY: Actors([5], ["ada"])})
    store.delete(NOT_MARKED)
    assert store.events() == ["seen"]
    assert store.ids_of(["ada"]) == [None]


def test_an_empty_store_says_nothing(store: Store) -> None:
    assert store.events() == []
    assert not store.everyone()
    assert store.ids_of(["ada"]) == [None]
    assert store.ids_of([]) == []
    assert store.names_of([]) == []
    assert store.cursor("read") is None
    assert store.forget("ada") == 0
    assert store.forget(5) == 0


def test_events_and_slots_are_listed(store: Store) -> None:
    store.mark_one("b", MONDAY + PER_DAY, 1)
    store.mark_one("b", MONDAY, "ada")
    store.mark_one("b", UNDATED, 1)
    store.mark_one("a", UNDATED, 1)
    assert store.events() == ["a", "b"]
    assert store.slots("b") == [UNDATED, MONDAY, MONDAY + PER_DAY]
    assert len(store.everyone()) == 2


def test_names_of_events_that_look_like_others_are_kept_apart(store: Store) -> None:
    """In Redis an event's name and its period are one key."""
    names = ["a", "a_u", "a_2026-11", "a_W2026-48", "a_2026-11-23", "a_u_2026-11-23", "_", "a b", "a*", "a[b]?", "ä:ö"]
    for n, name in enumerate(names):
        store.mark_one(name, MONDAY, n)
        store.mark_one(name, UNDATED, 100 + n)
    assert store.events() == sorted(names)
    for n, name in enumerate(names):
        assert store.slots(name) == [UNDATED, MONDAY]
        assert members(store, name, *EVER) == {n, 100 + n}
        assert members(store, name, *span(Grain.MONTH, "2026-11-23")) == {n}
    store.delete("a")
    assert store.events() == sorted(names[1:])


# Unmarking


def test_a_week_and_month_stay_true_while_another_day_has_the_actor(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors([5], ["ada"]), MONDAY + PER_DAY: Actors([5], ["ada"])})
    store.unmark("seen", {MONDAY: Actors([5], ["ada"])})
    assert not store.union("seen", MONDAY, MONDAY + PER_DAY)
    for grain in (Grain.WEEK, Grain.MONTH, Grain.YEAR):
        assert members(store, "seen", *span(grain, "2026-11-23")) == {5, "ada"}
    store.unmark("seen", {MONDAY + PER_DAY: Actors([5])})
    for grain in (Grain.WEEK, Grain.MONTH, Grain.YEAR):
        assert members(store, "seen", *span(grain, "2026-11-23")) == {"ada"}
    assert store.occurrences("seen", *EVER) == 4


def test_out_of_a_day_is_out_of_its_hours(store: Store) -> None:
    store.mark("seen", {MONDAY + 5: Actors([5, 6]), MONDAY: Actors([5])})
    store.unmark("seen", {MONDAY: Actors([5])})
    assert members(store, "seen", MONDAY + 1, MONDAY + PER_DAY) == {6}
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {6}


def test_out_of_an_hour_is_in_the_day_while_another_hour_has_him(store: Store) -> None:
    store.mark("seen", {MONDAY + 5: Actors([5]), MONDAY + 6: Actors([5])})
    store.unmark("seen", {MONDAY + 5: Actors([5])})
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {5}
    store.unmark("seen", {MONDAY + 6: Actors([5])})
    assert not store.union("seen", *span(Grain.MONTH, "2026-11-23"))
    assert store.events() == []


def test_many_are_taken_out_at_once(store: Store) -> None:
    everybody = np.arange(2000, dtype=np.uint64)
    store.mark("seen", {MONDAY: Actors(everybody), MONDAY + PER_DAY: Actors(everybody[:500])})
    store.unmark("seen", {MONDAY: Actors(everybody[100:])})
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == set(range(100))
    assert members(store, "seen", *span(Grain.WEEK, "2026-11-23")) == set(range(500))


def test_undated_marks_are_taken_back(store: Store) -> None:
    store.mark("seen", {UNDATED: Actors([5, 6], ["ada"]), MONDAY: Actors([5])})
    store.unmark("seen", {UNDATED: Actors([5], ["ada"])})
    assert members(store, "seen", UNDATED, UNDATED + 1) == {6}
    assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {5}


def test_taking_out_who_is_not_in_changes_nothing(store: Store) -> None:
    store.mark_one("seen", MONDAY, 5)
    store.unmark("seen", {MONDAY: Actors([6], ["ada"]), MONDAY + PER_DAY: Actors([5]), UNDATED: Actors([5])})
    assert store.slots("seen") == [MONDAY]
    assert members(store, "seen", *span(Grain.MONTH, "2026-11-23")) == {5}


# Deleting


def test_a_range_is_deleted_and_its_periods_stay_true(store: Store) -> None:
    first = day("2026-11-01")
    for n in range(30):
        store.mark("seen", {first + n * PER_DAY: Actors([n, 100 + n % 7], ["ada"])})
    store.delete("seen", first + 3 * PER_DAY, first + 20 * PER_DAY)
    left = [*range(3), *range(20, 30)]
    assert members(store, "seen", *span(Grain.MONTH, "2026-11-01")) == {*left, *(100 + n % 7 for n in left), "ada"}
    assert store.slots("seen") == [first + n * PER_DAY for n in left]
    assert store.occurrences("seen", *EVER) == 3 * len(left)
    for n in range(30):
        week = span(Grain.WEEK, f"2026-11-{n + 1:02}")
        assert {m for m in members(store, "seen", *week) if isinstance(m, int) and m < 30} == {
            m for m in left if week[0] <= first + m * PER_DAY < week[1]
        }


def test_an_event_is_deleted_whole(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors([5], ["ada"]), MONDAY + 4: Actors([5]), UNDATED: Actors([6])})
    store.mark_one("other", MONDAY, 5)
    store.delete("seen")
    assert store.events() == ["other"]
    assert store.occurrences("seen", *EVER) == 0
    assert not store.union("seen", *EVER)
    assert not store.union("seen", *span(Grain.WEEK, "2026-11-23"))


# Stating whole


def test_a_range_that_is_stated_holds_that_and_nothing_else(store: Store) -> None:
    before, after = MONDAY - PER_DAY, MONDAY + 7 * PER_DAY
    store.mark("seen", {slot: Actors([1, 2, 3], ["ada"]) for slot in (before, MONDAY, MONDAY + PER_DAY, after)})
    store.mark("seen", {MONDAY + 2: Actors([4])})
    marks = {MONDAY: Actors([3, 9], ["bob"]), MONDAY + 2 * PER_DAY + 6: Actors([7])}
    for _ in range(2):  # twice is the same as once
        store.replace("seen", MONDAY, MONDAY + 7 * PER_DAY, marks, {"read": 7, "also": -1})
        assert members(store, "seen", MONDAY, MONDAY + PER_DAY) == {3, 9, "bob"}
        assert members(store, "seen", MONDAY + PER_DAY, MONDAY + 2 * PER_DAY) == set()
        assert members(store, "seen", *span(Grain.WEEK, "2026-11-23")) == {3, 9, "bob", 7}
        assert members(store, "seen", before, before + PER_DAY) == {1, 2, 3, "ada"}
        assert members(store, "seen", *span(Grain.MONTH, "2026-11-23")) == {1, 2, 3, "ada", 9, "bob", 7}
        assert store.occurrences("seen", MONDAY, MONDAY + 7 * PER_DAY) == 4
        assert store.occurrences("seen", *EVER) == 12
        assert (store.cursor("read"), store.cursor("also"), store.cursor("other")) == (7, -1, None)


def test_a_month_that_is_stated_takes_its_weeks_along(store: Store) -> None:
    first, last = span(Grain.MONTH, "2026-11-01")
    store.mark(
        "seen", {first - PER_DAY: Actors([1]), first: Actors([1, 2]), last - PER_DAY: Actors([3]), last: Actors([3])}
    )
    store.replace("seen", first, last, {first + PER_DAY: Actors([4])}, {"read": 1})
    assert members(store, "seen", *span(Grain.MONTH, "2026-11-01")) == {4}
    assert members(store, "seen", *span(Grain.WEEK, "2026-11-01")) == {1}
    assert members(store, "seen", *span(Grain.WEEK, "2026-11-02")) == {4}
    assert members(store, "seen", *span(Grain.WEEK, "2026-11-30")) == {3}


def test_only_cursors_may_be_stated(store: Store) -> None:
    store.mark_one("seen", MONDAY, 1)
    store.replace("seen", 0, 0, {}, {"read": (1 << 63) - 1})
    assert store.cursor("read") == (1 << 63) - 1
    assert members(store, "seen", *EVER) == {1}


def test_marks_of_what_is_stated_are_counted_as_stated(store: Store) -> None:
    store.mark("seen", {MONDAY: Actors([1], marks=10)})
    store.replace("seen", MONDAY, MONDAY + PER_DAY, {MONDAY: Actors([1, 2], marks=30)}, {})
    assert store.occurrences("seen", *EVER) == 30


# Identities


def test_names_have_ids_that_lead_back(store: Store) -> None:
    names = [f"name-{n}" for n in range(2500)]
    store.mark("seen", {MONDAY: Actors((), names)})
    ids = store.ids_of([*names, "nobody"])
    assert ids[-1] is None
    known = [id for id in ids if id is not None]
    assert len(set(known)) == 2500
    assert min(known) >= NAMED
    assert max(known) < NAMED + 5000  # dense
    assert store.names_of(known) == names
    store.mark("seen", {MONDAY + PER_DAY: Actors((), ["new", *names[:3]])})
    assert store.ids_of(names) == known


# Forgetting


def test_somebody_forgotten_is_in_no_set_and_stays_out_of_what_is_stated(store: Store) -> None:
    marks = {MONDAY: Actors([5, 6], ["ada", "bob"]), MONDAY + PER_DAY: Actors([5], ["ada"])}
    store.replace("seen", *span(Grain.WEEK, "2026-11-23"), marks, {"read": 1})
    store.mark("other", {UNDATED: Actors([5], ["ada"])})
    [ada] = store.ids_of(["ada"])
    assert ada is not None
    assert store.forget("ada") == 3
    assert store.forget(5) == 3
    assert store.ids_of(["ada"]) == [None]
    assert "ada" not in store.names_of([ada])
    for grain in (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR):
        assert members(store, "seen", *span(grain, "2026-11-23")) == {6, "bob"}
    assert members(store, "other", *EVER) == set()
    store.replace("seen", *span(Grain.WEEK, "2026-11-23"), marks, {"read": 2})
    assert members(store, "seen", *EVER) == {6, "bob"}
    assert (store.forget("ada"), store.forget(5)) == (0, 0)


def test_who_is_marked_again_after_being_forgotten_is_somebody_new(store: Store) -> None:
    store.mark_one("seen", MONDAY, "ada")
    [before] = store.ids_of(["ada"])
    store.forget("ada")
    store.mark_one("seen", MONDAY + PER_DAY, "ada")
    [after] = store.ids_of(["ada"])
    assert after not in (None, before)
    assert members(store, "seen", *EVER) == {"ada"}


def test_a_closed_store_opens_again(store: Store) -> None:
    store.mark_one("seen", MONDAY, 5)
    store.close()
    store.close()
    assert store.count("seen", MONDAY, MONDAY + PER_DAY) == 1


# Against plain sets

EVENTS = ["seen", "seen_u", "done"]
FIRST_DAY = day("2026-10-25")
DAYS = st.integers(0, 40).map(lambda n: FIRST_DAY + n * PER_DAY)
SLOTS = st.one_of(DAYS, st.builds(lambda d, h: d + h, DAYS, st.integers(1, 24)), st.just(UNDATED))
MEMBERS = st.one_of(st.sampled_from([0, 1, 7, 8, 63, 64, 1000, 70_000]), st.sampled_from(["ada", "bob", "eve"]))
GROUPS = st.one_of(st.lists(MEMBERS, min_size=1, max_size=6), st.integers(70, 90).map(lambda n: list(range(n))))
RANGES = st.one_of(
    st.builds(lambda a, b: (min(a, b), max(a, b) + PER_DAY), DAYS, DAYS),
    st.builds(
        lambda grain, d: span(grain, str(np.datetime64(d // PER_DAY, "D"))), st.sampled_from(list(Grain)[1:5]), DAYS
    ),
    st.just(EVER),
)
ASKED = st.one_of(
    RANGES, SLOTS.map(lambda slot: (slot, slot + 1)), st.tuples(SLOTS, SLOTS).map(lambda pair: (min(pair), max(pair)))
)


def actors(given: list[Member]) -> Actors:
    return Actors([m for m in given if isinstance(m, int)], [m for m in given if isinstance(m, str)])


class StoreAgainstSets(RuleBasedStateMachine):
    """A store and a model of it are given the same to do, and asked the same."""

    store: Store
    are_hours_in_days: bool

    @initialize()
    def begin(self) -> None:
        self.model = Model(self.are_hours_in_days)
        self.forgotten: set[Member] = set()

    @rule(event=st.sampled_from(EVENTS), slot=SLOTS, member=MEMBERS)
    def mark_one(self, event: str, slot: int, member: Member) -> None:
        self.store.mark_one(event, slot, member)
        self.model.mark(event, slot, [member])

    @rule(event=st.sampled_from(EVENTS), marks=st.dictionaries(SLOTS, GROUPS, max_size=3))
    def mark(self, event: str, marks: dict[int, list[Member]]) -> None:
        self.store.mark(event, {slot: actors(group) for slot, group in marks.items()})
        for slot, group in marks.items():
            self.model.mark(event, slot, group)

    @rule(event=st.sampled_from(EVENTS), slot=SLOTS, group=GROUPS)
    def unmark(self, event: str, slot: int, group: list[Member]) -> None:
        self.store.unmark(event, {slot: actors(group)})
        self.model.unmark(event, slot, group)

    @rule(event=st.sampled_from(EVENTS), asked=RANGES)
    def delete(self, event: str, asked: tuple[int, int]) -> None:
        self.store.delete(event, *asked)
        self.model.delete(event, *asked)

    @rule(event=st.sampled_from(EVENTS), asked=RANGES, marks=st.dictionaries(SLOTS, GROUPS, max_size=3))
    def replace(self, event: str, asked: tuple[int, int], marks: dict[int, list[Member]]) -> None:
        inside = {slot: group for slot, group in marks.items() if asked[0] <= slot < asked[1]}
        self.store.replace(event, *asked, {slot: actors(group) for slot, group in inside.items()}, {"read": 1})
        self.model.delete(event, *asked)
        for slot, group in inside.items():
            self.model.mark(event, slot, [member for member in group if member not in self.forgotten])

    @rule(member=MEMBERS)
    def forget(self, member: Member) -> None:
        assert self.store.forget(member) == self.model.forget(member)
        self.forgotten.add(member)

    @rule(event=st.sampled_from(EVENTS), asked=ASKED, member=MEMBERS)
    def ask(self, event: str, asked: tuple[int, int], member: Member) -> None:
        held = self.model.union(event, *asked)
        assert members(self.store, event, *asked) == held
        assert self.store.count(event, *asked) == len(held)
        assert self.store.occurrences(event, *asked) == self.model.occurrences(event, *asked)
        id = self.store.ids_of([member])[0] if isinstance(member, str) else member
        assert (id is not None and self.store.contains(event, *asked, id)) == (member in held)

    @precondition(lambda self: self.model.sets)
    @invariant()
    def listings_agree(self) -> None:
        assert self.store.events() == self.model.events()
        for event in EVENTS:
            assert self.store.slots(event) == self.model.slots(event)
        assert len(self.store.everyone()) == len(set().union(*self.model.sets.values()))


@pytest.mark.slow
def test_a_store_is_what_plain_sets_are(kind: Kind, request: pytest.FixtureRequest) -> None:
    class Machine(StoreAgainstSets):
        are_hours_in_days = kind.are_hours_in_days

        @initialize()
        def begin(self) -> None:
            self.opened = kind.new(request)
            self.store = self.opened.__enter__()
            super().begin()

        def teardown(self) -> None:
            self.opened.__exit__(None, None, None)

    run_state_machine_as_test(
        Machine, settings=settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
    )
