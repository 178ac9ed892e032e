"""How an answer becomes a response: its form, its ETag, 304 while it is unchanged, and what is kept for the next time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from footfall.asking import address_of
from footfall.errors import QueryError
from footfall.frames import digest_of
from footfall.web.answers import Kept
from footfall.web.api.formats import NOTES, Format, chosen_format, json_bytes, notes_in_a_header
from footfall.web.compression import compressed, encoding_for
from footfall.web.site import Site, viewer_of_request

_MOST_OPTIONS = 200
_LONGEST_QUERY = 8_000
_PIECE = 64 << 10
"""Larger bodies are sent in pieces of this: a client that reads slowly holds no more of them."""
_MOST_READY = 2_000
_VARY = "Accept, Accept-Encoding, Authorization, Cookie"


@dataclass(frozen=True)
class _Ready:
    """A response that was given, for as long as its answer holds."""

    key: Any
    kept: Kept
    format: Format
    tag: str
    route: Any
    """What the address belongs to, by which requests are counted."""


class Replies:
    """Answers to GET requests that are questions."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._ready: OrderedDict[Any, _Ready] = OrderedDict()

    async def reply(self, request: Request, command: str, named: Mapping[str, str]) -> Response:
        """The answer to the question of an address; `named` are the options that stand in its path."""
        ready = self._standing(request)
        if ready is None:
            ready = await self._asked(request, command, named, request.headers.get("accept", ""))
            self._keep(_place(request), ready)
        if is_unchanged(request, ready.tag):
            return self._unchanged(ready)
        return await self._sent(request, ready)

    def again(self, request: Request) -> Response | None:
        """The response to a question that was answered before, and needs no work; None for any other request."""
        ready = self._standing(request)
        if ready is None:
            return None
        request.scope["route"] = ready.route
        if is_unchanged(request, ready.tag):
            return self._unchanged(ready)
        encoding = self._encoding(request, ready)
        return None if encoding is None else self._made(ready, encoding)

    def _standing(self, request: Request) -> _Ready | None:
        ready = self._ready.get(_place(request))
        return ready if ready is not None and self._site.is_standing(ready.key, ready.kept) else None

    def _unchanged(self, ready: _Ready) -> Response:
        return Response(status_code=304, headers=self._headers(ready.tag))

    async def _asked(self, request: Request, command: str, named: Mapping[str, str], accept: str) -> _Ready:
        texts = texts_of_query(request)
        format = chosen_format(_only(texts.pop("format", [])), accept)
        for name, value in named.items():
            if name in texts:
                raise QueryError(f"{name} is given in the path and in the query; leave out one of them.")
            texts[name] = [value]
        key, kept = await self._site.kept(command, texts)
        route = request.scope.get("route")
        return _Ready(key, kept, format, f'W/"{tag_of(kept, texts)}-{format.name}"', route)

    def _keep(self, place: Any, ready: _Ready) -> None:
        self._ready[place] = ready
        self._ready.move_to_end(place)
        while len(self._ready) > _MOST_READY:
            self._ready.popitem(last=False)

    async def _sent(self, request: Request, ready: _Ready) -> Response:
        made, format = ready.kept.made, ready.format
        body = made.get(format.name)
        if body is None:
            body = await self._site.run(format.write, ready.kept.answer)
            made[format.name] = body
            made["address"] = address_of(ready.kept.answer).encode("ascii", "replace")
            made["notes"] = notes_in_a_header(ready.kept.answer.notes)
            self._site.note_size(ready.key)
        encoding = self._encoding(request, ready)
        if encoding is None:
            encoding = self._wanted(request, ready, body)
            made[format.name, encoding] = await self._site.run(compressed, body, encoding)
            self._site.note_size(ready.key)
        return self._made(ready, encoding)

    def _wanted(self, request: Request, ready: _Ready, body: bytes) -> str:
        return encoding_for(request.headers.get("accept-encoding", ""), len(body)) if ready.format.is_text else ""

    def _encoding(self, request: Request, ready: _Ready) -> str | None:
        """In which encoding the body is there as the client takes it; None where it has to be made."""
        name, made = ready.format.name, ready.kept.made
        if name not in made:
            return None
        encoding = self._wanted(request, ready, made[name])
        return encoding if not encoding or (name, encoding) in made else None

    def _made(self, ready: _Ready, encoding: str) -> Response:
        """The response of a body that is there."""
        made, format = ready.kept.made, ready.format
        body = made[format.name, encoding] if encoding else made[format.name]
        headers = self._headers(ready.tag)
        headers["Link"] = f'<{self._site.prefix}/api/v1/{made["address"].decode()}>; rel="canonical"'
        if not format.has_notes and made["notes"]:
            headers[NOTES] = made["notes"].decode()
        if encoding:
            headers["Content-Encoding"] = encoding
        if len(body) <= 4 * _PIECE:
            return Response(body, headers=headers, media_type=format.media_type)
        headers["Content-Length"] = str(len(body))
        return StreamingResponse(_pieces(body), headers=headers, media_type=format.media_type)

    def _headers(self, tag: str) -> dict[str, str]:
        return {"ETag": tag, "Cache-Control": cache_control(self._site), "Vary": _VARY}


