"""What several sources declare, held against each other: a name means one thing in a workspace.

Each declaration by itself is checked when it is made; this is for when a workspace is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from footfall.errors import DeclarationError
from footfall.metrics import Metric
from footfall.tables import Table


class Declares(Protocol):
    """The part of a source that says what it has."""

    @property
    def tables(self) -> Sequence[Table]: ...

    @property
    def metrics(self) -> Sequence[Metric]: ...


class _Declared(NamedTuple):
    """One name, as one source means it."""

    what: str
    name: str
    meaning: Any
    source: str
    kind: type


def check_together(sources: Mapping[str, Declares]) -> None:
    """Raise DeclarationError when two sources give one name to different things.

    Sources of one kind share their declarations, and two sources may declare the very same table or metric.
    """
    found: dict[tuple[str, str], _Declared] = {}
    for declared in (one for name, source in sources.items() for one in _declared(name, source)):
        # a rollup is kept as a table is
        space = "table" if declared.what == "rollup" else declared.what
        first = found.setdefault((space, declared.name), declared)
        if first.kind is not declared.kind and (first.what, first.meaning) != (declared.what, declared.meaning):
            raise DeclarationError(
                f"the sources {first.source} and {declared.source} both declare the {declared.what} {declared.name!r}, "
                f"and mean different things by it; switch one of them off in footfall.toml, or rename it there."
            )


def _declared(source: str, declares: Declares) -> Iterator[_Declared]:
    kind = type(declares)
    for table in declares.tables:
        yield _Declared("table", table.name, table, source, kind)
        for rollup in table.rollups:
            yield _Declared("rollup", rollup.name, (table, rollup), source, kind)
        for event in table.events:
            yield _Declared("event", event.name, (table, event), source, kind)
    for metric in declares.metrics:
        yield _Declared("metric", metric.name, metric, source, kind)
