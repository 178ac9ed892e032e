"""A folder that was exported → a workspace, by the rules of the tables; newer data of the workspace is kept.

A window that is replaced whole is taken where the workspace has it not, or an older statement of it. Observed values are
added with the moments at which they were learnt. Marks are added. A second import changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.errors import FootfallError
from footfall.lake import Cursor, Restated
from footfall.lake.compaction import compact
from footfall.lake.files import read_as
from footfall.lake.ledger import entries_of
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry
from footfall.moving.manifest import Manifest, Part, table_of
from footfall.moving.marks import MARKS, OCCURRENCES, mark_all
from footfall.moving.rows import Typed, hash_of, read_form
from footfall.periods import ALL_TIME, EPOCH, Window, micros_of
from footfall.sql import quote
from footfall.tables import Observe, Table

if TYPE_CHECKING:
    import duckdb

    from footfall.lake import Lake
    from footfall.stores.store import Store

_ACTIVITY = {"activity.marks": MARKS, "activity.occurrences": OCCURRENCES}


@dataclass(frozen=True)
class Imported:
    """The result of an import: rows that are new, by table, and marks."""

    rows: Mapping[str, int]
    marks: int


def import_export(folder: Path, lake: Lake, tables: Iterable[Table], store: Store) -> Imported:
    """Take in what `export` wrote into a folder.

    Everything is read and checked against its hash before anything is written. Raises FootfallError where a file differs from
    its manifest, or where a table of the workspace has other columns.
    """
    manifest = Manifest.read(folder)
    if manifest.is_for_spreadsheets:
        raise FootfallError(
            f"{folder} was written for spreadsheets, so some of its texts were changed; export again without --spreadsheet."
        )
    own = {table.name: table for table in tables}
    here = {n: own.get(n) or table_of(n, p.table) for n, p in manifest.parts.items() if n not in _ACTIVITY}
    connection = lake.cursor()
    files = {n: _checked(connection, folder, manifest, n, _columns(n, p, here)) for n, p in manifest.parts.items()}
    ledger = files.pop(LEDGER.name, None)
    entries = entries_of(connection.sql(f"SELECT * FROM {ledger}")) if ledger else ()
    known = _Known(lake)
    taken: dict[str, int] = {}
    for name, table in here.items():
        if table is LEDGER:
            continue
        count = _take(lake, connection, table, files[name], [e for e in entries if e.table == name], known)
        cursors = [Cursor(*one) for one in manifest.parts[name].cursors.items()]
        if cursors:
            lake.commit(table, None, cursors=cursors)
        taken[name] = count
    lake.record([e for e in entries if known.is_news(e)])
    for table in here.values():
        if table is not LEDGER:
            refresh(lake, table)
        compact(lake, table)
    marks = mark_all(store, connection, files["activity.marks"], files["activity.occurrences"])
    return Imported(taken, marks)


def _columns(name: str, part: Part, here: Mapping[str, Table]) -> Typed:
    if name in _ACTIVITY:
        return _ACTIVITY[name]
    exported = table_of(name, part.table)
    columns = [(c.name, c.type) for c in exported.columns]
    if lacking := set(columns) - {(c.name, c.type) for c in here[name].columns}:
        named = ", ".join(sorted(column for column, _ in lacking))
        raise FootfallError(
            f"the table {name} of this workspace has no column {named}, or of another type; use the same version of its source."
        )
    return columns


def _checked(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, name: str, columns: Typed) -> str:
    """The SQL of the rows of a file, which are those that the manifest says."""
    import duckdb

    part = manifest.parts[name]
    file = folder / Path(part.file).name
    rows = read_form(file, manifest.form, columns)
    try:
        found = hash_of(connection, rows, columns)
    except duckdb.Error:
        raise FootfallError(f"{file} cannot be read; export again. Nothing was imported.") from None
    if found != (part.rows, part.hash):
        raise FootfallError(
            f"{file} does not hold the {part.rows:,} rows that were exported; export again. Nothing was imported."
        )
    return rows


class _Known:
    """What the workspace's ledger said before the import."""

    def __init__(self, lake: Lake) -> None:
        self._all = {_identity(entry) for entry in _recorded(lake)}
        self._stored: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in lake.known():
            if entry.is_success:
                self._stored[entry.table, entry.scope].append(entry)
        self._passed: set[tuple[str, str, Window]] = set()

    def has_of(self, table: str) -> bool:
        return any(name == table for name, _ in self._stored)

    def knows_better(self, entry: Entry) -> bool:
        """Whether a statement of some of the window is stored that is as new."""
        held = self._stored[entry.table, entry.scope]
        is_better = any(
            one.window.overlaps(entry.window) and (one.observed_at or EPOCH) >= (entry.observed_at or EPOCH)
            for one in held
        )
        if is_better:
            self._passed.add((entry.table, entry.scope, entry.window))
        return is_better

    def is_news(self, entry: Entry) -> bool:
        is_passed = (entry.table, entry.scope, entry.window) in self._passed
        return not is_passed and _identity(entry) not in self._all


