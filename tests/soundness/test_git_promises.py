"""Each test pins one wrong number that counting commits has given somebody."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches import windows_of
from footfall.errors import SettingsError
from footfall.ledger import Status
from footfall.periods import ALL_TIME
from footfall.sources.authors import Authors
from histories import Collected, History, dated, git

pytestmark = pytest.mark.slow


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.new(tmp_path / "project")


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    return Collected(tmp_path, {"repositories": ["project"]})


def test_new_year_in_kiribati_is_still_december(history: History, collected: Collected) -> None:
    """Taking the date as written puts a commit in the committer's month, not in the world's."""
    history.commit("2021-01-01T01:00:00+14:00")
    history.commit("2020-12-31T23:30:00-12:00", parents=[":1"])
    history.write()
    collected.collect()
    assert collected.months() == {"2020-12": 1, "2021-01": 1}
    assert [row["committed_at"].day for row in collected.rows] == [1, 31]


def test_a_rebased_commit_counts_when_it_entered_history(history: History, collected: Collected) -> None:
    """Counted by author date, a pull request merged today changes the figures of last year."""
    history.commit("2021-05-01T00:00Z", authored="2020-01-01T00:00Z")
    history.write()
    collected.collect()
    assert collected.months() == {"2021-05": 1}


def test_a_clock_that_was_wrong_hides_no_commits(history: History, collected: Collected) -> None:
    """`git log --since` stops at commits that look old, and never sees those behind them."""
    old, wrong = "2020-06-01T00:00Z", "1999-01-01T00:00Z"
    history.commit(old)
    for n in range(1, 10):
        history.commit(wrong, parents=[f":{n}"])
    history.write()
    collected.collect()
    history.commit(old, parents=[":10"])
    history.write()
    stops_early = git(history.folder, "rev-list", "--count", "--since=2020-05-01", "HEAD")
    assert stops_early == "1", "this history is one that --since is wrong about"
    collected.collect()
    assert collected.months() == {"2020-06": 2, "1999-01": 9}


def test_merging_an_old_branch_doubles_nothing_and_loses_nothing(history: History, collected: Collected) -> None:
    """News appended from the newest known date on misses the branch; with some overlap, it doubles what was there."""
    for n, at in enumerate(dated([0, 30, 60])):
        history.commit(at, parents=[f":{n}"] if n else [])
    history.write()
    collected.collect()
    for at in dated([10, 20]):
        history.commit(at, parents=[":1"] if history.marks == 3 else [":4"], branch="side")
    history.commit(*dated([70]), parents=[":3", ":5"])
    history.write()
    collected.collect()
    assert collected.months() == {"2020-01": 4, "2020-03": 2}
    assert len(set(collected.shas())) == len(collected.shas()) == 6
    assert collected.last.rows == 6


def test_a_forced_push_leaves_no_ghosts(history: History, collected: Collected) -> None:
    """Appending to what was read before counts commits that exist nowhere any more."""
    history.commit("2020-01-01T00:00Z")
    history.commit("2020-01-02T00:00Z", parents=[":1"])
    history.write()
    collected.collect()
    history.commit("2020-01-02T00:00Z", parents=[":1"], author="Amended <ada@example.org>")
    history.write()
    collected.collect()
    assert collected.months() == {"2020-01": 2}
    assert history.head() in collected.shas()


def test_one_person_is_one_author_however_the_address_is_written(history: History, collected: Collected) -> None:
    """Counting names or raw addresses counts a person once a spelling."""
    mailmap = "Ada <ada@example.org> <ada@laptop.local>\n"
    history.commit("2020-01-01T00:00Z", author="Ada <ADA@Example.org>", files={".mailmap": mailmap})
    history.commit("2020-01-02T00:00Z", author="A. Lovelace <ada@example.org>", parents=[":1"])
    history.commit("2020-01-03T00:00Z", author="root <ada@laptop.local>", parents=[":2"])
    history.write()
    collected.collect()
    assert collected.authors() == {"ada@example.org"}


@pytest.mark.parametrize("is_bare", [False, True])
def test_an_uncommitted_mailmap_changes_nothing(
    history: History, collected: Collected, is_bare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git reads .mailmap from the working tree: the number would depend on who counts."""
    history.commit("2020-01-01T00:00Z")
    history.write()
    (history.folder / ".mailmap").write_text("Bob <bob@example.org> <ada@example.org>\n")
    monkeypatch.chdir(history.folder)
    git(history.folder, "config", "mailmap.file", str(history.folder / ".mailmap"))
    if is_bare:
        git(history.folder.parent, "clone", "--quiet", "--bare", "project", "project.git")
        collected.collect(repositories=["project.git"])
    else:
        collected.collect()
    assert collected.authors() == {"ada@example.org"}


