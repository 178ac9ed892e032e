"""What makes the first page fast: pages made ahead, a picture drawn once, maps in few bytes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import footfall
from footfall.result import Result
from footfall.web.drawings import compact
from footfall.web.pages import make_ahead
from footfall.web.pages.figures import Figure, figure_of
from footfall.web.site import Site
from hub_workspaces import NOW, PLACES, collect_hubs
from hub_workspaces import settings as hub_settings
from served import write_served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_served(tmp_path_factory.mktemp("ahead"), hub_settings(20))
    collect_hubs(made, PLACES[:3], 20)
    return made


def test_the_pages_made_ahead_leave_nothing_to_draw(folder: Path) -> None:
    async def drawn_again(site: Site) -> tuple[int, int]:
        await make_ahead(site)
        before = site.pictures_drawn
        await make_ahead(site)
        return before, site.pictures_drawn

    with footfall.open(folder, now=lambda: NOW) as workspace:
        site = Site(workspace)
        try:
            first, second = asyncio.run(drawn_again(site))
        finally:
            site.close()
    assert first >= 6  # the overview and hubs for wide and narrow screens, and maps
    assert second == first


def test_a_picture_that_many_ask_for_at_once_is_drawn_once(folder: Path) -> None:
    async def asked_at_once(site: Site) -> set[bytes]:
        answer = await site.ask("query", {"metric": "commits", "grain": "month"})
        return set(await asyncio.gather(*(site.picture(answer, size=(300, 200)) for _ in range(5))))

    with footfall.open(folder, now=lambda: NOW) as workspace:
        site = Site(workspace)
        try:
            assert len(asyncio.run(asked_at_once(site))) == 1
        finally:
            site.close()
        assert site.pictures_drawn == 1


def test_a_figure_is_made_once_for_each_state_of_its_answer(folder: Path) -> None:
    async def made(site: Site) -> list[Figure]:
        answers = [
            await site.ask("query", {"metric": "commits", "grain": grain}) for grain in ("month", "month", "week")
        ]
        return [await figure_of(site, answer) for answer in answers if isinstance(answer, Result)]

    with footfall.open(folder, now=lambda: NOW) as workspace:
        site = Site(workspace)
        try:
            first, second, other = asyncio.run(made(site))
        finally:
            site.close()
    assert second is first
    assert other.rows != first.rows


def test_an_outline_in_few_characters_is_the_same_to_a_tenth_of_a_pixel() -> None:
    points = [(10.02 + n * 1.237, 200.55 - (n * n % 17) * 0.731) for n in range(200)]
    path = "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in points) + "Z"
    x = y = 0.0
    found = []
    for command, right, down in re.findall(r"([Ml])(-?[0-9.]+),(-?[0-9.]+)", compact(path)):
        x, y = (float(right), float(down)) if command == "M" else (x + float(right), y + float(down))
        found.append((x, y))
    assert len(found) == len(points)
    assert all(abs(a - c) <= 0.051 and abs(b - d) <= 0.051 for (a, b), (c, d) in zip(points, found, strict=True))
    assert len(compact(path)) < 0.75 * len(path)
