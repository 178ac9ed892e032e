"""The git source: real histories rebuilt, reading only what is new, and every fault that was thought of."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from batches import windows_of
from footfall.errors import SettingsError
from footfall.ledger import Status
from footfall.metrics import Fact
from footfall.periods import ALL_TIME, FAR_FUTURE, Window
from footfall.repositories import hosted_name, is_clone_address
from footfall.sources import installed_sources
from footfall.sources.git import COMMITS, METRICS, Git
from histories import ADA, NOW, Collected, History, dated, git, table_of

pytestmark = pytest.mark.slow

REAL = ("icesat2py_icepyx", "jupyterhub_binderhub", "jupyterhub_jupyterhub")


def rows_of(shared_data: Path, name: str) -> list[dict[str, str]]:
    """A real history, oldest first."""
    with gzip.open(shared_data / "git_commits" / f"{name}.csv.gz", "rt") as file:
        return list(csv.DictReader(file))[::-1]


def add(history: History, rows: list[dict[str, str]], before: list[str]) -> None:
    """Rebuild real commits on top of `before`, the names of those already there."""
    for row in rows:
        bot = "[bot]" if row["name_or_email_looks_like_bot"] == "1" else ""
        author = f"{row['author_name_hash']}{bot} <{row['author_email_hash'].upper()}@example.org>"
        parents = before[-1 : -1 - int(row["n_parents"]) : -1]
        before.append(
            history.commit(row["committer_date"], author=author, authored=row["author_date"], parents=parents)
        )
    history.write()


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.new(tmp_path / "project")


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return Collected(tmp_path, {"repositories": ["project"]})


class TestRealHistories:
    @pytest.mark.parametrize("name", REAL)
    def test_counts_authors_merges_bots_and_dates(
        self, shared_data: Path, history: History, collected: Collected, name: str
    ) -> None:
        real = rows_of(shared_data, name)
        add(history, real, [])
        collected.collect()

        assert collected.last.status is Status.COMPLETE
        assert collected.last.rows == len(collected.rows) == len(real)
        assert len(set(collected.shas())) == len(real)
        assert collected.authors() == {f"{r['author_email_hash']}@example.org" for r in real}
        assert sum(r["is_merge"] for r in collected.rows) == sum(int(r["n_parents"]) > 1 for r in real)
        assert sum(r["is_bot"] for r in collected.rows) == sum(r["name_or_email_looks_like_bot"] == "1" for r in real)
        moments = Counter(datetime.fromisoformat(r["committer_date"]).astimezone(UTC) for r in real)
        assert Counter(r["committed_at"] for r in collected.rows) == moments
        authored = Counter(datetime.fromisoformat(r["author_date"]).astimezone(UTC) for r in real)
        assert Counter(r["authored_at"] for r in collected.rows) == authored
        months: Counter[str] = Counter()
        for row in real:
            local = datetime.fromisoformat(row["committer_date"])
            months[f"{local - (local.utcoffset() or timedelta()):%Y-%m}"] += 1
        assert collected.months() == months

    def test_a_history_read_in_five_goes_equals_the_one_read_at_once(
        self, shared_data: Path, history: History, collected: Collected, tmp_path: Path
    ) -> None:
        real = rows_of(shared_data, "jupyterhub_binderhub")
        names: list[str] = []
        stated = []
        for start in range(0, len(real), 800):
            add(history, real[start : start + 800], names)
            (batch,) = collected.collect()
            stated.append(table_of(batch).num_rows)
        at_once = Collected(tmp_path, {"repositories": ["project"]})
        at_once.collect()
        assert collected.same(at_once)
        assert collected.last.rows == at_once.last.rows == len(real)
        assert sum(stated) < 1.2 * len(real), "only what is new is read, with the rest of its first day"

    def test_looks_at_a_repository_without_news_without_reading_it(
        self, shared_data: Path, history: History, collected: Collected
    ) -> None:
        add(history, rows_of(shared_data, "icesat2py_icepyx"), [])
        collected.collect()
        first = collected.last
        assert collected.collect() == []
        assert collected.last.rows == first.rows
        assert collected.last.covered_until == first.covered_until + timedelta(hours=1)


class TestReading:
    def test_keeps_the_whole_row(self, history: History, collected: Collected) -> None:
        history.commit(
            "2021-03-01T00:30:00+02:00", author="Ada <Ada@Example.org>", authored="2021-02-01T12:00:00-05:00"
        )
        history.write()
        (batch,) = collected.collect()
        assert collected.rows == [
            {
                "committed_at": datetime(2021, 2, 28, 22, 30, tzinfo=UTC),
                "repo": "project",
                "sha": history.head(),
                "author": "ada@example.org",
                "authored_at": datetime(2021, 2, 1, 17, tzinfo=UTC),
                "is_merge": False,
                "is_bot": False,
                "commits": 1,
            }
        ]
        assert windows_of(batch) == [ALL_TIME]
        (outcome,) = batch.outcomes
        assert outcome.offer.scope == "project"
        assert collected.last.window == ALL_TIME
        assert collected.last.covered_until == collected.now

    def test_one_new_commit_restates_only_its_days(self, history: History, collected: Collected) -> None:
        *_, last = [history.commit(at) for at in dated(range(100))]
        history.write()
        collected.collect()
        history.commit(next(dated([99])), parents=[last])
        history.write()
        (batch,) = collected.collect()
        assert windows_of(batch) == [Window(datetime(2020, 4, 9, tzinfo=UTC), FAR_FUTURE)]
        assert table_of(batch).num_rows == 2
        assert len(set(collected.shas())) == 101

    @pytest.mark.parametrize(
        ("name", "email"),
        [
            ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
            ("pre-commit-ci[bot]", "66853113+pre-commit-ci[bot]@users.noreply.github.com"),
            ("Renovate Bot", "bot@renovateapp.com"),
            ("pyup-bot", "github-bot@pyup.io"),
            ("GitHub Action", "action@github.com"),
            ("Dependabot", "support@dependabot.com"),
            ("anything", "1+imgbot[bot]@users.noreply.github.com"),
            ("Copilot", "198982749+Copilot@users.noreply.github.com"),
            ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com"),
            ("Claude", "noreply@anthropic.com"),
            ("Cursor Agent", "cursoragent@cursor.com"),
            ("ansibot", "ansibot@users.noreply.github.com"),
        ],
    )
    def test_knows_bots(self, history: History, collected: Collected, name: str, email: str) -> None:
        history.commit("2021-01-01T00:00Z", author=f"{name} <{email}>")
        history.write()
        collected.collect()
        assert collected.rows[0]["is_bot"] is True

    @pytest.mark.parametrize(
        "author",
        [
            "Jan Bot <jan@example.org>",
            "Claude Bot <c@example.org>",
            "Bottinelli <bo@t.org>",
            "Talbot <talbot@bots.example>",
            "Abbot <a@robot.com>",
        ],
    )
    def test_takes_no_person_for_a_bot(self, history: History, collected: Collected, author: str) -> None:
        history.commit("2021-01-01T00:00Z", author=author)
        history.write()
        collected.collect()
        assert collected.rows[0]["is_bot"] is False

    def test_reads_bytes_that_are_no_text_and_keeps_them_apart(self, history: History, collected: Collected) -> None:
        history.commit("2021-01-01T00:00Z", author=b"Ren\xe9 <ren\xe9@x>")
        history.commit("2021-01-02T00:00Z", author=b"Ren\xe8 <ren\xe8@x>", parents=[":1"])
        history.commit("2021-01-03T00:00Z", author="René <>".encode(), parents=[":2"])
        history.commit("2021-01-04T00:00Z", author=b" <>", parents=[":3"])
        history.write()
        collected.collect()
        found = [row["author"] for row in sorted(collected.rows, key=lambda r: r["committed_at"])]
        assert found == ["ren\\xe9@x", "ren\\xe8@x", "rené", None]

    def test_dates_at_the_ends_of_time(self, history: History, collected: Collected) -> None:
        history.commit("@0 +0000")
        history.commit("@253370764799 +0000", parents=[":1"], authored="@99999999999999 +0000")
        history.commit("@253370764800 +0000", parents=[":2"])
        history.commit("@1600000000 +1400", parents=[":3"])
        history.write()
        collected.collect()
        assert [r["committed_at"].year for r in collected.rows] == [2020, 9998, 1970]
        assert [r["authored_at"] is None for r in collected.rows] == [False, True, False]
        assert (collected.last.rows, collected.last.rejected) == (3, 1)
        assert "253370764800" in collected.last.sample
        assert "1 commit is dated after" in collected.last.reason

    def test_negative_and_absent_dates_are_refused_and_counted(self, history: History, collected: Collected) -> None:
        tree = git(history.folder, "mktree")
        parent = ""
        for date in ("-100 +0000", "1600000000 +0000", ""):
            text = f"tree {tree}\n{parent}author A <a@x> {date}\ncommitter A <a@x> {date}\n\nx\n"
            command = ("hash-object", "--literally", "-t", "commit", "-w", "--stdin")
            sha = git(history.folder, *command, stdin=text.encode())
            parent = f"parent {sha}\n"
            git(history.folder, "update-ref", "refs/heads/main", sha)
            collected.collect()
        assert len(collected.rows) == 1
        assert (collected.last.rows, collected.last.rejected) == (1, 2)

    def test_many_commits_pass_in_pieces(self, history: History, collected: Collected) -> None:
        names = [history.commit("2015-01-01T00:00Z")]
        history.write()
        collected.collect()
        for n in range(20_000):
            author = f"Author {n % 700} <author{n % 700}@example.org>"
            names.append(history.commit(f"@{1_500_000_000 + n * 60} +0100", author=author, parents=names[-1:]))
        history.write()
        collected.collect()
        assert len(set(collected.shas())) == 20_001
        assert len(collected.authors()) == 701

    def test_a_commit_with_a_secret_key_shows_no_address(self, history: History, collected: Collected) -> None:
        history.commit("2021-01-01T00:00Z")
        history.commit("2021-01-02T00:00Z", author="Ada <ADA@example.org>", parents=[":1"])
        history.commit("2021-01-03T00:00Z", author="Bob <bob@example.org>", parents=[":2"])
        history.write()
        collected.collect(hash_key="one")
        assert len(collected.authors()) == 2
        assert "ada" not in repr(collected.rows)
        assert "one" not in collected.last.fingerprint

    def test_sha256_histories(self, tmp_path: Path, collected: Collected) -> None:
        history = History.new(tmp_path / "project", "--object-format=sha256")
        history.commit("2021-01-01T00:00Z")
        history.write()
        collected.collect()
        assert len(collected.shas()[0]) == 64


class TestChanges:
    def test_a_rewritten_history_is_noticed_and_stated_again(self, history: History, collected: Collected) -> None:
        for n, at in enumerate(dated(range(10))):
            history.commit(at, parents=[f":{n}"] if n else [])
        history.write()
        collected.collect()
        gone = history.head()
        history.commit("2020-01-06T00:00Z", parents=[":5"])
        history.write()
        collected.collect()
        assert len(collected.rows) == 6
        assert gone not in collected.shas()
        assert gone[:10] in collected.last.reason
        assert "rewritten" in collected.last.reason
        collected.collect()
        assert collected.last.reason == ""

    def test_an_old_head_that_was_pruned_is_a_rewritten_history(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect()
        history.commit("2020-01-05T00:00Z", parents=[])
        history.write()
        git(history.folder, "reflog", "expire", "--expire=now", "--all")
        git(history.folder, "gc", "--quiet", "--prune=now")
        collected.collect()
        assert collected.shas() == [history.head()]
        assert "rewritten" in collected.last.reason

    def test_changed_settings_state_everything_again(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-02-01T00:00Z", author="deploy <d@example.org>", parents=[":1"])
        history.write()
        collected.collect()
        assert collected.authors() == {"ada@example.org", "d@example.org"}

        (batch,) = collected.collect(bots=["DEPLOY"])
        assert windows_of(batch) == [ALL_TIME]
        assert [r["is_bot"] for r in collected.rows] == [True, False]
        collected.collect(hash_key="one")
        hashed = collected.authors()
        assert not hashed & {"ada@example.org", "d@example.org"}
        collected.collect(hash_key="two")
        assert not hashed & collected.authors()
        assert collected.collect(hash_key="two") == []
        (batch,) = collected.collect(is_recheck=True)
        assert windows_of(batch) == [ALL_TIME]

    def test_a_new_mailmap_joins_authors_of_old_commits(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z", author="Ada <ada@work.example>")
        history.write()
        collected.collect()
        history.commit(
            "2020-05-01T00:00Z", parents=[":1"], files={".mailmap": "Ada <ada@example.org> <ada@work.example>\n"}
        )
        history.write()
        collected.collect()
        assert collected.authors() == {"ada@example.org"}

    def test_a_repository_that_loses_all_commits_keeps_its_rows(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/elsewhere")
        (batch,) = collected.collect()
        assert collected.last.status is Status.FAILED
        assert windows_of(batch) == []
        assert len(collected.rows) == 1

    def test_a_switched_branch_states_that_branch(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-01-02T00:00Z", parents=[":1"])
        history.commit("2020-01-03T00:00Z", parents=[":1"], branch="other")
        history.write()
        collected.collect()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/other")
        collected.collect()
        assert sorted(collected.months().items()) == [("2020-01", 2)]
        assert history.head() in collected.shas()

    def test_a_detached_head_is_read_like_any(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-01-02T00:00Z", parents=[":1"])
        history.write()
        git(history.folder, "update-ref", "--no-deref", "HEAD", git(history.folder, "rev-parse", "main~1"))
        collected.collect()
        assert collected.shas() == [history.head()]

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def test_however_a_history_grows_reading_news_equals_reading_all(self, data: st.DataObject) -> None:
        """Random days (clocks go back), merges of any two commits, rewrites to any earlier one, collected at any moment."""
        with TemporaryDirectory() as folder:
            history = History.new(Path(folder) / "project")
            collected = Collected(Path(folder), {"repositories": ["project"]})
            for _ in range(data.draw(st.integers(1, 4), "runs")):
                for _ in range(data.draw(st.integers(0, 5), "commits")):
                    earlier = [f":{n + 1}" for n in range(history.marks)]
                    tip = [earlier[-1]] if earlier else []
                    parents = data.draw(
                        st.just(tip) | st.lists(st.sampled_from(earlier), max_size=3, unique=True)
                        if earlier
                        else st.just(tip)
                    )
                    who = data.draw(st.sampled_from([ADA, "Bob <bob@example.org>", "x[bot] <x@example.org>"]))
                    history.commit(*dated([data.draw(st.integers(0, 40))]), parents=parents, author=who)
                history.write()
                collected.collect()
            anew = Collected(Path(folder), {"repositories": ["project"]})
            anew.collect()
            assert collected.same(anew)
            assert (collected.last.rows, collected.last.rejected) == (anew.last.rows, anew.last.rejected)


class TestNames:
    """Rows stand under a repository's name; names change."""

    @pytest.fixture
    def hosted(self, history: History) -> History:
        history.commit("2020-01-01T00:00Z")
        history.commit("2020-01-02T00:00Z", parents=[":1"])
        history.write()
        git(history.folder, "remote", "add", "origin", "git@github.com:old/project.git")
        return history

    def test_a_moved_repository_is_counted_once_under_its_new_name(self, hosted: History, collected: Collected) -> None:
        collected.collect()
        hosted.commit("2020-01-03T00:00Z", parents=[":2"])
        hosted.write()
        git(hosted.folder, "remote", "set-url", "origin", "git@github.com:new/project.git")
        collected.collect()
        assert [r["repo"] for r in collected.rows] == ["new/project"] * 3
        (told,) = [e for e in collected.entries if "called new/project now" in e.reason]
        assert (told.scope, told.rows, told.window) == ("old/project", 0, ALL_TIME)
        collected.collect()
        assert {e.scope: e.covered_until for e in collected.entries} == {
            "old/project": collected.now,
            "new/project": collected.now,
        }
        assert not [e for e in collected.entries[-2:] if e.reason]

    def test_a_name_that_comes_back_is_counted_once(self, hosted: History, collected: Collected) -> None:
        for n, owner in enumerate(["old", "new", "old", "new"], 3):
            git(hosted.folder, "remote", "set-url", "origin", f"git@github.com:{owner}/project.git")
            collected.collect()
            assert [r["repo"] for r in collected.rows] == [f"{owner}/project"] * (n - 1)
            hosted.commit(f"2020-01-0{n}T00:00Z", parents=[f":{n - 1}"])
            hosted.write()

    def test_a_name_that_was_an_empty_repository_s_is_counted_once(
        self, tmp_path: Path, hosted: History, collected: Collected
    ) -> None:
        History.new(tmp_path / "empty")
        named = {"address": "empty", "name": "new/project"}
        collected.collect(repositories=["project", named])
        git(hosted.folder, "remote", "set-url", "origin", "git@github.com:new/project.git")
        collected.collect(repositories=["project"])
        assert [r["repo"] for r in collected.rows] == ["new/project"] * 2

    def test_a_renamed_shallow_clone_is_counted_once(
        self, tmp_path: Path, hosted: History, collected: Collected
    ) -> None:
        git(tmp_path, "clone", "--quiet", "--depth=1", hosted.folder.as_uri(), "shallow")
        collected.collect(repositories=[{"address": "shallow", "name": "one"}])
        collected.collect(repositories=[{"address": "shallow", "name": "two"}])
        assert [r["repo"] for r in collected.rows] == ["two"]

    def test_a_moved_repository_whose_last_commit_was_amended_is_counted_once(
        self, tmp_path: Path, hosted: History
    ) -> None:
        """Not even its address is the same: it begins with the same commit, and the old one has just left the settings."""
        remote = Collected(tmp_path / "here", {"repositories": [hosted.folder.as_uri()]})
        remote.collect()
        hosted.commit("2020-01-02T00:00Z", parents=[":1"], author="Amended <ada@example.org>")
        hosted.write()
        hosted.folder.rename(tmp_path / "moved")
        remote.collect(repositories=[(tmp_path / "moved").as_uri()])
        assert [r["repo"] for r in remote.rows] == ["moved"] * 2

    def test_a_fork_of_what_left_long_ago_stays_itself(self, hosted: History, collected: Collected) -> None:
        collected.collect()
        collected.collect(repositories=[])
        git(hosted.folder.parent, "clone", "--quiet", "project", "fork")
        fork = History(hosted.folder.with_name("fork"))
        fork.commit("2021-01-01T00:00Z", parents=[git(fork.folder, "rev-parse", "HEAD~1")])
        fork.write()
        collected.collect(repositories=[{"address": "fork", "name": "fork"}])
        assert sorted(r["repo"] for r in collected.rows) == ["fork", "fork", "old/project", "old/project"]

    def test_what_left_the_settings_stays_stored(self, tmp_path: Path, hosted: History, collected: Collected) -> None:
        other = History.new(tmp_path / "other")
        other.commit("2021-01-01T00:00Z")
        other.write()
        collected.collect(repositories=["project", "other"])
        collected.collect(repositories=["other"])
        assert sorted(r["repo"] for r in collected.rows) == ["old/project", "old/project", "other"]
        (left,) = [e for e in collected.entries if e.status is Status.RETIRED]
        assert (left.scope, left.window.end) == ("old/project", ALL_TIME.end)
        collected.collect(repositories=["other"])
        assert [e for e in collected.entries if e.status is Status.RETIRED] == [left]

    def test_a_fork_beside_its_upstream_stays_itself(self, hosted: History, collected: Collected) -> None:
        git(hosted.folder.parent, "clone", "--quiet", "project", "fork")
        collected.collect(repositories=["project", {"address": "fork", "name": "fork"}])
        collected.collect(repositories=[{"address": "fork", "name": "fork"}])
        assert sorted(r["repo"] for r in collected.rows) == ["fork", "fork", "old/project", "old/project"]

    def test_a_folder_that_is_gone_fails_under_the_name_it_had(self, hosted: History, collected: Collected) -> None:
        collected.collect()
        hosted.folder.rename(hosted.folder.with_name("elsewhere"))
        collected.collect()
        assert (collected.last.scope, collected.last.status) == ("old/project", Status.FAILED)
        assert {e.scope for e in collected.entries} == {"old/project"}

    def test_a_folder_that_only_came_later_leaves_no_failure_behind(
        self, hosted: History, collected: Collected
    ) -> None:
        hosted.folder.rename(hosted.folder.with_name("later"))
        collected.collect()
        assert (collected.last.scope, collected.last.status) == ("project", Status.FAILED)
        hosted.folder.with_name("later").rename(hosted.folder)
        collected.collect()
        latest = {e.scope: (e.status, e.rows) for e in collected.entries}
        assert latest == {"project": (Status.COMPLETE, 0), "old/project": (Status.COMPLETE, 2)}


