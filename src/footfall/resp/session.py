"""The state of one client: its pending commands, its transaction, whether it is logged in."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.errors import ActivityError, StoreWriteError
from footfall.resp.arguments import CommandError
from footfall.resp.commands import COMMANDS, Command, unknown
from footfall.resp.keyspace import Keyspace, WrongTypeError
from footfall.resp.protocol import OK, Answer, CommandReader, Failure, ProtocolError, Simple, encoded

if TYPE_CHECKING:
    from footfall.resp.server import Server

log = logging.getLogger(__name__)

_IDS = itertools.count(1)
_OUT_BYTES = 8 << 20
"""Bytes of replies that a client must read before more of its commands are executed."""
_QUEUED = 1 << 20
"""The maximum number of commands in a transaction."""
_UNKNOWN_BYTES = 64 << 10
"""The maximum size of a command from a client that is not logged in, in bytes."""
_OF_TRANSACTIONS = (b"MULTI", b"EXEC", b"DISCARD")
_BITS = (b":0\r\n", b":1\r\n")
_WITHOUT_LOGIN = (b"AUTH", b"HELLO", b"QUIT")


@dataclass(frozen=True, slots=True)
class Rights:
    """What a client may do."""

    may_read: bool = True
    may_write: bool = True


_ALL = Rights()


class Session:
    """One client."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.keyspace: Keyspace = server.database(0)
        self.database = 0
        self.id = next(_IDS)
        self.name = b""
        self.version = 2
        self.is_over = False
        self._rights = _ALL if server.rights_of is None else None
        self._reader = CommandReader(_UNKNOWN_BYTES if self._rights is None else server.limits.request_bytes)
        self._queue: list[tuple[Command, list[bytes]]] | None = None
        self._is_aborted = False
        self._owner: object = None
        self._answers: list[bytes] = []
        self._writes: list[int] = []
        """Which of the replies belong to commands that write."""
        self.has_more = False
        """Whether commands remain that wait until the replies were read."""

    def feed(self, data: bytes) -> None:
        self._reader.feed(data)

    @property
    def is_amid_commands(self) -> bool:
        """Whether part of a command has arrived."""
        return self._reader.has_part

    def work(self, owner: object) -> None:
        """Execute the commands that have arrived, on behalf of `owner`; `answers` returns the replies."""
        self._owner = owner
        self.keyspace.sets.owner = owner
        self.has_more = False
        size = 0
        try:
            for words in self._reader.commands():
                name = words.pop(0).upper()
                command = COMMANDS.get(name)
                if command is None or command.is_write:
                    self._writes.append(len(self._answers))
                answer = self._answer(command, name, words)
                reply = _BITS[answer] if answer in (0, 1) else encoded(answer, self.version)
                self._answers.append(reply)
                size += len(reply)
                self.has_more = size > _OUT_BYTES
                if self.is_over or self.has_more:
                    break
        except ProtocolError as error:
            self._answers.append(encoded(Failure(f"ERR {error}"), self.version))
            self.is_over = True

    def answers(self, failure: ActivityError | None) -> bytes:
        """The replies to executed commands, once they are safe; after a failure every write is reported as failed."""
        answers, self._answers = self._answers, []
        writes, self._writes = self._writes, []
        if failure is not None:
            error = encoded(_failed(failure), self.version)
            for at in writes:
                answers[at] = error
        return b"".join(answers)

    def _answer(self, command: Command | None, name: bytes, words: list[bytes]) -> Answer:
        if self._rights is not _ALL and (refusal := self._refusal(command, name)):
            self._is_aborted = True  # as in Redis, a transaction is executed as a whole or not at all
            return refusal
        if self._queue is not None or name in _OF_TRANSACTIONS:
            return self._in_transaction(command, name, words)
        return self._do(command, name, words)

    def _do(self, command: Command | None, name: bytes, words: list[bytes]) -> Answer:
        try:
            _check(command, name, words)
            assert command is not None
            return command.do(self, words)
        except CommandError as error:
            return error.answer
        except WrongTypeError:
            return Failure("WRONGTYPE Operation against a key holding the wrong kind of value")
        except ActivityError as error:
            return _failed(error)
        except Exception:
            log.exception("%s failed", name.decode("latin-1"))
            return Failure("ERR the server failed at this command; its log says where")

    def _in_transaction(self, command: Command | None, name: bytes, words: list[bytes]) -> Answer:
        match name:
            case b"MULTI" if self._queue is None:
                self._queue, self._is_aborted = [], False
                return OK
            case b"MULTI":
                return Failure("ERR MULTI calls can not be nested")
            case b"DISCARD" if self._queue is not None:
                self._queue = None
                return OK
            case b"EXEC" if self._queue is not None:
                queue, self._queue = self._queue, None
                if self._is_aborted:
                    return Failure("EXECABORT Transaction discarded because of previous errors.")
                return [self._do(each, b"", queued) for each, queued in queue]
        if self._queue is None:
            return self._do(command, name, words)
        try:
            _check(command, name, words)
            if len(self._queue) >= _QUEUED:
                raise CommandError(f"ERR a transaction holds at most {_QUEUED:,} commands")
            if name == b"SLURP":
                raise CommandError("ERR SLURP is not possible in a transaction")
        except CommandError as error:
            self._is_aborted = True
            return error.answer
        assert command is not None
        self._queue.append((command, words))
        return Simple("QUEUED")

    def _refusal(self, command: Command | None, name: bytes) -> Failure | None:
        if name in _WITHOUT_LOGIN:
            return None
        if self._rights is None:
            return Failure("NOAUTH Authentication required.")
        if command is None or (command.is_write and name != b"EXEC" and self._rights.may_write):
            return None
        if (command.is_write and name != b"EXEC") or (command.is_read and not self._rights.may_read):
            return Failure(f"NOPERM this token has no right to run the '{name.decode().lower()}' command")
        return None

    def select(self, number: int) -> None:
        """Switch to a database. Raises CommandError."""
        self.keyspace = self.server.database(number)
        self.database = number
        self.keyspace.sets.owner = self._owner

    def log_in(self, token: bytes) -> None:
        """Grant the client the rights of its token. Raises CommandError if it is invalid."""
        rights_of = self.server.rights_of
        if rights_of is None:
            raise CommandError("ERR this server requires no token; leave out AUTH, or start it with --auth")
        rights = rights_of(token.decode("latin-1"))
        if rights is None:
            raise CommandError("WRONGPASS invalid username-password pair or user is disabled.")
        self._rights = rights
        self._reader.limit = self.server.limits.request_bytes

    @property
    def is_logged_in(self) -> bool:
        return self._rights is not None


def _check(command: Command | None, name: bytes, words: list[bytes]) -> None:
    """Raise CommandError for an unknown command, or a wrong number of arguments."""
    if command is None:
        raise unknown(name, words)
    if not command.least <= len(words) <= command.most and name:
        raise CommandError(f"ERR wrong number of arguments for '{name.decode('latin-1').lower()}' command")


def _failed(error: ActivityError) -> Failure:
    return Failure(f"{'MISCONF' if isinstance(error, StoreWriteError) else 'ERR'} {error}")
