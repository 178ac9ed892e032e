"""Secrets that this process has read: they are taken out of every text that could show them."""

from __future__ import annotations

import re
from urllib.parse import unquote

_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@]*?:([^/?#]*)@")
"""The password in an address."""
_SHORTEST = 6
"""A shorter value stands in too many harmless words; it is not taken out."""
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
    """`text` with `…` in the place of each secret.

    Example:
        >>> remember("hunter-2-hunter")
        >>> concealed("401 for hunter-2-hunter")
        '401 for …'
    """
    for secret in sorted(_seen, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
