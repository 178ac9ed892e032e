"""Compaction: the many small files of a month are joined, and superseded rows are moved to a separate file.

For a table that replaces, all files of a month are joined: all of its rows are needed. For an observed table and the
ledger a month has

    live-….parquet   the rows in force at the time of compaction
    past-….parquet   superseded rows; only readers as of an earlier moment need them
    ….parquet        what was written since

so the data that a query reads grows with the rows in force, not with the number of collections. A row that is not in
force never will be again, so joining is safe while writers append. Readers keep their version. If another writer
changes a month in the meantime, the month is skipped until the next time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from footfall.lake.delta import LIVE, PAST, CommitConflictError, Cursor, DataFile, DeltaFolder
from footfall.lake.files import ask, read_as, read_files, write_month
from footfall.lake.lake import BUILT_FROM, Lake
from footfall.lake.resolving import marked
from footfall.lake.snapshot import KNOWN_SINCE
from footfall.periods import micros_of
from footfall.tables import Observe, Table

CROWDED = 40
"""Files that a month may hold before collecting compacts it: a month of days, and a few restatements."""

_MOST_PAST = 10
"""Files of past rows that a month may hold before they are joined: joining them each time would be ever slower."""

_FEW = 200
"""Rows outside the largest file of a month that are always tolerated, however small that file is."""


def compact(lake: Lake, table: Table, crowded: int = CROWDED) -> None:
    """Join the files of each month that needs it; what readers see stays the same.

    A month needs it if it holds more than `crowded` files; for an observed table also if its other files have more than
    half the rows of its largest: so at most a third of the rows read are superseded. Cheap if no month needs
    it: the row counts are in the table's log.
    """
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    if delta is None:
        return
    is_observed = isinstance(table.rule, Observe)
    _compact_months(lake, table, delta, lambda m: m.is_crowded(crowded) or (is_observed and m.is_mostly_news))


def forget(lake: Lake, table: Table, horizon: datetime) -> None:
    """Compact every month of an observed table, and drop the rows that no reader as of `horizon` or later needs."""
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    if delta is None or not isinstance(table.rule, Observe):
        return
    _compact_months(lake, table, delta, lambda month: bool(month.past) or len(month.current) > 1, horizon)


@dataclass(frozen=True)
class _Month:
    """The files of one month."""

    name: str
    current: tuple[DataFile, ...]
    past: tuple[DataFile, ...]

    @property
    def is_compact(self) -> bool:
        """Whether joining would change nothing."""
        return len(self.past) <= 1 and [file.is_live for file in self.current] == [True]

    def is_crowded(self, most: int) -> bool:
        return len(self.current) > most

    @property
    def is_mostly_news(self) -> bool:
        """Whether the other files have more than half the rows of the largest, which has no more than are in force: a
        commit contains a key only once."""
        rows = sorted(file.rows for file in self.current)
        return sum(rows[:-1]) > max(rows[-1] // 2, _FEW) if rows else False


def _by_month(files: Iterable[DataFile]) -> list[_Month]:
    found: dict[str, tuple[list[DataFile], list[DataFile]]] = defaultdict(lambda: ([], []))
    for file in files:
        found[file.month][file.is_past].append(file)
    return [_Month(month, tuple(current), tuple(past)) for month, (current, past) in sorted(found.items())]


def _compact_months(
    lake: Lake, table: Table, delta: DeltaFolder, needs_it: Callable[[_Month], bool], horizon: datetime | None = None
) -> None:
    for name in [month.name for month in _by_month(delta.files()) if needs_it(month)]:
        # The files to join are those of the version that the commit is built on. Another writer may already have
        # joined those of an older version, and their rows would be in the table twice.
        delta = delta.reopen()
        month = next((month for month in _by_month(delta.files()) if month.name == name), None)
        if month is not None and needs_it(month):
            _compact_month(lake, table, delta, month, horizon)


def _compact_month(
    lake: Lake, table: Table, delta: DeltaFolder, month: _Month, horizon: datetime | None = None
) -> None:
    if isinstance(table.rule, Observe):
        after = _part(lake, table, delta, month, horizon)
    else:
        after = _join(lake, table, delta, month)
    if after == delta.version + 1:
        _carry_rollups_over(lake, table, delta.version, after)


def _join(lake: Lake, table: Table, delta: DeltaFolder, month: _Month) -> int | None:
    nothing = lake.cursor().sql("SELECT 1")
    rows = f"SELECT * FROM {read_files(delta.folder, month.current)}"
    joined = write_month(delta.folder, table, month.name, nothing, rows)
    try:
        return delta.commit([joined] if joined else [], month.current)
    except CommitConflictError:
        return None


def _part(lake: Lake, table: Table, delta: DeltaFolder, month: _Month, horizon: datetime | None) -> int | None:
    """Rows in force and past rows, one file each; past rows that no reader since `horizon` needs are dropped."""
    past = month.past if horizon or len(month.past) >= _MOST_PAST else ()
    files = (*month.current, *past)
    rows_of_month = read_as(table, [delta.folder / file.path for file in files])
    connection = lake.cursor()
    connection.execute(f"CREATE TEMP TABLE of_month AS {marked(table, rows_of_month, horizon)}")
    rows = connection.table("of_month")
    needed = "is_needed" if horizon else "true"
    [(dropped,)] = ask(rows, f"SELECT count(*) FROM incoming WHERE NOT ({needed})")
    if dropped == 0 and month.is_compact:
        return None
    with delta.staging() as added:
        for prefix, kept in ((LIVE, "is_in_force"), (PAST, f"NOT is_in_force AND {needed}")):
            select = f"SELECT * FROM incoming WHERE {kept}"
            if written := write_month(delta.folder, table, month.name, rows, select, prefix):
                added.append(written)
    remembered = [_remembered(delta, horizon)] if horizon and dropped else []
    try:
        return delta.commit(added, files, cursors=remembered)
    except CommitConflictError:
        return None


def _remembered(delta: DeltaFolder, horizon: datetime) -> Cursor:
    """The earliest moment for which the table can be read as it was known then; it never moves back."""
    return Cursor(KNOWN_SINCE, max(micros_of(horizon), delta.cursor(KNOWN_SINCE) or 0))


def _carry_rollups_over(lake: Lake, table: Table, before: int, after: int) -> None:
    """Readers see the same, so what was built from the version before is valid for the one after."""
    for rollup in table.rollups:
        target = DeltaFolder.open(lake.root / rollup.name, table.time)
        if target is not None and target.cursor(BUILT_FROM) == before:
            try:
                target.commit([], [], cursors=[Cursor(BUILT_FROM, after)])
            except CommitConflictError:
                return