def _place(request: Request) -> tuple[Any, ...]:
    """What decides which question a request asks, and in which form."""
    scope = request.scope
    return scope["path"], scope["query_string"], request.headers.get("accept", ""), viewer_of_request.get().projects


class Repeating:
    """Middleware: what was asked before and still holds is answered at once, without looking for its route."""

    def __init__(self, app: ASGIApp, replies: Replies) -> None:
        self._app, self._replies = app, replies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            response = self._replies.again(Request(scope))
            if response is not None:
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _pieces(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]


def cache_control(site: Site) -> str:
    """May be kept, and is asked for again each time: a changed answer is never missed."""
    is_public = site.settings.reading == "open" and not viewer_of_request.get().is_signed_in
    return "no-cache" if is_public else "private, no-cache"


def tag_of(kept: Kept, texts: Mapping[str, Sequence[str]]) -> str:
    """What is equal while the answer is: its version, without the moment of asking where none was asked for."""
    answer = kept.answer
    if "as_of" in texts or answer.question.get("as_of") is None:
        return answer.version
    question = {name: value for name, value in answer.question.items() if name != "as_of"}
    return digest_of(answer.command, question, answer.notes, answer.to_arrow())


def is_unchanged(request: Request, tag: str) -> bool:
    """Whether the client has exactly this already."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or tag.removeprefix("W/") in (
        each.strip().removeprefix("W/") for each in given.split(",")
    )


def record_reply(request: Request, site: Site, record: object) -> Response:
    """What is not a question, such as a definition, as JSON with an ETag of its own."""
    body = json_bytes(record)
    tag = f'W/"{blake2b(body, digest_size=8).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": cache_control(site), "Vary": _VARY}
    if is_unchanged(request, tag):
        return Response(status_code=304, headers=headers)
    encoding = encoding_for(request.headers.get("accept-encoding", ""), len(body))
    if encoding:
        headers["Content-Encoding"] = encoding
        body = compressed(body, encoding)
    return Response(body, headers=headers, media_type="application/json")


def texts_of_query(request: Request) -> dict[str, list[str]]:
    """The options of an address, by name.

    Raises:
        QueryError: For an address that is too long, or holds too many of them.
    """
    raw = request.scope["query_string"]
    if len(raw) > _LONGEST_QUERY:
        raise QueryError(f"the query has {len(raw):,} characters; at most {_LONGEST_QUERY:,} are allowed.")
    try:
        pairs = parse_qsl(raw.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MOST_OPTIONS)
    except ValueError:
        raise QueryError(f"the query has more than {_MOST_OPTIONS} options.") from None
    texts: dict[str, list[str]] = {}
    for name, value in pairs:
        texts.setdefault(name, []).append(value)
    return texts


def _only(values: Sequence[str]) -> str | None:
    if len(values) > 1:
        raise QueryError(f"format is given {len(values)} times; give it once.")
    return values[0].strip().lower() if values else None
