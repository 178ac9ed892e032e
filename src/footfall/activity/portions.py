"""Files of marks as Arrow tables of the wanted columns, a portion at a time: CSV (also compressed), Parquet."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import FootfallError, MarkError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

PORTION_BYTES = 16 << 20
"""Bytes of a CSV file per portion; approximate for Parquet."""
_ROWS = 1 << 18
_HEADER = 1 << 20
"""Bytes within which a CSV file's header must end."""
_LOOKED_AT = 100
"""The number of rows that decide whether a column holds moments."""
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
MISSING = ["", "NA", "NaN", "nan", "null", "NULL", "None", "<NA>", "NaT"]
"""Unquoted CSV values that mean a missing value, as written by pandas, R and databases."""
STANDARD_INPUT = Path("-")

Portions = Iterator[tuple["pa.Table", int]]
"""Tables, each with the number of bytes of the file read so far."""


@dataclass(frozen=True)
class WantedColumns:
    """The columns to read from a file: the actor, and optionally the time, which may be one moment for all rows."""

    actor: str
    at: str | None
    check_moment: Callable[[str], object]
    """Raises if a text is not a moment."""

    def among(self, file: str, present: list[str]) -> list[str]:
        """The columns to read; a missing or duplicate column is an error."""
        if self.actor not in present:
            raise MarkError(f"{file} has no column {self.actor!r}{did_you_mean(self.actor, present)}.")
        wanted = [self.actor]
        if self.at in present:
            wanted = list(dict.fromkeys([self.actor, self.at]))
        elif self.at is not None:
            self._check_one_moment(file, self.at, present)
        for name in wanted:
            if present.count(name) > 1:
                raise MarkError(
                    f"{file} has {present.count(name)} columns {name!r}, which is ambiguous; "
                    "rename all but one; nothing was marked."
                )
        return wanted

    def check_undated(self, file: str, rows: Mapping[str, Sequence[Any]]) -> None:
        """Without `at` all rows are marked now; refuse that if the first rows of a column hold moments."""
        for name, values in rows.items():
            if self.at is None and name != self.actor and _are_moments(values):
                raise MarkError(
                    f"{file} has moments in column {name!r}, and without --at all rows would be marked now; name the column "
                    f"with --at {name}, or write --at now; nothing was marked."
                )

    def _check_one_moment(self, file: str, at: str, present: list[str]) -> None:
        try:
            self.check_moment(at)
        except MarkError as error:
            raise MarkError(f"{file} has no column {at!r}, and {error}") from None
        except FootfallError:
            raise MarkError(
                f"{file} has no column {at!r}, and it is not a moment either{did_you_mean(at, present)}."
            ) from None


def _are_moments(values: Sequence[Any]) -> bool:
    """Whether all non-missing values parse as dates or instants; digits alone are ids or years."""
    present = [value for value in values if value is not None and value not in MISSING]
    return bool(present) and all(isinstance(value, date) or _is_moment(value) for value in present)


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str) or value.strip().isdigit():
        return False
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return False
    return True


def portions(file: Path, wanted: WantedColumns) -> Portions:
    """The wanted columns of a file; a failure to read it is a one-sentence error."""
    import pyarrow as pa

    name = name_of(file)
    try:
        with _on_disk(file) as path:
            read = _parquet if _is_parquet(path, name) else _csv
            yield from read(path, name, wanted)
    except FileNotFoundError:
        raise MarkError(f"there is no file {name}.") from None
    except pa.ArrowException as error:
        raise MarkError(f"{name} cannot be read as {_form(file)}: {_message(error)}; nothing was marked.") from None
    except OSError as error:
        what = "is damaged" if file.suffix.lower() in _COMPRESSED and not error.strerror else "cannot be read"
        raise MarkError(f"{name} {what}: {error.strerror or _message(error)}; nothing was marked.") from None


def name_of(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def _message(error: Exception) -> str:
    """The reader's message with our row numbers: the reader counts the header as a row."""
    message = str(error).splitlines()[0].strip().removesuffix(".").removeprefix("CSV parse error: ")
    return re.sub(r"^Row #(\d+): E", lambda match: f"row {int(match[1]) - 1:,}: e", message)


@contextmanager
def _on_disk(file: Path) -> Iterator[Path]:
    """Copy standard input to a temporary file, as the header is read before the rows."""
    if file != STANDARD_INPUT:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "standard-input"
        with copy.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out)
        yield copy


