"""Sets of actors: lazy until read, combined with `& | ^ - ~`, over events, periods and stores."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from operator import and_, or_, sub, xor
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap64

from footfall.activity.actors import written
from footfall.errors import MarkError, QueryError
from footfall.periods import FAR_FUTURE, Grain, Period, Window, floor, parse_moment, short
from footfall.stores.ids import NAMED
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, day_slot, slots_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.activity.activity import Activity


class ActorSet(ABC):
    """A set of actors. Nothing is read before it is asked: `len`, `in`, iteration, `to_numpy`, `sample`.

    Numbers come first, then larger numbers, then texts, each ascending.
    """

    @property
    @abstractmethod
    def home(self) -> Activity:
        """The activity whose store answers, and whose ids `ids()` gives."""

    @abstractmethod
    def ids(self) -> BitMap64:
        """The ids of everybody in it, in the home's store. Not to be changed."""

    @abstractmethod
    def has(self, actor: int | str) -> bool:
        """Whether an actor, as the home's naming stores him, is in it."""

    def __len__(self) -> int:
        return len(self.ids())

    def __bool__(self) -> bool:
        return len(self) > 0

    def __contains__(self, actor: object) -> bool:
        try:
            return self.has(self.home.naming.stored(actor))
        except MarkError:
            return False  # what is no actor is in no set

    def __iter__(self) -> Iterator[int | str]:
        ids = self.ids()
        names = list(ids.iter_equal_or_larger(NAMED))
        for id in ids:
            if id >= NAMED:
                break
            yield id
        if names:
            yield from sorted(map(written, self.home.names_of(names)), key=_ascending)

    def __and__(self, other: ActorSet) -> ActorSet:
        return _Combined("&", self, _set(other))

    def __or__(self, other: ActorSet) -> ActorSet:
        return _Combined("|", self, _set(other))

    def __xor__(self, other: ActorSet) -> ActorSet:
        return _Combined("^", self, _set(other))

    def __sub__(self, other: ActorSet) -> ActorSet:
        return _Combined("-", self, _set(other))

    def __invert__(self) -> ActorSet:
        return self.complement()

    def complement(self, population: ActorSet | None = None) -> ActorSet:
        """Those of a population who are not in the set; the population of the settings, or all ever seen, by default."""
        return _Combined("-", _set(population) if population is not None else self.home.population(), self)

    def __eq__(self, other: object) -> bool:
        """Whether the same actors are in both."""
        return isinstance(other, ActorSet) and self.ids() == _ids_at(self.home, other)

    __hash__ = None  # type: ignore[assignment]

    def to_numpy(self) -> npt.NDArray[Any]:
        """All actors in ascending order: `uint64`, or `object` when some are texts or numbers from 2^32 on."""
        ids = self.ids()
        if not ids or ids.max() < NAMED:
            return np.array(ids.to_array(), dtype=np.uint64)
        return np.array([*self, None], dtype=object)[:-1]

    def sample(self, n: int, *, seed: int | None = None) -> list[int | str]:
        """`n` different actors drawn at random, in ascending order; all when there are fewer."""
        if not isinstance(n, int) or n < 0:
            raise QueryError(f"a sample of {n!r} cannot be drawn; ask for 0 or more actors.")
        ids = self.ids()
        drawn = sorted(random.Random(seed).sample(range(len(ids)), min(n, len(ids))))
        return list(Fixed(self.home, BitMap64(ids[at] for at in drawn)))


