"""Collecting and forgetting over HTTP: for administrators alone, one collection at a time, and none outlives the server."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.access.tokens import Tokens
from footfall.collect.lock import locked
from footfall.concealing import remember
from footfall.errors import BusyError
from footfall.web.app import create_app
from footfall.web.collecting import Collector, Run, RunState
from footfall.workspace import Workspace
from histories import ADA, History
from served import NOW

COLLECT, FORGET = "/api/v1/collect", "/api/v1/forget"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    history = History.new(tmp_path / "project")
    history.commit("2026-01-05T12:00+00:00", author=ADA)
    history.write()
    (tmp_path / "footfall.toml").write_text('[sources.git]\nrepositories = ["project"]\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def workspace(folder: Path) -> Iterator[Workspace]:
    with footfall.open(folder) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace)) as client:
        yield client


def header(workspace: Workspace, *scopes: str) -> dict[str, str]:
    settings = workspace.settings
    text = Tokens(settings.folder, settings.scratch).create("-".join(scopes), scopes, now=workspace.now())
    return {"authorization": f"Bearer {text}"}


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes; the machine may be busy."""
    for _ in range(1200):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come")


@pytest.mark.parametrize(("method", "path"), [("POST", COLLECT), ("GET", COLLECT), ("POST", FORGET)])
def test_only_an_administrator_may(method: str, path: str, client: TestClient, workspace: Workspace) -> None:
    body = {"actors": ["ada"]} if path == FORGET else {}
    assert client.request(method, path, json=body).status_code == 401
    for scopes in (("read",), ("mark",), ("read", "mark")):
        refused = client.request(method, path, json=body, headers=header(workspace, *scopes))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert "scope admin" in refused.json()["detail"]
    assert client.request(method, path, json=body, headers=header(workspace, "admin")).status_code < 300


def test_a_collection_is_started_and_says_how_it_ended(client: TestClient, workspace: Workspace) -> None:
    headers = header(workspace, "admin")
    assert client.get(COLLECT, headers=headers).json()["state"] == "none"
    started = client.post(COLLECT, json={"sources": ["git"], "since": "2026-01-01", "recheck": False}, headers=headers)
    assert (started.status_code, started.headers["location"]) == (202, COLLECT)
    assert started.json()["state"] == "running"
    again = client.post(COLLECT, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "busy")
    until(lambda: client.get(COLLECT, headers=headers).json()["state"] != "running")
    ended = client.get(COLLECT, headers=headers).json()
    assert ended["state"] == "done", ended["said"]
    assert "git" in ended["said"]
    assert ended["ended_at"] >= ended["started_at"]
    assert client.get("/api/v1/query/commits?grain=total").json()["rows"][0]["commits"] == 1
    assert client.post(COLLECT, headers=headers).status_code == 202  # and again


def test_one_of_another_process_is_waited_for(client: TestClient, workspace: Workspace) -> None:
    headers = header(workspace, "admin")
    with locked(workspace.settings.scratch, NOW):
        refused = client.post(COLLECT, headers=headers)
    assert refused.status_code == 409
    assert "in progress in this workspace" in refused.json()["detail"]
    assert client.get(COLLECT, headers=headers).json()["state"] == "none"


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (COLLECT, {"sources": ["gti"]}, 422, "unknown source 'gti'; did you mean 'git'"),
        (COLLECT, {"sources": ["--every=1s"]}, 422, "unknown source '--every=1s'"),
        (COLLECT, {"sources": [["git"]]}, 422, "unknown source"),
        (COLLECT, {"sources": "git"}, 422, "sources is not a list"),
        (COLLECT, {"since": "soon"}, 422, "soon"),
        (COLLECT, {"since": 5}, 422, "is not a date"),
        (COLLECT, {"recheck": "yes"}, 422, "recheck is 'yes'"),
        (COLLECT, {"recheck": 1}, 422, "recheck is 1"),
        (COLLECT, {"every": "6h"}, 422, "unknown field 'every'"),
        (COLLECT, ["git"], 422, "the body is not an object"),
        (FORGET, {}, 422, "actors is missing"),
        (FORGET, {"actors": []}, 422, "actors is missing"),
        (FORGET, {"actors": "ada"}, 422, "actors is missing"),
        (FORGET, {"actors": [True]}, 422, "'True' is not an actor"),
        (FORGET, {"actors": [1.5]}, 422, "'1.5' is not an actor"),
        (FORGET, {"actors": ["ada", -1]}, 422, "-1 is not an actor"),
        (FORGET, {"actors": list(range(1001))}, 422, "at most 1,000"),
        (FORGET, {"actor": "ada"}, 422, "unknown field 'actor'; did you mean 'actors'"),
    ],
    ids=range(18),
)
def test_what_cannot_be_asked_for(
    path: str, body: Any, status: int, said: str, client: TestClient, workspace: Workspace
) -> None:
    workspace.mark("active", "ada", "2026-03-02")
    headers = header(workspace, "admin")
    response = client.post(path, json=body, headers=headers)
    assert response.status_code == status, response.text
    assert said in response.json()["detail"]
    assert client.get(COLLECT, headers=headers).json()["state"] == "none"
    assert "ada" in workspace.event("active").ever()


