"""Growth accounting: the groups of active actors of a period, and the actors lost since the period before.

The terms are those of Amplitude's and PostHog's lifecycle charts:

    new          active for the first time ever
    returning    active in the period before as well
    resurrected  active before, but not in the period before
    dormant      active in the period before, and not in this one

    active = new + returning + resurrected = active before + new + resurrected − dormant
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from footfall.formats import days_of, instant_of
from footfall.hiding import is_small, remark_on_rows
from footfall.options import choice_of
from footfall.periods import Grain, Period, Window, in_utc
from footfall.retention.answers import ActivityAnswer, named, open_cell, window_of_rows
from footfall.retention.counting import Counting, counting_of
from footfall.retention.spans import GRAINS, SetReader, is_whole, may_be_revised, shown_periods, unknown_before

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class GrowthRow:
    """A period and its four groups."""

    period: Period
    new: int
    returning: int
    resurrected: int
    dormant: int

    @property
    def active(self) -> int:
        return self.new + self.returning + self.resurrected

    @property
    def values(self) -> tuple[int, ...]:
        return self.active, self.new, self.returning, self.resurrected, self.dormant


NAMES = ("active", "new", "returning", "resurrected", "dormant")


@dataclass(frozen=True, repr=False)
class Growth(ActivityAnswer):
    """Rows, oldest first, and what they mean."""

    command: ClassVar[str] = "growth"
    chart_by: ClassVar[str] = "footfall.charts.growth:draw"
    table_by: ClassVar[str] = "footfall.terminal.activity:growth"

    event: str
    grain: Grain
    rows: tuple[GrowthRow, ...]

    def is_provisional(self, row: GrowthRow) -> bool:
        """Whether its period was not over (dormant actors may still return), or it or the one before has a gap or may be revised.

        Args:
            row: A row of this answer.

        Example:
            >>> found = ff.growth("active", grain="month", last=2)
            >>> [found.is_provisional(row) for row in found.rows]
            [False, True]
        """
        return self._is_open(row) or may_be_revised(self._counted(row), self.revisable)

    def _is_open(self, row: GrowthRow) -> bool:
        return not is_whole(self._counted(row), self.asked_at, self.gaps)

    def _counted(self, row: GrowthRow) -> Window:
        """The time that counts in a row."""
        return Window(row.period.prev().start, row.period.end)

    def _shown(self, least: int) -> Self | None:
        """The periods without a small count.

        The period after an omitted one does not reveal it: it also has a small count.
        """
        rows = tuple(row for row in self.rows if not any(is_small(value, least) for value in row.values))
        note = remark_on_rows(len(self.rows) - len(rows), least)
        return replace(self, rows=rows, notes=(*self.notes, note)) if rows else None

    @property
    def counts(self) -> list[int]:
        return [count for row in self.rows for count in row.values]

    @property
    def description(self) -> str:
        return (
            f"New did '{self.event}' for the first time ever; returning had done it the {self.grain} before too; "
            f"resurrected had done it, but not the {self.grain} before; "
            f"dormant had done it the {self.grain} before, and not again."
        )

    @property
    def question(self) -> dict[str, Any]:
        """The question with all defaults filled in: `ff.growth(**question)` repeats it."""
        rows = window_of_rows(self.rows)
        return {
            "event": self.event,
            "grain": str(self.grain),
            "since": instant_of(rows.start),
            "until": instant_of(rows.end),
            "as_of": instant_of(self.asked_at),
        }

    @property
    def title(self) -> str:
        """ "Actors who did active per week: new, returning, resurrected and dormant"."""
        who = self.who_did(self.event)
        return f"{who[:1].upper()}{who[1:]} per {self.grain}: new, returning, resurrected and dormant"

    @property
    def span(self) -> str:
        """From the first day of the first row to the last day of the last."""
        return f"{days_of(window_of_rows(self.rows))} (UTC)"

    @property
    def observed(self) -> Window:
        """The periods of its rows, and the one before the first."""
        rows = window_of_rows(self.rows)
        return Window(self.rows[0].period.prev().start, rows.end)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """period, active and the four groups; without marks is_provisional as well, if a source may revise numbers."""
        is_open = self.is_provisional if is_marked else self._is_open
        rows = [
            [r.period.iso, *(open_cell(str(value), is_open(r), is_marked) for value in r.values)] for r in self.rows
        ]
        return self.with_flags(["period", *NAMES], rows, is_marked)

    def _json_rows(self) -> dict[str, Any]:
        rows = super()._json_rows()["rows"]
        return {
            "rows": [named(row.period) | cells | named(row.period) for row, cells in zip(self.rows, rows, strict=True)]
        }

    def to_arrow(self) -> pa.Table:
        """A row per period: period, active, new, returning, resurrected, dormant, is_provisional."""
        import pyarrow as pa

        columns = {name: pa.array([r.values[n] for r in self.rows], pa.int64()) for n, name in enumerate(NAMES)}
        return pa.table(
            {"period": pa.array([r.period.start for r in self.rows], pa.timestamp("us", "UTC"))}
            | columns
            | {"is_provisional": pa.array([self.is_provisional(r) for r in self.rows], pa.bool_())}
        )


def growth(
    sets: SetReader | Counting,
    event: str,
    *,
    now: datetime,
    grain: str = "week",
    last: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    gaps: Sequence[Window] = (),
) -> Growth:
    """New, returning, resurrected and dormant actors by period: the `last` 12, or all from `since` on, up to `until`."""
    by, now = Grain(choice_of("grain", grain, GRAINS)), in_utc(now)
    periods, row_notes = shown_periods(by, last, since and in_utc(since), until and in_utc(until), now)
    notes = (*row_notes, *unknown_before(gaps, periods[-1].start))
    counted = counting_of(sets).growth(event, periods, now)
    rows = tuple(GrowthRow(period, *each) for period, each in zip(periods, counted, strict=True))
    return Growth(event, by, rows, asked_at=now, gaps=tuple(gaps), notes=notes)
