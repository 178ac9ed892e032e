"""The problems that a check of a whole store finds, and the result of a repair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """Something in a store that differs from what was written."""

    what: str
    """What is wrong, as part of a sentence."""
    place: tuple[int, int] | None = None
    """In the embedded store, for a set: the number of the event, and the slot."""
    is_derived: bool = False
    """Whether it can be rebuilt from the rest without loss."""


@dataclass(frozen=True)
class Repair:
    """What a repair did, or in a dry run would do."""

    repaired: tuple[str, ...] = ()
    """What was restored, or can be rebuilt."""
    lost: tuple[str, ...] = ()
    """What is lost; a backup may have it."""
    kept_in: Path | None = None
    """Where the original files are kept."""
