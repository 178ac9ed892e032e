"""Engines: where Ibis expressions run. The only place that knows which engine it is.

duckdb://          in process, on the Parquet files that a snapshot pins
sc://host:port     Spark Connect (Apache Spark, Databricks, Sail), on the Delta tables at the pinned versions
"""

from __future__ import annotations

import hashlib
import socket
import threading
import warnings
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from footfall.errors import LakeError, MissingExtraError, QueryError, SettingsError
from footfall.forking import hold
from footfall.lake import verify
from footfall.periods import Grain
from footfall.sql import DUCKDB, SPARK, quote, read_parquet
from footfall.stopping import ended_by
from footfall.tables import OBSERVED_AT, ColumnType, Observe, Table

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.lake import Pinned

_IBIS_TYPES: dict[ColumnType, str] = {
    "timestamp": "timestamp('UTC', 6)",
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
}
_UNITS = {Grain.HOUR: "h", Grain.DAY: "D", Grain.WEEK: "W", Grain.MONTH: "M", Grain.YEAR: "Y"}
_PATIENCE_SECONDS = 5.0
_MOST_BUILT = 500
_MOST_VIEWS = 200
"""Views that are kept, and so versions of tables: each collection makes new ones, and a process may live for months."""


class Engine(Protocol):
    """Reads pinned tables and runs Ibis expressions on them."""

    def mount(self, pinned: Pinned | None, table: Table, as_of: datetime | None = None) -> ir.Table:
        """`table` as it stands at its pinned version: its columns, nulls where older files have none.

        None is a table that nothing was collected for: no rows. Observed values come resolved,
        those learnt after `as_of` left out.
        """
        ...

    def recall(self, key: Hashable, build: Callable[[], ir.Table]) -> ir.Table:
        """The cached result of `build` for this key: building takes as long as some queries."""
        ...

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        """The start of the period of `grain` that holds `moment`, in UTC; weeks start on Monday."""
        ...

    def next_period(self, start: ir.Column, grain: Grain) -> ir.Column:
        """The start of the period after the one of `grain` that starts at `start`."""
        ...

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        """How many steps of `length`, which is whole seconds, lie between 1970 and `moment`."""
        ...

    def run(self, expression: ir.Table) -> pa.Table:
        """The rows of `expression`; timestamps are microseconds in UTC."""
        ...

    def close(self) -> None:
        """Release all resources; the engine cannot be used afterwards."""
        ...


def connect(address: str) -> Engine:
    """The engine at `address`, ready for use."""
    scheme = urlsplit(address).scheme
    if scheme == "duckdb" and address.removeprefix("duckdb://") == "":
        return DuckDB()
    if scheme == "sc" and urlsplit(address).hostname:
        return Spark(address)
    raise SettingsError(f'engine {address!r} is not known; write "duckdb://", or "sc://host:port" for Spark Connect.')


