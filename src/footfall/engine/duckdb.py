"""DuckDB inside this process, on the Parquet files that a snapshot pins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from footfall.engine.views import UNITS, Views, typed
from footfall.errors import LakeError, QueryError
from footfall.forking import hold
from footfall.lake import verify
from footfall.periods import Grain
from footfall.sql import DUCKDB, quote, read_parquet
from footfall.stopping import ended_by
from footfall.tables import Table

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.lake import Pinned


class DuckDB(Views):
    """DuckDB inside this process."""

    def __init__(self) -> None:
        super().__init__()
        self._duckdb: duckdb.DuckDBPyConnection | None = None
        self._statements: dict[str, str] = {}
        """What made each view: another database gets them too."""
        self.lock = threading.RLock()
        hold(self)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own, as several threads may ask."""
        with self.lock:
            if self._duckdb is None:
                self._duckdb = self._opened()
            return self._duckdb.cursor()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        opened = duckdb.connect()
        # table names must not resolve to Python variables
        opened.execute("SET GLOBAL timezone = 'UTC'; SET GLOBAL python_enable_replacements = false")
        # files of the lake never change, so their metadata can be cached
        opened.execute("SET GLOBAL parquet_metadata_cache = true")
        for statement in list(self._statements.values()):
            self._guard(opened, statement)
        return opened

    def release(self) -> None:
        """Before a fork: the database closes with the last question that is under way."""
        self._duckdb = None

    def _create_view(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None:
        columns = DUCKDB.select(table, pinned.columns if pinned and files else ())
        verify(files)
        origin = f"FROM {read_parquet(files)}" if files else "WHERE false"
        statement = f"CREATE OR REPLACE VIEW {quote(name)} AS SELECT {columns} {origin}"
        with self._cursor() as cursor:
            self._guard(cursor, statement)
        self._statements[name] = statement

    def _drop_view(self, name: str) -> None:
        self._statements.pop(name, None)
        with self._cursor() as cursor:
            self._guard(cursor, f"DROP VIEW IF EXISTS {quote(name)}")

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        """Through a timestamp without zone: DuckDB truncates those four to six times faster, and in UTC they agree."""
        return _without_zone()(moment).truncate(UNITS[grain])

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return _micros()(moment) // (length // timedelta(microseconds=1))

    def run(self, expression: ir.Table) -> pa.Table:
        sql = _compiled(expression.op())
        with self._cursor() as cursor, ended_by(cursor.interrupt):
            return typed(self._guard(cursor, sql), expression)

    def close(self) -> None:
        """The connection is closed after the last running query of another thread; closing it at once would break that query."""

    @staticmethod
    def _guard(cursor: Any, sql: str) -> Any:
        """Runs `sql`; missing or broken files are errors of the lake, not bugs."""
        import duckdb

        try:
            relation = cursor.sql(sql)
            return relation.to_arrow_table() if relation is not None else None
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            reason = str(error).splitlines()[0]
            raise LakeError(
                f"a file of the lake cannot be read ({reason}); if it expired during the query, run it again; "
                "if it is damaged, `footfall doctor --deep` names all that are."
            ) from error
        except duckdb.OutOfMemoryException:
            raise QueryError(
                "the query needs more memory than is available; ask for fewer groups or a shorter window."
            ) from None


@lru_cache(maxsize=512)
def _compiled(node: Any) -> str:
    """The SQL of an expression, cached, so that the same query on the same version of the lake is compiled once."""
    import ibis

    return str(ibis.duckdb.compile(node.to_expr()))


@cache
def _micros() -> Callable[[ir.Column], ir.IntegerColumn]:
    """From a moment to microseconds since 1970; one function for all, so that equal expressions are equal."""
    import ibis

    function: Callable[[ir.Column], ir.IntegerColumn]
    function = ibis.udf.scalar.builtin(_epoch_us, name="epoch_us", signature=(("timestamp('UTC')",), "int64"))
    return function


@cache
def _without_zone() -> Callable[[ir.Column], ir.Column]:
    """From a moment to a plain timestamp in UTC; one function for all, so that equal expressions are equal."""
    import ibis

    micros = _micros()
    naive = ibis.udf.scalar.builtin(_make_timestamp, name="make_timestamp", signature=(("int64",), "timestamp"))
    return lambda moment: naive(micros(moment))


def _epoch_us(moment):  # type: ignore[no-untyped-def]
    ...


def _make_timestamp(micros):  # type: ignore[no-untyped-def]
    ...
