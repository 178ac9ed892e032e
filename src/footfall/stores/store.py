"""What a store of activity is: exact sets of actors, by event and slot.

A slot is the place that a mark is kept in: one day, one hour where that was asked, or `UNDATED`. Slots are integers,
so that a day with its hours, and any range of days, are ranges of slots:

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
"""The first slot, and what is after every slot."""
UNDATED = FIRST
"""The slot of unique marks, which have no time."""

HIDDEN = "\x1f"
"""What the name of an event begins with that nobody lists: a set of bits that a client of the server for marks keeps."""

UNREAD = -1
"""The cursor of an event that a table reports, where its sets are to be read from the table again."""


def day_slot(moment: datetime) -> int:
    """The slot of the day (UTC) of an aware moment."""
    return (moment.astimezone(UTC).toordinal() - _EPOCH_DAY) * PER_DAY


def hour_slot(moment: datetime) -> int:
    """The slot of the hour (UTC) of an aware moment."""
    moment = moment.astimezone(UTC)
    return (moment.toordinal() - _EPOCH_DAY) * PER_DAY + 1 + moment.hour


def start_of(slot: int) -> datetime:
    """The first moment of a dated slot."""
    day, place = divmod(slot, PER_DAY)
    return EPOCH + timedelta(days=day, hours=max(0, place - 1))


def slots_of(window: Window) -> list[tuple[int, int]]:
    """The ranges [start, stop) of slots that lie whole in a window of whole hours.

    A day belongs to it with its own slot when the window holds the whole day, else only with its hours inside.
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
    """A request that is served once, however often it comes."""

    key: str
    """Visible characters and blanks."""
    content: str
    """A digest of what it asks for: another content under the same key is another request."""
    at: int
    """When it came, in seconds since 1970."""
    kept_for: int
    """Seconds for which a repetition is known as one."""


class Store(Protocol):
    """Sets of actors by event and slot. Threads and processes share one; what was marked is durable on return.

    Returned bitmaps may be read and must not be changed.
    """

    address: str
    """Where it is, as a person would write it, without secrets."""

    def mark_one(self, event: str, slot: int, actor: int | str) -> None:
        """Add one actor (a number below 2^32, or a name) to one set, and one occurrence."""
        ...

    def mark(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Add actors to the sets of several slots, all or nothing; occurrences count repeated actors too."""
        ...

    def mark_batch(self, marks: Mapping[str, Mapping[int, Actors]], request: Request | None = None) -> bool:
        """Add actors to the sets of several events by slot; False where the request was served before: nothing is marked.

        In the embedded store it is all or nothing, the memory of the request included; Redis may keep a part of what fails
        midway, and counts its occurrences again when it is repeated.

        Raises:
            ReusedKeyError: Where another request had the same key; nothing is marked.
        """
        ...

    def unmark(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Take actors out of sets; out of a day means out of its hours as well. Occurrences stay counted."""
        ...

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        """The actors of any slot of [start, stop). `is_kept` says that this range is likely to be queried again.

        A day's slots are [32 d, 32 d + 32), a calendar period's those of its days.
        """
        ...

    def members(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> Members:
        """The same as `union`, in the form it is kept in."""
        ...

    def count(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> int:
        """How many actors are in the union of [start, stop); `is_kept` as in `union`."""
        ...

    def contains(self, event: str, start: int, stop: int, actor: int) -> bool:
        """Whether an id is in the union of [start, stop)."""
        ...

    def occurrences(self, event: str, start: int, stop: int) -> int:
        """How many marks were made in the slots of [start, stop), repeated ones too."""
        ...

    def slots(self, event: str) -> list[int]:
        """The slots of an event that hold an actor, ascending."""
        ...

    def events(self) -> list[str]:
        """The events that have actors, in alphabetical order."""
        ...

    def is_in_use(self, event: str) -> bool:
        """Whether an event surely has actors, found out without a look at many sets.

        False may also mean that only a walk through all sets could tell: see `slots`.
        """
        ...

    def everyone(self) -> BitMap64:
        """All actors of all events."""
        ...

    def delete(self, event: str, start: int = FIRST, stop: int = LAST) -> None:
        """Empty the sets of an event in [start, stop), and their occurrences."""
        ...

    def replace(
        self, event: str, start: int, stop: int, marks: Mapping[int, Actors], cursors: Mapping[str, int]
    ) -> None:
        """State [start, stop) of an event whole, and keep cursors (what it was read from) with it."""
        ...

    def cursor(self, name: str) -> int | None:
        """The cursor of that name; None when there is none."""
        ...

    def ids_of(self, names: Sequence[str]) -> list[int | None]:
        """The ids of names, NAMED + n; None where a name is not known."""
        ...

    def names_of(self, ids: Sequence[int]) -> list[str]:
        """The names of ids from NAMED on."""
        ...

    def forget(self, actor: int | str) -> int:
        """Take an actor out of every set and out of the identities; from how many sets it was taken.

        `replace` leaves out forgotten actors; one that is marked again afterwards is a new actor.
        """
        ...

    def forgotten(self) -> Forgotten:
        """The forgotten actors."""
        ...

    def problems(self) -> Iterator[Problem]:
        """Everything that is not as it was written; looks at every set."""
        ...

    def repair(self, *, is_dry_run: bool = False) -> Repair:
        """Repair damage and keep everything intact; a healthy store is not changed."""
        ...

    def close(self) -> None:
        """Release files and connections; the next use opens them again."""
        ...
