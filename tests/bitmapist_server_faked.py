"""A server that answers as Doist's bitmapist-server does: bitmaps under keys, a handful of commands, and no others.

Modelled on github.com/Doist/bitmapist-server, internal/bitmapist/bitmapist.go.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

Sets = dict[str, set[int]]


def _bits(ids: set[int]) -> bytes:
    content = bytearray((max(ids) // 8 + 1) if ids else 0)
    for id in ids:
        content[id // 8] |= 1 << (7 - id % 8)
    return bytes(content)


def _setbit(sets: Sets, key: str, at: str, bit: str) -> int:
    ids = sets.setdefault(key, set())
    was = int(at) in ids
    (ids.add if bit == "1" else ids.discard)(int(at))
    return int(was)


def _scan(sets: Sets, cursor: str, match: str, pattern: str, count: str, step: str) -> list[Any]:
    if (cursor, match.lower(), count.lower()) != ("0", "match", "count"):
        raise ValueError
    return ["0", [key for key in sets if fnmatchcase(key, pattern)]]


COMMANDS: dict[str, Callable[..., Any]] = {
    "setbit": _setbit,
    "getbit": lambda sets, key, at: int(int(at) in sets.get(key, set())),
    "bitcount": lambda sets, key: len(sets.get(key, set())),
    "exists": lambda sets, key: int(key in sets),
    "get": lambda sets, key: _bits(sets[key]) if key in sets else None,
    "del": lambda sets, *keys: sum(sets.pop(key, None) is not None for key in keys),
    "scan": _scan,
    "select": lambda sets, database: "OK",
    "ping": lambda sets: "PONG",
}


def _written(answer: Any) -> bytes:
    match answer:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % answer
        case str() | bytes():
            content = answer.encode() if isinstance(answer, str) else answer
            return b"$%d\r\n%b\r\n" % (len(content), content)
    return b"*%d\r\n" % len(answer) + b"".join(map(_written, answer))


class _Handler(socketserver.StreamRequestHandler):
    """One connection. Its framework, github.com/artyom/red, runs MULTI and EXEC, which bitmapist marks with."""

    def handle(self) -> None:
        queued: list[list[str]] | None = None
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            name = words[0].lower()
            if name == "multi":
                queued = []
                self.wfile.write(b"+OK\r\n")
            elif name == "exec":
                answers = [self.answer(each[0].lower(), each[1:]) for each in queued or []]
                self.wfile.write(b"*%d\r\n" % len(answers) + b"".join(answers))
                queued = None
            elif queued is not None:
                queued.append(words)
                self.wfile.write(b"+QUEUED\r\n")
            else:
                self.wfile.write(self.answer(name, words[1:]))

    def answer(self, name: str, given: list[str]) -> bytes:
        server: Any = self.server
        with server.lock:
            if name not in COMMANDS:
                return b"-ERR unknown command\r\n"
            try:
                return _written(COMMANDS[name](server.sets, *given))
            except (TypeError, ValueError):
                return b"-ERR wrong number of arguments\r\n"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.sets: Sets = {}


@contextmanager
def bitmapist_server() -> Iterator[tuple[str, Sets]]:
    """Its address, and what it holds."""
    with _Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0", server.sets
        server.shutdown()
