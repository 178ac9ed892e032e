"""The demonstration: its sample archive, and the whole way from nothing to answers and charts."""

from __future__ import annotations

import csv
import json
import re
import shlex
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import footfall
from footfall.demo import ARCHIVE, CHARTS, FILES, Question, find_repository, questions, run
from footfall.errors import SettingsError
from footfall.periods import Grain
from footfall.sources.binder.sample import FIRST_DAY, VERSIONS, write_sample_archive
from footfall.sources.files.sample import PACKAGE, write_sample_files
from histories import History
from workspaces import run as run_command

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for f in sorted(folder.glob("events-*.jsonl")) for line in f.read_text().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sample_archive(tmp_path / name, 3, 50, until=date(2025, 1, 1), seed=seed, repositories=100)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["events-2024-12-31.jsonl"] != contents(tmp_path / "c")["events-2024-12-31.jsonl"]


def test_a_later_call_adds_days_and_leaves_the_old_files_untouched(tmp_path: Path) -> None:
    write_sample_archive(tmp_path, 3, 50, until=date(2025, 1, 1), repositories=100)
    before = {f.name: f.stat().st_mtime_ns for f in tmp_path.glob("events-*")}
    write_sample_archive(tmp_path, 4, 50, until=date(2025, 1, 2), repositories=100)
    after = {f.name: f.stat().st_mtime_ns for f in tmp_path.glob("events-*")}
    assert before.items() < after.items()
    assert set(after) - set(before) == {"events-2025-01-01.jsonl"}


def test_the_index_lists_every_day_with_its_count_and_holes_are_not_there(tmp_path: Path) -> None:
    hole = date(2024, 12, 30)
    total = write_sample_archive(tmp_path, 4, 50, until=date(2025, 1, 1), repositories=100, holes=[hole])
    index = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert [entry["date"] for entry in index] == ["2024-12-28", "2024-12-29", "2024-12-31"]
    for entry in index:
        assert int(entry["count"]) == len((tmp_path / entry["name"]).read_text().splitlines())
    assert total == sum(int(entry["count"]) for entry in index)
    assert "is made up" in (tmp_path / "SAMPLE.txt").read_text()


def test_every_day_has_exactly_the_number_asked_without_rhythm(tmp_path: Path) -> None:
    write_sample_archive(tmp_path, 5, 70, until=date(2025, 1, 1), repositories=100, has_rhythm=False)
    assert {len(f.read_text().splitlines()) for f in tmp_path.glob("events-*")} == {70}


@pytest.mark.parametrize(("version", "since"), VERSIONS)
def test_each_schema_version_has_its_keys_from_its_day_on(tmp_path: Path, version: int, since: date) -> None:
    write_sample_archive(tmp_path, 2, 200, until=since + timedelta(days=2), repositories=100, has_rhythm=False)
    first, second = (
        [json.loads(line) for line in f.read_text().splitlines()] for f in sorted(tmp_path.glob("events-*"))
    )
    assert {e["version"] for e in second} == {version}
    assert {e["version"] for e in first} == ({version - 1, version} if version > 1 else {1})
    for event in first + second:
        number = event["version"]
        assert event["schema"] == "binderhub.jupyter.org/launch"
        assert ("origin" in event, "ref" in event) == (number >= 3, number >= 4)
        assert ("build_token" in event, "request_origin" in event) == (number >= 5, number >= 6)


