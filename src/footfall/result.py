"""Result: the answer to a question about a metric: its rows, and what they mean."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.annotations import Annotation
from footfall.answer import Answer
from footfall.filters import label_of
from footfall.formats import GAP, days_of, instant_of, listed, number, share_of
from footfall.frames import csv_of, plain
from footfall.metrics import Kind, Metric
from footfall.periods import EPOCH, Grain, Period, Window, in_utc, periods_in
from footfall.query import Query
from footfall.states import State

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, repr=False)
class Result(Answer):
    """Rows with their definition, resolved query, coverage and version.

    `rows` has the columns period (its start), the dimensions asked, the metric's own name, when compared
    `<metric>_previous`, change, change_percent and compared, then coverage (0 to 1), is_provisional and state.

    Of a period that is not over, or of which some was not collected, only the time that was collected of both periods
    is compared: `<metric>_previous` and `change` are of that time, and `compared` says how much it is.
    """

    command: ClassVar[str] = "query"
    chart_by: ClassVar[str] = "footfall.charts.results:draw"
    table_by: ClassVar[str] = "footfall.terminal.answers:answer"

    query: Query
    """As asked, with the window and every policy that was settled on the way."""
    metric: Metric
    rows: pa.Table
    notes: tuple[str, ...]
    """What a reader should know about these numbers, a sentence each."""
    version: str
    """Of all that the answer is made of: equal versions have equal rows, notes and questions."""
    coverage: float = 0.0
    """The share of the window that was collected, 0 to 1, whatever rows there are."""
    annotations: tuple[Annotation, ...] = ()
    """What happened in the window, oldest first."""

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The columns with numbers: the metric, and what it is compared with."""
        compared = (f"{self.metric.name}_previous", "change", "change_percent") if self.query.compare else ()
        return (self.metric.name, *compared)

    @property
    def policies(self) -> dict[str, str]:
        """The choice made for each policy of the metric."""
        return dict(self.query.policies)

    # --- words

    @property
    def title(self) -> str:
        """The question in words: "Launches per day by federation, 7-day mean"."""
        query = self.query
        words = [self.metric.title]
        words += [f"per {query.grain}"] if query.grain is not Grain.TOTAL else []
        words += [f"by {listed(query.by)}"] if query.by else []
        words += [f"(top {query.top})"] if query.top else []
        return ", ".join([" ".join(words), *self._treatment])

    @property
    def span(self) -> str:
        """Which time, and what was left out: "2025-01-01 to 2025-12-31 (UTC) · status=success"."""
        span = f"{days_of(self.window)} (UTC)" if self.window.start < self.window.end else "no time"
        return " · ".join([span, *(str(f) for f in self.query.where)])

    @property
    def unit(self) -> str:
        """What an axis counts: "launches per day, 7-day mean"."""
        query, metric = self.query, self.metric
        is_per_period = query.grain is not Grain.TOTAL and metric.kind is not Kind.LEVEL and not query.cumulative
        words = f"{metric.unit} per {query.grain}" if is_per_period else metric.unit
        return ", ".join([words, *self._treatment])

    @property
    def _treatment(self) -> list[str]:
        """What was done with the numbers: a mean, or a running total."""
        query = self.query
        mean = [f"{query.rolling}-{query.grain} mean"] if query.rolling else []
        return [*mean, *(["running total"] if query.cumulative else [])]

    @property
    def compared_with(self) -> str:
        """With which time: a year before, or the window of equal length that ends where the question's begins."""
        if self.query.compare == "year":
            return "a year before"
        if self.query.grain is Grain.TOTAL:
            return "the same span before"
        count = len(periods_in(self.query.grain, self.window))
        return f"the {self.query.grain} before" if count == 1 else f"{count:,} {self.query.grain}s before"

    @property
    def chosen(self) -> list[str]:
        """The choice made of every policy, as one line: "null_origin = gke"."""
        said = " · ".join(f"{name} = {choice}" for name, choice in self.query.policies)
        return [said] if said else []

    # --- time

    @property
    def window(self) -> Window:
        """What the answer is about; empty when nothing was asked and nothing is known."""
        since, until = self.query.since, self.query.until
        return Window(since or until or EPOCH, until or since or EPOCH)

    def period_of(self, start: datetime) -> Period:
        """The period of a row, from its start."""
        if self.query.grain is Grain.TOTAL:
            return Period(self.window.start, self.window.end, Grain.TOTAL)
        return Period.containing(self.query.grain, in_utc(start))

    # --- what it is

    @property
    def description(self) -> str:
        return f"{self.metric.name}: {self.metric.description}"

    def definition(self) -> dict[str, Any]:
        """What the number is."""
        metric = self.metric
        return {
            "name": metric.name,
            "title": metric.title,
            "description": metric.description,
            "unit": metric.unit,
            "kind": str(metric.kind),
            "version": metric.version,
        }

    @property
    def question(self) -> dict[str, Any]:
        """The query as it was answered, every default filled in: `ff.query(**question)` asks it again."""
        query = self.query
        return {
            "metric": query.metric,
            "grain": str(query.grain),
            "since": plain(query.since),
            "until": plain(query.until),
            "by": list(query.by),
            "where": [str(filter) for filter in query.where],
            "top": query.top,
            "rolling": query.rolling,
            "min_coverage": query.min_coverage,
            "cumulative": query.cumulative,
            "compare": query.compare,
            "as_of": plain(query.as_of),
            "policies": self.policies,
        }

    def resolved(self) -> dict[str, Any]:
        """0.1.0's name of `question`."""
        warnings.warn("Result.resolved() is now Result.question.", DeprecationWarning, stacklevel=2)
        return self.question

    @property
    def lake_version(self) -> str:
        """0.1.0's name of `version`."""
        warnings.warn("Result.lake_version is now Result.version.", DeprecationWarning, stacklevel=2)
        return self.version

    # --- rows

    def to_arrow(self) -> pa.Table:
        """period, the dimensions, the metric's own name, what it is compared with, coverage, is_provisional, state."""
        return self.rows

    @property
    def pivot_columns(self) -> tuple[list[str], list[str], list[str]]:
        return ["period"], list(self.query.by), list(self.value_columns)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """period, dimensions, values, coverage, state; for people with thousands, and * for what may still change."""
        compared = ["compared"] if self.query.compare else []
        names = ["period", *self.query.by, *self.value_columns, *compared, "coverage", "state"]
        columns: list[list[str]] = [self._labels()]
        for name in names[1:]:
            cells = self.rows[name].to_pylist()
            write = label_of if name in self.query.by else _shown if is_marked else _csv_cell
            columns.append([write(cell) for cell in cells])
        if is_marked:
            at = names.index(self.metric.name)
            flags = self.rows["is_provisional"].to_pylist()
            marked = zip(columns[at], flags, strict=True)
            columns[at] = [f"{cell}*" if flag and cell != GAP else cell for cell, flag in marked]
            columns[-2] = [share_of(part) for part in self.rows["coverage"].to_pylist()]
            columns[-1] = [State(state).label for state in self.rows["state"].to_pylist()]
        return names, [list(row) for row in zip(*columns, strict=True)]

    def to_csv(self) -> str:
        """Header, then a row a period and group. Coverage and state are last; an unknown number is an empty cell.

        A dimension without value is (none), the empty text is "", as in every face: see `footfall.filters.label_of`.
        """
        return csv_of(*self.lines(is_marked=False))

    def about(self) -> dict[str, Any]:
        """Everything but the rows, for files and programs."""
        return {**super().about(), "annotations": [_annotation(each) for each in self.annotations]}

    def _json_rows(self) -> dict[str, Any]:
        rows = super()._json_rows()["rows"]
        return {"rows": [row | {"period": label} for row, label in zip(rows, self._labels(), strict=True)]}

    def _labels(self) -> list[str]:
        """The periods as ISO dates, of hours as timestamps."""
        is_hour = self.query.grain is Grain.HOUR
        starts = self.rows["period"].to_pylist()
        return [instant_of(s) if is_hour else f"{s:%Y-%m-%d}" for s in starts]


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return instant_of(value) if isinstance(value, datetime) else str(value)


def _annotation(one: Annotation) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "since": plain(one.window.start),
        "until": plain(one.window.end),
        "text": one.text,
        "source": one.source,
        "scope": one.scope,
    }


def _shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return GAP
    if isinstance(value, str):
        return value
    return instant_of(value) if isinstance(value, datetime) else number(value)
