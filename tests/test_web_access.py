"""Who may do what: tokens, their scopes and projects, signing in on pages, and marks over HTTP."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.access.tokens import FILE, Tokens
from footfall.access.viewer import Scope
from footfall.errors import AccessError, FootfallError, QueryError, UnknownNameError
from footfall.web.app import create_app
from footfall.web.rates import Rate
from footfall.workspace import Workspace
from served import HOSTILE, NOW, Clock, opened, write_served
from workspaces import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("access"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(folder: Path, clock: Clock) -> Iterator[Workspace]:
    (folder / FILE).unlink(missing_ok=True)
    with opened(folder, clock, {"reading": "token"}) as workspace:
        yield workspace


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace)) as client:
        yield client


def token(workspace: Workspace, name: str, *scopes: str, **more: Any) -> dict[str, str]:
    settings = workspace.settings
    text = Tokens(settings.folder, settings.scratch).create(name, scopes or ("read",), now=workspace.now(), **more)
    return {"authorization": f"Bearer {text}"}


# --- tokens


def test_of_a_token_only_its_hash_is_kept(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, tmp_path / ".footfall")
    text = tokens.create("ci", ["mark"], now=NOW)
    kept = (tmp_path / FILE).read_text(encoding="utf-8")
    assert text not in kept
    assert text.split("_", 2)[2] not in kept
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    viewer = tokens.viewer_of(text, NOW)
    assert (viewer.name, viewer.may(Scope.MARK), viewer.may(Scope.READ)) == ("ci", True, False)


def test_a_token_ends_when_it_expires_or_is_revoked(tmp_path: Path) -> None:
    tokens, other = Tokens(tmp_path, tmp_path / ".footfall"), Tokens(tmp_path, tmp_path / ".footfall")
    text = tokens.create("ci", ["read"], now=NOW, expires_at=NOW + timedelta(days=1))
    assert other.viewer_of(text, NOW).name == "ci"
    with pytest.raises(AccessError, match="expired"):
        other.viewer_of(text, NOW + timedelta(days=1))
    tokens.revoke("ci", NOW)
    with pytest.raises(AccessError, match="not valid"):
        other.viewer_of(text, NOW)


@pytest.mark.parametrize("wrong", ["", "x", "ff_", "ff_000000000000_" + "a" * 43, "é" * 60, "ff_" + "0" * 10_000])
def test_what_is_no_token_is_refused(tmp_path: Path, wrong: str) -> None:
    tokens = Tokens(tmp_path, tmp_path / ".footfall")
    right = tokens.create("ci", ["read"], now=NOW)
    for text in (wrong, right[:-1] + ("a" if right[-1] != "a" else "b"), right + "x"):
        with pytest.raises(AccessError):
            tokens.viewer_of(text, NOW)


@pytest.mark.parametrize(
    ("name", "scopes", "more", "said"),
    [
        ("", ["read"], {}, "not a name"),
        ("a\x1b[2J", ["read"], {}, "not a name"),
        ("a", [], {}, "needs a scope"),
        ("a", ["write"], {}, "unknown scope"),
        ("a", ["read", "mark"], {"projects": ["tool"]}, "may only read"),
        ("a", ["read"], {"expires_at": NOW}, "is in the past"),
    ],
)
def test_what_no_token_can_be(tmp_path: Path, name: str, scopes: list[str], more: Any, said: str) -> None:
    with pytest.raises((QueryError, UnknownNameError), match=said):
        Tokens(tmp_path, tmp_path / ".footfall").create(name, scopes, now=NOW, **more)


def test_a_damaged_file_is_said_and_lets_no_user_in(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, tmp_path / ".footfall")
    text = tokens.create("ci", ["read"], now=NOW)
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(FootfallError, match="damaged"):
        tokens.viewer_of(text, NOW)


def test_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / FILE).unlink(missing_ok=True)
    assert "no token yet" in run(capsys, "-w", folder, "token", "list").out
    made = run(capsys, "-w", folder, "token", "create", "ci", "--scope", "mark", "--expires", "90d")
    assert made.out.startswith("ff_")
    assert run(capsys, "-w", folder, "token", "create", "ci").code == 1
    assert run(capsys, "-w", folder, "token", "create", "hub", "--project", "TOOL", "--expires", "2999").code == 0
    listed = run(capsys, "-w", folder, "token", "list").out
    assert "ci" in listed
    assert "tool" in listed
    assert made.out.strip() not in listed
    assert run(capsys, "-w", folder, "token", "revoke", "ci").code == 0
    assert "unknown token" in run(capsys, "-w", folder, "token", "revoke", "ci").err
    assert "--expires" in run(capsys, "-w", folder, "token", "create", "x", "--expires", "soon").err


# --- reading


def test_reading_needs_a_token_where_the_settings_say_so(client: TestClient, workspace: Workspace) -> None:
    for path in ("/api/v1/query/launches", "/api/v1/openapi.json", "/metrics", "/badge/launches/tool.svg"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (401, "no_access")
        assert response.headers["www-authenticate"] == "Bearer"
    for path in ("/healthz", "/readyz", "/login", "/static/style.css"):
        assert client.get(path).status_code == 200
    headers = token(workspace, "reader")
    response = client.get("/api/v1/query/launches", headers=headers)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "private, no-cache"
    assert "access-control-allow-origin" not in response.headers
    assert client.get("/api/v1/query/launches", headers=token(workspace, "marker", "mark")).status_code == 403
    assert client.get("/api/v1/query/launches", headers=token(workspace, "boss", "admin")).status_code == 200


@pytest.mark.parametrize("given", ["Bearer", "Bearer x", "Basic YTpi", "x" * 5000])
def test_a_wrong_token_is_401(client: TestClient, given: str) -> None:
    response = client.get("/api/v1/metrics", headers={"authorization": given})
    assert response.status_code == 401


def test_a_token_for_a_project_reads_nothing_else(client: TestClient, workspace: Workspace) -> None:
    headers = token(workspace, "tool only", projects=["tool"])
    for path in ("/query/commits?project=tool", "/projects/tool", "/projects/tool/activity", "/metrics"):
        assert client.get(f"/api/v1{path}", headers=headers).status_code == 200, path
    for path in (
        "/query/commits",
        "/query/launches?project=other",
        "/projects/other",
        "/projects/other/activity",
        "/projects",
        "/status",
        "/events",
        "/events/active",
        "/annotations",
        "/growth?event=active",
        "/../status",
    ):
        response = client.get(f"/api/v1{path}", headers=headers)
        assert response.status_code in (403, 404), path
        assert "jupyterlab-demo" not in response.text
    for path in ("/", "/metrics", "/sources"):
        assert client.get(path, headers=headers).status_code in (403, 404)


@pytest.mark.parametrize("damage", ["{", '{"tokens": [5]}', '{"tokens": [{"id": "x"}]}', ""])
def test_damaged_tokens_let_no_client_in_and_are_one_sentence(
    client: TestClient, workspace: Workspace, folder: Path, damage: str
) -> None:
    headers = token(workspace, "boss", "admin")
    assert client.get("/api/v1/metrics", headers=headers).status_code == 200
    (folder / FILE).write_text(damage, encoding="utf-8")
    response = client.get("/api/v1/metrics", headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "tokens.json is damaged" in response.json()["detail"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert client.post("/api/v1/marks", json=[], headers=headers).status_code == 500
    assert client.get("/healthz").status_code == 200


def test_an_answer_for_one_reader_is_not_kept_for_another(client: TestClient, workspace: Workspace) -> None:
    every, one = token(workspace, "every"), token(workspace, "one", projects=["tool"])
    address = "/api/v1/query/launches?last=1"
    assert client.get(address, headers=every).status_code == 200
    assert client.get(address, headers=one).status_code == 403
    assert client.get(address).status_code == 401


# --- signing in


def test_a_page_leads_to_signing_in_and_back(client: TestClient, workspace: Workspace, clock: Clock) -> None:
    html = {"accept": "text/html"}
    response = client.get("/explore?metric=launches&by=repo", headers=html, follow_redirects=False)
    assert response.status_code == 303
    login = response.headers["location"]
    assert login.startswith("/login?next=/explore%3Fmetric")
    text = token(workspace, "me")["authorization"].removeprefix("Bearer ")
    response = client.post(login, data={"token": text}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/explore?metric=launches&by=repo")
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert text not in cookie
    assert client.get("/api/v1/metrics").status_code == 200
    clock.move(days=15)
    assert client.get("/api/v1/metrics").status_code == 401


def test_a_session_ends_with_its_token_and_by_signing_out(client: TestClient, workspace: Workspace) -> None:
    for end in ("revoke", "sign out"):
        text = token(workspace, "me")["authorization"].removeprefix("Bearer ")
        client.post("/login", data={"token": text})
        assert client.get("/api/v1/metrics").status_code == 200
        if end == "sign out":
            client.post("/logout")
        Tokens(workspace.settings.folder, workspace.settings.scratch).revoke("me", workspace.now())
        assert client.get("/api/v1/metrics").status_code == 401
        client.cookies.clear()


@pytest.mark.parametrize("value", ["", "x", "x.y", "e30=.0", "e30=." + "0" * 64, "\x00", "\xe9.\xe9", "e30=.\xff"])
def test_a_forged_session_is_none(client: TestClient, value: str) -> None:
    headers = {"cookie": f"footfall_session={value}".encode("latin-1")}
    assert client.get("/api/v1/metrics", headers=headers).status_code == 401  # type: ignore[arg-type]  # bytes go as they are


def test_what_was_signed_for_another_purpose_is_no_session(client: TestClient, workspace: Workspace) -> None:
    sessions = client.app.state.site.sessions  # type: ignore[attr-defined]
    said = {"by": "hub", "id": "eve", "scopes": ["admin"], "until": 9_999_999_999}
    headers = {"cookie": f"footfall_session={sessions.signed(said, 'footfall_hub_state')}"}
    assert client.get("/api/v1/metrics", headers=headers).status_code == 401
    right = {"cookie": f"footfall_session={sessions.signed(said, 'footfall_session')}"}
    assert client.get("/api/v1/metrics", headers=right).status_code == 200


def test_a_form_that_is_too_large_is_refused(client: TestClient) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/login", content=b"token=" + b"a" * 5_000_000, headers=kind).status_code == 413
    assert client.post("/login", data={f"field{n}": "x" for n in range(9)}).status_code == 400
    assert client.post("/login", files={"token": b"x"}).status_code == 401
    assert client.post("/login", content=b"\xff\xfe", headers=kind).status_code == 401


def test_forms_of_other_sites_are_refused(client: TestClient, workspace: Workspace) -> None:
    text = token(workspace, "boss", "admin")["authorization"].removeprefix("Bearer ")
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert client.post("/login", data={"token": text}, headers=headers).status_code == 403
    client.post("/login", data={"token": text}, headers={"origin": "http://testserver"})
    batch = {"marks": [{"event": "active", "actor": 1}]}
    assert client.post("/api/v1/marks", json=batch).status_code == 200
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}):
        assert client.post("/api/v1/marks", json=batch, headers=headers).status_code == 403
        assert client.post("/logout", headers=headers).status_code == 403


def test_signing_in_goes_back_only_to_us(client: TestClient, workspace: Workspace) -> None:
    text = token(workspace, "me")["authorization"].removeprefix("Bearer ")
    for wrong in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y"):
        response = client.post("/login", params={"next": wrong}, data={"token": text}, follow_redirects=False)
        assert response.headers["location"] == "/"


def test_too_many_attempts_to_sign_in(client: TestClient) -> None:
    said = [client.post("/login", data={"token": "wrong"}).status_code for _ in range(12)]
    assert said[:10] == [401] * 10
    assert said[10:] == [429, 429]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_tokens_are_shown_nowhere(client: TestClient, name: str) -> None:
    response = client.post("/login", data={"token": name}, params={"next": name})
    assert response.status_code in (400, 401, 413)
    assert "<script>alert" not in response.text


def test_a_rate_fills_evenly() -> None:
    moment = [0.0]
    rate = Rate(60, lambda: moment[0])
    assert [rate.allows("a") for _ in range(61)] == [True] * 60 + [False]
    moment[0] = 1.0
    assert [rate.allows("a"), rate.allows("a")] == [True, False]


# --- marks


def test_marks_are_kept_before_they_are_acknowledged(client: TestClient, workspace: Workspace, folder: Path) -> None:
    headers = token(workspace, "app", "mark")
    batch = {"marks": [{"event": "http", "actor": 5, "at": "2026-03-02"}, {"event": "http", "actors": ["a", 6]}]}
    response = client.post("/api/v1/marks", json=batch, headers=headers)
    assert response.json() == {"marked": 3, "events": ["http"], "repeated": False}
    with footfall.open(folder, now=Clock()) as other:
        assert sorted(map(str, other.event("http").ever())) == ["5", "6", "a"]
        assert list(other.event("http").day("2026-03-02")) == [5]


def test_lines_of_json(client: TestClient, workspace: Workspace) -> None:
    headers = token(workspace, "app", "mark") | {"content-type": "application/x-ndjson"}
    lines = b'{"event": "lines", "actor": 1}\n\n{"event": "lines", "actor": 2, "hourly": true}\n{"event": "other", "actor": "x", "unique": true}'
    response = client.post("/api/v1/marks", content=lines, headers=headers)
    assert response.json() == {"marked": 3, "events": ["lines", "other"], "repeated": False}
    assert len(workspace.event("lines").hour()) == 1
    assert list(workspace.event("other").unique()) == ["x"]


def test_every_kind_of_actor_in_one_batch(client: TestClient, workspace: Workspace) -> None:
    headers = token(workspace, "app", "mark")
    actors = [5, 5, 0, 2**32 - 1, 2**32, 2**70, "ada", "6", "007"]
    marks = [{"event": event, "actor": actor} for actor in actors for event in ("mixed", "mixed too")]
    marks.append({"event": "mixed", "actors": [5, 8]})
    told = client.post("/api/v1/marks", json={"marks": marks}, headers=headers).json()
    assert told == {"marked": 20, "events": ["mixed", "mixed too"], "repeated": False}
    assert set(workspace.event("mixed").ever()) == {5, 0, 2**32 - 1, 2**32, 2**70, "ada", 6, "007", 8}
    assert len(workspace.event("mixed too").day(NOW)) == 8
    assert workspace.event("mixed").ever().occurrences() == 11
    for wrong in (-1, True, None, 1.0, [1]):
        batch = [{"event": "mixed", "actor": 70}, {"event": "mixed", "actor": 71}, {"event": "mixed", "actor": wrong}]
        refused = client.post("/api/v1/marks", json=batch, headers=headers)
        assert refused.status_code == 422, wrong
        assert refused.json()["detail"].startswith("mark 3: ")
    assert 70 not in workspace.event("mixed").ever()


def test_a_batch_with_a_key_is_marked_once(client: TestClient, workspace: Workspace, clock: Clock) -> None:
    headers = token(workspace, "app", "mark") | {"idempotency-key": "k-1"}
    batch = {"marks": [{"event": "once", "actor": 5}]}
    told = [client.post("/api/v1/marks", json=batch, headers=headers).json()["repeated"] for _ in range(3)]
    assert told == [False, True, True]
    assert workspace.event("once").ever().occurrences() == 1
    other = token(workspace, "app 2", "mark") | {"idempotency-key": "k-1"}
    assert client.post("/api/v1/marks", json=batch, headers=other).json()["repeated"] is False
    clock.move(hours=25)
    assert client.post("/api/v1/marks", json=batch, headers=headers).json()["repeated"] is False


def test_a_key_with_another_batch_is_refused(client: TestClient, workspace: Workspace, clock: Clock) -> None:
    headers = token(workspace, "app", "mark") | {"idempotency-key": "k-2"}
    batch = {"marks": [{"event": "keyed", "actor": 5}, {"event": "keyed", "actor": 6}]}
    assert client.post("/api/v1/marks", json=batch, headers=headers).status_code == 200
    for other in (
        [{"event": "keyed", "actor": 5}],
        [{"event": "keyed", "actor": 5}, {"event": "keyed", "actor": 7}],
        [{"event": "keyed", "actor": 5}, {"event": "keyed", "actor": "6"}],
        [{"event": "keyed", "actor": 5}, {"event": "keyed", "actor": 6, "at": "2026-03-02"}],
        [],
    ):
        response = client.post("/api/v1/marks", json={"marks": other}, headers=headers)
        assert (response.status_code, response.json()["code"]) == (422, "reused_key")
        assert "with a new key" in response.json()["detail"]
    assert list(workspace.event("keyed").ever()) == [5, 6]
    assert workspace.event("keyed").ever().occurrences() == 2
    as_lines = b'{"actor":5, "event":"keyed"}\n{"actor":6,  "event":"keyed"}'  # the same marks, written otherwise
    sent = headers | {"content-type": "application/x-ndjson"}
    assert client.post("/api/v1/marks", content=as_lines, headers=sent).json()["repeated"] is True
    clock.move(hours=25)
    assert client.post("/api/v1/marks", json={"marks": []}, headers=headers).json()["repeated"] is False


WRONG: list[tuple[Any, int, str]] = [
    ({"marks": [{"event": "active"}]}, 422, "mark 1: it needs either actor"),
    ({"marks": [{"event": "x", "actor": 1}, {"event": "x", "actor": -1}]}, 422, "mark 2: -1 is not an actor"),
    ({"marks": [{"event": "x", "actor": 1.5}]}, 422, "mark 1"),
    ({"marks": [{"event": "x", "actor": [1]}]}, 422, "actor is one number or text"),
    ({"marks": [{"event": "x", "actors": 1}]}, 422, "actors is a list"),
    ({"marks": [{"event": "x", "actor": 1, "at": "soon"}]}, 422, "not a moment"),
    ({"marks": [{"event": "x", "actor": 1, "at": "2999-01-01"}]}, 422, "more than a year ahead"),
    ({"marks": [{"event": "x", "actor": 1, "at": 5}]}, 422, "at is 5"),
    ({"marks": [{"event": "x", "actor": 1, "when": "now"}]}, 422, "unknown field 'when'"),
    ({"marks": [{"event": " x", "actor": 1}]}, 422, "valid event name"),
    ({"marks": [{"event": 5, "actor": 1}]}, 422, "needs a text as its event"),
    ({"marks": [{"event": "binder_launch", "actor": 1}]}, 422, "binder_launch"),
    ({"marks": [{"event": "x", "actor": 1, "hourly": "yes"}]}, 422, "hourly is 'yes'"),
    ({"marks": ["x"]}, 422, "write an object"),
    ({"mark": []}, 422, "not a batch"),
    ("x", 422, "not a batch"),
    (5, 422, "not a batch"),
]


@pytest.mark.parametrize(("batch", "status", "said"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_mark_leaves_no_trace_of_its_batch(
    client: TestClient, workspace: Workspace, batch: Any, status: int, said: str
) -> None:
    before = workspace.activity.store.events()
    response = client.post("/api/v1/marks", json=batch, headers=token(workspace, "app", "mark"))
    assert response.status_code == status, response.text
    assert said in response.json()["detail"]
    assert workspace.activity.store.events() == before


def test_what_is_no_batch(client: TestClient, workspace: Workspace) -> None:
    headers = token(workspace, "app", "mark")
    as_json = headers | {"content-type": "application/json"}
    for content, sent, status in [
        (b"{", as_json, 400),
        (b'{"marks": NaN}', as_json, 400),
        (b"[" * 100_000, as_json, 400),
        (b"\xff\xfe", as_json, 400),
        (b"{}\n{", headers | {"content-type": "application/x-ndjson"}, 400),
        (b"[]", headers | {"content-type": "text/plain"}, 415),
        (b"[]", headers, 415),
        (b"[]", as_json | {"idempotency-key": "a b"}, 400),
        (b" " * 9_000_000, as_json, 413),
    ]:
        response = client.post("/api/v1/marks", content=content, headers=sent)
        assert response.status_code == status, (content[:20], response.text)
        assert response.headers["content-type"] == "application/problem+json"


def test_marking_always_needs_the_scope(folder: Path) -> None:
    with opened(folder) as workspace, TestClient(create_app(workspace)) as client:  # where reading is open
        batch = {"marks": [{"event": "active", "actor": 1}]}
        assert client.post("/api/v1/marks", json=batch).status_code == 401
        (folder / FILE).unlink(missing_ok=True)
        assert client.post("/api/v1/marks", json=batch, headers=token(workspace, "r")).status_code == 403
        assert client.post("/api/v1/marks", json=batch, headers=token(workspace, "a", "admin")).status_code == 200


def test_too_many_batches(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)
    with opened(folder, web={"marks_per_minute": 3}) as workspace, TestClient(create_app(workspace)) as client:
        headers = token(workspace, "app", "mark")
        said = [client.post("/api/v1/marks", json=[], headers=headers) for _ in range(5)]
        assert [each.status_code for each in said] == [200, 200, 200, 429, 429]
        assert said[-1].headers["retry-after"]
        assert json.loads(said[-1].text)["code"] == "too_many_requests"


@pytest.mark.parametrize("name", HOSTILE[:1] + HOSTILE[1:3], ids=range(3))
def test_hostile_actors_are_names(client: TestClient, workspace: Workspace, name: str) -> None:
    headers = token(workspace, "app", "mark")
    batch = {"marks": [{"event": "hostile", "actor": name}]}
    assert client.post("/api/v1/marks", json=batch, headers=headers).status_code == 200
    assert name in workspace.event("hostile").ever()
