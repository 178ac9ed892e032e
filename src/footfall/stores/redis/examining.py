"""Checks that the sets of a deployment are consistent: a week or month holds every actor of its days.

When bitmapist removes an actor from a day, it also removes the actor from the week and the month, even if another of
their days has the actor. It leaves the hours of that day alone: an actor who is in an hour but not in its day was
removed from the day, and stays removed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap64

from footfall.formats import counted
from footfall.stores.problems import Problem, Repair
from footfall.stores.redis.keys import SlotKey, label
from footfall.stores.redis.rewriting import Rewriter


def problems_of(rewriter: Rewriter) -> Iterator[Problem]:
    """Weeks and months that lack actors of one of their days."""
    for event, place, lacking in _lacking(rewriter):
        yield Problem(_description(event, place, lacking), is_derived=True)


def repair(rewriter: Rewriter, *, is_dry_run: bool) -> Repair:
    """Add the missing actors, except those that are removed from the day in the meantime."""
    repaired = []
    for event, place, lacking in _lacking(rewriter):
        if not is_dry_run:
            rewriter.add_from_parts(event, place, lacking)
        repaired.append(_description(event, place, lacking))
    return Repair(tuple(repaired))


def _description(event: str, place: SlotKey, lacking: BitMap64) -> str:
    return f"{event!r} of {label(place)} lacks {counted(len(lacking), 'actor')} that its days have"


def _lacking(rewriter: Rewriter) -> Iterator[tuple[str, SlotKey, BitMap64]]:
    for event, place in sorted({(event, place) for event, place, _ in rewriter.found() if place.is_period}):
        lacking = rewriter.lacking(event, place)
        if lacking:
            yield event, place, lacking
