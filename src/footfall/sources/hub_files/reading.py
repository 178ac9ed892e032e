"""CSV files with `date,cluster,hub,timescale,users`, read strictly."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from footfall.errors import BrokenDataError, SourceError
from footfall.sources.hubs import Timescale

COLUMNS = ("date", "cluster", "hub", "timescale", "users")
_COUNT = re.compile(r"[0-9]{1,12}(\.0)?")


class Counted(NamedTuple):
    """The users of a hub on a day, as stated in a file."""

    on: date
    cluster: str
    hub: str
    timescale: str
    users: int


def files_of(place: Path) -> Sequence[Path]:
    """The file, or the CSV files in the folder by name. Raises SourceError if there are none."""
    if place.is_file():
        return [place]
    found = sorted(place.glob("*.csv")) if place.is_dir() else []
    if not found:
        raise SourceError(f"there is no CSV file at {place}; name a file, or a folder of such files, as `users`.")
    return found


def read_users(place: Path) -> Sequence[Counted]:
    """Every count, once; contradictory counts are an error. Raises SourceError, which names the line."""
    found: dict[tuple[date, str, str, str], Counted] = {}
    for file in files_of(place):
        try:
            with file.open(encoding="utf-8-sig", newline="") as text:
                reader = csv.DictReader(text, strict=True)
                if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                    raise BrokenDataError(
                        f"{file.name} has no column {missing[0]!r}; it needs {', '.join(COLUMNS)} in its first line."
                    )
                for row in reader:
                    one = _counted(row, f"{file.name}, line {reader.line_num:,}")
                    if found.setdefault(one[:4], one) != one:
                        raise BrokenDataError(
                            f"{file.name}, line {reader.line_num:,}: {one.hub} on {one.on} is stated twice, with different users."
                        )
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{file.name} cannot be read: {error}.") from None
    return list(found.values())


def _counted(row: Mapping[str | None, str | None], where: str) -> Counted:
    if None in row or None in row.values():
        raise BrokenDataError(f"{where}: it has more or fewer values than the first line has columns.")
    said = {name: (row[name] or "").strip() for name in COLUMNS}
    try:
        on = date.fromisoformat(said["date"]) if len(said["date"]) == 10 else None
    except ValueError:
        on = None
    if on is None:
        raise BrokenDataError(f"{where}: date is {said['date'][:40]!r}; write it like 2026-11-23.")
    if said["timescale"] not in list(Timescale):
        raise BrokenDataError(f"{where}: timescale is {said['timescale'][:40]!r}; valid: {', '.join(Timescale)}.")
    if not _COUNT.fullmatch(said["users"]):
        raise BrokenDataError(f"{where}: users is {said['users'][:40]!r}, which is not a whole number of at least 0.")
    if not said["hub"]:
        raise BrokenDataError(f"{where}: hub is empty.")
    return Counted(on, said["cluster"], said["hub"], said["timescale"], int(float(said["users"])))
