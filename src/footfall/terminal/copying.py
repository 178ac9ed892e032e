"""What a copy of a bitmapist deployment came to, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from footfall.formats import counted, listed

if TYPE_CHECKING:
    from footfall.stores.copying import CopyReport, Differing


def outcome(report: CopyReport, *, replaced: bool) -> list[str]:
    """The sentences, first how much was copied.

    Args:
        report: What was done.
        replaced: Whether what only the store had was taken out.
    """
    sets = f"{counted(report.days, 'day')}, {counted(report.hours, 'hour')}, {counted(report.undated, 'undated set')}"
    agrees = "Every count agrees." if replaced or not report.extra else "The store has every mark of the source."
    lines = [f"Copied {counted(report.events, 'event')}: {sets}; {counted(report.marked, 'mark')} new. {agrees}"]
    if report.extra:
        marks = _marks(report.extra)
        lines.append(
            f"Removed, as the source does not have them: {marks}."
            if replaced
            else f"Only in this store, and kept: {marks}; --replace removes them."
        )
    if report.of_hours_alone:
        lines.append(
            f"Not copied: {_marks(report.of_hours_alone)} by the hour, whose actors are missing from that day in the source."
        )
    if report.forgotten:
        lines.append(f"Left out, as this store has forgotten them: {counted(report.forgotten, 'actor')}.")
    lines += [
        f"{left.event}: {counted(left.actors, 'actor')} known only by the {left.period} were not copied, as their days are unknown."
        for left in report.unplaced
    ]
    if report.others:
        lines.append(f"Not copied, as they are not sets: {listed(report.others)}.")
    return lines


def _marks(differing: Sequence[Differing]) -> str:
    """ "3 marks (active: 2 on 1 day; paid: 1 on 1 day)"."""
    each = "; ".join(f"{one.event}: {one.marks:,} on {counted(one.days, 'day')}" for one in differing)
    return f"{counted(sum(one.marks for one in differing), 'mark')} ({each})"
