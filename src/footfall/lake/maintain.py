"""Maintenance: compact small files into one per month, and expire old versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from footfall.jobs import Task, run_jobs
from footfall.lake.compaction import compact, forget
from footfall.lake.delta import DeltaFolder
from footfall.lake.lake import Lake
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER
from footfall.periods import in_utc
from footfall.tables import Table

KEEP = timedelta(days=30)
"""How long older versions can be read (`as_of`) before they expire."""


@dataclass(frozen=True)
class Maintained:
    """What was done for one table."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    expired_files: int
    expired_bytes: int


@dataclass(frozen=True)
class Split:
    """How many processes share the maintenance, and how each of them opens the lake."""

    jobs: int
    open: Callable[[], Lake]
    """Called in another process, so it can be pickled."""


def maintain(
    lake: Lake, tables: Iterable[Table], keep: timedelta = KEEP, split: Split | None = None
) -> list[Maintained]:
    """Compact every table and its rollups, then expire versions older than `keep`.

    Expires versions of tables, and observed values and ledger entries that newer ones replace. With `split` each of
    several processes maintains some of the tables.

    Raises JobError or LakeError.
    """
    families = [[table, *(table.rolled(rollup) for rollup in table.rollups)] for table in tables]
    if split is not None and min(split.jobs, len(families)) > 1:
        done = _maintained_by_jobs(lake, families, keep, split)
    else:
        done = _maintained(lake, families, keep)
    lake.vouch(each.table for each in done)
    return [*done, *_maintained(lake, [[LEDGER]], keep)]


def _maintained(lake: Lake, families: Iterable[Sequence[Table]], keep: timedelta) -> list[Maintained]:
    found = (_maintain_one(lake, table, keep) for family in families for table in family)
    return [each for each in found if each is not None]


def _maintained_by_jobs(
    lake: Lake, families: Sequence[Sequence[Table]], keep: timedelta, split: Split
) -> list[Maintained]:
    """The largest table first, each to the job that has least to do."""
    sizes = [sum(_bytes_of(lake, table) for table in family) for family in families]
    parts: list[list[int]] = [[] for _ in range(min(split.jobs, len(families)))]
    for at in sorted(range(len(families)), key=lambda at: -sizes[at]):
        min(parts, key=lambda part: sum(sizes[other] + 1 for other in part)).append(at)
    tasks = [Task(maintain_part, (split.open, [families[at] for at in part], keep)) for part in parts]
    results, failures = run_jobs(tasks)
    if failures:
        raise failures[0]
    place = {table.name: at for at, table in enumerate(table for family in families for table in family)}
    return sorted((each for result in results for each in result), key=lambda each: place[each.table])


def maintain_part(
    open_lake: Callable[[], Lake],
    families: Sequence[Sequence[Table]],
    keep: timedelta,
    *,
    tell: Callable[[object], None],
) -> list[Maintained]:
    """Maintain some tables; called in the process of a job."""
    return _maintained(open_lake(), families, keep)


def _bytes_of(lake: Lake, table: Table) -> int:
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    return 0 if delta is None else sum(file.size for file in delta.files())


def _maintain_one(lake: Lake, table: Table, keep: timedelta) -> Maintained | None:
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    if delta is None:
        return None
    before = delta.files()
    compact(lake, table, crowded=1)
    forget(lake, table, in_utc(lake.now()) - keep)
    delta = delta.reopen()
    after = delta.files()
    files, size = delta.expire(keep)
    sizes = sum(f.size for f in before), sum(f.size for f in after)
    refresh(lake, table)
    return Maintained(table.name, len(before), len(after), *sizes, files, size)


def expire_now(lake: Lake, table: Table) -> None:
    """Delete every file that only earlier versions of a table need: these versions can no longer be read.

    Files that another process is writing stay; those that a killed process left are deleted by `maintain`.
    """
    delta = DeltaFolder.open(lake.root / table.name, table.time)
    if delta is not None:
        delta.expire(timedelta(0), of_versions_only=True)
