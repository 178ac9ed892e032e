"""The metrics of GitHub's tables."""

from __future__ import annotations

from footfall.metrics import Fact, Kind, Metric
from footfall.sources.commits import COMMIT_METRICS

_LATE = "GitHub gives each of the last 14 days one to three days late and revises it; of every day the largest value counts."

METRICS = (
    Metric(
        name="views",
        title="Views",
        description=f"Views of repositories' pages on GitHub, by day in UTC. {_LATE}",
        kind=Kind.SUM,
        unit="views",
        facts=(Fact("github_views", ("views",)),),
    ),
    Metric(
        name="view_uniques",
        title="Visitors",
        description=(
            "Different visitors of a repository's pages, as GitHub counts them for each day. They are never added: for several "
            f"days, or repositories, only a range is known. {_LATE}"
        ),
        kind=Kind.REPORTED,
        unit="visitors",
        facts=(Fact("github_views", ("uniques",)),),
        series=("repo",),
    ),
    Metric(
        name="clones",
        title="Clones",
        description=(
            "Clones of repositories, by day in UTC. Most are checkouts of CI where a repository has CI: compare with "
            f"`workflow_runs`. {_LATE}"
        ),
        kind=Kind.SUM,
        unit="clones",
        facts=(Fact("github_clones", ("clones",)),),
    ),
    Metric(
        name="clone_uniques",
        title="Cloners",
        description=(
            "Different cloners of a repository, as GitHub counts them for each day. They are never added: for several days, or "
            f"repositories, only a range is known. {_LATE}"
        ),
        kind=Kind.REPORTED,
        unit="cloners",
        facts=(Fact("github_clones", ("uniques",)),),
        series=("repo",),
    ),
    Metric(
        name="stars",
        title="Stars",
        description=(
            "Current stars, by the day on which they were given: their running total is the number of stars. "
            "A removed star is missing from its day once that is noticed; use `as_of` for earlier answers."
        ),
        kind=Kind.SUM,
        unit="stars",
        facts=(Fact("github_stars", ("stars",)),),
    ),
    Metric(
        name="forks",
        title="Forks",
        description="Existing forks, by the day on which they were made: their running total is the number of forks.",
        kind=Kind.SUM,
        unit="forks",
        facts=(Fact("github_forks", ("forks",)),),
    ),
    Metric(
        name="release_downloads",
        title="Release downloads",
        description=(
            "Downloads of the files of releases, as the increase from one reading to the next, counted on the day of the later one. A "
            "file's first reading gains nothing, unless the file is newer than the reading before; their running total is "
            "GitHub's own number. A file that is deleted keeps what it gained."
        ),
        kind=Kind.COUNTER,
        unit="downloads",
        facts=(Fact("github_release_downloads", ("downloads",)),),
        series=("repo", "asset_id"),
    ),
    Metric(
        name="workflow_runs",
        title="Workflow runs",
        description="Runs of GitHub Actions workflows, by the day on which they began; they explain most clones.",
        kind=Kind.SUM,
        unit="runs",
        facts=(Fact("github_workflow_runs", ("runs",)),),
    ),
    Metric(
        name="referrer_uniques",
        title="Visitors by referrer",
        description=(
            "Different visitors in 14 days that came from one of the ten sites that sent the most, as GitHub counts them. Each "
            "reading covers 14 days; for any other time only a range is known."
        ),
        kind=Kind.REPORTED,
        unit="visitors",
        facts=(Fact("github_referrers", ("uniques",), ends="until"),),
        series=("repo", "referrer"),
    ),
    Metric(
        name="path_views",
        title="Views by page",
        description=(
            "Views in 14 days of one of the ten most viewed pages. Each reading covers 14 days and overlaps with the next: they "
            "are never added, and for any other time only a range is known."
        ),
        kind=Kind.REPORTED,
        unit="views",
        facts=(Fact("github_paths", ("views",), ends="until"),),
        series=("repo", "path"),
    ),
    *COMMIT_METRICS,
)
