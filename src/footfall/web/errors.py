"""All errors in the format of RFC 9457, and all statuses in one table. Browsers get a page instead.

{"type": "about:blank", "title": "Not Found", "status": 404, "code": "unknown_name",
 "detail": "unknown metric 'launche'; did you mean 'launches'?", "instance": "/api/v1/query/launche"}
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from footfall.concealing import concealed
from footfall.errors import FootfallError, StoppedError, UnknownNameError, said_of_value

PROBLEM = "application/problem+json"
STATUSES: Mapping[str, int] = {
    "bad_settings": 500,
    "unknown_name": 422,
    "unknown_value": 422,
    "bad_question": 422,
    "bad_declaration": 500,
    "lake": 503,
    "lake_storage": 503,
    "not_a_lake": 503,
    "newer_lake": 503,
    "damaged_lake": 503,
    "lake_write": 503,
    "conflict": 503,
    "activity": 503,
    "bad_mark": 422,
    "reused_key": 422,
    "store_write": 503,
    "store_busy": 503,
    "damaged_store": 503,
    "newer_store": 503,
    "unreachable_store": 503,
    "source": 502,
    "unreachable_source": 502,
    "broken_data": 502,
    "backup": 500,
    "unsent": 502,
    "unset": 500,
    "stopped": 503,
    "no_access": 401,
    "not_allowed": 403,
    "busy": 409,
    "missing_extra": 501,
    "error": 500,
}
"""By the code of an error."""
_FOUND_BY_ADDRESS = ("metric", "project", "event", "source")
"""What is named in a path: an unknown one is not found there."""
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "wrong_method",
    406: "no_such_format",
    409: "busy",
    411: "no_length",
    413: "too_large",
    415: "wrong_media_type",
    422: "bad_question",
    429: "too_many_requests",
}
_RETRY_AFTER = {429: "60", 503: "5"}
"""Seconds, by status."""
_FOR_PROGRAMS = ("/api/", "/badge/", "/chart/", "/static/", "/healthz", "/readyz", "/metrics")
"""Addresses whose mistakes keep the shape for programs, whatever is accepted."""
_log = logging.getLogger("footfall.web")


def status_of(error: FootfallError, path: Mapping[str, Any] | None = None) -> int:
    """The status of an error; of a name that is unknown, 404 where it stands in the path."""
    if type(error) is UnknownNameError and error.what in _FOUND_BY_ADDRESS:
        named = [str(value) for value in (path or {}).values()]
        if str(error.name) in named:
            return 404
    return STATUSES.get(error.code, 500)


def problem(
    request: Request, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as RFC 9457 defines it, or a page for browsers."""
    more = {"Cache-Control": "no-store", **(headers or {})}
    if status in _RETRY_AFTER:
        more.setdefault("Retry-After", _RETRY_AFTER[status])
    if status == 401:
        more.setdefault("WWW-Authenticate", "Bearer")
    if wants_page(request):
        return request.app.state.problem_page(request, status, detail, headers=more)  # type: ignore[no-any-return]
    return Response(problem_body(status, code, detail, request.url.path), status, more, PROBLEM)


def wants_page(request: Request) -> bool:
    """Whether a browser shows the answer to a person: it says so, and the address is not one of the API or an image."""
    path = request.url.path.removeprefix(request.app.state.site.prefix)
    return "text/html" in request.headers.get("accept", "") and not path.startswith(_FOR_PROGRAMS)


def problem_body(status: int, code: str, detail: str, path: str = "") -> bytes:
    """The JSON of a mistake; without secrets and control characters."""
    record = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": " ".join(concealed(detail).split()),
        "instance": concealed(path)[:500],
    }
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")


def problem_of(request: Request, error: FootfallError) -> Response:
    """An error of ours as a response."""
    status = status_of(error, request.path_params)
    if status >= 500 and not isinstance(error, StoppedError):
        _log.warning("%s: %s", error.code, " ".join(concealed(str(error)).split()))
    return problem(request, status, error.code, str(error))


async def _on_footfall(request: Request, error: Exception) -> Response:
    assert isinstance(error, FootfallError)
    return problem_of(request, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "error")
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _said(request, error.status_code)
    headers = {"Allow": ", ".join(methods_at(request))} if error.status_code == 405 else error.headers
    return problem(request, error.status_code, code, detail, headers)


def methods_at(request: Request) -> list[str]:
    """What is possible at the address of a request, whichever routes share it."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= set(getattr(route, "methods", None) or ())
    return sorted(found)


def _said(request: Request, status: int) -> str:
    if status == 404:
        return f"there is nothing at {request.url.path[:200]}" + (
            "." if wants_page(request) else "; see /api/v1/openapi.json for all addresses."
        )
    if status == 405:
        return f"{request.method} is not allowed at {request.url.path[:200]}."
    return f"{HTTPStatus(status).phrase}."


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return problem(request, 422, "bad_question", f"{where}: {said_of_value(first)}.")


async def on_fault(request: Request, error: Exception) -> Response:
    """A bug: it is logged, and the response has no details."""
    return problem(request, 500, "fault", "this is a bug in Footfall; see the server's log.")


Handler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]
HANDLERS: dict[int | type[Exception], Handler] = {
    FootfallError: _on_footfall,
    HTTPException: _on_http,
    RequestValidationError: _on_validation,
    Exception: on_fault,
}
