"""Metrics, annotations, events and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from footfall import records
from footfall.errors import FootfallError, NotAllowedError, QueryError, UnknownNameError
from footfall.hiding import is_small, remark
from footfall.options import read_moment
from footfall.result import annotation_record
from footfall.web.api import description as described
from footfall.web.api.replies import record_reply, texts_of_query
from footfall.web.site import Site, viewer_of_request

if TYPE_CHECKING:
    from footfall.metrics import Metric

Find = Callable[[Site, Mapping[str, str], Mapping[str, str]], Any]
"""From a site, what stands in the path and what stands in the query, to a record."""


def _metrics(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    return {"metrics": records.metrics_of(site.workspace, _within_reach(site))}


def _metric(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    return records.metric_of(site.workspace, path["metric"], _within_reach(site))


def _within_reach(site: Site) -> Mapping[str, Metric] | None:
    """The metrics that the viewer may know of; None for all."""
    viewer = viewer_of_request.get()
    return site.reach.metrics(viewer) if viewer.is_limited else None


def _events(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    found, least = records.events_of(site.workspace), site.settings.smallest_cell
    hidden = {"actors": None, "marks": None}
    return {"events": [each | (hidden if is_small(each["actors"], least) else {}) for each in found]}


def _event(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    found, least = records.event_of(site.workspace, path["event"], query.get("period")), site.settings.smallest_cell
    if not is_small(found["actors"], least):
        return found
    return {**found, "actors": None, "marks": None, "notes": [*found["notes"], remark(least)]}


def _membership(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    if site.settings.smallest_cell > 1:
        raise NotAllowedError("small counts of actors are hidden here (smallest_cell), and so are single actors.")
    return records.membership_of(site.workspace, path["event"], path["actor"], query.get("period"))


def _annotations(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    since, until = (read_moment(name, query.get(name), site.workspace.now()) for name in ("since", "until"))
    return {"annotations": [annotation_record(one) for one in site.workspace.annotations(since, until)]}


def _status(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    return records.status_of(site.workspace)


def _napari(site: Site, path: Mapping[str, str], query: Mapping[str, str]) -> Any:
    """`limit` is how many months the timelines have, as napari hub's API has it."""
    from footfall.options import count_of
    from footfall.projects.asking import MONTHS, MOST_MONTHS

    months = count_of("limit", query.get("limit"), MOST_MONTHS) or MONTHS
    return site.workspace.project(path["name"], months=months).to_napari_hub()


PATHS: tuple[tuple[str, Find, tuple[str, ...], str], ...] = (
    ("/metrics", _metrics, (), "All metrics and what they mean."),
    ("/metrics/{metric}", _metric, (), "One metric in full."),
    ("/events", _events, (), "The events that have actors."),
    ("/events/{event}", _event, ("period",), "How many actors did an event in a period."),
    ("/events/{event}/actors/{actor}", _membership, ("period",), "Whether an actor did an event in a period."),
    ("/annotations", _annotations, ("since", "until"), "Annotations: releases, outages, breaks, notes."),
    ("/status", _status, (), "The state of every source: freshness, gaps, failures and their reasons."),
    ("/projects/{name}/activity", _napari, ("limit",), "A project in the shape of napari hub's activity API."),
)


def add(router: APIRouter, site: Site) -> None:
    """The routes of all of them."""
    for path, find, options, summary in PATHS:
        _add(router, site, path, find, options, summary)


def _add(router: APIRouter, site: Site, path: str, find: Find, options: tuple[str, ...], summary: str) -> None:
    async def answer(request: Request) -> Response:
        query = _read(request, options)
        if "name" in request.path_params:
            site.reach.check(viewer_of_request.get(), "project", request.path_params)
        try:
            record = await site.run(find, site, request.path_params, query)
        except FootfallError as error:
            raise site.reach.mistake(viewer_of_request.get(), error) from None
        return record_reply(request, site, record)

    name = find.__name__.removeprefix("_")
    router.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        path,
        answer,
        methods=["GET"],
        summary=summary,
        operation_id=name,
        response_class=Response,
        responses=described.of_record(name),
        openapi_extra=described.of_path(path, options),
    )


def _read(request: Request, options: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in texts_of_query(request).items():
        if name not in options:
            raise UnknownNameError("option", name, options)
        if len(values) > 1:
            raise QueryError(f"{name} takes one value and was given {len(values)} times; leave out the others.")
        if values[0].strip():
            found[name] = values[0]
    return found
