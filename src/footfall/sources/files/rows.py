"""From raw values to rows of the declared table: every value has its declared type, or its line is reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError
from footfall.periods import Window
from footfall.sources.files.reading import Bad, Raw, read
from footfall.sources.files.settings import TablePart
from footfall.sources.files.values import Parser, moment_parser, parser_of, shown
from footfall.tables import OBSERVED_AT, Role, Table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Rows:
    """The rows of one file. Every line is either a row or rejected."""

    rows: pa.Table
    lines: Sequence[int]
    rejected: tuple[Bad, ...]


def rows_of(
    file: Path, part: TablePart, table: Table, within: Window | None = None, named: Mapping[str, str] = _NOTHING
) -> Rows:
    """The rows of a file, of the declared types.

    Args:
        within: The time in the file's name; a row outside of it is a bad line.
        named: The values of dimensions in the file's name.

    Raises BrokenDataError at the first bad line beyond those that the settings allow, and for a file without rows.
    """
    sources = _sources(part, table)
    wanted = list(dict.fromkeys([*(column for column, _ in sources.values()), *part.keep]))
    raw = read(file, part, wanted)
    raw = _kept(raw, part.keep)
    bad = {bad.line: bad.reason for bad in raw.rejected}
    columns = {}
    for name, (column, parse) in sources.items():
        columns[name] = _parsed(raw, column, parse, table, name, bad)
    columns |= {name: _all(value, len(raw.lines)) for name, value in named.items()}
    _check_times(columns[table.time], raw.lines, within, bad)
    _check_bad(file, bad, part.max_rejected)
    rows = _schema_of(table, columns)
    keep = [at for at, line in enumerate(raw.lines) if line not in bad] if bad else None
    lines = raw.lines if keep is None else [raw.lines[at] for at in keep]
    rows = rows if keep is None else rows.take(keep)
    if not rows.num_rows and not part.keep:
        raise BrokenDataError(f"{file.name} has no row; an empty file does not show that its period had no rows")
    rows, lines = _distinct(file, rows, lines, part, table)
    return Rows(rows, lines, tuple(Bad(line, reason) for line, reason in sorted(bad.items())))


def _sources(part: TablePart, table: Table) -> dict[str, tuple[str, Parser]]:
    """For each column of the table, the file's column and its parser."""
    found = {table.time: (part.time.column, moment_parser(part.time, part.resolution))}
    for one in part.dimensions:
        if one.name in part.named_in_path:
            continue
        found[one.name] = (one.column or one.name, parser_of(one.type))
    for measure in part.measures:
        found[measure.name] = (measure.column or measure.name, parser_of(measure.type))
    if part.observed_at is not None:
        found[OBSERVED_AT] = (part.observed_at.column, moment_parser(part.observed_at))
    return found


def _kept(raw: Raw, keep: Mapping[str, Sequence[str]]) -> Raw:
    """Only rows with one of the values to keep."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not keep:
        return raw
    rows, lines = raw.rows, pa.array(raw.lines, pa.int64())
    for name, values in keep.items():
        column = rows[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        mask = pc.is_in(column.cast(pa.string()), pa.array(list(values), pa.string()))
        rows, lines = rows.filter(mask), lines.filter(mask.combine_chunks())
    return Raw(rows, lines.to_pylist(), raw.rejected)


def _parsed(raw: Raw, column: str, parse: Parser, table: Table, name: str, bad: dict[int, str]) -> pa.Array:
    """A column of its declared type; each distinct value is parsed once. Adds to `bad`, but the first reason stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = table.arrow_schema().field(name).type
    values = _plain(raw.rows[column])
    coded = pc.dictionary_encode(values)
    found: list[Any] = []
    wrong: dict[int, str] = {}
    for code, value in enumerate(coded.dictionary.to_pylist()):
        try:
            found.append(parse(value))
        except ValueError as error:
            found.append(None)
            wrong[code] = f"{column!r} is {shown(value)}, {_reason(error)}"
    if wrong:
        for at, code in enumerate(coded.indices.to_pylist()):
            if code in wrong:
                bad.setdefault(raw.lines[at], wrong[code])
    return pa.array(found, kind).take(coded.indices)


def _reason(error: ValueError) -> str:
    text = str(error)
    return "not of the stated form" if "does not match format" in text or "unconverted" in text else text


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """A column in one chunk, without dictionary encoding and nanoseconds."""
    import pyarrow as pa

    part = column.combine_chunks()
    part = part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part
    if pa.types.is_dictionary(part.type):
        part = part.dictionary_decode()
    if pa.types.is_timestamp(part.type) and part.type.unit == "ns":
        part = part.cast(pa.timestamp("us", part.type.tz), safe=False)
    if pa.types.is_decimal(part.type):
        part = part.cast(pa.float64())
    return part


def _check_times(times: pa.Array, lines: Sequence[int], within: Window | None, bad: dict[int, str]) -> None:
    import pyarrow.compute as pc

    if times.null_count:
        for at in _where(pc.is_null(times)):
            bad.setdefault(lines[at], "it has no time")
    if within is not None:
        outside = pc.or_(pc.less(times, within.start), pc.greater_equal(times, within.end)).fill_null(False)
        for at in _where(outside):
            bad.setdefault(lines[at], f"its time lies outside of {within}, which the file's name says")


def _where(mask: pa.Array) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = mask.to_numpy(zero_copy_only=False).nonzero()[0]
    return found


def _check_bad(file: Path, bad: Mapping[int, str], most: int) -> None:
    if len(bad) > most:
        line, reason = min(bad.items())
        more = f"; it is the first of {len(bad):,} bad lines, and at most {most:,} may be skipped" if most else ""
        raise BrokenDataError(f"{file.name}, line {line:,}: {reason}{more}")


def _all(value: str, count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(value, pa.string()), count)


def _schema_of(table: Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Rows with the columns in table order; if the file has no moment of observation, that column is left out."""
    import pyarrow as pa

    schema = table.arrow_schema()
    names = [name for name in table.names if name in columns]
    return pa.table([columns[name] for name in names], schema=pa.schema([schema.field(name) for name in names]))


def _distinct(
    file: Path, rows: pa.Table, lines: Sequence[int], part: TablePart, table: Table
) -> tuple[pa.Table, Sequence[int]]:
    """Rows with unique time and dimensions; duplicates are an error, or are added up."""
    key = [name for name in rows.column_names if table.column(name).role is not Role.MEASURE]
    grouped = rows.group_by(key, use_threads=False)
    if part.repeated == "error":
        counted = grouped.aggregate([([], "count_all")])
        if counted.num_rows == rows.num_rows:
            return rows, lines
        raise BrokenDataError(_named_twice(file, rows.select(key), lines))
    added = grouped.aggregate([(name, "sum") for name in table.measures])
    added = added.rename_columns([*key, *table.measures]).select(rows.column_names)
    return added.cast(rows.schema), ()


def _named_twice(file: Path, keys: pa.Table, lines: Sequence[int]) -> str:
    first: dict[tuple[Any, ...], int] = {}
    for line, row in zip(lines, _tuples(keys), strict=True):
        if row in first:
            return (
                f"{file.name}, line {line:,}: line {first[row]:,} has the same time and dimensions; if both count, set "
                'repeated = "add", else leave one of them out'
            )
        first[row] = line
    raise AssertionError("called where two rows have one key")


def _tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)
