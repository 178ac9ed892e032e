"""A Spark Connect server: Apache Spark, Databricks, Sail.

The server reads the lake itself, with its own credentials: as Delta at the pinned version, or, where it has no Delta or
its Delta cannot open the table, as the list of Parquet files that the snapshot pins.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

from footfall.concealing import concealed, remember
from footfall.engine.views import UNITS, Views, typed
from footfall.errors import LakeError, MissingExtraError, SettingsError
from footfall.lake import storage_of
from footfall.periods import Grain
from footfall.sql import SPARK
from footfall.tables import Table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.lake import Pinned

Answer = TypeVar("Answer")

_PATIENCE_SECONDS = 5.0
_NO_DELTA = "DATA_SOURCE_NOT_FOUND"
_LOST = (
    "INVALID_HANDLE.SESSION",
    "server side session identifier",
    "NO_ACTIVE_SESSION",
    "is not running",
    "operation not found",
    "TABLE_OR_VIEW_NOT_FOUND",
)
"""What servers say of a session that they ended after an idle hour, or that was lost when they were started again."""
_LOGGER = "SQLQueryContextLogger"
"""Through which Spark's client prints the stack of the server for each error, next to our sentence about it."""


class Spark(Views):
    """A Spark Connect server that can read the lake.

    Args:
        address: "sc://host:port", with parameters such as ";token=…" after "/".
        lake: The address of the lake, as in the snapshots.
        lake_there: The address of the same lake for the server, if it differs.

    Raises:
        SettingsError: When nothing listens there.
        MissingExtraError: Without Spark's client.
        LakeError: When the server fails.
    """

    def __init__(self, address: str, lake: str = "", lake_there: str = "") -> None:
        super().__init__()
        _check_reachable(address)
        try:
            from pyspark.errors import PySparkException
        except ImportError:
            raise MissingExtraError(f"the engine {without_secrets(address)}", "spark") from None
        logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED\]")  # an exception says it too
        self._address = without_secrets(address)
        self._lakes = (lake.rstrip("/"), lake_there.rstrip("/")) if lake and lake_there else None
        self._failure = PySparkException
        self._has_delta = True
        self._origins: dict[str, tuple[Pinned | None, Table, Sequence[str]]] = {}
        """What each view is made of: another session gets it too."""
        self._made: set[str] = set()
        """The views that this session has."""
        self._opening = threading.RLock()
        self._open: Callable[[], Any] = partial(_session_at, address)
        with self._failures_said():
            self._session = self._open()

    def _create_view(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None:
        with self._failures_said():
            self._lasting(lambda: self._make(name, pinned, table, files))
        self._origins[name] = pinned, table, files
        self._made.add(name)

    def _make(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None:
        columns = SPARK.columns(table, pinned.columns if pinned else ())
        if pinned is None or not files:
            self._session.sql(f"SELECT {', '.join(columns)} WHERE false").createOrReplaceTempView(name)
        elif not self._made_of_delta(name, pinned, columns):
            self._of_files(table, pinned, files).selectExpr(*columns).createOrReplaceTempView(name)

    def _made_of_delta(self, name: str, pinned: Pinned, columns: Sequence[str]) -> bool:
        """Whether the server could open the table at its version: past rows that it has more than needed change nothing."""
        if not self._has_delta:
            return False
        reader = self._session.read.format("delta").option("versionAsOf", pinned.version)
        try:
            reader.load(self._there(pinned.address)).selectExpr(*columns).createOrReplaceTempView(name)
        except self._failure as error:
            if _is_lost(error):
                raise
            self._has_delta = _NO_DELTA not in str(error)
            return False
        return True

    def _of_files(self, table: Table, pinned: Pinned, files: Sequence[str]) -> Any:
        """The rows of `files`: columns that a file lacks are null, and no file may be missing.

        The server takes paths for patterns, so characters of patterns are escaped; servers differ in how.
        """
        schema = ", ".join(
            f"{SPARK.quote(column.name)} {SPARK.types[column.type]}"
            for column in table.columns
            if column.name in pinned.columns
        )
        reader = self._session.read.schema(schema).options(ignoreMissingFiles="false", ignoreCorruptFiles="false")
        wanted = {PurePosixPath(file).name for file in files}
        reason = ""
        for escaped in dict.fromkeys(
            tuple(map(escape, map(self._there, files))) for escape in (_with_slashes, _as_uri)
        ):
            try:
                frame = reader.parquet(*escaped)
                if wanted <= {PurePosixPath(unquote(found)).name for found in frame.inputFiles()}:
                    return frame
            except self._failure as error:
                if _is_lost(error):
                    raise
                reason = reason or f" ({_reason(error)})"
        raise LakeError(
            f"engine {self._address} cannot read the files of {pinned.name} in {self._there(pinned.address)}{reason}; the "
            "server itself reads the lake, so that address must be valid there, and open to it; if the lake has another "
            'address for the server, set `lake` under [engine], or set engine to "duckdb://".'
        )

    def _there(self, path: str) -> str:
        """The address of a folder or file of the lake, as the server has it."""
        path = storage_of(path).shown(Path(path)) if "://" not in path else path
        if self._lakes is None or not path.startswith(self._lakes[0] + "/"):
            return path
        return self._lakes[1] + path.removeprefix(self._lakes[0])

    def _drop_view(self, name: str) -> None:
        self._origins.pop(name, None)
        self._made.discard(name)
        with self._failures_said():
            self._lasting(lambda: self._session.sql(f"DROP VIEW IF EXISTS `{name}`"))

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        return moment.truncate(UNITS[grain])

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return moment.epoch_seconds().cast("int64") // int(length.total_seconds())

    def run(self, expression: ir.Table) -> pa.Table:
        import ibis

        compiled: Callable[[ir.Table], str] = ibis.pyspark.compile
        sql = compiled(expression)
        with self._failures_said():
            return typed(self._lasting(lambda: self._rows(sql)), expression)

    def _rows(self, sql: str) -> pa.Table:
        """The rows of `sql`; in a new session its views are made again."""
        with self._opening:
            for name in sorted(set(re.findall(r"`(\w+)`", sql)) & self._origins.keys() - self._made):
                self._make(name, *self._origins[name])
                self._made.add(name)
        return self._session.sql(sql).toArrow()

    def _lasting(self, act: Callable[[], Answer]) -> Answer:
        """What `act` returns; in a new session if the server has lost this one."""
        session = self._session
        try:
            return act()
        except self._failure as error:
            if not _is_lost(error):
                raise
        with self._opening:
            if self._session is session:
                self._session = self._open()
                self._made.clear()
        return act()

    @contextmanager
    def _failures_said(self) -> Iterator[None]:
        """Turn failures of the cluster into one sentence."""
        try:
            yield
        except self._failure as error:
            raise LakeError(
                f"engine {self._address} failed ({_reason(error)}); see that it is a Spark Connect server which can read "
                'the lake, or set engine to "duckdb://".'
            ) from error

    def close(self) -> None:
        """Ends the session while the server is reachable: otherwise Spark's client waits for minutes at exit."""
        self._session.stop()


def _session_at(address: str) -> Any:
    """A session of its own, which answers in UTC and gives up after 15 seconds; Spark's client would try for ten minutes."""
    with warnings.catch_warnings():
        # pyspark warns of every pandas newer than itself; no pandas is involved here
        warnings.simplefilter("ignore", FutureWarning)
        import ibis
        from pyspark.sql import SparkSession
        from pyspark.sql.connect.client.retries import DefaultPolicy

        _ = ibis.pyspark  # loaded with its first use, warnings included
        session = SparkSession.builder.remote(address).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=6, max_backoff=5000)])
        session.conf.set("spark.sql.session.timeZone", "UTC")
    return session


