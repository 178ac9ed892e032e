"""Names of actors and their dense ids, in two hashes, and the tombstones of forgotten actors."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from footfall.stores.forgotten import Forgotten, tombstone
from footfall.stores.ids import NAMED
from footfall.stores.redis.keys import FORGOTTEN, IDS, LAST_ID, NAMES, SALT
from footfall.stores.redis.server import Server

_FIELDS = 1000
"""The number of hash fields per command."""


class Identities:
    """The id of each name. Nothing is cached here: another process may forget an actor at any time."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def ids_of(self, names: Sequence[str]) -> list[int | None]:
        if self._server.has_bitmaps_only:
            return [None] * len(names)
        known = self._fields(IDS, names)
        return [None if n is None else NAMED + self._server.number(n, IDS) for n in known]

    def names_of(self, ids: Sequence[int]) -> list[str]:
        numbers = [int(id) - NAMED for id in ids]
        known = self._fields(NAMES, numbers)
        return [
            f"forgotten:{n}" if name is None else name.decode(errors="replace")
            for n, name in zip(numbers, known, strict=True)
        ]

    def made(self, names: Iterable[str]) -> dict[str, int]:
        """An id for every name; new names get the next ids.

        A name is stored before its id is used, so no process ever sees an id without a name. If two processes pick
        ids for the same name, the first one wins and the other is never used.
        """
        wanted = list(dict.fromkeys(names))
        if wanted:
            self._server.check_keeps_more("keep actors that are texts, or numbers from 2^32 on")
        known = {name: id for name, id in zip(wanted, self.ids_of(wanted), strict=True) if id is not None}
        while new := [name for name in wanted if name not in known]:  # retry if one was forgotten just now
            last = int(self._server.ask("INCRBY", LAST_ID, len(new)))
            numbers = dict(zip(new, range(last - len(new) + 1, last + 1), strict=True))
            for some in _parts(new):
                known.update(self._give_out({name: numbers[name] for name in some}))
        return known

    def _give_out(self, numbers: dict[str, int]) -> dict[str, int]:
        pairs = [part for name, n in numbers.items() for part in (n, name)]
        self._server.ask("HSET", NAMES, *pairs)
        is_ours = self._server.run([("HSETNX", IDS, name, n) for name, n in numbers.items()])
        lost = [name for name, is_set in zip(numbers, is_ours, strict=True) if not is_set]
        if not lost:
            return {name: NAMED + n for name, n in numbers.items()}
        self._server.ask("HDEL", NAMES, *(numbers[name] for name in lost))
        first = zip(lost, self._fields(IDS, lost), strict=True)
        kept = {name: n for name, n in numbers.items() if name not in lost} | {
            name: self._server.number(n, IDS) for name, n in first if n
        }
        return {name: NAMED + n for name, n in kept.items()}

    def _fields(self, key: str, fields: Sequence[Any]) -> list[Any]:
        answers = self._server.run([("HMGET", key, *some) for some in _parts(fields)])
        return [value for answer in answers for value in answer]

    # Forgetting

    def bury(self, actor: int | str) -> list[int]:
        """Record that an actor was forgotten and release the id of the name. Returns all ids the name may have had.

        The name stays until `erase`, so an interrupted `forget` can be repeated.
        """
        self._server.check_keeps_more("record that an actor was forgotten")
        self._server.ask("SADD", FORGOTTEN, tombstone(actor, self._salt()))
        if isinstance(actor, int):
            return [actor]
        self._server.ask("HDEL", IDS, actor)
        return [
            NAMED + self._server.number(n, NAMES) for n, name in self._server.fields(NAMES) if name == actor.encode()
        ]

    def erase(self, ids: Sequence[int]) -> None:
        """Delete the names of ids that are no longer in any set."""
        named = [id - NAMED for id in ids if id >= NAMED]
        if named:
            self._server.ask("HDEL", NAMES, *named)

    def forgotten(self) -> Forgotten:
        """The actors forgotten so far."""
        if self._server.has_bitmaps_only:
            return Forgotten(frozenset(), b"")
        tombstones = self._server.ask("SMEMBERS", FORGOTTEN)
        return Forgotten(frozenset(tombstones), self._salt() if tombstones else b"")

    def _salt(self) -> bytes:
        salt = self._server.ask("GET", SALT)
        if salt is None:
            self._server.ask("SET", SALT, os.urandom(32), "NX")
            salt = self._server.ask("GET", SALT)
        return bytes(salt)


def _parts(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[at : at + _FIELDS] for at in range(0, len(values), _FIELDS)]
