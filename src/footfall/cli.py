"""The command line: `footfall COMMAND`. Thin: it reads words, calls the workspace and shows what comes back.

Nothing heavy is imported before a command needs it, so that `footfall --help` answers at once.
Exit status: 0 answered, 1 a FootfallError (one line says what, why, what to do), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from footfall.errors import FootfallError, QueryError, SettingsError, UnknownNameError

if TYPE_CHECKING:
    from footfall.result import Result
    from footfall.workspace import Workspace

app = typer.Typer(
    name="footfall",
    help="Who uses what you build: collect usage facts, keep them in open tables, ask them anything.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

FORMATS = ("table", "csv", "json", "parquet", "arrow")
_BINARY = ("parquet", "arrow")
_MOST_ROWS = 60
"""Lines of a table on a screen; a file or a pipe gets all."""

_GOES_ON = "; what was committed stays, `footfall collect` goes on from there."

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


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from footfall import __version__

        print(f"footfall {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", metavar="FOLDER", help="The folder with footfall.toml; default: here."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    context.obj = workspace


@app.command()
def init(context: typer.Context) -> None:
    """Write a commented footfall.toml, here or where --workspace says."""
    from footfall.template import commented, write_settings_file

    folder = context.obj or Path()
    chosen = {"git": {"repositories": ["."]}} if (folder / ".git").exists() else {}
    file = write_settings_file(folder, commented(chosen))
    print(f"Wrote {file}.")
    if chosen:
        print("It collects the git history of this folder. Next: footfall collect")
    else:
        print("Next: switch a source on in it, then run footfall collect")


@app.command()
def collect(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE", help="Which sources; default: all in footfall.toml.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only windows that touch this date or later ones.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Only windows before this date.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be fetched; fetch nothing.")] = False,
) -> None:
    """Fetch what is new or restated, commit it, and say what could not be had."""
    from footfall import progress, terminal

    gc.enable()
    workspace = _workspace(context)
    with _interruptible(_GOES_ON), progress.watcher(terminal.console(is_error=True)) as watch:
        done = workspace.collect(*(sources or ()), since=since, until=until, dry_run=dry_run, watch=watch)
    terminal.console().print(progress.summary(done))
    broken = [source.source for source in done.sources if source.error or source.failed]
    if broken:
        raise FootfallError(
            f"{', '.join(broken)} could not be collected whole; `footfall status` says what is missing."
        )


@app.command()
def status(context: typer.Context) -> None:
    """Per source: how fresh, which gaps, what failed and why, what to do next."""
    from footfall import progress, terminal

    workspace = _workspace(context)
    states = workspace.status()
    if not states:
        print(f"No source is set up yet. Next: switch one on in {workspace.settings.folder / 'footfall.toml'}")
        return
    terminal.console().print(progress.status(states, workspace.now()))


_Metric = Annotated[
    str, typer.Argument(metavar="METRIC", help="What to ask for; `footfall metrics` lists them.", show_default=False)
]


@app.command()
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
    _check_folder(output)
    result = _answer(context, metric, asked)
    if output is not None:
        _write(result, chosen, output)
    elif chosen == "table":
        _show(result)
    else:
        _print_rows(result, chosen)
        if not result.rows.num_rows:
            print("\n".join(f"footfall: {note}" for note in result.notes), file=sys.stderr)


@app.command()
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
    from footfall import charts

    charts.format_of(output)
    _check_folder(output)
    result = _answer(context, metric, asked)
    charts.save(charts.chart_of(result, stacked=stacked, title=title), output)
    print(f"Wrote {output}.")


@app.command()
def metrics(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="METRIC", help="One metric, in full.", show_default=False)
    ] = None,
) -> None:
    """What can be asked, and what each number means."""
    from footfall import terminal

    workspace = _workspace(context)
    known = workspace.metrics
    if name is None:
        if not known:
            print(f"No source is set up yet. Next: switch one on in {workspace.settings.folder / 'footfall.toml'}")
            return
        terminal.console().print(terminal.metric_list(known, workspace.tables))
        return
    if not known:
        raise SettingsError(_NO_SOURCE)
    if name not in known:
        raise UnknownNameError("metric", name, known)
    terminal.console().print(terminal.metric_details(known[name], workspace.tables[known[name].table]))


@app.command()
def maintain(
    context: typer.Context,
    keep_days: Annotated[
        int, typer.Option(metavar="N", help="How long older versions stay readable with --as-of.")
    ] = 30,
) -> None:
    """Join small files and let versions go that nobody may ask for any more."""
    from footfall import progress, terminal

    gc.enable()
    terminal.console().print(progress.maintenance(_workspace(context).maintain(keep_days)))


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the workspace is made.")] = Path(
        "footfall-demo"
    ),
) -> None:
    """Make a workspace with real and sample data, and show what can be asked of it."""
    from footfall.demo import run

    gc.enable()
    with _interruptible(_GOES_ON):
        run(folder)


@contextmanager
def _interruptible(what_now: str) -> Iterator[None]:
    """Ctrl-C ends in one sentence, however it surfaces: DuckDB turns it into a RuntimeError of its own."""
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    except BaseException:
        if not asked:
            raise
        print(f"footfall: interrupted{what_now}", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)


def _workspace(context: typer.Context) -> Workspace:
    from footfall.workspace import open as open_workspace

    return open_workspace(context.obj)


def _spare_pandas() -> None:
    """Keep pyarrow from loading pandas, a third of a cold query, only to see that no pandas object was handed to it.

    It looks once, when it makes its first array; `to_pandas` would still find it.
    """

    class Absent:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "pandas":
                raise ImportError(name)

    absent = Absent()
    sys.meta_path.insert(0, absent)
    try:
        import pyarrow

        pyarrow.array([])
    finally:
        sys.meta_path.remove(absent)


def _answer(context: typer.Context, metric: str, asked: dict[str, Any]) -> Result:
    _spare_pandas()
    workspace = _workspace(context)
    if not workspace.metrics:
        raise SettingsError(_NO_SOURCE)
    policies = dict(_choice(text) for text in asked.pop("policy") or ())
    lists: dict[str, Any] = {name: asked.pop(name) or () for name in ("by", "where")}
    with _interruptible("."):
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


def _check_folder(file: Path | None) -> None:
    """Before anything is asked: a file needs a folder that is there."""
    if file is not None and not file.parent.is_dir():
        raise FootfallError(f"{file} cannot be written: there is no folder {file.parent}.")


def _write_rows(result: Result, form: str, file: Path) -> None:
    if form == "parquet":
        result.to_parquet(file)
    elif form == "arrow":
        import pyarrow.feather

        pyarrow.feather.write_feather(result.to_arrow(), str(file))
    else:
        file.write_text(result.to_csv() if form == "csv" else result.to_json() + "\n", encoding="utf-8")


def _print_rows(result: Result, form: str) -> None:
    if form in _BINARY:
        with TemporaryDirectory() as folder:
            _write_rows(result, form, file := Path(folder) / "rows")
            sys.stdout.buffer.write(file.read_bytes())
    else:
        sys.stdout.write(result.to_csv() if form == "csv" else result.to_json() + "\n")
    sys.stdout.flush()


def _show(result: Result) -> None:
    from footfall import terminal

    console = terminal.console()
    most_rows = _MOST_ROWS if console.is_terminal else None
    console.print(terminal.answer(result, width=console.width, most_rows=most_rows))


def _write(result: Result, form: str, file: Path) -> None:
    from footfall import terminal

    try:
        if form == "table":
            with file.open("w", encoding="utf-8") as out:
                console = terminal.console(file=out)
                console.print(terminal.answer(result, width=console.width))
        else:
            _write_rows(result, form, file)
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"Wrote {file} ({result.rows.num_rows:,} rows).", file=sys.stderr)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit. A user's mistake is one line, never a traceback."""
    code: Any = 0
    # A question is answered before there is garbage; libraries that load are looked through again and again for nothing.
    gc.disable()
    if not sys.warnoptions:  # what libraries tell programmers is no news to users
        warnings.simplefilter("ignore")
    if sys.stdout is None:
        sys.exit("footfall: there is no standard output to write to; do not close it, or write to a file with -o.")
    try:
        code = app(arguments, prog_name="footfall", standalone_mode=True)
    except FootfallError as error:
        print(f"footfall: {' '.join(str(error).split())}", file=sys.stderr)
        code = 1
    except BrokenPipeError:
        # Whoever read has read enough; the interpreter must not try again to flush what is left.
        _forget_output()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        _forget_output()
        print(f"footfall: the output cannot be written: {error.strerror}.", file=sys.stderr)
        code = 1
    finally:
        gc.enable()
    sys.exit(code)


def _forget_output() -> None:
    """What could not be written is not tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
