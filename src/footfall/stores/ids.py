"""What an actor is to a store: a 64-bit id.

A number below 2^32 is itself, every other actor (a text, a UUID, a larger number) is `NAMED` plus the dense id that the
store's identities give the name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.uint64]

NAMED = 1 << 32
"""Ids from here on are identities: NAMED + the dense id of a name."""


@dataclass(frozen=True)
class Actors:
    """Actors as they were given, each perhaps more than once: numbers below 2^32, and names of all others."""

    numbers: Ids | Sequence[int] = ()
    names: Sequence[str] = field(default=())
    marks: int | None = None
    """How many marks they stand for, where that is more than one each."""

    def __len__(self) -> int:
        return self.marks if self.marks is not None else len(self.numbers) + len(self.names)
