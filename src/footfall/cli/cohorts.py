"""Commands that ask who came back: cohorts, funnels, stickiness, growth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from footfall.cli.answers import SPREADSHEET, Format, Output, chosen_format, hand_over, is_picture
from footfall.cli.app import app, interruptible, workspace_of
from footfall.cli.asking import asking, renewed
from footfall.errors import QueryError

_PANEL = "Who did what, who came back"


@app.command(rich_help_panel=_PANEL)
@asking("cohort", has_older=True)
def cohort(
    context: typer.Context,
    *,
    asked: dict[str, Any],
    counts: Annotated[bool, typer.Option("--counts", help="Show numbers of actors instead of percentages.")] = False,
    curves: Annotated[bool, typer.Option("--curves", help="Draw retention curves instead of a heat map.")] = False,
    format: Format = None,
    output: Output = None,
) -> None:
    """Cohorts of actors who did FIRST in a period, and how many of them did THEN in later periods."""
    form = chosen_format(format, output)
    _check_picture(counts, curves, output)
    workspace = workspace_of(context)
    with interruptible("."):
        answer = workspace.cohort(**renewed(asked, workspace.now()))
    hand_over(
        answer,
        form,
        output,
        drawn={"form": "curves" if curves else "heatmap", "counts": counts},
        shown={"counts": counts},
        csv=answer.to_csv(counts=counts) if form in ("csv", SPREADSHEET) else None,
    )


@app.command(rich_help_panel=_PANEL)
@asking("funnel")
def funnel(context: typer.Context, *, asked: dict[str, Any], format: Format = None, output: Output = None) -> None:
    """How many actors took the steps in order."""
    form = chosen_format(format, output)
    with interruptible("."):
        answer = workspace_of(context).funnel(asked.pop("steps"), **asked)
    hand_over(answer, form, output)


@app.command(rich_help_panel=_PANEL)
@asking("stickiness", has_older=True)
def stickiness(context: typer.Context, *, asked: dict[str, Any], format: Format = None, output: Output = None) -> None:
    """Daily, weekly and monthly actives, and their ratios."""
    form = chosen_format(format, output)
    workspace = workspace_of(context)
    with interruptible("."):
        answer = workspace.stickiness(**renewed(asked, workspace.now()))
    hand_over(answer, form, output)


@app.command(rich_help_panel=_PANEL)
@asking("growth", has_older=True)
def growth(context: typer.Context, *, asked: dict[str, Any], format: Format = None, output: Output = None) -> None:
    """New, returning, resurrected and dormant actors per period."""
    form = chosen_format(format, output)
    workspace = workspace_of(context)
    with interruptible("."):
        answer = workspace.growth(**renewed(asked, workspace.now()))
    hand_over(answer, form, output)


def _check_picture(counts: bool, curves: bool, output: Path | None) -> None:
    """Options that the output cannot show must not be ignored silently."""
    if curves and counts:
        raise QueryError("--curves and --counts cannot be combined: curves show percentages; leave out one of them.")
    if curves and not is_picture(output):
        raise QueryError("--curves draws a picture: name one with -o, such as -o curves.png, or leave it out.")
