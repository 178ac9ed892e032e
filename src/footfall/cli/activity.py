"""Commands about who did what: marks, and who came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.app import Form, app, interruptible, print_json, workspace_of
from footfall.cli.volume import is_quiet, say_done
from footfall.errors import FootfallError, MarkError, UnreachableStoreError

if TYPE_CHECKING:
    from datetime import tzinfo

    from footfall.activity import Activity
    from footfall.activity.files import Columns, FileMarks

_PANEL = "Who did what, who came back"

_Event = Annotated[str, typer.Argument(metavar="EVENT", help="The event, such as active.", show_default=False)]
_Hourly = Annotated[bool | None, typer.Option("--hourly", help="Mark by the hour as well as by the day.")]
_Unique = Annotated[bool, typer.Option("--unique", help="Mark without a time; with --at, on that day too.")]


_Zone = Annotated[str | None, typer.Option(metavar="ZONE", help="The time zone of times without one, such as UTC.")]
_SkipMissing = Annotated[
    bool, typer.Option("--skip-missing", help="Leave out rows without actor or time, and count them.")
]


@app.command(rich_help_panel=_PANEL)
def mark(
    context: typer.Context,
    event: _Event,
    actors: Annotated[
        list[str] | None, typer.Argument(metavar="ACTOR", help="The actors: numbers or texts.", show_default=False)
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="The time; with --file, a column of times. Default: now.")
    ] = None,
    hourly: _Hourly = None,
    unique: _Unique = False,
    file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Mark the rows of a CSV (also .gz) or Parquet file; - is standard input."),
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="COLUMN", help="The file's column of actors.")] = None,
    zone: _Zone = None,
    skip_missing: _SkipMissing = False,
) -> None:
    """Mark that actors did something. Marks are stored when the command returns."""
    from footfall.activity.moments import zone_of

    activity = workspace_of(context).activity
    if zone and at is None:
        raise MarkError(
            "--zone is the zone of the times given with --at, and there is no --at; add it, or leave --zone out."
        )
    if file is None:
        _check_no_file(actor, skip_missing)
        _mark_words(activity, event, actors or [], at, zone_of(zone), hourly, unique)
        return
    if actors or unique or not actor:
        raise MarkError("to mark a file, use --file FILE --actor COLUMN [--at COLUMN], without actors or --unique.")
    from footfall.activity.files import Columns

    _mark_rows(activity, event, file, Columns(actor, at, zone_of(zone), skip_missing), hourly)


def _check_no_file(actor: str | None, skip_missing: bool) -> None:
    for option, given in (("--actor", actor), ("--skip-missing", skip_missing)):
        if given:
            raise MarkError(f"{option} needs a file; name it with --file FILE, or leave the option out.")


def _mark_words(
    activity: Activity,
    event: str,
    actors: list[str],
    at: str | None,
    zone: tzinfo | None,
    hourly: bool | None,
    unique: bool,
) -> None:
    from footfall.activity.actors import VALID_ACTORS, read_actor
    from footfall.activity.moments import moment_of_mark
    from footfall.formats import counted

    if not actors:
        raise MarkError("no actors were given; name them, or use --file FILE --actor COLUMN.")
    for actor in actors:
        if actor.startswith("-") and actor[1:].isdecimal():
            raise MarkError(f"{actor} is not an actor: {VALID_ACTORS}; nothing was marked.")
    _check_order(activity, event, actors)
    moment = None if at is None else moment_of_mark(at, activity.now(), zone)
    activity.mark(event, actors, moment, hourly=hourly, unique=unique)
    different = len({read_actor(actor) for actor in actors})
    who = counted(different, "actor")
    when = ", without a time" + (" and on that day" if at else "") if unique else ""
    say_done(f"Marked {event}: {who if different == len(actors) else f'{len(actors)} marks of {who}'}{when}.")


def _check_order(activity: Activity, event: str, actors: list[str]) -> None:
    """An unknown event with a known event among its actors: the two were most likely swapped."""
    known = activity.store.events() if not activity.owners.is_by_hand(event) else []
    if swapped := next((actor for actor in actors if actor in known), None):
        raise MarkError(
            f"{swapped!r} is an event and {event!r} was never marked: the event comes first, as in `footfall mark "
            f"{swapped} {event}`; nothing was marked."
        )


def _mark_rows(activity: Activity, event: str, file: Path, columns: Columns, hourly: bool | None) -> None:
    from footfall.formats import counted

    with interruptible("; nothing was marked."):
        found = _mark_file(activity, event, file, columns, hourly)
    left_out = f" {counted(found.skipped, 'row')} without actor or time left out." if found.skipped else ""
    say_done(f"Marked {event}: {counted(found.marked, 'row')} on {counted(found.days, 'day')}.{left_out}")


def _mark_file(activity: Activity, event: str, file: Path, columns: Columns, hourly: bool | None) -> FileMarks:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from footfall.terminal.console import open_console

    shown = TextColumn("{task.description}"), BarColumn(bar_width=28), DownloadColumn(), TimeRemainingColumn()
    screen = open_console(is_error=True, is_quiet=is_quiet())
    with Progress(*shown, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        size = file.stat().st_size if file.is_file() else None
        task = progress.add_task(f"Reading {file.name}", total=size)
        return activity.mark_file(
            event, file, columns, hourly=hourly, tell=lambda done: progress.update(task, completed=done)
        )


@app.command(rich_help_panel=_PANEL)
def unmark(
    context: typer.Context,
    event: _Event,
    actors: Annotated[
        list[str] | None, typer.Argument(metavar="ACTOR", help="The actors to unmark.", show_default=False)
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="The day; with --file, a column of times. Default: today.")
    ] = None,
    hourly: Annotated[bool | None, typer.Option("--hourly", help="Only that hour, not the whole day.")] = None,
    unique: Annotated[bool, typer.Option("--unique", help="The mark without a time.")] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Unmark the rows of a CSV (also .gz) or Parquet file.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="COLUMN", help="The file's column of actors.")] = None,
    zone: _Zone = None,
    skip_missing: _SkipMissing = False,
) -> None:
    """Remove marks; weeks, months and years are updated."""
    from footfall.activity.files import Columns
    from footfall.activity.moments import zone_of
    from footfall.formats import counted

    activity = workspace_of(context).activity
    if activity.owners.table_of(event) is None:
        activity.known_event(event)
    if file is None:
        _check_no_file(actor, skip_missing)
        if not actors:
            raise MarkError("no actors were given; name them, or use --file FILE --actor COLUMN.")
        taken = activity.unmark(event, actors, at, hourly=hourly, unique=unique)
    elif actors or unique or not actor:
        raise MarkError("to unmark the rows of a file, use --file FILE --actor COLUMN [--at COLUMN], without actors.")
    else:
        columns = Columns(actor, at, zone_of(zone), skip_missing)
        with interruptible("; nothing was unmarked."):
            taken = activity.unmark_file(event, file, columns, hourly=hourly)
    say_done(f"Unmarked {event}: {counted(taken, 'mark') if taken else 'nothing, as none of them was marked'}.")


@app.command(rich_help_panel=_PANEL)
def events(
    context: typer.Context,
    delete: Annotated[
        str | None,
        typer.Option(metavar="EVENT", help="Delete an event that was marked by an application, all of its marks."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    form: Form = "text",
) -> None:
    """List events: first and last day, actors and marks."""
    from footfall.terminal.activity import event_list
    from footfall.terminal.console import open_console

    workspace = workspace_of(context)
    activity = workspace.activity
    if delete is not None:
        _delete_event(activity, delete, yes)
        return
    if form == "json":
        from footfall.records import events_of

        print_json(events_of(workspace))
        return
    names = activity.events()
    if not names:
        print("Nothing was marked yet. Next: footfall mark EVENT ACTOR, or footfall collect")
        return
    console = open_console()
    console.print(event_list([activity.summary(name) for name in names], width=console.width))
    for name, collected in activity.owners.shadowed.items():
        print(
            f"{name} is marked by an application; the event of that name in the table {collected.table.name} is not used."
        )


def _delete_event(activity: Activity, event: str, is_sure: bool) -> None:
    from footfall.formats import counted

    activity.known_event(event)
    activity.owners.check_markable(event)
    summary = activity.summary(event)
    what = f"{counted(summary.marks, 'mark')} of {counted(summary.actors, 'actor')}"
    if not is_sure and not typer.confirm(f"Delete {event} with {what}? This cannot be undone."):
        say_done("Nothing was deleted.")
        return
    activity.delete(event)
    say_done(f"Deleted {event}: {what}.")


@app.command(rich_help_panel=_PANEL)
def forget(
    context: typer.Context,
    actors: Annotated[list[str], typer.Argument(metavar="ACTOR", help="The actors to forget.", show_default=False)],
) -> None:
    """Remove actors from every set and from the stored names."""
    from footfall.formats import counted, listed

    activity = workspace_of(context).activity
    for actor in actors:
        tables, is_known = activity.tables_with(actor), activity.is_known(actor)
        sets = activity.forget(actor)
        if not sets and not is_known:
            say_done(f"{actor} is not known.")
            continue
        say_done(f"Forgot {actor}: removed from {counted(sets, 'set')}.")
        if tables:
            say_done(f"The collected rows stay: {actor} is still in the lake's {listed(tables)}.")


copies = typer.Typer(help="Import data from other tools.", no_args_is_help=True)
app.add_typer(copies, name="import", rich_help_panel=_PANEL)


@copies.command()
def bitmapist(
    context: typer.Context,
    address: Annotated[
        str,
        typer.Argument(metavar="ADDRESS", help="The address of its Redis: redis://host:6379/0.", show_default=False),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove marks that the source does not have, from the events that it has.")
    ] = False,
) -> None:
    """Copy a deployment of bitmapist into the activity of this workspace, and check every set's count.

    Safe to repeat: only missing data is added.
    """
    from footfall.stores.copying import copy_from_redis
    from footfall.terminal.copying import outcome

    workspace = workspace_of(context)
    with interruptible("; what was copied stays, the same command continues from there."), _copying() as tell:
        try:
            report = copy_from_redis(address, workspace.activity.store, tell, replaces=replace, now=workspace.now)
        except UnreachableStoreError as error:
            raise FootfallError(f"{error} What was copied stays; the same command continues from there.") from None
    if not report.events:
        raise FootfallError(f"{address} has no data of bitmapist; check the database number.")
    first, *others = outcome(report, replaced=replace)
    say_done(first)
    for line in others:
        print(line)


@contextmanager
def _copying() -> Iterator[Callable[[str, int, int], None]]:
    """A bar that follows the events as they are copied."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from footfall.terminal.console import open_console

    screen = open_console(is_error=True, is_quiet=is_quiet())
    shown = TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(), TextColumn("days")
    with Progress(*shown, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task("")
        yield lambda event, done, of: progress.update(task, description=f"Copying {event}", completed=done, total=of)
