"""The pages of projects: the numbers of the answers, by any order, side by side, and names of any kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.errors import QueryError, UnknownNameError
from footfall.web.pages.authors import bus_factor
from footfall.workspace import Workspace
from histories import ADA, History
from project_workspaces import NOW, daily, total, workspace, write_installs
from served import HOSTILE
from sites import browsing

BO = "Bo <bo@example.org>"
STRANGE = tuple(name for name in HOSTILE if "\x1b" not in name and len(name) < 1000)
TOOL, OTHER = daily("2025-10-01", "2026-03-10", 2), daily("2026-01-01", "2026-03-10", 5)


def entry(name: str, more: str = "") -> str:
    return f"[[projects]]\nname = {json.dumps(name)}\nfiles = {json.dumps(name)}\n{more}\n"


@pytest.fixture(scope="module")
def ff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("projects")
    for name in ("tool", "empty", "other"):
        made = History.new(folder / name)
        for author, days in ((ADA, ("2024-06-01", "2025-06-01", "2026-02-05")), (BO, ("2024-07-01",))):
            for day in days:
                made.commit(f"{day}T12:00+00:00", author=author)
        made.write()
    write_installs(folder, {"tool": TOOL, "other": OTHER} | {name: {date(2026, 3, 1): 1} for name in STRANGE})
    projects = entry("tool", 'git = "tool"') + entry("other") + "".join(map(entry, STRANGE))
    with workspace(folder, projects) as opened:
        opened.collect()
        yield opened


@pytest.fixture(scope="module")
def browser(ff: Workspace) -> Iterator[TestClient]:
    with browsing(ff) as client:
        yield client


def names_of(page: str) -> list[str]:
    return re.findall(r'<th scope="row" title="([^"]*)"', page)


def test_the_list_has_what_each_project_has_in_its_files(browser: TestClient) -> None:
    page = browser.get("/projects?by=installs").text
    assert names_of(page)[:2] == ["other", "tool"]
    recent = total(OTHER, "2026-02-09", "2026-03-11")
    assert f"<td>{recent}" in page
    assert page.count("<polyline") + page.count("<path") >= 2


@pytest.mark.parametrize(("sort", "first"), [("recent", "other"), ("total", "other"), ("name", "&#39;; drop")])
def test_the_list_sorts(browser: TestClient, sort: str, first: str) -> None:
    page = browser.get("/projects", params={"by": "installs", "sort": sort}).text
    assert names_of(page)[0].startswith(first)
    assert page.count("aria-sort=") == 1


def test_a_project_has_its_numbers_and_the_people_behind_it(browser: TestClient) -> None:
    page = browser.get("/projects/tool").text
    assert f"{total(TOOL, '2026-02-09', '2026-03-11')}</span>" in page
    assert "1 in the last 364 days" in page  # Ada wrote in 2025 and 2026
    assert "1 of the 2 who wrote in the 364 days before" in page
    assert '<img src="/badge/installs/tool.svg"' in page
    assert 'class="drawing wide"' in page
    assert "did you mean" in browser.get("/projects/tol").text


def test_side_by_side_has_the_months_of_the_files(browser: TestClient, ff: Workspace) -> None:
    page = browser.get("/compare?name=tool&name=other&by=installs").text
    february = total(TOOL, "2026-02-01", "2026-03-01"), total(OTHER, "2026-02-01", "2026-03-01")
    assert re.search(rf"February 2026</th><td>{february[0]}</td><td>{february[1]}</td>", page)
    answer = ff.beside("installs", ["tool", "other"], months=5, align="age")
    found = {(month.project, month.age): month.value for month in answer.months if month.age is not None}
    assert found["tool", 0] == total(TOOL, "2025-10-01", "2025-11-01")
    assert found["other", 0] == total(OTHER, "2026-01-01", "2026-02-01")
    assert ("other", 2) not in found


def test_a_project_is_drawn_from_its_first_number_on(ff: Workspace) -> None:
    answer = ff.beside("installs", ["tool", "other"], months=5)
    zeros = replace(answer, months=tuple(replace(m, value=m.value or 0.0) for m in answer.months))
    assert [m.value for m in zeros.of("other")][:2] == [0, 0]
    rows = next(iter(zeros.chart().to_dict()["datasets"].values()))
    assert [row["value"] for row in rows if row["project"] == "other"] == [
        m.value for m in answer.of("other") if m.value
    ]


def test_by_age_a_row_is_a_month_of_age(browser: TestClient) -> None:
    page = browser.get("/compare?name=tool&name=other&by=installs&align=age").text
    first = total(TOOL, "2025-10-01", "2025-11-01"), total(OTHER, "2026-01-01", "2026-02-01")
    assert f'<th scope="row">0</th><td>{first[0]}</td><td>{first[1]}</td>' in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/projects?by=lunches", "Unknown metric"),
        ("/projects?sort=size", "Unknown order"),
        ("/projects/nothing", "Unknown project"),
        ("/projects/tool?months=many", "months"),
        ("/compare?name=tool&by=installs&align=weight", "align"),
        ("/compare?name=nothing&by=installs", "Unknown project"),
        ("/compare?name=tool&by=lunches", "Unknown metric"),
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(browser: TestClient, address: str, said: str) -> None:
    answer = browser.get(address)
    assert answer.status_code in (404, 422)
    assert said in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("name", STRANGE)
def test_names_of_any_kind_are_text(browser: TestClient, name: str) -> None:
    quoted = quote(name, safe="")
    for address in ("/projects?by=installs", f"/projects/{quoted}", f"/compare?name={quoted}&name=tool&by=installs"):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert "<script>alert" not in answer.text
        assert "style=" not in answer.text
        assert re.findall(r"\son[a-z]+=", answer.text) == []


def test_without_a_choice_the_page_says_what_to_do(browser: TestClient) -> None:
    assert "choose two or more" in browser.get("/compare").text


def test_without_projects_the_page_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    with footfall.open(tmp_path, now=lambda: NOW) as made, browsing(made) as client:
        page = client.get("/projects")
    assert page.status_code == 200
    assert "[[projects]]" in page.text


def test_what_cannot_be_compared_is_said(ff: Workspace) -> None:
    with pytest.raises(QueryError, match="0 projects"):
        ff.beside("installs", [])
    with pytest.raises(QueryError, match="a point in time"):
        ff.beside("latest_commit", ["tool"])
    with pytest.raises(UnknownNameError, match="alignment"):
        ff.beside("installs", ["tool"], align="weight")


def test_few_authors_wrote_half() -> None:
    assert [bus_factor(each) for each in ([50, 30, 20], [10, 10, 10, 10], [1], [])] == [1, 2, 1, 0]
