"""The demonstration: a workspace, a real git history and a sample archive, answers and charts; no account, no network."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

from footfall.errors import MissingExtraError, SettingsError
from footfall.periods import Grain, Window, periods_in
from footfall.repositories import has_commits
from footfall.settings import FILE_NAME
from footfall.sources.binder.sample import SAMPLE_NOTE, write_sample_archive
from footfall.sources.files.sample import (
    PACKAGE,
    PACKAGES,
    USER_EVENTS,
    hubs_of,
    tables_of,
    write_sample_files,
    write_sample_users,
)
from footfall.template import commented, write_settings_file
from footfall.terminal import collecting
from footfall.terminal.console import open_console
from footfall.terminal.tables import shown
from footfall.workspace import Workspace
from footfall.workspace import open as open_workspace

if TYPE_CHECKING:
    from footfall.charts.pictures import Picture
    from footfall.result import Result
    from footfall.retention.cohorts import Cohort

__all__ = ["SAMPLE_NOTE", "run", "write_sample_archive"]

ARCHIVE = "sample-archive"
FILES = "sample-files"
CHARTS = "charts"
_SIGN = "# A demonstration: "
_MARK = f"{_SIGN}launches, installs, traffic, hubs and users are {SAMPLE_NOTE}; commits are real.\n"
_EVENTS_PER_DAY = 400
_DAYS = 760
_USER_DAYS = 210
"""Days of marks of made-up users."""
_HOLE = range(5, 15)
"""Days of each May that are missing from the sample archive, to show a gap."""


@dataclass(frozen=True)
class Question:
    """A question of the demonstration, and the command for it."""

    title: str
    metric: str
    asked: dict[str, Any] = field(default_factory=dict)
    is_stacked: bool = False
    chart: str = ""
    """Name of the chart's files; empty for an answer in the terminal."""

    @property
    def command(self) -> str:
        words = ["footfall", "chart" if self.chart else "query", self.metric]
        for name, value in self.asked.items():
            for each in value if isinstance(value, list) else [value]:
                words += [f"--{name}", str(each)]
        words += ["--stacked"] if self.is_stacked else []
        return shlex.join([*words, *(["-o", f"{CHARTS}/{self.chart}.png"] if self.chart else [])])

    def is_possible(self, workspace: Workspace) -> bool:
        return self.metric in workspace.metrics

    def ask(self, workspace: Workspace) -> Result:
        return workspace.query(self.metric, **self.asked)

    def table(self, workspace: Workspace, width: int) -> RenderableType:
        return shown(self.ask(workspace), width=width)

    def picture(self, workspace: Workspace) -> Picture:
        return self.ask(workspace).chart(stacked=self.is_stacked)


@dataclass(frozen=True)
class Return:
    """A cohort question about a collected event."""

    title: str
    event: str
    by: str
    rows: int = 12
    chart: str = ""

    @property
    def command(self) -> str:
        words = ["footfall", "cohort", self.event, self.event, "--grain", self.by, "--kind", "new"]
        words += ["--last", str(self.rows), "--columns", str(self.rows)]
        return shlex.join([*words, *(["-o", f"{CHARTS}/{self.chart}.png"] if self.chart else [])])

    def is_possible(self, workspace: Workspace) -> bool:
        return self.event in workspace.activity.names()

    def ask(self, workspace: Workspace) -> Cohort:
        return workspace.cohort(self.event, self.event, grain=self.by, kind="new", last=self.rows, columns=self.rows)

    def table(self, workspace: Workspace, width: int) -> RenderableType:
        return shown(self.ask(workspace), width=width)

    def picture(self, workspace: Workspace) -> Picture:
        return self.ask(workspace).chart()


@dataclass(frozen=True)
class Overview:
    """A project on one screen."""

    title: str
    project: str
    chart: str = ""

    @property
    def command(self) -> str:
        return shlex.join(["footfall", "project", self.project])

    def is_possible(self, workspace: Workspace) -> bool:
        return any(project.name == self.project for project in workspace.settings.projects)

    def table(self, workspace: Workspace, width: int) -> RenderableType:
        return shown(workspace.project(self.project), width=width)

    def picture(self, workspace: Workspace) -> Picture:
        return workspace.project(self.project).chart()


Asked: TypeAlias = "Question | Return | Overview"


