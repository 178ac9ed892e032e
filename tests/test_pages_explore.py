"""Explore: the address is the state, what is shown is the answer, and every other face is told the same question."""

from __future__ import annotations

import html
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.web.pages.choices import Chosen
from footfall.workspace import Workspace
from served import opened
from sites import NOW, browsing, collected
from workspaces import launches


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explore")


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with collected(folder):
        file = folder / "footfall.toml"
        file.write_text(
            file.read_text(encoding="utf-8")
            + '\n[[questions]]\nname = "By member <b>"\nask = { metric = "launches", by = "federation", last = "28" }\n',
            encoding="utf-8",
        )
        with footfall.open(folder, now=lambda: NOW) as opened:
            yield opened


@pytest.fixture(scope="module")
def browser(workspace: Workspace) -> Iterator[TestClient]:
    with browsing(workspace) as client:
        yield client


def codes(page: str) -> dict[str, str]:
    """What is offered to copy, by its heading."""
    found = re.findall(r"<h3[^>]*>(.*?)</h3><div class=\"copy\"><pre[^>]*><code>(.*?)</code>", page, re.S)
    return {name: html.unescape(text) for name, text in found}


def test_the_table_shows_the_numbers_of_the_archive(browser: TestClient, folder: Path) -> None:
    page = browser.get("/explore?metric=launches&grain=month&since=2026-02-01&until=2026-03-01").text
    assert str(sum(launches(folder, "2026-02-01", "2026-03-01").values())) in page.replace(",", "").replace(
        "\u202f", ""
    )


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("metric=launches", "metric=launches&last=91"),
        ("metric=launches&grain=month", "metric=launches&grain=month&last=24"),
        ("metric=launches&metric=&last=28&by=&top=8&compare=&was=none", "metric=launches&last=28"),
        ("metric=launches&last=91&since=2026-01-01&was=none", "metric=launches&since=2026-01-01"),
        ("metric=launches&last=91&since=2026-01-01&was=2026-01-01", "metric=launches&last=91"),
        ("metric=launches&last=91&filter=federation&is=gesis", "metric=launches&last=91&where=federation%3Dgesis"),
        ("metric=launches&last=91&filter=repo&is=a,b", "metric=launches&last=91&where=repo%3D%22a%2Cb%22"),
        ("metric=launches,commits&last=9&stacked=on", "metric=launches&metric=commits&last=9&stacked=true"),
        ("metric=launches&grain=total&last=91&rolling=7", "metric=launches&grain=total"),
    ],
)
def test_what_a_form_sends_becomes_the_one_address_of_its_question(sent: str, address: str) -> None:
    pairs = [(name, text) for name, _, text in (part.partition("=") for part in sent.split("&"))]
    chosen = Chosen.read(pairs)
    assert chosen.address == address
    assert Chosen.read(chosen.pairs).address == address


