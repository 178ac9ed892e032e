"""Several metrics in one question: each is what it is alone, on one window, one grain, the same groups."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from footfall.charts.pictures import picture
from footfall.errors import QueryError, UnknownNameError
from footfall.result import Result
from lakes import COMMITS, LakeOf, at, collected, days


def launch(on: str, origin: str | None = "ovh", launches: int = 1, repo: str = "a/b") -> dict[str, Any]:
    return {"hour": at(on), "provider": "GitHub", "repo": repo, "origin": origin, "launches": launches}


def commit(on: str, repo: str, author: str, commits: int = 1) -> dict[str, Any]:
    return {"committed_at": at(on), "repo": repo, "author": author, "commits": commits}


@pytest.fixture
def lake(tmp_path: Path) -> LakeOf:
    rows = {
        "launches": [
            launch("2021-02-01", "ovh", 5),
            launch("2021-02-01", "gke", 7, "a/c"),
            launch("2021-02-02", None, 2),
            launch("2021-02-04", "ovh", 3, "core"),
        ],
        "commits": [
            commit("2021-02-01", "core", "ada"),
            commit("2021-02-02", "core", "bob"),
            commit("2021-02-02", "docs", "ada", 4),
            commit("2021-02-05", "docs", "robot"),
        ],
    }
    entries = [
        *collected(days("2021-02-01", "2021-02-04")),
        *collected(days("2021-02-01", "2021-02-05"), COMMITS, "core"),
        *collected(days("2021-02-02", "2021-02-05"), COMMITS, "docs"),
    ]
    return LakeOf(tmp_path, rows, entries)


WINDOW: dict[str, Any] = {"since": "2021-02-01", "until": "2021-02-06"}


@pytest.mark.parametrize(
    ("metrics", "asked"),
    [
        (("commits", "authors"), {}),
        (("commits", "authors"), {"by": "repo"}),
        (("authors", "commits", "people_commits"), {"grain": "week", "by": "author"}),
        (("launches", "repos"), {"by": "origin", "where": "origin!=gke"}),
        (("launches", "repos"), {"grain": "total", "by": "origin"}),
        (("launches", "commits"), {}),
        (("launches", "commits"), {"by": "repo"}),
        (("launches", "commits"), {"cumulative": True}),
        (("launches", "commits"), {"rolling": 2}),
        (("launches", "commits"), {"compare": "previous", "since": "2021-02-03"}),
        (("commits", "latest_launch"), {"grain": "total"}),
    ],
    ids=str,
)
def test_each_is_what_it_is_alone(lake: LakeOf, metrics: tuple[str, ...], asked: dict[str, Any]) -> None:
    together = lake.ask(list(metrics), **(WINDOW | asked))
    assert together.query.metrics == metrics
    keys = ("period", *together.query.by)
    for name in metrics:
        alone = {tuple(row[k] for k in keys): row for row in lake.ask(name, **(WINDOW | asked)).to_dicts()}
        for row in together.only(name).to_dicts():
            key = tuple(row[k] for k in keys)
            if key in alone:
                assert row == alone[key]
            else:  # a group that only another metric has
                assert row[name] in (0, None)
        assert alone.keys() <= {tuple(row[k] for k in keys) for row in together.to_dicts()}


def test_the_window_is_that_of_all(lake: LakeOf) -> None:
    result = lake.ask(["launches", "commits"])
    assert (result.query.since, result.query.until) == (at("2021-02-01"), at("2021-02-06"))
    assert result.rows["launches"].to_pylist() == [12, 2, 0, 3, None]
    assert result.rows["commits"].to_pylist() == [1, 5, 0, 0, 1]


def test_each_has_its_coverage_where_they_differ(lake: LakeOf) -> None:
    result = lake.ask(["launches", "commits"], **WINDOW)
    shared = ["coverage", "is_provisional", "state"]
    own = [f"{metric}_{name}" for metric in ("launches", "commits") for name in shared]
    assert result.rows.column_names == ["period", "launches", "commits", *own, *shared]
    assert result.rows["launches_coverage"].to_pylist() == [1, 1, 1, 1, 0]
    assert result.rows["commits_coverage"].to_pylist() == [0.5, 1, 1, 1, 1]
    assert result.rows["coverage"].to_pylist() == [0.5, 1, 1, 1, 0]
    assert result.rows["state"].to_pylist() == ["lost", "complete", "complete", "complete", "lost"]
    alike = lake.ask(["commits", "authors"], **WINDOW)
    assert alike.rows.column_names == ["period", "commits", "authors", "coverage", "is_provisional", "state"]


def test_the_first_one_ranks(lake: LakeOf) -> None:
    rows = lake.ask(["launches", "repos"], grain="total", by="origin", top=1, **WINDOW).to_dicts()
    assert [(row["origin"], row["launches"], row["repos"]) for row in rows] == [("ovh", 8, 2), ("other", 9, 2)]
    rows = lake.ask(["repos", "launches"], grain="total", by="repo", top=1, **WINDOW).to_dicts()
    assert [(row["repo"], row["repos"]) for row in rows] == [("a/b", 1), ("other", 2)]


def test_choices_of_policies(lake: LakeOf) -> None:
    """A choice holds for each metric that has the policy; METRIC.POLICY for one."""
    result = lake.ask(["commits", "people_commits"], grain="total", **WINDOW)
    assert result.policies == {"robots": "excluded"}
    assert result.to_dicts()[0]["people_commits"] == 6
    result = lake.ask(
        ["commits", "people_commits"], grain="total", policies={"people_commits.robots": "included"}, **WINDOW
    )
    assert result.to_dicts()[0]["people_commits"] == 7
    assert result.only("people_commits").policies == {"robots": "included"}
    with pytest.raises(
        UnknownNameError, match=r"unknown policy of launches and commits 'robots'; did you mean|; valid: hosts"
    ):
        lake.ask(["launches", "commits"], policies={"robots": "included"})


def test_asked_again_it_is_the_same(lake: LakeOf) -> None:
    first = lake.ask(["people_commits", "commits"], grain="month", **WINDOW)
    question = {name: value for name, value in first.question.items() if name != "metric"}
    assert lake.ask(first.question["metric"], **question).rows == first.rows


@pytest.mark.parametrize(
    ("metrics", "asked", "sentence"),
    [
        ([], {}, "no metric was given"),
        (["launches", "lunches"], {}, "unknown metric 'lunches'; did you mean 'launches'"),
        (["commits", "launches"], {"by": "author"}, "unknown dimension of launches 'author'"),
        (
            ["commits", "launches"],
            {"where": "author=ada"},
            "unknown dimension of commits and launches 'author'; valid: repo",
        ),
        (["commits", "users"], {"cumulative": True}, "users is a level"),
        (["launches", "views"], {"grain": "hour"}, "views is known by day, not by hour"),
    ],
)
def test_what_is_not_possible_for_all_says_for_which(
    lake: LakeOf, metrics: list[str], asked: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((QueryError, UnknownNameError), match=sentence):
        lake.ask(metrics, **asked)


def test_one_is_asked_once(lake: LakeOf) -> None:
    assert lake.ask(["commits", "commits"], **WINDOW).rows.column_names[1:3] == ["commits", "coverage"]


class TestFaces:
    @pytest.fixture
    def result(self, lake: LakeOf) -> Result:
        return lake.ask(["launches", "commits"], **WINDOW)

    def test_csv(self, result: Result) -> None:
        head, first, *_ = csv.reader(result.to_csv().splitlines())
        assert head == ["period", "launches", "commits", "launches_coverage", "commits_coverage", "coverage", "state"]
        assert first == ["2021-02-01", "12", "1", "1", "0.5", "0.5", "lost"]

    def test_json(self, result: Result) -> None:
        said = json.loads(result.to_json())
        assert said["question"]["metric"] == ["launches", "commits"]
        assert set(said["definition"]) == {"launches", "commits"}
        assert said["rows"][1]["commits"] == 5

    def test_frames_and_files(self, result: Result, tmp_path: Path) -> None:
        assert result.to_pandas()["commits"].tolist() == [1, 5, 0, 0, 1]
        result.save(tmp_path / "x.parquet")
        assert "and commits per day" in repr(result)
        assert "<table" in result._repr_html_()

    def test_terminal(self, result: Result) -> None:
        shown = result.draw()
        assert "Launches and commits per day" in shown
        assert "2021-02-02" in shown
        assert "commits: What commits counts." in shown

    def test_a_total_has_no_empty_column(self, lake: LakeOf) -> None:
        head, _, numbers, *_ = (
            line for line in lake.ask(["launches", "commits"], grain="total", **WINDOW).draw().splitlines()[3:]
        )
        assert head.split() == ["launches", "commits", "collected"]
        assert numbers.split()[:2] == ["17", "7"]
        by = lake.ask(["commits", "authors"], grain="total", by="repo", **WINDOW).draw().splitlines()
        assert by[3].split()[:3] == ["repo", "commits", "authors"]

    def test_charts_have_a_panel_each(self, result: Result) -> None:
        spec = result.chart().to_dict()
        assert [panel["title"]["text"] for panel in spec["vconcat"]] == ["Launches", "Commits"]
        assert picture(result).to_svg().startswith("<svg")
        page = picture(result).to_html()
        specs = json.loads(page.split('id="specs">')[1].split("</script>")[0])
        assert all("width" not in str(panel["layer"]) and "width" not in panel for panel in specs["light"]["vconcat"])

    def test_only_one_of_them(self, result: Result) -> None:
        assert result.only("commits").rows.column_names == ["period", "commits", "coverage", "is_provisional", "state"]
        with pytest.raises(UnknownNameError, match="unknown metric of this answer 'views'"):
            result.only("views")
