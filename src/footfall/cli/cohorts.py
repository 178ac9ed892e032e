"""Commands that ask who came back: cohorts, funnels, stickiness, growth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.answers import Format, Output, chosen_format, hand_over, is_picture
from footfall.cli.app import app, interruptible, workspace_of
from footfall.errors import QueryError

_PANEL = "Who did what, who came back"
_Rows = Annotated[
    int | None, typer.Option("--rows", metavar="N", help="How many periods; default: 12, or all from --since on.")
]
_Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="The first period.")]
_Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Ask as if it were this date.")]


@app.command(rich_help_panel=_PANEL)
def cohort(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="FIRST", help="What they did first.", show_default=False)],
    then: Annotated[str, typer.Argument(metavar="THEN", help="What they came back for.", show_default=False)],
    by: Annotated[str, typer.Option("--by", metavar="GRAIN", help="day, week, month or year.")] = "week",
    rows: _Rows = None,
    columns: Annotated[int, typer.Option("--columns", metavar="N", help="How many periods each is followed.")] = 12,
    since: _Since = None,
    until: _Until = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="active: who did FIRST; new: for the first time ever.")
    ] = "active",
    retention: Annotated[
        str, typer.Option("--retention", metavar="FORM", help="return: in that period; unbounded: then or later.")
    ] = "return",
    where_first: Annotated[
        list[str] | None,
        typer.Option("--where-first", metavar="EVENT", help="Only who did this too, in the row's period."),
    ] = None,
    where_then: Annotated[
        list[str] | None, typer.Option("--where-then", metavar="EVENT", help="Only who did this too, on coming back.")
    ] = None,
    counts: Annotated[bool, typer.Option("--counts", help="Actors instead of percentages.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="Draw retention curves instead of a heat map.")] = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Who did FIRST in a period, and how many of them did THEN in the periods that followed."""
    form = chosen_format(format, output)
    _check_picture(counts, curves, output)
    with interruptible("."):
        answer = workspace_of(context).cohort(
            first,
            then,
            by=by,
            rows=rows,
            columns=columns,
            since=since,
            until=until,
            kind=kind,
            retention=retention,
            where_first=where_first or (),
            where_then=where_then or (),
        )
    hand_over(
        answer,
        form,
        output,
        drawn={"form": "curves" if curves else "heatmap", "counts": counts},
        shown={"counts": counts},
        csv=answer.to_csv(counts=counts) if form == "csv" else None,
    )


@app.command(rich_help_panel=_PANEL)
def funnel(
    context: typer.Context,
    steps: Annotated[list[str], typer.Argument(metavar="EVENT", help="The steps, in order.", show_default=False)],
    within: Annotated[str, typer.Option(metavar="DAYS", help="How long they may take from the first step on.")] = "7d",
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="First steps from here on; default: 30 days ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="First steps before this date.")] = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """How many took the steps one after the other."""
    form = chosen_format(format, output)
    with interruptible("."):
        answer = workspace_of(context).funnel(steps, within=within, since=since, until=until)
    hand_over(answer, form, output)


@app.command(rich_help_panel=_PANEL)
def stickiness(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="What being active means.", show_default=False)],
    windows: Annotated[
        str, typer.Option("--windows", metavar="WINDOWS", help="trailing: the last 7 and 30 days; calendar: months.")
    ] = "trailing",
    rows: Annotated[
        int | None,
        typer.Option("--rows", metavar="N", help="How many days or months; default: 30, or all from --since on."),
    ] = None,
    since: _Since = None,
    until: _Until = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Daily, weekly and monthly actives, and their ratios."""
    form = chosen_format(format, output)
    with interruptible("."):
        answer = workspace_of(context).stickiness(event, windows=windows, rows=rows, since=since, until=until)
    hand_over(answer, form, output)


@app.command(rich_help_panel=_PANEL)
def growth(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="What being active means.", show_default=False)],
    by: Annotated[str, typer.Option("--by", metavar="GRAIN", help="day, week, month or year.")] = "week",
    rows: _Rows = None,
    since: _Since = None,
    until: _Until = None,
    format: Format = None,
    output: Output = None,
) -> None:
    """Who is new, returning, resurrected or dormant, period by period."""
    form = chosen_format(format, output)
    with interruptible("."):
        answer = workspace_of(context).growth(event, by=by, rows=rows, since=since, until=until)
    hand_over(answer, form, output)


def _check_picture(counts: bool, curves: bool, output: Path | None) -> None:
    """What only some pictures can show must not be dropped in silence."""
    if curves and counts:
        raise QueryError("--curves and --counts do not go together: curves are of percentages; leave out one of them.")
    if curves and not is_picture(output):
        raise QueryError("--curves draws a picture: name one with -o, such as -o curves.png, or leave it out.")
