"""`footfall serve`: a server that stops cleanly."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from footfall.errors import FootfallError
from footfall.programs import Bounds, Program, StoppedError
from footfall.web.app import create_app
from footfall.web.errors import PROBLEM, problem_body
from footfall.web.hub import hub_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from footfall.workspace import Workspace

_HEAD_SECONDS = 15.0
"""In which the line and the headers of a request must have come."""
_MOST_CONNECTIONS = 1_000
_LAST_SECONDS = 5
"""For requests that are being answered when the end is asked for."""
_AGAIN_SECONDS = 60.0
"""Before a collector that ended is started again."""


_MOST_HEAD = 64 << 10
"""Bytes of the line and the headers of a request."""
_UNREADABLE = problem_body(
    400, "bad_request", f"the request is not HTTP, or its head has more than {_MOST_HEAD:,} bytes."
)


class Impatient(H11Protocol):
    """HTTP/1.1 with a timeout for clients that send requests too slowly."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._head_timer is None:
            self._await_head()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._end_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP, or has a head that is too long, is refused in the shape of every mistake."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("Content-Type", PROBLEM), ("Content-Length", str(len(_UNREADABLE))), ("Connection", "close")]
            for event in (h11.Response(status_code=400, headers=headers), h11.Data(_UNREADABLE), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(_HEAD_SECONDS, self._close_idle)

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_idle(self) -> None:
        self._head_timer = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


def serve(
    workspace: Workspace,
    *,
    host: str | None,
    port: int | None,
    tell: Callable[[str], None],
    collect: list[str] | None = None,
) -> None:
    """Serve a workspace until SIGTERM or Ctrl-C.

    Args:
        workspace: What is served.
        host: The address that is listened on; by default what a JupyterHub says, or the settings.
        port: The port; 0 takes a free one.
        tell: Gets the address, once requests are answered there.
        collect: A command that collects next to the server, and ends with it.

    Raises:
        FootfallError: When the server cannot listen on the address.
    """
    hub, chosen = hub_of(), workspace.settings.web
    prefix = "" if hub is None else hub.prefix
    where = host or (hub.host if hub else None) or chosen.host
    number = next(each for each in (port, hub.port if hub else None, chosen.port) if each is not None)
    with _listening(where, number) as listener, _collecting(collect):
        bound = listener.getsockname()[1]
        app = create_app(workspace, prefix=prefix, hub=hub, is_ahead=True)
        server = _Server(_config(app), lambda: tell(_address(where, bound, prefix)))
        asyncio.run(server.serve(sockets=[listener]))
    if not server.started:
        raise FootfallError("the server could not be started; the lines above say why.")


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEAD,
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Only sockets that say TCP are set by asyncio not to hold back the rest of an answer (40 ms of Nagle's algorithm).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise FootfallError(f"{host}:{port} cannot be used: {said}; choose another --port or --host.") from None
    with listener:
        listener.listen(2048)
        listener.setblocking(False)
        yield listener


def _address(host: str, port: int, prefix: str) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}{prefix}/"


@contextmanager
def _collecting(command: list[str] | None) -> Iterator[None]:
    """A process of its own collects: what it computes makes no request wait."""
    if command is None:
        yield
        return
    ended = Event()
    thread = Thread(target=_collect_until, args=(command, ended), name="footfall-collect")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _collect_until(command: list[str], ended: Event) -> None:
    while not ended.is_set():
        try:
            with Program(command, bounds=Bounds(stop=ended)) as program:
                for piece in program.output():
                    _pass_on(piece)
                program.wait()
                _pass_on(program.complaints())
        except StoppedError as error:
            if not ended.is_set():
                print(f"footfall: the collector was ended: {error}.", file=sys.stderr)
        ended.wait(_AGAIN_SECONDS)


def _pass_on(piece: bytes) -> None:
    sys.stderr.write(piece.decode("utf-8", "replace"))
    sys.stderr.flush()
