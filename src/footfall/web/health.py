"""Liveness, readiness, and metrics for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from footfall.errors import FootfallError
from footfall.web.errors import problem_of

if TYPE_CHECKING:
    from footfall.web.site import Site

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Numbers:
    """What is counted of requests, and what is asked of the workspace when Prometheus asks."""

    def __init__(self, site: Site) -> None:
        self.registry = CollectorRegistry()
        named = ("method", "route", "status")
        self.requests = Counter("footfall_http_requests", "Requests that were answered.", named, registry=self.registry)
        self.seconds = Histogram(
            "footfall_http_request_seconds", "How long they took.", ("route",), registry=self.registry, buckets=_BUCKETS
        )
        self.registry.register(_OfWorkspace(site))


class _OfWorkspace(Collector):
    """How fresh every table is, and how many marks wait to be made part of the sets."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        fresh = GaugeMetricFamily(
            "footfall_fresh_until_timestamp_seconds",
            "Up to when a table is collected, in seconds since 1970.",
            labels=("source", "table"),
        )
        failed = GaugeMetricFamily(
            "footfall_failed_windows", "Windows that could not be collected.", labels=("source", "table")
        )
        for state in self._site.workspace.status():
            if state.fresh_until is not None:
                fresh.add_metric((state.source, state.table), state.fresh_until.timestamp())
            failed.add_metric((state.source, state.table), len(state.failed))
        yield fresh
        yield failed
        store = self._site.workspace.activity.store
        waiting = getattr(store, "waiting", None)
        if waiting is not None:
            yield GaugeMetricFamily("footfall_journal_rows", "Marks that are not yet merged into the sets.", waiting())
        yield GaugeMetricFamily("footfall_answers_kept_bytes", "Size of the cached answers.", self._site.kept_bytes)


class Observing:
    """Middleware: counts requests and how long they take, by the route's own pattern."""

    def __init__(self, app: ASGIApp, numbers: Numbers) -> None:
        self._app, self._numbers = app, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), [0]

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            route = getattr(scope.get("route"), "path", "") or "other"
            self._numbers.requests.labels(_method(scope["method"]), route, str(status[0] or 499)).inc()
            self._numbers.seconds.labels(route).observe(time.perf_counter() - began)


def _method(given: str) -> str:
    """The method, where it is one of HTTP's: any other text would be a series of its own."""
    return given if given in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE") else "other"


def routes(site: Site, numbers: Numbers) -> list[BaseRoute]:
    """/healthz, /readyz and /metrics."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})

    async def readyz(request: Request) -> Response:
        try:
            await site.run(_look, site)
        except FootfallError as error:
            return problem_of(request, error)
        return PlainTextResponse("ready\n", headers={"Cache-Control": "no-store"})

    async def metrics(_: Request) -> Response:
        text = await site.run(generate_latest, numbers.registry)
        return Response(text, headers={"Cache-Control": "no-store"}, media_type=_TEXT)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]


def _look(site: Site) -> None:
    """What answering needs: the lake and the store can be read."""
    site.check_lake()
    site.workspace.snapshot(tables=[])
    site.workspace.activity.store.events()
