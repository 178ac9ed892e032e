"""A token for some projects names nothing else: every address is tried, and looked through for the names of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.access.tokens import Tokens
from footfall.access.viewer import Scope, Viewer
from footfall.errors import FootfallError
from footfall.mcp.calling import call
from footfall.web.app import create_app
from footfall.workspace import Workspace
from histories import History
from served import Clock, opened, write_served

HIDDEN = ("zebra", "quagga", "zenodo", "gesis", "yolanda", "signed_up", "bob", "okapi")
"""Names that stand in the workspace and not in the project "tool": projects, repositories, people, federation members, events."""
MORE = """
[[projects]]
name = "zebra"
git = "quagga"

[[annotations]]
kind = "note"
at = 2026-02-03
text = "the okapi broke"
source = "binder"

[[annotations]]
kind = "outage"
at = 2026-02-04
text = "okapi again"
scope = "quagga"
source = "git"
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = write_served(tmp_path_factory.mktemp("reach"))
    history = History.new(folder / "quagga")
    for day in ("2026-01-07", "2026-02-07", "2026-03-04"):
        history.commit(f"{day}T12:00+00:00", author="Yolanda <yolanda@example.org>")
    history.write()
    settings = folder / "footfall.toml"
    text = settings.read_text(encoding="utf-8").replace('["project"]', '["project", "quagga"]') + MORE
    settings.write_text(text, encoding="utf-8")
    with footfall.open(folder, now=Clock()) as collecting:
        collecting.collect("git")
    with opened(folder, Clock(), {"embed": ("https://docs.example.org",), "reading": "token"}) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace)) as client:
        yield client


@pytest.fixture(scope="module")
def one(workspace: Workspace) -> dict[str, str]:
    return header(workspace, "one", projects=["tool"])


def header(workspace: Workspace, name: str, **more: Any) -> dict[str, str]:
    settings = workspace.settings
    text = Tokens(settings.folder, settings.scratch).create(name, ["read"], now=workspace.now(), **more)
    return {"authorization": f"Bearer {text}"}


def hidden_in(response: Any, asked: str) -> list[str]:
    """The names of others that a response says and that were not in what was asked."""
    said = response.content.decode("utf-8", "replace") + str(response.headers)
    return [name for name in HIDDEN if name in said and name not in asked]


LURES = {
    "metric": ("commits", "authors", "commit", "launches", "active", "signed", "repos"),
    "name": ("tool", "zebr", "others"),
    "project": ("tool", "zebr"),
    "event": ("signed", "active"),
    "actor": ("bo", "7"),
    "form": ("svg", "csv", "png"),
}
"""By what stands in a path: what there is, and what is one letter away from the name of something else."""
QUERIES = (
    "",
    "project=tool",
    "project=zebr",
    "project=tool&by=repo",
    "project=tool&where=repo=quagg",
    "project=tool&where=repo=quagga",
    "project=tool&where=author=yoland@example.org&last=30",
    "project=tool&where=federation=gesi",
    "project=tool&metric=launche&metric=signed",
    "project=tool&by=author&top=3&grain=total",
    "metric=commits&project=tool&compare=year",
    "first=signed&then=activ",
    "event=signed",
    "steps=signed&steps=activ",
    "by=commit",
)


def paths_of(client: TestClient) -> list[str]:
    """Every address of the application, with each lure in its places."""
    app: Any = client.app
    patterns = sorted({each.path for each in app.state.routes if hasattr(each, "path")} - {"/static"})
    found = []
    for pattern in patterns:
        names = [match.partition(":")[0] for match in re.findall(r"{([^}]+)}", pattern)]
        for values in product(*(LURES[name] for name in names)):
            filled = pattern
            for value in values:
                filled = re.sub(r"{[^}]+}", value, filled, count=1)
            found.append(filled)
    return found


def test_every_address_names_only_what_the_token_reads(client: TestClient, one: dict[str, str]) -> None:
    statuses: set[int] = set()
    for path, query in product(paths_of(client), QUERIES):
        asked = f"{path}?{query}" if query else path
        response = client.get(asked, headers=one, follow_redirects=False)
        assert response.status_code < 500, (asked, response.text)
        assert not hidden_in(response, asked), (asked, response.text[:500])
        statuses.add(response.status_code)
    assert {200, 403, 404, 422} <= statuses


