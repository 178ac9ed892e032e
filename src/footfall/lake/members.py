"""The actors of an event in a table, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.lake.files import read_as
from footfall.lake.lake import Lake
from footfall.lake.resolving import resolved
from footfall.sql import literal, quote
from footfall.tables import Table, TableEvent

if TYPE_CHECKING:
    import pyarrow as pa


def actors_by_day(lake: Lake, table: Table, event: TableEvent, files: Sequence[str | Path]) -> pa.Table:
    """Who did `event` on which day, in some files of a table: `day` (since 1970-01-01), `actor`, `marks`, by day."""
    moment = f"make_timestamp(epoch_us({quote(table.time)}))"  # a plain timestamp, which is UTC here
    marks = f"sum({quote(table.measures[0])})" if table.measures else "count(*)"
    counted = [f"{quote(event.actor)} IS NOT NULL"]
    for column, value in event.without:
        gone = literal(value) if isinstance(value, str) else str(value)
        counted.append(f"{quote(column)} IS DISTINCT FROM {gone}")
    return (
        lake.cursor()
        .sql(
            f"SELECT date_diff('day', DATE '1970-01-01', CAST({moment} AS DATE)) AS day,"
            f" {quote(event.actor)} AS actor, CAST({marks} AS BIGINT) AS marks"
            f" FROM ({resolved(table, read_as(table, files))})"
            f" WHERE {' AND '.join(counted)} GROUP BY ALL ORDER BY day, actor"
        )
        .to_arrow_table()
    )
