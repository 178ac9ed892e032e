"""Stickiness: how many of the actors of a month are active on a day of it.

DAU, WAU and MAU are daily, weekly and monthly active users. `trailing`: per day, the actors active on that day, and in
the 7 and the 30 days ending on it; stickiness is DAU / MAU (as in Statsig and Amplitude). `calendar`: per calendar
month, the mean of its daily counts over the days that have started, divided by the actors of the month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from footfall.formats import days_of, instant_of
from footfall.hiding import is_small, remark_on_rows
from footfall.periods import Grain, Period, Window, in_utc
from footfall.retention.answers import ActivityAnswer, named, open_cell, window_of_rows
from footfall.retention.counting import MONTH, WEEK, Actives, Counting, counting_of
from footfall.retention.spans import SetReader, chosen, is_whole, may_be_revised, shown_periods

if TYPE_CHECKING:
    import pyarrow as pa


class Windows(StrEnum):
    """How weeks and months are counted."""

    TRAILING = "trailing"
    CALENDAR = "calendar"


@dataclass(frozen=True)
class StickinessRow:
    """A day (trailing), or a month with the means of its days and weeks (calendar)."""

    period: Period
    daily: float
    weekly: float
    monthly: int

    @property
    def daily_of_monthly(self) -> float | None:
        """DAU / MAU in percent; None without monthly actors."""
        return 100 * self.daily / self.monthly if self.monthly else None

    @property
    def weekly_of_monthly(self) -> float | None:
        """WAU / MAU in percent."""
        return 100 * self.weekly / self.monthly if self.monthly else None


@dataclass(frozen=True, repr=False)
class Stickiness(ActivityAnswer):
    """Rows, oldest first, and what they mean."""

    command: ClassVar[str] = "stickiness"
    chart_by: ClassVar[str] = "footfall.charts.stickiness:draw"
    table_by: ClassVar[str] = "footfall.terminal.activity:stickiness"

    event: str
    windows: Windows
    rows: tuple[StickinessRow, ...]

    def is_provisional(self, row: StickinessRow) -> bool:
        """Whether its day or month was not over, or some of the days that it counts were not collected or may be revised.

        Args:
            row: A row of this answer.

        Example:
            >>> found = ff.stickiness("active", last=2)
            >>> [found.is_provisional(row) for row in found.rows]
            [False, True]
        """
        return self._is_open(row) or may_be_revised(self._counted(row), self.revisable)

    def _is_open(self, row: StickinessRow) -> bool:
        return not is_whole(self._counted(row), self.asked_at, self.gaps)

    def _counted(self, row: StickinessRow) -> Window:
        """The time that counts in a row."""
        return Window(self._counted_from(row), row.period.end)

    def _counted_from(self, row: StickinessRow) -> datetime:
        """The first day that counts in a row."""
        is_trailing = self.windows is Windows.TRAILING
        return (row.period.end if is_trailing else row.period.start) - timedelta(
            days=MONTH if is_trailing else WEEK - 1
        )

    def _shown(self, least: int) -> Self | None:
        """The rows without a small count."""
        rows = tuple(
            row for row in self.rows if not any(is_small(n, least) for n in (row.daily, row.weekly, row.monthly))
        )
        note = remark_on_rows(len(self.rows) - len(rows), least)
        return replace(self, rows=rows, notes=(*self.notes, note)) if rows else None

    @property
    def counts(self) -> list[float]:
        return [count for row in self.rows for count in (row.daily, row.weekly, row.monthly)]

    @property
    def description(self) -> str:
        if self.windows is Windows.TRAILING:
            return f"DAU: actors who did '{self.event}' on the day; WAU: in the {WEEK} days, MAU: in the {MONTH} days that end with it."
        return (
            f"MAU: actors who did '{self.event}' in the calendar month; DAU: the mean of its days; "
            f"WAU: the mean, over its days, of the {WEEK} days that end with each."
        )

    @property
    def question(self) -> dict[str, Any]:
        """The question with all defaults filled in: `ff.stickiness(**question)` repeats it."""
        rows = window_of_rows(self.rows)
        return {
            "event": self.event,
            "windows": str(self.windows),
            "since": instant_of(rows.start),
            "until": instant_of(rows.end),
            "as_of": instant_of(self.asked_at),
        }

    @property
    def title(self) -> str:
        """ "Stickiness of actors who did active, per day"."""
        per = "day" if self.windows is Windows.TRAILING else "calendar month"
        return f"Stickiness of {self.who_did(self.event)}, per {per}"

    @property
    def span(self) -> str:
        """From the first day of the first row to the last day of the last."""
        return f"{days_of(window_of_rows(self.rows))} (UTC)"

    @property
    def observed(self) -> Window:
        """Every day that counts in some row."""
        return Window(self._counted_from(self.rows[0]), self.rows[-1].period.end)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """period, dau, wau, mau and the ratios in percent; without marks is_provisional, if a source may revise numbers."""
        mean = int(self.windows is Windows.CALENDAR)
        is_open = self.is_provisional if is_marked else self._is_open
        rows = [
            [
                row.period.iso,
                *(
                    open_cell("" if value is None else f"{value:.{decimals}f}", is_open(row), is_marked)
                    for value, decimals in zip(_values(row), (mean, mean, 0, 1, 1), strict=True)
                ),
            ]
            for row in self.rows
        ]
        return self.with_flags(["period", *_NAMES], rows, is_marked)

    def _json_rows(self) -> dict[str, Any]:
        rows = super()._json_rows()["rows"]
        return {
            "rows": [named(row.period) | cells | named(row.period) for row, cells in zip(self.rows, rows, strict=True)]
        }

    def to_arrow(self) -> pa.Table:
        """A row per period: period, dau, wau, mau, dau_mau, wau_mau (percent, null without actors), is_provisional."""
        import pyarrow as pa

        values = [_values(row) for row in self.rows]
        columns = {name: pa.array([v[n] for v in values], pa.float64()) for n, name in enumerate(_NAMES)}
        return pa.table(
            {"period": pa.array([row.period.start for row in self.rows], pa.timestamp("us", "UTC"))}
            | columns
            | {"is_provisional": pa.array([self.is_provisional(row) for row in self.rows], pa.bool_())}
        )


_NAMES = ("dau", "wau", "mau", "dau_mau", "wau_mau")


def _values(row: StickinessRow) -> tuple[float | None, ...]:
    return row.daily, row.weekly, row.monthly, row.daily_of_monthly, row.weekly_of_monthly


def stickiness(
    sets: SetReader | Counting,
    event: str,
    *,
    now: datetime,
    windows: str = "trailing",
    last: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    gaps: Sequence[Window] = (),
) -> Stickiness:
    """DAU, WAU, MAU and their ratios, by day (trailing) or month (calendar).

    Rows are the `last` 30, or all from `since` on, up to `until`.
    """
    form, now = chosen("windows", windows, Windows), in_utc(now)
    grain = Grain.DAY if form is Windows.TRAILING else Grain.MONTH
    periods, notes = shown_periods(grain, last, since and in_utc(since), until and in_utc(until), now, default=30)
    counting = counting_of(sets)
    counted = counting.actives(event, Window(periods[0].start, periods[-1].end), now)
    if form is Windows.TRAILING:
        found = [StickinessRow(period, *counted[period.start]) for period in periods]
    else:
        monthly = counting.per_period(event, periods, now)
        found = [_month(period, counted, actors) for period, actors in zip(periods, monthly, strict=True)]
    return Stickiness(event, form, tuple(found), asked_at=now, gaps=tuple(gaps), notes=notes)


def _month(month: Period, counted: Mapping[datetime, Actives], actors: int) -> StickinessRow:
    """The means of the days that have started."""
    days = [counts for start, counts in counted.items() if start in month.window]
    daily, weekly, _ = (sum(column) / len(days) for column in zip(*days, strict=True))
    return StickinessRow(month, daily, weekly, actors)
