"""Result: the answer to a question about a metric: its rows, and what they mean."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.annotations import Annotation
from footfall.answer import Answer
from footfall.errors import UnknownNameError
from footfall.filters import Value, label_of
from footfall.formats import GAP, days_of, instant_of, listed, number, share_of
from footfall.frames import csv_of, digest_of, plain
from footfall.hiding import hide_columns, remark, unranked
from footfall.metrics import Kind, Metric
from footfall.periods import EPOCH, Grain, Period, Window, in_utc, periods_in
from footfall.query import Query
from footfall.states import State, worst

if TYPE_CHECKING:
    import pyarrow as pa


SHARED_COLUMNS = ("coverage", "is_provisional", "state")
"""Columns that a row has once for all of its metrics."""


@dataclass(frozen=True, repr=False)
class Result(Answer):
    """Rows with their definition, resolved query, coverage and version.

    `rows` has the columns period (its start), the dimensions asked, the metric's own name, of a reported count
    `<metric>_least` and `<metric>_most`, when compared `<metric>_previous`, change, change_percent and compared, then
    coverage (0 to 1), is_provisional and state. Of several metrics each has its columns (`<metric>_change` …), and a
    `<metric>_coverage`, `_is_provisional` and `_state` where they were not collected alike; those of the row are then the
    worst of them.

    Of a period that is not over, or of which some was not collected, only the time that was collected of both periods
    is compared: `<metric>_previous` and `change` are of that time, and `compared` says how much it is.
    """

    command: ClassVar[str] = "query"
    chart_by: ClassVar[str] = "footfall.charts.results:draw"
    table_by: ClassVar[str] = "footfall.terminal.answers:answer"

    query: Query
    """The resolved query, with its window and policies."""
    metrics: tuple[Metric, ...]
    """The metrics, in the order of the query."""
    rows: pa.Table
    notes: tuple[str, ...]
    """Notes about these numbers, one sentence each."""
    version: str
    """A hash of everything the answer depends on: equal versions have equal rows, notes and questions."""
    coverage: float = 0.0
    """The share of the window that was collected, 0 to 1, independent of the rows."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """Labels of dimensions whose values are codes. Rows and files keep the codes."""
    annotations: tuple[Annotation, ...] = ()
    """What happened in the window, oldest first."""
    overlaps: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Of metrics whose groups share some of what is counted: how much more these add up to than their total."""

    def label(self, dimension: str, value: Value) -> str:
        """A value for display: the label of a code, with the code if the label is not unique.

        Args:
            dimension: The dimension that the value is of.
            value: A value of a row.

        Example:
            >>> ff.query("commits", by=["repo"]).label("repo", None)
            '(none)'
        """
        labels = self.labels.get(dimension, {})
        label = labels.get(value) if isinstance(value, str) else None
        if label is None:
            return label_of(value)
        return label if list(labels.values()).count(label) == 1 else f"{label} ({value})"

    @property
    def metric(self) -> Metric:
        """The metric, or the first of several."""
        return self.metrics[0]

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The columns with numbers: of each metric its own, the range of a reported count, and what it is compared with."""
        return tuple(name for metric in self.metrics for name in (metric.name, *self._beside(metric)))

    def _beside(self, metric: Metric) -> list[str]:
        """The columns of a metric next to its own."""
        columns = ["least", "most"] if metric.kind is Kind.REPORTED else []
        columns += ["previous"] if self.query.compare else []
        named = [f"{metric.name}_{column}" for column in columns]
        if not self.query.compare:
            return named
        prefix = "" if len(self.metrics) == 1 else f"{metric.name}_"
        return [*named, f"{prefix}change", f"{prefix}change_percent"]

    @property
    def _compared_columns(self) -> list[str]:
        """The columns of the compared time."""
        if not self.query.compare:
            return []
        return ["compared"] if len(self.metrics) == 1 else [f"{metric.name}_compared" for metric in self.metrics]

    @property
    def coverage_columns(self) -> tuple[str, ...]:
        """The coverage of each of several metrics, where it is not the same, and that of the row."""
        own = (f"{metric.name}_coverage" for metric in self.metrics)
        return (*(name for name in own if name in self.rows.column_names), "coverage")

    def only(self, metric: str) -> Result:
        """The answer about one of several metrics.

        Args:
            metric: One of the metrics that were asked for.

        Raises:
            UnknownNameError: For another one.

        Example:
            >>> ff.query("commits", "authors").only("authors").metric.name
            'authors'
        """
        if metric not in self.query.metrics:
            raise UnknownNameError("metric of this answer", metric, self.query.metrics)
        if len(self.metrics) == 1:
            return self
        (chosen,) = (each for each in self.metrics if each.name == metric)
        own = [*self._beside(chosen), *(name for name in self._compared_columns if name == f"{metric}_compared")]
        short = ("_change", "_change_percent", "_compared")
        beside = {name: name.removeprefix(f"{metric}_") if name.endswith(short) else name for name in own}
        has = self.rows.column_names
        shared = {
            f"{metric}_{name}" if f"{metric}_{name}" in has else name: name for name in SHARED_COLUMNS if name in has
        }
        names = {"period": "period", **{name: name for name in self.query.by}, metric: metric, **beside, **shared}
        rows = self.rows
        prefix = f"{metric}."
        policies = [
            (name.removeprefix(prefix), choice)
            for name, choice in self.query.policies
            if name.startswith(prefix) or name in (policy.name for policy in chosen.policies)
        ]
        query = replace(self.query, metrics=(metric,), policies=tuple(policies))
        return replace(
            self, query=query, metrics=(chosen,), rows=rows.select(list(names)).rename_columns(list(names.values()))
        )

    @property
    def policies(self) -> dict[str, str]:
        """The choice made for each policy of the metric."""
        return dict(self.query.policies)

    def hiding(self, least: int) -> Result:
        counted = [metric for metric in self.metrics if metric.counts_actors]
        rows = self.rows
        for metric in counted if least else ():
            rows = self._hidden(rows, metric, least)
        if rows.equals(self.rows):
            return self
        if self.query.grain is Grain.TOTAL:
            rows = unranked(self.rows, rows, [metric.name for metric in counted], self.query.by)
        version = digest_of("hiding", {"least": least, "version": self.version}, (), rows)
        return replace(self, rows=rows, notes=(*self.notes, remark(least)), version=version)

    def _hidden(self, rows: pa.Table, metric: Metric, least: int) -> pa.Table:
        """The rows without the small counts of a metric, and what can be computed from them."""
        beside = self._beside(metric)
        own = [metric.name, *(name for name in beside if name in (f"{metric.name}_least", f"{metric.name}_most"))]
        before = [name for name in beside if name == f"{metric.name}_previous"]
        changes = [name for name in beside if name not in (*own, *before)]
        cells = ("period", *self.query.by)
        rows = hide_columns(rows, cells, own, changes, least)
        return hide_columns(rows, cells, before, changes, least) if before else rows

    # --- words

    @property
    def title(self) -> str:
        """The question in words: "Launches per day by federation, 7-day mean"."""
        query = self.query
        first, *others = [metric.title for metric in self.metrics]
        words = [listed([first, *(_within_sentence(title) for title in others)])]
        words += [f"per {query.grain}"] if query.grain is not Grain.TOTAL else []
        words += [f"by {listed(query.by)}"] if query.by else []
        words += [f"(top {query.top})"] if query.top and self._has_groups(query.top) else []
        return ", ".join([" ".join(words), *self._treatment])

    def _has_groups(self, least: int) -> bool:
        """Whether there are that many groups; with fewer, none was left out."""
        groups: int = self.rows.group_by(list(self.query.by)).aggregate([]).num_rows
        return groups >= least

    @property
    def span(self) -> str:
        """The time span and the filters: "2025-01-01 to 2025-12-31 (UTC) · status=success"."""
        span = f"{days_of(self.window)} (UTC)" if self.window.start < self.window.end else "no time"
        return " · ".join([span, *(str(f) for f in self.query.where)])

    @property
    def unit(self) -> str:
        """The unit of an axis: "launches per day, 7-day mean"."""
        query, metric = self.query, self.metric
        is_per_period = query.grain is not Grain.TOTAL and metric.kind is not Kind.LEVEL and not query.cumulative
        words = f"{metric.unit} per {query.grain}" if is_per_period else metric.unit
        return ", ".join([words, *self._treatment])

    @property
    def _treatment(self) -> list[str]:
        """The transformation: a mean, or a running total."""
        query = self.query
        mean = [f"{query.rolling}-{query.grain} mean"] if query.rolling else []
        return [*mean, *(["running total"] if query.cumulative else [])]

    @property
    def compared_with(self) -> str:
        """The compared time: a year before, or the window of equal length right before."""
        if self.query.compare == "year":
            return "a year before"
        if self.query.grain is Grain.TOTAL:
            return "the same span before"
        count = len(periods_in(self.query.grain, self.window))
        return f"the {self.query.grain} before" if count == 1 else f"{count:,} {self.query.grain}s before"

    @property
    def chosen(self) -> list[str]:
        """The choices of all policies, as one line: "null_origin = gke"."""
        said = " · ".join(f"{name} = {choice}" for name, choice in self.query.policies)
        return [said] if said else []

    # --- time

    @property
    def window(self) -> Window:
        """What the answer is about; empty when nothing was asked and nothing is known."""
        since, until = self.query.since, self.query.until
        return Window(since or until or EPOCH, until or since or EPOCH)

    def period_of(self, start: datetime) -> Period:
        """The period of a row, from its start.

        Args:
            start: What a row has in the column `period`.

        Example:
            >>> found = ff.query("commits", grain="month", last=1)
            >>> found.period_of(found.rows["period"][0].as_py()).label
            '2026-03'
        """
        if self.query.grain is Grain.TOTAL:
            return Period(self.window.start, self.window.end, Grain.TOTAL)
        return Period.containing(self.query.grain, in_utc(start))

    # --- what it is

    @property
    def description(self) -> str:
        return "\n".join(f"{metric.name}: {metric.description}" for metric in self.metrics)

    def definition(self) -> dict[str, Any]:
        """What the number is; of several metrics what each is, by name."""
        if len(self.metrics) > 1:
            return {metric.name: _definition(metric) for metric in self.metrics}
        return _definition(self.metric)

    @property
    def question(self) -> dict[str, Any]:
        """The query as it was answered, every default filled in: `ff.query(**question)` asks it again."""
        query = self.query
        return {
            "metric": query.metric if len(query.metrics) == 1 else list(query.metrics),
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
        names = [
            "period",
            *self.query.by,
            *self.value_columns,
            *self._compared_columns,
            *self.coverage_columns,
            "state",
        ]
        columns: list[list[str]] = [self._labels()]
        for name in names[1:]:
            cells = self.rows[name].to_pylist()
            if name in self.query.by:
                columns.append([self.label(name, cell) if is_marked else label_of(cell) for cell in cells])
                continue
            write = _shown if is_marked else _csv_cell
            columns.append([write(cell) for cell in cells])
        if is_marked:
            flags = self.rows["is_provisional"].to_pylist()
            for at in (names.index(metric.name) for metric in self.metrics):
                marked = zip(columns[at], flags, strict=True)
                columns[at] = [f"{cell}*" if flag and cell != GAP else cell for cell, flag in marked]
            for name in self.coverage_columns:
                columns[names.index(name)] = [share_of(part) for part in self.rows[name].to_pylist()]
            columns[-1] = [State(state).label for state in self.rows["state"].to_pylist()]
        return names, [list(row) for row in zip(*columns, strict=True)]

    def to_csv(self) -> str:
        """Header, then a row per period and group. Coverage and state are last; an unknown number is an empty cell.

        A dimension without value is (none), the empty text is "", as in every output: see `footfall.filters.label_of`.
        """
        return csv_of(*self.lines(is_marked=False))

    def about(self) -> dict[str, Any]:
        """Everything but the rows, for files and programs."""
        return {**super().about(), "annotations": [annotation_record(each) for each in self.annotations]}

    def _json_rows(self) -> dict[str, Any]:
        rows = super()._json_rows()["rows"]
        return {"rows": [row | {"period": label} for row, label in zip(rows, self._labels(), strict=True)]}

    @property
    def _collected(self) -> str:
        """Unfinished time does not count as missing."""
        state = worst(State(state) for state in self.rows["state"].to_pylist())
        return state.label if state is State.NOT_OVER else super()._collected

    def _labels(self) -> list[str]:
        """The periods as ISO dates, of hours as timestamps."""
        is_hour = self.query.grain is Grain.HOUR
        starts = self.rows["period"].to_pylist()
        return [instant_of(s) if is_hour else f"{s:%Y-%m-%d}" for s in starts]


def _definition(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "description": metric.description,
        "unit": metric.unit,
        "kind": str(metric.kind),
        "version": metric.version,
    }


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return instant_of(value) if isinstance(value, datetime) else str(value)


def annotation_record(one: Annotation) -> dict[str, Any]:
    """An annotation, for programs: kind, since, until (equal for a moment), text, source, scope."""
    return {
        "kind": str(one.kind),
        "since": plain(one.window.start),
        "until": plain(one.window.end),
        "text": one.text,
        "source": one.source,
        "scope": one.scope,
    }


def _shown(value: Any) -> str:
    """A value for display."""
    if value is None:
        return GAP
    if isinstance(value, str):
        return value
    return instant_of(value) if isinstance(value, datetime) else number(value)


def _within_sentence(title: str) -> str:
    """A title after the first word of a sentence; a name such as "PyPI downloads" keeps its capital."""
    return title[:1].lower() + title[1:] if title[1:2].islower() and title.split(" ")[0][1:].islower() else title
