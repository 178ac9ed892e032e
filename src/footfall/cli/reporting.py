"""The command that writes the report of a month."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.app import app, interruptible, needing, workspace_of
from footfall.cli.volume import say
from footfall.formats import counted


@app.command(rich_help_panel="Serve")
def report(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="SITE", help="The folder to write reports to.", show_default=False)
    ],
    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="The month, such as 2026-10; default: the last complete month.")
    ] = None,
    project: Annotated[str | None, typer.Option(metavar="NAME", help="Only the page of this project.")] = None,
    community: Annotated[str | None, typer.Option(metavar="NAME", help="Only the page of this community.")] = None,
    address: Annotated[
        str, typer.Option(metavar="URL", help="The address where the folder is published, for links in the feed.")
    ] = "",
    mail: Annotated[
        bool, typer.Option("--mail", help="Send the summary to the addresses under [report] email.")
    ] = False,
) -> None:
    """Write the pages of a month as a static site."""
    with needing("footfall report", "web"):
        from footfall.report import write_report
    workspace = workspace_of(context)
    with interruptible("."):
        from footfall.report.mailing import check_mail, send_summary

        to = check_mail(workspace.settings.report) if mail else None
        written = write_report(workspace, output, month=month, project=project, community=community, address=address)
        say(f"Wrote {written.folder} ({counted(written.pages, 'page')}, {counted(written.files, 'file')}).")
        if to is not None:
            send_summary(to, written.summary)
            say(f"Sent the summary to {', '.join(to.to)}.")
