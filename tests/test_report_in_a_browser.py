"""A report in a real browser, opened from a disk: nothing is missing, nothing complains, and a community is one slide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import footfall
from browsers import NARROW, WIDE, chromium, page_of
from footfall.report import write_report
from hub_workspaces import NOW, PLACES, collect_hubs
from hub_workspaces import settings as hub_settings
from served import write_served

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")  # made before the browser starts, whose driver keeps a loop in this thread
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_served(tmp_path_factory.mktemp("report"), hub_settings(20))
    collect_hubs(folder, PLACES[:3], 20)
    made = tmp_path_factory.mktemp("site")
    with footfall.open(folder, now=lambda: NOW) as workspace:
        write_report(workspace, made, community="Berkeley")
    return made


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_page_from_a_disk_shows_its_chart_and_fits(site: Path, browser: Any, width: int, has_scripts: bool) -> None:
    with page_of(browser, site.as_uri(), width=width, java_script_enabled=has_scripts) as page:
        page.goto(f"{site.as_uri()}/2026-02/index.html")
        drawing = page.locator(".drawing svg >> visible=true").first
        assert drawing.bounding_box()["width"] > width / 3
        box = page.locator("main").bounding_box()
        assert box["x"] + box["width"] <= width
        assert page.locator(".report").inner_text() == "Berkeley in February 2026 · All reports"
        page.get_by_text("All reports").click()
        assert page.title() == "Reports"


def test_a_community_prints_on_one_slide(site: Path, browser: Any) -> None:
    with page_of(browser, site.as_uri()) as page:
        page.goto(f"{site.as_uri()}/2026-02/index.html")
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert re.findall(rb"/Count (\d+)", printed) == [b"1"]
