"""A query file: one SELECT, with the placeholders `:since` and `:until` for the ends of a time span.

>>> Statement("SELECT day, n FROM d WHERE day >= :since AND day < :until -- not :since").names
('since', 'until')
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from footfall.errors import SettingsError

_TOKENS = re.compile(
    r"""
    (?P<quoted>'(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | `[^`]*` | (?P<tag>\$\w*\$).*?(?P=tag) )
    | (?P<comment>--[^\n]* | /\*.*?\*/)
    | (?P<cast>::)
    | :(?P<name>[A-Za-z_]\w*)
    | (?P<end>;)
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Statement:
    """The text of a query, and the positions of its placeholders: not in strings, comments, quoted names or casts."""

    text: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The placeholders, each once, in order."""
        return tuple(dict.fromkeys(found["name"] for found in _TOKENS.finditer(self.text) if found["name"]))

    @cached_property
    def ends(self) -> int:
        """The number of semicolons between statements."""
        return sum(1 for found in _TOKENS.finditer(self.text) if found["end"])

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with each placeholder replaced by a value, as SQL."""
        return _TOKENS.sub(lambda found: values[found["name"]] if found["name"] else found[0], self.text)


def read_statement(file: Path, allowed: tuple[str, ...], required: tuple[str, ...] = ()) -> Statement:
    """The query in a file, without a trailing semicolon.

    Args:
        allowed: The placeholders that it may use.
        required: Those that it must use.

    Raises SettingsError if it cannot be used unchanged.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}; correct the name of the query file.") from None
    return checked_statement(text, str(file), allowed, required)


def checked_statement(text: str, where: str, allowed: tuple[str, ...], required: tuple[str, ...] = ()) -> Statement:
    """A validated query; `where` is its name in messages."""
    statement = Statement(text.strip().rstrip(";").rstrip())
    if not statement.text:
        raise SettingsError(f"{where} is empty; write a SELECT.")
    if statement.ends:
        raise SettingsError(f"{where} has several statements; write one SELECT.")
    for name in statement.names:
        if name not in allowed:
            raise SettingsError(f"{where} has the placeholder :{name}; valid: {_named(allowed)}.")
    for name in required:
        if name not in statement.names:
            raise SettingsError(
                f"{where} has no :{name}; write a condition such as day >= :since AND day < :until, so that only what is "
                "asked for is read."
            )
    return statement


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f":{name}" for name in names) or "none"
