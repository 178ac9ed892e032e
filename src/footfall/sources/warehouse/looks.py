"""The fingerprint of a window: the definition of its rows, and for each day the number of rows and a hash of them.

12 rows on 2 March → "3f0c…;0302=12:9d3e5a1b22"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from footfall.ledger import Entry


@dataclass(frozen=True)
class Day:
    """A summary of the rows of one day."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Looks:
    """A window's fingerprint. Days are written as month and day: no window is longer than a year."""

    definition: str
    days: Mapping[str, Day] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(day.rows for day in self.days.values())

    def __str__(self) -> str:
        days = ",".join(f"{name}={day.rows}:{day.hash}" for name, day in sorted(self.days.items()))
        return f"{self.definition};{days}"

    @classmethod
    def of(cls, entry: Entry | None) -> Looks | None:
        """Parses the fingerprint of a ledger entry; None if it has no reliable information."""
        definition, mark, rest = (entry.fingerprint if entry else "").partition(";")
        if not mark:
            return None
        days = {}
        for one in filter(None, rest.split(",")):
            name, _, day = one.partition("=")
            rows, _, hashed = day.partition(":")
            days[name] = Day(int(rows), hashed)
        return cls(definition, days)

    def since(self, moment: datetime) -> dict[str, Day]:
        """The days since `moment`, which lies in the window's year."""
        return {name: day for name, day in self.days.items() if name >= name_of(moment)}

    def before(self, moment: datetime) -> dict[str, Day]:
        """The days before `moment`."""
        return {name: day for name, day in self.days.items() if name < name_of(moment)}


def name_of(day: datetime) -> str:
    """The text form of a day."""
    return f"{day:%m%d}"
