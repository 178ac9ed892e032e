"""The facts of activity as a table of the lake: which actor did which event on which day.

They are collected from the store like any other source, by event and day: a day whose set has changed since is replaced,
so late and removed marks restate their day, and a forgotten actor disappears. Actors are ids: numbers are their own,
and names get theirs from the store, which alone knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel

from footfall.errors import SettingsError
from footfall.metrics import Metric
from footfall.periods import EPOCH, Grain, Window
from footfall.sources import Batch, Known, Offer, Outcome, Progress, Source
from footfall.stores.members import ids_in
from footfall.stores.store import PER_DAY
from footfall.tables import Column, Replace, Role, Table

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.activity.activity import Activity

FACTS = Table(
    name="activity",
    description="Which actor did which event on which day. Actors are ids; only the store of marks knows their names.",
    columns=(
        Column("day", "timestamp", Role.TIME, "The day (UTC)."),
        Column("event", "string", Role.DIMENSION, "What the actor did."),
        Column("actor", "integer", Role.ATTRIBUTE, "The id of the actor."),
    ),
    rule=Replace(scope="event"),
    sort=("event", "day", "actor"),
    resolution=Grain.DAY,
)
NAME = "activity"
"""The name of the source, in the ledger and on the command line."""
_NOBODY = "nobody"
"""The fingerprint of a day that has no actor any more."""
_MOST_ROWS = 2_000_000
"""Rows of one batch; with at least this many actors, a day is a batch of its own."""


class FactsKept(Protocol):
    """What keeps the facts up to date, and counts from them."""

    def counting(self, events: Sequence[str]) -> Any:
        """Bring the facts of events up to date. Returns what counts from them: `footfall.retention.counting.Counting`."""
        ...

    def forget(self) -> None:
        """After actors were forgotten: remove them from the facts, and from every earlier version at once."""
        ...


class FactsSource:
    """Reads the sets of the store, those of some events or of all."""

    name: ClassVar[str] = NAME
    description: ClassVar[str] = "facts of activity: which actor did which event on which day, from the store of marks"
    Settings: ClassVar[type[BaseModel]] = BaseModel

    def __init__(self, activity: Callable[[], Activity], only: Collection[str] | None = None) -> None:
        self.tables: Sequence[Table] = (FACTS,)
        self.metrics: Sequence[Metric] = ()
        self._activity = activity
        self._only = only

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """A window for each event and day up to today that has actors, or had some when it was read."""
        activity = self._activity()
        today = (now.astimezone(UTC) - EPOCH).days
        events = activity.events() if self._only is None else self._only
        offered: set[tuple[str, Window]] = set()
        for event in events:
            for day, look in activity.store.looks(event).items():
                if day <= today:
                    window = _window_of(day)
                    offered.add((event, window))
                    yield Offer(FACTS.name, window, event, look, settles_at=window.end)
        for event, window in {(entry.scope, entry.window) for entry in known.of_table(FACTS.name)} - offered:
            if self._only is None or event in self._only:
                yield Offer(FACTS.name, window, event, _NOBODY, settles_at=window.end)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """Batches of whole days, month by month."""
        ordered = sorted(offers, key=lambda offer: (offer.window.start, offer.scope))
        for _, month in groupby(ordered, key=lambda offer: f"{offer.window.start:%Y-%m}"):
            outcomes: list[Outcome] = []
            parts: list[pa.Table] = []
            rows = 0
            for offer in month:
                part = self._rows(offer)
                if rows and rows + part.num_rows > _MOST_ROWS:
                    yield _batch(outcomes, parts)
                    outcomes, parts, rows = [], [], 0
                outcomes.append(offer.done(part.num_rows))
                parts.append(part)
                rows += part.num_rows
                tell(windows=1)
            yield _batch(outcomes, parts)

    def _rows(self, offer: Offer) -> pa.Table:
        import pyarrow as pa

        slot = (offer.window.start - EPOCH).days * PER_DAY
        actors = ids_in(self._activity().store.members(offer.scope, slot, slot + PER_DAY)).astype(np.int64)
        micros = np.full(len(actors), (offer.window.start - EPOCH) // timedelta(microseconds=1), np.int64)
        columns = {
            "day": pa.array(micros, pa.timestamp("us", "UTC")),
            "event": pa.repeat(pa.scalar(offer.scope, pa.string()), len(actors)),
            "actor": pa.array(actors, pa.int64()),
        }
        return pa.table(columns)


def with_facts(sources: Mapping[str, Source], activity: Callable[[], Activity]) -> dict[str, Source]:
    """The sources with that of the facts, which comes last: tables of the others report events.

    Raises SettingsError if another source or table has its name.
    """
    tables = {table.name for source in sources.values() for table in source.tables}
    if NAME in sources or FACTS.name in tables:
        raise SettingsError(
            f"with lake = true in [activity], the name {NAME!r} is that of the facts of activity; give the source or the table "
            "of that name another one."
        )
    return {**sources, NAME: FactsSource(activity)}


def _window_of(day: int) -> Window:
    start = EPOCH + timedelta(days=day)
    return Window(start, start + timedelta(days=1))


def _batch(outcomes: Sequence[Outcome], parts: Sequence[pa.Table]) -> Batch:
    import pyarrow as pa

    return Batch(list(outcomes), {FACTS.name: pa.concat_tables(parts)})
