"""Connections: accepted, limited, read and answered by one event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from footfall.errors import ActivityError, FootfallError
from footfall.resp.arguments import CommandError
from footfall.resp.keyspace import Keyspace
from footfall.resp.protocol import OK, Answer, Failure, encoded
from footfall.resp.session import Rights, Session
from footfall.resp.sets import Sets
from footfall.resp.values import Values, values_beside
from footfall.stores.copying import copy_from_redis
from footfall.stores.sqlite.served import ServedStore

_SYNC_EVERY = 1.0
_CLOSE_WITHIN = 3.0
"""Seconds that clients have to read their replies when the server stops."""


@dataclass(frozen=True)
class Limits:
    """Resource limits per client and for all clients."""

    connections: int = 1000
    request_bytes: int = 64 << 20
    """The maximum size of a command."""
    databases: int = 16


class _Database(NamedTuple):
    store: ServedStore
    values: Values
    keyspace: Keyspace


class Server:
    """The state that connections share: the databases, and the turn in which several clients are served at once.

    Commands that arrive at the same time are executed one after another, then written as a group, then answered.
    """

    def __init__(
        self,
        path: Path,
        *,
        is_synced: bool = False,
        rights_of: Callable[[str], Rights | None] | None = None,
        may_administer: bool = False,
        limits: Limits = Limits(),
        now: Callable[[], float] = time.time,
    ) -> None:
        """Raises ActivityError if the store cannot be used."""
        self.rights_of = rights_of
        self.may_administer = may_administer
        self.limits = limits
        self.port = 0
        self.sessions: set[Connection] = set()
        self._path, self._is_synced = path, is_synced
        self._databases: dict[int, _Database] = {}
        self._turn: list[Connection] = []
        self._failure: ActivityError | None = None
        self._now, self._began_at = now, now()
        self._synced_at = now()
        self.database(0)

    def database(self, number: int) -> Keyspace:
        """A database, opened on first use. Raises CommandError."""
        if not 0 <= number < self.limits.databases:
            raise CommandError("ERR DB index is out of range")
        if number not in self._databases:
            path = self._path if number == 0 else self._path.with_suffix(f".{number}{self._path.suffix}")
            store = ServedStore(path, is_synced=self._is_synced)
            values = Values(values_beside(path), is_synced=self._is_synced)
            self._databases[number] = _Database(store, values, Keyspace(Sets(store), values, self._now))
        return self._databases[number].keyspace

    # Turns

    def begin(self, connection: Connection) -> None:
        """Serve a client in this turn, which ends when everything that arrived at the same time is done."""
        if not self._turn:
            asyncio.get_running_loop().call_soon(self._end)
            self._failure = None
            try:
                for database in self._databases.values():
                    database.keyspace.begin()
            except ActivityError as error:
                self._failure = error
        self._turn.append(connection)

    def _end(self) -> None:
        turn, self._turn = self._turn, []
        failure = self._failure
        waiting: set[object] = set()
        for database in self._databases.values():
            try:
                database.keyspace.end(_is_unfinished)
            except ActivityError as error:
                failure = error
            failure = failure or database.keyspace.failure
            waiting |= database.keyspace.sets.awaiting()
        for connection in dict.fromkeys(turn):
            if connection not in waiting:
                connection.answer(failure)

    @property
    def connections(self) -> int:
        return len(self.sessions)

    @property
    def uptime(self) -> int:
        return int(self._now() - self._began_at)

    @property
    def synced_at(self) -> int:
        """When everything was last synced to disk, in seconds since 1970."""
        return int(self._now() if self._is_synced else self._synced_at)

    def sync(self) -> None:
        """Wait until everything is on disk."""
        began_at = self._now()
        for database in self._databases.values():
            database.keyspace.sets.sync()
        self._synced_at = began_at

    def close(self) -> None:
        """Release all files."""
        for database in self._databases.values():
            try:
                database.values.close()
            finally:
                database.store.close()

    async def sync_every_second(self) -> None:
        """Sync for as long as the server runs; in a thread, as a disk may be slow."""
        while True:
            await asyncio.sleep(_SYNC_EVERY)
            began_at = self._now()
            for database in list(self._databases.values()):
                await asyncio.to_thread(database.store.sync)
            self._synced_at = began_at

    def config(self) -> dict[bytes, bytes]:
        """The Redis configuration values that clients ask for."""
        return {
            b"appendonly": b"yes",
            b"appendfsync": b"always" if self._is_synced else b"everysec",
            b"save": b"",
            b"databases": b"%d" % self.limits.databases,
            b"maxclients": b"%d" % self.limits.connections,
            b"proto-max-bulk-len": b"%d" % self.limits.request_bytes,
            b"maxmemory": b"0",
        }

    def slurp(self, address: str) -> Answer:
        """Copy the data of a live Redis. Other clients wait in the meantime."""
        if not self.may_administer:
            raise CommandError("ERR SLURP is not allowed here; start footfall serve-marks with --allow-admin")
        where = address if "://" in address else f"redis://{address}"
        try:
            copy_from_redis(where, self._databases[0].store)
        except FootfallError as error:
            raise CommandError(f"ERR {error}") from None
        finally:
            self.database(0).sets.refresh()
        return OK


class Connection(asyncio.Protocol):
    """One client: its commands are executed at once, and it must read the replies before more is read from it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._is_full = False
        self._has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._server.connections >= self._server.limits.connections:
            transport.write(encoded(Failure("ERR max number of clients reached"), 2))
            transport.close()
            return
        self._server.sessions.add(self)
        self._session = Session(self._server)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.sessions.discard(self)
        self._session = None

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._session.feed(data)
            self._work()

    def _work(self) -> None:
        if self._session is not None:
            self._server.begin(self)
            self._session.work(self)

    @property
    def is_amid_commands(self) -> bool:
        """Whether part of a command has arrived and the rest is on its way."""
        return self._session is not None and self._session.is_amid_commands and not self._has_ended

    def eof_received(self) -> None:
        self._has_ended = True
        self._work()

    def answer(self, failure: ActivityError | None) -> None:
        """Send the replies of a finished turn."""
        session, transport = self._session, self._transport
        if session is None or transport is None or transport.is_closing():
            return
        transport.write(session.answers(failure))
        if session.is_over:
            transport.close()
        elif session.has_more:
            transport.pause_reading()
            if not self._is_full:
                asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._session is not None and self._transport is not None:
            self._transport.resume_reading()
            if self._session.has_more:
                self._work()

    def pause_writing(self) -> None:
        self._is_full = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_full = False
        self._go_on()

    def close(self) -> None:
        """Close after the replies are sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _is_unfinished(owner: object) -> bool:
    return isinstance(owner, Connection) and owner.is_amid_commands


def serve_marks(
    path: Path,
    *,
    host: str,
    port: int,
    tell: Callable[[int], None],
    is_synced: bool = False,
    rights_of: Callable[[str], Rights | None] | None = None,
    certificate: tuple[Path, Path] | None = None,
    may_administer: bool = False,
    limits: Limits = Limits(),
) -> None:
    """Serve the store in a file to Redis clients until SIGINT or SIGTERM.

    Args:
        path: The file of the store; created if missing.
        host: The address to listen on.
        port: The port; 0 chooses a free one.
        tell: Called with the port once the server listens.
        is_synced: Whether marks are on disk before they are acknowledged; otherwise within a second. Either way, a
            crash of the process loses none.
        rights_of: Returns the rights of a token passed to AUTH, None if it is invalid. None if clients need not log in.
        certificate: The files of the certificate and its key, for TLS.
        may_administer: Whether clients may delete all keys, and make the server copy from another.
        limits: The resource limits of clients.

    Raises:
        ActivityError: If the store cannot be used.
        FootfallError: If the server cannot listen, or the certificate cannot be used.
    """
    server = Server(path, is_synced=is_synced, rights_of=rights_of, may_administer=may_administer, limits=limits)
    try:
        server.sync()
        asyncio.run(_serve(server, host, port, tell, _context(certificate), is_synced=is_synced))
    finally:
        server.close()


async def _serve(
    server: Server,
    host: str,
    port: int,
    tell: Callable[[int], None],
    context: ssl.SSLContext | None,
    *,
    is_synced: bool,
) -> None:
    loop = asyncio.get_running_loop()
    is_over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, is_over.set)
    try:
        listening = await loop.create_server(lambda: Connection(server), host, port, ssl=context, backlog=512)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise FootfallError(
            f"cannot listen on {host}:{port}: {reason}; choose another --port, or stop the process that uses it."
        ) from None
    server.port = listening.sockets[0].getsockname()[1]
    syncing = None if is_synced else asyncio.create_task(server.sync_every_second())
    tell(server.port)
    try:
        await is_over.wait()
    finally:
        if syncing is not None:
            syncing.cancel()
        listening.close()
        for connection in list(server.sessions):
            connection.close()
        until = loop.time() + _CLOSE_WITHIN
        while server.sessions and loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in list(server.sessions):
            connection.abort()
        server.sync()


def _context(certificate: tuple[Path, Path] | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(*certificate)
    except (OSError, ssl.SSLError) as error:
        raise FootfallError(
            f"{certificate[0]} and {certificate[1]} cannot be used for TLS ({error}); give a certificate and its key in PEM form."
        ) from None
    return context
