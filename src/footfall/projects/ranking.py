"""Ranking: all projects by one metric."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.answer import Answer
from footfall.formats import GAP, number, share_of
from footfall.frames import digest_of
from footfall.hiding import is_small, remark
from footfall.metrics import Metric

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Place:
    """One project of a ranking."""

    project: str
    total: float | None
    """Of all time; None where nothing is known, and of a gauge, which has no total."""
    last_days: float | None
    """Of the last 30 days that are over; None where nothing is known of them."""
    coverage: float
    """Of these days."""


@dataclass(frozen=True, repr=False)
class Ranking(Answer):
    """All projects by one metric: by the last 30 days that are over, then by all time; unknown ones are last.

    Example:
        >>> [place.project for place in ff.projects_by("commits").places]
        ['tool']
    """

    command: ClassVar[str] = "projects"
    chart_by: ClassVar[str] = "footfall.charts.projects:draw_ranking"

    metric: Metric
    places: tuple[Place, ...]
    left_out: tuple[str, ...]
    """Projects that have no name in a source of the metric."""
    span: str = ""
    chosen: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    has_total: bool = True
    """Whether the metric adds up over time."""

    def hiding(self, least: int) -> Ranking:
        if not self.metric.counts_actors:
            return self
        places = [
            replace(
                place,
                total=None if is_small(place.total, least) else place.total,
                last_days=None if is_small(place.last_days, least) else place.last_days,
            )
            for place in self.places
        ]
        if places == list(self.places):
            return self
        places.sort(key=lambda place: (place.last_days is None, -(place.last_days or 0.0), place.project))
        return replace(self, places=tuple(places), notes=(*self.notes, remark(least)))

    @property
    def title(self) -> str:
        return f"Projects by {self.metric.title.lower()}"

    @property
    def description(self) -> str:
        return f"{self.metric.name}: {self.metric.description}"

    @property
    def question(self) -> dict[str, Any]:
        return {"metric": self.metric.name}

    @property
    def policies(self) -> dict[str, str]:
        return self.chosen

    def definition(self) -> dict[str, Any]:
        """What is ranked by.

        Example:
            >>> ff.projects_by("commits").definition()["unit"]
            'commits'
        """
        return {
            "metric": self.metric.name,
            "description": self.metric.description,
            "unit": self.metric.unit,
            "kind": str(self.metric.kind),
            "policies": self.policies,
        }

    @property
    def coverage(self) -> float:
        """Of the last 30 days, the mean of the projects."""
        return sum(each.coverage for each in self.places) / len(self.places) if self.places else 0.0

    @property
    def version(self) -> str:
        return digest_of(self.command, self.question, [*self.notes, *self.versions], self.to_arrow())

    def to_arrow(self) -> pa.Table:
        """The columns project, last_30_days, total (of what adds up over time) and coverage."""
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        columns: dict[str, pa.Array] = {
            "project": pa.array([place.project for place in self.places], pa.string()),
            "last_30_days": pa.array([place.last_days for place in self.places], pa.float64()),
            "total": pa.array([place.total for place in self.places], pa.float64()),
            "coverage": pa.array([place.coverage for place in self.places], pa.float64()),
        }
        return pa.table({name: column for name, column in columns.items() if name != "total" or self.has_total})

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        heads = ["project", "last 30 days" if is_marked else "last_30_days", *self._total_head, "coverage"]
        return heads, [_line(place, has_total=self.has_total, is_marked=is_marked) for place in self.places]

    @property
    def _total_head(self) -> list[str]:
        return ["total"] if self.has_total else []


def _line(place: Place, *, has_total: bool, is_marked: bool) -> list[str]:
    amounts = [place.last_days, *([place.total] if has_total else [])]
    if is_marked:
        return [place.project, *(GAP if a is None else number(a) for a in amounts), share_of(place.coverage)]
    cells = ["" if amount is None else repr(float(amount)).removesuffix(".0") for amount in amounts]
    return [place.project, *cells, repr(place.coverage).removesuffix(".0")]
