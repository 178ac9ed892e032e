"""Commands that bring usage into the lake and keep it in order."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.app import Form, Shown, app, interruptible, print_json, print_mistake, workspace_of
from footfall.cli.numerals import whole
from footfall.cli.volume import is_quiet, say_done
from footfall.concealing import concealed
from footfall.errors import FootfallError

if TYPE_CHECKING:
    from footfall.workspace import Workspace

_PANEL = "Collect"
_GOES_ON = "; what was committed stays, `footfall collect` continues from there."


@app.command(rich_help_panel=_PANEL)
def init(context: typer.Context) -> None:
    """Write a commented footfall.toml, here or in --workspace, with a project found in the files of the folder."""
    from footfall.projects.proposing import propose
    from footfall.template import commented, keep_out_of_git, write_settings_file

    folder = context.obj or Path()
    chosen = {"git": {"repositories": ["."]}} if (folder / ".git").exists() else {}
    proposal = propose(folder)
    file = write_settings_file(folder, commented(chosen, projects=[proposal.settings] if proposal else ()))
    say_done(f"Wrote {file}.")
    if said := keep_out_of_git(folder):
        say_done(said)
    if proposal:
        names = ", ".join(f"{name} ({source})" for source, name in proposal.names.items())
        say_done(f"Its project, from the files of the folder: {proposal.name}{f', known as {names}' if names else ''}.")
    if chosen:
        say_done("It collects the git history of this folder. Next: footfall collect")
    else:
        say_done("Next: enable a source in it, then run footfall collect")


@app.command(rich_help_panel=_PANEL)
def collect(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help="Which sources; default: all in footfall.toml.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only windows that touch this date or later ones.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Only windows before this date.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched; fetch nothing.")] = False,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Fetch stored windows again, even if they look unchanged.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            metavar="N",
            parser=whole(1, 64),
            help="Processes that share a backfill: of a source that allows it, by month.",
        ),
    ] = 1,
    every: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help='Repeat: "6h", or a cron expression in UTC such as "30 5 * * *".'),
    ] = None,
    form: Form = "text",
) -> None:
    """Fetch new and changed data, commit it, and report what could not be fetched.

    A window is the span of time that is fetched and stored as a unit: mostly a day, for a git repository its history.
    """
    from footfall.cli.sparing import spare_pandas

    spare_pandas()
    words = sources or []
    if every is None:
        with interruptible(_GOES_ON):
            asked = {"since": since, "until": until, "dry_run": dry_run, "recheck": recheck, "jobs": jobs}
            _collect(workspace_of(context), words, form, **asked)
        return
    if dry_run or recheck or since or until:
        raise FootfallError("--every collects only new data; leave out --since, --until, --dry-run and --recheck.")
    from footfall.cli.again import collect_again

    collect_again(context, every, lambda workspace: _collect(workspace, words, form, jobs=jobs), _GOES_ON)


def _collect(workspace: Workspace, sources: list[str], form: Shown = "text", **asked: Any) -> None:
    """One run, with what it came to. Raises FootfallError if a source could not be collected completely."""
    from footfall.cli.verbose import has_traces
    from footfall.terminal import collecting
    from footfall.terminal.console import open_console

    with collecting.watcher(open_console(is_error=True, is_quiet=is_quiet())) as watch:
        done = workspace.collect(*sources, watch=watch, **asked)
    if form == "json":
        from footfall.upkeep.records import summary_of

        print_json(summary_of(done))
    elif not is_quiet():
        console = open_console()
        console.print(collecting.summary(done, width=console.width))
    if has_traces():
        print(*(source.trace for source in done.sources if source.trace), sep="\n", file=sys.stderr)
    if workspace.settings.alerts and not done.is_dry_run:
        _alert(workspace)
    broken = [source.source for source in done.sources if source.error or source.failed]
    if broken:
        raise FootfallError(
            f"{', '.join(broken)} could not be collected completely; `footfall status` shows what is missing."
        )


def _alert(workspace: Workspace) -> None:
    """Alerts that cannot be sent do not affect the result of collecting."""
    from footfall.cli.upkeep import tell_alerts

    try:
        tell_alerts(workspace)
    except FootfallError as error:
        print_mistake(error)


@app.command(rich_help_panel=_PANEL)
def maintain(
    context: typer.Context,
    keep_days: Annotated[
        int, typer.Option(metavar="N", parser=whole(), help="How long older versions stay readable with --as-of.")
    ] = 30,
    jobs: Annotated[
        int, typer.Option(metavar="N", parser=whole(1, 64), help="Processes that share the work, each some tables.")
    ] = 1,
    form: Form = "text",
) -> None:
    """Compact small files and expire table versions older than --keep-days."""
    from footfall.terminal import collecting
    from footfall.terminal.console import open_console

    done = workspace_of(context).maintain(keep_days, jobs=jobs)
    if form == "json":
        print_json([vars(each) for each in done])
    elif not is_quiet():
        open_console().print(collecting.maintenance(done))


@app.command(rich_help_panel=_PANEL)
def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the workspace.")] = Path(
        "footfall-demo"
    ),
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="End with the dashboard on a local address, until Ctrl-C; default: only in a terminal.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Create a workspace with real and sample data, and show example queries."""
    from footfall.demo import run

    with interruptible(_GOES_ON):
        run(folder)
    if serve is None:
        serve = sys.stdin.isatty() and sys.stdout.isatty() and find_spec("fastapi") is not None
    if serve:
        from footfall.cli.serving import show_dashboard

        show_dashboard(folder)


@app.command(rich_help_panel=_PANEL)
def discard(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source that collected them.")],
    scopes: Annotated[
        list[str], typer.Argument(metavar="SCOPE", help="What to remove: repositories, packages, hubs, by their names.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be removed.")] = False,
) -> None:
    """Remove what was collected of repositories, packages or hubs that footfall.toml no longer has. Nothing brings it back.

    Only says what it would remove, unless --yes is given.
    """
    from footfall.formats import counted

    done = workspace_of(context).discard(source, scopes, dry_run=not yes)
    verb = "Removed" if yes else "Would remove"
    for each in done:
        print(concealed(f"{verb} {counted(each.rows, 'row')} of {each.scope} from {each.table}."))
    if not yes:
        print("Nothing was removed; to do it, add --yes.")
