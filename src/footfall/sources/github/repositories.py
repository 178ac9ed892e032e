"""Repositories selected by name, by owner or by topic; each is identified by a number that survives renames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError, SourceError
from footfall.sources.ahead import ahead
from footfall.sources.github.refusals import RefusedError

if TYPE_CHECKING:
    from footfall.sources.github.api import Api

METADATA = "Metadata: read"
MOST_FOUND = 1_000
"""The most repositories of a topic that GitHub's search returns."""


@dataclass(frozen=True)
class Repo:
    """A repository in its current state."""

    id: str
    name: str
    created_at: datetime
    stars: int = 0
    forks: int = 0

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    @property
    def created_on(self) -> date:
        return self.created_at.date()


@dataclass(frozen=True)
class Resolved:
    """What the settings select, in its current state."""

    repos: dict[str, Repo] = field(default_factory=dict)
    """By id."""
    faults: dict[str, SourceError] = field(default_factory=dict)
    """By setting: why it could not be resolved."""
    notes: dict[str, str] = field(default_factory=dict)


def repo_of(found: Any) -> Repo:
    """Parse a repository from GitHub's answer. Raises BrokenDataError."""
    try:
        owner, _, name = str(found["full_name"]).partition("/")
        if not owner or not name or isinstance(found["id"], bool):
            raise ValueError(found["full_name"])
        created_at = datetime.fromisoformat(found["created_at"]).astimezone(UTC)
        counts = int(found["stargazers_count"]), int(found["forks_count"])
        return Repo(str(int(found["id"])), f"{owner}/{name}", created_at, *counts)
    except (KeyError, TypeError, ValueError):
        raise BrokenDataError("GitHub's answer about a repository has an unexpected format.") from None


def resolve(api: Api, asked: Sequence[str], threads: int) -> Resolved:
    """Every selected repository, each once; queried concurrently.

    Raises the SourceError itself if everything failed for one reason.
    """
    resolved = Resolved()

    def find(text: str) -> tuple[str, list[Repo] | SourceError]:
        try:
            return text, list(_found(api, text))
        except SourceError as error:
            return text, error

    for text, found in ahead(find, dict.fromkeys(asked), threads=threads, most=4 * threads):
        if isinstance(found, SourceError):
            resolved.faults[text] = found
        else:
            resolved.repos.update((repo.id, repo) for repo in found)
    _raise_what_is_general(resolved)
    return resolved


def _raise_what_is_general(resolved: Resolved) -> None:
    """An unreachable host or a rejected credential is a fault of the source, not of a repository."""
    reasons = {str(error) for error in resolved.faults.values()}
    if resolved.repos or len(reasons) != 1:
        return
    error = next(iter(resolved.faults.values()))
    if not isinstance(error, RefusedError) or error.status == 401 or error.status >= 500:
        raise error


def _found(api: Api, text: str) -> Iterator[Repo]:
    find = _by_topic if text.startswith("topic:") else _by_owner if text.endswith("/*") else _by_name
    return find(api, text)


def _by_name(api: Api, text: str) -> Iterator[Repo]:
    yield repo_of(api.get(f"/repos/{text}", text.partition("/")[0], METADATA))


def _by_owner(api: Api, text: str) -> Iterator[Repo]:
    """All repositories of an owner without forks: for an organisation those the token sees, else the public ones."""
    owner = text.partition("/")[0]
    try:
        yield from _listed(api, f"/orgs/{owner}/repos", owner)
    except RefusedError as error:
        if error.status != 404:
            raise
        yield from _listed(api, f"/users/{owner}/repos", owner)


def _listed(api: Api, path: str, owner: str) -> Iterator[Repo]:
    for page in api.pages(path, owner, METADATA, per_page=100):
        for found in _list(page, path):
            if not found.get("fork"):
                yield repo_of(found)


def _by_topic(api: Api, text: str) -> Iterator[Repo]:
    topic = text.partition(":")[2]
    for page in api.pages("/search/repositories", "", METADATA, q=f"topic:{topic}", sort="stars", per_page=100):
        if not isinstance(page, dict) or page.get("incomplete_results"):
            raise BrokenDataError(f"GitHub's search for topic:{topic} gave only a part; try again later.")
        if int(page.get("total_count", 0)) > MOST_FOUND:
            raise BrokenDataError(
                f"topic:{topic} has {page['total_count']:,} repositories, and GitHub's search gives at most {MOST_FOUND:,}; "
                "name owners or repositories instead."
            )
        for found in _list(page.get("items"), text):
            yield repo_of(found)


def _list(page: Any, what: str) -> list[Any]:
    if not isinstance(page, list) or not all(isinstance(each, dict) for each in page):
        raise BrokenDataError(f"GitHub's answer to {what} is not a list of repositories.")
    return page
