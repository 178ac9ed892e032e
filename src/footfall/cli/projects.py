"""The command that asks for projects: one on a screen, or all of them by a metric."""

from __future__ import annotations

from typing import Annotated

import typer

from footfall.cli.answers import Format, Output, chosen_format, hand_over
from footfall.cli.app import app, interruptible, workspace_of
from footfall.cli.numerals import whole
from footfall.cli.sparing import spare_unused
from footfall.errors import QueryError


@app.command(rich_help_panel="Ask")
def project(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A project of footfall.toml.", show_default=False)
    ] = None,
    months: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole(), help="The length of the timeline, in complete months; default: 12."),
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="All projects, ranked by a metric.")] = False,
    by: Annotated[
        str | None,
        typer.Option(metavar="METRIC", help="With --all: the metric to rank by; default: the first available."),
    ] = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """One project across all sources; with --all, projects ranked by a metric."""
    form = chosen_format(format, output)
    spare_unused()
    workspace = workspace_of(context)
    if all:
        if name is not None or months is not None:
            raise QueryError(
                "--all shows every project and takes no name or months; leave them out, or leave out --all."
            )
        with interruptible("."):
            hand_over(workspace.projects_by(by), form, output)
        return
    if by is not None:
        raise QueryError("--by ranks all projects; add --all, or leave it out.")
    if name is None:
        names = ", ".join(workspace.projects) or "none is set up in footfall.toml"
        raise QueryError(f"name a project ({names}), or add --all.")
    with interruptible("."):
        hand_over(workspace.project(name, months=12 if months is None else months), form, output)


@app.command(rich_help_panel="Ask")
def beside(
    context: typer.Context,
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="The metric to compare.", show_default=False)],
    projects: Annotated[
        list[str], typer.Argument(metavar="PROJECT", help="Projects of footfall.toml, at most 8.", show_default=False)
    ],
    months: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole(), help="The length of the timeline, in complete months; default: 24."),
    ] = None,
    align: Annotated[
        str, typer.Option(metavar="ALIGN", help="date, or age: months since the first month with a number.")
    ] = "date",
    format: Format = None,
    output: Output = None,
) -> None:
    """Projects side by side by one metric, month by month."""
    form = chosen_format(format, output)
    spare_unused()
    workspace = workspace_of(context)
    with interruptible("."):
        hand_over(workspace.beside(metric, projects, months=months, align=align), form, output)
