"""ClickHouse over HTTP.

    clickhouse = ClickHouse(client, "https://sql-clickhouse.clickhouse.com", user="demo")
    clickhouse.ask("SELECT max(date) FROM pypi.pypi_downloads_per_day")             an Arrow table
    clickhouse.ask_whole(question, window, totals=("downloads",))                   checked against a control total

A server with `result_overflow_mode = 'break'`, such as the public ones, truncates long answers and reports success. So
`ask_whole` queries the number of rows and their totals separately, and requests smaller parts until both agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError
from footfall.http import StatusError
from footfall.periods import Window
from footfall.warehouses.clickhouse_rows import rows_of
from footfall.warehouses.refusals import RefusedQueryError, in_words

if TYPE_CHECKING:
    import httpx2
    import pyarrow as pa

    from footfall.http import Client
    from footfall.settings import Secret

EXCEPTION = "X-ClickHouse-Exception-Code"
FORMAT = "CSVWithNamesAndTypes"
_DAY = timedelta(days=1)
MOST_PARTS = 1_024
"""The largest number of parts into which the rows of one day are split."""
_IN_BODY = re.compile(rb"(?:^|\n)(?:__exception__\r?\n.*)?Code: (\d+)\. DB::Exception: ([^\n]*)", re.DOTALL)
_HINTS = {
    60: "correct the name of the table, or ask for access to it",
    81: "correct the name of the database",
    159: "it took longer than the server allows: ask for fewer columns or days",
    164: "the user may not change this setting",
    193: "correct user and password",
    194: "correct user and password",
    201: "the user's quota is used up: wait, or use another user",
    202: "too many queries run at this moment: try again later",
    241: "the server has no memory for it: ask for fewer columns or days",
    497: "ask for the right to read it (GRANT SELECT)",
    516: "correct user and password",
}


class ClickHouse:
    """A ClickHouse server over HTTP.

    Args:
        client: The HTTP client.
        address: Its HTTP interface, such as `https://host:8443`.
        user, password: Sent as headers, never in an address.
        database: The default database for tables in a query.
        timeout: Seconds in which a query must be answered; the answer is sent when it is complete.
        settings: ClickHouse settings for every query; a read-only user may not change any.
    """

    def __init__(
        self,
        client: Client,
        address: str,
        *,
        user: str = "default",
        password: Secret | None = None,
        database: str = "",
        timeout: float = 600.0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._client = client
        self._address = address
        self._headers = {"X-ClickHouse-User": user}
        if password:
            self._headers["X-ClickHouse-Key"] = password.reveal()
        self._database = database
        self._timeout = timeout
        self._settings = dict(settings or {})

    def with_settings(self, settings: Mapping[str, Any]) -> ClickHouse:
        """The same server, with additional `settings` for its queries."""
        found = copy(self)
        found._settings = {**self._settings, **settings}
        return found

    def ask(self, sql: str) -> pa.Table:
        """The answer as received: the server's limits may truncate it.

        Args:
            sql: One query, without FORMAT.

        Raises RefusedQueryError for a query that the server rejects, BrokenDataError for an answer that cannot be read.
        """
        params: dict[str, Any] = {"default_format": FORMAT, "wait_end_of_query": 1, **self._settings}
        if self._database:
            params["database"] = self._database
        try:
            response = self._client.post(
                self._address,
                content=sql.encode(),
                params=params,
                headers=self._headers,
                timeout=self._timeout,
                answers=lambda response: EXCEPTION in response.headers,
            )
        except StatusError as error:
            if error.status in (401, 403):
                raise RefusedQueryError(f"{error}") from None
            raise
        self._check(response, sql)
        return rows_of(response.content, self._address)

    def ask_whole(self, question: Callable[[Window], str], window: Window, *, totals: Sequence[str] = ()) -> pa.Table:
        """The complete answer for a window, checked against a separately queried count.

        Args:
            question: The query for a window; it is repeated for parts of `window` if the answer is truncated.
            window: Whole days.
            totals: Integer columns of the answer, whose sums must match as well as the number of rows.

        Raises BrokenDataError if the complete answer is not available.
        """
        import pyarrow as pa

        return pa.concat_tables(self._whole(question, window, totals), promote_options="permissive")

    def _whole(self, question: Callable[[Window], str], window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        sql = question(window)
        rows = self._agreeing(sql, totals)
        if rows is not None:
            yield rows
        elif window.length > _DAY:
            middle = window.start + (window.length // 2 // _DAY) * _DAY
            yield from self._whole(question, Window(window.start, middle), totals)
            yield from self._whole(question, Window(middle, window.end), totals)
        else:
            yield from self._in_parts(sql, window, totals)

    def _in_parts(self, sql: str, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        """One day whose answer is still truncated: its rows are queried in parts by their hash."""
        parts = 2
        while parts <= MOST_PARTS:
            found = []
            for n in range(parts):
                part = f"SELECT * FROM ({sql}) WHERE cityHash64(toString(tuple(*))) % {parts} = {n}"
                rows = self._agreeing(part, totals)
                if rows is None:
                    break
                found.append(rows)
            else:
                yield from found
                return
            parts *= 4
        raise BrokenDataError(
            f"{self._address} cuts its answers about {window} even in {MOST_PARTS:,} parts; use a user with higher limits."
        )

    def _agreeing(self, sql: str, totals: Sequence[str]) -> pa.Table | None:
        """The answer, if it matches its control totals; None if it is truncated."""
        for _ in range(3):  # rows may be added between the two queries
            control = self._control(sql, totals)
            rows = self.ask(sql)
            if rows.num_rows < control[0]:
                return None
            if _totals_of(rows, totals) == control:
                return rows
        raise BrokenDataError(
            f"{self._address} gives {rows.num_rows:,} rows where it counts {control[0]:,}, or other sums of them: the table "
            "changes while it is read; try again later."
        )

    def _control(self, sql: str, totals: Sequence[str]) -> tuple[int, ...]:
        sums = "".join(f", sum(`{name}`)" for name in totals)
        (row,) = self.ask(f"SELECT count(){sums} FROM ({sql})").to_pylist()
        return tuple(int(value or 0) for value in row.values())

    def _check(self, response: httpx2.Response, sql: str) -> None:
        """An exception may be in the header, or in the body of a response that started as a success."""
        body = response.content
        if EXCEPTION in response.headers:
            number = response.headers[EXCEPTION]
            raise self._refusal(int(number) if number.isdecimal() else 0, body.decode("utf-8", "replace"), sql)
        if found := _IN_BODY.search(body[-20_000:]):
            raise self._refusal(int(found[1]), found[2].decode("utf-8", "replace"), sql)

    def _refusal(self, number: int, text: str, sql: str) -> RefusedQueryError:
        said = in_words(re.sub(r"^Code: \d+\. (DB::Exception: )?", "", text.strip()), sql)
        hint = _HINTS.get(number, "correct the query")
        return RefusedQueryError(f"{self._address} refuses the query: {said} (code {number}); {hint}.", said, number)


def _totals_of(rows: pa.Table, totals: Sequence[str]) -> tuple[int, ...]:
    import pyarrow.compute as pc

    return (rows.num_rows, *(int(pc.sum(rows[name]).as_py() or 0) for name in totals))
