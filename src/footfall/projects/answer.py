"""Project: everything that is known of one project, across sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.annotations import Annotation, AnnotationKind, sort_annotations
from footfall.answer import Answer
from footfall.formats import GAP, instant_of, number, share_of
from footfall.frames import digest_of, plain
from footfall.metrics import Metric
from footfall.periods import micros_of
from footfall.projects.facets import Span
from footfall.states import State

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.filters import Value


@dataclass(frozen=True)
class Number:
    """One number of a project: of all time, of 30 days, of a month, or the latest."""

    span: Span
    start: datetime
    """When its time begins."""
    value: Value
    """None where nothing is known, which is not 0; a moment of a metric such as latest_commit."""
    coverage: float
    is_provisional: bool
    state: State


@dataclass(frozen=True)
class Facet:
    """What is known of a project by one metric."""

    metric: Metric
    kept: str
    """The project's part of the metric, as a filter."""
    numbers: tuple[Number, ...]
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def number(self, span: Span) -> Number | None:
        """The number of all time, of 30 days, or the latest, where the metric has it."""
        return next((each for each in self.numbers if each.span is span), None)

    @property
    def months(self) -> tuple[Number, ...]:
        """The timeline, oldest month first."""
        return tuple(each for each in self.numbers if each.span is Span.MONTH)