def test_repositories_are_skewed_providers_realistic_and_key_order_varies(tmp_path: Path) -> None:
    write_sample_archive(tmp_path, 20, 500, until=date(2026, 5, 1), repositories=2000)
    events = read(tmp_path)
    providers = Counter(e["provider"] for e in events)
    specs = [n for _, n in Counter(e["spec"] for e in events).most_common()]
    assert providers["GitHub"] / len(events) > 0.9
    assert {"Gist", "GitLab", "Git"} <= set(providers)
    assert sum(specs[: len(specs) // 10]) > 0.5 * len(events)
    assert len({tuple(e) for e in events}) >= 3
    assert len({e["origin"] for e in events}) >= 3
    assert {str(e["timestamp"])[-6:] for e in events} >= {"+00:00"}


def test_weekends_are_quiet(tmp_path: Path) -> None:
    write_sample_archive(tmp_path, 28, 300, until=date(2026, 5, 4), repositories=100)
    by_day = {f.stem[7:]: len(f.read_text().splitlines()) for f in tmp_path.glob("events-*")}
    weekend = [n for day, n in by_day.items() if date.fromisoformat(day).weekday() >= 5]
    workdays = [n for day, n in by_day.items() if date.fromisoformat(day).weekday() < 5]
    assert max(weekend) < min(workdays)


def test_the_archive_cannot_begin_before_the_real_one_did(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="begins on 2018-11-03"):
        write_sample_archive(tmp_path, 2, 10, until=FIRST_DAY + timedelta(days=1))


def test_three_million_events_take_seconds(tmp_path: Path) -> None:
    """300,000 here, a tenth; the promise is 15 s for all on a free machine."""
    started = time.process_time()
    write_sample_archive(tmp_path, 12, 25_000, until=date(2025, 1, 1))
    assert time.process_time() - started < 3


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demonstration ran, next to a real history: whole, as users run it, for 10 s of this module's time."""
    root = tmp_path_factory.mktemp("demo")
    history = History.new(root / "project")
    for day in ("2025-11-05", "2026-01-20", "2026-02-05"):
        history.commit(f"{day}T12:00+00:00")
    history.write()
    run(root / "demo", now=lambda: NOW, here=root / "project")
    return root


def test_the_demonstration_leaves_answers_and_charts_said_to_be_sample_data(demonstrated: Path) -> None:
    charts = demonstrated / "demo" / CHARTS
    assert {f.name for f in charts.iterdir()} == {
        f"{name}.{suffix}"
        for name in (
            "authors-who-came-back",
            "commits-by-month",
            "launches-by-federation",
            "launches-by-federation-stacked",
            "repositories-launched-again",
        )
        for suffix in ("html", "png")
    }
    assert all(f.read_bytes().startswith(b"\x89PNG") for f in charts.glob("*.png"))
    assert "sample data" in (charts / "launches-by-federation.html").read_text()
    assert "sample data" not in (charts / "commits-by-month.html").read_text()
    workspace = footfall.open(demonstrated / "demo", now=lambda: NOW)
    assert any("sample data" in note for note in workspace.query("launches").notes)
    assert not any("sample data" in note for note in workspace.query("commits").notes)


def test_its_answers_are_the_archives_own_count(demonstrated: Path) -> None:
    workspace = footfall.open(demonstrated / "demo", now=lambda: NOW)
    events = [e for e in read(demonstrated / "demo" / ARCHIVE) if str(e["timestamp"]).startswith("2025")]
    asked = {q.title: q for q in questions(NOW) if isinstance(q, Question)}
    total = asked["How many launches were there in 2025?"].ask(workspace)
    assert total.rows["launches"].to_pylist() == [len(events)]
    by_provider = asked["Where are the repositories?"].ask(workspace).rows.to_pylist()
    assert {row["provider"]: row["launches"] for row in by_provider} == Counter(e["provider"] for e in events)
    commits = asked["How many commits per month?"].ask(workspace).rows
    assert sum(commits["commits"].to_pylist()) == 3


def test_installs_traffic_and_hubs_are_the_files_own_count(demonstrated: Path) -> None:
    workspace = footfall.open(demonstrated / "demo", now=lambda: NOW)
    with (demonstrated / "demo" / FILES / "installs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["day"].startswith("2025")]
        of_2025 = [int(row["installs"]) for row in rows]
    answer = workspace.query("installs", grain="total", since="2025", until="2026")
    assert answer.rows["installs"].to_pylist() == [sum(of_2025)]
    assert Counter(row["project"] for row in rows)[PACKAGE] == 365
    assert any("sample data" in note for note in workspace.query("hub_users").notes)
    assert "sample data" in workspace.project(PACKAGE).draw(width=80)


def test_made_up_users_are_marked_as_their_files_say(demonstrated: Path) -> None:
    workspace = footfall.open(demonstrated / "demo", now=lambda: NOW)
    with (demonstrated / "demo" / FILES / "sample_active.csv").open(newline="") as file:
        active = {(row["user"], row["day"]) for row in csv.DictReader(file)}
    day = f"{NOW - timedelta(days=8):%Y-%m-%d}"
    assert len(workspace.event("sample_active").day(day)) == len({user for user, on in active if on == day}) > 10
    funnel = workspace.funnel("sample_signed_up", "sample_active", "sample_paid", within="60d")
    assert funnel.counts == sorted(funnel.counts, reverse=True)
    assert funnel.counts[2] > 0
    with (demonstrated / "demo" / FILES / "sample_signed_up.csv").open(newline="") as file:
        joined = [row["user"] for row in csv.DictReader(file)]
    assert len(joined) == len(set(joined)) > 500


def test_sample_files_are_made_of_their_dates(tmp_path: Path) -> None:
    write_sample_files(tmp_path / "a", 10, until=date(2026, 1, 10))
    write_sample_files(tmp_path / "b", 12, until=date(2026, 1, 12))
    for name in ("installs", "traffic", "hub_users"):
        first, second = ((tmp_path / each / f"{name}.csv").read_text() for each in "ab")
        assert second.startswith(first)
    assert "is made up" in (tmp_path / "a" / "SAMPLE.txt").read_text()


def test_who_came_back_says_where_the_data_is_from(demonstrated: Path) -> None:
    workspace = footfall.open(demonstrated / "demo", now=lambda: NOW)
    assert "sample data" in workspace.cohort("binder_launch", "binder_launch").notes[0]
    assert not workspace.cohort("commit_author", "commit_author").notes
    charts = demonstrated / "demo" / "charts"
    assert "sample data" in (charts / "repositories-launched-again.html").read_text()
    assert "sample data" not in (charts / "authors-who-came-back.html").read_text()


def test_every_command_it_shows_can_be_typed(demonstrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for question in questions(NOW):
        if not question.chart:
            words = shlex.split(question.command)[1:]
            done = run_command(capsys, "-w", demonstrated / "demo", *words, "-f", "csv")
            assert done.code == 0
            assert all(line.startswith("footfall: ") for line in done.err.splitlines())
            assert done.out.startswith(("period,", "metric,span,period,"))


def test_running_it_again_on_a_later_day_adds_only_what_is_new(
    demonstrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (demonstrated / "demo" / "footfall.toml").read_bytes()
    run(demonstrated / "demo", now=lambda: NOW + timedelta(days=2), here=demonstrated / "project")
    out = capsys.readouterr().out
    line = next(line for line in out.splitlines() if line.split()[:1] == ["binder"])
    complete = int(line.split()[1])
    assert 2 <= complete <= 4
    assert (demonstrated / "demo" / "footfall.toml").read_bytes() == settings


def test_a_workspace_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text('lake = "mine"\n')
    with pytest.raises(SettingsError, match="of your own"):
        run(tmp_path, now=lambda: NOW)
    assert [f.name for f in tmp_path.iterdir()] == ["footfall.toml"]


def test_a_folder_with_files_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SettingsError, match="is not empty; name a new or an empty folder"):
        run(tmp_path, now=lambda: NOW)
    assert [f.name for f in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_young_history_is_shown_by_the_day() -> None:
    young = [q.command for q in questions(NOW, Grain.DAY) if isinstance(q, Question) and q.metric == "commits"]
    assert young == [
        "footfall query commits --grain day",
        "footfall chart commits --grain day -o charts/commits-by-day.png",
    ]


def test_a_repository_counts_only_with_commits(tmp_path: Path) -> None:
    History.new(tmp_path / "empty")
    full = History.new(tmp_path / "full")
    full.commit("2026-01-01T00:00+00:00")
    full.write()
    (tmp_path / "full" / "deep").mkdir()
    assert find_repository(tmp_path / "empty") is None
    assert find_repository(tmp_path / "empty", tmp_path / "full" / "deep") == tmp_path / "full"


def test_commands_name_every_option_of_the_question() -> None:
    stacked = next(q for q in questions(NOW) if isinstance(q, Question) and q.is_stacked)
    assert stacked.command == (
        "footfall chart launches --by federation --rolling 7 --last 365 --stacked -o charts/launches-by-federation-stacked.png"
    )
    assert all(re.fullmatch(r"footfall (query|chart|cohort|project) .+", q.command) for q in questions(NOW))
