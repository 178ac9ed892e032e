"""Who was forgotten: not who they are, only enough to know them again when a source names them once more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from footfall.stores.ids import Actors


@dataclass(frozen=True)
class Forgotten:
    """Those who were forgotten: to be known again, not to be listed."""

    tombstones: frozenset[bytes]
    salt: bytes

    def __contains__(self, actor: int | str) -> bool:
        return bool(self.tombstones) and tombstone(actor, self.salt) in self.tombstones

    def left_of(self, actors: Actors) -> Actors:
        """Actors less those who were forgotten."""
        if not self.tombstones:
            return actors
        numbers = [n for n in map(int, actors.numbers) if n not in self]
        return Actors(numbers, [name for name in actors.names if name not in self], actors.marks)

    def among(self, actors: Actors) -> set[int | str]:
        """Those of actors who were forgotten."""
        everybody: Iterable[int | str] = [*map(int, actors.numbers), *actors.names] if self.tombstones else []
        return {actor for actor in everybody if actor in self}


def tombstone(actor: int | str, salt: bytes) -> bytes:
    """What is kept of somebody who was forgotten: enough to know him again, not who he is."""
    return blake2b(str(actor).encode(), key=salt, digest_size=16).digest()
