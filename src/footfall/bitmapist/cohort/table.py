"""A cohort's rows as an HTML table and as CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from footfall.bitmapist.cohort.arguments import grain_named, is_true, number_given
from footfall.bitmapist.cohort.style import style
from footfall.bitmapist.dates import now, shifted
from footfall.periods import Grain, Period

TableRows = Sequence[Sequence[Any]]


def render_html_data(
    dates_data: TableRows,
    as_percent: bool | str = True,
    time_group: str = "days",
    num_results: int | str = 31,
    num_of_rows: int | str = 12,
    start_date: str | None = None,
    include_assets: bool = True,
) -> str:
    """The rows of `get_dates_data` for the same arguments as a table; the darker a cell, the more actors came back.

    A cell whose period is not over has an asterisk and is not part of the mean. If its period is over and no one came
    back, it is 0.
    """
    grain, is_percent = grain_named(time_group), is_true(as_percent)
    columns = number_given("num_of_rows", num_of_rows) + 1
    over = [_count_over(row[0], grain, columns) for row in dates_data]
    dates_data = [_with_zeros(row, n) for row, n in zip(dates_data, over, strict=True)]
    is_open = any(cell != "" for row, n in zip(dates_data, over, strict=True) for cell in row[2 + n : columns + 2])
    note = f"<p>* the {grain} is not over: it may still grow, and is not part of the mean</p>"
    caption = f"How many of each {grain}'s people came back so many {time_group} later"
    return "\n".join(
        [
            style(include_assets),
            f'<div class="cohort_frame" role="region" aria-label="Cohorts by {grain}" tabindex="0">',
            '<table class="cohort_table">',
            f"<caption>{caption}{', in percent' if is_percent else ''}</caption>",
            *_head(grain, time_group, columns),
            "<tbody>",
            *(_row(row, grain, columns, is_percent, n) for row, n in zip(dates_data, over, strict=True)),
            "</tbody>",
            _foot(dates_data, columns, is_percent, over),
            "</table>",
            *[note] * is_open,
            "</div>",
        ]
    )


def _head(grain: Grain, time_group: str, columns: int) -> list[str]:
    numbers = "".join(f'<th scope="col">{n}</th>' for n in range(columns))
    return [
        f'<thead><tr><th scope="col" rowspan="2">{grain.title()}</th><th scope="col" rowspan="2">Began</th>'
        f'<th scope="colgroup" colspan="{columns}">{time_group.title()} later</th></tr>',
        f"<tr>{numbers}</tr></thead>",
    ]


def _count_over(began: datetime, grain: Grain, columns: int) -> int:
    """The number of a row's periods that are over: its first cells."""
    period, moment = _period(began, grain), now()
    return sum(shifted(period, later).end <= moment for later in range(columns))


def _with_zeros(row: Sequence[Any], over: int) -> list[Any]:
    """A row with 0 for finished periods in which no one came back: there `get_dates_data`, like bitmapist, has none."""
    cells = [0.0 if value == "" and row[1] and n < over else value for n, value in enumerate(row[2:])]
    return [*row[:2], *cells]


def _row(row: Sequence[Any], grain: Grain, columns: int, is_percent: bool, over: int) -> str:
    count = row[1]
    cells = "".join(_cell(value, count, is_percent, n >= over) for n, value in enumerate(row[2 : columns + 2]))
    return f'<tr><th scope="row">{_label(row[0], grain)}</th><td class="total_count">{count:,}</td>{cells}</tr>'


def _cell(value: Any, count: int, is_percent: bool, is_open: bool) -> str:
    if value == "":
        return "<td></td>"
    share = value / 100 if is_percent else value / count
    shade = f"share-{math.ceil(min(share, 1) * 10)}"
    shown = _shown(value, is_percent)
    return f'<td class="{shade} open">{shown}*</td>' if is_open else f'<td class="{shade}">{shown}</td>'


def _foot(rows: TableRows, columns: int, is_percent: bool, over: Sequence[int]) -> str:
    """The mean of each column, over the rows that have something to compare and whose period is over."""
    cells = []
    for at in range(2, columns + 2):
        values = [row[at] for row, n in zip(rows, over, strict=True) if at < min(len(row), n + 2) and row[at] != ""]
        shown = _shown(sum(values) / len(values), is_percent) if values else ""
        cells.append(f'<td class="avg_row">{shown}</td>')
    return f'<tfoot><tr><th scope="row">Mean</th><td class="avg_row"></td>{"".join(cells)}</tr></tfoot>'


def _shown(value: float, is_percent: bool) -> str:
    return f"{value:.1f}%" if is_percent else f"{int(value):,}"


def render_csv_data(
    dates_data: TableRows,
    as_percent: bool | str = True,
    time_group: str = "days",
    num_results: int | str = 31,
    num_of_rows: int | str = 12,
    start_date: str | None = None,
) -> str:
    """The rows of `get_dates_data` for the same arguments as CSV: period, size of the cohort, and the cells.

    As in the table, a finished period in which no one came back is 0.
    """
    grain, is_percent = grain_named(time_group), is_true(as_percent)
    columns = number_given("num_of_rows", num_of_rows) + 1
    lines = [["Date", "Total", *map(str, range(columns))]]
    for given in dates_data:
        row = _with_zeros(given, _count_over(given[0], grain, columns))
        cells = ["" if v == "" else str(round(v, 2) if is_percent else int(v)) for v in row[2 : columns + 2]]
        lines.append([_label(row[0], grain), str(row[1]), *cells])
    return "".join(f"{','.join(line)}\n" for line in lines)


def _label(moment: datetime, grain: Grain) -> str:
    """A period in ISO 8601 format: 2026-11-23, 2026-W48, 2026-11, 2026."""
    return _period(moment, grain).label


def _period(moment: datetime, grain: Grain) -> Period:
    return Period.containing(grain, datetime(moment.year, moment.month, moment.day, tzinfo=UTC))
