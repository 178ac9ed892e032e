"""Commands that ask: a table, a chart, what can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.answers import Format, Output, chosen_format, hand_over
from footfall.cli.app import Form, app, check_folder, interruptible, print_json, workspace_of
from footfall.cli.asking import asking
from footfall.cli.sparing import spare_unused
from footfall.cli.volume import say
from footfall.errors import SettingsError, UnknownNameError

if TYPE_CHECKING:
    from footfall.result import Result

_PANEL = "Ask"
_NOTHING = (
    "no source is set up and no event was marked, so there is nothing to query; enable a source in footfall.toml, "
    "such as [sources.git], or mark an event with `footfall mark`."
)

_OUTPUT = "The answer"


@app.command(rich_help_panel=_PANEL)
@asking("query")
def query(
    context: typer.Context,
    *,
    asked: dict[str, Any],
    format: Format = None,
    output: Output = None,
) -> None:
    """Query one metric, or several side by side."""
    form = chosen_format(format, output)
    hand_over(_answer(context, asked), form, output)


@app.command(rich_help_panel=_PANEL)
@asking("query")
def chart(
    context: typer.Context,
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
    stacked: Annotated[bool, typer.Option("--stacked", help="Stack the groups.", rich_help_panel=_OUTPUT)] = False,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="A title of your own.", rich_help_panel=_OUTPUT)
    ] = None,
    theme: Annotated[
        str | None,
        typer.Option(
            metavar="THEME", help="light or dark; default: light, in HTML the reader's.", rich_help_panel=_OUTPUT
        ),
    ] = None,
) -> None:
    """Draw a query as a chart."""
    from footfall.charts.pictures import format_of

    format_of(output)
    check_folder(output)
    result = _answer(context, asked)
    result.chart(stacked=stacked, title=title, theme=theme).save(output)
    say(f"Wrote {output}.")


@app.command(rich_help_panel=_PANEL)
def metrics(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="METRIC", help="Show one metric in full.", show_default=False)
    ] = None,
    form: Form = "text",
) -> None:
    """List the metrics and what they mean."""
    from footfall.terminal.console import open_console
    from footfall.terminal.definitions import metric_details, metric_list

    workspace = workspace_of(context)
    if form == "json":
        from footfall.records import metric_of, metrics_of

        print_json(metrics_of(workspace) if name is None else metric_of(workspace, name))
        return
    measured, events = workspace.metrics, workspace.event_metrics
    known = {**measured, **events}
    if name is None:
        if not known:
            file = workspace.settings.folder / "footfall.toml"
            print(f"No source is set up and no event was marked yet. Next: enable a source in {file}")
            print("or mark an event: footfall mark EVENT ACTOR")
            return
        open_console().print(metric_list(measured, events, workspace.tables))
        return
    if not known:
        raise SettingsError(_NOTHING)
    if name not in known:
        raise UnknownNameError("metric", name, known)
    open_console().print(metric_details(known[name], workspace.tables))


def _answer(context: typer.Context, asked: dict[str, Any]) -> Result:
    spare_unused()
    workspace = workspace_of(context)
    if not workspace.metrics and not workspace.activity.names():
        raise SettingsError(_NOTHING)
    with interruptible("."):
        return workspace.query(asked.pop("metric"), **asked)
