"""The sets on the server: reading whole sets, reading single bits, and the commands that set and clear bits.

Nothing is combined on the server: there are no intermediate keys, and no command names two keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pyroaring import BitMap64

from footfall.stores.ids import NAMED
from footfall.stores.redis.bits import CONTAINER, bitmap_of_bits
from footfall.stores.redis.keys import NAMED_SETS, NUMBERS, SlotKey
from footfall.stores.redis.server import Command, Server

_PIECE = 512 * CONTAINER
"""Maximum bytes per reply, 4 MiB."""
_AT_ONCE = 8
"""Keys per round trip, so that at most their first pieces are in memory at once."""
_FEW = 64
"""Up to this number of actors, single bits are read instead of whole sets."""
_ASKED = 10_000
"""Single bits read per round trip."""
_BATCH = 500
"""Bits set per BITFIELD, and write commands per round trip."""
_TOP = 1 << 40
"""Greater than any id."""


def prefix_of(id: int) -> str:
    return NAMED_SETS if id >= NAMED else NUMBERS


def families(ids: BitMap64) -> list[tuple[str, BitMap64]]:
    """Ids grouped by the prefix of the keys that hold them."""
    if not ids or ids.max() < NAMED:
        return [(NUMBERS, ids)] if ids else []
    if ids.min() >= NAMED:
        return [(NAMED_SETS, ids)]
    numbers, named = BitMap64(ids), BitMap64(ids)
    numbers.remove_range(NAMED, _TOP)
    named.remove_range(0, NAMED)
    return [(NUMBERS, numbers), (NAMED_SETS, named)]


def union_of(bitmaps: Sequence[BitMap64]) -> BitMap64:
    return bitmaps[0] if len(bitmaps) == 1 else BitMap64.union(BitMap64(), *bitmaps)


class ServerSets:
    """Bitmaps under keys of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def read(self, keys: Sequence[str]) -> list[BitMap64 | None]:
        """The set under each key; None if there is no key. Long values are read in pieces to keep the server free."""
        found: list[BitMap64 | None] = []
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            if self._server.has_bitmaps_only:  # which returns them whole
                found.extend(map(self._at_once, some))
                continue
            pieces = self._server.run([("GETRANGE", key, 0, _PIECE - 1) for key in some])
            found.extend(self._whole(key, piece) for key, piece in zip(some, pieces, strict=True))
        return found

    def _at_once(self, key: str) -> BitMap64 | None:
        bits = self._server.ask("GET", key)
        return bitmap_of_bits([(0, bits)], 0) if bits else None

    def _whole(self, key: str, first: bytes) -> BitMap64 | None:
        if not first:
            return None
        high = int(key.startswith(NAMED_SETS))
        bitmap = bitmap_of_bits([(0, first)], high)
        offset, piece = 0, first
        while len(piece) == _PIECE:
            offset += len(piece)
            piece = self._server.ask("GETRANGE", key, offset, offset + _PIECE - 1)
            bitmap |= bitmap_of_bits([(offset, piece)], high)
        return bitmap

    def held(self, wanted: Mapping[str, BitMap64]) -> dict[str, BitMap64]:
        """For each key, the wanted ids that are in its set."""
        few = [(key, id) for key, ids in wanted.items() if len(ids) <= _FEW for id in ids]
        many = [key for key, ids in wanted.items() if len(ids) > _FEW]
        found = {key: BitMap64() for key in wanted}
        for at in range(0, len(few), _ASKED):
            some = few[at : at + _ASKED]
            bits = self._server.run([("GETBIT", key, id % NAMED) for key, id in some])
            for (key, id), bit in zip(some, bits, strict=True):
                if bit:
                    found[key].add(id)
        for key, whole in zip(many, self.read(many), strict=True):
            found[key] = whole & wanted[key] if whole else BitMap64()
        return found

    def clear(self, taken: Mapping[str, BitMap64]) -> None:
        """Remove ids from the sets of keys. Unset bits are left alone: clearing one can make the value grow."""
        self.write(self.held(taken), 0)

    def write(self, wanted: Mapping[str, BitMap64], bit: int = 1) -> None:
        """Set or clear the bits of ids under keys, in the order of the keys."""
        commands: list[Command] = []
        one_by_one = self._server.has_bitmaps_only
        for key, ids in wanted.items():
            for command in _writes(key, ids, bit, one_by_one=one_by_one):
                commands.append(command)
                if len(commands) == _BATCH:
                    self._server.run(commands)
                    commands = []
        self._server.run(commands)


def keys_of(event: str, places: Iterable[SlotKey], ids: BitMap64) -> dict[str, BitMap64]:
    """The keys that hold ids in the given periods, each with its ids."""
    parts = families(ids)
    return {f"{prefix}{event}_{place.suffix}": part for place in places for prefix, part in parts}


def _writes(key: str, ids: BitMap64, bit: int, *, one_by_one: bool) -> Iterable[Command]:
    """One bit at a time: writing a whole byte could undo what another process marks in it at the same moment."""
    if len(ids) <= 8 or one_by_one:
        yield from (("SETBIT", key, id % NAMED, bit) for id in ids)
        return
    arguments: list[object] = []
    for id in ids:
        arguments += ("SET", "u1", id % NAMED, bit)
        if len(arguments) == 4 * _BATCH:
            yield ("BITFIELD", key, *arguments)
            arguments = []
    if arguments:
        yield ("BITFIELD", key, *arguments)
