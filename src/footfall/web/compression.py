"""Answers made smaller, as the client takes them: zstd, or gzip."""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zstandard import ZstdCompressor

_SMALLEST = 1_000
"""Bytes: below it the headers weigh more."""
_GZIP_LEVEL, _ZSTD_LEVEL = 6, 6


def encoding_for(accept_encoding: str, size: int) -> str:
    """The encoding that the client takes, the best first; empty for none.

    Example:
        >>> encoding_for("gzip, deflate, br, zstd", 5_000)
        'zstd'
    """
    if size < _SMALLEST or not accept_encoding:
        return ""
    taken = [part.replace(" ", "").partition(";") for part in accept_encoding.lower().split(",")]
    names = {name for name, _, weight in taken if weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")}
    return next((name for name in ("zstd", "gzip") if name in names), "")


def compressed(body: bytes, encoding: str) -> bytes:
    """The body in an encoding that `encoding_for` chose."""
    if encoding == "zstd":
        return _zstd().compress(body)
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


@cache
def _zstd() -> ZstdCompressor:
    from zstandard import ZstdCompressor

    return ZstdCompressor(level=_ZSTD_LEVEL)
