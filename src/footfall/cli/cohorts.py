"""Commands that ask who came back: cohorts, funnels, stickiness, growth."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from footfall.cli.app import app, check_folder, interruptible, workspace_of
from footfall.cli.rows import Answer, write_rows
from footfall.errors import FootfallError, QueryError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import RenderableType

_PANEL = "Who did what, who came back"
_FORMATS = ("table", "csv", "json")
_ROWS = (".csv", ".json", ".parquet", ".arrow")
_PICTURES = (".png", ".svg", ".html")

_Rows = Annotated[
    int | None, typer.Option("--rows", metavar="N", help="How many periods; default: 12, or all from --since on.")
]
_Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="The first period.")]
_Until = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Ask as if it were this date.")]
_Format = Annotated[
    str | None,
    typer.Option("--format", "-f", metavar="FORMAT", help="table, csv or json; default: table, or csv in a pipe."),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="A picture (.png, .svg, .html) or rows (.csv, .json, .parquet, .arrow)."
    ),
]


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
    format: _Format = None,
    output: _Output = None,
) -> None:
    """Who did FIRST in a period, and how many of them did THEN in the periods that followed."""
    _check(format, output)
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

    def table(width: int) -> RenderableType:
        from footfall.terminal import activity

        return activity.cohort(answer, counts=counts, width=width)

    def chart() -> Any:
        from footfall.charts.cohorts import cohort_chart

        return cohort_chart(answer, "curves" if curves else "heatmap", counts=counts)

    _show(answer, table, chart, format, output, csv=lambda: answer.to_csv(counts=counts))


@app.command(rich_help_panel=_PANEL)
def funnel(
    context: typer.Context,
    steps: Annotated[list[str], typer.Argument(metavar="EVENT", help="The steps, in order.", show_default=False)],
    within: Annotated[str, typer.Option(metavar="DAYS", help="How long they may take from the first step on.")] = "7d",
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="First steps from here on; default: 30 days ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="First steps before this date.")] = None,
    format: _Format = None,
    output: _Output = None,
) -> None:
    """How many took the steps one after the other."""
    _check(format, output)
    with interruptible("."):
        answer = workspace_of(context).funnel(steps, within=within, since=since, until=until)
    _show_with(answer, "funnel", format, output)


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
    format: _Format = None,
    output: _Output = None,
) -> None:
    """Daily, weekly and monthly actives, and their ratios."""
    _check(format, output)
    with interruptible("."):
        answer = workspace_of(context).stickiness(event, windows=windows, rows=rows, since=since, until=until)
    _show_with(answer, "stickiness", format, output)


@app.command(rich_help_panel=_PANEL)
def growth(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="What being active means.", show_default=False)],
    by: Annotated[str, typer.Option("--by", metavar="GRAIN", help="day, week, month or year.")] = "week",
    rows: _Rows = None,
    since: _Since = None,
    until: _Until = None,
    format: _Format = None,
    output: _Output = None,
) -> None:
    """Who is new, returning, resurrected or dormant, period by period."""
    _check(format, output)
    with interruptible("."):
        answer = workspace_of(context).growth(event, by=by, rows=rows, since=since, until=until)
    _show_with(answer, "growth", format, output)


class _Answer(Answer, Protocol):
    @property
    def remarks(self) -> Sequence[str]: ...


def _check(format: str | None, output: Path | None) -> None:
    """Before anything is asked: what to write, and where."""
    if format is not None and format not in _FORMATS:
        raise UnknownNameError("format", format, _FORMATS)
    if output is not None and output.suffix.lower() not in (*_ROWS, *_PICTURES):
        raise UnknownNameError("file format", output.suffix or output.name, (*_PICTURES, *_ROWS))
    if format is not None and output is not None and output.suffix.lower() != f".{format}":
        raise QueryError(f"--format {format} and -o {output} are two different things to write: leave out one of them.")
    check_folder(output)


def _check_picture(counts: bool, curves: bool, output: Path | None) -> None:
    """What only some pictures can show must not be dropped in silence."""
    if curves and counts:
        raise QueryError("--curves and --counts do not go together: curves are of percentages; leave out one of them.")
    if curves and (output is None or output.suffix.lower() not in _PICTURES):
        raise QueryError("--curves draws a picture: name one with -o, such as -o curves.png, or leave it out.")


def _show_with(answer: Any, name: str, format: str | None, output: Path | None) -> None:
    """Show an answer by the table and the chart that bear its name."""
    from importlib import import_module

    def table(width: int) -> RenderableType:
        shown: RenderableType = getattr(import_module("footfall.terminal.activity"), name)(answer, width=width)
        return shown

    def chart() -> Any:
        return getattr(import_module("footfall.charts.activity"), f"{name}_chart")(answer)

    _show(answer, table, chart, format, output, csv=answer.to_csv)


def _show(
    answer: _Answer,
    table: Callable[[int], RenderableType],
    chart: Callable[[], Any],
    format: str | None,
    output: Path | None,
    csv: Callable[[], str],
) -> None:
    if output is not None:
        _remark(answer)
        _write(answer, chart, output, csv)
        print(f"Wrote {output}.", file=sys.stderr)
        return
    form = format or ("table" if sys.stdout.isatty() else "csv")
    if form == "csv":
        _remark(answer)
    if form == "table":
        from footfall.terminal.console import open_console

        screen = open_console()
        screen.print(table(screen.width))
    else:
        sys.stdout.write(csv() if form == "csv" else answer.to_json() + "\n")


def _remark(answer: _Answer) -> None:
    """What has no place in a file of rows and must be known all the same."""
    for remark in answer.remarks:
        print(f"footfall: {remark}", file=sys.stderr)


def _write(answer: _Answer, chart: Callable[[], Any], file: Path, csv: Callable[[], str]) -> None:
    suffix = file.suffix.lower()
    if suffix in _PICTURES:
        from footfall.charts.files import save

        save(chart(), file)
        return
    try:
        form = suffix.removeprefix(".")
        write_rows(answer, form, file, csv() if form == "csv" else None)
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None
