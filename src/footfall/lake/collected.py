"""What the ledger records about one table: the spans that were collected for each scope, and notable entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from footfall.lake.ledger import entries_of, standing
from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, Window, from_micros, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


class Scope(NamedTuple):
    """A part of a source that is collected separately, such as a repository; `name` is empty for the whole source."""

    source: str
    name: str


class Span(NamedTuple):
    """A half-open span of time [start, end) that was collected, in UTC."""

    start: datetime
    end: datetime
    settles_at: datetime | None = None
    """When a provisional span can no longer change; None: only its source can say."""
    is_provisional: bool = False
    """Whether its source could still revise it when it was collected; see `is_provisional_at`."""

    @property
    def window(self) -> Window:
        return Window(self.start, self.end)

    def is_provisional_at(self, now: datetime) -> bool:
        """Whether the source may still revise the span at `now`: from `settles_at` on it cannot."""
        return self.is_provisional and (self.settles_at is None or now < self.settles_at)


class Total(NamedTuple):
    """What was collected for one scope, in numbers."""

    windows: int
    first: datetime
    """Where its first window starts."""
    last_collected_at: datetime


@dataclass(frozen=True)
class Collected:
    """The entries in force of one table: for each window the newest, and the newest success before a failure.

    `spans` has every scope in the ledger, with () if nothing was collected for it. Within a scope they are in
    order; complete windows that touch are merged. A provisional span may overlap others.
    """

    spans: Mapping[Scope, tuple[Span, ...]]
    noted: tuple[Entry, ...] = ()
    """Windows that are missing, failed or retired, that had rejected lines, or that have a note; by scope and time."""
    totals: Mapping[Scope, Total] = field(default_factory=dict)
    """For each scope with collected data."""
    gone: tuple[Entry, ...] = ()
    """Windows that were collected and that upstream no longer has; in order."""

    @cached_property
    def digest(self) -> str:
        """Equal digests: the ledger records the same about the table, whenever it was recorded."""
        noted = [
            (e.source, e.scope, e.window, str(e.status), e.covered, e.rows, e.rejected, e.reason, e.sample)
            for e in self.noted
        ]
        return blake2b(repr((sorted(self.spans.items()), noted)).encode(), digest_size=8).hexdigest()

    @cached_property
    def retired(self) -> Mapping[Scope, Entry]:
        """Scopes that are no longer collected; not those for which something was collected later."""
        last = {scope: max((span.end for span in spans), default=EPOCH) for scope, spans in self.spans.items()}
        said = {Scope(e.source, e.scope): e for e in self.noted if e.status is Status.RETIRED}
        return {scope: entry for scope, entry in said.items() if last.get(scope, EPOCH) <= entry.window.start}

    def revisable(self, now: datetime) -> list[Window]:
        """The intervals that a source may still revise at `now`; the data of a retired scope does not change."""
        asked_for = (spans for scope, spans in self.spans.items() if scope not in self.retired)
        return merge(span.window for spans in asked_for for span in spans if span.is_provisional_at(now))

    @cached_property
    def without_open_ends(self) -> Collected:
        """The same, for facts with a different time column: by that time, the ends of complete windows are settled."""
        return replace(self, spans={scope: _without_open_ends(spans) for scope, spans in self.spans.items()})

    def of(self, accepts: Callable[[Scope], bool]) -> Collected:
        """The part for the scopes that `accepts` returns true for."""
        return Collected(
            {scope: spans for scope, spans in self.spans.items() if accepts(scope)},
            tuple(entry for entry in self.noted if accepts(Scope(entry.source, entry.scope))),
            {scope: total for scope, total in self.totals.items() if accepts(scope)},
            tuple(entry for entry in self.gone if accepts(Scope(entry.source, entry.scope))),
        )

    def of_source(self, name: str) -> Collected:
        """The part that one source collected."""
        return self.of(lambda scope: scope.source == name)

    def of_scope(self, name: str) -> Collected:
        """The part for the scopes called `name`; getting each in turn costs no more than getting all."""
        return self._by_name.get(name, NOTHING)

    @cached_property
    def _by_name(self) -> Mapping[str, Collected]:
        parts: dict[str, tuple[dict[Scope, tuple[Span, ...]], list[Entry], dict[Scope, Total], list[Entry]]] = {}
        for scope, spans in self.spans.items():
            part = parts.setdefault(scope.name, ({}, [], {}, []))
            part[0][scope] = spans
            if scope in self.totals:
                part[2][scope] = self.totals[scope]
        for entry in self.noted:
            parts.setdefault(entry.scope, ({}, [], {}, []))[1].append(entry)
        for entry in self.gone:
            parts.setdefault(entry.scope, ({}, [], {}, []))[3].append(entry)
        return {
            name: Collected(spans, tuple(noted), totals, tuple(gone))
            for name, (spans, noted, totals, gone) in parts.items()
        }


NOTHING = Collected({})


def _without_open_ends(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    whole = [span for span in spans if not span.is_provisional]
    return tuple(
        span
        for span in spans
        if not (span.is_provisional and any(w.start <= span.start <= span.end <= w.end for w in whole))
    )


def read_collected(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[str],
    table: str,
    window: Window | None = None,
    as_of: datetime | None = None,
) -> Collected:
    """The state of `table` in some files of the ledger, within `window` and as it was known at `as_of`, if given."""
    # a DuckDB table: Arrow would have to be loaded first, which takes as long as the rest
    connection.execute(f"CREATE TEMP TABLE entries AS {standing(files, as_of, table=table, window=window)}")
    spans: dict[Scope, list[Span]] = {}
    totals: dict[Scope, Total] = {}
    for source, scope, windows, first, last_at in connection.execute(_SCOPES).fetchall():
        spans[Scope(source, scope)] = []
        if windows:
            totals[Scope(source, scope)] = Total(windows, from_micros(first), from_micros(last_at))
    for source, scope, start, end, is_provisional, settles_at in connection.execute(_SPANS).fetchall():
        settled = None if settles_at is None else from_micros(settles_at)
        spans[Scope(source, scope)].append(Span(from_micros(start), from_micros(end), settled, is_provisional))
    noted, gone = _noted(connection)
    return Collected({scope: tuple(found) for scope, found in spans.items()}, noted, totals, gone)


def _noted(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Data that is missing upstream but was collected before is still valid: it is gone upstream, not missing here."""
    noted = entries_of(connection.sql(_NOTED))
    if not any(entry.status is Status.MISSING for entry in noted):
        return noted, ()
    rows = connection.execute(_MISSING_AND_STORED).fetchall()
    stored = {(source, scope, Window(from_micros(start), from_micros(end))) for source, scope, start, end in rows}
    gone = [e.status is Status.MISSING and (e.source, e.scope, e.window) in stored for e in noted]
    return tuple(compress(noted, (not one for one in gone))), tuple(compress(noted, gone))


