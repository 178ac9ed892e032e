"""Activity in the lake: facts that follow the store, and counting from them on the engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.activity.facts import FACTS, NAME, FactsSource
from footfall.errors import LakeError
from footfall.forking import ForkSafeLock
from footfall.retention.engine_counting import EngineCounting

if TYPE_CHECKING:
    from footfall.activity import Activity
    from footfall.engine import Engine
    from footfall.lake import Lake


@dataclass
class FactsInLake:
    """The facts of one workspace's activity. Lake and engine are opened when they are first needed."""

    activity: Callable[[], Activity]
    lake: Callable[[], Lake]
    engine: Callable[[], Engine]
    now: Callable[[], datetime]
    _lock: ForkSafeLock = field(default_factory=ForkSafeLock)
    _looks: dict[str, dict[int, str]] = field(default_factory=dict)
    """What the store looked like when this process last brought an event up to date."""

    def renew(self, events: Collection[str] | None = None) -> None:
        """Replace the days of events that have changed; of all events by default.

        Raises LakeError when that is impossible: the answer would be that of an earlier state.
        """
        from footfall.collect import collect

        with self._lock:
            store = self.activity().store
            looks = {event: store.looks(event) for event in events or ()}
            if events is not None and all(self._looks.get(event) == look for event, look in looks.items()):
                return
            [done] = collect(self.lake(), {NAME: FactsSource(self.activity, events)}, now=self.now).sources
            if done.error or done.failed:
                said = done.error or "a day could not be read"
                raise LakeError(f"the facts of activity in the lake cannot be brought up to date: {said}")
            self._looks.update(looks)

    def counting(self, events: Sequence[str]) -> EngineCounting:
        """See `FactsKept`."""
        for event in events:
            self.activity().renew(event)
        self.renew(events)
        pinned = self.lake().snapshot([FACTS]).tables.get(FACTS.name)
        return EngineCounting(self.engine(), self.engine().mount(pinned, FACTS), self.activity().store)

    def forget(self) -> None:
        """See `FactsKept`."""
        from footfall.lake import expire_now

        self.renew()
        expire_now(self.lake(), FACTS)
