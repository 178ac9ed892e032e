"""Rows on their way from a database into a batch: validated, counted by day, and spilled to disk if there are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from footfall.errors import BrokenDataError
from footfall.periods import EPOCH, Window, from_micros, merge, micros_of, short
from footfall.sources.warehouse.looks import Day
from footfall.sources.warehouse.tables import Queried
from footfall.sql import DUCKDB, literal, quote
from footfall.tables import Rows
from footfall.warehouses.casting import cast

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MOST_IN_MEMORY = 1_000_000
"""The most rows of a batch that are passed in memory; larger batches are read from disk when they are written."""
_DAY = timedelta(days=1) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Counted:
    """The rows of one day of one scope, in brief."""

    scope: str
    day: datetime
    looks: Day


class Staged:
    """The rows of one table that were read."""

    def __init__(self, queried: Queried, connection: duckdb.DuckDBPyConnection) -> None:
        self._queried = queried
        self._connection = connection
        self._columns = queried.table.columns
        self._where = queried.part.query
        self.clear()

    def clear(self) -> None:
        """Discard all rows."""
        select = DUCKDB.select(self._queried.table, present=())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {select} LIMIT 0")

    def take(self, parts: Iterable[pa.Table], window: Window) -> None:
        """Add the rows that a database returned for a window. Raises BrokenDataError for a row outside of it."""
        for part in parts:
            rows = cast(part, self._columns, self._where)
            if rows.num_rows:
                self._check_time(rows, window)
                self._check_scope(rows)
                self._connection.register("part", rows)
                self._connection.execute("INSERT INTO staged SELECT * FROM part")
                self._connection.unregister("part")

    def _check_time(self, rows: pa.Table, window: Window) -> None:
        import pyarrow.compute as pc

        times = rows[self._queried.table.time]
        found = pc.min_max(times.cast("int64")).as_py()
        for micros in (found["min"], found["max"]):
            if not micros_of(window.start) <= micros < micros_of(window.end):
                raise BrokenDataError(
                    f"{self._where} was queried for {window} and returned a row of {_said(micros)}; write a condition such as "
                    f"{self._queried.table.time} >= :since AND {self._queried.table.time} < :until."
                )
        unit = self._queried.part.resolution
        odd = times.filter(pc.not_equal(pc.floor_temporal(times, unit=unit), times))
        if len(odd):
            raise BrokenDataError(
                f"{self._where} gives a row of {odd[0].as_py().isoformat()}, which is not the start of a {unit} in UTC; cut "
                f"the time in the query (date_trunc('{unit}', …)), or set another `resolution`."
            )

    def _check_scope(self, rows: pa.Table) -> None:
        scope = self._queried.part.scope
        if scope and rows[scope].null_count:
            raise BrokenDataError(
                f"{self._where} gives a row without {scope}, the scope of the table; add it to the query, such as "
                f"COALESCE({scope}, 'unknown')."
            )

    def days(self) -> list[Counted]:
        """The days that have rows, by scope."""
        names = ", ".join(quote(column.name) for column in self._columns)
        scope = f"CAST({quote(self._queried.part.scope)} AS VARCHAR)" if self._queried.part.scope else "''"
        found = self._connection.execute(
            f"SELECT {scope}, epoch_us({quote(self._queried.table.time)}) // {_DAY} AS day, count(*), "
            f"bit_xor(hash({names})), sum(hash({names})::HUGEINT) % 4294967296 FROM staged GROUP BY ALL"
        ).fetchall()
        return [
            Counted(name, EPOCH + timedelta(days=day), Day(count, f"{mixed:016x}{total:08x}"))
            for name, day, count, mixed, total in found
        ]

    def rows(self, spans: Mapping[str, Iterable[Window]]) -> Rows:
        """The rows of some windows, by scope; in memory if there are few."""
        import pyarrow as pa

        listed = [
            (scope, micros_of(w.start), micros_of(w.end)) for scope, windows in spans.items() for w in merge(windows)
        ]
        scopes, starts, ends = zip(*listed, strict=True) if listed else ((), (), ())
        self._connection.register(
            "wanted",
            pa.table(
                {
                    "scope": pa.array(scopes, pa.string()),
                    "since": pa.array(starts, pa.int64()),
                    "until": pa.array(ends, pa.int64()),
                }
            ),
        )
        scope = self._queried.part.scope
        same = f"CAST(s.{quote(scope)} AS VARCHAR) = w.scope AND " if scope else ""
        time = f"epoch_us(s.{quote(self._queried.table.time)})"
        # kept, as a relation is read several times while it is written
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE stated AS "
            f"SELECT s.* FROM staged s JOIN wanted w ON {same}{time} >= w.since AND {time} < w.until"
        )
        [(count,)] = self._connection.execute("SELECT count(*) FROM stated").fetchall()
        found = self._connection.table("stated")
        return found if count > MOST_IN_MEMORY else found.to_arrow_table()


@contextmanager
def staging(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose tables spill to disk if they do not fit in memory; they are deleted at the end."""
    import duckdb

    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix="rows-") as folder:
        connection = duckdb.connect()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET temp_directory = {literal(folder)}")
            yield connection
        finally:
            connection.close()


def _said(micros: int) -> str:
    try:
        return short(from_micros(micros))
    except OverflowError:
        return f"{micros} microseconds after 1970"