@dataclass(frozen=True, eq=False, repr=False)
class PeriodSet(ActorSet):
    """Everybody who did an event in a span of time, or, with no window, whoever is marked without one."""

    activity: Activity
    event: str
    window: Window | None
    grain: Grain = Grain.TOTAL

    def __repr__(self) -> str:
        return f"<{self.event}, {self.label}>"

    @property
    def label(self) -> str:
        if self.window is None:
            return "unique"
        if self.window == EVER:
            return "ever"
        return Period(self.window.start, self.window.end, self.grain).label

    @property
    def home(self) -> Activity:
        return self.activity

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return self._dated().start

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self._dated().end

    def next(self) -> PeriodSet:
        return self.shift(1)

    def prev(self) -> PeriodSet:
        return self.shift(-1)

    def shift(self, n: int) -> PeriodSet:
        """The set of the period `n` periods later; of a range, of one as long."""
        window = self._dated()
        try:
            if self.grain is Grain.TOTAL:
                by = window.length * n
                return PeriodSet(self.activity, self.event, Window(window.start + by, window.end + by))
            period = Period(window.start, window.end, self.grain).shift(n)
        except (OverflowError, ValueError):
            raise QueryError(f"there is no calendar {n:,} periods after {self.label}.") from None
        return PeriodSet(self.activity, self.event, period.window, self.grain)

    def _dated(self) -> Window:
        if self.window is None or self.window == EVER:
            raise QueryError(f"{self.label} has no period; ask for a day, week, month or year of the event.")
        return self.window

    def __len__(self) -> int:
        ranges = self._ranges()
        return self.activity.store.count(self.event, *ranges[0]) if len(ranges) == 1 else len(self.ids())

    def ids(self) -> BitMap64:
        store, is_calendar = self.activity.store, self.grain is not Grain.TOTAL
        parts = [store.union(self.event, *span, is_kept=is_calendar) for span in self._ranges()]
        return parts[0] if len(parts) == 1 else BitMap64.union(*parts)

    def has(self, actor: int | str) -> bool:
        store, ranges = self.activity.store, self._ranges()  # what is collected is read first: it may bring the name
        id = self.activity.id_of(actor)
        return id is not None and any(store.contains(self.event, *span, id) for span in ranges)

    def occurrences(self) -> int:
        """How many marks were made, repeated ones too; taking a mark back does not lower it."""
        return sum(self.activity.store.occurrences(self.event, *span) for span in self._ranges())

    def _ranges(self) -> list[tuple[int, int]]:
        """The ranges of slots that it is the union of, with all that is known of them up to date."""
        self.activity.renew(self.event)
        for moment in self._cuts:
            self._check_hours(moment)
        return self._spans

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        if self.window is None:
            return [(UNDATED, UNDATED + 1)]
        return [(FIRST, LAST)] if self.window == EVER else slots_of(self.window)

    @cached_property
    def _cuts(self) -> list[datetime]:
        """Its start and end, where they cut a day."""
        if self.window is None or self.window == EVER:
            return []
        if self.grain is Grain.HOUR:
            return [self.window.start]
        return [moment for moment in (self.window.start, self.window.end) if moment != floor(Grain.DAY, moment)]

    def _check_hours(self, moment: datetime) -> None:
        """A day may be cut only where all that is known of it is known by the hour.

        One hour may be asked as soon as any is kept on its day: it is of those who were marked by the hour.
        """
        store, day = self.activity.store, day_slot(moment)
        whole, by_hour = store.union(self.event, day, day + 1), store.union(self.event, day + 1, day + PER_DAY)
        is_kept = bool(by_hour) if self.grain is Grain.HOUR else whole.issubset(by_hour)
        if whole and not is_kept:
            raise QueryError(
                f"{self.event!r} is kept by the day on {moment:%Y-%m-%d}, so no part of that day can be told; "
                "ask for whole days, or mark with hourly=True."
            )


@dataclass(frozen=True, eq=False, repr=False)
class Everybody(ActorSet):
    """All who were ever seen in a store."""

    activity: Activity

    def __repr__(self) -> str:
        return "<everybody>"

    @property
    def home(self) -> Activity:
        return self.activity

    def ids(self) -> BitMap64:
        for event in self.activity.collected:
            self.activity.renew(event)
        return self.activity.store.everyone()

    def has(self, actor: int | str) -> bool:
        ids = self.ids()  # what is collected is read first: it may bring the name
        id = self.activity.id_of(actor)
        return id is not None and id in ids


@dataclass(frozen=True, eq=False, repr=False)
class Fixed(ActorSet):
    """Actors of a store, given by their ids."""

    activity: Activity
    members: BitMap64

    def __repr__(self) -> str:
        return f"<{len(self.members):,} actors>"

    @property
    def home(self) -> Activity:
        return self.activity

    def ids(self) -> BitMap64:
        return self.members

    def has(self, actor: int | str) -> bool:
        id = self.activity.id_of(actor)
        return id is not None and id in self.members


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"&": and_, "|": or_, "^": xor, "-": sub}
_MEMBERSHIP: dict[str, Callable[[bool, bool], bool]] = {
    "&": lambda a, b: a and b,
    "|": lambda a, b: a or b,
    "^": lambda a, b: a != b,
    "-": lambda a, b: a and not b,
}


@dataclass(frozen=True, eq=False, repr=False)
class _Combined(ActorSet):
    """Two sets and how they are combined; the left one's store is where the answer lives."""

    operator: str
    left: ActorSet
    right: ActorSet

    def __repr__(self) -> str:
        return f"({self.left!r} {self.operator} {self.right!r})"

    @property
    def home(self) -> Activity:
        return self.left.home

    def ids(self) -> BitMap64:
        combined: BitMap64 = _OPERATORS[self.operator](self.left.ids(), _ids_at(self.home, self.right))
        return combined

    def __len__(self) -> int:
        left, right = self.left.ids(), _ids_at(self.home, self.right)
        both = left.intersection_cardinality(right)
        match self.operator:
            case "&":
                return int(both)
            case "|":
                return int(len(left) + len(right) - both)
            case "-":
                return int(len(left) - both)
        return int(len(left) + len(right) - 2 * both)

    def has(self, actor: int | str) -> bool:
        if isinstance(actor, str):
            _check_naming(self.home, self.right.home)
        return _MEMBERSHIP[self.operator](self.left.has(actor), self.right.has(actor))


