"""Which counts are too small to show, and which others would reveal them by subtraction.

The rules are those of cell suppression in official statistics: counts from 1 to `least` - 1 are hidden (primary), and of
each sum that a reader may know so many more that what is hidden of it is at least two counts, of together at least `least`
(complementary).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

Cell = tuple[Hashable, ...]
"""Where a count stands: its period, and its value of each dimension."""


def is_small(count: float | None, least: int) -> bool:
    """Whether a count is hidden for its own sake; 0 and what is not known are not.

    >>> [is_small(count, 5) for count in (None, 0, 1, 4.9, 5)]
    [False, False, True, True, False]
    """
    return count is not None and 0 < count < least


def without(position: int) -> Callable[[Cell], Hashable]:
    """What cells have in common that differ at one position alone.

    >>> without(1)(("May", "a", "x"))
    ('May', 'x')
    """
    return lambda cell: cell[:position] + cell[position + 1 :]


def hidden_cells(
    counts: Mapping[Cell, float | None], least: int, lines: Sequence[Callable[[Cell], Hashable]] = ()
) -> set[Cell]:
    """The cells that are hidden.

    Args:
        counts: By cell; None where a count is not known.
        least: What is not hidden for its own sake.
        lines: Each says by what cells add up to a count that may be known: those of which it gives the same.

    Example:
        >>> counts = {("May", "a"): 3, ("May", "b"): 20, ("May", "c"): 90}
        >>> sorted(cell[1] for cell in hidden_cells(counts, 5, [without(1)]))
        ['a', 'b']
    """
    hidden = {cell for cell, count in counts.items() if is_small(count, least)}
    grouped = [line for key in lines for line in _lines(counts, key)] if hidden else []
    changed = bool(grouped)
    while changed:  # what is hidden for one line may be the only one hidden of another
        changed = False
        for line in grouped:
            while (more := _next(line, counts, hidden, least)) is not None:
                hidden.add(more)
                changed = True
    return hidden


def _lines(counts: Mapping[Cell, float | None], key: Callable[[Cell], Hashable]) -> list[list[Cell]]:
    found: dict[Hashable, list[Cell]] = defaultdict(list)
    for cell in counts:
        found[key(cell)].append(cell)
    return list(found.values())


def _next(line: Sequence[Cell], counts: Mapping[Cell, float | None], hidden: set[Cell], least: int) -> Cell | None:
    """The cell to hide as well: the smallest that is shown, where what is hidden of the line is too little."""
    gone = [counts[cell] or 0.0 for cell in line if cell in hidden]
    if not gone or (len(gone) > 1 and sum(gone) >= least):
        return None
    shown = [cell for cell in line if cell not in hidden and counts[cell]]
    return min(shown, key=lambda cell: (counts[cell] or 0.0, repr(cell)), default=None)


def hide_columns(
    rows: pa.Table, cells: Sequence[str], columns: Sequence[str], derived: Sequence[str], least: int
) -> pa.Table:
    """Rows without small counts, nor those that give them away.

    Args:
        rows: A row per cell.
        cells: The columns that say where a count stands; the groups of all but the first add up.
        columns: The counts: where one is hidden, all of its row are.
        derived: What is computed from them, and goes with them.
        least: The smallest count that is shown.
    """
    import pyarrow as pa

    places = list(zip(*(rows[name].to_pylist() for name in cells), strict=True))
    lines = [without(position) for position in range(1, len(cells))]
    gone: set[Cell] = set()
    for name in columns:
        gone |= hidden_cells(dict(zip(places, rows[name].to_pylist(), strict=True)), least, lines)
    for name in (*columns, *derived) if gone else ():
        kept = [None if place in gone else value for place, value in zip(places, rows[name].to_pylist(), strict=True)]
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pa.array(kept, rows.schema.field(at).type))
    return rows


def unranked(before: pa.Table, after: pa.Table, counts: Sequence[str], groups: Sequence[str]) -> pa.Table:
    """The rows `after` hiding, where rows stand by size: the hidden ones are in the order of their names, which reveals nothing."""
    values = (list(zip(*(table[name].to_pylist() for name in counts), strict=True)) for table in (before, after))
    hidden = [at for at, (one, other) in enumerate(zip(*values, strict=True)) if one != other]
    names = list(zip(*(after[name].to_pylist() for name in groups), strict=True)) or [()] * len(after)
    order = list(range(len(after)))
    for place, at in zip(hidden, sorted(hidden, key=lambda at: repr(names[at])), strict=True):
        order[place] = at
    return after.take(order)


def remark_on_rows(count: int, least: int) -> str:
    """What an answer says that leaves rows out."""
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{rows} with counts of actors from 1 to {least - 1:,} {'is' if count == 1 else 'are'} left out."


def remark(least: int) -> str:
    """What an answer says that hides counts."""
    return (
        f"Counts of actors from 1 to {least - 1:,} are hidden, and those that would give them away by subtraction: "
        "they are empty, though their time was collected."
    )
