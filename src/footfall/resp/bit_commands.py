"""Commands on bits, and on the strings that consist of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.resp.arguments import (
    SYNTAX,
    CommandError,
    bit_of,
    bytes_between,
    is_backwards,
    offset_of,
    span,
    whole,
)
from footfall.resp.live import BITS, LiveSet, combined
from footfall.resp.protocol import OK, Answer
from footfall.stores.redis.bits import bitmap_of_bits

if TYPE_CHECKING:
    from footfall.resp.session import Session

_LONGEST = 64 << 20
"""The maximum length of a string in a reply, in bytes; GETRANGE returns longer ones in parts."""
_OPERATORS = (b"AND", b"OR", b"XOR", b"NOT")


def set_bit(session: Session, words: list[bytes]) -> Answer:
    key, offset, value = words
    return session.keyspace.set_bit(key, offset_of(offset), bit_of(value))


def get_bit(session: Session, words: list[bytes]) -> Answer:
    key, offset = words
    return session.keyspace.get_bit(key, offset_of(offset))


def bit_count(session: Session, words: list[bytes]) -> Answer:
    bits = session.keyspace.bits(words[0])
    if len(words) == 1:
        return len(bits)
    if len(words) == 2:
        raise CommandError(SYNTAX)
    start, stop, _ = span(words[1:], bits.length)
    return 0 if is_backwards(words[1], words[2]) else bits.count(start, stop)


def bit_pos(session: Session, words: list[bytes]) -> Answer:
    bits, value = session.keyspace.bits(words[0]), words[1]
    if value not in (b"0", b"1"):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    start, stop, has_end = span(words[2:], bits.length)
    if not bits.length:
        return -1 if value == b"1" else 0
    if start >= stop:
        return -1
    if value == b"1":
        found = bits.first(start, stop)
        return -1 if found is None else found
    found = bits.first_free(start, stop)
    if found is None:  # all bits after the end of the string are 0
        return -1 if has_end else stop
    return found


def bit_op(session: Session, words: list[bytes]) -> Answer:
    operator, target, *sources = words
    operator = operator.upper()
    if operator not in _OPERATORS:
        raise CommandError(SYNTAX)
    if operator == b"NOT" and len(sources) != 1:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    keyspace = session.keyspace
    bits = [keyspace.bits(source) for source in sources]
    length = max(one.length for one in bits)
    keyspace.keep_result(target, combined(operator, bits), length)
    return length


def bit_field(session: Session, words: list[bytes]) -> Answer:
    """Supports only `GET u1 offset` and `SET u1 offset value`, for many bits in one command."""
    key, *rest = words
    answers: list[Answer] = []
    while rest:
        operation = rest[0].upper()
        size = {b"GET": 3, b"SET": 4}.get(operation, 0)
        if not size or len(rest) < size or rest[1].lower() != b"u1":
            raise CommandError("ERR only GET and SET of u1, a single bit, are possible")
        offset = offset_of(rest[2].removeprefix(b"#"))
        if operation == b"GET":
            answers.append(session.keyspace.get_bit(key, offset))
        else:
            answers.append(session.keyspace.set_bit(key, offset, bit_of(rest[3])))
        del rest[:size]
    return answers


def get_range(session: Session, words: list[bytes]) -> Answer:
    key, first, last = words
    text = session.keyspace.text(key)
    if text is not None:
        start, stop = bytes_between(first, last, len(text))
        return text[start:stop]
    bits = session.keyspace.bits(key)
    return _string(bits, *bytes_between(first, last, bits.length))


def strlen(session: Session, words: list[bytes]) -> Answer:
    text = session.keyspace.text(words[0])
    return session.keyspace.bits(words[0]).length if text is None else len(text)


def get(session: Session, words: list[bytes]) -> Answer:
    keyspace = session.keyspace
    text = keyspace.text(words[0])
    if text is not None:
        return text
    bits = keyspace.bits(words[0])
    return _string(bits, 0, bits.length) if bits.length else None


def set_value(session: Session, words: list[bytes]) -> Answer:
    """For keys in bitmapist's format, and keys that hold bits, the value is stored as bits; otherwise as text."""
    key, value, *options = words
    keyspace = session.keyspace
    lasts: float | None = None
    is_new_only = is_old_only = keeps_ttl = False
    while options:
        match options.pop(0).upper():
            case b"NX":
                is_new_only = True
            case b"XX":
                is_old_only = True
            case b"KEEPTTL":
                keeps_ttl = True
            case b"EX" | b"PX" as unit if options:
                lasts = whole(options.pop(0)) / (1 if unit == b"EX" else 1000)
                if lasts <= 0:
                    raise CommandError("ERR invalid expire time in 'set' command")
            case _:
                raise CommandError(SYNTAX)
    if is_new_only and is_old_only:
        raise CommandError(SYNTAX)
    is_there = keyspace.kind(key) is not None
    if (is_new_only and is_there) or (is_old_only and not is_there):
        return None
    kept_until = keyspace.expires_at(key) if keeps_ttl else None
    if keyspace.is_for_bits(key):
        keyspace.replace(key, bitmap_of_bits([(0, value)], 0))
    else:
        keyspace.put_text(key, value)
    if lasts is not None:
        keyspace.expire_in(key, lasts)
    elif kept_until is not None:
        keyspace.expire_at(key, kept_until)
    return OK


def _string(bits: LiveSet, start: int, stop: int) -> bytes:
    if stop - start > _LONGEST:
        raise CommandError(
            f"ERR the value has {stop - start} bytes, more than the {_LONGEST} of one answer; read it by GETRANGE"
        )
    return bits.bits(start, min(stop, BITS // 8))
