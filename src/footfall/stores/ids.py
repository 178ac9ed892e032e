"""Actors as a store sees them: 64-bit ids.

A number below 2^32 is its own id. Every other actor (a text, a UUID, a larger number) has the id `NAMED` plus the dense
id that the store assigns to its name.
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
"""Ids from this one on stand for names: NAMED + the dense id of a name."""


@dataclass(frozen=True)
class Actors:
    """Actors as given, possibly with repetitions: numbers below 2^32, and the names of all others."""

    numbers: Ids | Sequence[int] = ()
    names: Sequence[str] = field(default=())
    marks: int | None = None
    """The number of marks they stand for, if it is more than one each."""

    def __len__(self) -> int:
        return self.marks if self.marks is not None else len(self.numbers) + len(self.names)
