"""Secrets that this process has read: they are taken out of every text that could show them."""

from __future__ import annotations

_SHORTEST = 6
"""A shorter value stands in too many harmless words; it is not taken out."""
_seen: set[str] = set()


def remember(secret: str) -> None:
    """Take `secret` out of every text from now on."""
    if len(secret) >= _SHORTEST:
        _seen.add(secret)


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
