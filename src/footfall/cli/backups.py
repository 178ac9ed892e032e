"""Commands that write a workspace into one file, and make a workspace of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.app import app, interruptible, workspace_of
from footfall.cli.volume import is_quiet, say_done
from footfall.concealing import concealed

_PANEL = "Collect"
_BIG = 64 << 20
"""Size in bytes from which a progress bar is shown."""


@app.command(rich_help_panel=_PANEL)
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, a tar.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write the whole workspace into one file: settings, lake, marks, tokens. Others may mark and collect in the meantime."""
    from footfall.backups.writing import size_of_workspace
    from footfall.formats import counted, size_of

    workspace = workspace_of(context)
    with interruptible("; no backup was written."), _bar("backup", size_of_workspace(workspace.settings)) as advance:
        done = workspace.backup(file, force=force, watch=advance)
    say_done(
        f"Wrote {counted(done.files, 'file')} of {workspace.settings.folder.resolve()} to {file}, {size_of(done.size)}."
    )
    _tell(done.notes)


@app.command(rich_help_panel=_PANEL)
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What footfall backup wrote.", show_default=False)],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Move a folder that is not empty aside instead of refusing it.")
    ] = False,
) -> None:
    """Restore a workspace from a backup. Every file is checked before anything is written."""
    from footfall.backups import restore as put_back
    from footfall.formats import counted

    with (
        interruptible("; nothing was restored."),
        _bar("restore", file.stat().st_size if file.is_file() else 0) as advance,
    ):
        done = put_back(file, folder, force=force, watch=advance)
    say_done(concealed(f"Restored {counted(done.files, 'file')} to {folder}, as of {done.written_at}."))
    if done.moved_to is not None:
        say_done(f"The earlier contents are now in {done.moved_to}.")
    _tell(done.notes)


def _tell(notes: tuple[str, ...]) -> None:
    for note in notes:
        say_done(concealed(f"Note: {note}."))


@contextmanager
def _bar(what: str, size: int) -> Iterator[Callable[[int], None]]:
    """A progress bar in bytes; none for small files, or without a terminal."""
    from footfall.terminal.console import open_console

    console = open_console(is_error=True, is_quiet=is_quiet())
    if size < _BIG or not console.is_terminal:
        yield lambda read: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=size)
        yield lambda read: progress.advance(task, read)
