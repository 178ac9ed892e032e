"""Results made by hand, for tests of how they look: what the engine answers is tested elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain, Window, periods_in
from footfall.query import Query
from footfall.result import Result
from footfall.states import State

LAUNCHES = Metric(
    "launches", "Launches", "Times something was started.", Kind.SUM, "launches", (Fact("t", ("launches",)),)
)
REPOS = Metric("repos", "Repositories", "Different ones.", Kind.DISTINCT, "repositories", (Fact("t", ("repo",)),))
LATEST = Metric("latest", "Latest launch", "The last one.", Kind.LATEST, "moment", (Fact("t", ("hour",)),))

Cell = float | datetime | None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def result(
    values: Mapping[str, Sequence[Cell]] | Sequence[Cell],
    *,
    metric: Metric = LAUNCHES,
    since: str = "2026-01-01",
    until: str = "2026-02-01",
    grain: Grain = Grain.DAY,
    by: tuple[str, ...] = ("federation",),
    coverage: Sequence[float] | None = None,
    provisional: Sequence[int] = (),
    notes: tuple[str, ...] = (),
    previous: Sequence[float | None] = (),
    states: Sequence[State] = (),
    **asked: Any,
) -> Result:
    """One series of values, or one a group; None is not collected. `provisional` are positions in time."""
    series = values if isinstance(values, Mapping) else {"": values}
    by = by if isinstance(values, Mapping) else ()
    window = Window(moment(since), moment(until))
    rows: list[dict[str, Any]] = []
    for n, period in enumerate(periods_in(grain, window)):
        for group, line in series.items():
            if n >= len(line):
                continue
            value = line[n]
            row: dict[str, Any] = {"period": period.start}
            row |= dict(zip(by, [group] if len(by) == 1 else group.split("/"), strict=True)) if by else {}
            row[metric.name] = value
            if asked.get("compare"):
                before = previous[n]
                change = None if value is None or before is None else value - before  # type: ignore[operator]
                percent = change / before * 100 if change is not None and before else None
                row |= {f"{metric.name}_previous": before, "change": change, "change_percent": percent}
                row["compared"] = None if change is None else "whole"
            row["coverage"] = (0.0 if value is None else 1.0) if coverage is None else coverage[n]
            is_whole = row["coverage"] >= 1
            state = State.LOST if not is_whole else State.PROVISIONAL if n in provisional else State.COMPLETE
            state = states[n] if states else state
            rows.append(row | {"is_provisional": n in provisional, "state": str(state)})
    table = pa.Table.from_pylist(rows)
    table = table.set_column(0, "period", table["period"].cast(pa.timestamp("us", "UTC")))
    query = Query((metric.name,), grain, window.start, window.end, by=by, **asked)
    shares = table["coverage"].to_pylist()
    return Result(query, (metric,), table, notes, "0123456789abcdef", coverage=sum(shares) / max(1, len(shares)))
