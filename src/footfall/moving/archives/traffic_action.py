"""views.csv and clones.csv of repository-traffic-action: `_date,total_views,unique_views`.

Until the end of 2025 GitHub left days of zero out, and so do they: a day that is absent is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from footfall.errors import BrokenDataError
from footfall.moving.archives.found import Found, Traffic, largest
from footfall.moving.archives.lines import csv_lines, files_in

KINDS = ("views", "clones")


def read(place: Path) -> Sequence[Found]:
    """What a folder with views.csv, clones.csv, or both, knows of its repository."""
    found: dict[str, Traffic] = {}
    for file in files_in(place, *(f"{kind}.csv" for kind in KINDS)):
        kind = next((kind for kind in KINDS if kind in file.name), "")
        if not kind:
            raise BrokenDataError(f"{file} is neither views.csv nor clones.csv; rename it to match its contents.")
        columns = "_date", f"total_{kind}", f"unique_{kind}"
        found[kind] = largest(
            (line.day("_date"), (line.count(columns[1]), line.count(columns[2]))) for line in csv_lines(file, columns)
        )
    return [Found(views=found.get("views", {}), clones=found.get("clones", {}))]
