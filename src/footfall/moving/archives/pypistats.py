"""Answers of pypistats.org that were kept, as CSV (`category,date,downloads`) or as the JSON of its API.

What a file is of, its categories say: with_mirrors and without_mirrors are all downloads, N.N are versions of Python, other
names are systems. A day that is stated twice was revised: the larger number stands. A category named null is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from footfall.errors import BrokenDataError, FootfallError
from footfall.moving.archives.lines import Line, Record, csv_lines, files_in, json_of

ALL = "all"
PYTHONS = "python_minor"
SYSTEMS = "system"
_TYPES = {"overall_downloads": ALL, "python_minor_downloads": PYTHONS, "system_downloads": SYSTEMS}
_TOTALS = frozenset({"with_mirrors", "without_mirrors"})
_MINOR, _MAJOR = re.compile(r"\d+\.\d+"), re.compile(r"\d+")

Counts: TypeAlias = Mapping[str | None, Mapping[date, int]]
"""Downloads by category and day; the category None is the one that is called null."""


@dataclass(frozen=True)
class Kept:
    """The contents of files about one project."""

    project: str = ""
    """Its name, if the files have it."""
    kinds: Mapping[str, Counts] = field(default_factory=dict)
    """By what they are split by."""


def read(place: Path) -> Kept:
    """Read a file, or all files of a folder. Raises BrokenDataError if they are of several projects."""
    project = ""
    kinds: dict[str, dict[str | None, dict[date, int]]] = {}
    for file in files_in(place, "*.csv", "*.json"):
        said, name, lines = _of_json(file) if file.suffix == ".json" else ("", "", _of_csv(file))
        if project and name and name != project:
            raise BrokenDataError(f"{file} is of {name}, and another file of {project}; import one after the other.")
        project = name or project
        days = _days(lines)
        counts = kinds.setdefault(said or _kind_of(days, file), {})
        for category, by_day in days.items():
            kept = counts.setdefault(category, {})
            for day, count in by_day.items():
                kept[day] = max(count, kept.get(day, 0))
    return Kept(project, kinds)


def _of_csv(file: Path) -> Iterator[Line]:
    for line in csv_lines(file, ["category", "date", "downloads"]):
        if line.fields["category"] != "Total" or line.fields["date"]:  # the sum that its program writes below
            yield line


def _of_json(file: Path) -> tuple[str, str, Iterator[Line]]:
    said = json_of(file)
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise BrokenDataError(f"{file} is not an answer of pypistats.org: it has no list `data`; nothing was imported.")
    kind, name = said.get("type"), said.get("package")
    if kind not in _TYPES:
        raise BrokenDataError(f"{file} is of the type {kind!r}, which is not stored; valid: {', '.join(_TYPES)}.")
    return _TYPES[kind], str(name or ""), (Record(file, number, one) for number, one in enumerate(data, 1))


def _days(lines: Iterator[Line]) -> dict[str | None, dict[date, int]]:
    found: dict[str | None, dict[date, int]] = {}
    for line in lines:
        category = "null" if line.fields.get("category") is None else line.text("category")
        days, day, count = (
            found.setdefault(None if category == "null" else category, {}),
            line.day("date"),
            line.count("downloads"),
        )
        days[day] = max(count, days.get(day, 0))
    return found


def _kind_of(days: Mapping[str | None, object], file: Path) -> str:
    names = {name for name in days if name is not None}
    if not names:
        raise FootfallError(f"{file} has only the category null, so its kind is unknown; leave it out.")
    if names <= _TOTALS:
        return ALL
    if names & _TOTALS:
        raise BrokenDataError(f"{file} mixes totals with other categories; nothing was imported.")
    if all(map(_MINOR.fullmatch, names)):
        return PYTHONS
    if all(map(_MAJOR.fullmatch, names)):
        raise FootfallError(f"{file} has major versions of Python, which are not stored; leave it out.")
    return SYSTEMS
