"""A person walks through the pages: chooses, filters, goes back, shares, downloads, signs in, fails; with and without scripts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import axe_source, chromium, page_of, serving, violations
from footfall.access.tokens import Tokens
from served import Clock, opened
from walked import NOW, write_walked
from workspaces import launches

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_walked(tmp_path_factory.mktemp("walked"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with opened(folder, Clock(NOW)) as workspace, serving(workspace) as found:
        yield found


def heading(page: Any) -> str:
    return str(page.locator("#answer-title").inner_text())


def test_what_is_chosen_is_in_the_address_and_back_undoes_it_without_loading_the_page_again(
    browser: Any, address: str
) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches")
        page.evaluate("window.same = true")
        page.focus("#grain")
        page.select_option("#grain", "week")
        page.wait_for_url("**grain=week**")
        assert heading(page) == "Launches per week"
        page.locator("#grain:focus").wait_for()
        assert page.evaluate("window.same")
        page.select_option("#by", "federation")
        page.wait_for_url("**by=federation**")
        assert heading(page) == "Launches per week by federation"
        shared = page.url
        page.go_back()
        page.locator("#answer-title", has_text=re.compile("^Launches per week$")).wait_for()
        assert page.locator("#grain").input_value() == "week"
    with page_of(browser, address) as other:
        other.goto(shared)
        assert heading(other) == "Launches per week by federation"
        assert (other.locator("#grain").input_value(), other.locator("#by").input_value()) == ("week", "federation")


def test_two_choices_in_a_row_both_hold(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches")
        page.evaluate(
            "for (const [id, value] of [['grain', 'week'], ['by', 'federation']]) {"
            " const list = document.getElementById(id); list.value = value;"
            " list.dispatchEvent(new Event('change', {bubbles: true})); }"
        )
        page.locator("#answer-title", has_text="Launches per week by federation").wait_for()
        assert (page.locator("#grain").input_value(), page.locator("#by").input_value()) == ("week", "federation")
        page.locator("html:not(.busy)").wait_for()


def test_what_cannot_be_answered_or_never_comes_is_said_in_place(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches&since=2026-02-01&until=2026-03-01")
        page.evaluate("window.same = true")
        page.fill("#until", "2026-01-01")
        page.locator("#until").dispatch_event("change")  # again before the answer is there
        page.locator("#answer .problem").wait_for()
        assert "must come before" in page.get_by_role("alert").inner_text()
        page.fill("#until", "2026-02-15")
        page.locator("#answer-title").wait_for()
        page.locator("html:not(.busy)").wait_for()
    context = browser.new_context(base_url=address)
    try:
        page = context.new_page()
        page.goto("/explore?metric=launches&last=28")
        page.route("**/explore?**", lambda route: route.abort())
        page.select_option("#grain", "week")
        assert "did not answer" in page.get_by_role("alert").inner_text()
        page.unroute("**/explore?**")
        page.select_option("#grain", "month")
        page.locator("#unanswered").wait_for(state="detached")
        assert heading(page) == "Launches per month"
    finally:
        context.close()


def test_a_filter_narrows_the_answer_and_its_chip_takes_it_away(browser: Any, address: str, folder: Path) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches&grain=total&since=2026-02-01&until=2026-03-01")
        page.select_option("#filter", "provider")
        page.fill("#is", "GitLab")
        page.locator("details[open] button.main").click()
        page.wait_for_url("**where=provider**")
        expected = launches(folder, "2026-02-01", "2026-03-01", "provider")
        assert f"{expected['GitLab']}" in page.locator("table.plain tbody").text_content()
        page.locator(".filters .chip").click()
        page.wait_for_url(lambda url: "where=" not in url)
        assert f"{expected.total():,}".replace(",", "\u202f") in page.locator("table.plain tbody").text_content()


def test_a_tooltip_has_the_day_and_its_number_and_dragging_asks_for_that_time(
    browser: Any, address: str, folder: Path
) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches&since=2026-02-01&until=2026-03-01")
        plot = page.locator(".drawing.wide path.background").first.bounding_box()
        middle, y = plot["x"] + plot["width"] * 9 / 27, plot["y"] + plot["height"] / 2
        page.mouse.move(middle, y)
        said = page.locator(".tip").inner_text()
        assert "10 Feb 2026" in said
        assert str(launches(folder, "2026-02-10", "2026-02-11").total()) in said
        page.mouse.down()
        page.mouse.move(middle + plot["width"] * 9 / 27, y, steps=3)
        page.mouse.up()
        page.wait_for_url("**since=2026-02-10&until=2026-02-20**")
        assert page.locator("#since").input_value() == "2026-02-10"


def test_a_download_has_what_the_page_shows(browser: Any, address: str, folder: Path, tmp_path: Path) -> None:
    with page_of(browser, address) as page:
        page.goto("/explore?metric=launches&by=federation&since=2026-02-01&until=2026-03-01")
        with page.expect_download() as awaited:
            page.locator(".tools a", has_text="CSV").click()
        awaited.value.save_as(tmp_path / "answer.csv")
        with page.expect_download() as awaited:
            page.locator(".tools a", has_text="PNG").click()
        awaited.value.save_as(tmp_path / "answer.png")
    with (tmp_path / "answer.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["launches"] or 0) for row in rows) == launches(folder, "2026-02-01", "2026-03-01").total()
    assert (tmp_path / "answer.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_overview_follows_its_choices_and_keeps_the_colours(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/")
        page.select_option("#period", "7d")
        page.wait_for_url("**period=7d**")
        page.locator(".card", has_text="Installs").click()
        page.wait_for_url("**metric=installs**")
        assert page.locator("#main-title").inner_text().startswith("Installs")
        page.locator(".theme a", has_text="dark").click()
        page.locator("html[data-theme=dark]").wait_for()
        assert "metric=installs" in page.url
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 21, 23)"


def test_projects_are_chosen_and_compared(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/projects?by=commits")
        for name in ("samplepkg", "other"):
            page.get_by_label(f"Compare {name}").check()
        page.get_by_role("button", name="Compare the chosen ones").click()
        page.wait_for_url("**/compare?**")
        assert page.locator("#by").input_value() == "commits"
        page.select_option("#align", "age")
        page.wait_for_url("**align=age**")
        heads = page.locator("table.plain thead").inner_text()
        assert "samplepkg" in heads
        assert "other" in heads


def test_a_circle_on_the_map_leads_to_its_community_and_a_constellation_narrows_the_list(
    browser: Any, address: str
) -> None:
    with page_of(browser, address) as page:
        page.goto("/hubs")
        page.get_by_role("link", name="Teaching", exact=True).click()
        page.wait_for_url("**constellation=Teaching")
        rows = page.locator("table.communities tbody tr")
        assert rows.count() == 1
        name = rows.locator("a").inner_text()
        page.locator(".map a").first.click()
        page.wait_for_url("**/hubs/community/**")
        assert page.locator("h1").inner_text() == name


def test_a_community_prints_on_one_slide(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/hubs/community/Introduction%20to%20data")
        printed = page.pdf(prefer_css_page_size=True)
    assert re.findall(rb"/MediaBox\s*\[0 0 (\d+) (\d+)\]", printed) == [(b"960", b"540")]


def test_retention_answers_each_view_and_sources_each_year(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/retention?first=active&then=active&grain=week")
        assert page.locator("table.heat tbody tr").count() > 3
        for view in page.locator(".tabs a").all_inner_texts()[1:]:
            page.locator(".tabs a", has_text=view).click()
            page.locator(".tabs a[aria-current]", has_text=view).wait_for()
            assert page.locator("#answer .problem").count() == 0
            assert page.locator("#answer svg, #answer table").count() > 0
        page.goto("/sources")
        page.locator(".years a", has_text="2025").click()
        page.wait_for_url("**year=2025")
        assert page.locator(".calendar svg").count() > 3


def test_a_visitor_signs_in_with_a_token_and_comes_back_to_what_they_asked_for(browser: Any, folder: Path) -> None:
    with opened(folder, Clock(NOW), {"reading": "token"}) as workspace, serving(workspace) as where:
        tokens = Tokens(workspace.settings.folder, workspace.settings.scratch)
        text = tokens.create("reader", ["read"], now=NOW)
        limited = tokens.create("limited", ["read"], now=NOW, projects=["samplepkg"])
        with page_of(browser, where) as page:
            page.goto("/explore?metric=launches&grain=week")
            page.wait_for_url("**/login?next=**")
            page.get_by_label("Token").fill(text[:-1] + "~")
            page.get_by_role("button", name="Sign in").click()
            assert "not valid" in page.get_by_role("alert").inner_text()
            page.get_by_label("Token").fill(text)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/explore?metric=launches&grain=week**")
            assert heading(page) == "Launches per week"
            page.get_by_role("link", name="Sign out").click()
            page.get_by_role("button", name="Sign out").click()
            page.goto("/")
            page.wait_for_url("**/login?next=**")
            page.get_by_label("Token").fill(limited)
            page.get_by_role("button", name="Sign in").click()
            assert page.locator("h1").inner_text() == "You may not see this"
            page.get_by_role("link", name="samplepkg").click()
            assert page.locator("h1").inner_text() == "samplepkg"


def test_what_is_not_there_is_a_page_that_leads_on(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        assert page.goto("/projets").status == 404
        assert page.locator("h1").inner_text() == "There is no such page"
        page.get_by_role("link", name="Projects").last.click()
        page.wait_for_url("**/projects")
        assert page.goto("/projects/samplpkg").status == 404
        assert violations(page, axe_source()) == []
        page.get_by_role("link", name="samplepkg").click()
        page.wait_for_url("**/projects/samplepkg")
        page.goto("/explore?metric=lunches")
        assert "did you mean 'launches'?" in page.get_by_role("alert").inner_text()


def test_a_form_of_another_site_gets_a_page_that_refuses_it(browser: Any, address: str) -> None:
    form = f'<form method="post" action="{address}/logout"><button>Win</button></form>'
    context = browser.new_context()
    try:
        page = context.new_page()
        page.route("http://elsewhere.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
        page.goto("http://elsewhere.example/")
        with page.expect_navigation() as awaited:
            page.get_by_role("button").click()
        assert awaited.value.status == 403
        assert page.locator("h1").inner_text() == "You may not see this"
        assert "sent from another site" in page.locator("main").inner_text()
    finally:
        context.close()


@pytest.mark.parametrize(
    "path",
    ["/", "/explore", "/projects/samplepkg", "/hubs", "/retention?view=growth", "/compare?name=other&by=commits"],
)
def test_without_scripts_the_first_chart_is_there(browser: Any, address: str, path: str) -> None:
    with page_of(browser, address, java_script_enabled=False) as page:
        page.goto(path)
        drawing = page.locator(".drawing.wide svg").first.bounding_box()
        assert drawing["width"] > 600
        assert drawing["height"] > 100


def test_without_scripts_forms_have_their_buttons_and_answer(browser: Any, address: str) -> None:
    with page_of(browser, address, java_script_enabled=False) as page:
        page.goto("/explore?metric=launches")
        page.select_option("#grain", "week")
        page.get_by_role("button", name="Show").first.click()
        page.wait_for_url("**grain=week**")
        assert heading(page) == "Launches per week"
        page.goto("/")
        page.select_option("#period", "7d")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**period=7d**")
        page.goto("/retention?first=active&then=active")
        page.select_option("select[name=grain]", "month")
        page.get_by_role("button", name="Show").first.click()
        page.wait_for_url("**grain=month**")


def test_the_first_key_reaches_the_content_and_scripts_come_late(browser: Any, address: str) -> None:
    with page_of(browser, address) as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        sizes = page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".map(each => [each.name, each.transferSize])"
        )
        assert {Path(name).name.split("?")[0] for name, _ in sizes if ".js" in name} == {"page.js"}
        assert sum(size for name, size in sizes if ".js" not in name) < 150_000


@pytest.mark.parametrize("path", ["/", "/explore", "/projects", "/hubs", "/retention", "/sources"])
def test_an_empty_workspace_says_what_to_do_on_every_page(browser: Any, empty: str, path: str) -> None:
    with page_of(browser, empty) as page:
        page.goto(path)
        assert violations(page, axe_source()) == []
        said = page.locator("main").inner_text()
        assert re.search(r"footfall (init|collect|mark)|footfall\.toml", said)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("empty")
    (folder / "footfall.toml").write_text("", encoding="utf-8")
    with opened(folder, Clock(NOW)) as workspace, serving(workspace) as found:
        yield found
