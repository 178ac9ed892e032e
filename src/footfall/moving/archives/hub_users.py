"""2i2c's table of active users of hubs: CSV with `date,cluster,hub,timescale,users`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from footfall.moving.archives.lines import csv_lines, files_in
from footfall.sources.hubs.tables import Timescale

COLUMNS = ("date", "cluster", "hub", "timescale", "users")


@dataclass(frozen=True)
class Users:
    """The users of a hub on a day."""

    on: date
    cluster: str
    hub: str
    timescale: str
    users: int


def read(place: Path) -> Sequence[Users]:
    """The lines of a file, or of all CSV files of a folder; one that contradicts another is refused."""
    found: dict[tuple[date, str, str, str], Users] = {}
    for file in files_in(place, "*.csv"):
        for line in csv_lines(file, COLUMNS):
            timescale = line.text("timescale")
            if timescale not in list(Timescale):
                raise line.fault(f"timescale is {timescale!r}, and {', '.join(Timescale)} are valid")
            one = Users(line.day("date"), line.text("cluster"), line.text("hub"), timescale, line.count("users"))
            if found.setdefault((one.on, one.cluster, one.hub, one.timescale), one) != one:
                raise line.fault(f"{one.hub} on {one.on} is stated twice, with different users")
    return list(found.values())