def test_a_shallow_clone_claims_nothing_before_its_cut(tmp_path: Path, collected: Collected) -> None:
    """The history of a CI checkout begins last week: the years before were not without commits."""
    upstream = History.new(tmp_path / "upstream")
    for n, at in enumerate(dated(range(0, 300, 30))):
        upstream.commit(at, parents=[f":{n}"] if n else [])
    upstream.write()
    collected.collect(repositories=[{"address": "upstream", "name": "one"}])
    assert len(collected.rows) == 10

    upstream.commit(*dated([400]), parents=[":10", ":1"])
    upstream.write()
    git(tmp_path, "clone", "--quiet", "--depth=1", upstream.folder.as_uri(), "project")
    (batch,) = collected.collect(repositories=[{"address": "project", "name": "one"}])
    assert windows_of(batch)[0].start == datetime(2021, 2, 4, 12, tzinfo=UTC)
    assert len(collected.rows) == 11, "nothing that was known before is erased"
    covered = [e.covered for e in collected.entries if e.is_success]
    assert [w.start for w in covered] == [ALL_TIME.start, datetime(2021, 2, 4, 12, tzinfo=UTC)]
    assert covered[0].end < collected.now


def test_a_merge_at_the_cut_is_a_merge(tmp_path: Path, collected: Collected) -> None:
    """Git's log shows a commit without its parents where a shallow clone is cut: CI's checkout has no merge at all."""
    upstream = History.new(tmp_path / "upstream")
    upstream.commit("2020-01-01T00:00Z")
    upstream.commit("2020-01-02T00:00Z", parents=[])
    upstream.commit("2020-01-03T00:00Z", parents=[":1", ":2"])
    upstream.write()
    git(tmp_path, "clone", "--quiet", "--depth=1", upstream.folder.as_uri(), "project")
    collected.collect()
    assert [row["is_merge"] for row in collected.rows] == [True]


def test_what_cannot_be_read_is_no_zero(history: History, collected: Collected) -> None:
    """A branch file emptied by a crash makes `git rev-parse` say what it says of a new repository."""
    history.commit("2020-01-01T00:00Z")
    history.write()
    collected.collect()
    (history.folder / ".git" / "refs" / "heads" / "main").write_text("")
    collected.collect()
    assert collected.last.status is Status.FAILED
    assert collected.months() == {"2020-01": 1}


def test_a_repository_listed_twice_is_not_counted_twice(history: History, collected: Collected) -> None:
    history.commit("2020-01-01T00:00Z")
    history.write()
    with pytest.raises(SettingsError):
        collected.collect(repositories=["project", {"address": "project/.git", "name": "again"}])
    assert collected.rows == []


def test_replaced_objects_do_not_change_the_count(history: History, collected: Collected) -> None:
    """`git replace` grafts are private to one clone; `git log` follows them."""
    for n, at in enumerate(dated(range(5))):
        history.commit(at, parents=[f":{n}"] if n else [])
    history.write()
    git(history.folder, "replace", "--graft", "HEAD")
    assert git(history.folder, "rev-list", "--count", "HEAD") == "1"
    collected.collect()
    assert len(collected.rows) == 5


def test_the_number_is_git_s_own(tmp_path: Path) -> None:
    """Of the repository these tests stand in, where it is one."""
    here = Path(__file__).parents[2]
    asked = subprocess.run(["git", "-C", str(here), "rev-list", "--count", "HEAD"], capture_output=True, check=False)
    if asked.returncode or (here / ".git" / "shallow").exists():
        pytest.skip("the tests do not stand in a git repository with its whole history")
    collected = Collected(tmp_path, {"repositories": [str(here)]})
    collected.collect()
    assert len(collected.rows) == int(asked.stdout)


UNREADABLE = (
    b"author Ada ada@example.org 1600000000 +0000",
    b"author ",
    b"author Ada <ada@example.org 1600000000 +0000",
)


@pytest.mark.parametrize("line", [*UNREADABLE, None])
def test_an_author_line_that_git_cannot_read_is_nobody(
    history: History, collected: Collected, line: bytes | None
) -> None:
    """Git gives back the `%aE` that it was asked for: an author of that name was counted."""
    history.commit("2020-01-01T00:00Z")
    history.write()
    head = history.head()
    lines = [git(history.folder, "cat-file", "commit", head).splitlines()[0].encode(), b"parent " + head.encode()]
    lines += [line] if line is not None else []
    raw = b"\n".join([*lines, b"committer C <c@example.org> 1600000000 +0000", b"", b"x", b""])
    written = git(history.folder, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw)
    git(history.folder, "update-ref", "refs/heads/main", written)
    collected.collect()
    assert [row["author"] for row in sorted(collected.rows, key=lambda row: row["committed_at"])] == [
        "ada@example.org",
        None,
    ]
    assert "1 commit has no author that git can read" in collected.last.reason


def test_someone_whose_name_is_a_placeholder_is_somebody(history: History, collected: Collected) -> None:
    history.commit("2020-01-01T00:00Z", author="%aN <n@example.org>")
    history.write()
    collected.collect()
    assert collected.authors() == {"n@example.org"}


