"""The interface of a store of activity: exact sets of actors, by event and slot.

A slot is where a mark is stored: a day, an hour if requested, or `UNDATED`. Slots are integers, so a day with its hours
is a range of slots, and so is any range of days:

    day d since 1970-01-01         32 d
    hour h (0 to 23) of day d      32 d + 1 + h
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from footfall.periods import EPOCH, Grain, Window, floor

if TYPE_CHECKING:
    from pyroaring import BitMap64

    from footfall.stores.forgotten import Forgotten
    from footfall.stores.ids import Actors
    from footfall.stores.members import Members
    from footfall.stores.problems import Problem, Repair


PER_DAY = 32
FIRST, LAST = -(1 << 40), 1 << 40
"""The range [FIRST, LAST) holds every slot."""
UNDATED = FIRST
"""The slot of unique marks, which have no time."""

HIDDEN = "\x1f"
"""The prefix of events that are not listed: sets of bits that clients of the server for marks keep."""

UNREAD = -1
"""The cursor of a table's event whose sets must be read from the table again."""


def day_slot(moment: datetime) -> int:
    """The slot of the day (UTC) of an aware datetime."""
    return (moment.astimezone(UTC).toordinal() - _EPOCH_DAY) * PER_DAY


def hour_slot(moment: datetime) -> int:
    """The slot of the hour (UTC) of an aware datetime."""
    moment = moment.astimezone(UTC)
    return (moment.toordinal() - _EPOCH_DAY) * PER_DAY + 1 + moment.hour


def start_of(slot: int) -> datetime:
    """The first moment of a dated slot."""
    day, place = divmod(slot, PER_DAY)
    return EPOCH + timedelta(days=day, hours=max(0, place - 1))


def slots_of(window: Window) -> list[tuple[int, int]]:
    """The ranges [start, stop) of slots that lie completely within a window of whole hours.

    If the window holds a whole day, the day's own slot is included, otherwise only its hours inside the window.
    """
    first, last = floor(Grain.DAY, window.start), floor(Grain.DAY, window.end)
    if first == window.start and last == window.end:
        return [(day_slot(first), day_slot(last))]
    if first == last:
        return [(hour_slot(window.start), hour_slot(window.end))]
    ranges = []
    if first != window.start:
        ranges.append((hour_slot(window.start), day_slot(first) + PER_DAY))
        first += timedelta(days=1)
    if first < last:
        ranges.append((day_slot(first), day_slot(last)))
    if last != window.end:
        ranges.append((day_slot(last) + 1, hour_slot(window.end)))
    return ranges


_EPOCH_DAY = EPOCH.toordinal()


class Request(NamedTuple):
    """A request that is served once, even if it is repeated."""

    key: str
    """Printable characters and spaces."""
    content: str
    """A digest of the content: different content under the same key is a different request."""
    at: int
    """When it arrived, in seconds since 1970."""
    kept_for: int
    """Seconds for which a repetition is recognised."""


class Store(Protocol):
    """Sets of actors by event and slot. Threads and processes may share one; marks are durable when a call returns.

    Returned bitmaps must not be modified.
    """

    address: str
    """Its address in readable form, without secrets."""

    def mark_one(self, event: str, slot: int, actor: int | str) -> None:
        """Add one actor (a number below 2^32, or a name) to one set, and one occurrence."""
        ...

    def mark(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Add actors to the sets of several slots, all or nothing; occurrences count repeated actors too."""
        ...

    def mark_batch(self, marks: Mapping[str, Mapping[int, Actors]], request: Request | None = None) -> bool:
        """Add actors to the sets of several events by slot. False if the request was served before: nothing is marked.

        In the embedded store this is all or nothing, including the record of the request. On Redis, a call that fails
        midway may leave part of its marks, and repeating it counts their occurrences again.

        Raises:
            ReusedKeyError: If another request had the same key; nothing is marked.
        """
        ...

    def unmark(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Remove actors from sets; removing from a day also removes from its hours. Occurrences stay counted."""
        ...

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        """The actors in any slot of [start, stop). `is_kept` means that this range is likely to be queried again.

        The slots of day d are [32 d, 32 d + 32); those of a calendar period are the slots of its days.
        """
        ...

    def members(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> Members:
        """The same as `union`, in its stored representation."""
        ...

    def count(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> int:
        """The number of actors in the union of [start, stop); `is_kept` as in `union`."""
        ...

    def contains(self, event: str, start: int, stop: int, actor: int) -> bool:
        """Whether an id is in the union of [start, stop)."""
        ...

    def occurrences(self, event: str, start: int, stop: int) -> int:
        """The number of marks made in the slots of [start, stop), including repeated ones."""
        ...

    def slots(self, event: str) -> list[int]:
        """The slots of an event that hold an actor, ascending."""
        ...

    def looks(self, event: str) -> dict[int, str]:
        """A digest of the actors of each day that has some, by days since 1970; it changes when they change."""
        ...

    def events(self) -> list[str]:
        """The events that have actors, in alphabetical order."""
        ...

    def is_in_use(self, event: str) -> bool:
        """Whether an event certainly has actors, determined without reading many sets.

        False may also mean that only a full scan could tell: see `slots`.
        """
        ...

    def everyone(self) -> BitMap64:
        """All actors of all events."""
        ...

    def delete(self, event: str, start: int = FIRST, stop: int = LAST) -> None:
        """Delete the sets of an event in [start, stop), and their occurrences."""
        ...

    def replace(
        self, event: str, start: int, stop: int, marks: Mapping[int, Actors], cursors: Mapping[str, int]
    ) -> None:
        """Replace [start, stop) of an event as a whole, and store cursors (what it was read from) with it."""
        ...

    def cursor(self, name: str) -> int | None:
        """The cursor of that name; None if there is none."""
        ...

    def ids_of(self, names: Sequence[str]) -> list[int | None]:
        """The ids of names, NAMED + n; None for an unknown name."""
        ...

    def names_of(self, ids: Sequence[int]) -> list[str]:
        """The names of ids from NAMED on."""
        ...

    def forget(self, actor: int | str) -> int:
        """Remove an actor from every set and from the identities. Returns the number of sets it was removed from.

        `replace` leaves out forgotten actors; a forgotten actor who is marked again is a new actor.
        """
        ...

    def forgotten(self) -> Forgotten:
        """The forgotten actors."""
        ...

    def problems(self) -> Iterator[Problem]:
        """Everything that differs from what was written; reads every set."""
        ...

    def repair(self, *, is_dry_run: bool = False) -> Repair:
        """Repair damage and keep everything intact; a healthy store is not changed."""
        ...

    def close(self) -> None:
        """Release files and connections; the next use reopens them."""
        ...
