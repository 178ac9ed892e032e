"""What goes wrong is a page for a browser and RFC 9457's shape for a program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from footfall.web.app import create_app
from served import HOSTILE, opened, write_served

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    async def broken(_: Request) -> Response:
        raise ZeroDivisionError("a secret of the inside")

    with opened(write_served(tmp_path_factory.mktemp("problems"))) as workspace:
        app = create_app(workspace, prefix="/team")
        app.router.routes.insert(0, Route("/broken", broken))
        with TestClient(app, raise_server_exceptions=False, base_url="http://testserver/team/") as made:
            yield made


@pytest.mark.parametrize(
    ("path", "status", "title", "said"),
    [
        ("explor", 404, "There is no such page", 'Did you mean <a href="/team/explore">Explore</a>'),
        ("nothing/like/it", 404, "There is no such page", "There is nothing at /team/nothing/like/it."),
        ("projects/tol", 404, "A name is not known", 'Did you mean <a href="/team/projects/tool">tool</a>'),
        ("?metric=lanches", 422, "A name is not known", 'Did you mean <a href="/team/?metric=launches">launches</a>'),
        ("broken", 500, "Something went wrong", "a bug in Footfall"),
    ],
)
def test_a_browser_gets_a_page_that_leads_on(client: TestClient, path: str, status: int, title: str, said: str) -> None:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert f"<h1>{title}</h1>" in response.text
    assert said in response.text
    assert '<a href="/team/">To the overview</a>' in response.text
    assert "secret of the inside" not in response.text


@pytest.mark.parametrize("path", ["explor", "broken", "api/v1/query/lanches"])
def test_a_program_gets_the_shape_of_every_mistake(client: TestClient, path: str) -> None:
    response = client.get(path, headers={"accept": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"
    assert set(response.json()) == {"type", "title", "status", "code", "detail", "instance"}
    assert response.json()["status"] == response.status_code >= 400


@pytest.mark.parametrize(
    "path", ["api/v1/query/lanches", "badge/lanches/tool.svg", "chart/lanches.svg", "static/x.css"]
)
def test_what_programs_ask_for_keeps_its_shape_in_a_browser(client: TestClient, path: str) -> None:
    assert "text/html" not in client.get(path, headers=BROWSER).headers["content-type"]


@pytest.mark.parametrize("path", ["login", "logout"])
def test_a_form_of_another_site_is_refused_as_a_page(client: TestClient, path: str) -> None:
    response = client.post(path, headers={**BROWSER, "sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert "This form was sent from another site." in response.text
    plain = client.post(path, headers={"sec-fetch-site": "cross-site"})
    assert (plain.status_code, plain.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", ["{}", "projects/{}", "?metric={}"])
def test_a_hostile_address_is_text_on_the_page(client: TestClient, path: str) -> None:
    page = client.get(path.format(HOSTILE[0]), headers=BROWSER)
    assert page.status_code in (404, 422)
    assert HOSTILE[0] not in page.text
    assert "&lt;script&gt;" in page.text
