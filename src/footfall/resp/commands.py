"""The commands. Source of names, arguments and errors: https://redis.io/docs/latest/commands/"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall import __version__
from footfall.resp import bit_commands, key_commands, value_commands
from footfall.resp.arguments import SYNTAX, CommandError, matcher, whole
from footfall.resp.protocol import OK, Answer, Simple

if TYPE_CHECKING:
    from footfall.resp.session import Session

_ANY = 1 << 20
REDIS_VERSION = "7.0.0"
"""The Redis version that is reported to clients."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its function, and its number of arguments."""

    do: Callable[[Session, list[bytes]], Answer]
    least: int
    most: int
    is_write: bool = False
    key_at: int = 1
    """The position of its first key, 0 if it has none."""

    @property
    def is_read(self) -> bool:
        """Whether its reply may reveal stored data."""
        return self.key_at > 0 or self.do in (key_commands.keys, key_commands.scan, key_commands.dbsize)

    @property
    def arity(self) -> int:
        """The arity as COMMAND returns it: arguments including the name, negative if there may be more."""
        return self.least + 1 if self.least == self.most else -(self.least + 1)


def _ping(session: Session, words: list[bytes]) -> Answer:
    return words[0] if words else Simple("PONG")


def _echo(session: Session, words: list[bytes]) -> Answer:
    return words[0]


def _select(session: Session, words: list[bytes]) -> Answer:
    session.select(whole(words[0], "ERR invalid DB index"))
    return OK


def _auth(session: Session, words: list[bytes]) -> Answer:
    session.log_in(words[-1])
    return OK


def _hello(session: Session, words: list[bytes]) -> Answer:
    rest = list(words)
    version = session.version
    if rest:
        version = whole(rest.pop(0), "ERR Protocol version is not an integer or out of range")
        if version not in (2, 3):
            raise CommandError("NOPROTO unsupported protocol version")
    while rest:
        match rest.pop(0).upper():
            case b"AUTH" if len(rest) >= 2:
                session.log_in(rest[1])
                del rest[:2]
            case b"SETNAME" if rest:
                session.name = rest.pop(0)
            case _:
                raise CommandError("ERR Syntax error in HELLO")
    if not session.is_logged_in:
        raise CommandError("NOAUTH HELLO must be called with the client already authenticated, or with AUTH")
    session.version = version
    return {
        b"server": b"redis",
        b"version": REDIS_VERSION,
        b"proto": version,
        b"id": session.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }


def _client(session: Session, words: list[bytes]) -> Answer:
    match words[0].upper():
        case b"SETNAME" if len(words) == 2:
            session.name = words[1]
            return OK
        case b"GETNAME":
            return session.name or None
        case b"ID":
            return session.id
        case b"INFO":
            return b"id=%d name=%b resp=%d" % (session.id, session.name, session.version)
        case b"SETINFO" if len(words) == 3:
            return OK
        case b"NO-EVICT" | b"NO-TOUCH" if len(words) == 2:
            return OK
    raise CommandError(f"ERR unknown subcommand or wrong number of arguments for '{_shown(words[0])}'")


def _config(session: Session, words: list[bytes]) -> Answer:
    if words[0].upper() != b"GET" or len(words) < 2:
        raise CommandError("ERR only CONFIG GET is possible; the settings are options of footfall serve-marks")
    patterns = [matcher(word.lower()) for word in words[1:]]
    return {name: value for name, value in session.server.config().items() if any(p.fullmatch(name) for p in patterns)}


def _command(session: Session, words: list[bytes]) -> Answer:
    match words[0].upper() if words else b"":
        case b"COUNT":
            return len(COMMANDS)
        case b"DOCS":
            return {}
        case b"INFO":
            return [_described(name.upper()) for name in words[1:]] or [_described(name) for name in COMMANDS]
        case b"LIST":
            return [name.lower() for name in COMMANDS]
        case b"":
            return [_described(name) for name in COMMANDS]
    raise CommandError(f"ERR unknown subcommand '{_shown(words[0])}'")


