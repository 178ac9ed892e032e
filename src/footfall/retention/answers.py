"""What the answers about activity have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.frames import SHOWN_ROWS, Framed, csv_of, html_of

if TYPE_CHECKING:
    import altair


@dataclass(frozen=True, kw_only=True, repr=False)
class Answer(Framed):
    """An answer with what a reader must know of it."""

    notes: tuple[str, ...] = ()
    """What the settings remark on the sources of its events."""
    remarks: tuple[str, ...] = ()
    """What was left out of it, or why nobody is in it."""
    actors: str = "actors"
    """What its actors are called."""

    @property
    def told(self) -> tuple[str, ...]:
        """Everything that stands below it, a sentence each."""
        return (*self.remarks, *self.notes)

    @property
    @abstractmethod
    def headings(self) -> tuple[str, str]:
        """Its title, and which time it is about."""

    @abstractmethod
    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """The heads of its columns, and a line a row; what is not over has a mark, or is empty."""

    @abstractmethod
    def chart(self) -> altair.TopLevelMixin:
        """The answer as a picture."""

    def to_csv(self) -> str:
        """Header, then a line a row; what is not over is empty."""
        return csv_of(*self.lines(is_marked=False))

    def save(self, path: str | Path, **options: Any) -> None:
        """Write the picture that `chart` draws with these options: .png, .svg, .html or .json (Vega-Lite)."""
        from footfall.charts.files import save

        save(self.chart(**options), Path(path))

    def __repr__(self) -> str:
        rows = len(self.lines(is_marked=True)[1])
        return f"<{', '.join(self.headings)}, {rows} row{'s' * (rows != 1)}>"

    def _repr_html_(self) -> str:
        """A small table for notebooks; * is provisional."""
        names, rows = self.lines(is_marked=True)
        return html_of(", ".join(self.headings), names, rows[:SHOWN_ROWS], self.told, len(rows) - SHOWN_ROWS)


def open_cell(text: str, is_provisional: bool, is_marked: bool) -> str:
    """A value; one that is not over has a mark, or nothing where there are no marks."""
    return text if not is_provisional else f"{text}*" if is_marked and text else ""
