"""Several metrics side by side in the terminal: a line per period and group, one column each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid
from rich.text import Text

from footfall.periods import Grain
from footfall.terminal.cells import collected_of, decimals_of, percent_of, value_of
from footfall.terminal.grids import GridColumn, filled

if TYPE_CHECKING:
    from footfall.result import Result


def side_by_side(rows: Sequence[Mapping[str, Any]], result: Result, width: int) -> Grid:
    """The values of every metric, with its change where it is compared; the last ones go where there is no room."""
    columns: list[GridColumn] = []
    for place, metric in enumerate(result.metrics):
        name = metric.name
        decimals = decimals_of([row[name] for row in rows])
        columns.append(GridColumn(f"{name} ", [value_of(row, name, decimals) for row in rows], goes=place))
        if result.query.compare:
            changes = [percent_of(row[f"{name}_change_percent"]) for row in rows]
            columns.append(GridColumn("%", changes, "dim", goes=len(result.metrics) + place))
    if any(row["coverage"] < 1 for row in rows):
        columns.append(GridColumn("collected", [collected_of(row) for row in rows], "yellow"))
    is_total = result.query.grain is Grain.TOTAL
    heads = [*([] if is_total else [str(result.query.grain)]), *result.query.by]
    labels = [
        [
            *([] if is_total else [Text(result.period_of(row["period"]).label)]),
            *(Text(result.label(dimension, row[dimension])) for dimension in result.query.by),
        ]
        for row in rows
    ]
    grid = filled(heads, labels, columns, width)
    if grid.columns:
        grid.columns[0].no_wrap = True
    return grid