class _Views(ABC):
    """What engines have in common: a view for each pinned table, made once, and expressions that are kept.

    The views that were used last are kept; with one that is dropped go the expressions that read it.
    """

    def __init__(self) -> None:
        self._views: OrderedDict[str, None] = OrderedDict()
        self._built: dict[Hashable, tuple[ir.Table, frozenset[str]]] = {}
        """Expressions, and the views that they read."""
        self._building = threading.local()
        self._lock = threading.Lock()

    def mount(self, pinned: Pinned | None, table: Table, as_of: datetime | None = None) -> ir.Table:
        files = pinned.files_as_of(as_of) if pinned else ()
        name = _view_name(pinned, table, files)
        with self._lock:
            if name not in self._views:
                self._create_view(name, pinned, table, files)
            self._use([name])
            while len(self._views) > _MOST_VIEWS:
                self._forget_view(self._views.popitem(last=False)[0])
        if (read := getattr(self._building, "views", None)) is not None:
            read.add(name)
        return _resolve(_named(name, table), table, as_of)

    def _use(self, names: Iterable[str]) -> None:
        for name in names:
            self._views[name] = None
            self._views.move_to_end(name)

    def _forget_view(self, name: str) -> None:
        self._built = {key: (built, read) for key, (built, read) in self._built.items() if name not in read}
        self._drop_view(name)

    def next_period(self, start: ir.Column, grain: Grain) -> ir.Column:
        import ibis

        return start + ibis.interval(1, unit=_UNITS[grain])

    @abstractmethod
    def _create_view(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None: ...

    @abstractmethod
    def _drop_view(self, name: str) -> None: ...

    def recall(self, key: Hashable, build: Callable[[], ir.Table]) -> ir.Table:
        try:
            hash(key)
        except TypeError:  # a plugin's metric or table has a list in it
            return build()
        with self._lock:
            if (found := self._built.get(key)) is not None:
                self._use(found[1])
                return found[0]
        self._building.views = read = set[str]()
        try:
            built = build()
        finally:
            self._building.views = None
        with self._lock:
            if len(self._built) >= _MOST_BUILT:
                self._built.clear()
            if read <= self._views.keys():
                self._built[key] = built, frozenset(read)
        return built


class DuckDB(_Views):
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

    def let_go(self) -> None:
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
        return _without_zone()(moment).truncate(_UNITS[grain])

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return _micros()(moment) // (length // timedelta(microseconds=1))

    def run(self, expression: ir.Table) -> pa.Table:
        sql = _compiled(expression.op())
        with self._cursor() as cursor, ended_by(cursor.interrupt):
            return _typed(self._guard(cursor, sql), expression)

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


class Spark(_Views):
    """A Spark Connect server that can reach the lake."""

    def __init__(self, address: str) -> None:
        super().__init__()
        _check_reachable(address)
        with warnings.catch_warnings():
            # pyspark warns of every pandas newer than itself; no pandas is involved here
            warnings.simplefilter("ignore", FutureWarning)
            try:
                import ibis
                from pyspark.errors import PySparkException
                from pyspark.sql import SparkSession
                from pyspark.sql.connect.client.retries import DefaultPolicy
            except ImportError:
                raise MissingExtraError(f"the engine {_without_secrets(address)}", "spark") from None
            self._address = _without_secrets(address)
            self._failure = PySparkException
            with self._failures_said():
                self._session = SparkSession.builder.remote(address).getOrCreate()
                # Spark's client would try for ten minutes; this gives up after 15 seconds.
                self._session.client.set_retry_policies([DefaultPolicy(max_retries=6, max_backoff=5000)])
                self._session.conf.set("spark.sql.session.timeZone", "UTC")
                self._ibis = ibis.pyspark.connect(self._session)

    def _create_view(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None:
        """On the table at its version: past rows that it has more than `files` change nothing."""
        columns = SPARK.columns(table, pinned.columns if pinned else ())
        with self._failures_said():
            if pinned is None:
                frame = self._session.sql(f"SELECT {', '.join(columns)} WHERE false")
            else:
                reader = self._session.read.format("delta").option("versionAsOf", pinned.version)
                frame = reader.load(pinned.address).selectExpr(*columns)
            frame.createOrReplaceTempView(name)

    def _drop_view(self, name: str) -> None:
        with self._failures_said():
            self._session.sql(f"DROP VIEW IF EXISTS `{name}`")

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        return moment.truncate(_UNITS[grain])

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return moment.epoch_seconds().cast("int64") // int(length.total_seconds())

    def run(self, expression: ir.Table) -> pa.Table:
        sql = self._ibis.compile(expression)
        with self._failures_said():
            return _typed(self._session.sql(sql).toArrow(), expression)

    @contextmanager
    def _failures_said(self) -> Iterator[None]:
        """Turn failures of the cluster into one sentence."""
        try:
            yield
        except self._failure as error:
            lines = str(error).splitlines() or [type(error).__name__]
            reason = next((line for line in lines if "details = " in line), lines[0]).strip().rstrip(".")
            raise LakeError(
                f"engine {self._address} failed ({reason}); see that it is a Spark Connect server which can read the lake, "
                'or set engine to "duckdb://".'
            ) from error

    def close(self) -> None:
        """Ends the session while the server is reachable: otherwise Spark's client waits for minutes at exit."""
        self._session.stop()


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


def _view_name(pinned: Pinned | None, table: Table, files: Sequence[str]) -> str:
    """One name for one table at one version, so that mounting again costs nothing and leaks nothing."""
    if pinned is None:
        return f"{table.name}_absent"
    content = "\n".join((pinned.address, *files))
    return f"{table.name}_v{pinned.version}_{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _named(name: str, table: Table) -> ir.Table:
    import ibis

    return ibis.table({column.name: _IBIS_TYPES[column.type] for column in table.columns}, name=name)


def _resolve(rows: ir.Table, table: Table, as_of: datetime | None) -> ir.Table:
    """One row per key of an observed table; other tables as they are."""
    import ibis

    rule = table.rule
    if not isinstance(rule, Observe):
        return rows
    if as_of is not None:
        rows = rows.filter(rows[OBSERVED_AT] <= ibis.literal(as_of, type="timestamp('UTC', 6)"))
    if rule.resolve == "max" and set(table.tie_breakers) == set(table.measures):
        tops = {name: rows[name].max() for name in (*table.measures, OBSERVED_AT)}
        return rows.group_by(rule.key).aggregate(**tops)[list(table.names)]
    # Every column breaks ties of one moment, so that every engine picks the same row.
    newest = [rows[name].desc(nulls_first=False) for name in (OBSERVED_AT, *table.tie_breakers)]
    numbered = rows.mutate(_nth=ibis.row_number().over(group_by=list(rule.key), order_by=newest))
    if rule.resolve == "max":
        numbered = numbered.mutate(**{m: numbered[m].max().over(group_by=list(rule.key)) for m in table.measures})
    return numbered.filter(numbered["_nth"] == 0)[list(table.names)]


def _typed(rows: pa.Table, expression: ir.Table) -> pa.Table:
    """`rows` in the types the expression promises: engines widen sums and drop zones."""
    import pyarrow as pa

    def promised(name: str, dtype: Any) -> pa.DataType:
        return pa.timestamp("us", "UTC") if dtype.is_timestamp() else dtype.to_pyarrow()

    schema = pa.schema([(name, promised(name, dtype)) for name, dtype in expression.schema().items()])
    return rows if rows.schema == schema else rows.cast(schema)


def _check_reachable(address: str) -> None:
    """Fails at once when nothing listens there; Spark's own client retries for minutes."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port or 15002
        socket.create_connection((host, port), timeout=_PATIENCE_SECONDS).close()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"engine {_without_secrets(address)} cannot be reached ({error}); start the cluster, or set engine to "
            '"duckdb://".'
        ) from None


def _without_secrets(address: str) -> str:
    """The address without its parameters: a token may be among them."""
    return address.split("/;")[0].split(";")[0]