def _is_lost(error: Exception) -> bool:
    return any(sign in str(error) for sign in _LOST)


def _reason(error: Exception) -> str:
    """What the server says of an error, without its stack and without tokens."""
    lines = str(error).splitlines() or [type(error).__name__]
    return concealed(next((line for line in lines if "details = " in line), lines[0]).strip().rstrip("."))


def _with_slashes(path: str) -> str:
    """The path with a backslash before each character of a pattern, for Apache Spark."""
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", path)


def _as_uri(path: str) -> str:
    """The path in percent encoding, for Sail; the same path if it has no character of a pattern."""
    if _with_slashes(path) == path:
        return path
    return path if "://" in path else "file://" + quote(path)


def remember_token(address: str) -> None:
    """Remove the token in an address from all messages."""
    for parameter in address.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if "token" in name.lower():
            remember(value)
            remember(unquote(value))


def _check_reachable(address: str) -> None:
    """Fails at once when nothing listens there; Spark's own client retries for minutes."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port or 15002
        socket.create_connection((host, port), timeout=_PATIENCE_SECONDS).close()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"engine {without_secrets(address)} cannot be reached ({error}); start the cluster, or set engine to "
            '"duckdb://".'
        ) from None


def without_secrets(address: str) -> str:
    """The address without its parameters: a token may be among them."""
    return address.split("/;")[0].split(";")[0]
