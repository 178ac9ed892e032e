"""A Spark Connect server: Apache Spark, Databricks, Sail."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from footfall.engine.views import UNITS, Views, typed
from footfall.errors import LakeError, MissingExtraError, SettingsError
from footfall.periods import Grain
from footfall.sql import SPARK
from footfall.tables import Table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.lake import Pinned

_PATIENCE_SECONDS = 5.0


class Spark(Views):
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
        return moment.truncate(UNITS[grain])

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        return moment.epoch_seconds().cast("int64") // int(length.total_seconds())

    def run(self, expression: ir.Table) -> pa.Table:
        sql = self._ibis.compile(expression)
        with self._failures_said():
            return typed(self._session.sql(sql).toArrow(), expression)

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
