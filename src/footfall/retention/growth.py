"""Growth accounting: of whom the active of a period are made, and who is missing from the period before.

The terms are those of Amplitude's and PostHog's lifecycle charts:

    new          active for the first time ever
    returning    active in the period before as well
    resurrected  active before, but not in the period before
    dormant      active in the period before, and not in this one

    active = new + returning + resurrected = active before + new + resurrected − dormant
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from footfall.frames import json_of
from footfall.periods import Grain, Period, Window, in_utc
from footfall.retention.answers import Answer, open_cell
from footfall.retention.spans import Sets, active, before, grain_of, is_whole, rows_of, unknown_before

if TYPE_CHECKING:
    import altair
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
class Growth(Answer):
    """Rows, the oldest first, and what they mean."""

    event: str
    grain: Grain
    asked_at: datetime
    rows: tuple[GrowthRow, ...]
    gaps: tuple[Window, ...] = ()
    """What is missing from the collection of its events; periods that it touches are provisional too."""

    def is_provisional(self, row: GrowthRow) -> bool:
        """Whether its period was not over, as who is dormant may still come; or not all of it and the one before known."""
        return not is_whole(Window(row.period.prev().start, row.period.end), self.asked_at, self.gaps)

    @property
    def description(self) -> str:
        return (
            f"New did '{self.event}' for the first time ever; returning had done it the {self.grain} before too; "
            f"resurrected had done it, but not the {self.grain} before; "
            f"dormant had done it the {self.grain} before, and not again."
        )

    def definition(self) -> dict[str, Any]:
        """What was asked, and in words."""
        return {
            "event": self.event,
            "grain": str(self.grain),
            "asked_at": f"{self.asked_at:%Y-%m-%dT%H:%M:%SZ}",
            "description": self.description,
            "notes": list(self.told),
        }

    @property
    def headings(self) -> tuple[str, str]:
        from footfall import wording

        return wording.title_of_growth(self), wording.span_of_rows(self)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """period, active and the four groups."""
        return ["period", *NAMES], [
            [r.period.iso, *(open_cell(str(value), self.is_provisional(r), is_marked) for value in r.values)]
            for r in self.rows
        ]

    def to_json(self) -> str:
        rows = [
            {"period": r.period.iso, "label": r.period.label}
            | dict(zip(NAMES, r.values, strict=True))
            | {"is_provisional": self.is_provisional(r)}
            for r in self.rows
        ]
        return json_of({"growth": self.definition(), "rows": rows})

    def to_arrow(self) -> pa.Table:
        """A row a period: period, active, new, returning, resurrected, dormant, is_provisional."""
        import pyarrow as pa

        columns = {name: pa.array([r.values[n] for r in self.rows], pa.int64()) for n, name in enumerate(NAMES)}
        return pa.table(
            {"period": pa.array([r.period.start for r in self.rows], pa.timestamp("us", "UTC"))}
            | columns
            | {"is_provisional": pa.array([self.is_provisional(r) for r in self.rows], pa.bool_())}
        )

    def chart(self, *, theme: str = "light") -> altair.TopLevelMixin:
        """Columns: who is active above zero, who fell dormant below it."""
        from footfall.charts.activity import growth_chart

        return growth_chart(self, theme=theme)


def growth(
    sets: Sets,
    event: str,
    *,
    now: datetime,
    by: str = "week",
    rows: int | None = None,
    since: datetime | None = None,
    gaps: Sequence[Window] = (),
) -> Growth:
    """New, returning, resurrected and dormant actors by period: the last 12, `rows` of them, or all from `since` on."""
    grain, now = grain_of(by), in_utc(now)
    periods, left_out = rows_of(grain, rows, since and in_utc(since), now)
    remarks = (*left_out, *unknown_before(gaps, periods[-1].start))
    return Growth(event, grain, now, tuple(_rows(sets, event, periods, now)), tuple(gaps), remarks=remarks)


def _rows(sets: Sets, event: str, periods: list[Period], now: datetime) -> Iterator[GrowthRow]:
    ever = before(sets, event, periods[0].start)
    last = active(sets, event, periods[0].prev(), now)
    for period in periods:
        doers = active(sets, event, period, now)
        known, returning = doers.intersection_cardinality(ever), doers.intersection_cardinality(last)
        yield GrowthRow(period, len(doers) - known, returning, known - returning, len(last) - returning)
        ever, last = ever | doers, doers
