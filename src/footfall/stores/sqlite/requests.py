"""Requests that are served once, even if they are repeated: stored among the cursors for as long as each specifies."""

from __future__ import annotations

import sqlite3

from footfall.errors import ReusedKeyError
from footfall.stores.store import Request

_REQUEST = "request:"
"""The cursors of served requests, by key and content; the value is the time."""


def is_first(connection: sqlite3.Connection, request: Request) -> bool:
    """Whether a request was not served before. Records it as served, and deletes expired ones.

    Raises:
        ReusedKeyError: If another request had its key.
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
