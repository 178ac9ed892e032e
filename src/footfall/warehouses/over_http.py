"""ClickHouse and BigQuery with the common warehouse interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from footfall.periods import Window
from footfall.warehouses.asking import Question, check_zone, is_utc
from footfall.warehouses.dialects import BIGQUERY, CLICKHOUSE

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.warehouses.bigquery import BigQuery
    from footfall.warehouses.clickhouse import ClickHouse


class AskedClickHouse:
    """A ClickHouse server with sessions in UTC; every answer is checked against its control totals."""

    dialect = CLICKHOUSE

    def __init__(self, server: ClickHouse) -> None:
        self._server = server
        if not is_utc(self._zone()):
            self._server = server.with_settings({"session_timezone": "UTC"})
            check_zone(self._zone(), CLICKHOUSE)

    def _zone(self) -> str:
        return str(self.ask(CLICKHOUSE.zone)[0][0].as_py())

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        yield self._server.ask_whole(question, window, totals=totals)

    def ask(self, sql: str) -> pa.Table:
        return self._server.ask(sql)

    def close(self) -> None:
        """There is no open connection."""


class AskedBigQuery:
    """A BigQuery project; each query runs in UTC, which is verified by a first query that reads nothing."""

    dialect = BIGQUERY

    def __init__(self, project: BigQuery) -> None:
        self._project = project
        check_zone(str(self.ask(BIGQUERY.zone)[0][0].as_py()), BIGQUERY)

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        yield from self._project.pages(question(window))

    def cost(self, sql: str) -> int:
        """Bytes that a query would read; finding out is free."""
        return self._project.cost(sql)

    def ask(self, sql: str) -> pa.Table:
        return self._project.ask(sql)

    def close(self) -> None:
        """There is no open connection."""
