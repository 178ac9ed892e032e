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
    agrees = "Every count agrees." if replaced or not report.extra else "Every mark that is there is here."
    lines = [f"Copied {counted(report.events, 'event')}: {sets}; {counted(report.marked, 'mark')} new. {agrees}"]
    if report.extra:
        marks = _marks(report.extra)
        lines.append(
            f"Taken out, as not there: {marks}."
            if replaced
            else f"Only here, and kept: {marks}; --replace takes it out."
        )
    if report.of_hours_alone:
        lines.append(f"Not copied: {_marks(report.of_hours_alone)} by the hour, whose actors are not in the day there.")
    if report.forgotten:
        lines.append(f"Left out, as forgotten here: {counted(report.forgotten, 'actor')}.")
    lines += [
        f"{left.event}: {counted(left.actors, 'actor')} known only by the {left.period} were not copied, as their days are unknown."
        for left in report.unplaced
    ]
    if report.others:
        lines.append(f"Not copied, as they hold no set: {listed(report.others)}.")
    return lines


def _marks(differing: Sequence[Differing]) -> str:
    """ "3 marks (active: 2 on 1 day; paid: 1 on 1 day)"."""
    each = "; ".join(f"{one.event}: {one.marks:,} on {counted(one.days, 'day')}" for one in differing)
    return f"{counted(sum(one.marks for one in differing), 'mark')} ({each})"
