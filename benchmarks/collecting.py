"""Collecting many scopes: 300 scopes of daily windows over 400 days, of a source as a plugin writes it.

The first collection is checked against the same source whose every scope is a commit of its own; a day more is checked against
a day more after 30 days of history, both in processes of their own that take turns. The source asks since its cursor, and
goes back a fortnight.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
from pydantic import BaseModel

from footfall.collect import HoldBack, collect
from footfall.lake import Lake
from footfall.ledger import LEDGER, Known
from footfall.metrics import Metric
from footfall.periods import Window
from footfall.sources import Batch, Offer, Progress
from footfall.tables import Column, Replace, Role, Table
from measure import BUILD, alternate, claim, run

SCOPES, DAYS, FEW_DAYS, FEW_SCOPES = 300, 400, 30, 30
ROUNDS = 5
START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
VIEWS = Table(
    name="views",
    description="Views of repositories, by day.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("views", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(scope="repo"),
    sort=("repo", "day"),
)


class Views:
    """A source of `scopes` repositories, whose days are what the clock says."""

    name: ClassVar[str] = "views"
    description: ClassVar[str] = "Views of repositories."
    Settings: ClassVar[type[BaseModel]] = BaseModel
    tables: Sequence[Table] = (VIEWS,)
    metrics: Sequence[Metric] = ()

    def __init__(self, scopes: int) -> None:
        self.scopes = [f"owner/repository-{n}" for n in range(scopes)]

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        for scope in self.scopes:
            read = known.cursor(VIEWS.name, scope)
            first = 0 if read is None else max(0, read - 14)
            for n in range(first, (now - START) // DAY):
                day = Window(START + n * DAY, START + (n + 1) * DAY)
                yield Offer(VIEWS.name, day, scope, fingerprint=f"{len(scope) + n}", settles_at=day.end)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """A batch per scope, as a source with a request a scope has them."""
        by_scope: dict[str, list[Offer]] = {}
        for offer in offers:
            by_scope.setdefault(offer.scope, []).append(offer)
        for scope, some in by_scope.items():
            rows = pa.table(
                {
                    "day": [offer.window.start for offer in some],
                    "repo": [scope] * len(some),
                    "views": [int(offer.fingerprint) for offer in some],
                },
                schema=VIEWS.arrow_schema(),
            )
            yield Batch([o.done(1, position=(o.window.end - START) // DAY) for o in some], {VIEWS.name: rows})


def gather(folder: Path, scopes: int, days: int, bounds: HoldBack | None = None) -> float:
    """Collect what there is after so many days; seconds."""
    now = START + days * DAY + timedelta(hours=12)
    started = time.perf_counter()
    lake = Lake.open(str(folder), now=lambda: now)
    (summary,) = collect(lake, {"views": Views(scopes)}, now=lambda: now, bounds=bounds).sources
    assert not summary.error, summary.error
    return time.perf_counter() - started


def fresh(name: str) -> Path:
    folder = BUILD / "collecting" / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def main() -> None:
    folder = fresh("first")
    whole = gather(folder, SCOPES, DAYS)
    pinned = Lake.open(str(folder)).snapshot([VIEWS, LEDGER]).tables
    print(f"      {SCOPES} scopes of {DAYS} days: {whole:.1f} s")
    commits = pinned[VIEWS.name].version
    claim("commits of the first collection", commits, "1", commits == 1)
    print(f"      the ledger took {pinned[LEDGER.name].version} commits")
    few = gather(fresh("held-back"), FEW_SCOPES, DAYS)
    alone = gather(fresh("alone"), FEW_SCOPES, DAYS, HoldBack(outcomes=1))
    print(f"      {FEW_SCOPES} scopes: {few:.2f} s together, {alone:.2f} s in a commit each")
    claim("a commit per scope, time of one for all", alone / few, "≥ 3", alone / few >= 3)
    claim("ten times the scopes, time of a tenth", whole / few, "≤ 12", whole / few <= 12)

    gather(fresh("short"), SCOPES, FEW_DAYS)
    reached = {"short": FEW_DAYS, "first": DAYS}

    def one_more(name: str):  # type: ignore[no-untyped-def]
        def act():  # type: ignore[no-untyped-def]
            reached[name] += 1
            return run([sys.executable, __file__, str(BUILD / "collecting" / name), str(reached[name])])

        return act

    best = alternate(ROUNDS, {name: one_more(name) for name in reached})
    for name, measured in best.items():
        print(f"      a day more after {name}: {measured.seconds:.2f} s")
    ratio = best["first"].seconds / best["short"].seconds
    claim(f"a day more after {DAYS} days, time of one after {FEW_DAYS}", ratio, "≤ 1.25", ratio <= 1.25)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        gather(Path(sys.argv[1]), SCOPES, int(sys.argv[2]))
    else:
        main()
