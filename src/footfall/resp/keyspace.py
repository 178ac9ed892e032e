"""The keys of one database, and their expiry: bits in the store, results of BITOP in memory, other values in a file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from hashlib import blake2b

from pyroaring import BitMap64

from footfall.errors import ActivityError
from footfall.resp.live import LiveSet
from footfall.resp.sets import Sets, place_of
from footfall.resp.values import Kind, Values
from footfall.stores.members import Members, as_bitmap
from footfall.stores.redis.bits import bitmap_of_bits

RESULTS_LAST = 3600.0
"""Seconds for which a result of BITOP is kept, unless the client sets another expiry."""


class WrongTypeError(Exception):
    """A key holds a value of another type."""


class Keyspace:
    """One database. The commands of a turn are written as a group before they are acknowledged."""

    def __init__(self, sets: Sets, values: Values, now: Callable[[], float]) -> None:
        self.sets = sets
        self.values = values
        self._now = now
        self._results: dict[bytes, LiveSet] = {}

    # Turns

    def begin(self) -> None:
        """Begin a turn: from now on the writes of other processes are visible."""
        self.sets.begin()
        if self.values.expiries:
            now = self._now()
            for key in [key for key, at in self.values.expiries.items() if at <= now]:
                self.delete(key)

    def end(self, is_unfinished: Callable[[object], bool] = lambda owner: False) -> None:
        """End a turn: all its writes are safe, except those that wait (see `Sets.settle`). Raises ActivityError."""
        self.sets.settle(is_unfinished)
        self.values.commit()

    @property
    def failure(self) -> ActivityError | None:
        """Why marks of the current turn could not be written."""
        return self.sets.failure

    # Bits

    def set_bit(self, key: bytes, offset: int, value: int) -> int:
        """Set or clear a bit. Returns its old value."""
        if key in self._results:
            return self._set_in_result(key, offset, value)
        if key in self.values.kinds:
            self._keep_as_bits(key)
        return self.sets.set_bit(key, offset) if value else self.sets.clear_bit(key, offset)

    def _set_in_result(self, key: bytes, offset: int, value: int) -> int:
        before = self._results[key]
        members = BitMap64(as_bitmap(before.members))
        (members.add if value else members.discard)(offset)
        self._results[key] = LiveSet(members, max(before.length, offset // 8 + 1))
        return int(offset in before)

    def get_bit(self, key: bytes, offset: int) -> int:
        if key in self._results or key in self.values.kinds:
            return int(offset in self.bits(key))
        return self.sets.get_bit(key, offset)

    def bits(self, key: bytes) -> LiveSet:
        """The bits of a key, which may be those of a text; must not be modified. Raises WrongTypeError."""
        if key in self._results:
            return self._results[key]
        text = self.text(key)
        return self.sets.bits(key) if text is None else LiveSet(bitmap_of_bits([(0, text)], 0))

    def keep_result(self, key: bytes, members: Members, length: int) -> None:
        """Store bits, a string of `length` bytes, under a key in memory, until it expires."""
        self.delete(key)
        if length:
            self._results[key] = LiveSet(members, length)
            self.values.expiries[key] = self._now() + RESULTS_LAST  # not on the disk: neither is the result

    def replace(self, key: bytes, members: Members) -> None:
        """Replace the bits of a key, on disk."""
        self.delete(key)
        if members:
            self.sets.replace(key, members)

    # Texts

    def text(self, key: bytes) -> bytes | None:
        """The text of a key; None if it holds bits or nothing. Raises WrongTypeError."""
        kind = self.values.kind(key)
        if kind is None:
            return None
        if kind != "string":
            raise WrongTypeError
        return self.values.get(key)

    def put_text(self, key: bytes, text: bytes) -> None:
        self.delete(key)
        self.values.put("string", key, [(b"", text)])

    def is_for_bits(self, key: bytes) -> bool:
        """Whether a value that a client sets for a key is stored as bits."""
        return place_of(key) is not None or self.has_bits(key)

    def _keep_as_bits(self, key: bytes) -> None:
        """Convert the text of a key to bits. Raises WrongTypeError if it has none."""
        text = self.text(key) or b""
        self.values.delete(key)
        self.replace(key, bitmap_of_bits([(0, text)], 0))

    # Keys

    def kind(self, key: bytes) -> Kind | None:
        """The type of the value of a key, None if there is none; bits are a string."""
        return self.values.kind(key) or ("string" if self.has_bits(key) else None)

    def check_kind(self, key: bytes, kind: Kind) -> None:
        """Raise WrongTypeError if a key holds a value of another type."""
        if self.kind(key) not in (None, kind):
            raise WrongTypeError

    def has_bits(self, key: bytes) -> bool:
        return key in self._results or (self.values.kind(key) is None and bool(self.sets.bits(key)))

    def delete(self, key: bytes) -> bool:
        """Delete a key. Returns whether there was one. A week or month keeps the bits of its days."""
        was_there = self.kind(key) is not None
        self.values.expire(key, None)
        if self._results.pop(key, None) is None and not self.values.delete(key) and was_there:
            self.sets.delete(key)
        return was_there

    def rename(self, key: bytes, to: bytes) -> None:
        """Rename a key, replacing the target. The expiry stays."""
        if key == to:
            return
        at = self.expires_at(key)
        if key in self._results:
            result = self._results[key]
            self.delete(to)
            self._results[to] = result
        elif self.values.kind(key) is not None:
            self.delete(to)
            self.values.rename(key, to)
        else:
            self.replace(to, self.sets.bits(key).members)
        self.delete(key)
        self.expire_at(to, at)

    # When keys expire

    def expires_at(self, key: bytes) -> float | None:
        """When a key expires, in seconds since 1970."""
        return self.values.expiries.get(key)

    def expires_in(self, key: bytes) -> float | None:
        """Seconds until a key expires."""
        at = self.expires_at(key)
        return None if at is None else at - self._now()

    def expire_at(self, key: bytes, at: float | None) -> None:
        if at is not None and key in self._results:
            self.values.expiries[key] = at  # not on the disk: neither is the result
        else:
            self.values.expire(key, at)

    def expire_in(self, key: bytes, seconds: float) -> None:
        self.expire_at(key, self._now() + seconds)

    def persist(self, key: bytes) -> bool:
        """Remove the expiry of a key. Returns whether it had one. A result of BITOP is then stored on disk."""
        if self.expires_at(key) is None:
            return False
        result = self._results.get(key)
        if result is not None:
            self.replace(key, result.members)
        self.values.expire(key, None)
        return True

    # Lists of keys

    def listed(self) -> list[tuple[int, bytes]]:
        """All keys, each with the number that orders the list."""
        keys = self.sets.keys().union(self._results, self.values.keys())
        return sorted((_number_of(key), key) for key in keys)

    def listed_after(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Some keys from a cursor on, and the next cursor; 0 is start and end.

        As SCAN guarantees, a key that exists throughout is listed.
        """
        keys = self.listed()
        first = bisect_left(keys, (cursor, b""))
        last = first + count
        while last < len(keys) and keys[last][0] == keys[last - 1][0]:
            last += 1
        return keys[last][0] if last < len(keys) else 0, [key for _, key in keys[first:last]]

    @property
    def memory(self) -> int:
        """The approximate memory use of bits, in bytes."""
        return self.sets.memory + sum(live.memory for live in self._results.values())


def _number_of(key: bytes) -> int:
    """Starts from 1, as cursor 0 is the start and end of SCAN."""
    return 1 + int.from_bytes(blake2b(key, digest_size=6).digest())
