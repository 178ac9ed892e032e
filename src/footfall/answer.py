"""Answer: what every kind of answer offers to callers, and to every output that shows it.

A new kind of answer is three places: its own module (a frozen dataclass that fills in the abstract part below), the
function that draws it (named in `chart_by`), and the command that asks for it. Everything else comes from here.

    command                    what asks for it
    title, span, description   what it is called, which time it is about, what its rows mean
    question                   the resolved question, a dict that asks the same again
    definition()               what the numbers are
    notes, coverage, version   what a reader must know; how much of its time was collected; which state it shows
    to_arrow() and lines()     its rows, typed and as text

Pictures and tables for terminals are made in rooms above this one. An answer names the functions that make them, and
they are loaded when they are first asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from footfall.errors import QueryError, UnknownNameError
from footfall.formats import counted, share_of
from footfall.frames import (
    csv_of,
    html_of,
    json_of,
    pandas_of,
    pivoted,
    plain,
    polars_of,
    write_feather,
    write_parquet,
    write_text,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from footfall.charts.pictures import Picture

ROWS = (".csv", ".json", ".parquet", ".arrow")
"""Files of rows that `save` writes."""
PICTURES = (".png", ".svg", ".html", ".vl.json")
"""Pictures that `save` writes; .vl.json is the chart as Vega-Lite."""
_SHOWN_ROWS = 20
"""How many rows a notebook shows."""


class Answer(ABC):
    """An answer of any kind: rows, and what they mean. Its length is its number of rows; iterating gives them as dicts.

    Example:
        >>> answer = ff.query("commits", grain="month", since="2026-01", until="2026-03")
        >>> len(answer), [row["commits"] for row in answer]
        (2, [2, 1])
        >>> answer
        <Commits per month, 2026-01-01 to 2026-02-28 (UTC), 2 rows>
    """

    command: ClassVar[str]
    """What asks for it, on the command line, in Python and over HTTP: query, cohort, funnel …"""
    chart_by: ClassVar[str]
    """module:function that draws it, called with the answer, the look and the options of `chart`."""
    table_by: ClassVar[str] = "footfall.terminal.tables:table"
    """module:function that shows it in a terminal, called with the answer, the width and the options of `draw`."""

    if TYPE_CHECKING:

        @property
        def notes(self) -> tuple[str, ...]:
            """Notes about these numbers, one sentence each."""

        @property
        def version(self) -> str:
            """Which state the answer shows: equal versions have equal rows, notes and questions."""

    # --- what each kind says for itself

    @property
    @abstractmethod
    def title(self) -> str:
        """The question in words."""

    @property
    @abstractmethod
    def span(self) -> str:
        """Which time it is about, and what was left out of it."""

    @property
    @abstractmethod
    def description(self) -> str:
        """What the rows mean, in a sentence or two."""

    @property
    @abstractmethod
    def question(self) -> dict[str, Any]:
        """The question as it was answered, every default filled in: querying it again gives the same answer."""

    @abstractmethod
    def definition(self) -> dict[str, Any]:
        """What the numbers are.

        Example:
            >>> ff.query("commits").definition()["unit"]
            'commits'
        """

    @property
    @abstractmethod
    def coverage(self) -> float:
        """How much of its time was collected, 0 to 1."""

    def hiding(self, least: int) -> Answer:
        """The answer without counts of actors from 1 to `least` - 1, nor counts that would reveal them; unchanged where there are none.

        Args:
            least: The smallest count that is shown; 0 shows all.

        Raises:
            NotAllowedError: Where such counts cannot be taken out of this kind of answer.

        Example:
            >>> ff.query("authors", grain="month", last=1).hiding(5).to_dicts()[0]["authors"] is None
            True
        """
        return self

    @abstractmethod
    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table; moments are in UTC.

        Example:
            >>> ff.growth("active").to_arrow().column_names[:2]
            ['period', 'active']
        """

    @abstractmethod
    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """The heads of its columns, and a line of text a row.

        Args:
            is_marked: For people, with thousands separated and * for what may still change; else as files have it.

        Example:
            >>> ff.funnel("signed_up", "active").lines(is_marked=False)[1][0][:3]
            ['1', 'signed_up', '3']
        """

    @property
    def policies(self) -> dict[str, str]:
        """The choice made for each policy that shapes the numbers."""
        return {}

    @property
    def pivot_columns(self) -> tuple[list[str], list[str], list[str]]:
        """What `pivot` lays out: the columns that stay in front, those whose values become columns, and the values."""
        return [self.to_arrow().column_names[0]], [], self.to_arrow().column_names[1:]

    # --- rows

    def __len__(self) -> int:
        return cast(int, self.to_arrow().num_rows)

    @property
    def line_count(self) -> int:
        """How many lines a table of it has; of a cohort fewer than it has rows, which are its cells."""
        return len(self)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_dicts())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows for any library that reads Arrow: `polars.DataFrame(answer)`, `duckdb.sql("from answer")` …"""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dicts by column.

        Example:
            >>> ff.growth("active", grain="month", last=2).to_dicts()[0]["new"]
            2
        """
        return cast("list[dict[str, Any]]", self.to_arrow().to_pylist())

    def to_pandas(self, *, pivot: bool = False) -> pd.DataFrame:
        """The rows as a pandas frame, or with `pivot` the groups side by side.

        Whole numbers with holes are `Int64`. `attrs` holds the title, question, definition, notes, coverage and version.

        Args:
            pivot: A row per period and a column per group, as `by` splits them.

        Raises:
            FootfallError: Without pandas.

        Example:
            >>> frame = ff.query("commits", grain="month", last=3, by=["repo"]).to_pandas(pivot=True)
            >>> list(frame.columns), frame.attrs["question"]["grain"]
            (['project'], 'month')
        """
        frame = pandas_of(self.to_arrow())
        if pivot:
            frame = pivoted(frame, *self.pivot_columns)
        frame.attrs.update(self.about())
        return frame

    def pivot(self) -> pd.DataFrame:
        """The rows as a pandas frame with the groups side by side: a row per period, a column per group.

        Example:
            >>> list(ff.growth("active", grain="month", last=2).pivot()["returning"])
            [0, 2]
        """
        return self.to_pandas(pivot=True)

    def to_polars(self) -> pl.DataFrame:
        """The rows as a Polars frame.

        Raises:
            MissingExtraError: Without `footfall[polars]`.

        Example:
            >>> ff.growth("active", grain="month", last=2).to_polars().height
            2
        """
        return polars_of(self.to_arrow())

    def to_csv(self) -> str:
        """Header, then one line per row; no value is an empty cell.

        Example:
            >>> ff.growth("active", grain="month", last=2).to_csv().splitlines()[0]
            'period,active,new,returning,resurrected,dormant'
        """
        return csv_of(*self.lines(is_marked=False))

    def to_json(self) -> str:
        """An object: what was asked, what it means, how far it can be trusted, and the rows.

        Example:
            >>> import json
            >>> list(json.loads(ff.growth("active").to_json()))[-3:]
            ['notes', 'version', 'rows']
        """
        return json_of(self.to_record())

    def to_record(self) -> dict[str, Any]:
        """What `to_json` writes, as Python: `about()`, and the rows with moments as text.

        Example:
            >>> ff.growth("active", grain="month", last=2).to_record()["rows"][0]["new"]
            2
        """
        return {**self.about(), **self._json_rows()}

    def to_parquet(self, path: str | Path) -> None:
        """Write the rows, with the question and what they mean as metadata of the file.

        Args:
            path: The file.

        Raises:
            FootfallError: When it cannot be written.

        Example:
            >>> ff.growth("active").to_parquet(out / "growth.parquet")
        """
        write_parquet(self.to_arrow(), self.about(), Path(path))

    def about(self) -> dict[str, Any]:
        """Everything but the rows, for files and programs.

        Example:
            >>> ff.growth("active").about()["command"]
            'growth'
        """
        return {
            "command": self.command,
            "title": self.title,
            "span": self.span,
            "question": self.question,
            "definition": self.definition(),
            "coverage": self.coverage,
            "notes": list(self.notes),
            "version": self.version,
        }

    def _json_rows(self) -> dict[str, Any]:
        return {"rows": [{name: plain(value) for name, value in row.items()} for row in self]}

    # --- output

    def chart(
        self,
        *,
        theme: str | None = None,
        title: str | None = None,
        size: tuple[int, int] | None = None,
        **options: Any,
    ) -> Picture:
        """The answer as a picture; a gap in the data is a gap in the picture.

        Args:
            theme: "light" or "dark"; by default light, and in an HTML page what the reader's system prefers.
            title: Instead of the answer's own.
            size: Width and height of the drawing itself in pixels; by default what suits it.
            options: Of the kind of answer: `stacked` of a query; `form` ("heatmap", "curves") and `counts` of a cohort.

        Raises:
            QueryError: When there is nothing to draw, or the question cannot be drawn.
            MissingExtraError: Without `footfall[charts]`.

        Example:
            >>> ff.query("commits", last=90).chart(theme="dark").save(out / "commits.html")
        """
        drawn = import_module("footfall.charts.pictures").picture(self, theme=theme, title=title, size=size, **options)
        return cast("Picture", drawn)

    def draw(self, width: int = 100, **options: Any) -> str:
        """The answer as plain text, as a terminal shows it: `print(answer.draw())`.

        Args:
            width: Of the terminal, in characters.
            options: Of the kind of answer: `counts` of a cohort, `most_rows` of a query.

        Example:
            >>> print(ff.query("commits", grain="total", since="2026-01", until="2026-03").draw(60).splitlines()[3].strip())
            3 commits
        """
        return cast(str, import_module("footfall.terminal.tables").text_of(self, width, **options))

    def save(self, path: str | Path, **options: Any) -> None:
        """Write a file; its suffix says what.

        Args:
            path: Rows are .csv, .parquet, .arrow (Feather) and .json (with the question and its definition);
                pictures are .png, .svg, .html (needs no network) and .vl.json (Vega-Lite).
            options: Of a picture, as `chart` takes them.

        Raises:
            UnknownNameError: For another suffix.
            FootfallError: When the file cannot be written.

        Example:
            >>> ff.cohort("signed_up", "active").save(out / "cohort.svg", theme="dark")
        """
        if not isinstance(path, str | Path):
            raise QueryError(f"{path!r} is not a path; give the name of a file, such as 'answer.csv'.")
        file = Path(path)
        match suffix_of(file):
            case suffix if suffix in PICTURES:
                self.chart(**options).save(file)
                return
            case suffix if options:
                raise QueryError(f"{', '.join(options)}: only a picture has options, and {suffix} holds rows.")
            case ".csv":
                write_text(self.to_csv(), file)
            case ".json":
                write_text(self.to_json() + "\n", file)
            case ".parquet":
                self.to_parquet(file)
            case _:
                write_feather(self.to_arrow(), self.about(), file)

    def __repr__(self) -> str:
        said = [self.title, self.span, counted(self.line_count, "row")]
        said += [self._collected] if self.coverage < 1 else []
        return f"<{', '.join(said)}>"

    @property
    def _collected(self) -> str:
        """How much of its time was collected, for one line."""
        return f"{share_of(self.coverage)} collected"

    def _repr_html_(self) -> str:
        """A small table for notebooks, with its definition, policies and notes."""
        names, rows = self.lines(is_marked=True)
        chosen = ", ".join(f"{name} = {choice}" for name, choice in self.policies.items())
        more = len(rows) - _SHOWN_ROWS
        below = [self.description, *([f"Policies: {chosen}."] if chosen else []), *self.notes]
        below += [f"{counted(more, 'more row')}: `to_pandas()` has all."] if more > 0 else []
        return html_of(self.title, self.span, names, rows[:_SHOWN_ROWS], below)


def suffix_of(file: Path) -> str:
    """What `save` is asked to write, from the end of the name."""
    name = file.name.lower()
    for suffix in (*PICTURES, *ROWS):
        if name.endswith(suffix):
            return suffix
    raise UnknownNameError("file format", file.suffix or file.name, (*PICTURES, *ROWS))


def by_name(place: str) -> Any:
    """The function at `module:function`, loaded now."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
