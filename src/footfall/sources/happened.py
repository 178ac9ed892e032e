"""What sources and settings say about the time that numbers are of: annotations, and intervals known to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from footfall.annotations import Happened
from footfall.errors import UnknownNameError

if TYPE_CHECKING:
    from footfall.settings import Settings
    from footfall.sources import Source
    from footfall.tables import Table


def gather(settings: Settings, sources: Mapping[str, Source]) -> Happened:
    """Everything that footfall.toml and the sources provide. Raises UnknownNameError for names that are not set up."""
    annotations = [part.annotation for part in settings.annotations]
    known_wrong = [part.known_wrong for part in settings.known_wrong]
    for one in annotations:
        _check_names("annotations", one.source, one.table, sources)
    for each in known_wrong:
        _check_names("known_wrong", each.source, each.table, sources)
    for name, source in sources.items():
        annotations += [replace(a, source=name) for a in getattr(source, "annotations", ())]
        known_wrong += [replace(k, source=name) for k in getattr(source, "known_wrong", ())]
    return Happened(tuple(annotations), tuple(known_wrong))


def happened_to(tables: Sequence[Table], happened: Happened, sources: Mapping[str, Source]) -> Happened:
    """The part of it about the values of `tables`, of every source that fills them."""
    filled = [(name, table.name) for name, source in sources.items() for table in tables if table in source.tables]
    parts = [happened.of(*each) for each in filled]
    return Happened(
        tuple(dict.fromkeys(one for part in parts for one in part.annotations)),
        tuple(dict.fromkeys(one for part in parts for one in part.known_wrong)),
    )


def _check_names(what: str, source: str, table: str, sources: Mapping[str, Source]) -> None:
    hint = f"It stands in footfall.toml under [[{what}]]."
    if source and source not in sources:
        raise UnknownNameError("source", source, sources, hint)
    known = [sources[source]] if source else list(sources.values())
    tables = [each.name for one in known for each in one.tables]
    if table and table not in tables:
        raise UnknownNameError("table", table, tables, hint)
