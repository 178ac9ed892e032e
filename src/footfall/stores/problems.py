"""What a look at a whole store finds, and what a repair did."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """Something in a store that is not as it was written."""

    what: str
    """What is wrong, to go into a sentence."""
    place: tuple[int, int] | None = None
    """In the embedded store, the number of the event and the slot, where it is a set."""
    is_derived: bool = False
    """Whether it can be made again from the rest, without a loss."""


@dataclass(frozen=True)
class Repair:
    """What a repair did, or would do."""

    repaired: tuple[str, ...] = ()
    """What is as it was again, or can be made again."""
    lost: tuple[str, ...] = ()
    """What is gone; a backup may have it."""
    kept_in: Path | None = None
    """Where the files are as they were before."""
