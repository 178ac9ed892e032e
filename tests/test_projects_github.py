"""A project on GitHub: traffic, stars, forks, releases and commits in one answer, across a rename."""

from __future__ import annotations

from pathlib import Path

import pytest

import footfall
from footfall.projects.answer import Project
from github_workspaces import Watched, repository

pytestmark = pytest.mark.slow

PROJECTS = '\n[[projects]]\nname = "tool"\ngithub = "Org/Tool"\n[[projects]]\nname = "both"\ngithub = ["org/tool", "org/other"]\n'


def opened(place: Watched) -> footfall.Workspace:
    """The workspace with its projects, closed again at once: what is asked later opens what it needs."""
    with place.open():
        file = place.folder / "footfall.toml"
        file.write_text(file.read_text(encoding="utf-8") + PROJECTS, encoding="utf-8")
    return footfall.open(place.folder, now=lambda: place.now)


def totals(project: Project) -> dict[str, object]:
    found = {facet.metric.name: facet.number("total") for facet in project.facets}
    return {name: each.value for name, each in found.items() if each is not None}


def test_it_is_one_project_before_and_after_a_rename(tmp_path: Path) -> None:
    place = Watched(tmp_path / "w", repository(7, "org/tool"), repository(8, "org/other"))
    place.succeed()
    with opened(place) as ff:
        before = ff.project("tool", months=3)
        assert [one.text for one in before.releases] == ["Release v1"]
        assert before["views"].number("last_30_days") is not None
        assert ff.projects_by("views").places[0].project == "both"
    place.pass_days()
    place.github.rename("org/tool", "org/renamed")
    place.succeed()
    with opened(place) as ff:
        after = ff.project("tool", months=3)
        assert totals(after)["stars"] == totals(before)["stars"] == 4
        assert totals(after)["commits"] == totals(before)["commits"] == 5
        (rank,) = (each for each in ff.projects_by("stars").places if each.project == "tool")
        assert rank.total == 4


def test_a_ranking_says_what_each_project_says(tmp_path: Path) -> None:
    place = Watched(tmp_path / "w", repository(7, "org/tool"), repository(8, "org/other"))
    place.succeed()
    with opened(place) as ff:
        for metric in ("views", "stars", "release_downloads", "authors"):
            for rank in ff.projects_by(metric).places:
                facet = ff.project(rank.project)[metric]
                total, recent = facet.number("total"), facet.number("last_30_days")
                assert total is not None
                assert recent is not None
                assert (rank.total, rank.last_days) == (total.value, recent.value), metric
                assert rank.coverage == pytest.approx(recent.coverage)