class TestShallowClones:
    @pytest.fixture
    def upstream(self, tmp_path: Path) -> History:
        history = History.new(tmp_path / "upstream")
        for n, at in enumerate(dated(range(10))):
            history.commit(at, parents=[f":{n}"] if n else [])
        return history.write()

    def clone(self, upstream: History, depth: int) -> None:
        shutil.rmtree(upstream.folder.parent / "project", ignore_errors=True)
        git(upstream.folder, "clone", "--quiet", f"--depth={depth}", upstream.folder.as_uri(), "../project")

    def test_are_covered_from_the_cut_on(self, upstream: History, collected: Collected) -> None:
        self.clone(upstream, 3)
        collected.collect()
        assert collected.last.window == Window(datetime(2020, 1, 8, 12, tzinfo=UTC), FAR_FUTURE)
        assert collected.last.rows == len(collected.rows) == 3
        assert "shallow" in collected.last.reason
        assert "2020-01-08" in collected.last.reason
        assert collected.collect() == []
        assert "shallow" in collected.last.reason
        assert collected.last.covered_until == collected.now

    def test_state_everything_once_they_are_whole(self, upstream: History, collected: Collected) -> None:
        self.clone(upstream, 3)
        collected.collect()
        git(upstream.folder.parent / "project", "fetch", "--quiet", "--unshallow")
        collected.collect()
        assert len(collected.rows) == 10
        assert collected.last.window == ALL_TIME
        assert collected.last.reason == ""

    def test_grow_by_what_is_new(self, upstream: History, collected: Collected) -> None:
        self.clone(upstream, 3)
        collected.collect()
        upstream.commit("2020-02-01T00:00Z", parents=[":10"])
        upstream.write()
        git(upstream.folder.parent / "project", "fetch", "--quiet", "origin", "main:main", "--update-head-ok")
        (batch,) = collected.collect()
        assert len(collected.rows) == 4
        assert windows_of(batch) == [Window(datetime(2020, 2, 1, tzinfo=UTC), FAR_FUTURE)]
        assert collected.last.rows == 4

    def test_state_nothing_before_their_cut_when_they_grow(self, upstream: History, collected: Collected) -> None:
        self.clone(upstream, 3)
        collected.collect()
        upstream.commit("2020-01-08T06:00Z", parents=[":10"])
        upstream.write()
        git(upstream.folder.parent / "project", "fetch", "--quiet", "origin", "main:main", "--update-head-ok")
        (batch,) = collected.collect()
        assert windows_of(batch) == [Window(datetime(2020, 1, 8, 12, tzinfo=UTC), FAR_FUTURE)]
        assert collected.last.rows == len(collected.rows) == 3

    def test_of_several_cuts_the_last_one_counts(self, upstream: History, collected: Collected) -> None:
        upstream.commit("2020-03-01T00:00Z", parents=[":10"])
        upstream.commit("2020-02-01T00:00Z", parents=[":3"], branch="side")
        upstream.commit("2020-04-01T00:00Z", parents=[":11", ":12"])
        upstream.write()
        self.clone(upstream, 2)
        collected.collect()
        assert collected.last.window.start == datetime(2020, 3, 1, tzinfo=UTC)
        assert collected.months() == {"2020-03": 1, "2020-04": 1}

    def test_that_are_read_after_a_failure_leave_no_failure_behind(
        self, upstream: History, collected: Collected
    ) -> None:
        collected.collect(repositories=[{"address": "project", "name": "one"}])
        assert collected.last.status is Status.FAILED
        self.clone(upstream, 3)
        collected.collect()
        latest = {(e.scope, e.window): e.status for e in collected.entries}
        assert Status.FAILED not in latest.values()


