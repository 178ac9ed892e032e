"""Metrics of commits: what is counted by default, and what of several repositories counts once."""

from __future__ import annotations

import pytest

from footfall.metrics import Fact
from footfall.sources.commits import COMMIT_METRICS, COMMIT_TABLES

BY_NAME = {metric.name: metric for metric in COMMIT_METRICS}


@pytest.mark.parametrize(
    ("name", "column", "merges", "bots"),
    [
        ("commits", "commits", "included", "included"),  # as `git rev-list --count` and hosting pages show it
        ("authors", "author", "included", "excluded"),  # the question is about people
        ("latest_commit", "committed_at", "included", "included"),
    ],
)
def test_each_is_read_from_a_clone_first_and_says_what_it_leaves_out(
    name: str, column: str, merges: str, bots: str
) -> None:
    metric = BY_NAME[name]
    assert metric.facts == tuple(Fact(table, (column,)) for table in ("commits", "github_commits"))
    assert {policy.name: policy.default for policy in metric.policies} == {"merges": merges, "bots": bots}
    assert all(policy.open_choice == "included" for policy in metric.policies)


def test_a_commit_of_several_repositories_counts_once_in_a_total() -> None:
    for name in ("commits", "authors"):
        shared = BY_NAME[name].shared
        assert shared is not None
        assert (shared.by, shared.id) == ("repo", "sha")
    assert BY_NAME["latest_commit"].shared is None
    assert COMMIT_TABLES == ("commits", "github_commits")
