"""What others say, made fit to be shown and kept: without the secrets that this process has read, and without control characters."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@]*?:([^/?#]*)@")
"""The password in an address."""
_SHORTEST = 6
"""A shorter value stands in too many harmless words; it is not taken out."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What would steer a terminal, or turn the direction of its text; line ends and tabs are kept."""
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""The same, with what XML and UTF-8 cannot hold."""
_seen: set[str] = set()


def remember(secret: str) -> None:
    """Take `secret` out of every text from now on. Of an address only the password is one, unless it has a query."""
    is_plain = "://" in secret and "?" not in secret
    if len(secret) >= _SHORTEST and not is_plain:
        _seen.add(secret)
    remember_password(secret)


def remember_password(address: str) -> None:
    """Take the password of an address out of every text from now on; the address itself may be shown.

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
    """Text from anywhere with a visible stand-in for each character that would steer a terminal, turn a line, or cannot be drawn.

    Example:
        >>> printable("\\x1b[31mred")
        '\ufffd[31mred'
    """
    return _UNPRINTABLE.sub("\ufffd", text)
