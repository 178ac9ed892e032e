"""Footfall as a service of a real JupyterHub: people sign in there, and see what the hub lets them see."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from footfall.errors import SettingsError
from footfall.web.hub import hub_of
from hubs_real import RealHub, free_port, jupyterhub
from served import write_served

_SERVICE = """
c.JupyterHub.services += [{{
    "name": "footfall",
    "url": "http://127.0.0.1:{port}",
    "command": {command!r},
    "oauth_no_confirm": True,
}}]
c.Authenticator.admin_users = {{"root"}}
c.Authenticator.allowed_users = {{"ada", "eve"}}
c.JupyterHub.load_roles += [
    {{"name": "sees", "scopes": ["access:services!service=footfall"], "users": ["ada", "root"]}}
]
"""
_PAGE = "/?last=7"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHub]:
    folder = write_served(tmp_path_factory.mktemp("service"), '\n[web]\nreading = "token"\n')
    command = [sys.executable, "-m", "footfall", "--workspace", str(folder), "serve"]
    with jupyterhub(_SERVICE.format(port=free_port(), command=command)) as hub:
        yield hub


@pytest.fixture
def browser() -> Iterator[httpx2.Client]:
    with httpx2.Client(follow_redirects=True, timeout=60, headers={"accept": "text/html, */*;q=0.8"}) as browser:
        yield browser


def service(hub: RealHub) -> str:
    return f"{hub.address}/services/footfall"


def signed_in(hub: RealHub, browser: httpx2.Client, name: str, page: str = _PAGE) -> httpx2.Response:
    return hub.fill_in(browser, browser.get(f"{service(hub)}{page}"), name)


@pytest.mark.slow
def test_a_user_signs_in_at_the_hub_and_comes_back_to_the_page(hub: RealHub, browser: httpx2.Client) -> None:
    form = browser.get(f"{service(hub)}{_PAGE}")
    assert urlsplit(str(form.url)).path == "/base/hub/login"
    page = hub.fill_in(browser, form, "ada")
    assert (page.status_code, str(page.url)) == (200, f"{service(hub)}{_PAGE}")
    assert "ada" in page.text
    answer = browser.get(f"{service(hub)}/api/v1/query/launches?grain=month&last=2")
    assert answer.json()["rows"]
    batch = {"marks": [{"event": "active", "actor": 1}]}
    assert browser.post(f"{service(hub)}/api/v1/marks", json=batch).status_code == 403  # a reader
    browser.post(f"{service(hub)}/logout")
    assert browser.get(f"{service(hub)}/api/v1/metrics").status_code == 401


@pytest.mark.slow
def test_who_the_hub_does_not_let_in_sees_nothing(hub: RealHub, browser: httpx2.Client) -> None:
    assert signed_in(hub, browser, "eve").status_code == 403
    assert browser.get(f"{service(hub)}/api/v1/metrics").status_code == 401


@pytest.mark.slow
def test_who_rules_the_hub_rules_here(hub: RealHub, browser: httpx2.Client) -> None:
    assert signed_in(hub, browser, "root").status_code == 200
    batch = {"marks": [{"event": "active", "actor": 1}]}
    headers = {"origin": hub.address.removesuffix("/base")}
    answer = browser.post(f"{service(hub)}/api/v1/marks", json=batch, headers=headers)
    assert answer.json() == {"marked": 1, "events": ["active"], "repeated": False}


@pytest.mark.slow
def test_an_answer_of_the_hub_that_was_not_asked_for_is_refused(hub: RealHub, browser: httpx2.Client) -> None:
    back = f"{service(hub)}/oauth_callback"
    for asked in ("", "?code=abc", "?code=abc&state=", "?code=abc&state=xyz", "?state=xyz"):
        assert browser.get(f"{back}{asked}").status_code == 401, asked
    leaves = browser.get(f"{service(hub)}/login/hub?next=//evil.example", follow_redirects=False)
    sent = parse_qs(urlsplit(leaves.headers["location"]).query)
    assert sent["code_challenge_method"] == ["S256"]
    (state,) = sent["state"]
    wrong = browser.get(f"{back}?code=abc&state={state}")  # ours, with a code that the hub did not give
    assert wrong.status_code == 401
    assert "JupyterHub did not say who signed in" in wrong.text
    assert "Sign in again" in wrong.text
    assert browser.get(f"{service(hub)}/api/v1/metrics").status_code == 401


def test_without_a_hub_there_is_none_and_a_part_of_one_is_said() -> None:
    assert hub_of({}) is None
    with pytest.raises(SettingsError, match="JUPYTERHUB_API_TOKEN is not set"):
        hub_of({"JUPYTERHUB_SERVICE_PREFIX": "/services/footfall/"})


def test_a_workspace_needs_no_hub_to_be_served(tmp_path: Path) -> None:
    assert hub_of({"JUPYTERHUB_API_URL": "http://127.0.0.1/hub/api"}) is None