def questions(now: datetime, commits: Grain = Grain.MONTH, since: date | None = None) -> list[Asked]:
    """What the archive's own notebook answers, and the same of commits, by periods of the grain `commits`.

    Who came back is asked of twelve periods, or of as many as there were since the first commit.
    """
    by = Grain.DAY if commits is Grain.HOUR else commits
    first = Window.of_day(since or now.date()).start
    rows = min(12, max(2, len(periods_in(by, Window(first, now))))) if since else 12
    year = {"grain": "total", "since": str(now.year - 1), "until": str(now.year)}
    monthly = {"grain": "month", "last": 12, "compare": "year"}
    smooth = {"by": ["federation"], "rolling": 7, "last": 365}
    return [
        Question(f"How many launches were there in {now.year - 1}?", "launches", year),
        Question("Of how many different repositories?", "repos", year),
        Question("And counting the same name at two providers once?", "repo_names", year),
        Question("Where are the repositories?", "launches", {**year, "by": ["provider"]}),
        Question("Which are launched most often?", "launches", {**year, "by": ["repo"], "top": 10}),
        Question("How many launches per month, compared with a year before?", "launches", monthly),
        Question("How many users do the hubs have?", "hub_users", {"grain": "month", "last": 6, "by": ["hub"]}),
        Question("How many installs per month, compared with a year before?", "installs", monthly),
        Question(f"How many commits per {commits}?", "commits", {"grain": str(commits)}),
        Question("By how many authors per year?", "authors", {"grain": "year"}),
        Return("Which authors of commits came back?", "commit_author", str(by), rows),
        Return("Which repositories were launched again, week after week?", "binder_launch", "week"),
        Return("Which of the made-up users came back, week after week?", "sample_active", "week"),
        Overview("One project across all sources", PACKAGE),
        Question("Launches by federation member", "launches", smooth, chart="launches-by-federation"),
        Question("The same, stacked", "launches", smooth, True, chart="launches-by-federation-stacked"),
        Question(f"Commits per {commits}", "commits", {"grain": str(commits)}, chart=f"commits-by-{commits}"),
        Return("Authors who came back", "commit_author", str(by), rows, chart="authors-who-came-back"),
        Return("Repositories launched again", "binder_launch", "week", chart="repositories-launched-again"),
    ]


def run(folder: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), here: Path | None = None) -> None:
    """Make the workspace in `folder` (or bring it up to date), collect, answer, draw, and say what to do next."""
    console = open_console()
    repository = find_repository(here or Path.cwd(), Path(__file__))
    workspace = _prepare(folder, repository, now, console)
    with collecting.watcher(open_console(is_error=True)) as watch:
        done = workspace.collect(watch=watch)
    console.print(collecting.summary(done, width=console.width))
    _mark_sample_users(workspace, now().date(), console)
    console.print(Text(f"\nAll commands below work after: cd {shlex.quote(str(folder))}", style="dim"))
    first = workspace.activity.summary("commit_author").first_day
    grain = _grain_of_commits(workspace)
    asked = [q for q in questions(now(), grain, first and first.date()) if q.is_possible(workspace)]
    for question in asked:
        if not question.chart:
            _print_heading(question, console)
            console.print(question.table(workspace, console.width))
    drawn = list(_draw([q for q in asked if q.chart], workspace, console))
    _print_next(folder, drawn, console)


def _mark_sample_users(workspace: Workspace, today: date, console: Console) -> None:
    """Marks of made-up users up to yesterday; of days that are marked already nothing is marked again."""
    activity, folder = workspace.activity, workspace.settings.folder / FILES
    known = [activity.summary(event).last_day for event in USER_EVENTS if event in activity.events()]
    last = max((day.date() for day in known if day), default=None)
    since = today - timedelta(days=_USER_DAYS) if last is None else last + timedelta(days=1)
    if since >= today:
        return
    console.print(
        Text(f"Marking {(today - since).days} days of made-up users: sample_signed_up, sample_active, sample_paid.")
    )
    for event, file in write_sample_users(folder, since, today).items():
        workspace.mark_file(event, file, actor="user", at="day")


def _grain_of_commits(workspace: Workspace) -> Grain:
    """A short history needs a finer grain: by day below three months, by hour below three days."""
    if "commits" not in workspace.metrics:
        return Grain.MONTH
    for grain in (Grain.MONTH, Grain.DAY):
        if workspace.query("commits", grain=str(grain)).rows.num_rows >= 3:
            return grain
    return Grain.HOUR


