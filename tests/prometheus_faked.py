"""A Prometheus that is told what to say, and a Grafana in front of several: their limits and refusals are those of the real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2

Labels = tuple[tuple[str, str], ...]


@dataclass
class FakePrometheus:
    """Values by query, labels and second; a query of which nothing is known has no series."""

    values: dict[str, dict[Labels, dict[int, str]]] = field(default_factory=dict)
    retention: str = "365d"
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    most_days: int = 32
    is_forgetful: bool = False
    """Whether it answers as if it had nothing."""
    asked: list[dict[str, str]] = field(default_factory=list)

    def put(self, query: str, labels: Mapping[str, str], values: Mapping[int, float | str]) -> None:
        mine = self.values.setdefault(query, {}).setdefault(tuple(sorted(labels.items())), {})
        mine.update({at: str(value) for at, value in values.items()})

    def answer(self, request: httpx2.Request, path: str) -> httpx2.Response:
        if self.refusal:
            return httpx2.Response(
                self.refusal[0], json={"status": "error", "errorType": "execution", "error": self.refusal[1]}
            )
        if path == "/api/v1/status/runtimeinfo":
            return httpx2.Response(200, json={"status": "success", "data": {"storageRetention": self.retention}})
        if path != "/api/v1/query_range" or request.method != "POST":
            return httpx2.Response(404, text="404 page not found")
        form = {name: each[0] for name, each in parse_qs(request.content.decode()).items()}
        self.asked.append(form)
        start, end, step = (int(form[name]) for name in ("start", "end", "step"))  # whole seconds
        if (end - start) // step + 1 > 11_000:
            return _bad(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution"
            )
        if end - start > self.most_days * 86_400:
            return _bad(f"the query time range exceeds the limit ({self.most_days} days)")
        found = {} if self.is_forgetful else self.values.get(form["query"], {})
        result = []
        for labels, values in sorted(found.items()):
            seen = [[at, values[at]] for at in range(start, end + 1, step) if at in values]
            if seen:
                result.append({"metric": dict(labels), "values": seen})
        said: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        said |= {name: texts for name, texts in (("warnings", self.warnings), ("infos", self.infos)) if texts}
        return httpx2.Response(200, json=said)


def _bad(error: str) -> httpx2.Response:
    return httpx2.Response(400, json={"status": "error", "errorType": "bad_data", "error": error})


@dataclass
class FakeGrafana:
    """A Grafana: its token may list data sources, query them, or both."""

    sources: dict[str, FakePrometheus] = field(default_factory=dict)
    """By name; the uid is `uid-NAME`."""
    urls: dict[str, str] = field(default_factory=dict)
    may_list: bool = True
    may_query: bool = True
    token: str = "glsa_secret"

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return httpx2.Response(401, json={"message": "Unauthorized"})
        if request.url.path == "/api/datasources":
            return self._list()
        _, _, rest = request.url.path.partition("/api/datasources/proxy/uid/")
        uid, _, path = rest.partition("/")
        if not self.may_query:
            return httpx2.Response(403, json={"message": "You'll need additional permissions: datasources:query"})
        if (name := uid.removeprefix("uid-")) not in self.sources:
            return httpx2.Response(404, json={"message": "Unable to find datasource"})
        return self.sources[name].answer(request, f"/{path}")

    def _list(self) -> httpx2.Response:
        if not self.may_list:
            return httpx2.Response(403, json={"message": "You'll need additional permissions: datasources:read"})
        listed = [
            {
                "id": at,
                "uid": f"uid-{name}",
                "name": name,
                "type": "prometheus",
                "url": self.urls.get(name, f"https://{name}.example.org"),
                "jsonData": {},
            }
            for at, name in enumerate(sorted(self.sources), start=1)
        ]
        other = {"id": 99, "uid": "loki", "name": "logs", "type": "loki", "url": "https://logs.example.org"}
        return httpx2.Response(200, content=json.dumps([*listed, other]))
