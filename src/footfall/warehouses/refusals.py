"""Errors of databases."""

from __future__ import annotations

import re

from footfall.errors import SourceError

LONGEST = 300
"""Characters of a database's own words that are passed on."""


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
        text: Its own words.
        sql: What it was asked. Databases repeat it, and a text in it may be secret: longer ones are left out.
    """
    for quoted in set(re.findall(r"'((?:[^'\\]|''|\\.){6,})'", sql)):
        text = text.replace(quoted, "…")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    return f"{line[:LONGEST]}…" if len(line) > LONGEST else line
