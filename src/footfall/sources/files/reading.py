"""A file as columns of raw values, each row with its line number; nothing is interpreted yet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from footfall.errors import BrokenDataError
from footfall.sources.files.settings import CsvPart, TablePart
from footfall.sources.files.values import shown

if TYPE_CHECKING:
    import pyarrow as pa

_PORTION = 50_000
_CELL = 1 << 20
"""Maximum number of characters in a CSV cell."""


@dataclass(frozen=True)
class Bad:
    """A line that cannot be used."""

    line: int
    reason: str


@dataclass
class Raw:
    """The rows of a file, and the lines in it that are not rows."""

    rows: pa.Table
    lines: Sequence[int]
    """The line of each row, or its row number in Parquet and Feather; from 1."""
    rejected: list[Bad] = field(default_factory=list)


def read(file: Path, part: TablePart, wanted: Sequence[str]) -> Raw:
    """The `wanted` columns of a file. Raises BrokenDataError if the file does not match the settings."""
    try:
        match part.format:
            case "csv":
                return _read_csv(file, part.csv, wanted)
            case "jsonl":
                return _read_lines(file, wanted)
            case _:
                return _read_columns(file, part.format, wanted)
    except UnicodeDecodeError as error:
        raise BrokenDataError(
            f"{file.name} is not {error.encoding}: byte {error.start:,} cannot be read; set csv.encoding, or save it as UTF-8"
        ) from None
    except OSError as error:
        raise BrokenDataError(f"{file.name} cannot be read: {error.strerror or error}") from None


class _Columns:
    """Columns of texts that grow row by row."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._cells: list[list[str | None]] = [[] for _ in names]
        self._parts: list[pa.Table] = []

    def add(self, cells: Iterable[str | None]) -> None:
        for column, cell in zip(self._cells, cells, strict=True):
            column.append(cell)
        if self._cells and len(self._cells[0]) >= _PORTION:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        self._parts.append(pa.table([pa.array(column, pa.string()) for column in self._cells], names=list(self._names)))
        self._cells = [[] for _ in self._names]

    def table(self) -> pa.Table:
        import pyarrow as pa

        self._flush()
        return pa.concat_tables(self._parts)


def _read_csv(file: Path, form: CsvPart, wanted: Sequence[str]) -> Raw:
    """Only an empty cell is null: NA, null and None are strings."""
    with file.open(newline="", encoding=form.encoding) as text:
        if text.read(1) != "\ufeff":
            text.seek(0)
        csv.field_size_limit(_CELL)
        reader = csv.reader(text, delimiter=form.delimiter, quotechar=form.quote, strict=True)
        rows = _csv_rows(reader, file)
        names = list(form.columns) or next(rows, (0, []))[1]
        places = _places(file, names, wanted)
        columns, lines, rejected, blank = _Columns(wanted), [], [], []
        for line, cells in rows:
            if not cells:
                blank.append(line)
                continue
            rejected += [Bad(line, "it is empty") for line in blank]
            blank = []
            if len(cells) != len(names):
                rejected.append(Bad(line, f"it has {len(cells)} cells, where there are {len(names)} columns"))
                continue
            columns.add(cells[at] or None for at in places)
            lines.append(line)
    return Raw(columns.table(), lines, rejected)


def _csv_rows(reader: Any, file: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line at which each starts; a cell may contain line ends."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenDataError(f"{file.name}, line {line:,}: {error}; look at its quotes") from None
        yield line, cells


def _places(file: Path, names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    if not names:
        raise BrokenDataError(f"{file.name} is empty")
    for name in wanted:
        if names.count(name) != 1:
            found = "no column" if name not in names else "several columns"
            raise BrokenDataError(f"{file.name} has {found} {name!r}; it has {', '.join(map(shown, names[:12]))}")
    return [list(names).index(name) for name in wanted]


def _read_lines(file: Path, wanted: Sequence[str]) -> Raw:
    """JSON Lines: one object for each line; absent fields are null."""
    import pyarrow as pa

    cells: list[list[Any]] = [[] for _ in wanted]
    kinds: dict[str, type] = {}
    lines, rejected = [], []
    with file.open("rb") as text:
        for line, written in enumerate(text, 1):
            try:
                values = _values(json.loads(written.decode("utf-8"), parse_constant=_refuse), wanted, kinds)
            except (ValueError, RecursionError) as error:
                rejected.append(Bad(line, f"it cannot be read as JSON: {error}"))
                continue
            for column, value in zip(cells, values, strict=True):
                column.append(value)
            lines.append(line)
    if not lines and not rejected:
        raise BrokenDataError(f"{file.name} is empty")
    return Raw(pa.table([pa.array(column) for column in cells], names=list(wanted)), lines, rejected)


def _values(line: Any, wanted: Sequence[str], kinds: dict[str, type]) -> list[Any]:
    """The wanted values of a line, each of the same kind as in the lines before."""
    if not isinstance(line, dict):
        raise ValueError("it is not an object")
    values = [line.get(name) for name in wanted]
    for name, value in zip(wanted, values, strict=True):
        if value is None:
            continue
        kind = float if isinstance(value, int) and not isinstance(value, bool) else type(value)
        if kind not in (str, float, bool):
            raise ValueError(f"{name!r} is {shown(value)}, not a text, a number, true or false")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError(f"{name!r} is too large for a number of 64 bits")
        if kinds.setdefault(name, kind) is not kind:
            raise ValueError(f"{name!r} is {shown(value)}, of another kind than in the lines before")
    return values


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")


def _read_columns(file: Path, form: str, wanted: Sequence[str]) -> Raw:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    readers: dict[str, Callable[..., pa.Table]] = {
        "parquet": lambda: pyarrow.parquet.read_table(io.BytesIO(file.read_bytes()), columns=list(wanted)),
        "feather": lambda: pyarrow.feather.read_table(file, columns=list(wanted), memory_map=False),
    }
    try:
        names = _names_in(file, form)
        _places(file, names, wanted)
        rows = readers[form]().select(list(wanted))
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise BrokenDataError(f"{file.name} is not a {form.capitalize()} file that can be read: {said}") from None
    return Raw(rows, range(1, rows.num_rows + 1))


def _names_in(file: Path, form: str) -> list[str]:
    import pyarrow.parquet
    from pyarrow import ipc

    if form == "parquet":
        return list(pyarrow.parquet.read_schema(file).names)
    with file.open("rb") as opened, ipc.open_file(opened) as reader:
        return list(reader.schema.names)
