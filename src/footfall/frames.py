"""Rows in other people's shapes: pandas, Polars, CSV, JSON."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


def pandas_of(rows: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas()
    return frame


def polars_of(rows: pa.Table) -> pl.DataFrame:
    try:
        import polars
    except ImportError:
        raise MissingExtraError("to_polars", "polars") from None
    frame = polars.from_arrow(rows)
    assert isinstance(frame, polars.DataFrame)
    return frame


def csv_of(names: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A header, then the rows; lines end as on Unix."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def json_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def html_of(
    title: str, names: Sequence[str], rows: Iterable[Iterable[str]], notes: Iterable[str], more: int = 0
) -> str:
    """A small table for notebooks, with what a reader must know below it. Names come from anywhere: all is escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    told = [*notes, *([f"{more:,} more rows."] if more > 0 else [])]
    below = "".join(f"<p>{html.escape(note)}</p>" for note in told)
    caption = f"<caption>{html.escape(title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


SHOWN_ROWS = 20
"""So many of them in a notebook."""


class Framed:
    """What has rows as an Arrow table has them as frames too."""

    def to_arrow(self) -> pa.Table:
        raise NotImplementedError

    def to_pandas(self) -> pd.DataFrame:
        return pandas_of(self.to_arrow())

    def to_polars(self) -> pl.DataFrame:
        return polars_of(self.to_arrow())

    def to_parquet(self, path: str | Path) -> None:
        """Write the rows to a file."""
        import pyarrow.parquet as pq

        pq.write_table(self.to_arrow(), path)
