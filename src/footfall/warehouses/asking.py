"""The interface of databases, and checks on their sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from footfall.periods import Window
from footfall.warehouses.dialects import Dialect
from footfall.warehouses.refusals import RefusedQueryError

if TYPE_CHECKING:
    import pyarrow as pa

Question: TypeAlias = Callable[[Window], str]
"""The query for a window."""


class Warehouse(Protocol):
    """A connection to a database: its session is in UTC and read-only."""

    dialect: Dialect

    def answer(self, question: Question, window: Window, totals: Sequence[str]) -> Iterator[pa.Table]:
        """The complete answer for a window, in parts, at least one; column types may differ from part to part.

        Args:
            question: The query; a database that truncates long answers is queried for parts of the window.
            totals: Integer columns, whose sums show whether an answer is complete.
        """
        ...

    def ask(self, sql: str) -> pa.Table:
        """The answer to one query."""
        ...

    def close(self) -> None: ...


UTC_NAMES = frozenset({"utc", "etc/utc", "etc/uct", "uct", "zulu", "etc/zulu", "gmt", "etc/gmt", "universal"})


def is_utc(zone: str) -> bool:
    """Whether the name of a time zone means UTC."""
    return zone.lower() in UTC_NAMES


def check_zone(zone: str, dialect: Dialect) -> None:
    """Check that the session is in UTC: in another zone, days would start at other times."""
    if not is_utc(zone):
        raise RefusedQueryError(
            f"the session of {dialect.name} is in the time zone {zone!r} and does not change to UTC; days would be cut at "
            "the wrong moment. Let its user set the time zone."
        )
