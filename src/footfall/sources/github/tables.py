"""The tables of GitHub's data.

Repositories are numeric ids in every row and scope; readers see the current name of each.
"""

from __future__ import annotations

from typing import Literal

from footfall.periods import Grain
from footfall.tables import Column, ColumnType, Names, Observe, Replace, Role, Table


def _day(description: str = "The day, in UTC.") -> Column:
    return Column("day", "timestamp", Role.TIME, description)


def _text(name: str, description: str, role: Role = Role.DIMENSION) -> Column:
    return Column(name, "string", role, description)


def _count(name: str, description: str) -> Column:
    return Column(name, "integer", Role.MEASURE, description)


NAMES = Table(
    name="github_names",
    description="Current and former names of repositories.",
    columns=(
        Column("created_at", "timestamp", Role.TIME, "When the repository was created, in UTC."),
        _text("repo_id", "GitHub's permanent id of the repository.", Role.ATTRIBUTE),
        _text("name", "A name of it, owner/name.", Role.ATTRIBUTE),
        Column("is_current", "boolean", Role.ATTRIBUTE, "Whether the name is current."),
    ),
    rule=Observe(key=("created_at", "repo_id", "name"), resolve="latest"),
)

REPO = Column(
    "repo",
    "string",
    Role.DIMENSION,
    "Repository: its current owner/name; filters also accept former names.",
    folds_case=True,
    names=Names(NAMES, "repo_id", "name", "is_current"),
)


def _by_day(name: str, description: str, resolve: Literal["max", "latest"], *measures: Column) -> Table:
    return Table(
        name=name,
        description=description,
        columns=(_day(), REPO, *measures),
        rule=Observe(key=("day", "repo"), resolve=resolve, scope="repo"),
        sort=("repo", "day"),
        resolution=Grain.DAY,
    )


VIEWS = _by_day(
    "github_views",
    "Views of repositories by day: for each day the largest numbers that GitHub ever returned.",
    "max",
    _count("views", "Page views."),
    _count("uniques", "Different visitors of the day, as GitHub counts them."),
)
CLONES = _by_day(
    "github_clones",
    "Clones of repositories by day: for each day the largest numbers that GitHub ever returned.",
    "max",
    _count("clones", "Clones, those of CI included."),
    _count("uniques", "Different cloners of the day, as GitHub counts them."),
)
STARS = _by_day(
    "github_stars",
    "Current stars, by the day on which they were given.",
    "latest",
    _count("stars", "Stars of the day."),
)
FORKS = _by_day(
    "github_forks", "Existing forks, by the day on which they were made.", "latest", _count("forks", "Forks.")
)
RUNS = _by_day(
    "github_workflow_runs",
    "Runs of GitHub Actions workflows by the day on which they began.",
    "latest",
    _count("runs", "Workflow runs."),
)


def _snapshot(name: str, description: str, *columns: Column) -> Table:
    """Overlapping spans of 14 days: a whole span is stated again if it changes within its day."""
    return Table(
        name=name,
        description=description,
        columns=(
            Column("since", "timestamp", Role.TIME, "First of the 14 days, in UTC."),
            Column("until", "timestamp", Role.ATTRIBUTE, "The day on which it was read, which ends them."),
            REPO,
            *columns,
            _count("views", "Views in the 14 days."),
            _count("uniques", "Different visitors in the 14 days, as GitHub counts them."),
        ),
        rule=Replace(scope="repo"),
        sort=("repo", "since"),
        resolution=Grain.DAY,
    )


PATHS = _snapshot(
    "github_paths",
    "The ten most viewed pages of a repository in 14 days, as read on a day.",
    _text("path", "Path of the page."),
    _text("title", "Title of the page.", Role.ATTRIBUTE),
)
REFERRERS = _snapshot(
    "github_referrers",
    "The ten sites that most visitors of a repository came from in 14 days, as read on a day.",
    _text("referrer", "The site."),
)

RELEASES = Table(
    name="github_releases",
    description="Releases of repositories.",
    columns=(
        Column("published_at", "timestamp", Role.TIME, "When it was published, in UTC."),
        REPO,
        _text("release_id", "GitHub's number of the release.", Role.ATTRIBUTE),
        _text("tag", "Its tag."),
        _text("title", "Its title.", Role.ATTRIBUTE),
        Column("is_prerelease", "boolean", Role.DIMENSION, "Whether it is marked as a pre-release."),
        _count("releases", "1 a release."),
    ),
    rule=Observe(key=("published_at", "repo", "release_id"), resolve="latest", scope="repo"),
)
ASSETS = Table(
    name="github_release_downloads",
    description="How often each file of a release had been downloaded, as last read on each day.",
    columns=(
        _day("The day on which it was read, in UTC."),
        REPO,
        _text("tag", "Tag of the release."),
        _text("asset", "Name of the file."),
        _text("asset_id", "GitHub's number of the file: a file uploaded again under its name is another one."),
        _count("downloads", "Downloads since it was uploaded."),
    ),
    rule=Observe(key=("day", "repo", "asset_id"), resolve="latest", scope="repo"),
    sort=("repo", "asset_id", "day"),
    resolution=Grain.DAY,
)


def _of_commit(name: str, kind: ColumnType, role: Role, description: str) -> Column:
    return Column(name, kind, role, description)


COMMITS = Table(
    name="github_commits",
    description="Commits in the history of a repository's default branch, as GitHub lists them.",
    columns=(
        _of_commit("committed_at", "timestamp", Role.TIME, "When it was committed (committer date), in UTC."),
        REPO,
        _of_commit("sha", "string", Role.ATTRIBUTE, "The id of the commit."),
        _of_commit(
            "author",
            "string",
            Role.DIMENSION,
            "Author's e-mail in lower case, of a known bot its name; or its keyed hash.",
        ),
        _of_commit("authored_at", "timestamp", Role.ATTRIBUTE, "When it was written (author date), in UTC."),
        _of_commit("is_merge", "boolean", Role.DIMENSION, "Whether it has more than one parent."),
        _of_commit("is_bot", "boolean", Role.DIMENSION, "Whether its author is a bot, or looks like one."),
        _count("commits", "1 a commit."),
    ),
    rule=Replace(scope="repo"),
    sort=("repo", "committed_at"),
)

TABLES = (VIEWS, CLONES, PATHS, REFERRERS, STARS, FORKS, ASSETS, RELEASES, RUNS, COMMITS, NAMES)
