"""Commands that ask: a table, a chart, what can be asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.answers import Format, Output, chosen_format, hand_over
from footfall.cli.app import app, check_folder, interruptible, workspace_of
from footfall.cli.sparing import spare_unused
from footfall.errors import QueryError, SettingsError, UnknownNameError

if TYPE_CHECKING:
    from footfall.result import Result

_PANEL = "Ask"
_NOTHING = (
    "no source is set up and no event was marked, so there is nothing to ask for; switch a source on in footfall.toml, "
    "such as [sources.git], or mark an event with `footfall mark`."
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
    "min_coverage": (
        float | None,
        _option(metavar="SHARE", says="Of a mean: the part of its time that must have been collected; default 1."),
    ),
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
    format: Format = None,
    output: Output = None,
) -> None:
    """Answer a question about a metric."""
    form = chosen_format(format, output)
    hand_over(_answer(context, metric, asked), form, output)


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
    theme: Annotated[
        str | None,
        typer.Option(metavar="THEME", help="light or dark; default: light, or the reader's.", rich_help_panel=_OUTPUT),
    ] = None,
) -> None:
    """Draw the answer to a question."""
    from footfall.charts.pictures import format_of

    format_of(output)
    check_folder(output)
    result = _answer(context, metric, asked)
    result.chart(stacked=stacked, title=title, theme=theme).save(output)
    print(f"Wrote {output}.", file=sys.stderr)


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
    measured, events = workspace.metrics, workspace.event_metrics
    known = {**measured, **events}
    if name is None:
        if not known:
            file = workspace.settings.folder / "footfall.toml"
            print(f"No source is set up and no event was marked yet. Next: switch a source on in {file}")
            print("or mark an event: footfall mark EVENT ACTOR")
            return
        open_console().print(metric_list(measured, events, workspace.tables))
        return
    if not known:
        raise SettingsError(_NOTHING)
    if name not in known:
        raise UnknownNameError("metric", name, known)
    open_console().print(metric_details(known[name], workspace.tables))


def _answer(context: typer.Context, metric: str, asked: dict[str, Any]) -> Result:
    spare_unused()
    workspace = workspace_of(context)
    if not workspace.metrics and not workspace.activity.names():
        raise SettingsError(_NOTHING)
    policies = dict(_choice(text) for text in asked.pop("policy") or ())
    lists: dict[str, Any] = {name: asked.pop(name) or () for name in ("by", "where")}
    with interruptible("."):
        return workspace.query(metric, policies=policies, **lists, **asked)


def _choice(text: str) -> tuple[str, str]:
    name, equals, choice = text.partition("=")
    if not equals:
        raise QueryError(f"policy {text!r} cannot be read; write NAME=CHOICE.")
    return name.strip(), choice.strip()
