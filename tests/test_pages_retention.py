"""Retention: its cells are the answer's, every view has an address, small counts are not shown where they must not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.web.pages.heat import heat_of, legend_of
from footfall.workspace import Workspace
from sites import NOW, browsing, collected

HOSTILE = "<script>alert(1)</script>"


def marked(folder: Path, settings: str = "") -> Workspace:
    """Ten actors in January, of whom fewer and fewer come back each week; one event with a hostile name."""
    (folder / "footfall.toml").write_text(settings, encoding="utf-8")
    made = footfall.open(folder, now=lambda: NOW)
    for week in range(4):
        for actor in range(10 - 3 * week):
            made.mark("active", actor, at=date(2026, 2, 2) + timedelta(weeks=week))
    for actor in range(3):
        made.mark("paid", actor, at=date(2026, 2, 9))
    made.mark(HOSTILE, 1, at=date(2026, 2, 9))
    return made


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with marked(tmp_path_factory.mktemp("retention")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(workspace: Workspace) -> Iterator[TestClient]:
    with browsing(workspace) as client:
        yield client


def cells(page: str, row: str) -> list[str]:
    """The texts of a row of the table."""
    found = re.search(rf'<th scope="row">{row}</th>(.*?)</tr>', page, re.S)
    assert found, row
    return re.findall(r"<td[^>]*>(.*?)</td>", found.group(1))


def test_the_table_has_the_shares_of_those_who_came_back(browser: TestClient) -> None:
    page = browser.get("/retention?first=active&then=active&since=2026-02-02&columns=6").text
    assert cells(page, "week of 2 Feb 2026")[:5] == ["10", "100.0", "70.0", "40.0", "10.0"]
    counts = browser.get("/retention?first=active&then=active&since=2026-02-02&columns=6&counts=true").text
    assert cells(counts, "week of 2 Feb 2026")[:5] == ["10", "10", "7", "4", "1"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/retention", "Who came back"),
        ("/retention?first=active&then=active&form=curves", "<svg"),
        ("/retention?view=funnel&steps=active&steps=paid&since=2026-02-01&until=2026-03-01&within=28d", "<svg"),
        ("/retention?view=stickiness&event=active&last=30", "<svg"),
        ("/retention?view=growth&event=active", "<svg"),
        ("/retention?first=active&then=paid&where_first=paid&kind=new&retention=unbounded&grain=month", "heat"),
    ],
)
def test_every_view_has_an_address(browser: TestClient, address: str, said: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 200
    assert said in answer.text
    assert "style=" not in answer.text


@pytest.mark.parametrize(
    "asked",
    ["view=pie", "form=pie", "first=nope", "last=0", "columns=many", "grain=century", "view=funnel&steps=active&within=1y", "colour=red"],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_sentence(browser: TestClient, asked: str) -> None:
    answer = browser.get(f"/retention?{asked}")
    assert answer.status_code == 422
    assert 'class="panel problem"' in answer.text
    assert "Traceback" not in answer.text


def test_what_a_form_sends_becomes_the_one_address(browser: TestClient) -> None:
    sent = "/retention?view=cohort&first=active&then=active&grain=week&last=&columns=12&kind=active&where_first=&form=heatmap"
    answer = browser.get(sent, follow_redirects=False)
    assert answer.headers["location"] == "/retention?first=active&then=active"
    assert browser.get(answer.headers["location"], follow_redirects=False).status_code == 200


def test_the_name_of_an_event_is_text(browser: TestClient) -> None:
    page = browser.get("/retention", params={"first": HOSTILE, "then": HOSTILE}).text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_files_are_those_of_the_answer(browser: TestClient, workspace: Workspace) -> None:
    file = browser.get("/retention/answer.csv?first=active&then=active&since=2026-02-02")
    assert file.text == workspace.cohort("active", "active", since="2026-02-02").to_csv()


def test_small_counts_are_not_shown_and_neither_is_what_would_show_them(tmp_path: Path) -> None:
    with marked(tmp_path, "[web]\nsmallest_cell = 5\n") as workspace, browsing(workspace) as browser:
        page = browser.get("/retention?first=active&then=active&since=2026-02-02&columns=6").text
        assert cells(page, "week of 2 Feb 2026")[:5] == ["10", "100.0", "70.0", "&lt;5", "&lt;5"]
        assert "40.0" not in page.split("On average")[0]
        assert "Counts from 1 to 4 are not shown" in page
        assert "counts of actors from 1 to 4" in browser.get("/retention?view=growth&event=active").text
        file = browser.get("/retention/answer.csv?first=active&then=active&since=2026-02-02&columns=6").text
        assert file.splitlines()[1].split(",")[:6] == ["2026-02-02", "10", "100.0", "70.0", "", ""]


def test_colours_are_the_same_in_every_table(workspace: Workspace) -> None:
    heat = heat_of(workspace.cohort("active", "active", since="2026-02-02", last=None, columns=4))
    assert [cell.shade for cell in heat.rows[0].cells] == ["h7", "h6", "h5", "h3"]


def test_then_or_later_has_a_star_where_actors_may_still_come_back(workspace: Workspace) -> None:
    cohort = workspace.cohort("active", "active", since="2026-02-02", last=None, columns=4, retention="unbounded")
    heat = heat_of(cohort)
    first = list(zip(heat.rows[0].cells, cohort.rows[0].counts, strict=False))
    assert [cell.text.endswith("*") for cell, _ in first] == [count < cohort.rows[0].size for _, count in first]
    assert "*: actors may still come back later." in legend_of(cohort, heat.rows)
    exact = workspace.cohort("active", "active", since="2026-02-02", last=None, columns=4)
    assert "*" not in legend_of(exact, heat_of(exact).rows)


def test_without_any_event_the_page_says_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    with footfall.open(tmp_path, now=lambda: NOW) as empty, browsing(empty) as browser:
        assert "footfall mark" in browser.get("/retention").text


def test_a_funnel_starts_with_events_of_the_same_actors_or_asks_for_the_second_step(
    browser: TestClient, tmp_path: Path
) -> None:
    assert "Choose the second step" not in browser.get("/retention?view=funnel").text
    page = browser.get("/retention?view=funnel&steps=active&steps=paid").text
    assert "Actors of active → Actors of paid" in page
    assert re.search(r"1\. Actors of active", page)
    with collected(tmp_path) as workspace, browsing(workspace) as other:
        alone = other.get("/retention?view=funnel")
        assert alone.status_code == 200
        assert "Choose the second step" in alone.text
        both = other.get("/retention?view=funnel&steps=binder_launch&steps=commit_author").text
        assert "Choose the second step" not in both
