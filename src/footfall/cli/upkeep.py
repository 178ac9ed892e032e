"""Commands that keep a workspace going: how it stands, and whether everything works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.app import Form, app, interruptible, print_json, workspace_of
from footfall.concealing import concealed
from footfall.errors import FootfallError, UnknownNameError

if TYPE_CHECKING:
    from footfall.upkeep.standing import Standing
    from footfall.workspace import Workspace

_PANEL = "Collect"


@app.command(rich_help_panel=_PANEL)
def status(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help="Which sources; default: all in footfall.toml.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="For monitoring: exit 1 with one line per reason, else print nothing.")
    ] = False,
    stale_after: Annotated[
        str, typer.Option(metavar="LENGTH", help="A reason: a table's data is older than this.")
    ] = "3d",
    lost_within: Annotated[
        str, typer.Option(metavar="LENGTH", help="A reason: upstream will delete data within this time.")
    ] = "3d",
    gaps_within: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="A reason: a gap newer than this; default: gaps are ignored."),
    ] = None,
    ignore_failed: Annotated[
        bool, typer.Option("--ignore-failed", help="Do not count failed windows as a reason.")
    ] = False,
    form: Form = "text",
) -> None:
    """Per source: freshness, gaps, failures, data that upstream will delete soon, and what to do next."""
    from footfall.periods import parse_length
    from footfall.upkeep.worries import Thresholds, reasons

    limits = Thresholds(
        parse_length(stale_after),
        parse_length(lost_within),
        parse_length(gaps_within) if gaps_within else None,
        not ignore_failed,
    )
    workspace = workspace_of(context)
    found = _standing(workspace, sources or [])
    why = reasons(found, workspace.now(), limits)
    if form == "json":
        from footfall.upkeep.records import standing_of

        print_json(standing_of(found, workspace.now(), why))
    elif check:
        print(*why, sep="\n", end="\n" if why else "")
    else:
        _show(workspace, found)
    if check and why:
        raise typer.Exit(1)


def _standing(workspace: Workspace, names: list[str]) -> Standing:
    from footfall.upkeep.standing import of_sources

    for name in names:
        if name not in workspace.sources:
            raise UnknownNameError("source", name, workspace.sources, "It must be in footfall.toml.")
    return of_sources(workspace.standing(), names)


def _show(workspace: Workspace, found: Standing) -> None:
    from footfall.terminal import collecting
    from footfall.terminal.console import open_console

    console, activity = open_console(), workspace.activity
    events = [name for name in activity.store.events() if activity.owners.table_of(name) is None]
    if found.states:
        console.print(collecting.status(found, workspace.now()))
    else:
        print(f"No source is set up yet. Next: enable a source in {workspace.settings.folder / 'footfall.toml'}")
    if events:
        console.print(collecting.marks(events, activity.store.address))


@app.command(rich_help_panel=_PANEL)
def alert(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check: send and store nothing.")] = False,
) -> None:
    """Check [[alerts]]; send one message when an alert starts and one when it ends. `collect` does this after each run."""
    workspace = workspace_of(context)
    if not workspace.settings.alerts:
        print("No alert is set up. Next: add one to footfall.toml, under [[alerts]].")
        return
    tell_alerts(workspace, dry_run=dry_run)


def tell_alerts(workspace: Workspace, *, dry_run: bool = False) -> None:
    """Alert, and say what was sent. Raises FootfallError if an alert could not be checked or sent."""
    from rich.text import Text

    from footfall.terminal.console import open_console

    done, console = workspace.alert(dry_run=dry_run), open_console()
    for message in done.messages:
        console.print(Text(concealed(f"alert: {message}"), style="red" if message.is_alarm else "green"))
    lasting = [f"{name}: {about}" for name, each in done.memory.lasting.items() for about in each]
    lasting += [name for name, state in done.memory.ranges.items() if state.alarm]
    if lasting:
        console.print(Text(concealed(f"ongoing alerts: {', '.join(lasting)}"), style="yellow"))
    if done.faults:
        raise FootfallError(" ".join(done.faults))


@app.command(rich_help_panel=_PANEL)
def doctor(
    context: typer.Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also read every file and every set, and verify its checksum.")
    ] = False,
    form: Form = "text",
) -> None:
    """Check the settings, the lake, the activity, the engine, and each source with its credentials."""
    from footfall.terminal.console import open_console
    from footfall.terminal.upkeep import findings

    found = list(workspace_of(context).examine(deep=deep))
    if form == "json":
        from footfall.upkeep.records import findings_of

        print_json(findings_of(found))
    else:
        open_console().print(findings(found))
    if any(each.is_failed for each in found):
        raise FootfallError("some checks failed; the lines marked ✗ say what to do.")


@app.command(rich_help_panel=_PANEL)
def repair(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Apply the repair; without this, only show what would be done.")
    ] = False,
) -> None:
    """Repair damage in the lake and the activity, keep everything intact, and report what is lost.

    Without --yes it only shows what it would do. The damaged files are kept.
    """
    from footfall.terminal.console import open_console
    from footfall.terminal.upkeep import repair_steps

    with interruptible("; what was repaired stays, the same command continues from there."):
        found = workspace_of(context).repair(dry_run=not yes)
    if not found:
        print("Nothing is damaged.")
        return
    open_console().print(repair_steps(found, is_done=yes))
    if not yes:
        raise FootfallError("there is damage; restore a backup, or run `footfall repair --yes`.")
