"""What is read of a git folder: its head, branches, commits, and their parents."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import BrokenDataError
from footfall.repositories.repository import FIELDS, Repository
from histories import History, git

pytestmark = pytest.mark.slow


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Two commits, the second a child of the first."""
    made = History.new(tmp_path / "project")
    made.commit("2020-01-01T00:00+00:00")
    made.commit("2020-01-02T00:00+00:00", parents=[":1"], author="Bob <bob@example.org>")
    made.write()
    return made


@pytest.fixture
def repository(history: History) -> Repository:
    return Repository(history.folder / ".git")


def shas(history: History) -> list[str]:
    """Oldest first, as git lists them."""
    return git(history.folder, "rev-list", "--reverse", "HEAD").split()


def test_the_head_and_its_branches(history: History, repository: Repository) -> None:
    git(history.folder, "branch", "other")
    assert repository.head() == shas(history)[-1]
    assert repository.branch() == "main"
    assert repository.branches() == ["main", "other"]


def test_before_the_first_commit_there_is_no_head(tmp_path: Path) -> None:
    empty = Repository(History.new(tmp_path / "empty").folder / ".git")
    assert (empty.head(), empty.branch(), empty.branches()) == ("", "main", [])


def test_without_branches_other_refs_to_commits_are_listed(history: History, repository: Repository) -> None:
    git(history.folder, "tag", "v1")
    git(history.folder, "checkout", "--quiet", "--detach")
    git(history.folder, "branch", "-D", "main")
    assert repository.branches() == ["v1"]
    assert repository.branch() == ""


def test_who_is_in_whose_history(history: History, repository: Repository) -> None:
    first, second = shas(history)
    assert repository.is_ancestor(first, second)
    assert repository.is_ancestor(second, second)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor("0" * 40, second)


def commits_in(pieces: object) -> list[list[str]]:
    text = b"".join(pieces).decode()  # type: ignore[arg-type]
    values = text.split("\0")[:-1]
    return [values[at : at + len(FIELDS)] for at in range(0, len(values), len(FIELDS))]


def test_commits_come_with_their_fields(history: History, repository: Repository) -> None:
    first, second = shas(history)
    found = commits_in(repository.log("HEAD"))
    assert found == [
        [second, first, "1577923200", "1577923200", "Bob", "bob@example.org"],
        [first, "", "1577836800", "1577836800", "Ada", "ada@example.org"],
    ]
    assert commits_in(repository.log_of([first])) == [found[1]]
    assert commits_in(repository.log_of([])) == []


def test_a_mailmap_of_the_head_names_authors_and_one_of_the_work_tree_does_not(
    history: History, repository: Repository
) -> None:
    (history.folder / ".mailmap").write_text("Robert <robert@example.org> <bob@example.org>\n")
    assert commits_in(repository.log("HEAD"))[0][4:] == ["Bob", "bob@example.org"]
    git(history.folder, "add", ".mailmap")
    git(history.folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "-m", "names")
    assert commits_in(repository.log("HEAD~1"))[0][4:] == ["Robert", "robert@example.org"]


def test_the_graph_has_parents_and_the_seconds_before_its_end(history: History, repository: Repository) -> None:
    first, second = (sha.encode() for sha in shas(history))
    assert repository.graph("HEAD", 1577923200) == {first: ((), 1577836800), second: ((first,), None)}


def test_true_parents_are_those_before_a_cut(tmp_path: Path, history: History) -> None:
    first, second = shas(history)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{history.folder}", "cut")
    cut = Repository(tmp_path / "cut" / ".git")
    assert commits_in(cut.log("HEAD"))[0][:2] == [second, ""]
    assert cut.true_parents([second, first]) == {second: 1}, "what is absent has none"
    assert cut.true_parents([]) == {}


@pytest.mark.parametrize("revision", ["nowhere", "--all", "HEAD..nowhere"])
def test_a_revision_that_is_not_there_is_one_sentence(repository: Repository, revision: str) -> None:
    with pytest.raises(BrokenDataError, match=r"cannot be read: .*; try `git fsck` there") as raised:
        list(repository.log(revision))
    assert "\n" not in str(raised.value)
    with pytest.raises(BrokenDataError, match="try `git fsck` there"):
        repository.graph(f"{revision}x", 0)


def test_a_folder_that_is_no_repository_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BrokenDataError, match="not a git repository"):
        Repository(tmp_path).head()
