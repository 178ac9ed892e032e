"""Which headers can be sent: RFC 9110 knows visible ASCII, blanks and tabs, and a token is often copied with more."""

from __future__ import annotations

import re
from collections.abc import Mapping

from footfall.errors import UnreachableError
from footfall.http.patience import plain

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")


def is_sendable(value: str) -> bool:
    """Whether a header can hold a value, such as a validator that a server gave."""
    return not _UNSENDABLE.search(value)


def check_headers(url: str, headers: Mapping[str, str]) -> None:
    """Raises UnreachableError, before anything is sent, for a header that cannot be; the value is not shown.

    Example:
        >>> check_headers("https://example.org", {"Authorization": "Bearer gh\u00f6"})
        Traceback (most recent call last):
        footfall.errors.UnreachableError: https://example.org was not requested: ...
    """
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise UnreachableError(f"{plain(url)} was not requested: {name!r} is not the name of a header; correct it.")
        if bad := _UNSENDABLE.search(value):
            what = "a line end" if bad[0] in "\r\n" else "a character that is not ASCII" if ord(bad[0]) > 127 else ""
            raise UnreachableError(
                f"{plain(url)} was not requested: its {_credential(name)} holds {what or 'a control character'} "
                f"(character {bad.start() + 1 - len(_scheme(value))}), which cannot be sent; copy it again."
            )


def _credential(name: str) -> str:
    return "token or password" if name.lower() in ("authorization", "x-clickhouse-key") else f"header {name}"


def _scheme(value: str) -> str:
    """What stands before a token, such as `Bearer `: the user's own text begins after it."""
    found = re.match(r"(?:Bearer|Basic|token) ", value)
    return found[0] if found else ""
