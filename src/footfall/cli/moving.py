"""Commands that export a workspace and import it into another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from footfall.cli.activity import copies
from footfall.cli.app import app, interruptible, workspace_of
from footfall.cli.volume import say_done
from footfall.errors import QueryError, SettingsError, UnknownNameError

if TYPE_CHECKING:
    from footfall.moving.manifest import Form

_FORMS = ("parquet", "csv")


@app.command(rich_help_panel="Collect")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.", show_default=False)],
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="parquet or csv.")] = "parquet",
    spreadsheet: Annotated[
        bool,
        typer.Option(
            "--spreadsheet", help="In CSV, put ' before texts that look like formulas; such files cannot be imported."
        ),
    ] = False,
) -> None:
    """Export everything to plain files: tables, the ledger, marks."""
    from footfall.formats import counted
    from footfall.moving import export as write

    if form not in _FORMS:
        raise UnknownNameError("format", form, _FORMS)
    if spreadsheet and form != "csv":
        raise QueryError("--spreadsheet is for CSV; add --format csv, or leave it out.")
    workspace = workspace_of(context)
    activity = workspace.activity
    by_hand = [event for event in activity.store.events() if activity.owners.table_of(event) is None]
    with interruptible("; the export is incomplete, delete it."):
        done = write(
            folder,
            workspace.lake,
            list(workspace.tables.values()),
            activity.store,
            by_hand,
            workspace.now(),
            cast("Form", form),
            is_for_spreadsheets=spreadsheet,
        )
    rows = sum(part.rows for part in done.parts.values())
    say_done(f"Wrote {counted(len(done.parts), 'file')} with {counted(rows, 'row')} to {folder}.")


@copies.command("export")
def import_export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What footfall export wrote.", show_default=False)],
) -> None:
    """Import what `footfall export` wrote. Newer data of this workspace stays.

    Safe to repeat: only missing data is added.
    """
    from footfall.formats import counted, listed
    from footfall.moving import import_export as take_in

    workspace = workspace_of(context)
    with interruptible("; what was imported stays, the same command continues from there."):
        done = take_in(folder, workspace.lake, workspace.tables.values(), workspace.activity.store)
    new = [f"{counted(rows, 'row')} of {table}" for table, rows in done.rows.items() if rows]
    new += [counted(done.marks, "mark")] if done.marks else []
    say_done(f"Imported {listed(new)}." if new else "Nothing new: all of it was here already.")


@copies.command()
def binder(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder that contains days/hourly.", show_default=False)
    ],
) -> None:
    """Import aggregated Binder launches: days/hourly/YYYY-MM-DD.feather.

    Days that were collected stay as they are. Safe to repeat: only missing days are added.
    """
    from footfall.formats import counted
    from footfall.moving.launches import import_launches
    from footfall.sources.binder import BinderSettings

    workspace = workspace_of(context)
    source = workspace.sources.get("binder")
    if source is None:
        raise SettingsError("there is no [sources.binder] in footfall.toml; enable it, so that launches have a table.")
    settings = BinderSettings.model_validate(workspace.settings.sources["binder"])
    with interruptible("; what was imported stays, the same command continues from there."):
        done = import_launches(folder, workspace.lake, "binder", source.tables[0], settings, workspace.now())
    here = (
        f" {counted(done.here, 'day')} {'was' if done.here == 1 else 'were'} here already and stayed."
        if done.here
        else ""
    )
    say_done(f"Imported {counted(done.launches, 'launch', 'launches')} of {counted(done.days, 'day')}.{here}")