def _prepare(folder: Path, repository: Path | None, now: Callable[[], datetime], console: Console) -> Workspace:
    """The workspace with its sample archive; run again, it is updated. Other workspaces are left alone."""
    file = folder / FILE_NAME
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file, and a demonstration needs a folder; name another one.")
    if file.is_file() and not file.read_text(encoding="utf-8").startswith(_SIGN):
        raise SettingsError(f"{file} is a workspace of your own, not a demonstration; name another folder.")
    if not file.exists() and folder.is_dir() and any(path.name not in (ARCHIVE, FILES) for path in folder.iterdir()):
        raise SettingsError(f"{folder.resolve()} is not empty; name a new or an empty folder.")
    today = now().date()
    first = _first_day(folder / ARCHIVE, today)
    console.print(f"Writing {(today - first).days} days of made-up sample data to {folder / ARCHIVE}.")
    holes = {date(year, 5, day) for year in range(first.year, today.year + 1) for day in _HOLE}
    write_sample_archive(folder / ARCHIVE, (today - first).days, _EVENTS_PER_DAY, until=today, holes=holes)
    write_sample_files(folder / FILES, (today - first).days, until=today)
    if repository is None:
        console.print("There is no git repository with commits here, so only the sample data is shown.")
    else:
        console.print(f"Reading the git history of {repository}: real data.")
    if not file.exists():
        sources: dict[str, dict[str, Any]] = {"binder": {"archive": ARCHIVE, "first_day": first}}
        sources["files"] = {"tables": tables_of(FILES)}
        sources["hub_files"] = hubs_of(FILES)
        if repository is not None:
            sources["git"] = {"repositories": [str(repository)]}
        notes = dict.fromkeys(("binder", "files", "hub_files"), SAMPLE_NOTE)
        projects = [{"name": name, "description": "a made-up package", "files": name} for name in PACKAGES]
        if repository is not None:
            described = "the repository that the demonstration reads"
            projects.append({"name": repository.name, "description": described, "git": repository.name})
        write_settings_file(folder, _MARK + commented(sources, notes=notes, projects=projects))
    return open_workspace(folder, now=now)


def _first_day(archive: Path, today: date) -> date:
    """Where the archive that is there begins, or a new one will begin."""
    days = sorted(path.stem.removeprefix("events-") for path in archive.glob("events-*.jsonl"))
    return date.fromisoformat(days[0]) if days else (today - timedelta(days=_DAYS)).replace(day=1)


def find_repository(*places: Path) -> Path | None:
    """The first git repository with commits that holds one of `places`: the current folder, or Footfall's own checkout."""
    for place in places:
        for folder in (place.resolve(), *place.resolve().parents):
            if (folder / ".git").exists() and has_commits(folder):
                return folder
    return None


def _print_heading(question: Asked, console: Console) -> None:
    console.print()
    console.print(Rule(Text(question.title, style="bold"), align="left", style="dim"))
    console.print(Text(f"$ {question.command}\n", style="green"), soft_wrap=True)


def _draw(asked: list[Asked], workspace: Workspace, console: Console) -> Iterator[Path]:
    """Each chart as PNG and HTML; without the extra `charts`, one sentence says how to install it."""
    console.print()
    console.print(Rule(Text("Charts", style="bold"), align="left", style="dim"))
    folder = workspace.settings.folder / CHARTS
    folder.mkdir(exist_ok=True)
    for question in asked:
        try:
            picture = question.picture(workspace)
        except MissingExtraError as error:
            console.print(str(error))
            return
        console.print(Text(f"$ {question.command}", style="green"), soft_wrap=True)
        for suffix in (".png", ".html"):
            picture.save(file := folder / f"{question.chart}{suffix}")
            yield file


def _print_next(folder: Path, drawn: list[Path], console: Console) -> None:
    console.print()
    console.print(Rule(Text("What next", style="bold"), align="left", style="dim"))
    if drawn:
        console.print(f"See the charts:      {folder / CHARTS} (the .html files need no network)")
    console.print(f"In a browser:        cd {shlex.quote(str(folder))} && footfall serve")
    console.print(f"More metrics:        cd {shlex.quote(str(folder))} && footfall metrics")
    console.print("With your own data:  footfall init in a folder of your own, then footfall collect")
    console.print("Your own users:      footfall mark EVENT USER, then footfall cohort EVENT EVENT (docs/activity.md)")
