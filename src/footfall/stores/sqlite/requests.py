"""Requests that are served once, however often they come: kept among the cursors for as long as each asks."""

from __future__ import annotations

import sqlite3

from footfall.errors import ReusedKeyError
from footfall.stores.store import Request

_REQUEST = "request:"
"""Cursors of requests that were served, by key and content: when."""


def is_first(connection: sqlite3.Connection, request: Request) -> bool:
    """Whether a request was not served before; it is from now on. Those that are no longer kept are deleted.

    Raises:
        ReusedKeyError: Where another request had its key.
    """
    connection.execute(
        "DELETE FROM cursors WHERE name >= ? AND name < ? AND position < ?",
        (_REQUEST, f"{_REQUEST}\uffff", request.at - request.kept_for),
    )
    begin = f"{_REQUEST}{request.key}\n"
    served = connection.execute("SELECT name FROM cursors WHERE name >= ? AND name < ?", (begin, f"{begin}\x7f"))
    if (row := served.fetchone()) is None:
        connection.execute("INSERT INTO cursors VALUES (?, ?)", (f"{begin}{request.content}", request.at))
        return True
    if row[0] != f"{begin}{request.content}":
        raise ReusedKeyError
    return False
