"""A cache of bytes with a size limit; the least recently used entries are dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Bounded:
    """Bytes by key, up to a total size.

    Example:
        >>> kept = Bounded(10)
        >>> kept.keep("a", b"123456")
        >>> kept.keep("b", b"123456")
        >>> kept.get("a"), kept.get("b")
        (None, b'123456')
    """

    def __init__(self, most_bytes: int) -> None:
        self._most, self._total = most_bytes, 0
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, value: bytes) -> None:
        """Keep a value, unless it alone is larger than the bound."""
        self._total -= len(self._kept.pop(key, b""))
        if len(value) > self._most:
            return
        self._kept[key] = value
        self._total += len(value)
        while self._total > self._most:
            self._total -= len(self._kept.popitem(last=False)[1])
