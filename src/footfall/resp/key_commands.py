"""Commands on keys of any type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.resp.arguments import SYNTAX, CommandError, matcher, whole
from footfall.resp.protocol import OK, Answer, Simple

if TYPE_CHECKING:
    from footfall.resp.session import Session

_COUNT = 10
"""The default COUNT of SCAN."""


def keys(session: Session, words: list[bytes]) -> Answer:
    pattern = matcher(words[0])
    return [key for _, key in session.keyspace.listed() if pattern.fullmatch(key)]


def scan(session: Session, words: list[bytes]) -> Answer:
    cursor, *options = words
    pattern, count, kind = matcher(b"*"), _COUNT, None
    if len(options) % 2:
        raise CommandError(SYNTAX)
    for name, value in zip(options[::2], options[1::2], strict=True):
        match name.upper():
            case b"MATCH":
                pattern = matcher(value)
            case b"COUNT":
                count = whole(value)
                if count < 1:
                    raise CommandError(SYNTAX)
            case b"TYPE":
                kind = value.lower().decode("latin-1")
            case _:
                raise CommandError(SYNTAX)
    after = whole(cursor, "ERR invalid cursor")
    next_cursor, found = session.keyspace.listed_after(after, count)
    wanted = [key for key in found if pattern.fullmatch(key)]
    if kind is not None:
        wanted = [key for key in wanted if session.keyspace.kind(key) == kind]
    return [str(next_cursor), wanted]


def dbsize(session: Session, words: list[bytes]) -> Answer:
    return len(session.keyspace.listed())


def exists(session: Session, words: list[bytes]) -> Answer:
    return sum(session.keyspace.kind(key) is not None for key in words)


def delete(session: Session, words: list[bytes]) -> Answer:
    return sum(session.keyspace.delete(key) for key in words)


def rename(session: Session, words: list[bytes]) -> Answer:
    key, to = words
    if session.keyspace.kind(key) is None:
        raise CommandError("ERR no such key")
    session.keyspace.rename(key, to)
    return OK


def type_of(session: Session, words: list[bytes]) -> Answer:
    return Simple(session.keyspace.kind(words[0]) or "none")


def ttl(session: Session, words: list[bytes]) -> Answer:
    left = _left(session, words[0])
    return left if left < 0 else (left + 500) // 1000


def pttl(session: Session, words: list[bytes]) -> Answer:
    return _left(session, words[0])


def _left(session: Session, key: bytes) -> int:
    """Milliseconds until a key expires; -1 if never, -2 if the key does not exist."""
    if session.keyspace.kind(key) is None:
        return -2
    left = session.keyspace.expires_in(key)
    return -1 if left is None else max(0, round(left * 1000))


def expire(session: Session, words: list[bytes]) -> Answer:
    return _expire(session, words[0], float(whole(words[1])))


def pexpire(session: Session, words: list[bytes]) -> Answer:
    return _expire(session, words[0], whole(words[1]) / 1000)


def _expire(session: Session, key: bytes, seconds: float) -> int:
    if session.keyspace.kind(key) is None:
        return 0
    if seconds <= 0:
        session.keyspace.delete(key)
    else:
        session.keyspace.expire_in(key, seconds)
    return 1


def persist(session: Session, words: list[bytes]) -> Answer:
    return int(session.keyspace.persist(words[0]))
