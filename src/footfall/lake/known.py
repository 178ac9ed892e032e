"""The entries of the ledger as a lazily read sequence: a source may have hundreds of thousands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from footfall.lake.ledger import KEY, recorded, standing
from footfall.ledger import LEDGER, Entries, Entry, Key, Status
from footfall.periods import EPOCH, Window, from_micros, micros_of
from footfall.sql import quote

if TYPE_CHECKING:
    import duckdb

MOMENTS = tuple(column.name for column in LEDGER.columns if column.type == "timestamp")
_SUCCESS = (Status.COMPLETE, Status.PROVISIONAL)
_AT = {name: at for at, name in enumerate(LEDGER.names)}
_START, _END = _AT["window_start"], _AT["window_end"]

_FEW = 10_000
"""Entries that are read at once: reading a part of them again takes longer than reading all."""

Row: TypeAlias = tuple[Any, ...]
"""The ledger's columns in their order, moments as microseconds."""


class StoredEntries(Entries):
    """The entries in force in some files of the ledger; equal moments and windows share one object.

    DuckDB reads them and returns them row by row: Arrow would have to be loaded, which takes longer than the rest.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        files: Sequence[str],
        source: str | None = None,
        *,
        window: Window | None = None,
        condition: str = "true",
    ) -> None:
        super().__init__()
        self._connection = connection
        self._files = files
        self._source = source
        self._window = window
        self._condition = condition
        self._made: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        if at not in self._made:
            self._made[at] = self._entry(at)
        return self._made[at]

    def _entry(self, at: int) -> Entry:
        values = dict(zip(LEDGER.names, self._rows[at], strict=True))
        del values["window_start"], values["window_end"]
        values |= {name: self._moments[values[name]] for name in ("covered_until", "observed_at", "settles_at")}
        entry = object.__new__(Entry)  # the constructor of a frozen dataclass takes five times as long
        entry.__dict__.update(values, window=self._windows[at], status=self._statuses[values["status"]])
        return entry

    @cached_property
    def _rows(self) -> list[Row]:
        names = ", ".join(f"epoch_us({name})" if name in MOMENTS else quote(name) for name in LEDGER.names)
        return self._ask(f"SELECT {names} FROM ({self._standing}) ORDER BY {KEY}, observed_at")

    @property
    def _standing(self) -> str:
        entries = standing(self._files, source=self._source, window=self._window)
        return f"SELECT * FROM ({entries}) WHERE {self._condition}"

    def _ask(self, sql: str) -> list[Row]:
        return self._connection.execute(sql).fetchall()

    @cached_property
    def _windows(self) -> list[Window]:
        made: dict[tuple[int, int], Window] = {}
        ends = [(row[_START], row[_END]) for row in self._rows]
        for start, end in ends:
            if (start, end) not in made:
                made[start, end] = Window(from_micros(start), from_micros(end))
        return [made[pair] for pair in ends]

    @cached_property
    def _moments(self) -> _Moments:
        return _Moments()

    @cached_property
    def _statuses(self) -> dict[str, Status]:
        return {str(status): status for status in Status}

    @cached_property
    def positions(self) -> tuple[dict[Key, int], dict[Key, int]]:
        """By table, scope and window: the positions of the newest entry and of the newest success."""
        latest: dict[Key, int] = {}
        stored: dict[Key, int] = {}
        table, scope, status, seen = (_AT[name] for name in ("table", "scope", "status", "observed_at"))
        rows = self._rows
        for at, (row, window) in enumerate(zip(rows, self._windows, strict=True)):
            key = (row[table], row[scope], window)
            if (before := latest.get(key)) is None or rows[before][seen] <= row[seen]:
                latest[key] = at
            if row[status] in _SUCCESS and ((before := stored.get(key)) is None or rows[before][seen] <= row[seen]):
                stored[key] = at
        return latest, stored

    @property
    def newest_at(self) -> datetime:
        return from_micros(self._extent[1])

    @cached_property
    def _extent(self) -> tuple[int, int]:
        """The number of recorded entries, in force or not, and when the last was recorded, in microseconds."""
        entries = recorded(self._files, source=self._source, window=self._window)
        [(count, newest)] = self._ask(
            f"SELECT count(*), epoch_us(max(observed_at)) FROM ({entries}) WHERE {self._condition}"
        )
        return count, newest or micros_of(EPOCH)

    @cached_property
    def scopes(self) -> set[tuple[str, str]]:
        if self._is_at_hand:
            table, scope, status = (_AT[name] for name in ("table", "scope", "status"))
            return {(row[table], row[scope]) for row in self._rows if row[status] in _SUCCESS}
        stored = f"SELECT * FROM ({self._standing}) WHERE is_success"
        return {(table, scope) for table, scope in self._ask(f'SELECT DISTINCT "table", scope FROM ({stored})')}

    def within(self, window: Window) -> StoredEntries:
        start, end = micros_of(window.start), micros_of(window.end)
        return self._part(lambda row: row[_START] < end and row[_END] > start, window=window)

    def about_windows(self) -> StoredEntries:
        return self._part(lambda row: row[_START] < row[_END], "window_start < window_end")

    def about_asking(self) -> StoredEntries:
        return self._part(lambda row: row[_START] == row[_END], "window_start = window_end")

    def _part(
        self, takes: Callable[[Row], bool], condition: str = "true", window: Window | None = None
    ) -> StoredEntries:
        """The entries for which `takes` is true; `condition` and `window` express the same in SQL."""
        part = StoredEntries(
            self._connection,
            self._files,
            self._source,
            window=window,
            condition=f"{self._condition} AND {condition}",
        )
        if self._is_at_hand:
            part.__dict__["_rows"] = [row for row in self._rows if takes(row)]
        return part

    @property
    def _is_at_hand(self) -> bool:
        """Whether all of them are read: they are in memory already, or reading all costs no more than reading some."""
        return "_rows" in self.__dict__ or self._window is not None or self._extent[0] <= _FEW


class _Moments(dict[int | None, datetime | None]):
    """Microseconds → the moment, cached."""

    def __missing__(self, micros: int | None) -> datetime | None:
        made = self[micros] = None if micros is None else from_micros(micros)
        return made
