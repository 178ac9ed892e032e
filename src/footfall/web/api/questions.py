"""Questions: each kind of answer has an address, whose options are those of the command line."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall.web.api import description as described
from footfall.web.api.replies import Replies

PATHS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("/query", "query", {}, "Query one metric, or several side by side."),
    ("/query/{metric}", "query", {"metric": "metric"}, "Query one metric."),
    (
        "/cohort",
        "cohort",
        {},
        "Cohorts of actors who did FIRST in a period, and how many of them did THEN in later periods.",
    ),
    ("/funnel", "funnel", {}, "How many actors took the steps in order."),
    ("/stickiness", "stickiness", {}, "Daily, weekly and monthly actives, and their ratios."),
    ("/growth", "growth", {}, "New, returning, resurrected and dormant actors per period."),
    ("/projects", "projects", {}, "All projects, ranked by a metric."),
    ("/beside", "beside", {}, "Projects side by side by one metric, month by month."),
    ("/communities", "communities", {}, "The communities that use hubs, with their users and where they are."),
    ("/projects/{name}", "project", {"name": "name"}, "One project across all sources."),
)
"""Path, command, the options that stand in the path, what it is."""


def add(router: APIRouter, replies: Replies) -> None:
    """The routes of every kind of question."""
    for path, command, named, summary in PATHS:
        _add(router, replies, path, command, named, summary)


def _add(router: APIRouter, replies: Replies, path: str, command: str, named: dict[str, str], summary: str) -> None:
    async def answer(request: Request) -> Response:
        given = {option: request.path_params[part] for part, option in named.items()}
        return await replies.reply(request, command, given)

    router.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        path,
        answer,
        methods=["GET"],
        summary=summary,
        operation_id=f"{command}{'_one' if path == '/query/{metric}' else ''}",
        response_class=Response,
        responses=described.of_answer(command),
        openapi_extra=described.of_options(command, tuple(named)),
    )
