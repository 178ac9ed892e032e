"""Copies: shallow clones, and what is kept of clone addresses."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batches import windows_of
from footfall.ledger import Status
from footfall.periods import ALL_TIME, FAR_FUTURE, Window
from histories import Collected, History, dated, git

pytestmark = pytest.mark.slow


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.new(tmp_path / "project")


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return Collected(tmp_path, {"repositories": ["project"]})


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

    def test_a_copy_that_lost_an_old_commit_is_made_again(self, server: History, remote: Collected) -> None:
        """Its head is there, so nothing shows before it is read from the beginning."""
        lost = server.head()
        server.commit("2020-01-05T00:00Z", parents=[":1"])
        server.write()
        remote.collect()
        copy = self.mirror(remote)
        for pack in list((copy / "objects" / "pack").glob("*.pack")):
            git(copy, "unpack-objects", "-q", stdin=pack.rename(copy / pack.name).read_bytes())
        (copy / "objects" / lost[:2] / lost[2:]).unlink()
        remote.collect(is_recheck=True)
        assert (remote.last.status, len(remote.rows)) == (Status.COMPLETE, 2), remote.last.reason

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
