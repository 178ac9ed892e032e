"""Answers of GitHub's that were merged in JSON, as traffic-to-badge and its like keep them.

views.json (or traffic_views.json)    [{"timestamp": "2026-02-04T00:00:00Z", "count": 3, "uniques": 2}, …]
                                      or {"count": …, "uniques": …, "views": [the same]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from footfall.errors import BrokenDataError
from footfall.moving.archives.found import Found, Traffic, largest
from footfall.moving.archives.lines import Record, files_in, json_of

KINDS = ("views", "clones")


def read(place: Path) -> Sequence[Found]:
    """What a folder with views.json, clones.json, or both, knows of its repository."""
    found: dict[str, Traffic] = {}
    for file in files_in(place, *(f"{prefix}{kind}.json" for kind in KINDS for prefix in ("", "traffic_"))):
        kind = next((kind for kind in KINDS if kind in file.name), "")
        if not kind:
            raise BrokenDataError(f"{file} is neither views.json nor clones.json; rename it to match its contents.")
        days = [
            (record.day("timestamp"), (record.count("count"), record.count("uniques")))
            for record in _records(file, kind)
        ]
        found[kind] = largest([*found.get(kind, {}).items(), *days])
    return [Found(views=found.get("views", {}), clones=found.get("clones", {}))]


def _records(file: Path, kind: str) -> Iterator[Record]:
    said = json_of(file)
    listed = said.get(kind) if isinstance(said, dict) else said
    if not isinstance(listed, list):
        raise BrokenDataError(f"{file} holds no list of {kind}; nothing was imported.")
    for number, one in enumerate(listed, 1):
        if not isinstance(one, dict):
            raise BrokenDataError(f"{file}, record {number:,}: it is not an object; nothing was imported.")
        yield Record(file, number, one)
