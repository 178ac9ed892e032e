"""Reads marks from files of any length, in portions, all or nothing. Rows are numbered from 1, without the header."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from footfall.activity.actors import VALID_ACTORS, Naming, without_views
from footfall.activity.moments import moment_of_mark, moments_in
from footfall.activity.portions import WantedColumns, portions
from footfall.errors import FootfallError, MarkError
from footfall.stores.ids import Actors
from footfall.stores.store import PER_DAY

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    RowNumbers = npt.NDArray[np.int64]

BytesRead = Callable[[int], None]
"""Receives the number of bytes of the file read so far."""


@dataclass(frozen=True)
class Columns:
    """The columns of a file that hold the actor and the time."""

    actor: str
    at: str | None = None
    """A column of moments, one moment for all rows, or None for now."""
    zone: tzinfo | None = None
    """The time zone of moments without one; if None, these are refused."""
    is_missing_skipped: bool = False


@dataclass
class FileMarks:
    """The marks of a file, by slot, and the number of rows without an actor or a time."""

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
    tell: BytesRead = lambda _: None,
) -> FileMarks:
    """All marks in a file. The first invalid row raises an error with its number."""
    found = FileMarks()
    numbers: dict[int, list[npt.NDArray[Any]]] = defaultdict(list)
    names: dict[int, list[str]] = defaultdict(list)
    counts: dict[int, int] = defaultdict(int)
    moments = _Moments(columns, now, slot_of)
    for portion, bytes_read in portions(file, WantedColumns(columns.actor, columns.at, moments.moment)):
        who, slots, rows = _valid_rows(portion, columns, moments, found)
        for slot, actors in _by_slot(who, slots, rows, columns.actor, naming):
            numbers[slot].append(np.asarray(actors.numbers))
            names[slot].extend(actors.names)
            counts[slot] += len(actors)
        found.rows += portion.num_rows
        tell(bytes_read)
    for slot, count in counts.items():
        found.marks[slot] = Actors(np.concatenate(numbers[slot]), list(dict.fromkeys(names.pop(slot))), count)
    return found


class _Moments:
    """Slots of the moments in a column; each distinct moment is parsed once."""

    def __init__(self, columns: Columns, now: datetime, slot_of: Callable[[datetime], int]) -> None:
        self._columns = columns
        self._now = now
        self._slot_of = slot_of

    def slots(self, column: pa.Array | None, rows: RowNumbers) -> npt.NDArray[np.int64]:
        """The slots of the rows; without a column, of the one moment that all share."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if column is None:
            at = self._now if self._columns.at is None else self.moment(self._columns.at)
            return np.full(len(rows), self._slot_of(at), dtype=np.int64)
        if pa.types.is_integer(column.type):
            column = column.cast(pa.string())
        coded = pc.dictionary_encode(column)
        slots = []
        for code, read in enumerate(moments_in(coded.dictionary)):
            try:
                slots.append(self._slot_of(self.moment(read())))
            except FootfallError as error:
                row = rows[pc.index(coded.indices, code).as_py()]
                raise _at_row(row, self._columns.at, error) from None
        indices: npt.NDArray[np.int64] = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        return np.array(slots, dtype=np.int64)[indices]

    def moment(self, value: Any) -> datetime:
        return moment_of_mark(value, self._now, self._columns.zone)


def _at_row(row: int, column: str | None, error: Exception | str) -> MarkError:
    message = str(error).removesuffix("; nothing was marked.").removesuffix(".")
    return MarkError(f"row {row:,}, column {column!r}: {message}; nothing was marked.")


