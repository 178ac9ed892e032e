"""The pages of hubs: numbers of answers, a map whose circles are links, and names of any kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.headlines import headlines
from hub_workspaces import NOW, PLACES, Place, open_hubs, write_hub_workspace
from served import HOSTILE, opened
from sites import browsing

STRANGE = tuple(name for name in HOSTILE if "\x1b" not in name and len(name) < 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    strange = [Place(name, "east", f"hub-{n}", 3, name, name, 10.0, 20.0) for n, name in enumerate(STRANGE)]
    return write_hub_workspace(tmp_path_factory.mktemp("hubs"), (*PLACES, *strange), 35)


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[TestClient]:
    with open_hubs(folder) as workspace, browsing(workspace) as client:
        yield client


def card(page: str, label: str) -> str:
    found = re.search(rf'<span class="label">{label}</span>\s*<span class="value">([^<]*)', page)
    assert found, label
    return found.group(1)


def test_cards_have_the_numbers_of_the_answers(browser: TestClient, folder: Path) -> None:
    page = browser.get("/hubs").text
    with open_hubs(folder) as ff:
        scale = {"timescale": "monthly"}
        (row,) = ff.query("hub_users", policies=scale, grain="total", since="2026-02-11", until="2026-03-11").to_dicts()
    assert card(page, "Clusters") == "2"
    assert card(page, "Hubs") == str(len(PLACES) + len(STRANGE))
    assert card(page, "Monthly users").replace("\u202f", "") == str(round(row["hub_users"]))
    assert card(page, "Unique users") == "12"
    assert "12 different users across all clusters" in page


def test_a_circle_of_the_map_is_a_link_that_says_its_name(browser: TestClient) -> None:
    page = browser.get("/hubs").text
    assert '<a href="/hubs/community/Cape%20Town"><path' in page
    assert re.search(r"<title>Toronto, 8\d\d monthly users, Canada, Toronto, Canada</title>", page)
    assert "vega.github.io" not in page
    assert page.count('class="drawing wide map"') == page.count('class="drawing narrow map"') == 2


def test_a_constellation_is_chosen_by_its_address(browser: TestClient) -> None:
    page = browser.get("/hubs", params={"constellation": "California State"}).text
    assert "2 communities by monthly users" in page
    assert "Berkeley" not in re.sub(r"<a [^>]*>[^<]*</a>", "", page)
    assert "Unknown constellation" in browser.get("/hubs?constellation=Mars").text


def test_sizes_have_counts_and_shares(browser: TestClient) -> None:
    page = browser.get("/hubs").text
    assert "Communities by size" in page
    assert "1000–2500 users" in page
    shares = [float(one) for one in re.findall(r'<td class="dim share">([\d.]+)', page.split("Communities by size")[1])]
    assert shares


@pytest.mark.parametrize(
    "address",
    [
        "/hubs?users=yearly",
        "/hubs?by=planet",
        "/hubs?scale=root",
        "/hubs?period=9y",
        "/hubs/map.gif",
        "/hubs/map.svg?theme=sepia",
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 422
    assert "Unknown" in answer.text
    assert "Traceback" not in answer.text


def test_users_are_split_and_counted_as_chosen(browser: TestClient) -> None:
    page = browser.get("/hubs?users=monthly&by=hub").text
    assert "Monthly active users by hub" in page
    assert "timescale%3Dmonthly" in page
    assert "log scale" in browser.get("/hubs?users=monthly&by=cluster&scale=log").text


def test_a_community_has_a_page_with_its_numbers_and_its_place(browser: TestClient) -> None:
    page = browser.get("/hubs/community/Cape%20Town").text
    assert '<article class="slide">' in page
    assert card(page, "Monthly users") == "71"
    assert "number 4 of" in page
    assert ">Location<" in page
    nowhere = browser.get("/hubs/community/Nowhere").text
    assert ">Location<" not in nowhere
    missing = browser.get("/hubs/community/Nobody")
    assert missing.status_code in (404, 422)
    assert "Unknown community" in missing.text


@pytest.mark.parametrize("name", STRANGE)
def test_names_of_any_kind_are_text(browser: TestClient, name: str) -> None:
    for address in ("/hubs", f"/hubs/community/{quote(name, safe='')}"):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "style=" not in answer.text
        assert re.findall(r"\son[a-z]+=", answer.text) == []


def test_maps_and_lists_are_files(browser: TestClient) -> None:
    svg = browser.get("/hubs/map.svg?area=usa&theme=dark")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "#14171c" in svg.text
    assert browser.get("/hubs/map.png?constellation=Africa").content.startswith(b"\x89PNG")
    again = browser.get("/hubs/map.svg?area=usa&theme=dark", headers={"If-None-Match": svg.headers["etag"]})
    assert again.status_code == 304
    text = browser.get("/hubs/communities.csv?constellation=Africa").text
    assert text.splitlines()[1].startswith("Cape Town,Africa")


def test_small_numbers_are_hidden_where_the_settings_say_so(folder: Path) -> None:
    with opened(folder, lambda: NOW, {"smallest_cell": 20}) as workspace, browsing(workspace) as client:  # type: ignore[arg-type]
        page, slide = client.get("/hubs").text, client.get("/hubs/community/San%20Francisco").text
        rows = client.get("/hubs/communities.csv").text
    assert "Counts of actors from 1 to 19 are hidden" in page
    assert "San Francisco, unknown number of users" in page
    assert "not known, which is not 0" in slide
    assert 'San Francisco,California State,"San Francisco, USA",37.72,-122.48,1,,' in rows


def test_without_hubs_the_page_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    with footfall.open(tmp_path, now=lambda: NOW) as workspace, browsing(workspace) as client:
        page = client.get("/hubs")
    assert page.status_code == 200
    assert "communities.csv" in page.text


def test_the_overview_counts_the_same_users_once(folder: Path) -> None:
    with open_hubs(folder) as ff:
        names = [metric.name for metric in headlines(ff, Freshness.of(ff))]
    assert {"hub_users", "hubs"} <= set(names)
    assert not {"users_by_community_size", "communities_by_size"} & set(names)
