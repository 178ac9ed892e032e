"""Rows in other formats: pandas, Polars, CSV, JSON, HTML, and files of them."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import FootfallError, MissingExtraError
from footfall.formats import instant_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import polars as pl
    import pyarrow as pa


def pandas_of(rows: pa.Table) -> pd.DataFrame:
    """A frame in which whole numbers with holes stay whole: `Int64`."""
    import pyarrow as pa

    try:
        import pandas as pd
    except ImportError:
        raise FootfallError("to_pandas needs pandas: run `pip install pandas`.") from None
    frame: pd.DataFrame = rows.to_pandas()
    for name in rows.column_names:
        column = rows[name]
        if pa.types.is_integer(column.type) and column.null_count:
            frame[name] = column.to_pandas(types_mapper={column.type: pd.Int64Dtype()}.get)
    return frame


def pivoted(frame: pd.DataFrame, index: list[str], groups: list[str], values: list[str]) -> pd.DataFrame:
    """`groups` side by side, in the order in which they first come; several values have a level of their own."""
    front, order = frame.set_index([*index, *groups])[values], frame[groups].drop_duplicates()
    if not groups:
        return front
    wide: Any = front.unstack(groups)
    keys = list(order.itertuples(index=False, name=None))
    if len(values) > 1:
        return wide[[(value, *key) for value in values for key in keys]]  # type: ignore[no-any-return]
    return wide[values[0]][keys if len(groups) > 1 else [key[0] for key in keys]]  # type: ignore[no-any-return]


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
    lines = _Lines()
    writer = csv.writer(lines, lineterminator=_END)
    writer.writerow(names)
    writer.writerows(rows)
    return "".join(lines)


_END = "\r\n"
"""With both in it, cells with either of them are quoted: a bare carriage return would end the line for a reader."""


class _Lines(list[str]):
    """Lines that a writer of CSV hands over one by one."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix(_END) + "\n")


FORMULA = r"[=+@\-\t\r\n＝＋－＠]"
"""How a text begins that spreadsheets take for a formula; the wide signs are signs to those of East Asia."""
_FORMULA = re.compile(FORMULA)
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?%?")


def for_spreadsheets(text: str) -> str:
    """CSV in which no text is a formula to a spreadsheet: `'` stands before those that look like one. Numbers stay.

    >>> for_spreadsheets("repo,change\\n=cmd(),-5\\n")
    "repo,change\\n'=cmd(),-5\\n"
    """

    def cell(value: str) -> str:
        return f"'{value}" if _FORMULA.match(value) and not _NUMBER.fullmatch(value) else value

    first, *rows = csv.reader(io.StringIO(text, newline="")) if text else [[]]
    return csv_of([cell(name) for name in first], ([cell(value) for value in row] for row in rows))


def json_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def plain(value: Any) -> Any:
    """A cell as JSON has it: moments as text; no number that JSON lacks."""
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, datetime):
        return instant_of(value)
    return value.isoformat() if isinstance(value, date) else value


def digest_of(kind: str, question: Mapping[str, Any], notes: Iterable[str], rows: pa.Table) -> str:
    """A short name for exactly this content."""
    payload = json.dumps([kind, dict(question), list(notes), rows.schema.to_string()], default=str)
    digest = hashlib.blake2b(payload.encode(), digest_size=8)
    for row in rows.to_pylist():
        digest.update(repr(list(row.values())).encode())
    return digest.hexdigest()


# --- notebooks

_BORDER = "1px solid color-mix(in srgb, currentColor 25%, transparent)"
_TABLE = "border-collapse: collapse; color: inherit; background: transparent; font-variant-numeric: tabular-nums"
_CELL = f"padding: 2px 10px; text-align: right; border-bottom: {_BORDER}"
_CAPTION = "text-align: left; padding: 2px 10px; caption-side: top; color: inherit"
_BELOW = "margin: 4px 10px; opacity: .8; color: inherit; max-width: 80ch"


def html_of(title: str, span: str, names: Sequence[str], rows: Iterable[Iterable[str]], below: Iterable[str]) -> str:
    """A small table for notebooks, in the colours around it, light or dark. All text is escaped."""

    def line(cells: Iterable[str], tag: str) -> str:
        return "".join(f'<{tag} style="{_CELL}">{html.escape(cell)}</{tag}>' for cell in cells)

    caption = f'<caption style="{_CAPTION}"><b>{html.escape(title)}</b><br>{html.escape(span)}</caption>'
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    notes = "".join(f'<p style="{_BELOW}">{html.escape(text)}</p>' for text in below)
    head = f"<thead><tr>{line(names, 'th')}</tr></thead>"
    return f'<table style="{_TABLE}">{caption}{head}<tbody>{body}</tbody></table>{notes}'


# --- files


def write_text(text: str, file: Path) -> None:
    _write(file, lambda: file.write_text(text, encoding="utf-8"))


def write_parquet(rows: pa.Table, about: Mapping[str, Any], file: Path) -> None:
    """A Parquet file whose metadata `footfall` says what the rows are."""
    import pyarrow.parquet as pq

    _write(file, lambda: pq.write_table(_labelled(rows, about), file))


def write_feather(rows: pa.Table, about: Mapping[str, Any], file: Path) -> None:
    """An Arrow (Feather) file whose metadata `footfall` says what the rows are."""
    import pyarrow.feather

    _write(file, lambda: pyarrow.feather.write_feather(_labelled(rows, about), str(file)))


def parquet_bytes(rows: pa.Table, about: Mapping[str, Any]) -> bytes:
    """What `write_parquet` writes."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(_labelled(rows, about), sink)
    return sink.getvalue()


def arrow_stream(rows: pa.Table, about: Mapping[str, Any]) -> bytes:
    """The rows as an Arrow IPC stream, whose schema's metadata `footfall` says what they are."""
    import pyarrow as pa

    sink = io.BytesIO()
    labelled = _labelled(rows, about)
    with pa.ipc.new_stream(sink, labelled.schema) as stream:
        stream.write_table(labelled, max_chunksize=10_000)
    return sink.getvalue()


def _labelled(rows: pa.Table, about: Mapping[str, Any]) -> pa.Table:
    return rows.replace_schema_metadata({"footfall": json.dumps(about, ensure_ascii=False)})


def _write(file: Path, write: Callable[[], object]) -> None:
    if not file.parent.is_dir():
        raise FootfallError(f"{file} cannot be written: there is no folder {file.parent}.")
    try:
        write()
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror or error}.") from None
