"""Commands that ask: a table, a chart, what can be asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.app import app, check_folder, interruptible, workspace_of
from footfall.cli.rows import write_rows
from footfall.cli.sparing import spare_unused
from footfall.errors import FootfallError, QueryError, SettingsError, UnknownNameError

if TYPE_CHECKING:
    from footfall.result import Result

_PANEL = "Ask"
FORMATS = ("table", "csv", "json", "parquet", "arrow")
_BINARY = ("parquet", "arrow")
_MOST_ROWS = 60
"""Lines of a table on a screen; a file or a pipe gets all."""

_NO_SOURCE = (
    "no source is set up, so there is nothing to ask for; switch one on in footfall.toml, such as [sources.git]."
)

_OUTPUT = "The answer"


def _option(*names: str, metavar: str | None = None, says: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=says, rich_help_panel="The question")


_MOMENT = "2026, 2026-11, 2026-W48, 2026-11-23, an instant, yesterday"
_ASKED: dict[str, tuple[Any, Any]] = {
    "grain": (str, _option("--grain", "-g", metavar="GRAIN", says="hour, day, week (ISO), month, year or total.")),
    "since": (str | None, _option(metavar="DATE", says=f"From here on: {_MOMENT}.")),
    "until": (str | None, _option(metavar="DATE", says="Up to here, exclusive.")),
    "last": (int | None, _option(metavar="N", says="The last N periods, the current one included.")),
    "by": (list[str] | None, _option(metavar="DIM", says="Split by a dimension; may be repeated.")),
    "where": (list[str] | None, _option(metavar="FILTER", says="DIM=VALUE[,VALUE] or DIM!=VALUE; may be repeated.")),
    "top": (int | None, _option(metavar="N", says="The N largest groups; the others together in one row.")),
    "rolling": (int | None, _option(metavar="N", says="Mean over N calendar periods.")),
    "cumulative": (bool, _option("--cumulative", says="Running total.")),
    "compare": (
        str | None,
        _option(
            metavar="SPAN", says="With the window of equal length right before (previous), or a year before (year)."
        ),
    ),
    "as_of": (str | None, _option(metavar="DATE", says="As it was known at that moment.")),
    "policy": (
        list[str] | None,
        _option(metavar="NAME=CHOICE", says="What counts; `footfall metrics METRIC` lists it."),
    ),
}
"""The options of a question: their types and what they mean. `query` and `chart` share them."""


def _asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of a question, which it takes as one mapping, `asked`."""
    own = [p for p in signature(command, eval_str=True).parameters.values() if p.name != "asked"]
    defaults = {"grain": "day", "cumulative": False}
    options = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=Annotated[kind, option])
        for name, (kind, option) in _ASKED.items()
    ]
    keywords = [p for p in own if p.kind is Parameter.KEYWORD_ONLY]
    shown = [*(p for p in own if p not in keywords), *options, *keywords]

    @wraps(command)
    def asking(**given: Any) -> None:
        command(asked={name: given.pop(name) for name in _ASKED}, **given)

    asking.__signature__ = Signature(shown)  # type: ignore[attr-defined]
    asking.__annotations__ = {p.name: p.annotation for p in shown}
    return asking


_Metric = Annotated[
    str, typer.Argument(metavar="METRIC", help="What to ask for; `footfall metrics` lists them.", show_default=False)
]


@app.command(rich_help_panel=_PANEL)
@_asking
def query(
    context: typer.Context,
    metric: _Metric,
    *,
    asked: dict[str, Any],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help=f"{', '.join(FORMATS)}; default: table, or csv in a pipe.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to a file; its suffix says how.", rich_help_panel=_OUTPUT
        ),
    ] = None,
) -> None:
    """Answer a question about a metric."""
    chosen = _format(format, output)
    check_folder(output)
    result = _answer(context, metric, asked)
    if output is not None:
        _write(result, chosen, output)
    elif chosen == "table":
        _show(result)
    else:
        _print_rows(result, chosen)
        if not result.rows.num_rows:
            print("\n".join(f"footfall: {note}" for note in result.notes), file=sys.stderr)


