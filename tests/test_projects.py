"""Projects: one thing under the names of several sources, and what is said where a source says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from footfall.errors import QueryError, SettingsError, UnknownNameError
from footfall.projects.facets import Span
from footfall.workspace import Workspace
from project_workspaces import NOW, history, small, workspace, write_installs
from workspaces import run

pytestmark = pytest.mark.slow

PROJECTS = """
[[projects]]
name = "tool"
description = "What people build with."
git = "tool"
files = "tool"
[[projects]]
name = "silent"
git = "silent"
files = "other"
[[projects]]
name = "both"
git = ["other", "empty"]
"""


@pytest.fixture(scope="module")
def ff(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return small(tmp_path_factory.mktemp("projects"), PROJECTS)


def value(ff: Workspace, project: str, metric: str, span: str = "total") -> object:
    found = ff.project(project)[metric].number(span)
    assert found is not None
    return found.value


class TestAProject:
    def test_answers_across_sources(self, ff: Workspace) -> None:
        tool = ff.project("tool")
        assert [facet.metric.name for facet in tool.facets] == ["installs", "commits", "latest_commit", "authors"]
        assert value(ff, "tool", "commits") == 4
        assert value(ff, "tool", "installs") == 2 * 69
        assert value(ff, "tool", "installs", "last_30_days") == 2 * 30, "9 February to 10 March, whole days"
        assert str(value(ff, "tool", "latest_commit", "latest")) == "2026-03-05 12:00:00+00:00"

    def test_the_timeline_has_whole_months_oldest_first(self, ff: Workspace) -> None:
        months = ff.project("tool", months=3)["commits"].months
        assert [(f"{each.start:%Y-%m}", each.value) for each in months] == [
            ("2025-12", 0),
            ("2026-01", 2),
            ("2026-02", 1),
        ]

    def test_its_name_is_read_as_packages_are(self, ff: Workspace) -> None:
        assert ff.project(" TOOL ").name == "tool"

    def test_a_name_that_no_project_has_is_an_error_with_the_nearest(self, ff: Workspace) -> None:
        with pytest.raises(UnknownNameError, match="unknown project 'tol'; did you mean 'tool'"):
            ff.project("tol")

    @pytest.mark.parametrize("months", [0, -1, 601, "²", 1.5, True])
    def test_a_timeline_that_cannot_be_is_an_error(self, ff: Workspace, months: int) -> None:
        with pytest.raises(QueryError, match="months is"):
            ff.project("tool", months=months)


class TestSilence:
    def test_a_source_that_said_nothing_is_null_with_coverage_0(self, ff: Workspace) -> None:
        commits = ff.project("silent")["commits"]
        assert commits.is_silent
        assert {(each.value, each.coverage) for each in commits.numbers} == {(None, 0.0)}
        assert len(commits.months) == 12
        assert any("there is no data yet for repo=silent" in note for note in ff.project("silent").notes)

    def test_why_a_source_said_nothing_is_part_of_the_answer(self, tmp_path: Path) -> None:
        """A repository that could not be read is known to the ledger, with the reason."""
        history(tmp_path / "other", "2026-01-05")
        ff = workspace(
            tmp_path,
            '[[projects]]\nname = "gone"\ngit = "gone"\n',
            sources='[sources.git]\nrepositories = ["other", "gone"]\n',
        )
        ff.collect()
        gone = ff.project("gone")
        assert gone["commits"].is_silent
        assert any("failed in the last run" in note for note in gone.notes)
        assert ff.projects_by("commits").places[0].last_days is None

    def test_what_was_collected_and_has_nothing_is_0(self, ff: Workspace) -> None:
        both = ff.project("both")["commits"].number(Span.LAST_30_DAYS)
        assert both is not None
        assert both.value == 12

    def test_a_repository_without_a_commit_in_a_span_is_0_there(self, tmp_path: Path) -> None:
        ff = small(tmp_path, '[[projects]]\nname = "old"\ngit = "empty"\n')
        found = ff.project("old")["commits"].number("last_30_days")
        assert found is not None
        assert (found.value, found.coverage) == (0, 1.0)

    def test_before_anything_was_collected_all_is_null(self, tmp_path: Path) -> None:
        history(tmp_path / "tool", "2026-01-05")
        write_installs(tmp_path, {})
        ff = workspace(tmp_path, PROJECTS)
        tool = ff.project("tool")
        assert all(each.value is None for facet in tool.facets for each in facet.numbers)
        assert tool.coverage == 0

    def test_of_two_names_one_silent_the_number_is_of_half_of_it(self, tmp_path: Path) -> None:
        ff = small(tmp_path, '[[projects]]\nname = "pair"\ngit = ["tool", "nowhere"]\n')
        found = ff.project("pair")["commits"].number("total")
        assert found is not None
        assert (found.value, found.coverage, found.state) == (4, 0.5, "lost")
        assert any("no data for nowhere" in note for note in ff.project("pair").notes)


class TestRanking:
    def test_the_busiest_comes_first_and_the_unknown_last(self, ff: Workspace) -> None:
        places = ff.projects_by("commits").places
        assert [(p.project, p.last_days, p.total) for p in places] == [
            ("both", 12, 21),
            ("tool", 1, 4),
            ("silent", None, None),
        ]
        assert [p.coverage for p in places] == [1, 1, 0]

    def test_each_number_is_that_of_the_project_alone(self, ff: Workspace) -> None:
        for metric in ("installs", "commits", "authors"):
            for place in ff.projects_by(metric).places:
                facet = ff.project(place.project)[metric]
                total, recent = facet.number("total"), facet.number("last_30_days")
                assert total is not None
                assert recent is not None
                assert (place.total, place.last_days, place.coverage) == (total.value, recent.value, recent.coverage)

    def test_it_ranks_by_the_first_metric_there_is(self, ff: Workspace) -> None:
        ranking = ff.projects_by()
        assert ranking.metric.name == "installs"
        assert ranking.left_out == ("both",)
        assert "both" in ranking.notes[0]

    def test_a_metric_that_no_project_has_is_an_error(self, ff: Workspace) -> None:
        with pytest.raises(UnknownNameError, match="unknown metric of projects 'comits'; did you mean 'commits'"):
            ff.projects_by("comits")

    def test_without_projects_it_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(QueryError, match=r"set one up in footfall.toml under \[\[projects\]\]"):
            workspace(tmp_path, "").projects_by()


class TestAskingForAProject:
    def test_a_query_keeps_the_projects_part(self, ff: Workspace) -> None:
        asked = ff.query("commits", grain="total", project="tool")
        assert asked.rows["commits"].to_pylist() == [4]
        assert asked.question["where"] == ["repo=tool"]
        assert ff.query(**asked.question).rows == asked.rows

    def test_metrics_that_name_it_differently_are_refused(self, ff: Workspace) -> None:
        with pytest.raises(QueryError, match="the metrics use different names for the project"):
            ff.query("commits", "installs", project="tool")

    def test_of_a_silent_name_it_says_what_to_do(self, ff: Workspace) -> None:
        said = (
            "there is no data yet for the project silent: repo=silent does not occur.* Collect it, or correct its names"
        )
        with pytest.raises(QueryError, match=said):
            ff.query("commits", project="silent")
        with pytest.raises(UnknownNameError, match="unknown value of repo 'sielnt'"):
            ff.query("commits", where="repo=sielnt,tool")

    def test_a_metric_without_a_name_of_it_is_refused(self, ff: Workspace) -> None:
        with pytest.raises(QueryError, match="installs cannot be filtered by project"):
            ff.query("installs", project="both")


class TestSettings:
    def bad(self, tmp_path: Path, projects: str) -> str:
        with pytest.raises((SettingsError, UnknownNameError)) as error:
            _ = workspace(tmp_path, projects).projects
        return str(error.value)

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        twice = '[[projects]]\nname = "a-b"\n[[projects]]\nname = "A_b"\n'
        assert "[[projects]] has A_b twice" in self.bad(tmp_path, twice)
        assert "unknown source 'gti'; did you mean 'git'" in self.bad(tmp_path, '[[projects]]\nname = "a"\ngti = "b"\n')
        assert "write a name, or several" in self.bad(tmp_path, '[[projects]]\nname = "a"\ngit = 5\n')
        assert "write a name, or several" in self.bad(tmp_path, '[[projects]]\nname = "a"\ngit = []\n')

    def test_a_source_that_is_not_set_up_is_no_part_of_it(self, tmp_path: Path) -> None:
        ff = workspace(tmp_path, '[[projects]]\nname = "a"\nbinder = "o/r"\n')
        assert ff.projects["a"].spelled == ()
        assert "No configured source has a name" in ff.project("a").notes[0]


class TestFaces:
    def test_it_fits_a_terminal_of_80_columns(self, ff: Workspace) -> None:
        drawn = ff.project("tool").draw(80)
        assert max(map(len, drawn.splitlines())) <= 80
        assert len(drawn.splitlines()) <= 24
        assert "Installs" in drawn
        assert "138" in drawn

    def test_json_and_csv_have_every_number(self, ff: Workspace) -> None:
        tool = ff.project("tool")
        said = json.loads(tool.to_json())
        assert len(said["rows"]) == len(tool) == len(tool.to_csv().splitlines()) - 1
        assert said["question"] == {"name": "tool", "months": 12}
        silent = ff.project("silent").to_csv()
        assert "commits,total,,,0,lost\n" in silent

    def test_equal_answers_have_equal_versions(self, ff: Workspace) -> None:
        assert ff.project("tool").version == ff.project("tool").version
        assert ff.project("tool").version != ff.project("silent").version

    def test_the_command(self, ff: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
        folder = ff.settings.folder
        shown = run(capsys, "-w", folder, "project", "tool", "--format", "table")
        assert shown.code == 0
        assert "Commits" in shown.out
        ranked = run(capsys, "-w", folder, "project", "--all", "--by", "commits", "--format", "csv")
        assert ranked.out.splitlines()[0] == "project,last_30_days,total,coverage"
        assert "silent,,,0" in ranked.out
        for words, said in (
            (["project"], "or add --all"),
            (["project", "tol"], "did you mean 'tool'"),
            (["project", "tool", "--all"], "leave out --all"),
            (["project", "tool", "--by", "commits"], "add --all"),
            (["query", "commits", "--project", "tol"], "did you mean 'tool'"),
        ):
            failed = run(capsys, "-w", folder, *words)
            assert failed.code == 1
            assert said in failed.err
            assert len(failed.err.strip().splitlines()) == 1

    def test_pictures(self, ff: Workspace, tmp_path: Path) -> None:
        ff.project("tool").save(tmp_path / "tool.vl.json")
        ff.projects_by("commits").save(tmp_path / "all.vl.json")
        with pytest.raises(QueryError, match="nothing to draw"):
            workspace(tmp_path, '[[projects]]\nname = "a"\n', now=NOW).project("a").chart()
