"""Errors of databases."""

from __future__ import annotations

import re

from footfall.errors import SourceError

LONGEST = 300
"""The maximum length of a quoted database message."""


class RefusedQueryError(SourceError):
    """The database rejected the query. `said` is its message, `number` its error code."""

    code = "refused_query"

    def __init__(self, message: str, said: str = "", number: int = 0) -> None:
        self.said = said
        self.number = number
        super().__init__(message)


def in_words(text: str, sql: str = "") -> str:
    """A message of a database, for use in a sentence: one line, no control characters, limited length.

    Args:
        text: The original message.
        sql: The query. Databases repeat it, and strings in it may be secret: longer ones are removed.
    """
    for quoted in set(re.findall(r"'((?:[^'\\]|''|\\.){6,})'", sql)):
        text = text.replace(quoted, "…")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line
