"""Text from elsewhere, made safe to show and store: without the secrets that this process has read, and without control characters."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@]*?:([^/?#]*)@")
"""The password in an address."""
_SHORTEST = 6
"""Shorter values occur in too many ordinary words; they are not removed."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that control a terminal or change the direction of text; line ends and tabs are kept."""
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""The same, with what XML and UTF-8 cannot hold."""
_seen: set[str] = set()


def remember(secret: str) -> None:
    """Remove `secret` from every text from now on. Of an address only the password is removed, unless it has a query."""
    is_plain = "://" in secret and "?" not in secret
    if len(secret) >= _SHORTEST and not is_plain:
        _seen.add(secret)
    remember_password(secret)


def remember_password(address: str) -> None:
    """Remove the password of an address from every text from now on; the address itself may be shown.

    Example:
        >>> remember_password("redis://:sesame-seeds@localhost/0")
        >>> concealed("AUTH sesame-seeds")
        'AUTH …'
    """
    found = _PASSWORD.match(address)
    for password in {found[1], unquote(found[1])} if found else ():
        if len(password) >= _SHORTEST:
            _seen.add(password)


def concealed(text: str) -> str:
    """`text` with `…` in the place of each secret, and a blank in that of each control character.

    Example:
        >>> remember("hunter-2-hunter")
        >>> concealed("401 for hunter-2-hunter")
        '401 for …'
        >>> concealed("\\x1b[2Jgone")
        ' [2Jgone'
    """
    for secret in sorted(_seen, key=len, reverse=True):
        text = text.replace(secret, "…")
    return _CONTROLS.sub(" ", text)


def printable(text: str) -> str:
    """Text with a visible replacement for each character that controls a terminal, changes the text direction, or cannot be drawn.

    Example:
        >>> printable("\\x1b[31mred")
        '\ufffd[31mred'
    """
    return _UNPRINTABLE.sub("\ufffd", text)
