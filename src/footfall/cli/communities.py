"""The command that asks for communities: a table, a file, or a map."""

from __future__ import annotations

from typing import Annotated

import typer

from footfall.cli.answers import Format, Output, chosen_format, hand_over, is_picture
from footfall.cli.app import app, interruptible, workspace_of
from footfall.cli.numerals import whole
from footfall.cli.sparing import spare_unused
from footfall.errors import QueryError


@app.command(rich_help_panel="Ask")
def communities(
    context: typer.Context,
    constellation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only communities of this group.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, typer.Option(metavar="N", parser=whole(), help="The number of days to average; default: 28.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day after the last of these days; default: today.")
    ] = None,
    area: Annotated[
        str | None, typer.Option(metavar="AREA", help="The area of the map: world or usa; default: world.")
    ] = None,
    theme: Annotated[str | None, typer.Option(metavar="THEME", help="The theme of the map: light or dark.")] = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """The communities that use hubs, with their users; as a picture, a map."""
    form = chosen_format(format, output)
    drawn = {name: value for name, value in (("area", area), ("theme", theme)) if value is not None}
    if drawn and not is_picture(output):
        raise QueryError(f"--{next(iter(drawn))} needs a picture; add -o map.png, or leave it out.")
    spare_unused()
    workspace = workspace_of(context)
    with interruptible("."):
        hand_over(workspace.communities(constellation, days=days, until=until), form, output, drawn=drawn)
