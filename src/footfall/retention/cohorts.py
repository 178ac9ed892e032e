"""Cohorts: the actors of one event in a period, and how many of them did another event in later periods.

Column 0 is the row's own period, column k the k-th after it. Periods are calendar days, ISO weeks, months and years
in UTC: what Mixpanel calls calendar interval retention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from footfall.formats import days_of, instant_of, listed
from footfall.frames import csv_of
from footfall.hiding import is_small
from footfall.options import MOST, choice_of, count_of
from footfall.periods import Grain, Period, Window, in_utc, periods_in
from footfall.retention.answers import ActivityAnswer, open_cell, window_of_rows
from footfall.retention.counting import CohortPlan, Counting, counting_of
from footfall.retention.groups import Narrowing, Narrowings, conditions_of, name_of
from footfall.retention.spans import (
    GRAINS,
    SetReader,
    chosen,
    is_whole,
    may_be_revised,
    present,
    share,
    shown_periods,
    unknown_before,
    why_not_whole,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.charts.pictures import Picture


class CohortKind(StrEnum):
    """The actors of a row."""

    ACTIVE = "active"
    """All actors who did `first` in the row's period (as in bitmapist): an actor can be in many rows."""
    NEW = "new"
    """The actors who did `first` for the first time ever in the row's period: each is in one row at most."""


class Retention(StrEnum):
    """When an actor counts as retained in column k."""

    RETURN = "return"
    """Did `then` in exactly that period: Amplitude's "return on", Mixpanel's "on" (N-day retention)."""
    UNBOUNDED = "unbounded"
    """Did `then` in that period or any later one up to now: "return on or after", rolling or unbounded retention."""


@dataclass(frozen=True)
class CohortRow:
    """A cohort: its size, and how many came back; `counts[k]` is column k, up to the current period."""

    period: Period
    size: int
    counts: tuple[int, ...]

    def percent(self, column: int) -> float | None:
        """The share of the cohort, in percent; None, not 0 %, for an empty cohort."""
        return share(self.counts[column], self.size)


