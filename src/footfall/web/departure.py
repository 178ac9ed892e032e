"""Detects disconnected clients, and stops work that no request waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")


class LeftError(Exception):
    """The client closed the connection before its answer was ready."""


class Departure:
    """Notices that the client of a request leaves; looked for only while something is awaited."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watch: asyncio.Task[None] | None = None

    async def while_there(self, work: Awaitable[T]) -> T:
        """What `work` gives. Raises LeftError, and cancels it, when the client leaves before."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._until_left())
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait((task, self._watch), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise LeftError
        finally:
            if not task.done():
                task.cancel()

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()


_current: ContextVar[Departure | None] = ContextVar("footfall_departure", default=None)


async def while_there(work: Awaitable[T]) -> T:
    """What `work` gives, while the client of the request that is being answered is there."""
    departure = _current.get()
    return await (work if departure is None else departure.while_there(work))


class Departing:
    """Middleware: a request whose body was read knows when its client leaves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        departure = Departure(receive)
        before = _current.set(departure)
        try:
            await self._app(scope, receive, send)
        except LeftError:
            return
        finally:
            _current.reset(before)
            departure.close()
