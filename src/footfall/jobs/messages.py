"""What a job and the process that started it say to each other: pickled values, each after its length."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any

_LENGTH = Struct(">Q")


@dataclass(frozen=True)
class Told:
    """Something to report while the work goes on."""

    value: Any


@dataclass(frozen=True)
class Done:
    """The result."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """Why there is no result."""

    said: str
    """In one sentence."""
    trace: str
    is_of_lake: bool
    """Whether the lake is the reason, which affects the whole run."""


def framed(message: Told | Done | Failed) -> bytes:
    content = pickle.dumps(message)
    return _LENGTH.pack(len(content)) + content


def messages_in(pieces: Iterable[bytes]) -> Iterator[Told | Done | Failed]:
    """The messages of a stream that comes in pieces; an unfinished one at its end is left out."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(held)
            end = _LENGTH.size + length
            if len(held) < end:
                break
            yield pickle.loads(bytes(held[_LENGTH.size : end]))
            del held[:end]
