"""Communities and their locations, from a CSV file: name, constellation, location, latitude, longitude, hubs."""

from __future__ import annotations

import ast
import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.errors import BrokenDataError, SourceError
from footfall.numerals import number_of

COLUMNS = ("name", "constellation", "location", "latitude", "longitude", "hubs")


@dataclass(frozen=True)
class Community:
    """A community that uses hubs."""

    name: str
    hubs: tuple[str, ...]
    """Names, "cluster/hub" or domains."""
    constellation: str = ""
    location: str = ""
    latitude: float | None = None
    longitude: float | None = None


def read_communities(file: Path) -> tuple[Community, ...]:
    """The communities of a file. Raises SourceError, which names the line that cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            if missing := {"name", "hubs"} - set(reader.fieldnames or ()):
                raise BrokenDataError(
                    f"{file} has no column {min(missing)!r}; it needs name and hubs, and may have {', '.join(COLUMNS[1:5])}."
                )
            found = [_community(row, f"{file}, line {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{file} cannot be read: {error}; correct `communities` in the settings of the source"
        ) from None
    names = [one.name for one in found]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise BrokenDataError(f"{file}: two communities are called {twins[0]!r}; write one line for it.")
    return tuple(found)


def by_hub(communities: Iterable[Community]) -> Mapping[str, str]:
    """The community for each name of a hub. A hub listed by two communities is an error: it would be counted twice."""
    found: dict[str, str] = {}
    for community in communities:
        for hub in community.hubs:
            if found.setdefault(hub, community.name) != community.name:
                raise BrokenDataError(f"the hub {hub!r} is in two communities, {found[hub]!r} and {community.name!r}.")
    return found


def read_list(text: str) -> tuple[str, ...]:
    """A list of strings: as JSON, as a Python literal, or as names separated by ;. It is parsed, never executed.

    >>> read_list("['a', 'b']"), read_list('["a"]'), read_list("a; b"), read_list("")
    (('a', 'b'), ('a',), ('a', 'b'), ())

    Raises ValueError for anything else.
    """
    text = text.strip()
    if not text.startswith(("[", "(")):
        if any(sign in text for sign in "()[]{}"):
            raise ValueError("it is neither a list nor names with ; between them")
        return tuple(part.strip() for part in text.split(";") if part.strip())
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        try:
            values = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            raise ValueError("it is not a list of texts") from None
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise ValueError("it is not a list of texts")
    return tuple(values)


def _community(row: Mapping[str, str | None], where: str) -> Community:
    def said(name: str) -> str:
        return (row.get(name) or "").strip()

    if not said("name"):
        raise BrokenDataError(f"{where}: the community has no name.")
    try:
        hubs = read_list(said("hubs"))
    except ValueError as error:
        raise BrokenDataError(f"{where}: hubs cannot be read, as {error}: {said('hubs')[:60]!r}.") from None
    latitude, longitude = _degrees(said("latitude"), 90, where), _degrees(said("longitude"), 180, where)
    return Community(said("name"), hubs, said("constellation"), said("location"), latitude, longitude)


def _degrees(text: str, most: float, where: str) -> float | None:
    if not text:
        return None
    try:
        degrees = number_of(text)
    except ValueError:
        degrees = math.nan
    if not -most <= degrees <= most:
        raise BrokenDataError(f"{where}: {text!r} is not a number of degrees from {-most:g} to {most:g}.")
    return degrees
