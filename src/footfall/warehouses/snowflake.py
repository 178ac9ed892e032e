"""Snowflake, through its official connector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from footfall.errors import MissingExtraError, UnreachableError
from footfall.periods import Window
from footfall.warehouses.asking import Question, check_zone
from footfall.warehouses.dialects import SNOWFLAKE
from footfall.warehouses.quiet import silence
from footfall.warehouses.refusals import RefusedQueryError, in_words

if TYPE_CHECKING:
    import pyarrow as pa

SESSION = {"TIMEZONE": "UTC", "QUERY_TAG": "footfall"}
_HINTS = {
    2003: "correct the name, or ask for the right to read it (GRANT SELECT)",
    2043: "correct the name, or ask for the right to read it (GRANT USAGE)",
    606: "name a warehouse: ?warehouse=… in the address",
    390100: "correct user and password",
}


class Snowflake:
    """A Snowflake session."""

    dialect = SNOWFLAKE

    def __init__(self, connection: Any, where: str) -> None:
        self._connection = connection
        self._where = where

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        yield from self._parts(question(window))

    def ask(self, sql: str) -> pa.Table:
        import pyarrow as pa

        return pa.concat_tables(self._parts(sql), promote_options="permissive")

    def _parts(self, sql: str) -> Iterator[pa.Table]:
        """The first part has only the column names: without rows, the connector returns no table at all."""
        import pyarrow as pa

        with translated(self._where, sql), self._connection.cursor() as cursor:
            cursor.execute(sql)
            yield pa.table({column[0]: pa.array([], pa.null()) for column in cursor.description})
            for part in cursor.fetch_arrow_batches():
                if part is not None:
                    yield part

    def zone(self) -> str:
        """The session's time zone."""
        with translated(self._where), self._connection.cursor() as cursor:
            cursor.execute(SNOWFLAKE.zone)
            found = cursor.fetchone()
        return str(found[1]) if found else "unknown"

    def close(self) -> None:
        self._connection.close()


def open_snowflake(options: Mapping[str, Any], where: str) -> Snowflake:
    """A session in UTC.

    options: Arguments of the connector's `connect`: account, user, password, database, schema, warehouse, role …
        options: What the connector's `connect` takes: account, user, password, database, schema, warehouse, role …
    """
    silence("snowflake", "boto3", "botocore", "urllib3")
    try:
        import snowflake.connector as driver
    except ImportError:
        raise MissingExtraError("a Snowflake warehouse", "snowflake") from None
    silence("snowflake.connector")
    with translated(where):
        connection = driver.connect(**options, application="footfall", session_parameters=SESSION)
    found = Snowflake(connection, where)
    try:
        check_zone(found.zone(), SNOWFLAKE)
    except BaseException:
        found.close()
        raise
    return found


@contextmanager
def translated(where: str, sql: str = "") -> Iterator[None]:
    """Errors of the connector as plain sentences."""
    from snowflake.connector.errors import Error, OperationalError

    try:
        yield
    except Error as error:
        number = int(error.errno or 0)
        said = in_words(str(error.msg or error), sql)
        if isinstance(error, OperationalError) and number not in _HINTS:
            raise UnreachableError(f"{where} cannot be reached: {said}.") from None
        hint = _HINTS.get(number, "correct the query")
        raise RefusedQueryError(f"{where} refuses: {said}; {hint}.", said, number) from None
