"""What is kept of commits, and the numbers that come of it."""

from __future__ import annotations

from footfall.filters import Filter
from footfall.metrics import Fact, Kind, Metric, Policy
from footfall.tables import Column, Replace, Role, Table, TableEvent

COMMITS = Table(
    name="commits",
    description="Commits in the history of a repository's HEAD.",
    columns=(
        Column("committed_at", "timestamp", Role.TIME, "When it was committed (committer date), in UTC."),
        Column(
            "repo",
            "string",
            Role.DIMENSION,
            "Repository: owner/name where it is hosted, else its folder.",
            folds_case=True,
        ),
        Column("sha", "string", Role.ATTRIBUTE, "The commit's id."),
        Column("author", "string", Role.DIMENSION, "Author's e-mail in lower case after .mailmap, or its keyed hash."),
        Column("authored_at", "timestamp", Role.ATTRIBUTE, "When it was written (author date), in UTC."),
        Column("is_merge", "boolean", Role.DIMENSION, "Whether it has more than one parent."),
        Column("is_bot", "boolean", Role.DIMENSION, "Whether its author's name or e-mail looks like a bot's."),
        Column("commits", "integer", Role.MEASURE, "1 a commit."),
    ),
    rule=Replace(scope="repo"),
    sort=("repo", "committed_at"),
    events=(
        TableEvent(
            "commit_author",
            "author",
            "Authors of commits, bots left out.",
            (("is_bot", True),),
            "authors who committed again",
            "commit",
        ),
    ),
)

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


METRICS = (
    Metric(
        name="commits",
        title="Commits",
        description=(
            "Commits in the history of HEAD, by committer date in UTC. Merges and bots count unless you exclude them, "
            "so that the number is the one `git rev-list --count HEAD` and hosting pages show. A commit that is in several "
            "repositories counts in each; a branch that is merged later adds commits to the months it was written in."
        ),
        kind=Kind.SUM,
        unit="commits",
        facts=(Fact("commits", ("commits",)),),
        policies=(_merges("included"), _bots("included")),
    ),
    Metric(
        name="authors",
        title="Authors",
        description=(
            "Different authors of commits: e-mail addresses after .mailmap, ignoring case; who uses two addresses that "
            ".mailmap does not join counts twice. Bots are left out unless you include them, as the question is about people."
        ),
        kind=Kind.DISTINCT,
        unit="authors",
        facts=(Fact("commits", ("author",)),),
        policies=(_merges("included"), _bots("excluded")),
    ),
    Metric(
        name="latest_commit",
        title="Latest commit",
        description="The latest committer date in the history of HEAD, by any author unless you exclude bots.",
        kind=Kind.LATEST,
        unit="moment",
        facts=(Fact("commits", ("committed_at",)),),
        policies=(_merges("included"), _bots("included")),
    ),
)
