"""Rows in the format of BigQuery's REST interface, with all values as strings → an Arrow table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError
from footfall.periods import EPOCH

if TYPE_CHECKING:
    import pyarrow as pa

Field = Mapping[str, Any]


def rows_of(fields: Sequence[Field], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows of one page. Moments are in UTC; a decimal number stays a string, so that no digit is lost."""
    import pyarrow as pa

    readers = [_reader_of(field) for field in fields]
    try:
        columns = [
            [None if (value := row["f"][n]["v"]) is None else read(value) for row in rows]
            for n, read in enumerate(readers)
        ]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        raise BrokenDataError("BigQuery gave a row that cannot be read; check the address.") from None
    types = [_TYPES.get(_kind(field), "string") for field in fields]
    arrays = [pa.array(column, _arrow(kind)) for column, kind in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=[str(field["name"]) for field in fields])


_TYPES = {
    "INTEGER": "integer",
    "INT64": "integer",
    "FLOAT": "number",
    "FLOAT64": "number",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "DATE": "date",
    "TIMESTAMP": "moment",
    "DATETIME": "datetime",
}


def _kind(field: Field) -> str:
    return str(field["type"])


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "moment": pa.timestamp("us", "UTC"),
        "datetime": pa.timestamp("us"),
        "string": pa.string(),
    }[kind]


def _reader_of(field: Field) -> Callable[[str], Any]:
    if field.get("mode") == "REPEATED" or _kind(field) in ("RECORD", "STRUCT"):
        raise BrokenDataError(
            f"the column {field['name']!r} holds lists or records; name a single value of it in the query."
        )
    return _READERS.get(_TYPES.get(_kind(field), ""), str)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _moment(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=int(text))


def _datetime(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "moment": _moment,
    "datetime": _datetime,
}
