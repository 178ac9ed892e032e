"""Archives of other tools' views, clones, stars and forks, taken into a workspace that collects GitHub."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest

import footfall
from workspaces import Ran, run

SETTINGS = '[sources.github]\nrepositories = ["a/b"]\ntoken = "x"\n'
HEADER = "time_iso8601,clones_total,clones_unique,views_total,views_unique\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "footfall.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def days(folder: Path, *metrics: str) -> dict[date, tuple[int | None, ...]]:
    with footfall.open(folder) as ff:
        rows = ff.query(list(metrics), since="2026-06-01", until="2026-06-06", where=["repo=a/b"]).rows.to_pylist()
    return {row["period"].date(): tuple(row[metric] for metric in metrics) for row in rows}


def taken(capsys: pytest.CaptureFixture[str], kind: str, path: str, *more: str) -> Ran:
    done = run(capsys, "import", kind, path, *more)
    assert (done.code, done.err) == (0, "")
    return done


def test_an_aggregate_alone_is_enough_and_an_empty_cell_is_not_zero(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ghrs-data").mkdir()
    lines = ["2026-06-01 00:00:00+00:00,3.0,2.0,10,4", "2026-06-02 00:00:00+00:00,,,0,0", "2026-06-04,1,1,7,7"]
    (folder / "ghrs-data" / "views_clones_aggregate.csv").write_text(HEADER + "\n".join(lines), encoding="utf-8")
    done = taken(capsys, "github-repo-stats", "ghrs-data", "--repo", "a/b", "--id", "7")
    assert done.out == "Imported 3 days of views and 2 days of clones.\n"
    assert days(folder, "views", "view_uniques", "clones") == {
        date(2026, 6, 1): (10, 4, 3),
        date(2026, 6, 2): (0, 0, None),
        date(2026, 6, 3): (None, None, None),
        date(2026, 6, 4): (7, 7, 1),
        date(2026, 6, 5): (None, None, None),
    }
    again = taken(capsys, "github-repo-stats", "ghrs-data", "--repo", "A/B")
    assert again.out.startswith("Nothing new")


def test_stars_and_forks_come_by_the_day_on_which_they_were_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "stars.csv").write_text(
        "time_iso8601,stars_cumulative\n2026-05-30 17:41:02+00:00,1\n2026-06-01 09:00:00+00:00,2\n2026-06-01 23:30:00-01:00,3\n",
        encoding="utf-8",
    )
    assert taken(capsys, "github-repo-stats", "stars.csv", "--repo", "a/b", "--id", "7").out == "Imported stars.\n"
    assert [day for day, (stars,) in days(folder, "stars").items() if stars] == [date(2026, 6, 1), date(2026, 6, 2)]
    assert taken(capsys, "github-repo-stats", "stars.csv", "--repo", "a/b").out.startswith("Nothing new")


def test_of_two_archives_the_larger_number_of_each_day_stands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "views.csv").write_text("_date,total_views,unique_views\n2026-06-01,10,2\n2026-06-02,5,5\n")
    body = [{"timestamp": "2026-06-01T00:00:00Z", "count": 8, "uniques": 3}]
    (folder / "traffic_views.json").write_text(json.dumps({"count": 8, "uniques": 3, "views": body}))
    taken(capsys, "repository-traffic-action", ".", "--repo", "a/b", "--id", "7")
    taken(capsys, "traffic-to-badge", ".", "--repo", "a/b")
    found = days(folder, "views", "view_uniques")
    assert (found[date(2026, 6, 1)], found[date(2026, 6, 2)]) == ((10, 3), (5, 5))


def test_ghstats_and_velocirepo_say_which_repository_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(folder / "gh.db") as database:
        database.execute("CREATE TABLE repos (id INTEGER PRIMARY KEY, name TEXT)")
        database.execute(
            "CREATE TABLE repo_stats (repo_id INTEGER, date TEXT, stars INTEGER, clones_count INTEGER, "
            "clones_uniques INTEGER, views_count INTEGER, views_uniques INTEGER)"
        )
        database.execute("INSERT INTO repos VALUES (7, 'a/b'), (8, 'a/c')")
        database.execute(
            "INSERT INTO repo_stats VALUES (7, '2026-06-01T00:00:00Z', 5, 0, 0, 9, 3), (8, '2026-06-01T00:00:00Z', 5, 1, 1, 2, 2)"
        )
    assert taken(capsys, "ghstats", "gh.db").out == "Imported 2 days of views and 1 day of clones.\n"
    file = folder / "data" / "metrics" / "github-traffic" / "b" / "2026-06-02.jsonl"
    file.parent.mkdir(parents=True)
    said = {"source": "github-traffic", "project_id": "b", "target": "a/b", "date": "2026-06-02"}
    records = [{**said, "metric": "daily_views", "value": 4}, {**said, "metric": "daily_unique_views", "value": 1}]
    file.write_text("".join(f"{json.dumps(each)}\n" for each in records))
    taken(capsys, "velocirepo", "data")
    found = days(folder, "views", "clones")
    assert (found[date(2026, 6, 1)], found[date(2026, 6, 2)]) == ((9, None), (4, None))


@pytest.mark.parametrize(
    ("kind", "name", "text", "said"),
    [
        ("github-repo-stats", "views_clones_aggregate.csv", HEADER + "2026-06-01,1,1,2,x\n", "line 2: views_unique is 'x'"),
        ("github-repo-stats", "views_clones_aggregate.csv", HEADER + "2026-06-01,1,1,2\n", "line 2: it has 4 cells"),
        ("github-repo-stats", "views_clones_aggregate.csv", HEADER + "2026-06-01T05:00Z,1,1,2,2\n", "midnight in UTC"),
        ("github-repo-stats", "views_clones_aggregate.csv", HEADER + "2036-06-01,1,1,2,2\n", "in the future"),
        ("github-repo-stats", "views_clones_aggregate.csv", HEADER, "has no days"),
        ("github-repo-stats", "stars.csv", "time_iso8601,stars_cumulative\n2026-06-01,2\n2026-06-02,1\n", "line 3: stars"),
        ("repository-traffic-action", "views.csv", "_date,total_views\n2026-06-01,1\n", "no column unique_views"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n2026-06-01,-1,1\n", "line 2: total_views"),
        ("traffic-to-badge", "views.json", '[{"timestamp": "2026-06-01", "count": 1.5, "uniques": 1}]', "record 1: count is 1.5"),
        ("traffic-to-badge", "views.json", "{", "line 1"),
        ("ghstats", "gh.db", "text", "not a database of ghstats"),
        ("velocirepo", "x.jsonl", '{"source": "github-traffic"}\n', "line 1: metric is None"),
        ("velocirepo", "x.jsonl", "[]\n", "line 1: it is not an object"),
        ("velocirepo", "x.jsonl", "[" * 9_000, "line 1: it is nested too deeply"),
        ("traffic-to-badge", "views.json", "[" * 9_000, "nested too deeply"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n2026-06-01,１２,1\n", "total_views is '１２'"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n2026-06-01,1_0,1\n", "total_views is '1_0'"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n2026-06-01,1e3,1\n", "total_views is '1e3'"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n0001-01-01,1,1\n", "before 2000"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n06/01/2026,1,1\n", "a day such as"),
        ("repository-traffic-action", "views.csv", "_date,total_views,unique_views\n20260601,1,1\n", "a day such as"),
        ("repository-traffic-action", "views.csv", "", "no column _date"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(
    folder: Path, kind: str, name: str, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    done = run(capsys, "import", kind, name, "--repo", "a/b", "--id", "7")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err
    assert not (folder / "lake").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("github-repo-stats", "nowhere", "--repo", "a/b", "--id", "7"), "nowhere has no views_clones_aggregate.csv"),
        (("ghstats", "nowhere"), "nowhere is not a file"),
        (
            ("repository-traffic-action", ".", "--repo", "a/b"),
            "id of a/b is not known here; run `footfall collect`",
        ),
        (("repository-traffic-action", "."), "add --repo OWNER/NAME"),
        (("repository-traffic-action", ".", "--repo", "a/b", "--id", "b"), "write digits"),
    ],
)
def test_a_repository_that_is_not_known_is_one_sentence(
    folder: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "views.csv").write_text("_date,total_views,unique_views\n2026-06-01,10,2\n", encoding="utf-8")
    done = run(capsys, "import", *words)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err


def test_without_the_source_there_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "footfall.toml").write_text("", encoding="utf-8")
    assert "[sources.github]" in run(capsys, "-w", tmp_path, "import", "ghstats", "x.db").err
