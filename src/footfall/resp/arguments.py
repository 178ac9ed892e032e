"""Parses the arguments of commands as Redis does."""

from __future__ import annotations

import re

from footfall.resp.live import BITS
from footfall.resp.protocol import Failure


class CommandError(Exception):
    """A command fails; the text is sent to the client."""

    @property
    def answer(self) -> Failure:
        return Failure(str(self))


SYNTAX = "ERR syntax error"
NOT_A_NUMBER = "ERR value is not an integer or out of range"


def whole(word: bytes, message: str = NOT_A_NUMBER) -> int:
    """A signed 64-bit integer. Raises CommandError."""
    text = word[1:] if word[:1] == b"-" else word
    if not text.isdigit() or len(word) > 20:
        raise CommandError(message)
    number = int(word)
    if not -(1 << 63) <= number < 1 << 63:
        raise CommandError(message)
    return number


def offset_of(word: bytes) -> int:
    """The offset of a bit, below 2^32. Raises CommandError."""
    if not word.isdigit() or len(word) > 10 or (offset := int(word)) >= BITS:
        raise CommandError("ERR bit offset is not an integer or out of range")
    return offset


def bit_of(word: bytes) -> int:
    if word == b"1":
        return 1
    if word == b"0":
        return 0
    raise CommandError("ERR bit is not an integer or out of range")


def span(words: list[bytes], length: int) -> tuple[int, int, bool]:
    """`start [end [BYTE | BIT]]` in a string of `length` bytes as bits [start, stop), and whether an end was given."""
    if len(words) > 3:
        raise CommandError(SYNTAX)
    unit = words[2].upper() if len(words) == 3 else b"BYTE"
    if unit not in (b"BYTE", b"BIT"):
        raise CommandError(SYNTAX)
    size, total = (1, 8 * length) if unit == b"BIT" else (8, length)
    start, end = whole(words[0]) if words else 0, whole(words[1]) if len(words) > 1 else -1
    start = max(0, start + total) if start < 0 else start
    end = max(0, end + total) if end < 0 else min(end, total - 1)
    return start * size, (end + 1) * size if total and start <= end else start * size, len(words) > 1


def is_backwards(first: bytes, last: bytes) -> bool:
    """Whether a range counted from the end of a string ends before it starts."""
    start, end = whole(first), whole(last)
    return start < 0 and end < 0 and start > end


def bytes_between(first: bytes, last: bytes, length: int) -> tuple[int, int]:
    """`start end` of GETRANGE as bytes [start, stop)."""
    if is_backwards(first, last):
        return 0, 0
    start, end = whole(first), whole(last)
    start = max(0, start + length) if start < 0 else start
    end = max(0, end + length) if end < 0 else min(end, length - 1)
    return (start, end + 1) if length and start <= end else (0, 0)


def matcher(pattern: bytes) -> re.Pattern[bytes]:
    r"""A pattern of KEYS, SCAN and CONFIG GET: `*`, `?`, `[abc]`, `[^a-z]`, and `\` to escape a character.

    Example:
        >>> bool(matcher(b"trackist_[ab]?_*").fullmatch(b"trackist_a1_u"))
        True
    """
    pieces: list[bytes] = [b""]
    """The parts between the asterisks."""
    at = 0
    while at < len(pattern):
        sign = pattern[at : at + 1]
        at += 1
        if sign == b"*":
            pieces.append(b"")
        elif sign == b"?":
            pieces[-1] += b"."
        elif sign == b"[":
            end = at
            while end < len(pattern) and pattern[end : end + 1] != b"]":
                end += 2 if pattern[end : end + 1] == b"\\" else 1
            pieces[-1] += _any_of(pattern[at:end])
            at = end + 1
        else:
            if sign == b"\\" and at < len(pattern):
                sign = pattern[at : at + 1]
                at += 1
            pieces[-1] += re.escape(sign)
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    # Each part is matched at its first occurrence, without backtracking, which some patterns would make very slow.
    inner = b"".join(b"(?>.*?%b)" % piece for piece in pieces[1:-1] if piece)
    return re.compile(pieces[0] + inner + b".*" + pieces[-1], re.DOTALL)


def _any_of(inner: bytes) -> bytes:
    """The content of brackets as a character class of a regular expression."""
    is_not = inner.startswith(b"^")
    members: set[int] = set()
    at = int(is_not)
    while at < len(inner):
        if inner[at] == ord("\\") and at + 1 < len(inner):
            at += 1
        if at + 2 < len(inner) and inner[at + 1] == ord("-"):
            low, high = sorted((inner[at], inner[at + 2]))
            members.update(range(low, high + 1))
            at += 3
        else:
            members.add(inner[at])
            at += 1
    listed = b"".join(b"\\x%02x" % member for member in sorted(members))
    if not listed:
        return b"." if is_not else b"(?!)"
    return b"[^%b]" % listed if is_not else b"[%b]" % listed
