"""The results of readers of archives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

Traffic: TypeAlias = Mapping[date, tuple[int, int]]
"""By day (UTC): how many, and how many different users."""
Given: TypeAlias = Mapping[date, int]
"""By day (UTC): how many stars were given, or forks made."""


@dataclass(frozen=True)
class Found:
    """What an archive knows of one repository. A day that is absent is not known; it is not a day of zero."""

    name: str = ""
    """owner/name where the archive says it."""
    number: str = ""
    """GitHub's number of the repository where the archive says it."""
    views: Traffic = field(default_factory=dict)
    clones: Traffic = field(default_factory=dict)
    stars: Given = field(default_factory=dict)
    forks: Given = field(default_factory=dict)


Reader: TypeAlias = Callable[[Path], Sequence[Found]]
"""Reads an archive. Raises FootfallError if it is missing, BrokenDataError for unexpected content."""


def largest(days: Iterable[tuple[date, tuple[int, int]]]) -> Traffic:
    """Of each day the largest numbers, each by itself.

    >>> largest([(date(2026, 1, 1), (5, 2)), (date(2026, 1, 1), (4, 3))])
    {datetime.date(2026, 1, 1): (5, 3)}
    """
    found: dict[date, tuple[int, int]] = {}
    for day, (count, uniques) in days:
        before = found.get(day, (0, 0))
        found[day] = max(before[0], count), max(before[1], uniques)
    return found
