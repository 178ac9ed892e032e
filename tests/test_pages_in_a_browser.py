"""Every page in a real browser, as a person uses it: nothing overflows, nothing complains, everybody can read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsers import HUGE, NARROW, WIDE, axe_source, chromium, overflow, page_of, serving, violations
from served import Clock, opened
from walked import NOW, write_walked

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = {
    "overview": "/",
    "explore": "/explore",
    "explore, split": "/explore?metric=launches&by=federation&last=28",
    "explore, several": "/explore?metric=launches&metric=repos&last=28",
    "explore, unknown metric": "/explore?metric=lunches",
    "projects": "/projects",
    "a project": "/projects/samplepkg",
    "compare": "/compare?name=samplepkg&name=other&by=commits",
    "compare nothing": "/compare",
    "hubs": "/hubs",
    "hubs of a constellation": "/hubs?constellation=Teaching",
    "a community": "/hubs/community/Climate%20models",
    "cohorts": "/retention?view=cohort&first=active&then=active",
    "curves": "/retention?view=curves",
    "funnel": "/retention?view=funnel",
    "stickiness": "/retention?view=stickiness",
    "growth": "/retention?view=growth",
    "sources": "/sources",
    "sign in": "/login",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_walked(tmp_path_factory.mktemp("walked"))


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with opened(folder, Clock(NOW)) as workspace, serving(workspace) as found:
        yield found


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_fits_any_width_and_is_accessible_in_light_and_dark(
    browser: Any, axe: str, address: str, path: str
) -> None:
    with page_of(browser, address) as page:
        page.goto(path)
        found = {"wide and light": violations(page, axe)}
        too_wide = {width: overflow(page, width) for width in (HUGE, WIDE, NARROW)}
        page.emulate_media(color_scheme="dark")
        found["narrow and dark"] = violations(page, axe)
    assert {where: each for where, each in found.items() if each} == {}
    assert {width: more for width, more in too_wide.items() if more} == {}


def test_a_chart_in_a_frame_of_another_site_is_accessible_and_fits(browser: Any, axe: str, folder: Path) -> None:
    with (
        opened(folder, Clock(NOW), {"embed": ["http://blog.example"]}) as workspace,
        serving(workspace) as address,
        page_of(browser, address) as page,
    ):
        page.goto("/embed/launches?by=federation&last=28")
        assert violations(page, axe) == []
        page.emulate_media(color_scheme="dark")
        assert overflow(page, NARROW) == 0
        assert violations(page, axe) == []
