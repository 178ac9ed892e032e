"""The groups of a cohort: the actors of each row, and the actors who count as retained in each period."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from footfall.periods import Period
from footfall.retention.spans import SetReader, before, members_in
from footfall.stores.members import Members, as_bitmap

if TYPE_CHECKING:
    from pyroaring import BitMap64


@dataclass(frozen=True)
class Among:
    """A condition that does not depend on time: membership in a fixed set."""

    members: BitMap64 = field(repr=False)
    name: str = "a set of actors"
    """The name shown with the cohort."""


Narrowing = str | Among
"""An event to do in the same period, or a fixed set to be in."""
Narrowings: TypeAlias = "Narrowing | BitMap64 | Iterable[Narrowing | BitMap64]"
"""One or several; a bare bitmap is a set without a name."""

MemberReader = Callable[[str, Period], "Members"]


def reader_of_members(sets: SetReader, now: datetime) -> MemberReader:
    """A cached reader of the actors of an event in a period: a row and a column with the same set share one object."""
    read: dict[tuple[str, Period], Members] = {}

    def members_of(event: str, period: Period) -> Members:
        if (event, period) not in read:
            read[event, period] = members_in(sets, event, period, now)
        return read[event, period]

    return members_of


def first_timers(sets: SetReader, first: str, periods: Sequence[Period], members_of: MemberReader) -> list[BitMap64]:
    """Per period, the actors who did `first` in it and never before."""
    earlier, groups = before(sets, first, periods[0].start), []
    for period in periods:
        members = as_bitmap(members_of(first, period))
        groups.append(members - earlier)
        earlier = earlier | members
    return groups


def then_or_later(groups: Sequence[Members]) -> list[BitMap64]:
    """Per period, the actors of it and of all periods that follow."""
    later: list[BitMap64] = []
    for group in reversed(groups):
        later.append(as_bitmap(group) | later[-1] if later else as_bitmap(group))
    return later[::-1]


def narrowed(
    groups: Sequence[Members], conditions: Sequence[Narrowing], periods: Sequence[Period], members_of: MemberReader
) -> list[Members]:
    """The groups of periods, each reduced to the actors who meet every condition."""
    kept = []
    for group, period in zip(groups, periods, strict=True):
        for condition in conditions:
            group = as_bitmap(group) & _meeting(condition, period, members_of)
        kept.append(group)
    return kept


def unmet(
    groups: Sequence[Members], conditions: Sequence[Narrowing], periods: Sequence[Period], members_of: MemberReader
) -> list[Narrowing]:
    """The conditions that no actor of any group meets; empty if no group has an actor."""
    pairs = [(as_bitmap(group), period) for group, period in zip(groups, periods, strict=True) if group and conditions]
    if not pairs:
        return []
    return [
        condition
        for condition in conditions
        if all(group.isdisjoint(_meeting(condition, period, members_of)) for group, period in pairs)
    ]


def _meeting(condition: Narrowing, period: Period, members_of: MemberReader) -> BitMap64:
    return condition.members if isinstance(condition, Among) else as_bitmap(members_of(condition, period))


def conditions_of(given: Narrowings) -> list[Narrowing]:
    """One condition or several; a bare bitmap is a set without a name."""
    from pyroaring import BitMap64

    several = [given] if isinstance(given, str | Among | BitMap64) else given
    return [Among(each) if isinstance(each, BitMap64) else each for each in several]


def name_of(condition: Narrowing) -> str:
    return condition if isinstance(condition, str) else condition.name
