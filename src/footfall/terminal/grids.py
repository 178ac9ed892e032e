"""Parts of tables in the terminal: aligned columns, facts, sparklines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table as Grid
from rich.text import Text

_SPARKS = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 60


def sparkline(values: Sequence[float | None], width: int = _SPARK_WIDTH) -> str:
    """One character a value, from zero to the largest; a gap is a dot. Longer series are averaged to `width`."""
    buckets = _averaged(values, width) if len(values) > width else values
    top = max((v for v in buckets if v is not None), default=0.0)
    heights = (None if v is None else v / top if top > 0 else 0.0 for v in buckets)
    return "".join("·" if h is None else _SPARKS[max(0, round(h * (len(_SPARKS) - 1)))] for h in heights)


def _averaged(values: Sequence[float | None], width: int) -> list[float | None]:
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    parts = ([v for v in values[a:b] if v is not None] for a, b in pairwise(edges))
    return [sum(part) / len(part) if part else None for part in parts]


def grid_of(*labels: str) -> Grid:
    grid = Grid(box=SIMPLE_HEAD, header_style="bold", pad_edge=True, show_edge=False, padding=(0, 1))
    for label in labels:
        grid.add_column(label, overflow="fold")
    return grid


@dataclass(frozen=True)
class GridColumn:
    """A column of values as text, padded here: rich would strip the blank that keeps digits below digits."""

    head: str
    cells: list[str]
    style: str = ""
    is_left: bool = False
    goes: int = 0
    """Where there is no room the column with the highest number goes first; 0 stays."""

    @property
    def width(self) -> int:
        return max(len(text) for text in (self.head, *self.cells))

    def add_to(self, grid: Grid) -> None:
        width = self.width
        pad = str.ljust if self.is_left else str.rjust
        grid.add_column(pad(self.head, width), style=self.style, no_wrap=True)
        self.cells[:] = [pad(text, width) for text in self.cells]


def filled(heads: Sequence[str], labels: Sequence[Sequence[Text]], columns: Sequence[GridColumn], width: int) -> Grid:
    """Labels and values side by side; less important columns are dropped if the terminal is too narrow."""
    grid = grid_of(*heads)
    taken = [max([len(head), *(len(label[n]) for label in labels)]) for n, head in enumerate(heads)]
    columns, gone = list(columns), list[str]()
    while sum(each + 3 for each in (*taken, *(column.width for column in columns))) - 1 > width:
        least = max(columns, key=lambda column: column.goes)
        if not least.goes:
            break
        columns.remove(least)
        gone += [least.head.strip()] * bool(least.head.strip())
    for column in columns:
        column.add_to(grid)
    for line, values in zip(labels, zip(*(column.cells for column in columns), strict=True), strict=True):
        grid.add_row(*line, *values)
    if gone:
        grid.caption = f"no room for: {', '.join(reversed(gone))}"
        grid.caption_justify = "left"
    return grid


def facts_of(*facts: tuple[str, RenderableType], style: str = "dim") -> Grid:
    grid = Grid.grid(padding=(0, 2, 0, 2))
    grid.add_column(style=style, no_wrap=True)
    grid.add_column(overflow="fold")
    for fact in facts:
        grid.add_row(*fact)
    return grid
