"""Deep checks of lake and activity by checksum, and repairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from footfall.errors import ActivityError, LakeError
from footfall.formats import counted
from footfall.sources import Check
from footfall.upkeep.examining import Finding

if TYPE_CHECKING:
    from footfall.lake import Lake
    from footfall.stores.store import Store
    from footfall.tables import Table

FIX = "run `footfall repair` to see what can be repaired, or restore a backup"


@dataclass(frozen=True)
class RepairStep:
    """Something that a repair did or would do."""

    about: Literal["lake", "activity"]
    said: str
    state: Literal["repaired", "lost", "left", "kept"]
    """Repaired; lost unless there is a backup; unchanged; or where the previous files are kept."""


def store_examined(store: Store) -> Iterator[Finding]:
    """Verify the checksum of every set, batch and mark, and their consistency."""
    try:
        problems = list(store.problems())
        events = len(store.events()) if not problems else 0
    except ActivityError as error:
        yield Finding("activity", Check("checksums", "failed", str(error), FIX))
        return
    if not problems:
        yield Finding(
            "activity", Check("checksums", "ok", f"every set of {counted(events, 'event')} is as it was written")
        )
    for problem in problems:
        yield Finding("activity", Check("checksums", "failed", problem.what, FIX))


def lake_examined(lake: Lake, tables: Sequence[Table]) -> Iterator[Finding]:
    """Verify every log, file and checksum of the lake, and the tables against the ledger."""
    from footfall.lake.examining import examine_lake

    try:
        for found in examine_lake(lake, tables):
            state: Literal["ok", "failed"] = "ok" if found.is_intact else "failed"
            yield Finding("lake", Check(found.table.name, state, found.said, "" if found.is_intact else FIX))
    except LakeError as error:
        yield Finding("lake", Check("tables", "failed", str(error), FIX))


def store_repaired(store: Store, *, dry_run: bool) -> Iterator[RepairStep]:
    done = store.repair(is_dry_run=dry_run)
    for said in done.repaired:
        yield RepairStep("activity", said, "repaired")
    for said in done.lost:
        yield RepairStep("activity", said, "lost")
    if done.kept_in is not None:
        yield RepairStep("activity", str(done.kept_in), "kept")


def lake_repaired(lake: Lake, tables: Mapping[str, Sequence[Table]], *, dry_run: bool) -> Iterator[RepairStep]:
    from footfall.lake.repairing import repair_lake

    for done in repair_lake(lake, tables, dry_run=dry_run):
        yield RepairStep("lake", f"{done.table}: {done.said}", "repaired" if done.is_repaired or dry_run else "left")