def test_an_address_that_a_person_and_a_bot_share_is_one_of_each(history: History, collected: Collected) -> None:
    """Decided commit by commit, the address was a person in one and a bot in the next."""
    history.commit("2020-01-01T00:00Z", author="Jane <jane@example.org>")
    history.commit("2020-01-02T00:00Z", author="release-bot <jane@example.org>", parents=[":1"])
    history.commit("2020-01-03T00:00Z", author="release-bot <ci@example.org>", parents=[":2"])
    history.write()
    collected.collect()
    assert {(row["author"], row["is_bot"]) for row in collected.rows} == {
        ("jane@example.org", False),
        ("release-bot", True),
    }


def test_an_agent_is_one_whatever_it_calls_itself(tmp_path: Path) -> None:
    """Copilot calls itself by several names; it was a person in one repository and a bot in another."""
    for name, author in {"one": "Copilot", "two": "copilot-swe-agent[bot]", "three": "Someone"}.items():
        history = History.new(tmp_path / name)
        history.commit("2020-01-01T00:00Z", author=f"{author} <198982749+Copilot@users.noreply.github.com>")
        history.write()
    collected = Collected(tmp_path, {"repositories": ["one", "two", "three"]})
    collected.collect()
    assert [row["is_bot"] for row in collected.rows] == [True] * 3


@given(
    commits=st.lists(
        st.tuples(
            st.sampled_from(["Ada", "Jan Bot", "ci-bot", "x[bot]", "Renovate", ""]),
            st.sampled_from(
                ["ada@example.org", "1+x[bot]@users.noreply.github.com", "bot@example.org", "ci@example.org", ""]
            ),
        ),
        max_size=20,
    )
)
def test_an_author_is_a_bot_in_all_of_its_commits_or_in_none(commits: list[tuple[str, str]]) -> None:
    authors = Authors(None, ())
    found: dict[str | None, bool] = {}
    for name, email in commits:
        who, is_bot = authors(name.encode(), email.encode())
        assert found.setdefault(who, is_bot) is is_bot


def test_a_commit_of_the_far_future_hides_nothing_of_what_comes_after(
    tmp_path: Path, history: History, collected: Collected
) -> None:
    """The commit-graph keeps 34 bits of a date: by it a commit of 2514 is of 1970, and its successors are passed over."""
    history.commit("2020-01-01T00:00Z")
    history.commit(f"@{2**34 + 5} +0000", parents=[":1"])
    history.write()
    collected.collect()
    history.commit("2021-01-01T00:00Z", parents=[":2"])
    history.write()
    git(history.folder, "commit-graph", "write", "--reachable")
    collected.collect()
    at_once = Collected(tmp_path, {"repositories": ["project"]})
    at_once.collect()
    assert [row["committed_at"].year for row in sorted(collected.rows, key=lambda row: row["committed_at"])] == [
        2020,
        2021,
        2514,
    ]
    assert collected.same(at_once)


def test_a_graft_that_is_added_later_changes_nothing(history: History, collected: Collected) -> None:
    for n, at in enumerate(dated(range(5))):
        history.commit(at, parents=[f":{n}"] if n else [])
    history.write()
    collected.collect()
    before = list(collected.rows)
    (history.folder / ".git" / "info").mkdir(exist_ok=True)
    (history.folder / ".git" / "info" / "grafts").write_text(f"{history.head()}\n")
    collected.collect(is_recheck=True)
    assert collected.rows == before


OWNERS = {
    "log": {"showRoot": "false", "follow": "true", "mailmap": "false", "date": "relative", "showSignature": "true"},
    "format": {"pretty": "oneline", "encodeEmailHeaders": "true"},
    "i18n": {"logOutputEncoding": "latin1"},
    "core": {"abbrev": "4", "commitGraph": "true"},
    "safe": {"bareRepository": "explicit"},
    "transfer": {"fsckObjects": "true", "hideRefs": "refs/heads"},
    "fetch": {"fsckObjects": "true", "prune": "true", "all": "true", "unpackLimit": "1"},
    "clone": {"rejectShallow": "true", "defaultRemoteName": "mine"},
    "protocol": {"version": "0"},
    "mailmap": {"file": "/dev/null"},
}


def test_what_the_owner_of_the_machine_has_set_changes_nothing(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailmap = "Ada <ada@example.org> <ada@laptop.local>\n"
    history.commit("2020-01-01T00:00Z", author="Ad\u00e9 <ada@laptop.local>", files={".mailmap": mailmap})
    history.commit("2020-01-02T00:00Z", parents=[])
    history.commit("2020-01-03T00:00Z", parents=[":1", ":2"])
    history.write()
    git(tmp_path, "clone", "--quiet", "--bare", "project", "bare.git")
    places = [{"address": "project", "name": "one"}, "bare.git", history.folder.as_uri()]
    plain, strict = tmp_path / "plain", tmp_path / "strict"
    plain.write_text("")
    strict.write_text(
        "".join(f"[{part}]\n" + "".join(f"\t{k} = {v}\n" for k, v in each.items()) for part, each in OWNERS.items())
    )
    found = []
    for settings in (plain, strict):
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        collected = Collected(tmp_path, {"repositories": places})
        collected.collect()
        assert {entry.reason for entry in collected.entries} == {""}
        found.append(collected)
    assert len(found[0].rows) == 9
    assert found[0].same(found[1])