def _form(file: Path) -> str:
    return "Parquet" if file.suffix.lower() in (".parquet", ".pq") else "CSV with a header"


def _is_parquet(path: Path, name: str) -> bool:
    with path.open("rb") as start:
        head = start.read(4096)
    if head.startswith(b"PAR1") or path.suffix.lower() in (".parquet", ".pq"):
        return True
    if path.suffix.lower() not in _COMPRESSED:
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise MarkError(f"{name} is text in UTF-16; save it as UTF-8; nothing was marked.")
        if b"\0" in head or head.startswith(b"PK\x03\x04"):
            raise MarkError(f"{name} is neither CSV nor Parquet; CSV and Parquet are read; nothing was marked.")
    return False


# CSV


def _csv(path: Path, name: str, wanted: WantedColumns) -> Portions:
    """Reads from no Python object: the reader's thread may still be reading after an error has ended the program."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    head = _head(path, name)
    names, delimiter = _header(head, wanted)
    _check_quotes(path, name)
    columns = wanted.among(name, names)
    wanted.check_undated(name, _first_values(head, names, delimiter))
    raw, stream = _opened(path)
    reader = arrow_csv.open_csv(
        stream,
        read_options=arrow_csv.ReadOptions(block_size=PORTION_BYTES, use_threads=False),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True, delimiter=delimiter),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.binary()),  # text that is not UTF-8 is reported with its row
            null_values=MISSING,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    with reader:
        for batch in reader:
            yield pa.Table.from_batches([batch]), raw.tell()


def _opened(path: Path) -> tuple[Any, Any]:
    """A file, and the stream of its decompressed content."""
    import pyarrow as pa

    raw = pa.OSFile(str(path))
    form = _COMPRESSED.get(path.suffix.lower())
    return raw, pa.CompressedInputStream(raw, form) if form else raw


def _check_quotes(path: Path, name: str) -> None:
    """Check that quotation marks come in pairs: the reader silently takes everything after an open one as one value."""
    raw, stream = _opened(path)
    quotes = 0
    with raw, stream:
        while part := stream.read(PORTION_BYTES):
            quotes += part.count(b'"')
    if quotes % 2:
        raise MarkError(
            f"{name} cannot be read as CSV with a header: a quotation mark is never closed; close it, or where it is "
            'part of a value write that as "a ""quoted"" value"; nothing was marked.'
        )


def _head(path: Path, name: str) -> str:
    """The first part of a file, including the header."""
    raw, stream = _opened(path)
    with raw, stream:
        head = stream.read(_HEADER).decode("utf-8-sig", errors="replace")
    if not head.strip():
        raise MarkError(f"{name} cannot be read as CSV with a header: it is empty; nothing was marked.")
    return str(head)


def _header(head: str, wanted: WantedColumns) -> tuple[list[str], str]:
    """The column names and the delimiter: a comma, or if that does not fit, a semicolon or a tab."""
    names = _first_row(head, ",")
    if len(names) == 1 and wanted.actor not in names:
        for delimiter in (";", "\t"):
            if wanted.actor in (others := _first_row(head, delimiter)):
                return others, delimiter
    return names, ","


def _first_row(head: str, delimiter: str) -> list[str]:
    try:
        return next((row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if row), [])
    except csv.Error as error:
        raise MarkError(f"the header cannot be read as CSV: {error}; nothing was marked.") from None


def _first_values(head: str, names: Sequence[str], delimiter: str) -> dict[str, list[str]]:
    """The values of the first rows, by column; the last row of the part may be incomplete and is left out."""
    found: dict[str, list[str]] = {name: [] for name in names}
    with suppress(csv.Error):  # errors are reported when the rows are read
        rows = [
            row for row in islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), _LOOKED_AT) if row
        ]
        for row in rows[1 : len(rows) if len(head) < _HEADER else -1]:
            for name, value in zip(names, row, strict=False):
                found[name].append(value)
    return found


# Parquet


def _parquet(path: Path, name: str, wanted: WantedColumns) -> Portions:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as reader:
        columns = wanted.among(name, reader.schema_arrow.names)
        if wanted.at is None:
            first = next(reader.iter_batches(batch_size=_LOOKED_AT), None)
            wanted.check_undated(name, {} if first is None else first.to_pydict())
        size, rows, done = path.stat().st_size, reader.metadata.num_rows, 0
        for batch in reader.iter_batches(batch_size=_ROWS, columns=columns):
            done += batch.num_rows
            yield pa.Table.from_batches([batch]), size * done // max(rows, 1)