def _described(name: bytes) -> Answer:
    command = COMMANDS.get(name)
    if command is None:
        return None
    flags = [Simple("write" if command.is_write else "readonly")] if command.key_at else [Simple("fast")]
    return [name.lower(), command.arity, flags, command.key_at, command.key_at, min(command.key_at, 1)]


def _info(session: Session, words: list[bytes]) -> Answer:
    # Listing the keys takes time: only the requested sections are made.
    sections: dict[str, Callable[[], dict[str, object]]] = {
        "server": lambda: {
            "redis_version": REDIS_VERSION,
            "redis_mode": "standalone",
            "footfall_version": __version__,
            "os": sys.platform,
            "tcp_port": session.server.port,
            "uptime_in_seconds": session.server.uptime,
        },
        "clients": lambda: {
            "connected_clients": session.server.connections,
            "maxclients": session.server.limits.connections,
        },
        "memory": lambda: {"used_memory_sets": session.keyspace.memory, "maxmemory": 0},
        "persistence": lambda: {
            "loading": 0,
            "rdb_bgsave_in_progress": 0,
            "aof_enabled": 1,
            "rdb_last_save_time": session.server.synced_at,
        },
        "cluster": lambda: {"cluster_enabled": 0},
        "keyspace": lambda: {
            f"db{session.database}": f"keys={len(session.keyspace.listed())},expires={len(session.keyspace.values.expiries)}"
        },
    }
    wanted = {word.decode("latin-1").lower() for word in words} & sections.keys() or sections.keys()
    lines: list[str] = []
    for section, values_of in sections.items():
        if section in wanted:
            values = values_of()
            lines += [f"# {section.capitalize()}", *(f"{name}:{value}" for name, value in values.items()), ""]
    return "\r\n".join(lines)


def _bgsave(session: Session, words: list[bytes]) -> Answer:
    session.server.sync()
    return Simple("Background saving started")


def _save(session: Session, words: list[bytes]) -> Answer:
    session.server.sync()
    return OK


def _last_save(session: Session, words: list[bytes]) -> Answer:
    return session.server.synced_at


def _flush(session: Session, words: list[bytes]) -> Answer:
    if not session.server.may_administer:
        raise CommandError("ERR deleting all keys is not allowed here; start footfall serve-marks with --allow-admin")
    if [word.upper() for word in words] not in ([], [b"ASYNC"], [b"SYNC"]):
        raise CommandError(SYNTAX)
    for _, key in session.keyspace.listed():
        session.keyspace.delete(key)
    return OK


def _slurp(session: Session, words: list[bytes]) -> Answer:
    return session.server.slurp(words[0].decode("latin-1"))


def _quit(session: Session, words: list[bytes]) -> Answer:
    session.is_over = True
    return OK


def _exec(session: Session, words: list[bytes]) -> Answer:
    raise CommandError("ERR EXEC without MULTI")


def _discard(session: Session, words: list[bytes]) -> Answer:
    raise CommandError("ERR DISCARD without MULTI")


def _ok(session: Session, words: list[bytes]) -> Answer:
    return OK


def _shown(word: bytes) -> str:
    return word[:128].decode("latin-1")


def unknown(name: bytes, words: Sequence[bytes]) -> CommandError:
    """The error for an unknown command, in Redis's wording."""
    shown = " ".join(f"'{_shown(word)}'" for word in words[:8])
    return CommandError(f"ERR unknown command '{_shown(name)}', with args beginning with: {shown}")


