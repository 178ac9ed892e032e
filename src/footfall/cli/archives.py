"""Commands that import data of other archivers: `footfall import KIND PATH`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.activity import copies
from footfall.cli.app import interruptible, workspace_of
from footfall.cli.volume import say_done
from footfall.errors import SettingsError

if TYPE_CHECKING:
    from footfall.moving.traffic import Taken
    from footfall.workspace import Workspace

_Path = Annotated[Path, typer.Argument(metavar="PATH", help="The folder or the file.", show_default=False)]
_Repo = Annotated[
    str, typer.Option("--repo", metavar="OWNER/NAME", help="The repository, if the files do not name it.")
]
_Id = Annotated[
    str, typer.Option("--id", metavar="NUMBER", help="GitHub's id of the repository, if it was never collected here.")
]
_AGAIN = "Safe to repeat: of each day the largest numbers count."

_KINDS = {
    "github-repo-stats": (
        "github_repo_stats",
        "Import data of github-repo-stats: the folder ghrs-data, or one of its files.",
    ),
    "repository-traffic-action": (
        "traffic_action",
        "Import data of repository-traffic-action: a folder with views.csv and clones.csv, or one of them.",
    ),
    "traffic-to-badge": (
        "traffic_to_badge",
        "Import data of traffic-to-badge: a folder with views.json and clones.json, or one of them.",
    ),
    "ghstats": ("ghstats", "Import views and clones from the database of ghstats."),
    "velocirepo": ("velocirepo", "Import views and clones from the data folder of velocirepo."),
}
"""Kind → the reader's module, and what the command does."""


def source_with(workspace: Workspace, table: str, kind: str) -> str:
    """The name of the source that has a table, under which an import is recorded. Raises SettingsError."""
    for name, source in workspace.sources.items():
        if any(each.name == table for each in source.tables):
            return name
    raise SettingsError(f"there is no [sources.{kind}] in footfall.toml; enable it, so that the import has its tables.")


def _command(module: str) -> Callable[..., None]:
    def take(
        context: typer.Context,
        path: _Path,
        repo: _Repo = "",
        number: _Id = "",
    ) -> None:
        from footfall.moving.traffic import Importer

        workspace = workspace_of(context)
        source = source_with(workspace, "github_views", "github")
        reader = import_module(f"footfall.moving.archives.{module}")
        with interruptible("; what was imported stays, the same command continues from there."):
            done = Importer(workspace.lake, source, workspace.now()).take(reader.read, path, repo, number)
        say_done(_said(done))

    return take


def _said(done: Taken) -> str:
    from footfall.formats import counted

    new = {kind: done.new.get(f"github_{kind}", 0) for kind in ("views", "clones", "stars", "forks")}
    days = [f"{counted(new[kind], 'day')} of {kind}" for kind in ("views", "clones") if new[kind]]
    return _imported([*days, *(kind for kind in ("stars", "forks") if new[kind])])


def _imported(new: Sequence[str]) -> str:
    from footfall.formats import listed

    return f"Imported {listed(new)}." if new else "Nothing new: all of it was here already."


@copies.command()
def pypistats(
    context: typer.Context,
    path: _Path,
    project: Annotated[
        str, typer.Option("--project", metavar="NAME", help="The project, if the files do not name it.")
    ] = "",
) -> None:
    """Import downloads as served by pypistats.org: CSV with category, date and downloads, or JSON.

    Days that were collected stay as they are. Safe to repeat: only missing days are added.
    """
    from footfall.formats import counted
    from footfall.moving.downloads import import_downloads

    workspace = workspace_of(context)
    source = source_with(workspace, "pypi_downloads", "pypi")
    tables = workspace.sources[source].tables
    with interruptible("; what was imported stays, the same command continues from there."):
        done = import_downloads(path, project, workspace.lake, source, tables, workspace.now())
    new = [f"{counted(days, 'day')} of {table}" for table, days in done.days.items() if days]
    say_done(_imported(new))
    if done.without_total:
        say_done(f"{counted(done.without_total, 'day')} of breakdowns were left out: no file has their totals.")


@copies.command("hub-users")
def hub_users(context: typer.Context, path: _Path) -> None:
    """Import active users of hubs as 2i2c publishes them: CSV with date, cluster, hub, timescale and users.

    Counts that are known here stay as they are. Safe to repeat: only missing data is added.
    """
    from footfall.formats import counted
    from footfall.moving.hubs import import_hub_users

    workspace = workspace_of(context)
    source = source_with(workspace, "hub_users", "prometheus")
    with interruptible("; what was imported stays, the same command continues from there."):
        done = import_hub_users(path, workspace.lake, source, workspace.now())
    say_done(_imported([f"{counted(done.new, 'count')} of users"] if done.new else []))


for _name, (_module, _does) in _KINDS.items():
    copies.command(_name, help=f"{_does}\n\n{_AGAIN}")(_command(_module))
