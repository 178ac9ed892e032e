"""Result: the rows of an answer, and what they mean. Every face of Footfall is a rendering of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import FootfallError
from footfall.frames import SHOWN_ROWS, Framed, csv_of, html_of, json_of
from footfall.metrics import Metric
from footfall.periods import Grain
from footfall.query import Query

if TYPE_CHECKING:
    import altair
    import pyarrow as pa


@dataclass(frozen=True)
class Result(Framed):
    """Rows with their definition, resolved query, coverage and lake version.

    `rows` has the columns period (its start), the dimensions asked, the metric's own name, when compared
    `<metric>_previous`, change and change_percent, then coverage (0 to 1) and is_provisional.
    """

    query: Query
    """As asked, with the window and every policy that was settled on the way."""
    metric: Metric
    rows: pa.Table
    notes: tuple[str, ...]
    """What a reader should know about these numbers, a sentence each."""
    lake_version: str
    """Of the snapshot that was read: the same version gives the same answer."""

    @property
    def value_columns(self) -> tuple[str, ...]:
        """The columns with numbers: the metric, and what it is compared with."""
        compared = (f"{self.metric.name}_previous", "change", "change_percent") if self.query.compare else ()
        return (self.metric.name, *compared)

    @property
    def policies(self) -> dict[str, str]:
        """The choice made for each policy of the metric."""
        return dict(self.query.policies)

    @property
    def coverage(self) -> float:
        """The mean of the rows' coverage; 0 when there are none."""
        shares = self.rows["coverage"].to_pylist()
        return sum(shares) / len(shares) if shares else 0.0

    def to_arrow(self) -> pa.Table:
        return self.rows

    def to_csv(self) -> str:
        """Header, then a row a period and group; no value is an empty cell. Coverage is last.

        A dimension without value is empty too: the text "(none)" might be a value.
        """
        names = ["period", *self.query.by, *self.value_columns, "coverage"]
        columns = [self._labels(), *(self.rows[name].to_pylist() for name in names[1:])]
        return csv_of(names, (map(_csv_cell, row) for row in zip(*columns, strict=True)))

    def to_json(self) -> str:
        """An object: what was asked, what it means, how far it can be trusted, and the rows."""
        names = ["period", *self.query.by, *self.value_columns, "coverage", "is_provisional"]
        columns = [self._labels(), *(map(_json_cell, self.rows[name].to_pylist()) for name in names[1:])]
        return json_of(
            {
                "metric": self.definition(),
                "query": self.resolved(),
                "lake_version": self.lake_version,
                "coverage": self.coverage,
                "notes": list(self.notes),
                "rows": [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)],
            }
        )

    def to_parquet(self, path: str | Path) -> None:
        """Write the rows, with the definition and the resolved query as metadata of the file."""
        import pyarrow.parquet as pq

        told: dict[str, Any] = {"metric": self.definition(), "query": self.resolved(), "notes": list(self.notes)}
        told["lake_version"] = self.lake_version
        rows = self.rows.replace_schema_metadata({"footfall": json.dumps(told, ensure_ascii=False)})
        try:
            pq.write_table(rows, path)
        except OSError as error:
            raise FootfallError(f"{path} cannot be written: {error.strerror or error}.") from None

    def chart(self) -> altair.TopLevelMixin:
        """The rows as a chart; a gap in the data is a gap in the line."""
        from footfall.charts.results import chart_of

        return chart_of(self)

    def definition(self) -> dict[str, Any]:
        """What the number is."""
        metric = self.metric
        return {
            "name": metric.name,
            "title": metric.title,
            "description": metric.description,
            "unit": metric.unit,
            "kind": str(metric.kind),
            "version": metric.version,
        }

    def resolved(self) -> dict[str, Any]:
        """The query as it was answered, every default filled in."""
        query = self.query
        return {
            "metric": query.metric,
            "grain": str(query.grain),
            "since": _json_cell(query.since),
            "until": _json_cell(query.until),
            "last": query.last,
            "by": list(query.by),
            "where": [str(filter) for filter in query.where],
            "top": query.top,
            "rolling": query.rolling,
            "cumulative": query.cumulative,
            "compare": query.compare,
            "as_of": _json_cell(query.as_of),
            "policies": self.policies,
        }

    def _labels(self) -> list[str]:
        """The periods as ISO dates, of hours as timestamps."""
        is_hour = self.query.grain is Grain.HOUR
        starts = self.rows["period"].to_pylist()
        return [f"{s:%Y-%m-%dT%H:%M:%SZ}" if is_hour else f"{s:%Y-%m-%d}" for s in starts]

    def save(self, path: str | Path) -> None:
        """Write the picture that `chart` draws: .png, .svg, .html or .json (Vega-Lite)."""
        from footfall.charts.files import save

        save(self.chart(), Path(path))

    def _repr_html_(self) -> str:
        """A small table for notebooks."""
        names = self.rows.column_names
        shown = self.rows.slice(0, SHOWN_ROWS)
        columns = [self._labels()[:SHOWN_ROWS], *(map(_shown, shown[name].to_pylist()) for name in names[1:])]
        title = f"{self.metric.title}: {self.metric.description}"
        return html_of(title, names, zip(*columns, strict=True), self.notes, self.rows.num_rows - shown.num_rows)


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return _moment(value) if isinstance(value, datetime) else str(value)


def _json_cell(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return None  # JSON has no such number
    return _moment(value) if isinstance(value, datetime) else value


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "(none)" if value is None else str(value)
