"""Middleware that marks who made a request, for ASGI and WSGI applications.

A request counts if its response has a status below 400. Errors while marking are logged and do not affect the response.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from footfall.errors import FootfallError

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]
WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_FAILED = 400
"""Responses with this status or above are not marked."""


class _Marks(Protocol):
    """The part of a workspace that marks."""

    def mark(self, event: str, actors: Any) -> None: ...

    async def amark(self, event: str, actors: Any) -> None: ...


class MarkASGI:
    """Marks the user of each request of an ASGI application (Starlette, FastAPI, Quart, Django).

    Args:
        app: The application.
        workspace: Where to mark, as returned by `footfall.open`.
        event: What to mark, such as "active".
        user_of: Returns the user of a request's scope, a number or a text; None if no one is signed in. It is called
            after the response, so it sees what the application has put into the scope.

    Example:
        >>> app = MarkASGI(app, ff, "active", user_of=lambda scope: scope.get("user_id"))
    """

    def __init__(
        self, app: ASGIApp, workspace: _Marks, event: str, *, user_of: Callable[[Scope], int | str | None]
    ) -> None:
        self._app, self._workspace, self._event, self._user_of = app, workspace, event, user_of

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _FAILED

        async def watch(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watch)
        if status >= _FAILED:
            return
        try:
            user = self._user_of(scope)
            if user is not None:
                await self._workspace.amark(self._event, user)
        except FootfallError as error:
            log.error("%s was not marked: %s", self._event, error)


class MarkWSGI:
    """Marks the user of each request of a WSGI application (Flask, Django, Pyramid).

    Args:
        app: The application.
        workspace: Where to mark, as returned by `footfall.open`.
        event: What to mark, such as "active".
        user_of: Returns the user of a request's environ, a number or a text; None if no one is signed in.

    Example:
        >>> app = MarkWSGI(app, ff, "active", user_of=lambda environ: environ.get("REMOTE_USER"))
    """

    def __init__(
        self, app: WSGIApp, workspace: _Marks, event: str, *, user_of: Callable[[dict[str, Any]], int | str | None]
    ) -> None:
        self._app, self._workspace, self._event, self._user_of = app, workspace, event, user_of

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = _FAILED

        def watch(line: str, *others: Any) -> Any:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            return start_response(line, *others)

        answer = self._app(environ, watch)
        try:
            yield from answer
        finally:
            if close := getattr(answer, "close", None):
                close()
        if status >= _FAILED:
            return
        try:
            user = self._user_of(environ)
            if user is not None:
                self._workspace.mark(self._event, user)
        except FootfallError as error:
            log.error("%s was not marked: %s", self._event, error)
