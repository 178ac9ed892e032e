"""Writing any kind of answer: to the screen, a pipe or a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from footfall.cli.app import check_folder
from footfall.cli.volume import say
from footfall.errors import FootfallError, QueryError, UnknownNameError

if TYPE_CHECKING:
    from footfall.answer import Answer

SPREADSHEET = "spreadsheet"
"""CSV in which spreadsheets see no formulas."""
FORMATS = ("table", "csv", "json", "parquet", "arrow", SPREADSHEET)
PICTURES = (".png", ".svg", ".html", ".vl.json")
_SUFFIXES = ("csv", "json", "parquet", "arrow")
_BINARY = ("parquet", "arrow")
_MOST_ROWS = 60
"""Rows shown on a screen; files and pipes get all rows."""
_PANEL = "The answer"

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)}; default: table, or csv in a pipe.",
        rich_help_panel=_PANEL,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Rows (.csv, .json, .parquet, .arrow) or a picture (.png, .svg, .html, .vl.json).",
        rich_help_panel=_PANEL,
    ),
]


def is_picture(output: Path | None) -> bool:
    return output is not None and output.name.lower().endswith(PICTURES)


def chosen_format(asked: str | None, output: Path | None) -> str:
    """The output format: as asked, else by the suffix of the file, else a table, or CSV in a pipe.

    Empty for a picture.
    """
    if asked is not None and asked not in FORMATS:
        raise UnknownNameError("format", asked, FORMATS)
    check_folder(output)
    if output is not None:
        return _format_of_file(asked, output)
    chosen = asked or ("table" if sys.stdout.isatty() else "csv")
    if chosen in _BINARY and sys.stdout.isatty():
        raise QueryError(f"{chosen} is a binary format; add `-o answer.{chosen}`.")
    return chosen


def _format_of_file(asked: str | None, output: Path) -> str:
    suffix = output.suffix.lower().removeprefix(".")
    is_known = is_picture(output) or suffix in _SUFFIXES
    if asked is None and not is_known:
        raise UnknownNameError("file format", output.suffix or output.name, [*PICTURES, *(f".{f}" for f in _SUFFIXES)])
    if asked is not None and is_known and (is_picture(output) or suffix != _suffix_of(asked)):
        raise QueryError(f"--format {asked} and -o {output} are different formats: leave out one of them.")
    return asked or ("" if is_picture(output) else suffix)


def _suffix_of(form: str) -> str:
    return "csv" if form == SPREADSHEET else form


def hand_over(
    answer: Answer,
    form: str,
    output: Path | None,
    *,
    drawn: Mapping[str, Any] | None = None,
    shown: Mapping[str, Any] | None = None,
    csv: str | None = None,
) -> None:
    """Show or write an answer as `chosen_format` said; `drawn` are options of a picture, `shown` of a table."""
    if form == SPREADSHEET:
        from footfall.frames import for_spreadsheets

        form, csv = "csv", for_spreadsheets(answer.to_csv() if csv is None else csv)
    if output is None:
        _print(answer, form, shown or {}, csv)
        return
    if not form:
        answer.save(output, **drawn or {})
    elif form == "table":
        _write_table(answer, output, shown or {})
    elif csv is not None and form == "csv":
        from footfall.frames import write_text

        write_text(csv, output)
    else:
        _save_as(answer, form, output)
    if form not in ("", "table"):
        remark(answer)
    from footfall.formats import counted

    rows = f" ({counted(answer.line_count, 'row')})" if form else ""
    say(f"Wrote {output}{rows}.")


def remark(answer: Answer) -> None:
    """Notes that a file of rows cannot hold."""
    for note in answer.notes:
        print(f"footfall: {note}", file=sys.stderr)


def _print(answer: Answer, form: str, shown: Mapping[str, Any], csv: str | None) -> None:
    if form == "table":
        _show(answer, shown)
        return
    if form in _BINARY:
        with TemporaryDirectory() as folder:
            _save_as(answer, form, file := Path(folder) / f"rows.{form}")
            sys.stdout.buffer.write(file.read_bytes())
    elif form == "csv":
        sys.stdout.write(answer.to_csv() if csv is None else csv)
    else:
        sys.stdout.write(answer.to_json() + "\n")
    sys.stdout.flush()
    remark(answer)


def _save_as(answer: Answer, form: str, file: Path) -> None:
    """Rows in a form that need not be the one of the file's name."""
    from footfall.frames import write_feather, write_parquet, write_text

    match form:
        case "csv":
            write_text(answer.to_csv(), file)
        case "json":
            write_text(answer.to_json() + "\n", file)
        case "parquet":
            write_parquet(answer.to_arrow(), answer.about(), file)
        case _:
            write_feather(answer.to_arrow(), answer.about(), file)


def _show(answer: Answer, shown: Mapping[str, Any]) -> None:
    from footfall.terminal.console import open_console
    from footfall.terminal.tables import shown as table

    console = open_console()
    most = {"most_rows": _MOST_ROWS} if console.is_terminal and answer.command == "query" else {}
    console.print(table(answer, width=console.width, **shown, **most))


def _write_table(answer: Answer, file: Path, shown: Mapping[str, Any]) -> None:
    from footfall.terminal.console import open_console
    from footfall.terminal.tables import shown as table

    try:
        with file.open("w", encoding="utf-8") as out:
            console = open_console(file=out)
            console.print(table(answer, width=console.width, **shown))
    except OSError as error:
        raise FootfallError(f"{file} cannot be written: {error.strerror}.") from None
