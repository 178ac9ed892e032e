"""Beside: several projects by one metric, month by month, aligned by date or by age."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.answer import Answer
from footfall.errors import QueryError, UnknownNameError
from footfall.formats import GAP, listed, number, share_of
from footfall.frames import digest_of
from footfall.hiding import is_small, remark
from footfall.metrics import Kind, Metric
from footfall.periods import Grain, Period, Window, floor, periods_in, shift
from footfall.states import State

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.result import Result

ALIGNMENTS = ("date", "age")
_MOST = 8
"""More lines cannot be distinguished."""


@dataclass(frozen=True)
class Month:
    """One month of one project."""

    project: str
    period: Period
    age: int | None
    """Months since the first of the project with a number; None before it."""
    value: float | None
    coverage: float
    state: State


@dataclass(frozen=True, repr=False)
class Beside(Answer):
    """Projects side by side. By age, months count from the first in which a project has a number that is not 0."""

    command: ClassVar[str] = "beside"
    chart_by: ClassVar[str] = "footfall.charts.beside:draw"

    metric: Metric
    names: tuple[str, ...]
    months: tuple[Month, ...]
    align: str
    since: datetime
    until: datetime
    chosen: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    def of(self, project: str) -> list[Month]:
        """The months of a project, oldest first.

        Args:
            project: One of `names`.

        Example:
            >>> len(ff.beside("commits", ["tool"], months=6).of("tool"))
            6
        """
        return [month for month in self.months if month.project == project]

    def hiding(self, least: int) -> Beside:
        if not self.metric.counts_actors or not any(is_small(month.value, least) for month in self.months):
            return self
        months = tuple(replace(m, value=None) if is_small(m.value, least) else m for m in self.months)
        return replace(self, months=months, notes=(*self.notes, remark(least)))

    @property
    def title(self) -> str:
        return f"{self.metric.title} per month of {listed(self.names)}" + (", by age" if self.align == "age" else "")

    @property
    def span(self) -> str:
        return f"months {self.since:%Y-%m} to {shift(Grain.MONTH, self.until, -1):%Y-%m} (UTC)"

    @property
    def description(self) -> str:
        return f"{self.metric.name}: {self.metric.description}"

    @property
    def question(self) -> dict[str, Any]:
        count = len(periods_in(Grain.MONTH, Window(self.since, self.until)))
        return {"metric": self.metric.name, "projects": list(self.names), "months": count, "align": self.align}

    @property
    def policies(self) -> dict[str, str]:
        return dict(self.chosen)

    def definition(self) -> dict[str, Any]:
        """What is compared.

        Example:
            >>> ff.beside("commits", ["tool"]).definition()["unit"]
            'commits'
        """
        return {"name": self.metric.name, "description": self.metric.description, "unit": self.metric.unit}

    @property
    def coverage(self) -> float:
        """Of all months, the mean."""
        return sum(month.coverage for month in self.months) / len(self.months) if self.months else 0.0

    @property
    def version(self) -> str:
        return digest_of(self.command, self.question, [*self.notes, *self.versions], self.to_arrow())

    def to_arrow(self) -> pa.Table:
        """The columns project, period (its start), age, value, coverage, state."""
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        schema = pa.schema(
            {
                "project": pa.string(),
                "period": pa.timestamp("us", tz="UTC"),
                "age": pa.int64(),
                "value": pa.float64(),
                "coverage": pa.float64(),
                "state": pa.string(),
            }
        )
        rows = [{**vars(month), "period": month.period.start, "state": str(month.state)} for month in self.months]
        return pa.Table.from_pylist(rows, schema)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        return ["project", "period", "age", "value", "coverage", "state"], list(self._lines(is_marked))

    def _lines(self, is_marked: bool) -> Iterator[list[str]]:
        for month in self.months:
            label = f"{month.period.start:%Y-%m-%d}"
            if is_marked:
                age = GAP if month.age is None else str(month.age)
                value = GAP if month.value is None else number(month.value)
                yield [month.project, label, age, value, share_of(month.coverage), month.state.label]
                continue
            age, value = ("" if each is None else repr(each).removesuffix(".0") for each in (month.age, month.value))
            yield [month.project, label, age, value, repr(month.coverage).removesuffix(".0"), str(month.state)]


def ask_beside(
    metric: Metric,
    names: Sequence[str],
    months: int,
    align: str,
    now: datetime,
    ask: Callable[..., Result],
) -> Beside:
    """The projects of `names` side by side, in the `months` that are over.

    Raises:
        UnknownNameError: For an alignment that there is not.
        QueryError: For no project, for too many, or a metric that has no amount by month.
    """
    if align not in ALIGNMENTS:
        raise UnknownNameError("alignment", align, ALIGNMENTS)
    if metric.kind is Kind.LATEST:
        raise QueryError(f"{metric.name} is a point in time and has no monthly amount; compare another metric.")
    if not names or len(names) > _MOST:
        raise QueryError(f"{len(names)} projects cannot be compared; name 1 to {_MOST}.")
    until = floor(Grain.MONTH, now)
    since = shift(Grain.MONTH, until, -months)
    results = {name: ask(metric.name, project=name, grain="month", since=since, until=until) for name in names}
    found = [month for name, result in results.items() for month in _months(name, result, Window(since, until))]
    return Beside(
        metric=metric,
        names=tuple(names),
        months=tuple(found),
        align=align,
        since=since,
        until=until,
        chosen=tuple(next(iter(results.values())).policies.items()),
        notes=tuple(dict.fromkeys(note for result in results.values() for note in result.notes)),
        versions=tuple(result.version for result in results.values()),
    )


def _months(name: str, result: Result, window: Window) -> Iterator[Month]:
    rows: Mapping[datetime, Any] = {result.period_of(row["period"]).start: row for row in result.rows.to_pylist()}
    first: int | None = None
    for n, period in enumerate(periods_in(Grain.MONTH, window)):
        row = rows.get(period.start, {})
        coverage = row.get("coverage", 0.0)
        value = row.get(result.metric.name) if coverage > 0 else None
        if first is None and value:
            first = n
        state = State(row["state"]) if row else State.LOST
        yield Month(name, period, None if first is None else n - first, value, coverage, state)