def test_a_form_is_sent_to_the_address_and_an_address_is_not_sent_anywhere(browser: TestClient) -> None:
    answer = browser.get("/explore?metric=launches&metric=&by=&last=28", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/explore?metric=launches&last=28"
    assert browser.get(answer.headers["location"], follow_redirects=False).status_code == 200


def test_a_question_is_the_same_on_the_command_line_in_python_and_in_the_settings(
    browser: TestClient, workspace: Workspace
) -> None:
    page = browser.get(
        "/explore?metric=launches&grain=week&last=9&by=federation&where=provider%3DGitHub&rolling=2"
    ).text
    said = codes(page)
    asked = ["--grain", "week", "--last", "9", "--by", "federation", "--where", "provider=GitHub", "--rolling", "2"]
    assert shlex.split(said["Command line"]) == ["footfall", "query", "launches", *asked]
    call = said["Python"].splitlines()[-1]
    scope = {"ff": workspace}
    exec(call, scope)
    answer = workspace.query("launches", grain="week", last=9, by=["federation"], where=["provider=GitHub"], rolling=2)
    assert scope["answer"].version == answer.version  # type: ignore[attr-defined]
    kept = tomllib.loads(said["Save this question: paste into footfall.toml"])["questions"][0]
    assert kept["ask"] == {
        "metric": "launches", "grain": "week", "last": "9", "by": "federation", "where": "provider=GitHub", "rolling": "2",
    }  # fmt: skip


def test_kept_questions_are_links(browser: TestClient) -> None:
    page = browser.get("/explore?metric=launches&last=28").text
    assert '<a href="/explore?metric=launches&amp;by=federation&amp;last=28">By member &lt;b&gt;</a>' in page


def test_files_are_those_of_the_answer(browser: TestClient, workspace: Workspace) -> None:
    asked = "metric=launches&grain=month&since=2026-01-01&until=2026-03-01"
    file = browser.get(f"/explore/answer.csv?{asked}")
    assert file.text == workspace.query("launches", grain="month", since="2026-01-01", until="2026-03-01").to_csv()
    assert file.headers["content-disposition"] == 'attachment; filename="launches-per-month.csv"'
    assert browser.get(f"/explore/answer.png?{asked}").content[1:4] == b"PNG"
    assert browser.get(f"/explore/answer.svg?{asked}").text.startswith("<svg")
    assert browser.get(f"/explore/answer.parquet?{asked}").content[:4] == b"PAR1"
    assert "valid: csv" in browser.get(f"/explore/answer.exe?{asked}").text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("metric=lunches&last=3", "did you mean"),
        ("metric=launches&last=0", "at least 1"),
        ("metric=launches&since=2026-02-30", "2026-02-30"),
        ("metric=launches&last=3&by=nothing", "nothing"),
        ("metric=launches&grain=century", "century"),
        ("metric=launches&last=3&colour=red", "colour"),
        ("metric=launches&last=3&where=repo", "repo"),
        ("metric=launches&last=3&where=federation%3D%3Cscript%3Ealert(1)%3C/script%3E", "&lt;script&gt;"),
        ("metric=%27%3B+drop+table+x%3B+--&last=3", "drop table"),
        ("metric=launches&last=3&by=" + "x" * 10_000, "xxx"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence_beside_the_form(browser: TestClient, asked: str, said: str) -> None:
    page = browser.get(f"/explore?{asked}")
    assert said in page.text
    assert "<script>alert" not in page.text
    assert "Traceback" not in page.text
    assert page.status_code < 500


def test_several_metrics_without_time_and_with_a_comparison_have_a_chart_and_a_table(browser: TestClient) -> None:
    for asked in (
        "metric=launches&metric=commits&grain=month&last=3",
        "metric=launches&grain=total&since=2026-02-01&by=federation",
        "metric=launches&last=28&compare=previous",
        "metric=launches&last=28&by=federation&stacked=true",
        "metric=launches&last=28&log=true",
    ):
        page = browser.get(f"/explore?{asked}").text
        assert "This cannot be answered" not in page, asked
        assert "<svg" in page, asked
        assert '<table class="plain">' in page, asked


def test_the_latest_moment_is_a_table_alone(browser: TestClient) -> None:
    page = browser.get("/explore?metric=latest_commit&grain=total").text
    assert "2026-03-05" in page
    assert '<details class="numbers" open>' in page


def test_what_is_copied_into_a_page_has_a_text_and_a_frame_only_where_one_may_be_shown(
    browser: TestClient, folder: Path
) -> None:
    asked = "/explore?metric=launches&by=federation&last=3"
    page = html.unescape(html.unescape(browser.get(asked).text))
    assert 'alt="Launches per day by federation">' in page
    assert "<iframe" not in page
    with opened(folder, web={"embed": ["https://blog.example"]}) as workspace, browsing(workspace) as client:
        page = html.unescape(html.unescape(client.get(asked).text))
    assert re.search(r'<iframe src="http://testserver/embed/launches\?[^"]*by=federation', page)