class TestCloneAddresses:
    @pytest.fixture
    def server(self, tmp_path: Path) -> History:
        history = History.new(tmp_path / "server" / "tool.git")
        git(history.folder, "config", "uploadpack.allowFilter", "true")
        history.commit(
            "2020-01-01T00:00Z", files={"a": "content", ".mailmap": "Ada <ada@new.example> <ada@example.org>\n"}
        )
        return history.write()

    @pytest.fixture
    def remote(self, tmp_path: Path, server: History) -> Collected:
        return Collected(tmp_path / "here", {"repositories": [server.folder.as_uri()]})

    def mirror(self, remote: Collected) -> Path:
        (folder,) = (remote.workspace / "scratch").iterdir()
        return folder

    def test_are_copied_without_contents_and_kept_up_to_date(self, server: History, remote: Collected) -> None:
        remote.collect()
        assert remote.last.status is Status.COMPLETE, remote.last.reason
        assert [r["repo"] for r in remote.rows] == ["tool"]
        assert remote.authors() == {"ada@new.example"}
        listed = git(self.mirror(remote), "rev-list", "--objects", "--all", "--missing=print")
        assert "?" in listed, "file contents were left on the server"

        server.commit("2020-01-05T00:00Z", parents=[":1"])
        server.write()
        (batch,) = remote.collect()
        assert windows_of(batch)[0].start == datetime(2020, 1, 5, tzinfo=UTC)
        assert len(remote.rows) == 2

        trace = self.mirror(remote) / "FETCH_HEAD"
        trace.unlink()
        assert remote.collect() == []
        assert not trace.exists(), "nothing was fetched, as the head is known"

    def test_the_repository_one_stands_in_is_not_taken_for_the_address(
        self, tmp_path: Path, server: History, remote: Collected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = History.new(tmp_path / "other")
        other.commit("2021-01-01T00:00Z")
        other.write()
        git(tmp_path, "clone", "--quiet", str(other.folder), "clone-of-other")
        monkeypatch.chdir(tmp_path / "clone-of-other")
        remote.collect()
        assert remote.last.status is Status.COMPLETE, remote.last.reason
        assert {row["committed_at"].year for row in remote.rows} == {2020}
        trace = self.mirror(remote) / "FETCH_HEAD"
        trace.unlink()
        remote.collect()
        assert not trace.exists(), "the head asked for is the address's, and known"

    def test_a_server_that_filters_nothing_is_read_all_the_same(self, server: History, remote: Collected) -> None:
        git(server.folder, "config", "uploadpack.allowFilter", "false")
        remote.collect()
        assert remote.last.status is Status.COMPLETE
        assert len(remote.rows) == 1

    def test_a_forced_push_is_followed(self, server: History, remote: Collected) -> None:
        remote.collect()
        server.commit("2020-01-09T00:00Z", parents=[])
        server.write()
        remote.collect()
        assert remote.shas() == [server.head()]
        assert "rewritten" in remote.last.reason

    def test_a_changed_default_branch_is_followed(self, server: History, remote: Collected) -> None:
        remote.collect()
        server.commit("2020-01-09T00:00Z", parents=[":1"], branch="trunk")
        server.write()
        git(server.folder, "symbolic-ref", "HEAD", "refs/heads/trunk")
        remote.collect()
        assert len(remote.rows) == 2

    @pytest.mark.parametrize("damage", ["HEAD", "config", "objects", "config.lock"])
    def test_a_broken_copy_is_made_anew(self, server: History, remote: Collected, damage: str) -> None:
        remote.collect()
        server.commit("2020-01-05T00:00Z", parents=[":1"])
        server.write()
        path = self.mirror(remote) / damage
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.write_text("junk")
        remote.collect()
        assert remote.last.status is Status.COMPLETE, remote.last.reason
        assert len(remote.rows) == 2

    def test_an_address_nobody_answers_at_fails_and_keeps_what_is_there(
        self, server: History, remote: Collected
    ) -> None:
        remote.collect()
        server.folder.rename(server.folder.with_name("moved"))
        remote.collect()
        assert remote.last.status is Status.FAILED
        assert "cannot be reached" in remote.last.reason
        assert len(remote.rows) == 1
        server.folder.with_name("moved").rename(server.folder)
        remote.collect()
        assert remote.entries[-1].status is Status.COMPLETE

    def test_an_empty_repository_is_a_complete_zero(self, tmp_path: Path) -> None:
        empty = History.new(tmp_path / "server" / "empty")
        remote = Collected(tmp_path / "here", {"repositories": [empty.folder.as_uri()]})
        remote.collect()
        assert remote.last.status is Status.COMPLETE, remote.last.reason
        assert remote.last.rows == 0

    def test_passwords_are_neither_shown_nor_kept(self, tmp_path: Path) -> None:
        remote = Collected(tmp_path, {"repositories": ["http://me:opensesame@127.0.0.1:9/owner/name.git"]})
        remote.collect()
        assert remote.last.scope == "owner/name"
        assert remote.last.status is Status.FAILED
        assert "opensesame" not in repr(remote.entries)
        assert "127.0.0.1" in remote.last.reason
        remote.collect(repositories=["git://me:opensesame@127.0.0.1:9/owner/name.git"])
        assert remote.last.status is Status.FAILED
        assert "opensesame" not in repr(remote.entries)

    def test_the_owner_s_checks_of_what_is_fetched_refuse_no_old_history(
        self, tmp_path: Path, server: History, remote: Collected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Real histories have small faults, such as a time zone of five digits."""
        strict = tmp_path / "strict"
        strict.write_text("[transfer]\n\tfsckObjects = true\n[fetch]\n\tfsckObjects = true\n")
        text = "tree {tree}\nauthor A <a@x> 1600000000 +051800\ncommitter A <a@x> 1600000000 +051800\n\nx\n"
        tree = git(server.folder, "mktree")
        command = ("hash-object", "--literally", "-t", "commit", "-w", "--stdin")
        sha = git(server.folder, *command, stdin=text.format(tree=tree).encode())
        git(server.folder, "update-ref", "refs/heads/main", sha)
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(strict))
        remote.collect()
        assert remote.shas() == [sha], remote.last.reason

    def test_sha256_histories(self, tmp_path: Path) -> None:
        history = History.new(tmp_path / "server" / "tool", "--object-format=sha256")
        history.commit("2021-01-01T00:00Z")
        history.write()
        remote = Collected(tmp_path / "here", {"repositories": [history.folder.as_uri()]})
        remote.collect()
        assert remote.shas() == [history.head()], remote.last.reason


class TestFaults:
    def reason(self, collected: Collected) -> str:
        (batch,) = collected.collect()
        assert not batch.rows
        assert windows_of(batch) == []
        assert collected.last.status is Status.FAILED
        return collected.last.reason

    def test_no_folder(self, collected: Collected) -> None:
        assert "there is no folder" in self.reason(collected)

    def test_no_repository(self, tmp_path: Path, collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "project").mkdir()
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        assert "is no git repository" in self.reason(collected)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_repository_of_somebody_else(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        os.chown(history.folder, 12345, 12345)
        os.chown(history.folder / ".git", 12345, 12345)
        reason = self.reason(collected)
        assert f"git config --global --add safe.directory {history.folder}" in reason

    @pytest.mark.parametrize("below", ["lib", "deep/er"])
    def test_a_folder_inside_a_repository_is_none_itself(
        self, history: History, collected: Collected, below: str
    ) -> None:
        """As the folder of a submodule that was not fetched: the commits around it are not its own."""
        history.commit("2020-01-01T00:00Z")
        history.write()
        (history.folder / below).mkdir(parents=True)
        collected.collect(repositories=[f"project/{below}"])
        assert (collected.last.status, collected.rows) == (Status.FAILED, [])
        assert f"lies inside the repository {history.folder}," in collected.last.reason
        assert "git submodule update --init" in collected.last.reason

    def test_a_head_at_no_branch_is_no_zero(self, history: History, collected: Collected) -> None:
        """`git checkout --orphan`, or a bare copy whose default branch was renamed."""
        history.commit("2020-01-01T00:00Z")
        history.write()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/master")
        reason = self.reason(collected)
        assert "is at 'master', which does not exist; there is 'main'" in reason

    def test_an_address_whose_head_is_at_no_branch_is_no_zero(self, tmp_path: Path, history: History) -> None:
        for name in ("one", "two"):
            history.commit("2020-01-01T00:00Z", branch=name)
        history.write()
        remote = Collected(tmp_path / "here", {"repositories": [history.folder.as_uri()]})
        remote.collect()
        assert remote.last.status is Status.FAILED
        assert "there is 'one', 'two'" in remote.last.reason

    def test_no_git(self, history: History, collected: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        assert "not installed" in self.reason(collected)

    def test_no_commits_is_a_complete_zero(self, history: History, collected: Collected) -> None:
        (batch,) = collected.collect()
        assert (collected.last.status, collected.last.rows) == (Status.COMPLETE, 0)
        assert collected.last.covered_until == collected.now
        history.commit("2020-01-01T00:00Z")
        history.write()
        (batch,) = collected.collect()
        assert windows_of(batch) == [ALL_TIME]
        assert collected.last.reason == ""

    @pytest.mark.parametrize("content", ["", "junk", "1" * 40])
    def test_a_broken_branch_is_no_empty_repository(self, history: History, collected: Collected, content: str) -> None:
        (history.folder / ".git" / "refs" / "heads" / "main").write_text(content)
        assert "cannot be read" in self.reason(collected)

    def test_a_lost_object_in_the_middle_of_history(self, history: History, collected: Collected) -> None:
        for n, at in enumerate(dated(range(5))):
            history.commit(at, parents=[f":{n}"] if n else [])
        history.write()
        lost = git(history.folder, "rev-parse", "HEAD~3")
        (history.folder / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
        assert "git fsck" in self.reason(collected)

    def test_a_partial_clone_that_lacks_its_mailmap_is_not_read_without_it(
        self, history: History, collected: Collected
    ) -> None:
        """Git would fetch it by itself, from whom the owner of the clone has set."""
        history.commit("2020-01-01T00:00Z", files={".mailmap": "Ada <ada@new.example> <ada@example.org>\n"})
        history.write()
        git(history.folder, "config", "uploadpack.allowFilter", "true")
        git(history.folder.parent, "clone", "-q", "--bare", "--filter=blob:none", history.folder.as_uri(), "partial")
        collected.collect(repositories=["partial"])
        assert collected.last.status is Status.FAILED
        assert "`git show HEAD:.mailmap` there fetches it" in collected.last.reason
        git(history.folder.parent / "partial", "show", "HEAD:.mailmap")
        collected.collect()
        assert collected.authors() == {"ada@new.example"}

    def test_one_that_fails_leaves_the_others_alone(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect(repositories=["gone", "project"])
        assert [(e.scope, e.status) for e in collected.entries] == [
            ("gone", Status.FAILED),
            ("project", Status.COMPLETE),
        ]

    def test_a_failure_between_two_readings_is_forgotten(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect()
        moved = history.folder.rename(history.folder.with_name("moved"))
        assert self.reason(collected)
        moved.rename(history.folder)
        (batch,) = collected.collect()
        assert not batch.rows
        assert collected.last.status is Status.COMPLETE

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_scratch_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        history = History.new(tmp_path / "server")
        history.commit("2020-01-01T00:00Z")
        history.write()
        (tmp_path / "here").mkdir(mode=0o500)
        remote = Collected(tmp_path / "here", {"repositories": [history.folder.as_uri()]})
        assert "Permission denied" in self.reason(remote)

    def test_a_scratch_folder_that_is_a_file(self, tmp_path: Path) -> None:
        history = History.new(tmp_path / "server")
        history.commit("2020-01-01T00:00Z")
        history.write()
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "scratch").write_text("")
        remote = Collected(tmp_path / "here", {"repositories": [history.folder.as_uri()]})
        assert "scratch" in self.reason(remote)

    def test_variables_of_a_hook_that_runs_us_do_not_lead_astray(
        self, tmp_path: Path, history: History, collected: Collected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        monkeypatch.setenv("GIT_DIR", str(History.new(tmp_path / "other").folder / ".git"))
        monkeypatch.setenv("GIT_INDEX_FILE", "index")
        collected.collect()
        assert collected.shas() == [git(history.folder, "rev-parse", "HEAD")]


class TestSettings:
    def test_takes_a_table_to_name_a_repository(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect(repositories=[{"address": "project", "name": "mine"}])
        assert [r["repo"] for r in collected.rows] == ["mine"]

    def test_names_a_folder_after_where_it_was_cloned_from(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        git(history.folder, "remote", "add", "origin", "git@github.com:owner/name.git")
        collected.collect()
        assert [r["repo"] for r in collected.rows] == ["owner/name"]

    @pytest.mark.parametrize(
        ("address", "name"),
        [
            ("https://github.com/jupyterhub/binderhub", "jupyterhub/binderhub"),
            ("https://github.com/jupyterhub/binderhub.git/", "jupyterhub/binderhub"),
            ("https://user:secret@gitlab.com/group/sub/name.git", "sub/name"),
            ("git@github.com:owner/name.git", "owner/name"),
            ("ssh://git@example.org:2222/owner/name", "owner/name"),
            ("host:name.git", "name"),
            ("file:///srv/git/name.git", "name"),
        ],
    )
    def test_names_clone_addresses(self, address: str, name: str) -> None:
        assert is_clone_address(address)
        assert hosted_name(address) == name

    @pytest.mark.parametrize("path", [".", "..", "a/b", "/srv/x:y", "./a:b", r"C:\code\x", "C:/code/x"])
    def test_tells_paths_from_addresses(self, path: str) -> None:
        assert not is_clone_address(path)

    def test_refuses_a_repository_given_twice(self, history: History, collected: Collected) -> None:
        with pytest.raises(SettingsError, match=r"'project' and '\./project' are the same repository"):
            collected.collect(repositories=["project", "./project"])
        with pytest.raises(SettingsError, match="same repository"):
            collected.collect(repositories=["project", {"address": "project", "name": "again"}])

    def test_refuses_two_of_one_name_and_says_how_to_name_them(self, tmp_path: Path, collected: Collected) -> None:
        History.new(tmp_path / "a" / "tool")
        History.new(tmp_path / "b" / "tool")
        with pytest.raises(SettingsError, match=r"both called 'tool'.*name = "):
            collected.collect(repositories=["a/tool", "b/tool"])
        collected.collect(repositories=["a/tool", {"address": "b/tool", "name": "other"}])
        assert {e.scope for e in collected.entries} == {"tool", "other"}

    def test_an_address_that_looks_like_an_option_is_only_an_address(self, tmp_path: Path) -> None:
        remote = Collected(
            tmp_path, {"repositories": ["--upload-pack=touch${IFS}owned://x", "ext::sh -c touch% owned"]}
        )
        remote.collect()
        assert [e.status for e in remote.entries] == [Status.FAILED, Status.FAILED]
        assert not list(tmp_path.rglob("owned"))

    def test_refuses_what_is_no_setting(self) -> None:
        with pytest.raises(ValidationError):
            Git.Settings.model_validate({"repository": "."})
        with pytest.raises(ValidationError):
            Git.Settings.model_validate({"repositories": [""]})

    def test_is_registered_as_a_plugin_would_be(self) -> None:
        assert installed_sources()["git"].load() is Git


class TestDeclarations:
    def test_every_metric_stands_on_the_table(self) -> None:
        for metric in METRICS:
            assert metric.tables == (COMMITS.name,)
            assert all(isinstance(f, Fact) and set(f.columns) <= set(COMMITS.names) for f in metric.facts)
            for policy in metric.policies:
                assert policy.choose(None) == policy.default
                assert {f.dimension for f in policy.choices.values() if f} <= set(COMMITS.dimensions)

    def test_bots_are_no_authors_unless_asked(self) -> None:
        defaults = {m.name: {p.name: p.default for p in m.policies} for m in METRICS}
        assert defaults == {
            "commits": {"merges": "included", "bots": "included"},
            "authors": {"merges": "included", "bots": "excluded"},
            "latest_commit": {"merges": "included", "bots": "included"},
        }

    def test_tells_what_it_is_doing(self, history: History, collected: Collected) -> None:
        collected.collect()
        assert collected.notes == ["project: reading", "project: read"]
        assert collected.now > NOW
