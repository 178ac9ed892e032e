"""The table of commits, and its metrics."""

from __future__ import annotations

from dataclasses import replace

from footfall.metrics import Fact
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
        Column("sha", "string", Role.ATTRIBUTE, "The id of the commit."),
        Column(
            "author",
            "string",
            Role.DIMENSION,
            "Author's e-mail in lower case after .mailmap, of a known bot its name; or its keyed hash.",
        ),
        Column("authored_at", "timestamp", Role.ATTRIBUTE, "When it was written (author date), in UTC."),
        Column(
            "landed_at",
            "timestamp",
            Role.ATTRIBUTE,
            "When it came on the first parent of HEAD (committer date of the merge that brought it, or its own), in UTC.",
        ),
        Column("is_merge", "boolean", Role.DIMENSION, "Whether it has more than one parent."),
        Column("is_bot", "boolean", Role.DIMENSION, "Whether its author is a known bot or agent, or looks like one."),
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

METRICS = (
    *COMMIT_METRICS,
    replace(
        COMMIT_METRICS[0],
        name="landed_commits",
        title="Commits landed",
        description=(
            "Commits in the history of HEAD, by the date in UTC on which they came on its first parent: that of the merge "
            "that brought them, else their own committer date. Months that are over no longer grow, unless history is "
            "rewritten or HEAD gets other first parents (a branch that takes the place of the one it was merged from). A commit "
            "that several repositories hold counts where it landed first. Known of clones, not from GitHub."
        ),
        facts=(Fact("commits", ("commits",), time="landed_at"),),
        version=1,
    ),
)
