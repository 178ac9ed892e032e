"""The command that writes schedules for what runs programs at times."""

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
        typer.Option(metavar="WHEN", help='A length such as 15m, 6h or 1d, or a cron expression such as "30 5 * * *".'),
    ] = "6h",
    package: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="What pip installs on a fresh machine; default: Footfall from where this one was installed.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the files go; default: the workspace. - prints them.")
    ] = None,
) -> None:
    """Write ready files that have this workspace collected again and again."""
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
