"""Whether the sets of a deployment agree: a week or month holds all that its days hold.

bitmapist clears an actor whom it takes out of one day from the week and the month as well, though another day of theirs has
the actor. It leaves the hours of that day: an actor of an hour that is not in its day was taken out of the day, and stays so.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyroaring import BitMap64

from footfall.formats import counted
from footfall.stores.problems import Problem, Repair
from footfall.stores.redis.keys import SlotKey, label
from footfall.stores.redis.rewriting import Rewriter


def problems_of(rewriter: Rewriter) -> Iterator[Problem]:
    """Weeks and months that lack actors whom one of their days has."""
    for event, place, lacking in _lacking(rewriter):
        yield Problem(_said(event, place, lacking), is_derived=True)


def repair(rewriter: Rewriter, *, is_dry_run: bool) -> Repair:
    """Add the actors that are lacking, but for those that are taken out of the part in the meantime."""
    repaired = []
    for event, place, lacking in _lacking(rewriter):
        if not is_dry_run:
            rewriter.add_from_parts(event, place, lacking)
        repaired.append(_said(event, place, lacking))
    return Repair(tuple(repaired))


def _said(event: str, place: SlotKey, lacking: BitMap64) -> str:
    return f"{event!r} of {label(place)} lacks {counted(len(lacking), 'actor')} that its days have"


def _lacking(rewriter: Rewriter) -> Iterator[tuple[str, SlotKey, BitMap64]]:
    for event, place in sorted({(event, place) for event, place, _ in rewriter.found() if place.is_period}):
        lacking = rewriter.lacking(event, place)
        if lacking:
            yield event, place, lacking
