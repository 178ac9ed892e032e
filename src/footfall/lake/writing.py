"""The files of a commit under `Replace`: the new rows, and the remaining rows of the files that they touch.

Windows of many scopes are replaced at once. The rows are written month by month: unchanged if they are sorted and
the only rows of the month, in one pass if they fit in memory, otherwise with one statement per month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from footfall.errors import SourceError
from footfall.lake.delta import DataFile, DeltaFolder
from footfall.lake.files import ask, is_writable_as_is, months_of, read_files, write_month, write_months, write_sorted
from footfall.periods import EPOCH, Window, merge
from footfall.sql import DUCKDB, literal, quote
from footfall.tables import Replace, Rows, Table

if TYPE_CHECKING:
    import pyarrow as pa

    Parts: TypeAlias = Rows | Sequence[pa.Table] | None

MOST_AT_ONCE = 1_000_000
"""Maximum number of rows that are sorted in memory in one pass."""

FEW = 20
"""How many spans are inlined into a statement; more are joined as a table, whose cost does not grow."""


@dataclass(frozen=True)
class Restated:
    """A window that is replaced completely; for one scope if the table has scopes."""

    window: Window
    scope: str = ""


@dataclass(frozen=True)
class Spans:
    """What a commit replaces: for each scope, windows that do not touch each other."""

    table: Table
    of_scope: Mapping[str, Sequence[Window]]

    @classmethod
    def of(cls, table: Table, replaces: Iterable[Restated]) -> Spans:
        """The scope matters only if a column of the table holds it."""
        windows: dict[str, list[Window]] = defaultdict(list)
        for one in replaces:
            windows[one.scope if table.rule.scope else ""].append(one.window)
        return cls(table, {scope: merge(found) for scope, found in windows.items()})

    @cached_property
    def windows(self) -> list[Window]:
        """The windows of all scopes, merged."""
        return merge(window for windows in self.of_scope.values() for window in windows)

    @cached_property
    def month(self) -> str:
        """The month that contains all windows; empty if they span several."""
        ends = (moment for w in self.windows for moment in (w.start, w.end - timedelta(microseconds=1)))
        months = {f"{moment:%Y-%m}" for moment in ends}
        return months.pop() if len(months) == 1 else ""

    @cached_property
    def rows(self) -> list[tuple[str, int, int]]:
        """Scope, start and end of every span, in microseconds since 1970."""
        return [
            (scope, _microseconds(window.start), _microseconds(window.end))
            for scope, windows in self.of_scope.items()
            for window in windows
        ]

    @property
    def are_few(self) -> bool:
        return len(self.rows) <= FEW

    def hold(self, file: DataFile) -> bool:
        """Whether a file has only rows of one window, according to its statistics; only if scopes do not matter."""
        if self.table.rule.scope or file.first is None or file.last is None:
            return False
        return any(file.first in window and file.last in window for window in self.windows)


class Incoming:
    """The rows of a commit, and the connection that reads them."""

    def __init__(self, table: Table, rows: Parts, spans: Spans, cursor: Callable[[], duckdb.DuckDBPyConnection]):
        import pyarrow as pa

        self._table = table
        self._spans = spans
        self.parts: Sequence[pa.Table] = ()
        """The rows as they came, where they are in memory."""
        self.count: int | None = None
        """How many rows there are; None of a relation, which is read when it is written."""
        if isinstance(rows, duckdb.DuckDBPyRelation):
            self.relation = rows
            return
        connection = cursor()
        self.parts = [rows] if isinstance(rows, pa.Table) else list(rows or ())
        self.count = sum(part.num_rows for part in self.parts)
        if not spans.are_few:
            connection.register("restated", _arrow_of(spans))
        if self.parts:
            self.relation = connection.from_arrow(pa.concat_tables(self.parts, promote_options="permissive"))
        else:
            self.relation = connection.sql(f"SELECT {DUCKDB.select(table, present=())} LIMIT 0")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return ask(self.relation, sql)

    def within(self, rows: str) -> str:
        """The SQL of those `rows` (a query) that are in what is replaced."""
        if self._spans.are_few:
            return f"SELECT * FROM ({rows}) WHERE {self._condition}"
        return f"{self._matched(rows)} WHERE s.until > m.__at"

    def outside(self, rows: str) -> str:
        """The SQL of those `rows` (a query) that are outside of what is replaced."""
        if self._spans.are_few:
            return f"SELECT * FROM ({rows}) WHERE ({self._condition}) IS NOT TRUE"
        return f"{self._matched(rows)} WHERE s.until IS NULL OR s.until <= m.__at"

    def _matched(self, rows: str) -> str:
        """Each row `m` next to `s`, the last span of its scope that starts before it."""
        scope = self._table.rule.scope
        same = f"m.{quote(scope)} = s.scope AND " if scope else ""
        moment = f"epoch_us({quote(self._table.time)}) AS __at"
        return (
            f"SELECT m.* EXCLUDE (__at) FROM (SELECT *, {moment} FROM ({rows})) m "
            f"ASOF LEFT JOIN {self._restated} s ON {same}m.__at >= s.since"
        )

    @cached_property
    def _restated(self) -> str:
        if self.count is not None:
            return "restated"
        listed = ", ".join(f"({literal(scope)}, {start}, {end})" for scope, start, end in self._spans.rows)
        return f"(SELECT * FROM (VALUES {listed}) v(scope, since, until))"

    @cached_property
    def _condition(self) -> str:
        """The few spans, inlined."""
        scope = self._table.rule.scope
        found = []
        for name, windows in self._spans.of_scope.items():
            spans = f"({' OR '.join(_within(self._table, window) for window in windows)})"
            found.append(f"({spans} AND {quote(scope)} = {literal(name)})" if scope else spans)
        return f"({' OR '.join(found)})" if found else "false"


def replaced(
    delta: DeltaFolder,
    table: Table,
    rows: Parts,
    replaces: Sequence[Restated],
    is_sorted: bool,
    cursor: Callable[[], duckdb.DuckDBPyConnection],
) -> tuple[list[DataFile], list[DataFile]]:
    """Files with the new rows and the remaining rows of the old files they touch; and those old files.

    Raises SourceError for a row outside the replaced windows: the next run would duplicate it.
    """
    assert isinstance(table.rule, Replace)
    spans = Spans.of(table, replaces)
    incoming = Incoming(table, rows, spans, cursor)
    touched = _touched(delta, table, incoming, spans)
    alone = _alone(table, incoming, touched) if is_sorted else {}
    with delta.staging() as added:
        for month, part in alone.items():
            added.append(write_sorted(delta.folder, table, month, part))
        if not alone:
            for file in _written(delta, table, incoming, spans, touched):
                added.append(file)
        # File statistics are enough to check most commits without reading the rows again.
        if incoming.count != 0 and (touched or not all(spans.hold(file) for file in added)):
            _check_within(table, incoming)
    return added, touched


def _touched(delta: DeltaFolder, table: Table, incoming: Incoming, spans: Spans) -> list[DataFile]:
    """The files with rows that are replaced: by their statistics, and for scopes by their rows."""
    files = [file for file in delta.files() if any(file.overlaps(window) for window in spans.windows)]
    if not table.rule.scope or not files:
        return files
    columns = f"{quote(table.time)}, {quote(table.rule.scope)}, filename"
    chosen = incoming.within(f"SELECT {columns} FROM {read_files(delta.folder, files, is_named=True)}")
    found = {name for (name,) in incoming.ask(f"SELECT DISTINCT filename FROM ({chosen})")}
    return [file for file in files if str(delta.folder / file.path) in found]


def _alone(table: Table, incoming: Incoming, touched: Sequence[DataFile]) -> dict[str, pa.Table]:
    """The rows by month, if each month has one part and no old row of it stays; otherwise empty."""
    months: dict[str, pa.Table] = {}
    for part in incoming.parts:
        if part.num_rows:
            if not is_writable_as_is(table, part):
                return {}
            month = _month_of(table, part)
            if not month or month in months:
                return {}
            months[month] = part
    return {} if touched else months


def _month_of(table: Table, part: pa.Table) -> str:
    """The month that contains all rows; empty if they span several."""
    import pyarrow.compute as pc

    span = pc.min_max(part[table.time].cast("int64")).as_py()
    first, last = (f"{EPOCH + timedelta(microseconds=span[end]):%Y-%m}" for end in ("min", "max"))
    return first if first == last else ""


def _written(
    delta: DeltaFolder, table: Table, incoming: Incoming, spans: Spans, touched: Sequence[DataFile]
) -> Iterator[DataFile]:
    count = incoming.count
    if count is not None and count + sum(file.rows for file in touched) <= MOST_AT_ONCE:
        yield from _written_at_once(delta, table, incoming, touched)
        return
    months = [spans.month] if spans.month else months_of(table, incoming.relation)
    for month in sorted({*months, *(file.month for file in touched)}):
        old = [file for file in touched if file.month == month]
        select = "SELECT * FROM incoming" if spans.month else of_month(table, month)
        if old:
            select += " UNION ALL BY NAME " + incoming.outside(f"SELECT * FROM {read_files(delta.folder, old)}")
        if written := write_month(delta.folder, table, month, incoming.relation, select):
            yield written


def _written_at_once(
    delta: DeltaFolder, table: Table, incoming: Incoming, touched: Sequence[DataFile]
) -> Iterator[DataFile]:
    """All months in one pass."""
    select = "SELECT * FROM incoming"
    if touched:
        select += " UNION ALL BY NAME " + incoming.outside(f"SELECT * FROM {read_files(delta.folder, touched)}")
    yield from write_months(delta.folder, table, incoming.relation, select)


def _check_within(table: Table, incoming: Incoming) -> None:
    """A row outside the windows stated by its source would be duplicated by the next run."""
    [(count,)] = incoming.ask(f"SELECT count(*) FROM ({incoming.outside('SELECT * FROM incoming')})")
    if count:
        of_scope = " and scopes" if table.rule.scope else ""
        raise SourceError(
            f"a source gave {count} rows of {table.name} outside the windows{of_scope} that it stated; nothing was written."
        )


def of_month(table: Table, month: str) -> str:
    """The SQL of the incoming rows of a month."""
    return f"SELECT * FROM incoming WHERE strftime({quote(table.time)}, '%Y-%m') = {literal(month)}"


def _within(table: Table, window: Window) -> str:
    moment = quote(table.time)
    return f"({moment} >= {literal(window.start)} AND {moment} < {literal(window.end)})"


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _arrow_of(spans: Spans) -> pa.Table:
    import pyarrow as pa

    scopes, starts, ends = zip(*spans.rows, strict=True)
    typed_columns = {
        "scope": pa.array(scopes, pa.string()),
        "since": pa.array(starts, pa.int64()),
        "until": pa.array(ends, pa.int64()),
    }
    return pa.table(typed_columns)
