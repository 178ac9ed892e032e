"""Cached answers, and running queries: concurrent equal queries run once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.stopping import Stop
from footfall.web.state import Stamp, State, reads_activity

if TYPE_CHECKING:
    from footfall.answer import Answer

MOST_BYTES = 128 << 20
"""Of the answers that are kept, and what was made of them."""
_EACH = 4_096
"""What an answer takes next to its rows."""


@dataclass(eq=False)
class Kept:
    """An answer, how long it holds, and what was made of it."""

    answer: Answer
    stamp: Stamp
    until: datetime
    reads_activity: bool
    made: dict[Hashable, bytes] = field(default_factory=dict)
    """Files and pictures of it, by what was asked for."""

    @property
    def size(self) -> int:
        return int(self.answer.to_arrow().nbytes) + _EACH + sum(map(len, self.made.values()))


@dataclass(eq=False)
class _UnderWay:
    task: asyncio.Task[Kept]
    stop: Stop
    waiting: int = 0


class Answers:
    """A bounded number of answers, by their questions. Used from the event loop's thread alone."""

    def __init__(self, state: State, now: Callable[[], datetime], most_bytes: int = MOST_BYTES) -> None:
        self._state, self._now, self._most = state, now, most_bytes
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._total = 0
        self._under_way: dict[Hashable, _UnderWay] = {}

    @property
    def total_bytes(self) -> int:
        return self._total

    def standing(self, key: Hashable) -> Kept | None:
        """The kept answer, where it still holds."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._now() < kept.until and self._state.holds(kept.stamp, reads_activity=kept.reads_activity):
            self._kept.move_to_end(key)
            return kept
        self._drop(key)
        return None

    async def get(self, key: Hashable, ask: Callable[[Stop], asyncio.Task[Answer]]) -> Kept:
        """The kept answer, or a new one; those who ask the same in the meantime wait for the same."""
        kept = self.standing(key)
        if kept is not None:
            return kept
        under_way = self._under_way.get(key)
        if under_way is None:
            stop = Stop()
            under_way = _UnderWay(asyncio.create_task(self._ask(key, stop, ask)), stop)
            self._under_way[key] = under_way
        under_way.waiting += 1
        try:
            return await asyncio.shield(under_way.task)
        finally:
            under_way.waiting -= 1
            if not under_way.waiting and not under_way.task.done():
                under_way.stop.ask("the client disconnected")
                if self._under_way.get(key) is under_way:
                    del self._under_way[key]

    async def _ask(self, key: Hashable, stop: Stop, ask: Callable[[Stop], asyncio.Task[Answer]]) -> Kept:
        stamp, now = self._state.stamp(), self._now()
        try:
            answer = await ask(stop)
            until = await asyncio.to_thread(self._state.holds_until, now, stamp)
            kept = Kept(answer, stamp, until, reads_activity(answer))
            if stamp.is_settled(reads_activity=kept.reads_activity):
                self._keep(key, kept)
            return kept
        finally:
            current = self._under_way.get(key)
            if current is not None and current.stop is stop:
                del self._under_way[key]

    def stop(self) -> None:
        """End what is under way."""
        for under_way in self._under_way.values():
            under_way.stop.ask("the server is stopping")

    def note_size(self, key: Hashable) -> None:
        """What was made of an answer is kept with it: it takes more room now."""
        if key in self._kept:
            self._total += self._kept[key].size - self._sizes[key]
            self._sizes[key] = self._kept[key].size
            self._make_room()

    def _keep(self, key: Hashable, kept: Kept) -> None:
        self._drop(key)
        self._kept[key], self._sizes[key] = kept, kept.size
        self._total += kept.size
        self._make_room()

    def _drop(self, key: Hashable) -> None:
        if self._kept.pop(key, None) is not None:
            self._total -= self._sizes.pop(key)

    def _make_room(self) -> None:
        while self._total > self._most and self._kept:
            self._drop(next(iter(self._kept)))
