"""The Redis protocol, versions 2 and 3: parses commands and encodes replies.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import hiredis

_INLINE_BYTES = 64 << 10
"""The maximum length of an inline command, as in Redis."""


_WORDS = {bytes}


class ProtocolError(Exception):
    """A client sent something that is not a command."""


class CommandReader:
    """Parses commands from the bytes of one connection."""

    def __init__(self, limit: int) -> None:
        """`limit` is the maximum size of an incomplete command in bytes."""
        self._reader = hiredis.Reader()
        self.limit = limit
        self._inline = b""
        self._is_amid = False
        """Whether the reader holds part of a command, which may be true even if it has parsed all of the bytes."""

    def feed(self, data: bytes) -> None:
        if self._inline or not (self._is_amid or data.startswith(b"*")):
            self._inline += data
        else:
            self._reader.feed(data)
            self._is_amid = True

    @property
    def has_part(self) -> bool:
        """Whether part of a command has arrived."""
        return self._is_amid or bool(self._inline)

    def commands(self) -> Iterator[list[bytes]]:
        """The complete commands. Raises ProtocolError, after which the connection is unusable."""
        while True:
            if self._inline:
                command = self._read_inline()
                if command is None:
                    return
            else:
                command = self._read()
                if command is None:
                    break
            if command:
                yield command
        if self._reader.len() > self.limit:
            raise ProtocolError(f"Protocol error: a command has more than {self.limit:,} bytes")

    def _read(self) -> list[bytes] | None:
        try:
            found = self._reader.gets()
        except hiredis.ProtocolError as error:
            raise ProtocolError(f"Protocol error: {error}") from None
        if found is False:
            return None
        self._is_amid = self._reader.has_data()
        if not isinstance(found, list) or (found and set(map(type, found)) != _WORDS):
            raise ProtocolError("Protocol error: expected an array of bulk strings")
        return found

    def _read_inline(self) -> list[bytes] | None:
        line, end, rest = self._inline.partition(b"\n")
        if not end:
            if len(line) > _INLINE_BYTES:
                raise ProtocolError("Protocol error: too big inline request")
            return None
        self._inline = b""
        if rest:
            self.feed(rest)
        try:
            return [word.encode("latin-1") for word in shlex.split(line.decode("latin-1"))]
        except ValueError:
            raise ProtocolError("Protocol error: unbalanced quotes in request") from None


@dataclass(frozen=True, slots=True)
class Simple:
    """A status, such as OK."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, prefixed with its code."""

    text: str


@dataclass(frozen=True, slots=True)
class Members:
    """A set of values; an array in version 2."""

    values: Sequence[bytes]


Answer = int | bytes | str | None | Simple | Failure | Members | Sequence["Answer"] | Mapping[bytes, "Answer"]
OK = Simple("OK")


def encoded(answer: Answer, version: int) -> bytes:
    """A reply, encoded for a version of the protocol.

    Example:
        >>> encoded([1, b"two", None], 2)
        b'*3\\r\\n:1\\r\\n$3\\r\\ntwo\\r\\n$-1\\r\\n'
        >>> encoded({b"a": 1}, 3)
        b'%1\\r\\n$1\\r\\na\\r\\n:1\\r\\n'
    """
    match answer:
        case int():
            return b":%d\r\n" % answer
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(answer), answer)
        case str():
            return encoded(answer.encode(), version)
        case None:
            return b"_\r\n" if version == 3 else b"$-1\r\n"
        case Simple():
            return f"+{answer.text}\r\n".encode()
        case Failure():
            return f"-{_one_line(answer.text)}\r\n".encode(errors="replace")
        case Members():
            return _listed(b"~" if version == 3 else b"*", answer.values, version)
        case Mapping():
            if version == 3:
                pairs = b"".join(encoded(k, version) + encoded(v, version) for k, v in answer.items())
                return b"%%%d\r\n%b" % (len(answer), pairs)
            return _listed(b"*", [part for pair in answer.items() for part in pair], version)
    return _listed(b"*", answer, version)


def _listed(sign: bytes, answers: Sequence[Answer], version: int) -> bytes:
    return b"%b%d\r\n%b" % (sign, len(answers), b"".join(encoded(answer, version) for answer in answers))


def _one_line(text: str) -> str:
    return " ".join(text.split("\n")).replace("\r", " ")
