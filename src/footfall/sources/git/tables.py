"""What is kept of commits, and the numbers that come of it."""

from __future__ import annotations

from footfall.sources.commits import COMMIT_METRICS
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

METRICS = COMMIT_METRICS