@app.command(rich_help_panel=_PANEL)
@_asking
def chart(
    context: typer.Context,
    metric: _Metric,
    *,
    asked: dict[str, Any],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="x.png, x.svg, x.html or x.json (Vega-Lite).",
            rich_help_panel=_OUTPUT,
        ),
    ],
    stacked: Annotated[
        bool, typer.Option("--stacked", help="Groups on top of each other.", rich_help_panel=_OUTPUT)
    ] = False,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Instead of the question in words.", rich_help_panel=_OUTPUT)
    ] = None,
) -> None:
    """Draw the answer to a question."""
    from footfall.charts.files import format_of, save
    from footfall.charts.results import chart_of

    format_of(output)
    check_folder(output)
    result = _answer(context, metric, asked)
    save(chart_of(result, stacked=stacked, title=title), output)
    print(f"Wrote {output}.")


@app.command(rich_help_panel=_PANEL)
def metrics(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="METRIC", help="One metric, in full.", show_default=False)
    ] = None,
) -> None:
    """What can be asked, and what each number means."""
    from footfall.terminal.console import open_console
    from footfall.terminal.definitions import metric_details, metric_list

    workspace = workspace_of(context)
    known = workspace.metrics
    if name is None:
        if not known:
            print(f"No source is set up yet. Next: switch one on in {workspace.settings.folder / 'footfall.toml'}")
            return
        open_console().print(metric_list(known, workspace.tables))
        return
    if not known:
        raise SettingsError(_NO_SOURCE)
    if name not in known:
        raise UnknownNameError("metric", name, known)
    open_console().print(metric_details(known[name], workspace.tables[known[name].table]))


def _answer(context: typer.Context, metric: str, asked: dict[str, Any]) -> Result:
    spare_unused()
    workspace = workspace_of(context)
    if not workspace.metrics:
        raise SettingsError(_NO_SOURCE)
    policies = dict(_choice(text) for text in asked.pop("policy") or ())
    lists: dict[str, Any] = {name: asked.pop(name) or () for name in ("by", "where")}
    with interruptible("."):
        return workspace.query(metric, policies=policies, **lists, **asked)


def _choice(text: str) -> tuple[str, str]:
    name, equals, choice = text.partition("=")
    if not equals:
        raise QueryError(f"policy {text!r} cannot be read; write NAME=CHOICE.")
    return name.strip(), choice.strip()


def _format(asked: str | None, output: Path | None) -> str:
    """What to write: as asked, else as the file's suffix says, else a table for people and CSV for programs."""
    if asked is not None and asked not in FORMATS:
        raise UnknownNameError("format", asked, FORMATS)
    if output is not None and asked is None:
        suffix = output.suffix.lower().removeprefix(".")
        if suffix not in FORMATS[1:]:
            hint = "Charts are made by `footfall chart`." if suffix in ("png", "svg", "html") else ""
            raise UnknownNameError("file format", output.suffix or output.name, (f".{f}" for f in FORMATS[1:]), hint)
        return suffix
    chosen = asked or ("table" if sys.stdout.isatty() else "csv")
    if chosen in _BINARY and output is None and sys.stdout.isatty():
        raise QueryError(f"{chosen} is not for reading on a terminal; add `-o answer.{chosen}`.")
    return chosen


def _print_rows(result: Result, form: str) -> None:
    if form in _BINARY:
        with TemporaryDirectory() as folder:
            write_rows(result, form, file := Path(folder) / "rows")
            sys.stdout.buffer.write(file.read_bytes())
    else:
        sys.stdout.write(result.to_csv() if form == "csv" else result.to_json() + "\n")
    sys.stdout.flush()


def _show(result: Result) -> None:
    from footfall.terminal.answers import answer
    from footfall.terminal.console import open_console

    console = open_console()
    most_rows = _MOST_ROWS if console.is_terminal else None
    console.print(answer(result, width=console.width, most_rows=most_rows))


def _write(result: Result, form: str, file: Path) -> None:
    from footfall.terminal.answers import answer
    from footfall.terminal.console import open_console

    try:
        if form == "table":
            with file.open("w", encoding="utf-8") as out:
                console = open_console(file=out)
                console.print(answer(result, width=console.width))
        else:
            write_rows(result, form, file)
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"Wrote {file} ({result.rows.num_rows:,} rows).", file=sys.stderr)
