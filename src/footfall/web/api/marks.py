"""Marks from programs: batches in JSON or NDJSON, kept before they are acknowledged, and each batch once."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from footfall.access.viewer import Scope
from footfall.activity.batches import mark_batch
from footfall.web.api import description as described
from footfall.web.api.bodies import JSON, json_of_body, lines_of_body, read_body
from footfall.web.api.formats import json_bytes
from footfall.web.security import check_scope
from footfall.web.site import Site, viewer_of_request

NDJSON = "application/x-ndjson"
MOST_MARKS = 100_000
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def add(router: APIRouter, site: Site) -> None:
    """POST /marks."""

    async def mark(request: Request) -> Response:
        check_scope(viewer_of_request.get(), Scope.MARK)
        if not site.marks.allows(viewer_of_request.get().name):
            raise HTTPException(429, f"a token sends at most {site.settings.marks_per_minute} batches a minute.")
        key = _key(request)
        records = _records(request, await read_body(request, site.settings.most_bytes))
        if len(records) > MOST_MARKS:
            raise HTTPException(413, f"the batch has {len(records):,} marks, and at most {MOST_MARKS:,} are taken.")
        # Of one client the key, of another the same text: they are not one batch.
        whose = f"{viewer_of_request.get().name}:{key}" if key else ""
        done = await site.run(mark_batch, site.workspace.activity, records, whose)
        record = {"marked": done.marks, "events": list(done.events), "repeated": done.is_repeated}
        return Response(json_bytes(record), 200, {"Cache-Control": "no-store"}, JSON)

    router.add_api_route(
        "/marks",
        mark,
        methods=["POST"],
        summary="Mark what actors did; acknowledged marks are stored.",
        operation_id="mark",
        response_class=Response,
        responses=described.of_marks(),
        openapi_extra=described.body_of_marks(),
    )


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key")
    if key is None:
        return ""
    if not _KEY.fullmatch(key):
        raise HTTPException(400, "Idempotency-Key is not 1 to 200 visible ASCII characters without blanks.")
    return key


def _records(request: Request, body: bytes) -> list[Any]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in (NDJSON, "application/jsonl", "application/x-jsonlines"):
        return lines_of_body(body)
    if media_type != JSON:
        raise HTTPException(415, f"Content-Type is {media_type[:60]!r}; send {JSON} or {NDJSON}.")
    given = json_of_body(body)
    if isinstance(given, dict) and set(given) == {"marks"}:
        given = given["marks"]
    if not isinstance(given, list):
        raise HTTPException(422, 'the body is not a batch; write {"marks": [{"event": "active", "actor": 7}]}.')
    return given
