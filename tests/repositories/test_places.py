"""Where repositories are and what they are called: settings, names that change, and every fault that was thought of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from batches import windows_of
from footfall.errors import SettingsError
from footfall.ledger import Status
from footfall.periods import ALL_TIME
from footfall.sources import installed_sources
from footfall.sources.git import Git
from histories import Collected, History, dated, git

pytestmark = pytest.mark.slow


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.new(tmp_path / "project")


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return Collected(tmp_path, {"repositories": ["project"]})


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
        (renamed,) = [e for e in collected.entries if "now called new/project" in e.reason]
        assert (renamed.scope, renamed.rows, renamed.window) == ("old/project", 0, ALL_TIME)
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


def test_an_origin_that_the_owner_sets_everywhere_is_git_s(
    history: History, collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit("2020-01-01T00:00Z")
    history.write()
    (tmp_path / "everywhere").write_text('[remote "origin"]\nurl = https://x/every/where\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "everywhere"))
    collected.collect()
    assert collected.last.scope == "every/where"


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
        assert "is not a git repository" in self.reason(collected)

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
        assert f"is inside the repository {history.folder} but" in collected.last.reason
        assert "git submodule update --init" in collected.last.reason

    def test_a_folder_inside_a_git_folder_is_none_itself(self, history: History, collected: Collected) -> None:
        history.commit("2020-01-01T00:00Z")
        history.write()
        collected.collect(repositories=["project/.git/refs"])
        assert (collected.last.status, collected.rows) == (Status.FAILED, [])
        assert f"is inside the repository {history.folder}/.git but" in collected.last.reason

    def test_a_head_at_no_branch_is_no_zero(self, history: History, collected: Collected) -> None:
        """`git checkout --orphan`, or a bare copy whose default branch was renamed."""
        history.commit("2020-01-01T00:00Z")
        history.write()
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/master")
        reason = self.reason(collected)
        assert "is at 'master', which does not exist; branches: 'main'" in reason

    @pytest.mark.parametrize("is_address", [False, True])
    def test_a_head_at_no_branch_where_only_a_remote_has_one(
        self, tmp_path: Path, history: History, is_address: bool
    ) -> None:
        """A clone whose own branch was deleted: the commits are there, under another name than a branch."""
        history.commit("2020-01-01T00:00Z")
        history.write()
        git(history.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
        git(history.folder, "symbolic-ref", "HEAD", "refs/heads/gone")
        git(history.folder, "branch", "--quiet", "-D", "main")
        address = history.folder.as_uri() if is_address else "project"
        collected = Collected(tmp_path, {"repositories": [address]})
        collected.collect()
        assert collected.last.status is Status.FAILED
        assert "origin/main" in collected.last.reason

    def test_an_address_whose_head_is_at_no_branch_is_no_zero(self, tmp_path: Path, history: History) -> None:
        for name in ("one", "two"):
            history.commit("2020-01-01T00:00Z", branch=name)
        history.write()
        remote = Collected(tmp_path / "here", {"repositories": [history.folder.as_uri()]})
        remote.collect()
        assert remote.last.status is Status.FAILED
        assert "branches: 'one', 'two'" in remote.last.reason

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