def _ids_at(home: Activity, actors: ActorSet) -> BitMap64:
    """The ids that a set's actors have in the store of `home`."""
    ids = actors.ids()
    if actors.home is home or not ids or ids.max() < NAMED:
        return ids
    _check_naming(home, actors.home)
    named = list(ids.iter_equal_or_larger(NAMED))
    numbers = BitMap64(ids)
    numbers.remove_range(NAMED, named[-1] + 1)
    return numbers | BitMap64(home.ids_for(actors.home.names_of(named)))


def _check_naming(one: Activity, other: Activity) -> None:
    if one.naming != other.naming:
        raise QueryError(
            "sets of stores that hash names with different keys cannot be combined, as nobody can tell who is who; "
            "give both the same hash_key."
        )


def _set(other: object) -> ActorSet:
    if isinstance(other, ActorSet):
        return other
    if isinstance(other, Event):
        raise QueryError(f"{other.name!r} is an event, not a set of actors; say when, such as .month() or .ever().")
    raise QueryError(f"{other!r} is no set of actors; combine with another one, such as ff.event('active').month().")


def _ascending(actor: int | str) -> tuple[bool, int | str]:
    return (isinstance(actor, str), actor)


Moment = str | date | datetime
EVER = Window(FAR_FUTURE, FAR_FUTURE)
"""All time and no time: what no range that anybody asks for can be."""


@dataclass(frozen=True, repr=False)
class Event:
    """A named thing that actors do, and its sets."""

    activity: Activity
    name: str

    def __repr__(self) -> str:
        return f"<event {self.name}>"

    def __and__(self, other: object) -> ActorSet:
        return _set(self)

    __or__ = __xor__ = __sub__ = __and__
    __rand__ = __ror__ = __rxor__ = __rsub__ = __and__

    def __invert__(self) -> ActorSet:
        return _set(self)

    def hour(self, *which: int | Moment) -> PeriodSet:
        """Who did it in an hour (UTC), of those marked by the hour: (year, month, day, hour), a moment, or now."""
        return self._period(Grain.HOUR, which)

    def day(self, *which: int | Moment) -> PeriodSet:
        """Who did it on a day: (year, month, day), a date, or today."""
        return self._period(Grain.DAY, which)

    def week(self, *which: int | Moment) -> PeriodSet:
        """Who did it in an ISO week: (year, week), a date in it, or this week."""
        return self._period(Grain.WEEK, which)

    def month(self, *which: int | Moment) -> PeriodSet:
        """Who did it in a month: (year, month), a date in it, or this month."""
        return self._period(Grain.MONTH, which)

    def year(self, *which: int | Moment) -> PeriodSet:
        """Who did it in a year: (year), a date in it, or this year."""
        return self._period(Grain.YEAR, which)

    def between(self, start: Moment, end: Moment) -> PeriodSet:
        """Who did it in [start, end), whole days, or whole hours where marks are kept by the hour."""
        now = self.activity.now()
        first, last = parse_moment(start, now), parse_moment(end, now)
        for moment in (first, last):
            if moment != floor(Grain.HOUR, moment):
                raise QueryError(f"{short(moment)} is no whole hour; sets are kept by the day or the hour.")
        if last <= first:
            raise QueryError(f"the end ({short(last)}) must come after the start ({short(first)}).")
        return PeriodSet(self.activity, self.name, Window(first, last))

    def ever(self) -> PeriodSet:
        """Who ever did it, unique marks included."""
        return PeriodSet(self.activity, self.name, EVER)

    def unique(self) -> PeriodSet:
        """Who is marked without a time."""
        return PeriodSet(self.activity, self.name, None)

    def _period(self, grain: Grain, which: tuple[int | Moment, ...]) -> PeriodSet:
        try:
            period = Period.containing(grain, _moment(grain, which, self.activity.now()))
        except OverflowError:
            raise QueryError(f"there is no {grain} {which!r} in any calendar.") from None
        return PeriodSet(self.activity, self.name, period.window, grain)


_PARTS = {
    Grain.HOUR: "year, month, day, hour",
    Grain.DAY: "year, month, day",
    Grain.WEEK: "year, week",
    Grain.MONTH: "year, month",
    Grain.YEAR: "year",
}


def _moment(grain: Grain, which: tuple[int | Moment, ...], now: datetime) -> datetime:
    """A moment in the period that was asked for."""
    if not which:
        return now
    if len(which) == 1 and not isinstance(which[0], int):
        return parse_moment(which[0], now)
    wanted = _PARTS[grain]
    parts = [part for part in which if isinstance(part, int)]
    if len(parts) != len(which) or len(parts) != len(wanted.split(", ")):
        raise QueryError(f"{grain} takes ({wanted}), one date, or nothing for the present one; not {which!r}.")
    try:
        if grain is Grain.WEEK:
            on = date.fromisocalendar(parts[0], parts[1], 1)
            return parse_moment(on, now)
        year, month, day, hour = (*parts, *(1, 1, 0)[len(parts) - 1 :])
        return datetime(year, month, day, hour, tzinfo=now.tzinfo)
    except ValueError as error:
        raise QueryError(f"there is no {grain} {which!r}: {error}.") from None