def _valid_rows(
    portion: pa.Table, columns: Columns, moments: _Moments, found: FileMarks
) -> tuple[pa.Array, npt.NDArray[np.int64], RowNumbers]:
    """Actors, slots and numbers of the rows; rows without actor or time are skipped and counted, or refused."""
    import pyarrow as pa

    rows = found.rows + 1 + np.arange(portion.num_rows)
    parts = {name: _plain(portion[name], name, rows) for name in portion.column_names}
    missing = np.zeros(len(rows), dtype=bool)
    for name, part in parts.items():
        is_empty = _is_missing(part)
        if is_empty.any() and not columns.is_missing_skipped:
            raise MarkError(
                f"row {rows[is_empty.argmax()]:,} has nothing in column {name!r}; fill it in, or leave such rows out with "
                "--skip-missing; nothing was marked."
            )
        missing |= is_empty
    if missing.any():
        found.skipped += int(missing.sum())
        rows = rows[~missing]
        parts = {name: part.filter(pa.array(~missing)) for name, part in parts.items()}
    actors = _as_actors(parts[columns.actor], columns.actor, rows)
    return actors, moments.slots(parts.get(columns.at) if columns.at else None, rows), rows


def _plain(column: pa.ChunkedArray, name: str, rows: RowNumbers) -> pa.Array:
    """A column in one chunk, with its texts decoded."""
    import pyarrow as pa

    part = column.combine_chunks()
    part = part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part
    part = without_views(part.dictionary_decode() if pa.types.is_dictionary(part.type) else part)
    if pa.types.is_nested(part.type) and len(part) > part.null_count:
        at = int(np.argmax(part.is_valid().to_numpy(zero_copy_only=False)))
        raise _at_row(rows[at], name, f"a column of {str(part.type)[:40]} holds neither actors nor moments")
    if not (pa.types.is_binary(part.type) or pa.types.is_large_binary(part.type)):
        return part
    try:
        return part.cast(pa.large_string())
    except pa.ArrowInvalid:
        at = _first_bad(part, lambda some: some.cast(pa.large_string()), pa.ArrowInvalid)
        raise _at_row(rows[at], name, f"{part[at].as_py()[:40]!r} is not UTF-8; save the file as UTF-8") from None


def _is_missing(column: pa.Array) -> npt.NDArray[np.bool_]:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = column.is_null(nan_is_null=pa.types.is_floating(column.type))
    if _is_text(column):
        missing = pc.or_kleene(missing, pc.equal(pc.utf8_trim_whitespace(column), "")).fill_null(True)
    found: npt.NDArray[np.bool_] = missing.to_numpy(zero_copy_only=False)
    return found


def _as_actors(column: pa.Array, name: str, rows: RowNumbers) -> pa.Array:
    """Read `17.0`, as pandas writes whole numbers in columns with missing values, as 17; refuse negative numbers."""
    import pyarrow.compute as pc

    if not _is_text(column):
        return column
    is_negative = pc.match_substring_regex(column, r"^-[0-9]+(\.0)?$")
    if pc.any(is_negative).as_py():
        at = pc.index(is_negative, True).as_py()
        raise _at_row(rows[at], name, f"{column[at].as_py()} is not an actor: {VALID_ACTORS}")
    if pc.any(pc.ends_with(column, ".0")).as_py():
        column = pc.replace_substring_regex(column, r"^(0|[1-9][0-9]*)\.0$", r"\1")
    return column


def _is_text(column: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _first_bad(values: pa.Array, read: Callable[[pa.Array], object], error: type[Exception]) -> int:
    """The index of the first value that cannot be read, given that reading all of them fails."""
    start, stop = 0, len(values)
    while stop - start > 1:
        middle = (start + stop) // 2
        try:
            read(values[start:middle])
            start = middle
        except error:
            stop = middle
    return start


def _by_slot(
    actors: pa.Array, slots: npt.NDArray[np.int64], rows: RowNumbers, column: str, naming: Naming
) -> Iterator[tuple[int, Actors]]:
    if not len(slots):
        return
    order = np.argsort(slots, kind="stable")
    ordered, slots = actors.take(order), slots[order]
    bounds = [0, *(np.flatnonzero(np.diff(slots)) + 1).tolist(), len(slots)]
    for start, stop in pairwise(bounds):
        try:
            yield int(slots[start]), naming.all_stored(ordered[start:stop])
        except MarkError:
            at = _first_bad(actors, naming.all_stored, MarkError)
            try:
                naming.all_stored(actors[at : at + 1])
            except MarkError as error:
                raise _at_row(rows[at], column, error) from None
            raise