_SCOPES = """
    SELECT source, scope, count(*) FILTER (is_success), epoch_us(min(window_start) FILTER (is_success)),
           epoch_us(max(observed_at) FILTER (is_success))
    FROM entries
    WHERE window_start < window_end
    GROUP BY source, scope
    ORDER BY source, scope
"""
"""An entry about a request to the source itself has an empty window: it covers nothing, and creates no scope."""

_SPANS = """
    WITH found AS (
        SELECT source, scope, status = 'provisional' AS is_provisional,
               CASE WHEN is_provisional THEN epoch_us(settles_at) END AS settles_at,
               epoch_us(window_start) AS first, epoch_us(least(window_end, covered_until)) AS last, provisional_seconds
        FROM entries
        WHERE is_success AND first < last
    ), covered AS (
        SELECT * EXCLUDE provisional_seconds FROM found
        UNION ALL
        SELECT source, scope, true, NULL, greatest(first, last - 1_000_000 * provisional_seconds), last FROM found
        WHERE provisional_seconds > 0 AND NOT is_provisional
    ), parts AS (
        SELECT *, row_number() OVER () AS part
        FROM (
            SELECT source, scope, is_provisional, settles_at, max(last) AS last_of_all FROM covered GROUP BY ALL
        )
    ), windows AS (
        SELECT part, first, covered.last, last_of_all
        FROM covered JOIN parts ON covered.source = parts.source AND covered.scope = parts.scope
            AND covered.is_provisional = parts.is_provisional
            AND covered.settles_at IS NOT DISTINCT FROM parts.settles_at
    ), reached AS (
        SELECT *, max(last) OVER (
            PARTITION BY part ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS until
        FROM windows
    ), heads AS (
        SELECT part, first, coalesce(lead(until) OVER (PARTITION BY part ORDER BY first), last_of_all) AS last
        FROM (FROM reached WHERE until IS NULL OR first > until)
    )
    SELECT source, scope, heads.first, heads.last, is_provisional, settles_at
    FROM heads JOIN parts USING (part)
    ORDER BY ALL
"""
"""Gaps and islands: windows that touch or overlap, and stop being provisional at the same moment, are merged.

The end of a complete window that may still change is a separate provisional span.
A window that starts after all previous ones have ended starts a new span.
"""

_NOTED = """
    SELECT *
    FROM entries
    WHERE NOT is_success OR rejected > 0 OR reason <> ''
    ORDER BY source, scope, window_start, window_end, observed_at
"""

_MISSING_AND_STORED = """
    SELECT source, scope, epoch_us(window_start), epoch_us(window_end)
    FROM entries
    GROUP BY ALL
    HAVING bool_or(is_success) AND bool_or(status = 'missing')
"""
