"""PostgreSQL and SQLite, through their ADBC drivers: answers are returned as Arrow, in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from footfall.errors import MissingExtraError, UnreachableError
from footfall.periods import Window
from footfall.warehouses.asking import Question, check_zone
from footfall.warehouses.dialects import POSTGRESQL, SQLITE, Dialect
from footfall.warehouses.refusals import RefusedQueryError, in_words

if TYPE_CHECKING:
    import pyarrow as pa

_BEGIN = (
    "SET TIME ZONE 'UTC'",
    "SET default_transaction_read_only = on",
    "SET datestyle = 'ISO'",
)
ALL_ROWS = {"adbc.sqlite.query.batch_rows": str(2**24)}
"""The type of a column is inferred from its first part: with all rows in one part, leading nulls do no harm."""
_HINTS = {
    "28P01": "correct user and password",
    "28000": "the user may not connect: ask for access",
    "3D000": "correct the name of the database",
    "42501": "ask for the right to read it (GRANT SELECT)",
    "42P01": "correct the name of the table, or the search_path",
    "57014": "it took longer than the server allows: ask for fewer days, or raise statement_timeout",
}


class Adbc:
    """A connection through an ADBC driver."""

    def __init__(self, connection: Any, dialect: Dialect, where: str, options: Mapping[str, str] | None = None) -> None:
        self.dialect = dialect
        self._connection = connection
        self._where = where
        self._options = dict(options or {})

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        yield from self._parts(question(window))

    def ask(self, sql: str) -> pa.Table:
        import pyarrow as pa

        return pa.concat_tables(self._parts(sql), promote_options="permissive")

    def _parts(self, sql: str) -> Iterator[pa.Table]:
        import pyarrow as pa

        with translated(self._where, sql), self._connection.cursor() as cursor:
            if self._options:
                cursor.adbc_statement.set_options(**self._options)
            cursor.execute(sql)
            reader = cursor.fetch_record_batch()
            yield reader.schema.empty_table()
            for batch in reader:
                yield pa.Table.from_batches([batch])

    def run(self, sql: str) -> None:
        """A statement that returns nothing."""
        with translated(self._where, sql), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def close(self) -> None:
        self._connection.close()


def open_postgresql(uri: str, where: str) -> Adbc:
    """A read-only session in UTC. `where` is the address without secrets."""
    try:
        import adbc_driver_postgresql.dbapi as driver
    except ImportError:
        raise MissingExtraError("a PostgreSQL warehouse", "postgresql") from None
    with translated(where):
        found = Adbc(driver.connect(uri, autocommit=True), POSTGRESQL, where)
    try:
        for statement in _BEGIN:
            found.run(statement)
        check_zone(str(found.ask(POSTGRESQL.zone)[0][0].as_py()), POSTGRESQL)
    except BaseException:
        found.close()
        raise
    return found


def open_sqlite(path: str, where: str) -> Adbc:
    """A file opened read-only. SQLite has no time zones: its moments are strings in UTC."""
    try:
        import adbc_driver_sqlite.dbapi as driver
    except ImportError:
        raise MissingExtraError("a SQLite warehouse", "sqlite") from None
    from urllib.parse import quote

    with translated(where):
        return Adbc(driver.connect(f"file:{quote(path)}?mode=ro", autocommit=True), SQLITE, where, ALL_ROWS)


@contextmanager
def translated(where: str, sql: str = "") -> Iterator[None]:
    """Errors of a driver as plain sentences; the query is removed from them, as it may contain secrets."""
    from adbc_driver_manager import Error, OperationalError

    try:
        yield
    except (Error, OSError) as error:
        text = str(error)
        state = getattr(error, "sqlstate", None) or _state_in(text)
        said = in_words(_without_query(text), sql)
        if state is None and isinstance(error, OperationalError) and not sql:
            raise UnreachableError(
                f"{where} cannot be reached: {said}; check the address, the user and that it runs."
            ) from None
        hint = _HINTS.get(state or "", "correct the query")
        raise RefusedQueryError(f"{where} refuses: {said}; {hint}.", said) from None


def _without_query(text: str) -> str:
    text = re.split(r"Query was:|\nLINE |\nquery: ", text, maxsplit=1)[0]
    return re.sub(
        r"^[A-Z_]+: (\[\w+\] )?((Failed to|could not) [a-z ]+: )*|(could not begin COPY: )?ERROR: +", "", text
    )


def _state_in(text: str) -> str | None:
    found = re.search(r"SQLSTATE: (\w{5})", text)
    return found[1] if found else None
