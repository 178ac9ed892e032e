"""Marks in files: CSV (also .gz) and Parquet of any length, read in portions, taken whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from footfall.activity.actors import Naming
from footfall.activity.ids import Actors
from footfall.activity.store import PER_DAY
from footfall.errors import FootfallError, MarkError, QueryError, did_you_mean
from footfall.periods import parse_moment

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

PORTION = 16 << 20
"""Bytes of a CSV file, and about those of a Parquet file, that are looked at together."""
_ROWS = 1 << 18

Tell = Callable[[int], None]
"""Told how many bytes of the file have been read."""


@dataclass(frozen=True)
class Columns:
    """Where a file says who and when."""

    actor: str
    at: str | None = None
    """A column of moments, or one moment for all, or now."""
    zone: tzinfo | None = None
    """The zone of moments that have none; without it they are refused."""
    is_missing_skipped: bool = False


@dataclass
class FileMarks:
    """The marks of a file, by slot, and how many rows said nothing of who or when."""

    marks: dict[int, Actors] = field(default_factory=dict)
    rows: int = 0
    skipped: int = 0

    @property
    def marked(self) -> int:
        return sum(map(len, self.marks.values()))

    @property
    def days(self) -> int:
        return len({slot // PER_DAY for slot in self.marks})


def read_marks(
    file: Path,
    columns: Columns,
    *,
    naming: Naming,
    now: datetime,
    slot_of: Callable[[datetime], int],
    tell: Tell = lambda _: None,
) -> FileMarks:
    """Every mark that a file holds. The first row that cannot be one is named, and nothing is returned."""
    found = FileMarks()
    numbers: dict[int, list[npt.NDArray[Any]]] = defaultdict(list)
    names: dict[int, list[str]] = defaultdict(list)
    counts: dict[int, int] = defaultdict(int)
    moments = _Moments(columns, now, slot_of)
    for portion, bytes_read in _portions(file, columns, now):
        rows, slots = _sound(portion, columns, moments, found)
        for slot, actors in _by_slot(rows, slots, naming, found.rows):
            numbers[slot].append(np.asarray(actors.numbers))
            names[slot].extend(actors.names)
            counts[slot] += len(actors)
        found.rows += portion.num_rows
        tell(bytes_read)
    for slot, count in counts.items():
        found.marks[slot] = Actors(np.concatenate(numbers[slot]), list(dict.fromkeys(names.pop(slot))), count)
    return found


class _Moments:
    """Slots of the moments in a column, each different one looked at once."""

    def __init__(self, columns: Columns, now: datetime, slot_of: Callable[[datetime], int]) -> None:
        self._columns = columns
        self._now = now
        self._slot_of = slot_of

    def slots(self, portion: pa.Table, first: int) -> npt.NDArray[np.int64]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._columns.at is None or self._columns.at not in portion.column_names:
            at = self._now if self._columns.at is None else parse_moment(self._columns.at, self._now)
            return np.full(portion.num_rows, self._slot_of(at), dtype=np.int64)
        column = portion[self._columns.at].combine_chunks()
        if pa.types.is_integer(column.type):
            column = column.cast(pa.string())
        coded = pc.dictionary_encode(column)
        slots = []
        for code, value in enumerate(coded.dictionary.to_pylist()):
            try:
                slots.append(self._slot_of(self._moment(value)))
            except FootfallError as error:
                row = first + pc.index(coded.indices, code).as_py() + 1
                raise MarkError(f"row {row:,}, column {self._columns.at!r}: {_as_mark(error)}") from None
        indices: npt.NDArray[np.int64] = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return np.array(slots, dtype=np.int64)[indices]

    def _moment(self, value: Any) -> datetime:
        if isinstance(value, str):
            text = value.strip()
            try:
                value = datetime.fromisoformat(text)
                if len(text) in (8, 10):  # a date, with or without dashes
                    value = value.replace(tzinfo=UTC)
            except ValueError:
                return parse_moment(text, self._now)
        if isinstance(value, datetime) and value.tzinfo is None:
            if self._columns.zone is None:
                raise QueryError(
                    f"{value.isoformat()} has no time zone; say which one such moments are in, for instance --zone UTC."
                )
            value = value.replace(tzinfo=self._columns.zone)
        if not isinstance(value, date):
            raise QueryError(f"{value!r} is no moment in time.")
        return parse_moment(value, self._now)


def _as_mark(error: FootfallError) -> str:
    said = str(error)
    return said if said.endswith("nothing was marked.") else f"{said.removesuffix('.')}; nothing was marked."


def _sound(
    portion: pa.Table, columns: Columns, moments: _Moments, found: FileMarks
) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The actors of a portion and their slots; rows without either are counted where that was asked, else refused."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in (columns.actor, columns.at):
        if name not in portion.column_names:
            continue
        column = portion[name]
        missing = column.is_null()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            missing = pc.or_kleene(missing, pc.equal(pc.utf8_trim_whitespace(column), ""))
        count = pc.sum(missing).as_py() or 0
        if count and not columns.is_missing_skipped:
            row = found.rows + pc.index(missing, True).as_py() + 1
            raise MarkError(
                f"row {row:,} has nothing in column {name!r}; fill it in, or leave such rows out with --skip-missing; "
                "nothing was marked."
            )
        found.skipped += count
        portion = portion.filter(pc.invert(missing)) if count else portion
    return portion[columns.actor].combine_chunks(), moments.slots(portion, found.rows)


def _by_slot(
    actors: pa.Array, slots: npt.NDArray[np.int64], naming: Naming, first: int
) -> Iterator[tuple[int, Actors]]:
    if not len(slots):
        return
    order = np.argsort(slots, kind="stable")
    actors, slots = actors.take(order), slots[order]
    bounds = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(slots)]
    for start, stop in pairwise(bounds):
        try:
            yield int(slots[start]), naming.all_stored(actors[start:stop])
        except MarkError as error:
            raise MarkError(f"in rows {first + 1:,} to {first + len(slots):,}: {error}") from None


# Files


def _portions(file: Path, columns: Columns, now: datetime) -> Iterator[tuple[pa.Table, int]]:
    """Tables of the columns that were asked for, and how many bytes of the file have been read."""
    import pyarrow as pa

    try:
        read = _parquet if file.suffix.lower() in (".parquet", ".pq") else _csv
        yield from read(file, columns, now)
    except FileNotFoundError:
        raise MarkError(f"there is no file {file}.") from None
    except (pa.ArrowException, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0]
        raise MarkError(f"{file} cannot be read as {_form(file)}: {said}; nothing was marked.") from None
    except OSError as error:
        raise MarkError(f"{file} cannot be read: {error.strerror or error}.") from None


def _form(file: Path) -> str:
    return "Parquet" if file.suffix.lower() in (".parquet", ".pq") else "CSV with a header"


def _wanted(file: Path, columns: Columns, present: list[str], now: datetime) -> list[str]:
    """The columns to read; one that is not there is an error with those that are."""
    if columns.actor not in present:
        raise MarkError(f"{file} has no column {columns.actor!r}{did_you_mean(columns.actor, present)}.")
    if columns.at is None:
        return [columns.actor]
    if columns.at in present:
        return list(dict.fromkeys([columns.actor, columns.at]))
    try:
        parse_moment(columns.at, now)
    except QueryError:
        raise MarkError(
            f"{file} has no column {columns.at!r}, and it is no moment either{did_you_mean(columns.at, present)}."
        ) from None
    return [columns.actor]


def _csv(file: Path, columns: Columns, now: datetime) -> Iterator[tuple[pa.Table, int]]:
    import pyarrow as pa
    from pyarrow import csv

    with file.open("rb") as raw:
        source: Any = pa.PythonFile(raw, mode="r")
        if file.suffix.lower() in (".gz", ".bz2", ".zst"):
            source = pa.CompressedInputStream(
                source, {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}[file.suffix.lower()]
            )
        reader = csv.open_csv(
            source,
            read_options=csv.ReadOptions(block_size=PORTION),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.string() for name in (columns.actor, columns.at) if name},
                strings_can_be_null=False,
            ),
        )
        wanted = _wanted(file, columns, reader.schema.names, now)
        for batch in reader:
            yield pa.Table.from_batches([batch]).select(wanted), raw.tell()


def _parquet(file: Path, columns: Columns, now: datetime) -> Iterator[tuple[pa.Table, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as reader:
        wanted = _wanted(file, columns, reader.schema_arrow.names, now)
        size, rows, done = file.stat().st_size, reader.metadata.num_rows, 0
        for batch in reader.iter_batches(batch_size=_ROWS, columns=wanted):
            done += batch.num_rows
            yield pa.Table.from_batches([batch]), size * done // max(rows, 1)
