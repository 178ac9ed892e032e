"""A ClickHouse answer in the format CSVWithNamesAndTypes → an Arrow table of the types that it names."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from footfall.errors import BrokenDataError
from footfall.warehouses.refusals import in_words

if TYPE_CHECKING:
    import pyarrow as pa

_TYPE = re.compile(r"[A-Z]\w*(\(.*\))?")
"""The form of a type; a line of a web page has another."""
_WRAPPED = re.compile(r"^(?:Nullable|LowCardinality|SimpleAggregateFunction)\((?:\w+, )?(.*)\)$")
_ZONED = re.compile(r"^DateTime(?:64)?\((?:\d+, )?'([^']+)'\)$")


def rows_of(body: bytes, where: str) -> pa.Table:
    """The rows of an answer; days and moments are parsed strictly, and moments are in UTC.

    Args:
        body: The response body; empty for a statement that returns nothing.
        where: Whose answer it is, for messages.

    Raises:
        BrokenDataError: For an answer of another form, or a moment that its zone has twice or not at all.
    """
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    if not body:
        return pa.table({})
    names, kinds, rest = _heads(body, where)
    types = [_type_of(kind) for kind in kinds]
    if not rest:
        return pa.schema(list(zip(names, types, strict=True))).empty_table()
    places = [f"c{n}" for n in range(len(names))]  # names may be duplicated
    try:
        found = arrow_csv.read_csv(
            io.BytesIO(rest),
            read_options=arrow_csv.ReadOptions(column_names=places),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict(zip(places, types, strict=True)),
                null_values=["\\N"],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true"],
                false_values=["false"],
            ),
        )
    except pa.ArrowInvalid as error:
        raise BrokenDataError(f"{where} gave rows that cannot be read: {in_words(str(error))}.") from None
    columns = [
        _in_utc(found[place], kind, f"{where}, column {name!r},")
        for name, place, kind in zip(names, places, kinds, strict=True)
    ]
    return pa.Table.from_arrays(columns, names=names)


def _heads(body: bytes, where: str) -> tuple[list[str], list[str], bytes]:
    """The names, the types, and the remaining text; a name may contain anything but a line break."""
    try:
        first, second, *rest = body.split(b"\n", 2)
        names, kinds = (next(csv.reader([line.decode()])) for line in (first, second))
        if not names or len(names) != len(kinds) or not all(map(_TYPE.fullmatch, kinds)):
            raise ValueError
    except (ValueError, StopIteration, csv.Error):
        raise BrokenDataError(
            f"{where} did not answer as ClickHouse does; check that the address is its HTTP interface."
        ) from None
    return names, kinds, rest[0] if rest else b""


def _plain(kind: str) -> str:
    while found := _WRAPPED.match(kind):
        kind = found[1]
    return kind


def _type_of(kind: str) -> pa.DataType:
    import pyarrow as pa

    kind = _plain(kind)
    if found := re.fullmatch(r"(U?)Int(8|16|32|64)", kind):
        return getattr(pa, f"{found[1].lower()}int{found[2]}")()
    if kind.startswith("DateTime"):
        return pa.timestamp("us")
    if kind in ("Date", "Date32"):
        return pa.date32()
    if kind.startswith("Float"):
        return pa.float64()
    return pa.bool_() if kind == "Bool" else pa.string()


def _in_utc(column: pa.ChunkedArray, kind: str, where: str) -> pa.ChunkedArray:
    """Moments are in the zone of their column; without one in that of the session, which is UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zone = _ZONED.match(_plain(kind))
    if not zone or zone[1] == "UTC":
        return column
    try:
        return pc.assume_timezone(column, zone[1], ambiguous="raise", nonexistent="raise").cast(
            pa.timestamp("us", "UTC")
        )
    except pa.ArrowInvalid as error:
        raise BrokenDataError(
            f"{where} has moments that cannot be read in {zone[1]}: {in_words(str(error))}; select toTimeZone(…, 'UTC')."
        ) from None
