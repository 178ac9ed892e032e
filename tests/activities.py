"""Activity made by hand: a store that is a dictionary, and what plain sets say about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from pyroaring import BitMap64

from footfall.periods import Grain, Period, Window
from footfall.retention.cohorts import Cohort, cohort
from footfall.stores.store import PER_DAY, UNDATED, day_slot

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
"""A Wednesday: its week, month and year are not over."""

Days = Mapping[str, Mapping[date, Iterable[int]]]


class InMemory:
    """Sets by event and slot."""

    def __init__(self, days: Days | None = None) -> None:
        self.sets: dict[tuple[str, int], set[int]] = {}
        for event, by_day in (days or {}).items():
            for day, actors in by_day.items():
                self.mark(event, day, actors)

    def mark(self, event: str, day: date, actors: Iterable[int], hour: int | None = None) -> None:
        slot = day_slot(Window.of_day(day).start) + (0 if hour is None else 1 + hour)
        self.sets.setdefault((event, slot), set()).update(actors)

    def mark_undated(self, event: str, actors: Iterable[int]) -> None:
        self.sets.setdefault((event, UNDATED), set()).update(actors)

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        found = [ids for (name, slot), ids in self.sets.items() if name == event and start <= slot < stop]
        return BitMap64(sorted(set().union(*found)))

    members = union

    def during(self, event: str, window: Window) -> set[int]:
        """Who did it, counted with plain sets; undated marks are in no window."""
        first, last = (moment.toordinal() - _EPOCH for moment in (window.start, window.end))
        dated = [(slot, ids) for (name, slot), ids in self.sets.items() if name == event and slot != UNDATED]
        return set().union(*(ids for slot, ids in dated if first <= slot // PER_DAY < last))


_EPOCH = date(1970, 1, 1).toordinal()
_LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


def ever_before(store: InMemory, event: str, moment: datetime) -> set[int]:
    return store.during(event, Window(_LONG_AGO, moment))


def periods_until(grain: Grain, now: datetime, rows: int) -> list[Period]:
    return [Period.containing(grain, now).shift(n) for n in range(1 - rows, 1)]


@st.composite
def stores(draw: st.DrawFn, events: tuple[str, ...] = ("a", "b", "c"), days: int = 40) -> InMemory:
    """Few actors and many meetings, up to the day of `NOW`; some marks are of an hour, some of no time at all."""
    store = InMemory()
    ids = st.sampled_from([1, 2, 3, 70_000, (1 << 32) - 1, 1 << 32, (1 << 32) + 5])
    marks = st.tuples(st.sampled_from(events), st.integers(0, days), ids, st.none() | st.integers(0, 23))
    for event, ago, actor, hour in draw(st.lists(marks, max_size=60)):
        store.mark(event, NOW.date() - timedelta(days=ago), [actor], hour)
    for event, actor in draw(st.lists(st.tuples(st.sampled_from(events), ids), max_size=4)):
        store.mark_undated(event, [actor])
    return store


def visits(days: int = 40) -> InMemory:
    """Each day of the last ones 20 arrive, and a tenth of those before come back; the week of 2 March nobody."""
    store = InMemory()
    for ago in range(days):
        day = NOW.date() - timedelta(days=ago)
        if date(2026, 3, 2) <= day < date(2026, 3, 9):
            continue
        store.mark("arrive", day, range(20 * ago, 20 * ago + 20))
        store.mark("visit", day, [*range(20 * ago, 20 * ago + 20), *range(20 * ago, 20 * days, 10)])
    return store


def weeks(**options: Any) -> Cohort:
    return cohort(visits(), "arrive", "visit", **dict[str, Any](now=NOW, last=5, columns=5) | options)
