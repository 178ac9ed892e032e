"""Launches of Binder that were aggregated before: Feather files of the hours of each day, as the notebook keeps them.

FOLDER/days/hourly/2026-02-10.feather    timestamp, provider, spec, origin, status, version, launches
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError, FootfallError
from footfall.lake import Restated
from footfall.lake.compaction import compact
from footfall.lake.rollups import refresh
from footfall.ledger import Entry, Status
from footfall.periods import Window
from footfall.sources.binder.names import member_of, repo_of
from footfall.sources.binder.settings import BinderSettings
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.lake import Lake
    from footfall.sources.binder.rows import Found

WHERE = Path("days") / "hourly"
COLUMNS = ("timestamp", "provider", "spec", "origin", "status", "version", "launches")
_TEXTS = ("provider", "spec", "origin", "status")
_HOUR = 3_600_000_000


@dataclass(frozen=True)
class Launches:
    """What was taken in: days that are new, their launches, and days that the workspace has already."""

    days: int
    launches: int
    here: int


def import_launches(
    folder: Path, lake: Lake, source: str, table: Table, settings: BinderSettings, now: datetime
) -> Launches:
    """Take in the days of a folder that the workspace has not collected; one that the archive states later is replaced by it.

    Raises FootfallError for a folder without such files, and BrokenDataError for the first file that is not what it should be;
    months before it stay.
    """
    files = _files(folder, now)
    stored = {e.window for e in lake.known(source) if e.table == table.name and e.is_success}
    new = {day: file for day, file in files.items() if Window.of_day(day) not in stored}
    launches = 0
    for _, month in groupby(sorted(new), key=lambda day: day.replace(day=1)):
        launches += _take(lake, source, table, settings, {day: new[day] for day in month}, folder)
    refresh(lake, table)
    compact(lake, table)
    return Launches(len(new), launches, len(files) - len(new))


def _files(folder: Path, now: datetime) -> dict[date, Path]:
    found = {}
    for file in sorted((folder / WHERE).glob("*.feather")):
        try:
            day = date.fromisoformat(file.stem)
        except ValueError:
            raise BrokenDataError(f"{file} is not named after a day; rename it, or move it elsewhere.") from None
        if Window.of_day(day).end > now:
            raise BrokenDataError(f"{file} is of a day that is not over; move it elsewhere.")
        found[day] = file
    if not found:
        raise FootfallError(
            f"{folder} has no files {WHERE / 'YYYY-MM-DD.feather'}; name the folder that has days/hourly."
        )
    return found


def _take(
    lake: Lake, source: str, table: Table, settings: BinderSettings, files: Mapping[date, Path], folder: Path
) -> int:
    import pyarrow as pa

    from footfall.sources.binder.reading import GROUPED
    from footfall.sources.binder.rows import launch_rows

    days = {day: _read(file, Window.of_day(day)) for day, file in files.items()}
    member = partial(member_of, members=settings.members, default=settings.federation_default)
    rows = launch_rows(
        list(days.values()), GROUPED, lambda p, s, has_gists: repo_of(p, s, has_gists=has_gists) or None, member
    )
    for name in set(table.names) - set(rows.column_names):
        rows = rows.append_column(name, pa.nulls(rows.num_rows, table.arrow_schema().field(name).type))
    windows = [Window.of_day(day) for day in days]
    lake.commit(table, rows, replaces=[Restated(window) for window in windows])
    counts = [int(found.launches.sum()) for found in days.values()]
    note = f"imported from aggregates in {folder.name}"
    # without a fingerprint: where the archive has the day, it states it whole
    lake.record(
        [
            Entry(source, table.name, "", window, Status.COMPLETE, window.end, rows=count, reason=note)
            for window, count in zip(windows, counts, strict=True)
        ]
    )
    return sum(counts)


def _read(file: Path, day: Window) -> Found:
    """The launches of a file, each row checked against what it should be."""
    import pyarrow as pa
    from pyarrow import feather

    try:
        rows = feather.read_table(file, memory_map=False)
    except (pa.ArrowInvalid, OSError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise BrokenDataError(f"{file} is not a Feather file that can be read: {said}.") from None
    if lacking := [name for name in COLUMNS if name not in rows.column_names]:
        raise BrokenDataError(f"{file} has no column {', '.join(lacking)}; it needs {', '.join(COLUMNS)}.")
    if not rows.num_rows:
        raise BrokenDataError(f"{file} has no row; an empty file does not show that its day had no rows.")
    try:
        return _found(rows, day, file)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise BrokenDataError(f"{file} has values of other types: {said}.") from None


def _found(rows: pa.Table, day: Window, file: Path) -> Found:
    import numpy as np
    import pyarrow as pa

    from footfall.sources.binder.reading import GROUPED
    from footfall.sources.binder.rows import Found

    times = rows["timestamp"].cast(pa.timestamp("us")).cast(pa.int64())
    launches = rows["launches"].cast(pa.int64())
    if times.null_count or launches.null_count:
        raise BrokenDataError(f"{file} has a row without a timestamp or launches.")
    micros, counts = times.to_numpy(), launches.to_numpy()
    start, end = (int(moment.timestamp()) * 1_000_000 for moment in (day.start, day.end))
    for at in np.flatnonzero((micros < start) | (micros >= end) | (micros % _HOUR != 0) | (counts < 0))[:1]:
        raise BrokenDataError(
            f"{file}, row {at + 1:,}: a timestamp is a whole hour of {day.start:%Y-%m-%d} in UTC, and launches are not negative."
        )
    columns: dict[str, Any] = {name: _text(rows[name]) for name in _TEXTS}
    columns["version"] = rows["version"].cast(pa.int64())
    events = pa.table({name: columns[name] if name in columns else pa.nulls(rows.num_rows) for name in GROUPED})
    kinds = {"version": pa.int64(), "build_token": pa.bool_()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in GROUPED])
    return Found(events.cast(schema), np.arange(rows.num_rows), micros // _HOUR, counts)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string())
