"""How databases write moments, strings and column names, and how to query the time zone of a session."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Dialect:
    """What differs between databases in the SQL that Footfall adds to a query.

    A moment is written as ISO text with an explicit cast: that means the same in every version of every driver.

    >>> POSTGRESQL.moment(datetime(2026, 5, 13, tzinfo=UTC))
    "CAST('2026-05-13 00:00:00' AS TIMESTAMP)"
    """

    name: str
    cast: str
    """A moment: `{}` is its ISO text, in UTC."""
    mark: str = '"'
    """The quote character for column names; empty if quoting would change the name."""
    has_backslash: bool = False
    """Whether a backslash in a string starts an escape."""
    has_short_days: bool = False
    """Whether midnight is written as a date: if moments are strings, it sorts before every moment of its day."""
    zone: str = ""
    """The query for the session's time zone; empty if there is none."""

    def moment(self, moment: datetime) -> str:
        """A moment as SQL."""
        moment = moment.astimezone(UTC).replace(tzinfo=None)
        text = moment.isoformat(" ")
        if self.has_short_days and text.endswith(" 00:00:00"):
            text = text[:10]
        return self.cast.format(text)

    def text(self, value: str) -> str:
        """A string as SQL."""
        if self.has_backslash:
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + value.replace("'", "''") + "'"

    def column(self, name: str) -> str:
        """A column name as SQL."""
        return f"{self.mark}{name}{self.mark}"

    def among(self, query: str, column: str, values: Iterable[str]) -> str:
        """The rows of a query in which a column has one of `values`."""
        listed = ", ".join(map(self.text, values))
        return f"SELECT * FROM (\n{query}\n) footfall_rows WHERE {self.column(column)} IN ({listed})"


POSTGRESQL = Dialect("PostgreSQL", "CAST('{}' AS TIMESTAMP)", zone="SELECT current_setting('TimeZone')")
SQLITE = Dialect("SQLite", "'{}'", has_short_days=True)
DUCKDB = Dialect("DuckDB", "CAST('{}' AS TIMESTAMP)", zone="SELECT current_setting('TimeZone')")
SNOWFLAKE = Dialect(
    "Snowflake",
    "CAST('{}' AS TIMESTAMP_NTZ)",
    mark="",
    has_backslash=True,
    zone="SHOW PARAMETERS LIKE 'TIMEZONE' IN SESSION",
)
BIGQUERY = Dialect("BigQuery", "TIMESTAMP('{}+00')", mark="`", has_backslash=True, zone="SELECT @@time_zone")
CLICKHOUSE = Dialect(
    "ClickHouse", "toDateTime64('{}', 6, 'UTC')", mark="`", has_backslash=True, zone="SELECT timezone()"
)
