"""Badges, charts and frames over HTTP: what a README and another site get."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from served import HOSTILE, Clock, opened, write_served
from sites import browsing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("badges"))


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[TestClient]:
    with opened(folder) as workspace, browsing(workspace) as client:
        yield client


def message(browser: TestClient, address: str) -> str:
    return str(browser.get(address).json()["message"])


def test_a_badge_has_the_number_of_the_query(browser: TestClient, folder: Path) -> None:
    with opened(folder) as workspace:
        (row,) = workspace.query("launches", grain="total", since="2026-02-09", until="2026-03-11").to_dicts()
    assert message(browser, "/badge/launches.json").startswith(f"{row['launches'] / 1000:.3g}k / 30 days")
    assert message(browser, "/badge/commits/tool.json") == "1 / 30 days"
    assert message(browser, "/badge/commits/tool.json?window=total") == "4 total"
    assert message(browser, "/badge/commits/TOOL.json?window=month") == "1 / month"


def test_a_badge_is_svg_with_its_label_and_colour(browser: TestClient) -> None:
    answer = browser.get("/badge/commits/tool.svg?label=changes&colour=c0ffee")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "changes: 1 / 30 days" in answer.text
    assert "#c0ffee" in answer.text
    assert "merges = included" in answer.text
    ElementTree.fromstring(answer.text)


def test_a_badge_that_did_not_change_is_not_sent_again(browser: TestClient) -> None:
    first = browser.get("/badge/commits/tool.svg")
    assert first.headers["cache-control"] == "public, max-age=3600"
    again = browser.get("/badge/commits/tool.svg", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    other = browser.get("/badge/commits/tool.svg?label=x", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/badge/lunches.svg", 404, "unknown metric"),
        ("/badge/commits/toll.svg", 404, "unknown project"),
        ("/badge/commits/tool.svg?window=fortnight", 422, "unknown window"),
        ("/badge/commits/tool.svg?colour=mauve", 422, "unknown colour"),
        ("/badge/commits/tool.svg?policy=bots", 422, "NAME=CHOICE"),
        ("/badge/launches/tool.svg", 422, "cannot be filtered by project"),
    ],
)
def test_what_is_wrong_is_said_on_the_badge(browser: TestClient, address: str, status: int, said: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == status
    assert said in answer.text
    assert answer.headers["cache-control"] == "public, max-age=60"
    ElementTree.fromstring(answer.text)
    shields = browser.get(address.replace(".svg", ".json"))
    assert (shields.status_code, shields.json()["isError"]) == (200, True)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_break_nothing(browser: TestClient, name: str) -> None:
    from urllib.parse import quote

    answer = browser.get(f"/badge/commits/{quote(name, safe='')}.svg", params={"label": name})
    assert answer.status_code == 404
    ElementTree.fromstring(answer.text)
    assert "<script>" not in answer.text
    assert "\x1b" not in answer.text
    assert browser.get(f"/chart/{quote(name, safe='')}.svg").status_code == 404


def test_a_chart_is_drawn_by_every_option_of_a_query(browser: TestClient) -> None:
    light = browser.get("/chart/launches.svg?by=federation&rolling=7&last=60")
    assert light.headers["content-type"].startswith("image/svg+xml")
    assert "7-day mean" in light.text
    dark = browser.get(
        "/chart/launches.svg?by=federation&last=60&theme=dark&width=400&height=200&title=Mine&stacked=true"
    )
    assert "#14171c" in dark.text
    assert "Mine" in dark.text
    assert browser.get("/chart/commits.png?grain=month").content.startswith(b"\x89PNG")
    again = browser.get("/chart/commits.png?grain=month", headers={"If-None-Match": light.headers["etag"]})
    assert again.status_code == 200
    tag = again.headers["etag"]
    assert browser.get("/chart/commits.png?grain=month", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/chart/launches.svg?theme=sepia", "unknown theme"),
        ("/chart/launches.svg?width=1e3", "whole number of pixels"),
        ("/chart/launches.svg?width=9", "give width and height in pixels"),
        ("/chart/launches.svg?stacked=maybe", "true or false"),
        ("/chart/launches.svg?gran=day", "did you mean"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(browser: TestClient, address: str, said: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 422
    assert said in json.dumps(answer.json())


def test_a_frame_is_for_the_sites_of_the_settings_alone(browser: TestClient, folder: Path) -> None:
    assert browser.get("/embed/commits").status_code == 403
    allowed = {"embed": ("https://docs.example.org", "https://*.example.net")}
    with opened(folder, Clock(), allowed) as workspace, browsing(workspace) as client:
        answer = client.get("/embed/commits?grain=month&title=<b>Mine</b>")
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors https://docs.example.org https://*.example.net" in policy
    assert "script-src 'self'" in policy
    assert "&lt;b&gt;Mine" in answer.text
    assert "<svg" in answer.text
    assert "style=" not in answer.text


def test_with_tokens_an_image_is_for_its_reader_alone(folder: Path) -> None:
    with opened(folder, Clock(), {"reading": "token"}) as workspace, browsing(workspace) as client:
        answer = client.get("/badge/commits/tool.svg")
    assert answer.status_code == 401 or answer.headers["cache-control"] == "private, no-cache"
