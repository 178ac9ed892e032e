"""Cohorts as a table whose cells are coloured by their share: numbers to read, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footfall.retention.cohorts import Cohort, CohortRow
from footfall.web.pages import words

STEPS = 8
"""Colours of the scale, from nothing to the largest share."""


@dataclass(frozen=True)
class Cell:
    """One cell: what it says, its colour, and what a reader who points at it learns."""

    text: str
    shade: str
    title: str
    is_open: bool


@dataclass(frozen=True)
class HeatRow:
    """One cohort."""

    label: str
    size: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Heat:
    """The whole table."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    averages: tuple[str, ...]


def heat_of(cohort: Cohort, *, counts: bool = False, smallest: int = 0) -> Heat:
    """The table of a cohort.

    Args:
        cohort: The answer.
        counts: Numbers of actors instead of shares.
        smallest: A count below this, and its share, is not shown.
    """
    heads = tuple("same" if k == 0 else f"+{k}" for k in range(cohort.columns))
    rows = tuple(_row(cohort, row, counts, smallest) for row in cohort.rows)
    means = () if counts or smallest else tuple("" if mean is None else f"{mean:.1f}" for mean in cohort.averages)
    unit = "how many" if counts else "percent"
    return Heat(f"{cohort.title}, {unit}, by {cohort.grain}", heads, rows, means)


def _row(cohort: Cohort, row: CohortRow, counts: bool, smallest: int) -> HeatRow:
    cells = [_cell(cohort, row, k, counts, smallest) for k in range(len(row.counts))]
    cells += [Cell("", "", "", False)] * (cohort.columns - len(cells))
    size = f"{words.figure(row.size)}*" if cohort.is_size_provisional(row) else words.figure(row.size)
    return HeatRow(words.period(row.period), _hidden(row.size, smallest) or size, tuple(cells))


def _cell(cohort: Cohort, row: CohortRow, column: int, counts: bool, smallest: int) -> Cell:
    percent, count = row.percent(column), row.counts[column]
    if percent is None:
        return Cell("–", "", "no actor in this row", False)
    is_open, is_provisional = cohort.is_open(row, column), cohort.is_provisional(row, column)
    if hidden := _hidden(count, smallest):
        return Cell(hidden, "", f"fewer than {smallest}: not shown", is_open)
    text = words.figure(count) if counts else f"{percent:.1f}"
    text = f"{text}*" if is_provisional and not is_open else text
    state = ", may still change" if is_provisional else ""
    size = _hidden(row.size, smallest) or f"{row.size:,}"
    return Cell(text, _shade(percent), f"{count:,} of {size}: {percent:.1f} %{state}", is_open)


def _hidden(count: int, smallest: int) -> str:
    return f"<{smallest}" if 0 < count < smallest else ""


def _shade(percent: float) -> str:
    """The colour's step, by the root of the share as in pictures: 36 % differs from 25 % and from 100 % in every table."""
    return "h0" if percent <= 0 else f"h{min(STEPS - 1, 1 + int((percent / 100) ** 0.5 * (STEPS - 1.001)))}"


def legend_of(cohort: Cohort, heat: Sequence[HeatRow]) -> str:
    """What the dashed frame and the star mean, where there are any."""
    said = ["Dashed: may still change."] if any(cell.is_open for row in heat for cell in row.cells) else []
    said += [f"*: {cohort.why_it_may_change}."] if cohort.may_change else []
    return " ".join(said)