@dataclass(frozen=True, repr=False)
class Project(Answer):
    """What every source that is set up knows of a project. Its rows are numbers: a metric, a span, a value.

    Example:
        >>> ff.project("tool")["commits"].number("total").value
        4
    """

    command: ClassVar[str] = "project"
    chart_by: ClassVar[str] = "footfall.charts.projects:draw"
    table_by: ClassVar[str] = "footfall.terminal.projects:project"

    name: str
    about_it: str
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
            KeyError: Where no source that is set up has it for this project.

        Example:
            >>> len(ff.project("tool", months=6)["commits"].months)
            6
        """
        return next((facet for facet in self.facets if facet.metric.name == metric), None) or _absent(metric)

    def __contains__(self, metric: object) -> bool:
        return any(facet.metric.name == metric for facet in self.facets)

    @property
    def title(self) -> str:
        return self.name

    @property
    def span(self) -> str:
        return f"as of {instant_of(self.asked_at)}; months {self.since:%Y-%m} to {self._last_month} (UTC)"

    @property
    def _last_month(self) -> str:
        last = self.until.replace(day=1)
        return f"{last.year - (last.month == 1)}-{(last.month - 2) % 12 + 1:02}"

    @property
    def description(self) -> str:
        return self.about_it or "What is known of the project, across sources."

    @property
    def question(self) -> dict[str, Any]:
        months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
        return {"name": self.name, "months": months}

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
            }
            for facet in self.facets
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, each sentence once; of several metrics each says which."""
        said = [f"{facet.metric.title}: {note}" for facet in self.facets for note in facet.notes]
        return tuple(dict.fromkeys([*self._silent, *said]))

    @property
    def _silent(self) -> Iterator[str]:
        for facet in self.facets:
            if all(each.value is None for each in facet.numbers):
                yield f"{facet.metric.title}: the source has said nothing about {facet.kept}; that is not 0."

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What happened to the project, oldest first."""
        return sort_annotations(one for facet in self.facets for one in facet.annotations)

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
        return digest_of(
            self.command, self.question, [*self.notes, *(v for f in self.facets for v in f.versions)], self.to_arrow()
        )

    def to_arrow(self) -> pa.Table:
        """The columns metric, span, period (its start), value, moment (of a latest), coverage, is_provisional, state."""
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        moment = pa.timestamp("us", tz="UTC")
        schema = pa.schema(
            [
                *((name, pa.string()) for name in ("metric", "span")),
                *((name, kind) for name, kind in (("period", moment), ("value", pa.float64()), ("moment", moment))),
                *((name, kind) for name, kind in (("coverage", pa.float64()), ("is_provisional", pa.bool_()))),
                ("state", pa.string()),
            ]
        )
        return pa.Table.from_pylist([_row(facet, each) for facet in self.facets for each in facet.numbers], schema)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        heads = ["metric", "span", "period", "value", "coverage", "state"]
        return heads, [_line(facet, each, is_marked=is_marked) for facet in self.facets for each in facet.numbers]

    def about(self) -> dict[str, Any]:
        """Everything but the rows; with what happened, releases among it."""
        happened = [
            {"kind": str(a.kind), "since": plain(a.window.start), "until": plain(a.window.end), "text": a.text}
            for a in self.annotations
        ]
        return {**super().about(), "annotations": happened}

    def to_napari_hub(self) -> dict[str, Any]:
        """The project in the shape of napari hub's activity API; what is not known is null, where that API says 0.

        Example:
            >>> ff.project("tool").to_napari_hub()["maintenance"]["stats"]["total_commits"]
            4
        """
        installs, commits, latest = (self._facet(name) for name in ("installs", "commits", "latest_commit"))
        return {
            "usage": {
                "timeline": _timeline(installs, "installs"),
                "stats": {
                    "total_installs": _value(installs, Span.TOTAL),
                    "installs_in_last_30_days": _value(installs, Span.LAST_30_DAYS),
                },
                "coverage": _coverage(installs, Span.LAST_30_DAYS),
            },
            "maintenance": {
                "timeline": _timeline(commits, "commits"),
                "stats": {
                    "total_commits": _value(commits, Span.TOTAL),
                    "latest_commit_timestamp": _value(latest, Span.LATEST),
                },
                "coverage": _coverage(commits, Span.LAST_30_DAYS),
            },
        }

    def _facet(self, metric: str) -> Facet | None:
        return self[metric] if metric in self else None


def _absent(metric: str) -> Facet:
    raise KeyError(metric)


def _row(facet: Facet, each: Number) -> dict[str, Any]:
    is_moment = isinstance(each.value, datetime)
    return {
        "metric": facet.metric.name,
        "span": str(each.span),
        "period": each.start,
        "value": None if is_moment or each.value is None else float(each.value),  # type: ignore[arg-type]
        "moment": each.value if is_moment else None,
        "coverage": each.coverage,
        "is_provisional": each.is_provisional,
        "state": str(each.state),
    }


def _line(facet: Facet, each: Number, *, is_marked: bool) -> list[str]:
    shown = {None: GAP if is_marked else ""}.get(each.value) if each.value is None else _text(each.value, is_marked)
    state = each.state.label if is_marked else str(each.state)
    coverage = share_of(each.coverage) if is_marked else repr(each.coverage).removesuffix(".0")
    mark = "*" if is_marked and each.is_provisional and each.value is not None else ""
    return [facet.metric.name, str(each.span), f"{each.start:%Y-%m-%d}", f"{shown}{mark}", coverage, state]


def _text(value: Value, is_marked: bool) -> str:
    if isinstance(value, datetime):
        return instant_of(value)
    assert isinstance(value, int | float)
    return number(value) if is_marked else repr(value).removesuffix(".0")


def _milliseconds(moment: datetime) -> int:
    return micros_of(moment) // 1000


def _value(facet: Facet | None, span: Span) -> Any:
    found = facet.number(span) if facet else None
    if found is None or found.value is None:
        return None
    return _milliseconds(found.value) if isinstance(found.value, datetime) else _whole(found.value)


def _whole(value: Any) -> Any:
    return int(value) if float(value).is_integer() else value


def _coverage(facet: Facet | None, span: Span) -> float:
    found = facet.number(span) if facet else None
    return found.coverage if found else 0.0


def _timeline(facet: Facet | None, name: str) -> list[dict[str, Any]]:
    return [
        {"timestamp": _milliseconds(each.start), name: None if each.value is None else _whole(each.value)}
        for each in (facet.months if facet else ())
    ]
