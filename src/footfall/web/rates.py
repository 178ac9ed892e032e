"""Rate limits: one token bucket per key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000


class Rate:
    """A number of times per minute for each key; unused ones are kept for up to a minute.

    Example:
        >>> rate = Rate(2, lambda: 0.0)
        >>> [rate.allows("a"), rate.allows("a"), rate.allows("a"), rate.allows("b")]
        [True, True, False, True]
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Whether it may be done again; if so it counts as done."""
        now = self._clock()
        left, at = self._left.pop(key, (float(self._most), now))
        left = min(float(self._most), left + (now - at) * self._most / 60)
        is_allowed = left >= 1
        self._left[key] = (left - 1 if is_allowed else left, now)
        while len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return is_allowed