@dataclass(frozen=True, repr=False)
class Cohort(ActivityAnswer):
    """Rows of cohorts, oldest first, and what they mean."""

    command: ClassVar[str] = "cohort"
    chart_by: ClassVar[str] = "footfall.charts.cohorts:draw"
    table_by: ClassVar[str] = "footfall.terminal.activity:cohort"

    first: str
    then: str
    grain: Grain
    kind: CohortKind
    retention: Retention
    columns: int
    where_first: tuple[str, ...]
    where_then: tuple[str, ...]
    rows: tuple[CohortRow, ...]

    def is_open(self, row: CohortRow, column: int = 0) -> bool:
        """Whether the period of a cell, or of its row, was not over or not completely collected.

        Args:
            row: A row of this cohort.
            column: How many periods later; 0 is the row's own.

        Example:
            >>> found = ff.cohort("signed_up", "active", grain="month", last=2)
            >>> [found.is_open(found.rows[0], column) for column in (0, 1)]
            [False, True]
        """
        if column < len(row.counts) - 1 and not self.gaps:
            return False  # another period has started after it
        is_known = is_whole(row.period.shift(column).window, self.asked_at, self.gaps)
        return not is_known or (column > 0 and not is_whole(row.period.window, self.asked_at, self.gaps))

    def is_provisional(self, row: CohortRow, column: int = 0) -> bool:
        """Whether the number of a cell may still change.

        In an open period it may, and while the source of an event may still revise the period. With unbounded
        retention it may in any period: "or later" ends only when every actor of the row came back.

        Args:
            row: A row of this cohort.
            column: How many periods later; 0 is the row's own.

        Example:
            >>> found = ff.cohort("signed_up", "active", grain="month", last=2, retention="unbounded")
            >>> row = found.rows[0]
            >>> row.size, row.counts, [found.is_provisional(row, column) for column in (0, 1)]
            (3, (2, 2), [True, True])
        """
        if self.retention is Retention.UNBOUNDED:
            return self.is_open(row) or row.counts[column] < row.size or self._may_be_revised(row, column)
        return self.is_open(row, column) or self._may_be_revised(row, column)

    def is_size_provisional(self, row: CohortRow) -> bool:
        """Whether the size of a row may still change.

        Args:
            row: A row of this cohort.

        Example:
            >>> found = ff.cohort("signed_up", "active", grain="month", last=2)
            >>> [found.is_size_provisional(row) for row in found.rows]
            [False, True]
        """
        return self.is_open(row) or may_be_revised(row.period.window, self.revisable)

    def _may_be_revised(self, row: CohortRow, column: int) -> bool:
        own, later = row.period.window, row.period.shift(column).window
        if self.retention is Retention.UNBOUNDED:
            later = Window(later.start, max(later.end, self.asked_at))
        return may_be_revised(own, self.revisable) or may_be_revised(later, self.revisable)

    @property
    def may_change(self) -> bool:
        """Whether cells of finished periods are provisional too: `why_it_may_change` says why."""
        return any(
            self.is_provisional(row, k) and not self.is_open(row, k)
            for row in self.rows
            for k in range(len(row.counts))
        )

    @property
    def why_provisional(self) -> str:
        """Why numbers may still change, as part of a sentence."""
        open_ = f"the {self.grain} is {why_not_whole(self.gaps)}"
        return f"{open_}, or {self.why_it_may_change}" if self.may_change else open_

    @property
    def why_it_may_change(self) -> str:
        """Why numbers of finished periods may still change, as part of a sentence."""
        reasons = ["actors may still come back later"] if self.retention is Retention.UNBOUNDED else []
        reasons += ["their source may still revise them"] if self.revisable else []
        return ", or ".join(reasons)

    @cached_property
    def averages(self) -> tuple[float | None, ...]:
        """Per column, in percent: the sum of the counts of its closed cells divided by the sum of cohort sizes."""
        return tuple(self._average(column) for column in range(self.columns))

    def _average(self, column: int) -> float | None:
        rows = self._finished(column)
        return share(sum(row.counts[column] for row in rows), sum(row.size for row in rows))

    @cached_property
    def peak(self) -> float:
        """The largest share after column 0, in percent."""
        shares = (row.percent(k) for row in self.rows for k in range(len(row.counts)) if k or self.columns == 1)
        return max((share for share in shares if share is not None), default=0.0)

    def is_average_broad(self, column: int) -> bool:
        """Whether an average is representative: it covers at least two cohorts and a tenth of all actors.

        Args:
            column: How many periods later.

        Example:
            >>> found = ff.cohort("signed_up", "active", grain="month", last=2)
            >>> [found.is_average_broad(column) for column in (0, 1)]
            [False, False]
        """
        rows = self._finished(column)
        return len(rows) > 1 and 10 * sum(row.size for row in rows) >= sum(row.size for row in self.rows)

    def _finished(self, column: int) -> list[CohortRow]:
        return [r for r in self.rows if r.size and len(r.counts) > column and not self.is_open(r, column)]

    @property
    def title(self) -> str:
        """ "Repositories launched again, by week of first launch"."""
        if self.first != self.then:
            phrase = f"{self.actors} who did {self.then} after {self.first}"
        else:
            phrase = self.again or f"{self.actors} who did {self.first} again"
        starting = self.action if self.again and self.first == self.then else self.first
        later = " (then or later)" if self.retention is Retention.UNBOUNDED else ""
        first = "first " if self.kind is CohortKind.NEW else ""
        return f"{phrase[:1].upper()}{phrase[1:]}{later}, by {self.grain} of {first}{starting}"

    @property
    def span(self) -> str:
        """The time span and the conditions: "2026-01-05 to 2026-03-11 (UTC) · rows with paid"."""
        parts = [f"{days_of(window_of_rows(self.rows))} (UTC)"]
        parts += [f"rows with {listed(self.where_first)}"] if self.where_first else []
        parts += [f"columns with {listed(self.where_then)}"] if self.where_then else []
        return " · ".join(parts)

    @property
    def observed(self) -> Window:
        """From the period of the first row to the last column of the last row."""
        last = self.rows[-1]
        return Window(self.rows[0].period.start, last.period.shift(max(0, len(last.counts) - 1)).end)

    def lines(self, *, is_marked: bool, counts: bool = False) -> tuple[list[str], list[list[str]]]:
        names = ["period", "size", *map(str, range(self.columns))]
        return names, [self._line(row, is_marked, counts) for row in self.rows]

    def _line(self, row: CohortRow, is_marked: bool, counts: bool) -> list[str]:
        """The size is shown even if its period is unfinished: it is the size so far."""
        percents = ["" if (share := row.percent(k)) is None else f"{share:.1f}" for k in range(len(row.counts))]
        texts = [str(count) for count in row.counts] if counts else percents
        is_marked_at = self.is_provisional if is_marked else self.is_open
        cells = [open_cell(text, is_marked_at(row, k), is_marked) for k, text in enumerate(texts)]
        size = open_cell(str(row.size), is_marked and self.is_size_provisional(row), is_marked)
        return [row.period.iso, size, *cells, *[""] * (self.columns - len(cells))]

    def to_csv(self, *, counts: bool = False) -> str:
        """period, size, then percentages (or counts) by column; empty where the period is not over or the cohort is empty.

        The size of a period that is not over is the size so far, and its column 0 is empty. With unbounded retention,
        or if a source may still revise numbers, a last column, `is_provisional`, says whether a number of the row may
        still change.
        """
        names, rows = self.lines(is_marked=False, counts=counts)
        if self.retention is Retention.UNBOUNDED or self.revisable:
            may_change = [any(self.is_provisional(row, k) for k in range(len(row.counts))) for row in self.rows]
            names.append("is_provisional")
            rows = [[*row, str(changes).lower()] for row, changes in zip(rows, may_change, strict=True)]
        return csv_of(names, rows)

    def _json_rows(self) -> dict[str, Any]:
        """The rows with their cells, and the averages of the columns."""
        return {"rows": [*map(self._row_as_json, self.rows)], "averages": self.averages}

    def _row_as_json(self, row: CohortRow) -> dict[str, Any]:
        cells = [
            {"column": k, "count": n, "percent": row.percent(k), "is_provisional": self.is_provisional(row, k)}
            for k, n in enumerate(row.counts)
        ]
        return {
            "period": row.period.iso,
            "label": row.period.label,
            "size": row.size,
            "is_provisional": self.is_size_provisional(row),
            "cells": cells,
        }

    @property
    def question(self) -> dict[str, Any]:
        """The question with all defaults filled in: `ff.cohort(**question)` repeats it."""
        rows = window_of_rows(self.rows)
        return {
            "first": self.first,
            "then": self.then,
            "grain": str(self.grain),
            "since": instant_of(rows.start),
            "until": instant_of(rows.end),
            "columns": self.columns,
            "kind": str(self.kind),
            "retention": str(self.retention),
            "where_first": list(self.where_first),
            "where_then": list(self.where_then),
            "as_of": instant_of(self.asked_at),
        }

    def _shown(self, least: int) -> Self | None:
        """The rows of cohorts that are large enough, each up to its first small count."""
        large = (_up_to_small(row, least) for row in self.rows if not is_small(row.size, least))
        rows = tuple(row for row in large if row.counts)
        note = f"Counts of actors from 1 to {least - 1:,} are hidden: such cohorts are left out, and rows end before the first such count."
        return replace(self, rows=rows, notes=(*self.notes, note)) if rows else None

    @property
    def counts(self) -> list[int]:
        return [count for row in self.rows for count in (row.size, *row.counts)]

    @property
    def description(self) -> str:
        """What rows and cells mean, in two sentences."""
        new = ", for the first time ever" if self.kind is CohortKind.NEW else ""
        or_later = ", or in any later one up to now" if self.retention is Retention.UNBOUNDED else ""
        rows, cells = (
            f", only those with {' and '.join(where)}" if where else "" for where in (self.where_first, self.where_then)
        )
        return (
            f"A row is the actors who did '{self.first}' in its {self.grain}{new}{rows}. "
            f"Column k says how many of them did '{self.then}' k {self.grain}s later{or_later}{cells}."
        )

    def chart(
        self,
        form: str = "heatmap",
        *,
        theme: str | None = None,
        title: str | None = None,
        size: tuple[int, int] | None = None,
        **options: Any,
    ) -> Picture:
        """The cohorts as a `heatmap` of percentages, or with `counts=True` of actors, or as `curves`. See `Answer.chart`."""
        return super().chart(theme=theme, title=title, size=size, form=form, **options)

    def to_arrow(self) -> pa.Table:
        """A row per cell whose period has started: period, size, column, count, percent (null of an empty cohort), is_provisional."""
        import pyarrow as pa

        cells = [(row, column) for row in self.rows for column in range(len(row.counts))]
        columns = {
            "period": pa.array([row.period.start for row, _ in cells], pa.timestamp("us", "UTC")),
            "size": pa.array([row.size for row, _ in cells], pa.int64()),
            "column": pa.array([column for _, column in cells], pa.int64()),
            "count": pa.array([row.counts[column] for row, column in cells], pa.int64()),
            "percent": pa.array([row.percent(column) for row, column in cells], pa.float64()),
            "is_provisional": pa.array([self.is_provisional(row, column) for row, column in cells], pa.bool_()),
        }
        return pa.table(columns)

    @property
    def line_count(self) -> int:
        return len(self.rows)

    @property
    def pivot_columns(self) -> tuple[list[str], list[str], list[str]]:
        return ["period", "size"], ["column"], ["percent"]