def _identity(entry: Entry) -> tuple[object, ...]:
    return entry.source, entry.table, entry.scope, entry.window, entry.observed_at


def _recorded(lake: Lake) -> Iterable[Entry]:
    pinned = lake.snapshot([]).ledger
    return entries_of(lake.cursor().sql(f"SELECT * FROM {read_as(LEDGER, pinned.files)}")) if pinned else ()


def _take(
    lake: Lake, connection: duckdb.DuckDBPyConnection, table: Table, rows: str, entries: Iterable[Entry], known: _Known
) -> int:
    """Commit what is new of a table; how many rows."""
    there = lake.snapshot([table]).tables.get(table.name)
    before = there.files if there else ()
    if isinstance(table.rule, Observe):
        names = ", ".join(quote(column.name) for column in table.columns)
        rows = f"(SELECT {names} FROM {_whole(rows, table)} EXCEPT SELECT {names} FROM {read_as(table, before)})"
        windows: list[Restated] = []
    elif not before and not known.has_of(table.name):
        scope = quote(table.rule.scope) if table.rule.scope else "''"
        scopes = connection.execute(f"SELECT DISTINCT coalesce({scope}, '') FROM {rows}").fetchall()
        windows = [Restated(ALL_TIME, each) for (each,) in scopes]
    else:
        newest: dict[tuple[str, Window], Entry] = {}
        for entry in sorted((e for e in entries if e.is_success), key=lambda e: e.observed_at or EPOCH):
            newest[entry.scope, entry.window] = entry
        windows = [Restated(e.window, e.scope) for e in newest.values() if not known.knows_better(e)]
        rows = _within(rows, table, windows)
    [(count,)] = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
    if count or windows:
        lake.commit(table, connection.sql(f"SELECT * FROM {rows}"), replaces=windows)
    return int(count)


def _whole(rows: str, table: Table) -> str:
    """Rows with every column of the table, those that they lack being null."""
    return f"(SELECT * FROM ((SELECT * FROM {read_as(table, ())}) UNION ALL BY NAME SELECT * FROM {rows}))"


def _within(rows: str, table: Table, windows: Iterable[Restated]) -> str:
    listed = ", ".join(
        f"('{one.scope.encode().hex()}', {micros_of(one.window.start)}, {micros_of(one.window.end)})" for one in windows
    )
    if not listed:
        return f"(SELECT * FROM {rows} LIMIT 0)"
    scope = f"lower(hex(coalesce({quote(table.rule.scope)}, '')))" if table.rule.scope else "''"
    return (
        f"(SELECT r.* FROM {rows} r WHERE EXISTS (SELECT 1 FROM (VALUES {listed}) w(scope, since, until) "
        f"WHERE w.scope = {scope} AND epoch_us(r.{quote(table.time)}) >= w.since AND epoch_us(r.{quote(table.time)}) < w.until))"
    )
