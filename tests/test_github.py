"""The GitHub source against a GitHub of our own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import SettingsError
from footfall.ledger import Status
from github_workspaces import DAY, START, Watched, counts, repository
from githubs import Commit

TODAY = START.date()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "here", repository(7, "a/b"), repository(8, "a/c"))


def test_everything_is_collected(watched: Watched) -> None:
    watched.succeed()
    truth = watched.github.repositories[0]
    given = [TODAY - n * DAY for n in range(1, 14)]
    assert watched.values("views", since=f"{given[-1]}")["a/b"] == sum(truth.views[day][0] for day in given)
    assert watched.values("stars") == {"a/b": 4, "a/c": 4}
    assert watched.values("forks") == {"a/b": 2, "a/c": 2}
    assert watched.values("commits") == {"a/b": 5, "a/c": 5}
    assert watched.values("workflow_runs") == {"a/b": 9, "a/c": 9}
    assert watched.values("authors") == {"a/b": 1, "a/c": 1}
    assert watched.values("release_downloads", cumulative=True, grain="day", last=1) == {"a/b": 100, "a/c": 100}


def test_a_second_run_sends_no_body_again(watched: Watched) -> None:
    watched.succeed()
    watched.succeed()  # which asks for the workflow runs of fewer days
    sent = watched.github.bytes_sent
    watched.succeed()
    assert watched.github.bytes_sent == sent


def test_the_oldest_day_that_shrinks_is_no_news(watched: Watched) -> None:
    watched.set(collect=["views"])
    watched.succeed()
    oldest = TODAY - 13 * DAY
    before = watched.values("views", by="", grain="day", since=f"{oldest}", until=f"{oldest + DAY}")
    watched.pass_days(0.4)
    assert watched.succeed().rows == 0
    assert watched.values("views", by="", grain="day", since=f"{oldest}", until=f"{oldest + DAY}") == before


def test_a_day_is_provisional_until_it_is_out_of_reach(watched: Watched) -> None:
    watched.set(collect=["views"])
    watched.succeed()
    last = f"{TODAY - DAY}"
    asked = {"since": last, "until": f"{TODAY}", "where": ["repo=a/b"]}
    assert watched.ask("views", **asked).rows["state"].to_pylist() == ["provisional"]
    watched.pass_days(15)
    assert watched.ask("views", **asked).rows["state"].to_pylist() == ["complete"]


class TestDays:
    def test_a_fresh_repository_without_a_view(self, tmp_path: Path) -> None:
        here = Watched(
            tmp_path, repository(7, "a/b", views={}, clones={}, created_at=START - 9 * DAY), collect=["views"]
        )
        here.github.replayed["/repos/a/b/traffic/views"] = {"count": 0, "uniques": 0, "views": []}
        for _ in range(3):
            here.succeed()
            here.pass_days()
        result = here.ask("views", since=f"{TODAY - 5 * DAY}", until=f"{TODAY - 3 * DAY}")
        assert result.rows["views"].to_pylist() == [0, 0]
        assert result.coverage == 1

    def test_nothing_before_it_was_created_is_zero(self, tmp_path: Path) -> None:
        here = Watched(
            tmp_path, repository(7, "a/b", created_at=START - 3 * DAY, views=counts(TODAY, 4)), collect=["views"]
        )
        here.succeed()
        rows = here.ask("views", since=f"{TODAY - 6 * DAY}", until=f"{TODAY}").rows.to_pylist()
        assert [row["views"] for row in rows][:3] == [None, None, None]
        assert rows[3]["views"] > 0

    def test_days_that_vanish_and_come_back(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        gone = TODAY - 4 * DAY
        watched.succeed()
        before = watched.values("views", by="", grain="day", since=f"{TODAY - 10 * DAY}", until=f"{TODAY}")
        watched.github.vanished = {gone, gone + DAY}
        watched.pass_days(0.1)
        watched.succeed()
        assert watched.values("views", by="", grain="day", since=f"{TODAY - 10 * DAY}", until=f"{TODAY}") == before

    def test_a_day_that_no_repository_has_is_an_outage(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        gone = TODAY - 4 * DAY
        watched.github.vanished = {gone}
        watched.succeed()
        asked = {"since": f"{gone}", "until": f"{gone + DAY}"}
        result = watched.ask("views", **asked)
        assert result.rows["views"].to_pylist() == [None]
        assert any("statistics are delayed" in note for note in result.notes)
        watched.github.vanished = set()
        watched.pass_days(0.1)
        watched.succeed()
        truth = sum(each.views[gone][0] for each in watched.github.repositories)
        assert watched.ask("views", **asked).rows["views"].to_pylist() == [truth]

    def test_a_standstill(self, watched: Watched) -> None:
        """The window of 14 days stops with it, so that days before it are not lost as soon as the clock says."""
        watched.set(collect=["views"])
        watched.github.frozen_at = TODAY - 2 * DAY
        watched.pass_days(6)
        watched.succeed()
        asked = {"since": f"{TODAY - DAY}", "until": f"{TODAY}", "where": ["repo=a/b"]}
        assert any("are delayed" in note for note in watched.ask("views", **asked).notes)
        assert watched.values("views", since=f"{TODAY - 10 * DAY}", until=f"{TODAY - DAY}")["a/b"] > 0
        watched.github.frozen_at = None
        watched.succeed()
        truth = watched.github.repositories[0].views[TODAY - DAY][0]
        assert watched.ask("views", **asked).rows["views"].to_pylist() == [truth]

    def test_before_zeros_were_stated_a_day_left_out_is_zero(self, tmp_path: Path) -> None:
        now = datetime(2025, 11, 20, 12, tzinfo=UTC)
        views = counts(now.date())
        del views[now.date() - 3 * DAY]
        here = Watched(tmp_path, repository(7, "a/b", now, views=views), now=now, collect=["views"])
        here.succeed()
        rows = here.ask("views", last=5).rows.to_pylist()
        assert [row["views"] for row in rows][1] == 0
        assert rows[-1]["views"] == views[now.date()][0]
        assert rows[-1]["state"] == "not_over"


class TestIdentity:
    def test_a_rename_goes_on(self, watched: Watched) -> None:
        watched.set(collect=["views", "commits"])
        watched.succeed()
        before = watched.values("views", since=f"{TODAY - 10 * DAY}", until=f"{TODAY - 5 * DAY}")
        watched.github.rename("a/b", "new/b")
        summary = watched.succeed()
        assert any("a/b is now called new/b" in note.reason for note in summary.notes)
        after = watched.values("views", since=f"{TODAY - 10 * DAY}", until=f"{TODAY - 5 * DAY}")
        assert after == {"new/b": before["a/b"], "a/c": before["a/c"]}
        assert watched.values("views", where=["repo=a/b"]).keys() == {"new/b"}
        assert watched.values("commits") == {"new/b": 5, "a/c": 5}

    def test_a_name_made_anew_is_another_repository(self, watched: Watched) -> None:
        watched.set(collect=["stars"])
        watched.succeed()
        watched.github.repositories[0] = repository(99, "a/b", stars=Counter({TODAY: 1}), created_at=START - DAY)
        watched.pass_days(0.1)
        summary = watched.succeed()
        said = [note.reason for note in summary.notes if "another repository now has the name" in note.reason]
        assert len(said) == 1
        assert watched.values("stars") == {"a/b": 1, "a/b (id 7)": 4, "a/c": 4}
        watched.pass_days(0.1)
        assert not [note for note in watched.succeed().notes if "another repository" in note.reason]
        growth = watched.ask("stars", by=["repo"], grain="day", last=2, where=["repo=a/b"]).rows["stars"].to_pylist()
        assert growth == [0, 1]

    def test_a_repository_that_is_gone_keeps_what_it_had(self, watched: Watched) -> None:
        watched.set(collect=["stars"])
        watched.succeed()
        watched.github.repositories.pop(0)
        summary = watched.collect()
        assert summary.failed == 1
        assert "deleted, or is private" in next(note.reason for note in summary.notes)
        assert watched.values("stars") == {"a/b": 4, "a/c": 4}

    def test_one_that_is_no_longer_asked_for_is_retired_once(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        watched.succeed()
        watched.set(repositories=["a/c"])
        assert watched.succeed().outcomes[Status.RETIRED] > 0
        watched.pass_days(0.1)
        assert watched.succeed().outcomes[Status.RETIRED] == 0
        result = watched.ask("views", where=["repo=a/b"], last=3)
        assert any("No longer collected: a/b" in note for note in result.notes)

    def test_all_of_an_owner_but_forks(self, tmp_path: Path) -> None:
        repos = [*(repository(n, f"a/r{n:03}") for n in range(1, 121)), repository(200, "a/copy", is_fork=True)]
        here = Watched(tmp_path, *repos, repositories=["a/*"], collect=["views"])
        here.succeed()
        assert len(here.values("views")) == 120

    def test_all_of_a_user(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), repositories=["a/*"], collect=["views"])
        here.github.is_organisation = False
        here.succeed()
        assert here.values("views").keys() == {"a/b"}

    def test_all_of_a_topic(self, tmp_path: Path) -> None:
        repos = repository(7, "a/b", topics=("binder",)), repository(8, "x/y", topics=("binder",)), repository(9, "x/z")
        here = Watched(tmp_path, *repos, repositories=["topic:binder", "x/y"], collect=["views"])
        here.succeed()
        assert here.values("views").keys() == {"a/b", "x/y"}

    def test_a_prefix_finds_the_names_of_now(self, watched: Watched) -> None:
        watched.set(collect=["stars"])
        watched.github.rename("a/b", "z/b")
        watched.succeed()
        assert watched.values("stars", where=["repo=z/*"]) == {"z/b": 4}


class TestHistories:
    def test_a_star_that_is_taken_back_leaves_its_day(self, watched: Watched) -> None:
        watched.set(collect=["stars"])
        watched.succeed()
        known_at = watched.now
        watched.pass_days(0.1)
        stars = watched.github.repositories[0].stars
        del stars[TODAY - 2 * DAY]
        watched.succeed()
        assert watched.values("stars", where=["repo=a/b"]) == {"a/b": 3}
        assert watched.values("stars", where=["repo=a/b"], as_of=known_at + timedelta(minutes=1)) == {"a/b": 4}

    def test_only_what_is_new_is_asked(self, tmp_path: Path) -> None:
        stars = Counter({TODAY - n * DAY: 1 for n in range(2_000)})
        here = Watched(tmp_path, repository(7, "a/b", stars=stars, created_at=START - 2_000 * DAY), collect=["stars"])
        here.succeed()
        assert here.values("stars") == {"a/b": 2_000}
        here.github.asked.clear()
        here.succeed()
        assert not [asked for asked in here.github.asked if "stargazers" in asked]
        stars[TODAY] += 5
        here.succeed()
        assert here.values("stars") == {"a/b": 2_005}
        assert len([asked for asked in here.github.asked if "stargazers" in asked]) == 1

    def test_an_older_star_taken_back_is_found(self, tmp_path: Path) -> None:
        stars = Counter({TODAY - n * DAY: 1 for n in range(2_000)})
        here = Watched(tmp_path, repository(7, "a/b", stars=stars, created_at=START - 2_000 * DAY), collect=["stars"])
        here.succeed()
        del stars[TODAY - 1_900 * DAY]
        here.pass_days(0.1)
        here.succeed()
        day = TODAY - 1_900 * DAY
        assert here.values("stars", since=f"{day}", until=f"{day + DAY}") == {"a/b": 0}
        assert here.values("stars") == {"a/b": 1_999}

    def test_from_the_list_where_there_is_no_history(self, watched: Watched) -> None:
        watched.set(collect=["stars"])
        watched.github.has_history = False
        watched.succeed()
        assert watched.values("stars") == {"a/b": 4, "a/c": 4}

    def test_a_number_that_does_not_agree_is_said(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b", hides_stars=True), collect=["stars"])
        notes = [(note.scope, note.reason) for note in here.succeed().notes]
        assert ("a/b", "GitHub shows 7 stars and gives the days of 4") in notes


class TestReleases:
    def gains(self, here: Watched) -> int:
        return int(here.values("release_downloads", where=["repo=a/b"])["a/b"])

    def test_an_asset_uploaded_again_is_another_one(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=["releases"])
        assets = here.github.repositories[0].assets
        here.succeed()
        here.pass_days()
        assets["v1"] = [(71, "tool.zip", START - 40 * DAY, 130)]
        here.succeed()
        assert self.gains(here) == 30
        here.pass_days()
        here.succeed()
        here.pass_days(2)
        assets["v1"] = [(72, "tool.zip", here.now - DAY, 4)]
        here.succeed()
        here.pass_days()
        assets["v1"] = [(72, "tool.zip", here.now - 2 * DAY, 9)]
        here.succeed()
        assert self.gains(here) == 30 + 9

    def test_a_file_newer_than_the_last_reading_began_with_none(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=["releases"])
        here.succeed()
        here.pass_days(1.2)
        here.github.repositories[0].assets["v1"].append((75, "more.zip", here.now - timedelta(hours=4), 6))
        here.succeed()
        assert self.gains(here) == 6

    def test_releases_are_annotations(self, watched: Watched) -> None:
        watched.set(collect=["views", "releases"])
        watched.succeed()
        result = watched.ask("views", since="2026", where=["repo=a/b"])
        assert [str(each) for each in result.annotations] == ["2026-01-29T12:30Z: release, Release v1 (a/b)"]


class TestCommits:
    def more(self, here: Watched, *commits: Commit) -> None:
        here.github.repositories[0].commits += commits

    def test_new_commits_with_old_dates_count_once(self, watched: Watched) -> None:
        watched.set(collect=["commits"])
        watched.succeed()
        self.more(
            watched, Commit("f" * 40, START - 8 * DAY, START - 8 * DAY), Commit("e" * 40, START, START, parents=2)
        )
        watched.pass_days(0.1)
        watched.succeed()
        assert watched.values("commits", where=["repo=a/b"]) == {"a/b": 7}
        assert watched.values("commits", where=["repo=a/b"], policies={"merges": "excluded"}) == {"a/b": 6}

    def test_a_rewritten_history_is_stated_again(self, watched: Watched) -> None:
        watched.set(collect=["commits"])
        watched.succeed()
        repo = watched.github.repositories[0]
        repo.commits = [Commit(f"b{n:039}", START - n * DAY, START - n * DAY) for n in (3, 2)]
        watched.pass_days(0.1)
        summary = watched.succeed()
        assert "its history was rewritten" in [note.reason for note in summary.notes]
        assert watched.values("commits", where=["repo=a/b"]) == {"a/b": 2}

    def test_a_commit_counts_on_its_committer_date(self, tmp_path: Path) -> None:
        """It was written on one day and rebased on another: it stands in one of them, and is found by that one."""
        written, committed = datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
        here = Watched(
            tmp_path, repository(7, "a/b", commits=[Commit("a" * 40, written, committed)]), collect=["commits"]
        )
        here.succeed()
        assert here.values("commits", by="", grain="month", since="2026-02", until="2026-04") == {
            date(2026, 2, 1): 0,
            date(2026, 3, 1): 1,
        }

    def test_an_empty_repository_has_none(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b", commits=[]), collect=["commits"])
        here.succeed()
        assert here.ask("commits", last=2).rows["commits"].to_pylist() == [0, 0]

    def test_bots_are_no_authors(self, watched: Watched) -> None:
        watched.set(collect=["commits"])
        self.more(
            watched,
            Commit(
                "f" * 40, START - DAY, START - DAY, "renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"
            ),
        )
        watched.succeed()
        assert watched.values("authors", where=["repo=a/b"]) == {"a/b": 1}
        assert watched.values("commits", where=["repo=a/b"]) == {"a/b": 6}


def test_popular_pages_are_spans_and_no_days(watched: Watched) -> None:
    watched.set(collect=["paths", "referrers"])
    watched.succeed()
    whole = watched.ask("path_views", grain="total", since=f"{TODAY - 14 * DAY}", until=f"{TODAY}", by=["path"])
    assert whole.rows.to_pylist()[0]["path_views"] == 9
    day = watched.ask("path_views", since=f"{TODAY - 2 * DAY}", until=f"{TODAY - DAY}", where=["path=/a/b"])
    row = day.rows.to_pylist()[0]
    assert (row["path_views"], row["path_views_least"], row["path_views_most"]) == (None, 0, 9)
    assert watched.ask(
        "referrer_uniques", grain="total", since=f"{TODAY - 14 * DAY}", until=f"{TODAY}", where=["repo=a/b"]
    ).rows["referrer_uniques"].to_pylist() == [2]


def test_uniques_are_never_added(watched: Watched) -> None:
    watched.set(collect=["views"])
    watched.succeed()
    asked = {"grain": "total", "since": f"{TODAY - 3 * DAY}", "until": f"{TODAY - DAY}", "where": ["repo=a/b"]}
    row = watched.ask("view_uniques", **asked).rows.to_pylist()[0]
    truth = [watched.github.repositories[0].views[TODAY - n * DAY][1] for n in (2, 3)]
    assert (row["view_uniques"], row["view_uniques_least"], row["view_uniques_most"]) == (None, max(truth), sum(truth))


def test_clones_are_explained_by_workflow_runs(tmp_path: Path) -> None:
    days = [TODAY - n * DAY for n in range(5, 0, -1)]
    clones = dict(zip(days, [(17, 9), (155, 9), (10, 9), (30, 9), (189, 9)], strict=True))
    runs = [START - 4 * DAY] * 76 + [START - DAY] * 73
    here = Watched(tmp_path, repository(7, "a/b", clones=clones, runs=runs), collect=["clones", "workflow_runs"])
    here.succeed()
    rows = here.ask("clones", "workflow_runs", since=f"{days[0]}", until=f"{TODAY}").rows.to_pylist()
    assert [(row["clones"], row["workflow_runs"]) for row in rows] == [(17, 0), (155, 76), (10, 0), (30, 0), (189, 73)]


def test_more_runs_than_a_list_has(tmp_path: Path) -> None:
    runs = [START - timedelta(hours=n % 40) for n in range(1_500)]
    here = Watched(tmp_path, repository(7, "a/b", runs=runs), collect=["workflow_runs"])
    here.succeed()
    assert here.values("workflow_runs") == {"a/b": 1_500}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"repositories": ["a"]}, 'write "owner/name"'),
        ({"repositories": []}, "must not be empty"),
        ({"api": "api.github.com"}, "write an address"),
        ({"collect": ["vews"]}, "views"),
        ({"app": {"id": "1", "key": "x"}}, "replaces `token` and `tokens`"),
        ({"tokens": {"A": "x", "a": "y"}}, "names an owner twice"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    here = Watched(tmp_path, repository(7, "a/b"), **settings)
    with here.open() as opened, pytest.raises(SettingsError, match=said):
        _ = opened.sources
