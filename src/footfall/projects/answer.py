"""Project: one project across all sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.annotations import Annotation, AnnotationKind, sort_annotations
from footfall.answer import Answer
from footfall.formats import GAP, instant_of, moment_of, number, share_of
from footfall.frames import digest_of, plain
from footfall.periods import Grain, Window, periods_in
from footfall.projects.numbers import Facet, Number

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, repr=False)
class Project(Answer):
    """One project across all configured sources. Its rows are numbers: a metric, a span, a value.

    Example:
        >>> ff.project("tool")["commits"].number("total").value
        4
    """

    command: ClassVar[str] = "project"
    chart_by: ClassVar[str] = "footfall.charts.projects:draw"
    table_by: ClassVar[str] = "footfall.terminal.projects:project"

    name: str
    about_it: str
    """What the settings say it is."""
    facets: tuple[Facet, ...]
    since: datetime
    """The first month of the timeline."""
    until: datetime
    """The first moment after its last month, which is over."""
    asked_at: datetime

    def __getitem__(self, metric: str) -> Facet:
        """What is known by one metric.

        Args:
            metric: Its name.

        Raises:
            KeyError: Where no configured source has it for this project.

        Example:
            >>> len(ff.project("tool", months=6)["commits"].months)
            6
        """
        for facet in self.facets:
            if facet.metric.name == metric:
                return facet
        raise KeyError(metric)

    def __contains__(self, metric: object) -> bool:
        return any(facet.metric.name == metric for facet in self.facets)

    @property
    def month_starts(self) -> tuple[datetime, ...]:
        """When each month of the timeline begins, oldest first."""
        return tuple(period.start for period in periods_in(Grain.MONTH, Window(self.since, self.until)))

    def hiding(self, least: int) -> Project:
        facets = tuple(facet.hiding(least) for facet in self.facets)
        return self if facets == self.facets else replace(self, facets=facets)

    # --- words

    @property
    def title(self) -> str:
        return self.name

    @property
    def span(self) -> str:
        last = self.until - timedelta(days=1)
        return f"computed {moment_of(self.asked_at)} · months {self.since:%Y-%m} to {last:%Y-%m} (UTC)"

    @property
    def description(self) -> str:
        return self.about_it or "The project across all sources."

    @property
    def question(self) -> dict[str, Any]:
        return {"name": self.name, "months": len(self.month_starts)}

    def definition(self) -> dict[str, Any]:
        """What each number is, by metric.

        Example:
            >>> ff.project("tool").definition()["commits"]["where"]
            'repo=project'
        """
        return {
            facet.metric.name: {
                "title": facet.metric.title,
                "description": facet.metric.description,
                "unit": facet.metric.unit,
                "kind": str(facet.metric.kind),
                "where": facet.kept,
                "policies": facet.policies,
            }
            for facet in self.facets
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, each sentence once, with the metrics that it is about."""
        said: dict[str, list[str]] = {}
        silent = [(facet, f"there is no data yet for {facet.kept}; this does not mean 0.") for facet in self.silent]
        noted = [(facet, note) for facet in self.facets for note in facet.notes]
        for about, note in (*silent, *noted):
            said.setdefault(note, []).append(about.metric.title)
        without = () if self.facets else ("No configured source has a name of this project.",)
        return (*without, *(f"{', '.join(titles)}: {note}" for note, titles in said.items()))

    @property
    def silent(self) -> tuple[Facet, ...]:
        """What nothing at all is known of."""
        return tuple(facet for facet in self.facets if facet.is_silent)

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What happened to the project, oldest first."""
        return sort_annotations(dict.fromkeys(one for facet in self.facets for one in facet.annotations))

    @property
    def releases(self) -> tuple[Annotation, ...]:
        """The project's releases, oldest first."""
        return tuple(one for one in self.annotations if one.kind is AnnotationKind.RELEASE)

    @property
    def coverage(self) -> float:
        """The share of the months of all timelines that was collected."""
        parts = [each.coverage for facet in self.facets for each in facet.months or facet.numbers]
        return sum(parts) / len(parts) if parts else 0.0

    @property
    def version(self) -> str:
        versions = [version for facet in self.facets for version in facet.versions]
        return digest_of(self.command, self.question, [*self.notes, *versions], self.to_arrow())

    # --- rows

    def to_arrow(self) -> pa.Table:
        """The columns metric, span, period (its start), value, moment (of a latest), coverage, is_provisional, state."""
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        moment = pa.timestamp("us", tz="UTC")
        types = {"metric": pa.string(), "span": pa.string(), "period": moment, "value": pa.float64(), "moment": moment}
        types |= {"coverage": pa.float64(), "is_provisional": pa.bool_(), "state": pa.string()}
        return pa.Table.from_pylist([_row(f, each) for f in self.facets for each in f.numbers], pa.schema(types))

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        write = _marked_line if is_marked else _line
        heads = ["metric", "span", "period", "value", "coverage", "state"]
        return heads, [write(facet, each) for facet in self.facets for each in facet.numbers]

    def about(self) -> dict[str, Any]:
        """Everything but the rows; with what happened, releases among it."""
        happened = [
            {"kind": str(a.kind), "since": plain(a.window.start), "until": plain(a.window.end), "text": a.text}
            for a in self.annotations
        ]
        return {**super().about(), "description": self.description, "annotations": happened}

    def to_napari_hub(self) -> dict[str, Any]:
        """The project in the shape of napari hub's activity API; unknown values are null, where that API has 0.

        Days and months are in UTC, the last 30 days are 30 whole days, and months are over, oldest first.

        Example:
            >>> ff.project("tool").to_napari_hub()["maintenance"]["stats"]["total_commits"]
            4
        """
        from footfall.projects.napari import activity_of

        return activity_of(self)


def _row(facet: Facet, each: Number) -> dict[str, Any]:
    is_moment = isinstance(each.value, datetime)
    return {
        "metric": facet.metric.name,
        "span": str(each.span),
        "period": each.start,
        "value": each.value if isinstance(each.value, int | float) else None,
        "moment": each.value if is_moment else None,
        "coverage": each.coverage,
        "is_provisional": each.is_provisional,
        "state": str(each.state),
    }


def _line(facet: Facet, each: Number) -> list[str]:
    """A line of a file."""
    match each.value:
        case datetime() as moment:
            value = instant_of(moment)
        case int() | float() as amount:
            value = repr(amount).removesuffix(".0")
        case _:
            value = ""
    period = "" if each.start is None else f"{each.start:%Y-%m-%d}"
    coverage = repr(each.coverage).removesuffix(".0")
    return [facet.metric.name, str(each.span), period, value, coverage, str(each.state)]


def _marked_line(facet: Facet, each: Number) -> list[str]:
    """A line for people."""
    match each.value:
        case datetime() as moment:
            value = instant_of(moment)
        case int() | float() as amount:
            value = number(amount)
        case _:
            value = GAP
    mark = "*" if each.is_provisional and value != GAP else ""
    period = GAP if each.start is None else f"{each.start:%Y-%m-%d}"
    span = str(each.span).replace("_", " ")
    return [facet.metric.name, span, period, f"{value}{mark}", share_of(each.coverage), each.state.label]
