"""Batches on their way into the lake: groups of them become one commit per table, then one of the ledger."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from footfall.collect.entries import Clerk
from footfall.errors import SourceError
from footfall.lake import Cursor, Lake, Restated
from footfall.ledger import Entry
from footfall.periods import Window
from footfall.sources import Batch, End, Outcome
from footfall.tables import Observe, Replace, Rows, Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class HoldBack:
    """Limits of held-back batches; reaching any of them triggers a commit."""

    rows: int = 250_000
    bytes: int = 32 << 20
    outcomes: int = 250_000
    seconds: float = 60.0


class Buffer:
    """Holds batches until they are committed together.

    Rows and cursors go first, the ledger after: a crash between them only means work to repeat. Batches
    still held back when a process dies are fetched again.

    `on_stored` is called with the committed outcomes and their ledger entries.
    """

    def __init__(
        self,
        lake: Lake,
        clerk: Clerk,
        tables: Sequence[Table],
        on_stored: Callable[[Sequence[tuple[Outcome, tuple[Entry, ...]]]], None],
        bounds: HoldBack | None = None,
    ) -> None:
        self._lake = lake
        self._clerk = clerk
        self._tables = {table.name: table for table in tables}
        self._on_stored = on_stored
        self._bounds = bounds or HoldBack()
        self._start_over()

    def _start_over(self) -> None:
        self._batches: list[Batch] = []
        self._taken = _Taken()
        self._rows = self._bytes = self._outcomes = 0
        self._since = time.monotonic()

    def add(self, batch: Batch) -> None:
        """Hold a batch; commit if a limit is reached, or if the batch cannot be held."""
        self._check(batch)
        restated = [outcome for outcome in batch.outcomes if outcome.replaces]
        in_memory = [rows for rows in batch.rows.values() if _is_in_memory(rows)]
        is_in_memory = len(in_memory) == len(batch.rows)
        if not is_in_memory or any(map(self._taken.has, restated)):
            self.flush()  # in one commit, two statements of a window would both be stored
        if not self._batches:
            self._since = time.monotonic()
        self._batches.append(batch)
        for outcome in restated:
            self._taken.add(outcome)
        self._outcomes += len(batch.outcomes)
        self._rows += sum(rows.num_rows for rows in in_memory)
        self._bytes += sum(rows.nbytes for rows in in_memory)
        if not is_in_memory or self._is_full:
            self.flush()

    @property
    def _is_full(self) -> bool:
        most = self._bounds
        return (
            self._rows >= most.rows
            or self._bytes >= most.bytes
            or self._outcomes >= most.outcomes
            or time.monotonic() - self._since >= most.seconds
        )

    def flush(self) -> None:
        """Commit what is held. An invalid batch does not affect the others."""
        batches = self._batches
        self._start_over()
        try:
            self._store(batches)
        except SourceError:
            if len(batches) < 2:
                raise
            for batch in batches:
                try:
                    self._store([batch])
                except SourceError as first:
                    error = first
            raise error from None

    def _store(self, batches: Sequence[Batch]) -> None:
        outcomes = [outcome for batch in batches for outcome in batch.outcomes]
        if not outcomes:
            return
        writings = [one for table in self._tables.values() if (one := _writing(table, batches))]
        self._lake.record(list(self._clerk.doubts(outcomes)) if writings else [])
        for writing in writings:
            self._lake.commit(
                writing.table,
                writing.rows,
                replaces=writing.replaces,
                cursors=writing.cursors(self._clerk.source),
                is_sorted=writing.is_sorted,
            )
        learnt = [(outcome, self._clerk.entries(outcome)) for outcome in outcomes]
        self._lake.record([entry for _, entries in learnt for entry in entries])
        self._on_stored(learnt)

    def _check(self, batch: Batch) -> None:
        """Raise SourceError for an invalid batch."""
        stated = {outcome.offer.table for outcome in batch.outcomes if outcome.end is End.DONE}
        for name in {*batch.rows, *(outcome.offer.table for outcome in batch.outcomes)}:
            if name not in self._tables:
                valid = ", ".join(self._tables)
                raise SourceError(f"the source {self._clerk.source} gave a batch of {name!r}; it declares {valid}.")
        for outcome in batch.outcomes:
            table = self._tables[outcome.offer.table]
            if isinstance(table.rule, Observe) and _spans_time(outcome.replaces) and outcome.replaces != outcome.window:
                raise SourceError(
                    f"the source {self._clerk.source} gave `restates` with values of {table.name}, which are observed "
                    "and cannot replace a window. Leave it out; the batch was not written."
                )
        for name in batch.rows:
            if name not in stated:
                raise SourceError(
                    f"the source {self._clerk.source} gave rows of {name} without an outcome `done` in the same batch; "
                    "nothing of the batch was written."
                )


@dataclass(frozen=True)
class _Writing:
    """What is committed to one table."""

    table: Table
    rows: Rows | Sequence[pa.Table] | None
    outcomes: Sequence[Outcome]
    is_sorted: bool

    @property
    def replaces(self) -> list[Restated]:
        if not isinstance(self.table.rule, Replace):
            return []
        return [Restated(one.replaces, one.offer.scope) for one in self.outcomes if _spans_time(one.replaces)]

    def cursors(self, source: str) -> list[Cursor]:
        """One cursor per scope, moved or not: two writers of one scope must conflict."""
        positions: dict[str, int] = defaultdict(int)
        for one in self.outcomes:
            positions[one.offer.scope] = max(positions[one.offer.scope], one.position or 0)
        return [Cursor(cursor_id(source, self.table.name, scope), at) for scope, at in sorted(positions.items())]


def cursor_id(source: str, table: str, scope: str) -> str:
    """The name of a scope's cursor in the table's log."""
    return f"{source}/{table}/{scope}"


def _writing(table: Table, batches: Iterable[Batch]) -> _Writing | None:
    """The rows and cursors of `batches` for `table`; None if there are none."""
    chosen = [batch for batch in batches if any(o.offer.table == table.name for o in batch.outcomes)]
    done = [o for batch in chosen for o in batch.outcomes if o.end is End.DONE and o.offer.table == table.name]
    parts = [batch.rows[table.name] for batch in chosen if table.name in batch.rows]
    is_sorted = all(batch.is_sorted for batch in chosen if table.name in batch.rows)
    in_memory = [part for part in parts if _is_in_memory(part) and part.num_rows]
    if relations := [part for part in parts if not _is_in_memory(part)]:
        (relation,) = relations  # a batch with a relation is committed alone
        return _Writing(table, relation, done, is_sorted)
    empties = isinstance(table.rule, Replace) and any(_spans_time(one.replaces) for one in done)
    return _Writing(table, in_memory, done, is_sorted) if in_memory or empties else None


def _is_in_memory(rows: Rows) -> TypeGuard[pa.Table]:
    import pyarrow as pa

    return isinstance(rows, pa.Table)


def _spans_time(window: Window | None) -> TypeGuard[Window]:
    return window is not None and window.start < window.end


class _Taken:
    """The windows that are restated by held batches, by table and scope."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], list[Window]] = defaultdict(list)
        self._span: dict[tuple[str, str], Window] = {}

    def has(self, outcome: Outcome) -> bool:
        """Whether a window overlaps one of those in use."""
        window, key = outcome.replaces, (outcome.offer.table, outcome.offer.scope)
        span = self._span.get(key)
        if window is None or span is None or not span.overlaps(window):
            return False
        return any(window.overlaps(other) for other in self._windows[key])

    def add(self, outcome: Outcome) -> None:
        window, key = outcome.replaces, (outcome.offer.table, outcome.offer.scope)
        assert window is not None
        span = self._span.get(key, window)
        self._span[key] = Window(min(span.start, window.start), max(span.end, window.end))
        self._windows[key].append(window)
