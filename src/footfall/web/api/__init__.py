"""/api/v1: the API for programs.

questions    each kind of answer at its address, with the options of the command line
things       metrics, events, annotations, status, and napari hub's shape of a project
marks        batches of marks
administering  collecting and forgetting
replies      formats, ETag, 304, cached responses
formats      JSON, CSV, Parquet, Arrow
bodies       bodies of requests, bounded
description  OpenAPI
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall.web.api import administering, description, marks, questions, things
from footfall.web.api.replies import Repeating, Replies, record_reply
from footfall.web.site import Site

__all__ = ["Repeating", "Replies", "router"]


def router(site: Site, replies: Replies) -> APIRouter:
    """Everything under /api/v1."""
    made = APIRouter(prefix="/api/v1")
    questions.add(made, replies)
    things.add(made, site)
    marks.add(made, site)
    administering.add(made, site)

    @cache
    def described() -> dict[str, Any]:
        return description.described(site.app, needs_token=site.settings.reading == "token")

    async def openapi(request: Request) -> Response:
        return record_reply(request, site, described())

    made.add_api_route("/openapi.json", openapi, include_in_schema=False)
    return made