COMMANDS: dict[bytes, Command] = {
    b"PING": Command(_ping, 0, 1, key_at=0),
    b"ECHO": Command(_echo, 1, 1, key_at=0),
    b"SELECT": Command(_select, 1, 1, key_at=0),
    b"AUTH": Command(_auth, 1, 2, key_at=0),
    b"HELLO": Command(_hello, 0, 8, key_at=0),
    b"CLIENT": Command(_client, 1, 8, key_at=0),
    b"CONFIG": Command(_config, 1, 64, key_at=0),
    b"COMMAND": Command(_command, 0, _ANY, key_at=0),
    b"INFO": Command(_info, 0, 16, key_at=0),
    b"BGSAVE": Command(_bgsave, 0, 1, key_at=0),
    b"SAVE": Command(_save, 0, 0, key_at=0),
    b"LASTSAVE": Command(_last_save, 0, 0, key_at=0),
    b"FLUSHDB": Command(_flush, 0, 1, is_write=True, key_at=0),
    b"FLUSHALL": Command(_flush, 0, 1, is_write=True, key_at=0),
    b"SLURP": Command(_slurp, 1, 1, is_write=True, key_at=0),
    b"QUIT": Command(_quit, 0, 0, key_at=0),
    b"MULTI": Command(_ok, 0, 0, key_at=0),  # which the session does
    b"EXEC": Command(_exec, 0, 0, is_write=True, key_at=0),
    b"DISCARD": Command(_discard, 0, 0, key_at=0),
    b"UNWATCH": Command(_ok, 0, 0, key_at=0),
    # Bits
    b"SETBIT": Command(bit_commands.set_bit, 3, 3, is_write=True),
    b"GETBIT": Command(bit_commands.get_bit, 2, 2),
    b"BITCOUNT": Command(bit_commands.bit_count, 1, 4),
    b"BITPOS": Command(bit_commands.bit_pos, 2, 5),
    b"BITOP": Command(bit_commands.bit_op, 3, _ANY, is_write=True, key_at=2),
    b"BITFIELD": Command(bit_commands.bit_field, 1, _ANY, is_write=True),
    b"GETRANGE": Command(bit_commands.get_range, 3, 3),
    b"STRLEN": Command(bit_commands.strlen, 1, 1),
    b"GET": Command(bit_commands.get, 1, 1),
    b"SET": Command(bit_commands.set_value, 2, 8, is_write=True),
    # Keys
    b"KEYS": Command(key_commands.keys, 1, 1, key_at=0),
    b"SCAN": Command(key_commands.scan, 1, 7, key_at=0),
    b"DBSIZE": Command(key_commands.dbsize, 0, 0, key_at=0),
    b"EXISTS": Command(key_commands.exists, 1, _ANY),
    b"DEL": Command(key_commands.delete, 1, _ANY, is_write=True),
    b"UNLINK": Command(key_commands.delete, 1, _ANY, is_write=True),
    b"RENAME": Command(key_commands.rename, 2, 2, is_write=True),
    b"TYPE": Command(key_commands.type_of, 1, 1),
    b"TTL": Command(key_commands.ttl, 1, 1),
    b"PTTL": Command(key_commands.pttl, 1, 1),
    b"EXPIRE": Command(key_commands.expire, 2, 2, is_write=True),
    b"PEXPIRE": Command(key_commands.pexpire, 2, 2, is_write=True),
    b"PERSIST": Command(key_commands.persist, 1, 1, is_write=True),
    # Other values
    b"INCR": Command(value_commands.incr, 1, 1, is_write=True),
    b"INCRBY": Command(value_commands.incr_by, 2, 2, is_write=True),
    b"HINCRBY": Command(value_commands.h_incr_by, 3, 3, is_write=True),
    b"HSET": Command(value_commands.h_set, 3, _ANY, is_write=True),
    b"HSETNX": Command(value_commands.h_set_nx, 3, 3, is_write=True),
    b"HGET": Command(value_commands.h_get, 2, 2),
    b"HMGET": Command(value_commands.h_m_get, 2, _ANY),
    b"HGETALL": Command(value_commands.h_get_all, 1, 1),
    b"HKEYS": Command(value_commands.h_keys, 1, 1),
    b"HLEN": Command(value_commands.h_len, 1, 1),
    b"HEXISTS": Command(value_commands.h_exists, 2, 2),
    b"HDEL": Command(value_commands.h_del, 2, _ANY, is_write=True),
    b"HSCAN": Command(value_commands.h_scan, 2, 6),
    b"SADD": Command(value_commands.s_add, 2, _ANY, is_write=True),
    b"SREM": Command(value_commands.s_rem, 2, _ANY, is_write=True),
    b"SMEMBERS": Command(value_commands.s_members, 1, 1),
    b"SISMEMBER": Command(value_commands.s_is_member, 2, 2),
    b"SCARD": Command(value_commands.s_card, 1, 1),
}
