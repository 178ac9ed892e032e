"""Forgotten actors: not their names, only enough to recognise them when a source reports them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from footfall.stores.ids import Actors


@dataclass(frozen=True)
class Forgotten:
    """The forgotten actors, which can be recognised but not listed."""

    tombstones: frozenset[bytes]
    salt: bytes

    def __contains__(self, actor: int | str) -> bool:
        return bool(self.tombstones) and tombstone(actor, self.salt) in self.tombstones

    def left_of(self, actors: Actors) -> Actors:
        """Actors without the forgotten ones."""
        if not self.tombstones:
            return actors
        numbers = [n for n in map(int, actors.numbers) if n not in self]
        return Actors(numbers, [name for name in actors.names if name not in self], actors.marks)

    def among(self, actors: Actors) -> set[int | str]:
        """The forgotten ones among actors."""
        everyone: Iterable[int | str] = [*map(int, actors.numbers), *actors.names] if self.tombstones else []
        return {actor for actor in everyone if actor in self}


def tombstone(actor: int | str, salt: bytes) -> bytes:
    """What is stored for a forgotten actor: enough to recognise the actor, but not the name."""
    return blake2b(str(actor).encode(), key=salt, digest_size=16).digest()
