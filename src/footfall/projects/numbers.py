"""Numbers: the numbers of a project for one metric."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.annotations import Annotation
from footfall.hiding import is_small, remark
from footfall.metrics import Metric
from footfall.projects.facets import Span
from footfall.states import State

if TYPE_CHECKING:
    from footfall.filters import Value


@dataclass(frozen=True)
class Number:
    """One number of a project: of all time, of 30 days, of a month, or the latest."""

    span: Span
    start: datetime | None
    """When its time begins; None of all time, where nothing is known."""
    value: Value
    """None where nothing is known, which is not 0; a moment of a metric such as latest_commit."""
    coverage: float
    """The share of its time that was collected, 0 to 1."""
    is_provisional: bool
    state: State


@dataclass(frozen=True)
class Facet:
    """What is known of a project by one metric."""

    metric: Metric
    kept: str
    """The project's part of the metric, as a filter."""
    numbers: tuple[Number, ...]
    policies: dict[str, str] = field(default_factory=dict, hash=False)
    """The choice made for each policy of the metric."""
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def number(self, span: Span | str) -> Number | None:
        """The number of all time, of 30 days, or the latest; None where the metric has none of that span."""
        return next((each for each in self.numbers if each.span == span), None)

    def hiding(self, least: int) -> Facet:
        """The same without small counts of actors; see `Answer.hiding`."""
        if not self.metric.counts_actors:
            return self
        numbers = tuple(
            replace(each, value=None) if isinstance(each.value, int | float) and is_small(each.value, least) else each
            for each in self.numbers
        )
        return self if numbers == self.numbers else replace(self, numbers=numbers, notes=(*self.notes, remark(least)))

    @property
    def months(self) -> tuple[Number, ...]:
        """The timeline, oldest month first."""
        return tuple(each for each in self.numbers if each.span is Span.MONTH)

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all is known."""
        return all(each.value is None for each in self.numbers)
