"""The command that writes schedules for cron, systemd, Kubernetes and GitHub Actions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from footfall.cli.app import app
from footfall.cli.volume import say_done

Kind = Literal["cron", "systemd", "kubernetes", "github-actions"]


@app.command(rich_help_panel="Collect")
def schedule(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="cron, systemd, kubernetes or github-actions.")],
    every: Annotated[
        str,
        typer.Option(
            metavar="WHEN", help='An interval such as 15m, 6h or 1d, or a cron expression such as "30 5 * * *".'
        ),
    ] = "6h",
    package: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="The package for pip to install; default: Footfall as installed here.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The folder for the files; default: the workspace. - prints them."),
    ] = None,
) -> None:
    """Write files that collect this workspace on a schedule."""
    from footfall.upkeep.schedules import plan_of, write, written

    folder = context.obj or Path()
    folder = folder.parent if folder.suffix == ".toml" else folder
    done = written(kind, plan_of(folder, every, package))
    if to == Path("-"):
        print("\n".join(done.files.values()), end="")
        return
    for path in write(done, to or folder):
        say_done(f"Wrote {path}.")
    say_done(f"Next: {done.next}")
