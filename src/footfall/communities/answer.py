"""Communities: the communities that use hubs, with place and users, as an answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.answer import Answer
from footfall.errors import UnknownNameError
from footfall.formats import GAP, counted, number, share_of
from footfall.frames import digest_of
from footfall.hiding import Cell, hidden_cells, remark
from footfall.states import State

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Community:
    """A community that uses hubs."""

    name: str
    constellation: str
    """The group of communities that it belongs to; empty for none."""
    location: str
    latitude: float | None
    longitude: float | None
    hubs: int
    """How many the list names."""
    users: float | None
    """Monthly users of its hubs, the mean of the days; None where none were counted, which is not 0."""
    coverage: float
    """Of these days, 0 to 1."""
    state: State

    @property
    def is_placed(self) -> bool:
        """Whether the list says where it is."""
        return self.latitude is not None and self.longitude is not None


@dataclass(frozen=True, repr=False)
class Communities(Answer):
    """The communities of the list, those with the most users first.

    A user is counted once in each hub, and within the 30 days that end with a day.
    """

    command: ClassVar[str] = "communities"
    chart_by: ClassVar[str] = "footfall.charts.maps:draw"

    communities: tuple[Community, ...]
    since: datetime
    """The first day of which users are counted."""
    until: datetime
    """The day after the last one."""
    listed_on: datetime
    """When the list was read."""
    constellation: str | None = None
    """The constellation that was asked for."""
    chosen: tuple[tuple[str, str], ...] = ()
    """The policies of the number of users."""
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return "Communities by monthly users" + (f", {self.constellation}" if self.constellation else "")

    @property
    def span(self) -> str:
        last = self.until - timedelta(days=1)
        return f"{self.since:%Y-%m-%d} to {last:%Y-%m-%d} (UTC) · list of {self.listed_on:%Y-%m-%d}"

    @property
    def description(self) -> str:
        return (
            "users: users of the community's hubs who were active in the 30 days that end with a day, the mean of the days; "
            "a user of two hubs counts twice."
        )

    @property
    def question(self) -> dict[str, Any]:
        days = (self.until - self.since).days
        return {"constellation": self.constellation, "days": days, "until": f"{self.until:%Y-%m-%d}"}

    @property
    def policies(self) -> dict[str, str]:
        return dict(self.chosen)

    def definition(self) -> dict[str, Any]:
        """What the numbers are.

        Example:
            >>> ff.communities().definition()["unit"]  # doctest: +SKIP
            'users'
        """
        return {"name": "users", "title": "Monthly users", "description": self.description, "unit": "users"}

    @property
    def coverage(self) -> float:
        """Of the days, the mean of the communities."""
        return sum(each.coverage for each in self.communities) / len(self.communities) if self.communities else 0.0

    @property
    def version(self) -> str:
        return digest_of(self.command, self.question, [*self.notes, *self.versions], self.to_arrow())

    @property
    def constellations(self) -> tuple[str, ...]:
        """Those that communities belong to, the one with the most users first."""
        sizes: dict[str, float] = {}
        for each in self.communities:
            if each.constellation:
                sizes[each.constellation] = sizes.get(each.constellation, 0.0) + (each.users or 0.0)
        return tuple(sorted(sizes, key=lambda name: (-sizes[name], name)))

    def named(self, name: str) -> Community:
        """The community of that name.

        Args:
            name: As the list has it.

        Raises:
            UnknownNameError: Where the list has none.

        Example:
            >>> ff.communities().named("Berkeley").users  # doctest: +SKIP
            2313.0
        """
        for each in self.communities:
            if each.name == name:
                return each
        raise UnknownNameError("community", name, [each.name for each in self.communities])

    def only(self, communities: Iterable[Community], note: str = "") -> Communities:
        """The answer with some of its communities.

        Args:
            communities: Those that stay.
            note: A note on the choice.

        Example:
            >>> ff.communities().only(())  # doctest: +SKIP
        """
        return replace(self, communities=tuple(communities), notes=(*self.notes, *([note] if note else [])))

    def hiding(self, least: int) -> Communities:
        """Hides small counts so that they cannot be computed from known sums of all communities or of a constellation."""
        users: dict[Cell, float | None] = {(each.constellation, each.name): each.users for each in self.communities}
        if not (hidden := hidden_cells(users, least, [lambda cell: cell[0], lambda _: ""])):
            return self
        kept = [replace(e, users=None) if (e.constellation, e.name) in hidden else e for e in self.communities]
        kept.sort(key=lambda each: (each.users is None, -(each.users or 0.0), each.name))
        return self.only(kept, remark(least))

    # --- rows

    def to_arrow(self) -> pa.Table:
        """The columns community, constellation, location, latitude, longitude, hubs, users, coverage, state."""
        return self._rows

    @cached_property
    def _rows(self) -> pa.Table:
        import pyarrow as pa

        texts = dict.fromkeys(("community", "constellation", "location", "state"), pa.string())
        numbers = dict.fromkeys(("latitude", "longitude", "users", "coverage"), pa.float64())
        types = {**texts, **numbers, "hubs": pa.int64()}
        schema = pa.schema([(name, types[name]) for name in _COLUMNS])
        return pa.Table.from_pylist([_row(each) for each in self.communities], schema)

    def lines(self, *, is_marked: bool) -> tuple[list[str], list[list[str]]]:
        write = _marked_line if is_marked else _line
        return list(_COLUMNS), [write(each) for each in self.communities]

    @property
    def unplaced(self) -> tuple[Community, ...]:
        """Communities without a location in the list."""
        return tuple(each for each in self.communities if not each.is_placed)

    @property
    def summary(self) -> str:
        """The number of communities, in a sentence."""
        known = sum(each.users is not None for each in self.communities)
        words = counted(len(self.communities), "community", "communities")
        return f"{words}, {known:,} with a known number of users"


_COLUMNS = (
    "community",
    "constellation",
    "location",
    "latitude",
    "longitude",
    "hubs",
    "users",
    "coverage",
    "state",
)


def _row(each: Community) -> dict[str, Any]:
    return {
        "community": each.name,
        "constellation": each.constellation,
        "location": each.location,
        "latitude": each.latitude,
        "longitude": each.longitude,
        "hubs": each.hubs,
        "users": each.users,
        "coverage": each.coverage,
        "state": str(each.state),
    }


def _line(each: Community) -> list[str]:
    """A line of a file."""
    return ["" if cell is None else _plain(cell) for cell in _row(each).values()]


def _plain(cell: object) -> str:
    return repr(cell).removesuffix(".0") if isinstance(cell, float) else str(cell)


def _marked_line(each: Community) -> list[str]:
    """A line for people."""
    amounts = [each.latitude, each.longitude, float(each.hubs), each.users]
    said = [GAP if amount is None else number(amount) for amount in amounts]
    return [each.name, each.constellation, each.location, *said, share_of(each.coverage), each.state.label]
