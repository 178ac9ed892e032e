"""Metrics of commits, from any source: a clone, or the host's API.

A table of commits has a row for each commit of a repository: `committed_at`, `repo` (its scope), `sha`, `author`,
`authored_at`, `is_merge`, `is_bot` and `commits`, which is 1. A commit is identified by its sha: for one repository
each span of time is read from the first table that has collected it, and over several repositories (forks, worktrees, a
folder and its own address) a sha counts once.
"""

from __future__ import annotations

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy, Shared

COMMIT_TABLES = ("commits", "github_commits")
"""The tables of commits, in order of preference."""


def _facts(column: str) -> tuple[Fact, ...]:
    return tuple(Fact(table, (column,)) for table in COMMIT_TABLES)


_NOT_MERGES = Filter("is_merge", (False,))
_NOT_BOTS = Filter("is_bot", (False,))


def _merges(default: str) -> Policy:
    return Policy(
        "merges", "Whether commits with several parents count.", {"included": None, "excluded": _NOT_MERGES}, default
    )


def _bots(default: str) -> Policy:
    return Policy(
        "bots",
        "Whether commits whose author looks like a bot count.",
        {"included": None, "excluded": _NOT_BOTS},
        default,
    )


_SHARED = Shared("repo", id="sha")

COMMIT_METRICS = (
    Metric(
        name="commits",
        title="Commits",
        description=(
            "Commits in the history of HEAD, by committer date in UTC. Merges and bots count unless you exclude them, "
            "so that the number is the one `git rev-list --count HEAD` and hosting pages show. A commit that is in several "
            "repositories counts in each of them, and once in their total. Months that are over still grow: a branch that is merged "
            "later adds commits to the months it was written in. Of a clone the last periods are therefore provisional, for as long "
            "as 99 % of its commits needed to come on the first parent in the last three years; `landed_commits` counts by that date. "
            "Where both a clone and GitHub were asked about a repository, the clone is read, and GitHub where the clone was not."
        ),
        kind=Kind.SUM,
        unit="commits",
        facts=_facts("commits"),
        version=2,
        shared=_SHARED,
        policies=(_merges("included"), _bots("included")),
    ),
    Metric(
        name="authors",
        title="Authors",
        description=(
            "Different authors of commits: e-mail addresses after .mailmap, ignoring case; an author with two addresses that "
            ".mailmap does not join counts twice. A commit that is in several repositories counts once, under one author, also where their .mailmap files differ. "
            "Bots are left out unless you include them, as the question is about people."
        ),
        kind=Kind.DISTINCT,
        unit="authors",
        facts=_facts("author"),
        version=2,
        shared=_SHARED,
        policies=(_merges("included"), _bots("excluded")),
    ),
    Metric(
        name="latest_commit",
        title="Latest commit",
        description="The latest committer date in the history of HEAD, by any author unless you exclude bots.",
        kind=Kind.LATEST,
        unit="moment",
        facts=_facts("committed_at"),
        policies=(_merges("included"), _bots("included")),
    ),
)