def test_a_body_of_another_type_is_refused(client: TestClient, workspace: Workspace) -> None:
    headers = header(workspace, "admin") | {"content-type": "text/plain"}
    for path in (COLLECT, FORGET):
        assert client.post(path, content="{}", headers=headers).status_code == 415
    headers["content-type"] = "application/json"
    assert client.post(FORGET, content="{", headers=headers).status_code == 400


def test_actors_are_forgotten(client: TestClient, workspace: Workspace) -> None:
    workspace.mark("active", ["ada", "bob", 7], "2026-03-02")
    workspace.mark("active", ["ada"], "2026-03-03")
    headers = header(workspace, "admin")
    told = client.post(FORGET, json={"actors": ["ada", 7, "ada", "eve"]}, headers=headers).json()["forgotten"]
    assert [(one["actor"], one["was_known"], one["sets"]) for one in told] == [
        ("ada", True, 2),
        (7, True, 1),
        ("eve", False, 0),
    ]
    assert list(workspace.event("active").ever()) == ["bob"]


def test_rows_that_stay_are_named(client: TestClient, workspace: Workspace) -> None:
    workspace.collect()
    actor = next(iter(workspace.event("commit_author").ever()))
    told = client.post(FORGET, json={"actors": [actor]}, headers=header(workspace, "admin")).json()["forgotten"]
    assert told[0]["still_in_tables"] == ["commits"]
    assert len(workspace.event("commit_author").ever()) == 0


def test_forms_of_other_sites_start_nothing(client: TestClient, workspace: Workspace) -> None:
    text = header(workspace, "admin")["authorization"].removeprefix("Bearer ")
    client.post("/login", data={"token": text})
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        for path in (COLLECT, FORGET):
            assert client.post(path, json={}, headers=headers).status_code == 403
    assert client.get(COLLECT).json()["state"] == "none"


# --- the process


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie, which waits for its parent alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_what_runs_ends_with_the_server(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"import os, time, pathlib; pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)"
    collector = Collector([sys.executable, "-c", script], tmp_path, lambda: NOW)
    assert collector.start([]).state is RunState.RUNNING
    until(lambda: pid.is_file() and bool(pid.read_text()))
    collector.close()
    assert collector.run.state is RunState.FAILED
    assert "was stopped" in collector.run.said
    until(lambda: not runs(int(pid.read_text())))
    with pytest.raises(BusyError):
        collector.start([])


def test_what_it_says_is_bounded_and_holds_no_secret(tmp_path: Path) -> None:
    remember("open-sesame-1234")
    script = "import sys; print('x' * 100_000); print('open-sesame-1234'); print('\\x1b[2J no', file=sys.stderr); sys.exit(3)"
    collector = Collector([sys.executable, "-c", script], tmp_path, lambda: NOW)
    collector.start([])
    until(lambda: collector.run.state is not RunState.RUNNING)
    run: Run = collector.run
    assert run.state is RunState.FAILED
    assert len(run.said) <= 8_000
    assert "open-sesame" not in run.said
    assert "\x1b" not in run.said
    assert run.said.endswith("no")
    collector.close()