def _up_to_small(row: CohortRow, least: int) -> CohortRow:
    end = next((k for k, count in enumerate(row.counts) if is_small(count, least)), len(row.counts))
    return replace(row, counts=row.counts[:end])


def cohort(
    sets: SetReader | Counting,
    first: str,
    then: str,
    *,
    now: datetime,
    grain: str = "week",
    last: int | None = None,
    columns: int = 12,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str = "active",
    retention: str = "return",
    where_first: Narrowings = (),
    where_then: Narrowings = (),
    gaps: Sequence[Window] = (),
) -> Cohort:
    """Follow the actors who did `first` through later periods of `then`.

    `where_first` filters the rows and `where_then` the columns, each to actors who also did an event in the same period
    or are in a fixed set. Rows are the `last` 12, or all from `since` on, up to `until`; columns continue to now. "New"
    is decided before filtering: it means the first time of `first`.
    """
    by, now = Grain(choice_of("grain", grain, GRAINS)), in_utc(now)
    whose, form = chosen("kind of cohort", kind, CohortKind), chosen("retention", retention, Retention)
    width = count_of("columns", columns, MOST) or 1
    of_rows, of_columns = conditions_of(where_first), conditions_of(where_then)
    periods, row_notes = shown_periods(by, last, since and in_utc(since), until and in_utc(until), now)
    begun = periods_in(by, Window(periods[0].start, present(by, now).end))
    shown = min(len(begun), len(periods) + width - 1)
    if form is Retention.RETURN:
        begun = begun[:shown]
    plan = CohortPlan(
        first,
        then,
        by,
        periods,
        begun,
        shown,
        width,
        whose is CohortKind.NEW,
        form is Retention.UNBOUNDED,
        of_rows,
        of_columns,
        now,
    )
    counted = counting_of(sets).cohort(plan)
    notes = [
        *row_notes,
        *_unknown(whose, form, gaps, periods, now),
        *(_unmet("of any row", each, by) for each in counted.unmet_of_rows),
        *(_unmet(f"who did {then!r}", each, by) for each in counted.unmet_of_columns),
    ]
    return Cohort(
        first=first,
        then=then,
        grain=by,
        kind=whose,
        retention=form,
        columns=width,
        where_first=tuple(map(name_of, of_rows)),
        where_then=tuple(map(name_of, of_columns)),
        asked_at=now,
        rows=tuple(CohortRow(p, n, tuple(c)) for p, n, c in zip(periods, counted.sizes, counted.cells, strict=True)),
        gaps=tuple(gaps),
        notes=tuple(notes),
    )


def _unmet(who: str, condition: Narrowing, grain: Grain) -> str:
    """A note on a condition that leaves only zeros."""
    if isinstance(condition, str):
        return f"No actor {who} did {condition!r} in the same {grain}, so nothing but zeros is left."
    return f"No actor {who} is in {condition.name}, so nothing but zeros is left."


def _unknown(
    kind: CohortKind, form: Retention, gaps: Sequence[Window], periods: Sequence[Period], now: datetime
) -> list[str]:
    """Notes on the effect of gaps beyond the periods that they touch."""
    notes = list(unknown_before(gaps, periods[-1].start)) if kind is CohortKind.NEW else []
    if form is Retention.UNBOUNDED and any(periods[0].start < gap.end and gap.start < now for gap in gaps):
        notes.append("Anyone who came back only during a gap does not count as retained.")
    return notes
