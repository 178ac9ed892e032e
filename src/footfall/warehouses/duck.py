"""DuckDB: a file opened read-only, or no file, for queries on Parquet and CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.errors import UnreachableError
from footfall.periods import EPOCH, Window
from footfall.warehouses.asking import Question, check_zone
from footfall.warehouses.dialects import DUCKDB
from footfall.warehouses.refusals import RefusedQueryError, in_words

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS = 100_000
"""The number of rows in one part of an answer."""
_NO_TIME = Window(EPOCH, EPOCH)


class Duck:
    """A connection to DuckDB."""

    dialect = DUCKDB

    def __init__(self, connection: duckdb.DuckDBPyConnection, where: str) -> None:
        self._connection = connection
        self._where = where

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        import duckdb
        import pyarrow as pa

        sql = question(window)
        try:
            found = self._connection.sql(sql)
            if found is None:
                raise RefusedQueryError(f"{self._where} was asked for something that is not a SELECT; write one.")
            reader = found.to_arrow_reader(ROWS)
            yield reader.schema.empty_table()
            for batch in reader:
                yield pa.Table.from_batches([batch])
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            said = in_words(str(error).split("\nLINE ")[0], sql)
            raise RefusedQueryError(
                f"{self._where} refuses: {said}; correct the query, or what it names.", said
            ) from None

    def ask(self, sql: str) -> pa.Table:
        import pyarrow as pa

        parts = self.answer(lambda window: sql, _NO_TIME, ())
        return pa.concat_tables(parts, promote_options="permissive")

    def close(self) -> None:
        self._connection.close()


def open_duckdb(path: Path | None, folder: Path, where: str) -> Duck:
    """A session in UTC; relative file names in queries start at `folder`, the workspace."""
    import duckdb

    try:
        connection = duckdb.connect() if path is None else duckdb.connect(str(path), read_only=True)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET file_search_path = {DUCKDB.text(str(folder))}")
    except (duckdb.Error, OSError) as error:
        raise UnreachableError(f"{where} cannot be opened: {in_words(str(error))}.") from None
    found = Duck(connection, where)
    check_zone(str(found.ask(DUCKDB.zone)[0][0].as_py()), DUCKDB)
    return found
