"""Commands on numbers, hashes and sets of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.resp.arguments import SYNTAX, CommandError, matcher, whole
from footfall.resp.protocol import Answer, Members

if TYPE_CHECKING:
    from footfall.resp.session import Session
    from footfall.resp.values import Kind, Values

_LARGEST = 1 << 63


def _values(session: Session, key: bytes, kind: Kind) -> Values:
    """The values, after checking that the key holds nothing or this type. Raises WrongTypeError."""
    session.keyspace.check_kind(key, kind)
    return session.keyspace.values


def _added(before: bytes | None, more: int, message: str) -> bytes:
    total = (0 if before is None else whole(before, message)) + more
    if not -_LARGEST <= total < _LARGEST:
        raise CommandError("ERR increment or decrement would overflow")
    return str(total).encode()


def incr(session: Session, words: list[bytes]) -> Answer:
    return incr_by(session, [words[0], b"1"])


def incr_by(session: Session, words: list[bytes]) -> Answer:
    key, more = words
    session.keyspace.check_kind(key, "string")
    total = _added(session.keyspace.text(key), whole(more), "ERR value is not an integer or out of range")
    session.keyspace.values.put("string", key, [(b"", total)])
    return int(total)


def h_incr_by(session: Session, words: list[bytes]) -> Answer:
    key, field, more = words
    values = _values(session, key, "hash")
    total = _added(values.get(key, field), whole(more), "ERR hash value is not an integer")
    values.put("hash", key, [(field, total)])
    return int(total)


def h_set(session: Session, words: list[bytes]) -> Answer:
    key, *pairs = words
    if len(pairs) % 2:
        raise CommandError("ERR wrong number of arguments for 'hset' command")
    return _values(session, key, "hash").put("hash", key, zip(pairs[::2], pairs[1::2], strict=True))


def h_set_nx(session: Session, words: list[bytes]) -> Answer:
    key, field, value = words
    values = _values(session, key, "hash")
    if values.get(key, field) is not None:
        return 0
    return values.put("hash", key, [(field, value)])


def h_get(session: Session, words: list[bytes]) -> Answer:
    return _values(session, words[0], "hash").get(words[0], words[1])


def h_m_get(session: Session, words: list[bytes]) -> Answer:
    key, *fields = words
    values = _values(session, key, "hash")
    return [values.get(key, field) for field in fields]


def h_get_all(session: Session, words: list[bytes]) -> Answer:
    return dict(_values(session, words[0], "hash").fields(words[0]))


def h_keys(session: Session, words: list[bytes]) -> Answer:
    return [field for field, _ in _values(session, words[0], "hash").fields(words[0])]


def h_len(session: Session, words: list[bytes]) -> Answer:
    return len(_values(session, words[0], "hash").fields(words[0]))


def h_exists(session: Session, words: list[bytes]) -> Answer:
    return int(_values(session, words[0], "hash").get(words[0], words[1]) is not None)


def h_del(session: Session, words: list[bytes]) -> Answer:
    key, *fields = words
    return _values(session, key, "hash").take_out(key, fields)


def h_scan(session: Session, words: list[bytes]) -> Answer:
    """Returns all fields at once, with cursor 0."""
    key, _, *options = words
    pattern = matcher(b"*")
    if len(options) % 2:
        raise CommandError(SYNTAX)
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name.upper() == b"MATCH":
            pattern = matcher(value)
    fields = _values(session, key, "hash").fields(key)
    return ["0", [part for pair in fields if pattern.fullmatch(pair[0]) for part in pair]]


def s_add(session: Session, words: list[bytes]) -> Answer:
    key, *members = words
    return _values(session, key, "set").put("set", key, ((member, b"") for member in members))


def s_rem(session: Session, words: list[bytes]) -> Answer:
    key, *members = words
    return _values(session, key, "set").take_out(key, members)


def s_members(session: Session, words: list[bytes]) -> Answer:
    return Members([member for member, _ in _values(session, words[0], "set").fields(words[0])])


def s_is_member(session: Session, words: list[bytes]) -> Answer:
    return int(_values(session, words[0], "set").get(words[0], words[1]) is not None)


def s_card(session: Session, words: list[bytes]) -> Answer:
    return len(_values(session, words[0], "set").fields(words[0]))
