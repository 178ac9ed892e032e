"""The periods of a question about activity, and the actors who were active in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from footfall.errors import QueryError
from footfall.formats import days_of
from footfall.options import DATED, MOST, choice_of, count_of
from footfall.periods import Grain, Period, Window, ceil, floor, periods_in, short
from footfall.stopping import check_stopped
from footfall.stores.members import Members, as_bitmap
from footfall.stores.store import UNDATED, day_slot

if TYPE_CHECKING:
    from pyroaring import BitMap64

GRAINS = DATED


class SetReader(Protocol):
    """The part of a store that queries need."""

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        """The actors in any slot of [start, stop); must not be modified."""
        ...

    def members(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> Members:
        """The same, in its stored representation."""
        ...


def active(sets: SetReader, event: str, period: Period, now: datetime) -> BitMap64:
    """The actors who did an event in a period."""
    return as_bitmap(members_in(sets, event, period, now))


def members_in(sets: SetReader, event: str, period: Period, now: datetime) -> Members:
    """The same, in its stored representation. A finished period is likely to be queried again.

    A period that is not over ends with the day of `now`: marks dated later do not count yet.
    """
    check_stopped()
    end = max(period.start, min(period.end, ceil(Grain.DAY, now)))
    return sets.members(event, day_slot(period.start), day_slot(end), is_kept=period.end <= now)


def before(sets: SetReader, event: str, moment: datetime) -> BitMap64:
    """The actors who did an event before a day, not counting marks without a time."""
    check_stopped()
    year = day_slot(floor(Grain.YEAR, moment))  # unions are cached per year: one per day would be new every day
    earlier = sets.union(event, UNDATED + 1, year, is_kept=True)
    return earlier | sets.union(event, year, day_slot(moment)) if year < day_slot(moment) else earlier


def present(grain: Grain, now: datetime) -> Period:
    """The period that contains `now`, or the previous one if it starts at `now` and is still empty."""
    period = Period.containing(grain, now)
    return period.prev() if period.start == now else period


def is_whole(window: Window, asked_at: datetime, gaps: Sequence[Window]) -> bool:
    """Whether a window is completely known: it is over and has no gaps."""
    return window.end <= asked_at and not has_hole(window, gaps)


def has_hole(window: Window, gaps: Sequence[Window]) -> bool:
    """Whether a window has a gap."""
    return any(gap.overlaps(window) for gap in gaps)


def why_not_whole(gaps: Sequence[Window], revisable: Sequence[Window] = ()) -> str:
    """Why a period may be provisional, as part of a sentence."""
    parts = ["not over", *["partly collected"] * bool(gaps), *["may still be revised by its source"] * bool(revisable)]
    return ", or ".join(parts)


def may_be_revised(window: Window, revisable: Sequence[Window]) -> bool:
    """Whether a source may still revise some of a window."""
    return any(part.overlaps(window) for part in revisable)


def unknown_before(gaps: Sequence[Window], moment: datetime) -> tuple[str, ...]:
    """A note that new actors may have been active earlier, in a gap; empty if there is no earlier gap."""
    missing = [gap for gap in gaps if gap.start < moment]
    if not missing:
        return ()
    return (f"Anyone seen only during the gap ({days_of(missing[-1])}) counts as new.",)


def shown_periods(
    grain: Grain,
    last: int | None,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    *,
    default: int = 12,
) -> tuple[list[Period], tuple[str, ...]]:
    """Whole periods up to `until` or now: the `last` ones, or all from `since` on; and notes on them.

    With both `since` and `last`, the first `last` of them.
    """
    most = count_of("last", last, MOST)
    current = present(grain, now)
    newest = min(current, present(grain, until)) if until else current
    notes = () if until is None or until >= newest.end else (_widened(newest, until),)
    if since is None:
        return [newest.shift(n) for n in range(1 - (most or default), 1)], notes
    if since > now or since >= current.end:
        where = "is in the future" if since > now else "only begins"
        raise QueryError(f"since {short(since)} {where}; it is now {short(now)}.")
    periods = periods_in(grain, Window(since, newest.end))
    if len(periods) > MOST:
        left_out = f"The first {MOST:,} of {len(periods):,} {grain}s since {short(since)}; ask for longer periods, or a later since."
        return periods[:MOST], (*notes, left_out)
    return periods[:most], notes


def _widened(period: Period, until: datetime) -> str:
    return f"Whole {period.grain}s are shown: until {short(until)} lies within {period.label}."


_Choice = TypeVar("_Choice", bound=StrEnum)


def chosen(what: str, given: str, valid: type[_Choice]) -> _Choice:
    """A member of an enum, by its value; an unknown value is an error that lists the valid ones."""
    return valid(choice_of(what, given, valid))


def events_of(given: str | Iterable[str]) -> tuple[str, ...]:
    """Event names; a single string is one name, not a sequence of characters."""
    return (given,) if isinstance(given, str) else tuple(given)


def share(part: int, whole: int) -> float | None:
    """In percent; None if the whole is 0."""
    return 100 * part / whole if whole else None
