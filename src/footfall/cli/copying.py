"""The command that copies a lake between folders and buckets."""

from __future__ import annotations

from typing import Annotated

import typer

from footfall.cli.app import app, interruptible
from footfall.cli.volume import say_done


@app.command(rich_help_panel="Collect")
def copy(
    context: typer.Context,
    lake: Annotated[
        str,
        typer.Argument(metavar="LAKE", help="A folder, or an address such as s3://bucket/folder.", show_default=False),
    ],
    to: Annotated[str, typer.Argument(metavar="TO", help="An empty or a new one.", show_default=False)],
) -> None:
    """Copy a lake between folders and buckets; every file is compared with what arrived. If interrupted, run it again.

    Buckets are reached with the [lake] settings of the workspace, if there is one, and the environment.
    """
    from footfall.errors import SettingsError
    from footfall.formats import counted, size_of
    from footfall.lake.copying import copy_lake
    from footfall.settings import read_settings

    try:
        options = read_settings(context.obj).lake.access
    except SettingsError:
        if context.obj is not None:
            raise
        options = {}
    with interruptible("; the same command continues the copy."):
        done = copy_lake(lake, to, options=options)
    kept = f", {done.kept} of them were there already" if done.kept else ""
    say_done(f"Copied {counted(done.files, 'file')} of {lake} to {to}, {size_of(done.size)}{kept}.")
    say_done(f'To use it, set lake = "{to}" in footfall.toml.')
