"""What tells whether the set of a day has changed: a digest for each day that has actors."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from footfall.stores.members import ids_in
from footfall.stores.store import PER_DAY, UNDATED

if TYPE_CHECKING:
    from footfall.stores.members import Members
    from footfall.stores.store import Store


def look_of(members: Members) -> str:
    """The digest of a set."""
    return blake2b(ids_in(members).tobytes(), digest_size=8).hexdigest()


def days_in(slots: Iterable[int]) -> list[int]:
    """The days of slots, as numbers of days since 1970, ascending."""
    return sorted({slot // PER_DAY for slot in slots if slot != UNDATED})


def looks_by_reading(store: Store, event: str) -> dict[int, str]:
    """The digest of each day, its hours included: reads every set of the event."""
    return {
        day: look_of(store.members(event, day * PER_DAY, (day + 1) * PER_DAY)) for day in days_in(store.slots(event))
    }
