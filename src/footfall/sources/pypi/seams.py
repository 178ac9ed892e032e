"""Seams: where the days of a project switch from one provider to another. Each counts differently, so that is a break.

A day stays as stated by the provider that was read first: the next one may know less about it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from footfall.annotations import Annotation
from footfall.ledger import Entry, Known
from footfall.periods import Grain, Window
from footfall.sources import Offer
from footfall.sources.happened import FromRows
from footfall.sources.pypi.names import normalise
from footfall.sources.pypi.tables import DOWNLOADS
from footfall.tables import Column, Observe, Role, Table

SEAMS = Table(
    name="pypi_seams",
    description="Days on which the provider of the downloads of a project changed.",
    columns=(
        Column("day", "timestamp", Role.TIME, "The first day of the next provider, in UTC."),
        Column("project", "string", Role.DIMENSION, "Name of the project.", spelled=normalise),
        Column("before", "string", Role.DIMENSION, "The provider until then."),
        Column("after", "string", Role.DIMENSION, "The provider from then on."),
    ),
    rule=Observe(key=("day", "project"), resolve="latest", scope="project"),
    resolution=Grain.DAY,
)


@dataclass(frozen=True)
class Seam:
    """Two providers with adjacent days; the same provider twice if they are no longer adjacent."""

    before: str
    after: str


def provider_of(entry: Entry) -> str:
    """Which provider stated a day; empty if its stored data is in doubt."""
    return entry.fingerprint.partition(":")[0]


def kept_apart(offers: Iterable[Offer], known: Known, provider: str) -> Iterator[Offer]:
    """The offers without days that another provider stated, unless these are to be read again; then the seams."""
    days: dict[str, dict[datetime, str]] = defaultdict(dict)
    for offer in offers:
        stored = known.stored(offer.table, offer.scope, offer.window)
        is_others = stored is not None and provider_of(stored) not in ("", provider)
        if is_others and not known.is_rechecked(offer.window):
            continue
        if offer.table == DOWNLOADS and not offer.absent and offer.detail is not None:
            days[offer.scope][offer.window.start] = provider
        yield offer
    yield from _seams(known, days, provider)


def _seams(known: Known, days: Mapping[str, Mapping[datetime, str]], provider: str) -> Iterator[Offer]:
    stored: dict[str, dict[datetime, str]] = defaultdict(dict)
    for entry in known.of_table(DOWNLOADS):
        if entry.is_success and provider_of(entry):
            stored[entry.scope][entry.window.start] = provider_of(entry)
    recorded = defaultdict(set)
    for entry in known.of_table(SEAMS.name):
        recorded[entry.scope].add(entry.window.start)
    for project, held in stored.items():
        if project not in recorded and set(held.values()) == {provider}:
            continue
        every = sorted({**held, **days.get(project, {})}.items())
        found = {day: Seam(before, after) for (_, before), (day, after) in pairwise(every) if before != after}
        for day in sorted(found.keys() | recorded[project]):
            seam = found.get(day, Seam(provider, provider))
            window = Window.of_day(day.date())
            yield Offer(SEAMS.name, window, project, f"{seam.before}:{seam.after}", settles_at=window.end, detail=seam)


def _read(row: Mapping[str, Any]) -> Annotation | None:
    if row["before"] == row["after"]:
        return None
    text = f"counted by {row['after']} from here on, by {row['before']} before"
    return Annotation.at("break", row["day"], text, scope=row["project"])


BREAKS = FromRows(SEAMS, _read)
