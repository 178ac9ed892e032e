"""Parts: the time that counts for some scopes, if not all of a window does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.periods import Window

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Part:
    """Rows of `scopes` (of every scope if None) count within `windows` only."""

    scopes: tuple[str, ...] | None
    windows: tuple[Window, ...]
    folds_case: bool = False
    """Whether scopes ignore case."""


def keep_parts(rows: ir.Table, time: str, scope: str | None, parts: Sequence[Part]) -> ir.Table:
    """The rows in one of `parts`; `scope` is the column with the scope."""
    import ibis

    def is_within(part: Part) -> ir.BooleanValue:
        moment = rows[time]
        inside = _any([(moment >= _at(w.start)) & (moment < _at(w.end)) for w in part.windows])
        if part.scopes is None:
            return inside
        assert scope is not None, "parts by scope need a column that tells scopes apart"
        name = rows[scope].lower() if part.folds_case else rows[scope]
        names = [text.lower() if part.folds_case else text for text in part.scopes]
        return name.isin(names).fill_null(False) & inside

    def _at(moment: object) -> ir.Scalar:
        return ibis.literal(moment, type="timestamp('UTC', 6)")

    kept = [is_within(part) for part in parts if part.windows]
    return rows.filter(_any(kept) if kept else ibis.literal(False))


def _any(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    """The disjunction of all, as a balanced tree, since engines process it recursively."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return _any(conditions[:middle]) | _any(conditions[middle:])
