"""Answers of databases → declared types: a value that does not match its declared type is an error.

    cast(part, columns, where)     an Arrow table of exactly these columns

Each part is cast separately: drivers choose the width of integers for each part. Strings with a number are parsed; a
value that would be changed (a fraction, a digit, a NaN, an unparsable moment) is rejected, and the error contains it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError
from footfall.tables import Column, Role
from footfall.warehouses.refusals import in_words

if TYPE_CHECKING:
    import pyarrow as pa


def cast(part: pa.Table, columns: Sequence[Column], where: str) -> pa.Table:
    """The columns, cast and in order.

    part: A part of the answer; names may differ in case (Snowflake's do).
        columns: The declared columns.
        where: The name of the query, for messages, such as "installs.sql".
        where: What was asked, for messages, such as "installs.sql".

    Raises BrokenDataError for a missing or undeclared column, and for the first value that cannot be cast.
    """
    import pyarrow as pa

    places = _places(part.column_names, [column.name for column in columns], where)
    found = [_cast_column(part.column(places[column.name]), column, where) for column in columns]
    types = [(column.name, array.type) for column, array in zip(columns, found, strict=True)]
    return pa.Table.from_arrays(found, schema=pa.schema(types))


def _places(given: Sequence[str], declared: Sequence[str], where: str) -> dict[str, int]:
    folded = [name.lower() for name in given]
    for name in declared:
        if folded.count(name) != 1:
            is_what = "no column" if name not in folded else "several columns"
            raise BrokenDataError(f"{where} gives {is_what} {name!r}; it gives: {in_words(', '.join(given))}.")
    for name in given:
        if name.lower() not in declared:
            raise BrokenDataError(
                f"{where} gives the column {in_words(name)!r}, which is not declared; declared: {', '.join(declared)}. Add it "
                "to the table's dimensions or measures, or leave it out of the query."
            )
    return {name: folded.index(name) for name in declared}


def _cast_column(values: pa.ChunkedArray, column: Column, where: str) -> pa.ChunkedArray:
    import pyarrow as pa

    if values.null_count == len(values):  # a column of nulls has no meaningful type
        found = pa.chunked_array([pa.nulls(len(values), _types()[column.type])])
        _check_time(found, column, where)
        return found
    try:
        found = _CASTS[column.type](_plain(values))
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise _refusal(where, column, values, in_words(str(error))) from None
    _check_time(found, column, where)
    return found


def _check_time(values: pa.ChunkedArray, column: Column, where: str) -> None:
    if column.role is Role.TIME and values.null_count:
        raise BrokenDataError(
            f"{where}: a row has no {column.name}, the time of the table; it cannot be counted anywhere. Leave such rows "
            "out in the query, or give them a time."
        )


def _refusal(where: str, column: Column, values: pa.ChunkedArray, reason: str) -> BrokenDataError:
    advice = _ADVICE.get(column.type, "")
    return BrokenDataError(
        f"{where}: the column {column.name} is declared as {column.type} and comes as {values.type}: {reason}; {advice}."
    )


_ADVICE = {
    "timestamp": "give a date, a timestamp, or ISO text",
    "integer": "cast it in the query, or declare another type",
    "number": "cast it in the query, with NULLIF for what is not a number",
    "boolean": "give true, false or NULL",
    "string": "cast it to a text in the query",
}


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Unwraps types: dictionaries, extension types (PostgreSQL numerics are strings), views and large strings."""
    import pyarrow as pa

    if isinstance(values.type, pa.ExtensionType | pa.BaseExtensionType):
        storage = [chunk.storage for chunk in values.chunks]
        kind = values.type.storage_type
        if "uuid" in str(values.type).lower():
            return pa.chunked_array([[None if v is None else str(v) for v in values.to_pylist()]], pa.string())
        values = pa.chunked_array(storage, kind)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string())
    return values


def _timestamp(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """UTC, to the microsecond. A moment without a zone is in UTC, as the session is; smaller units are truncated."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, utc = values.type, pa.timestamp("us", "UTC")
    if pa.types.is_null(kind):
        return values.cast(utc)
    if pa.types.is_string(kind):
        return _moments_of_text(values)
    if pa.types.is_date(kind):
        return pc.assume_timezone(values.cast(pa.date32()).cast(pa.timestamp("us")), "UTC")
    if not pa.types.is_timestamp(kind):
        raise ValueError("it is not a moment")
    values = values.cast(pa.timestamp("us", kind.tz), safe=kind.unit != "ns")
    return pc.assume_timezone(values, "UTC") if kind.tz is None else values.cast(utc)


def _moments_of_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """ISO strings: with a zone, or in UTC."""
    import pyarrow as pa

    try:
        return values.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:  # some have a zone
        moments = [None if text is None else _moment_of(text) for text in values.to_pylist()]
        return pa.chunked_array([moments], pa.timestamp("us", "UTC"))


def _moment_of(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _integer(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Integers of any width; decimals and doubles without a fraction; their string form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_string(kind):
        values = _without_fraction(pc.utf8_trim_whitespace(values))
    elif pa.types.is_floating(kind):
        _check_finite(values)
        largest = pc.max(pc.abs(values)).as_py()
        if largest is not None and largest > 2**53:
            raise ValueError(f"{largest:.0f} is beyond what a double holds exactly")
    elif not (pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind)):
        raise ValueError("it is not a number")
    return values.cast(pa.int64())


def _without_fraction(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """ "42.000", as a numeric with a scale is written, is an integer."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(values, r"^([+-]?\d+)\.0+$", r"\1")


def _number(values: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_boolean(kind) or pa.types.is_temporal(kind):
        raise ValueError("it is not a number")
    found = values.cast(pa.float64(), safe=not pa.types.is_integer(kind))
    _check_finite(found)
    return found


def _check_finite(values: pa.ChunkedArray) -> None:
    import pyarrow.compute as pc

    odd = values.filter(pc.invert(pc.is_finite(values)))
    if len(odd):
        raise ValueError(f"{odd[0]} cannot be added up")


def _boolean(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Also accepts 0 and 1, and the words true and false, for databases without a boolean type."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return values.cast(pa.bool_())
    texts = pc.utf8_lower(values.cast(pa.string()))
    known = pc.is_in(texts, pa.array(["true", "t", "1", "false", "f", "0"]))
    odd = values.filter(pc.and_(pc.invert(known), pc.is_valid(values)))
    if len(odd):
        raise ValueError(f"{odd[0].as_py()!r} is neither true nor false")
    return pc.if_else(pc.is_valid(texts), pc.is_in(texts, pa.array(["true", "t", "1"])), None).cast(pa.bool_())


def _string(values: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_nested(values.type):
        raise ValueError("it holds several values")
    return values.cast(pa.string())


def _types() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "timestamp": pa.timestamp("us", "UTC"),
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
    }


_CASTS: dict[str, Callable[[Any], Any]] = {
    "timestamp": _timestamp,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
}
