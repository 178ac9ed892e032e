"""Actions of administrators: collect, and forget actors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from footfall.access.viewer import Scope
from footfall.errors import QueryError, UnknownNameError
from footfall.options import read_moment
from footfall.web.api import description as described
from footfall.web.api.bodies import JSON, json_of_body, read_body
from footfall.web.api.formats import json_bytes
from footfall.web.security import check_scope
from footfall.web.site import Site, viewer_of_request

_MOST_ACTORS = 1_000
_OF_COLLECT = ("sources", "since", "until", "recheck")


def add(router: APIRouter, site: Site) -> None:
    """POST and GET /collect, POST /forget."""

    async def collect(request: Request) -> Response:
        check_scope(viewer_of_request.get(), Scope.ADMIN)
        given = await _object(request, site, _OF_COLLECT)
        run = site.collector.start(await site.run(_words, site, given))
        where = {"Location": f"{site.prefix}/api/v1/collect"}
        return _reply(run.to_record(), 202, where)

    async def collection(_: Request) -> Response:
        check_scope(viewer_of_request.get(), Scope.ADMIN)
        return _reply(site.collector.run.to_record())

    async def forget(request: Request) -> Response:
        check_scope(viewer_of_request.get(), Scope.ADMIN)
        given = await _object(request, site, ("actors",))
        return _reply({"forgotten": await site.run(_forgotten, site, _actors(given))})

    router.add_api_route(
        "/collect",
        collect,
        methods=["POST"],
        status_code=202,
        summary="Start a collection, as `footfall collect` does.",
        operation_id="collect",
        response_class=Response,
        responses=described.of_run(202),
        openapi_extra=described.body_of_collect(),
    )
    router.add_api_route(
        "/collect",
        collection,
        methods=["GET"],
        summary="The state of the last collection.",
        operation_id="collection",
        response_class=Response,
        responses=described.of_run(200),
        openapi_extra=described.NEEDS_TOKEN,
    )
    router.add_api_route(
        "/forget",
        forget,
        methods=["POST"],
        summary="Remove actors from every set and from the stored names.",
        operation_id="forget",
        response_class=Response,
        responses=described.of_forget(),
        openapi_extra=described.body_of_forget(_MOST_ACTORS),
    )


def _reply(record: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json_bytes(record), status, {"Cache-Control": "no-store", **(headers or {})}, JSON)


async def _object(request: Request, site: Site, names: Sequence[str]) -> dict[str, Any]:
    """The object that is the body; nothing at all is an empty one."""
    body = await read_body(request, site.settings.most_bytes)
    if not body:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise HTTPException(415, f"Content-Type is {media_type[:60]!r}; send {JSON}.")
    given = json_of_body(body)
    if not isinstance(given, dict):
        raise HTTPException(422, f"the body is not an object; write one with {', '.join(names)}.")
    for name in given:
        if name not in names:
            raise UnknownNameError("field", name, names)
    return given


def _words(site: Site, given: Mapping[str, Any]) -> list[str]:
    """What stands after `footfall collect`; only what was checked gets there."""
    words, now = [], site.workspace.now()
    sources = given.get("sources") or []
    if not isinstance(sources, list):
        raise QueryError('sources is not a list; write one such as ["git"], or leave it out for all.')
    for source in sources:
        if source not in list(site.workspace.sources):
            raise UnknownNameError("source", source, site.workspace.sources, "It must be in footfall.toml.")
        words.append(source)
    moments = {name: read_moment(name, given.get(name), now) for name in ("since", "until")}
    words += [f"--{name}={moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in moments.items() if moment is not None]
    recheck = given.get("recheck")
    if recheck is not None and not isinstance(recheck, bool):
        raise QueryError(f"recheck is {recheck!r}; it is true or false.")
    return [*words, *(["--recheck"] if recheck else [])]


def _actors(given: Mapping[str, Any]) -> list[int | str]:
    actors = given.get("actors")
    if not isinstance(actors, list) or not actors:
        raise QueryError('actors is missing; write a list of numbers and names, such as {"actors": [7, "ada"]}.')
    if len(actors) > _MOST_ACTORS:
        raise HTTPException(422, f"{len(actors):,} actors are given, and at most {_MOST_ACTORS:,} are taken at once.")
    for actor in actors:
        if isinstance(actor, bool) or not isinstance(actor, int | str):
            raise QueryError(f"{str(actor)[:60]!r} is not an actor; an actor is a whole number or a text.")
    return list(dict.fromkeys(actors))


def _forgotten(site: Site, actors: Sequence[int | str]) -> list[dict[str, Any]]:
    """Of each actor what was done; all of them are read before the first is forgotten."""
    activity = site.workspace.activity
    activity.naming.all_stored(list(actors))
    found = []
    for actor in actors:
        tables, is_known = activity.tables_with(actor), activity.is_known(actor)
        sets = activity.forget(actor)
        found.append({"actor": actor, "was_known": is_known or sets > 0, "sets": sets, "still_in_tables": tables})
    return found
