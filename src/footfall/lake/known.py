"""The entries of the ledger as a sequence that makes each when it is asked for: a source may have hundreds of thousands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from footfall.ledger import LEDGER, Entries, Entry, Key, Status
from footfall.periods import EPOCH, Window, moment_of

if TYPE_CHECKING:
    import pyarrow as pa

MOMENTS = tuple(column.name for column in LEDGER.columns if column.type == "timestamp")
_SUCCESS = (Status.COMPLETE, Status.PROVISIONAL)


class StoredEntries(Entries):
    """Rows of the ledger, with its columns; equal moments and windows are one object."""

    def __init__(self, rows: pa.Table) -> None:
        super().__init__()
        self._rows = rows
        self._made: dict[int, Entry] = {}

    def __len__(self) -> int:
        return int(self._rows.num_rows)

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
        values = {name: column[at] for name, column in self._columns.items()}
        values |= {name: self._moments[values[name]] for name in ("covered_until", "observed_at", "settles_at")}
        entry = object.__new__(Entry)  # a frozen record's own way sets field by field, which takes five times as long
        entry.__dict__.update(values, window=self._windows[at], status=self._statuses[values["status"]])
        return entry

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        """The columns, moments as microseconds; those of the window stand in `_windows`."""
        names = [name for name in LEDGER.names if name not in ("window_start", "window_end")]
        return {name: self._values(name) for name in names}

    def _values(self, name: str) -> list[Any]:
        column = self._rows[name]
        found: list[Any] = (column.cast("int64") if name in MOMENTS else column).to_pylist()
        return found

    @cached_property
    def _windows(self) -> list[Window]:
        made: dict[tuple[int, int], Window] = {}
        ends = list(zip(self._values("window_start"), self._values("window_end"), strict=True))
        for start, end in ends:
            if (start, end) not in made:
                made[start, end] = Window(moment_of(start), moment_of(end))
        return [made[pair] for pair in ends]

    @cached_property
    def _moments(self) -> _Moments:
        return _Moments()

    @cached_property
    def _statuses(self) -> dict[str, Status]:
        return {str(status): status for status in Status}

    @cached_property
    def positions(self) -> tuple[dict[Key, int], dict[Key, int]]:
        """By table, scope and window: where the newest entry stands, and the newest success."""
        latest: dict[Key, int] = {}
        stored: dict[Key, int] = {}
        seen = self._columns["observed_at"]
        keys = zip(self._columns["table"], self._columns["scope"], self._windows, strict=True)
        for at, (key, status) in enumerate(zip(keys, self._columns["status"], strict=True)):
            if (before := latest.get(key)) is None or seen[before] <= seen[at]:
                latest[key] = at
            if status in _SUCCESS and ((before := stored.get(key)) is None or seen[before] <= seen[at]):
                stored[key] = at
        return latest, stored

    @property
    def newest_at(self) -> datetime:
        import pyarrow.compute as pc

        newest = pc.max(self._rows["observed_at"].cast("int64")).as_py()
        return EPOCH if newest is None else moment_of(newest)

    @cached_property
    def scopes(self) -> set[tuple[str, str]]:
        import pyarrow.compute as pc

        good = self._rows.filter(pc.is_in(self._rows["status"], value_set=_texts(_SUCCESS)))
        pairs = good.select(["table", "scope"]).group_by(["table", "scope"]).aggregate([])
        return set(zip(pairs["table"].to_pylist(), pairs["scope"].to_pylist(), strict=True))

    def within(self, window: Window) -> StoredEntries:
        import pyarrow as pa
        import pyarrow.compute as pc

        start, end = (pa.scalar(moment, pa.timestamp("us", "UTC")) for moment in (window.start, window.end))
        touches = pc.and_(pc.less(self._rows["window_start"], end), pc.greater(self._rows["window_end"], start))
        return StoredEntries(self._rows.filter(touches))

    def about_windows(self) -> StoredEntries:
        import pyarrow.compute as pc

        return StoredEntries(self._rows.filter(pc.less(self._rows["window_start"], self._rows["window_end"])))

    def about_asking(self) -> StoredEntries:
        import pyarrow.compute as pc

        return StoredEntries(self._rows.filter(pc.equal(self._rows["window_start"], self._rows["window_end"])))


class _Moments(dict[int | None, datetime | None]):
    """Microseconds → the moment, made once."""

    def __missing__(self, micros: int | None) -> datetime | None:
        made = self[micros] = None if micros is None else moment_of(micros)
        return made


def _texts(statuses: Sequence[Status]) -> Any:
    import pyarrow as pa

    return pa.array([str(status) for status in statuses])