def test_the_names_are_there_for_others(client: TestClient, workspace: Workspace) -> None:
    headers = header(workspace, "every")
    said = "".join(
        client.get(f"/api/v1{path}", headers=headers).text
        for path in (
            "/query/commits?by=author",
            "/query/launches?by=repo&grain=total",
            "/query/launches?by=federation",
            "/events",
            "/annotations",
            "/projects",
        )
    )
    assert [name for name in HIDDEN if name not in said] == ["bob"]  # an actor, whom no list names


def test_an_unknown_name_and_another_ones_are_told_apart_by_nothing(client: TestClient, one: dict[str, str]) -> None:
    for known, unknown in (
        ("query/signed_up?project=tool", "query/signed_off?project=tool"),
        ("query/launches?project=tool", "query/lounges?project=tool"),
        ("metrics/launches", "metrics/lounges"),
        ("query/commits?project=zebra", "query/commits?project=cobra"),
        ("projects/zebra", "projects/cobra"),
        ("projects/zebra/activity", "projects/cobra/activity"),
        ("query/commits?project=tool&where=repo=quagga", "query/commits?project=tool&where=repo=quaver"),
        ("query/commits?project=tool&where=repo=quagga*", "query/commits?project=tool&where=repo=quaver*"),
        ("query/commits?project=tool&where=repo!=quagga", "query/commits?project=tool&where=repo!=quaver"),
        ("query/commits?project=tool&where=repo>quagga", "query/commits?project=tool&where=repo>quaver"),
    ):
        word, other = (
            re.search(r"signed_\w+|l[ao]unches|lounges|zebra|cobra|qua[gv]\w+", each) for each in (known, unknown)
        )
        assert word is not None
        assert other is not None
        first, second = (client.get(f"/api/v1/{each}", headers=one) for each in (known, unknown))
        assert first.status_code == second.status_code >= 400, (known, first.text, second.text)
        assert first.text.replace(word[0], "…") == second.text.replace(other[0], "…")


def test_what_the_token_reads_is_whole(client: TestClient, workspace: Workspace, one: dict[str, str]) -> None:
    asked = "/api/v1/query/commits?project=tool&grain=total&by=repo"
    assert [row["commits"] for row in client.get(asked, headers=one).json()["rows"]] == [4]
    assert client.get(f"{asked}&where=repo=project", headers=one).json()["rows"]
    metrics = client.get("/api/v1/metrics", headers=one).json()["metrics"]
    assert {"commits", "authors"} <= {metric["name"] for metric in metrics}
    assert "launches" not in {metric["name"] for metric in metrics}
    near = client.get("/api/v1/query/commit?project=tool", headers=one)
    assert (near.status_code, "'commits'" in near.json()["detail"]) == (404, True)


def test_a_token_of_a_project_that_is_gone(client: TestClient, workspace: Workspace) -> None:
    headers = header(workspace, "gone", projects=["gone"])
    for path in (
        "/api/v1/projects/gone",
        "/api/v1/query/commits?project=gone",
        "/badge/commits/gone.svg",
        "/projects/gone",
    ):
        response = client.get(path, headers=headers)
        assert response.status_code in (403, 404, 422), path
        assert not hidden_in(response, path), response.text


def test_a_model_that_may_read_one_project(workspace: Workspace) -> None:
    viewer = Viewer("model", frozenset({Scope.READ}), ("tool",))
    for tool, arguments in (
        ("metrics", {"metric": "signed"}),
        ("metrics", {"metric": "launche"}),
        ("query", {"metric": "commits"}),
        ("query", {"metric": "signed", "project": "tool"}),
        ("query", {"metric": "commits", "project": "zebr"}),
        ("query", {"metric": "commits", "project": "tool", "where": ["repo=quagg"]}),
        ("query", {"metric": "commits", "project": "tool", "where": ["author=yoland@example.org"]}),
        ("project", {"name": "zebr"}),
        ("status", {}),
        ("projects", {}),
        ("beside", {"metric": "commits"}),
        ("growth", {"event": "signed"}),
    ):
        with pytest.raises(FootfallError) as raised:
            call(workspace, tool, arguments, viewer)
        assert not [name for name in HIDDEN if name in str(raised.value)], str(raised.value)
    assert "launches" not in {metric["name"] for metric in call(workspace, "metrics", {}, viewer)["metrics"]}
    asked = {"metric": "commits", "project": "tool", "grain": "total"}
    assert [row["commits"] for row in call(workspace, "query", asked, viewer)["rows"]] == [4]
