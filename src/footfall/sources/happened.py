"""What sources and settings declare about time spans: annotations, and intervals known to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from footfall.annotations import Annotation, Happened
from footfall.errors import UnknownNameError

if TYPE_CHECKING:
    from footfall.lake import Lake
    from footfall.settings import Settings
    from footfall.sources import Source
    from footfall.tables import Table


@dataclass(frozen=True)
class FromRows:
    """Annotations kept in a table: a source declares them in the attribute `annotated_by`.

    Args:
        table: A small table of the source.
        read: Turns a row, as readers see it, into an annotation; None if the row is not one.

    Example:
        >>> FromRows(RELEASES, lambda row: Annotation.at("release", row["published_at"], row["tag"]))  # doctest: +SKIP
    """

    table: Table
    read: Callable[[Mapping[str, Any]], Annotation | None]


class Happenings:
    """Known events, from footfall.toml, the sources, and the data that the sources collected."""

    def __init__(self, settings: Settings, sources: Mapping[str, Source], open_lake: Callable[[], Lake]) -> None:
        self._sources, self._open_lake = sources, open_lake
        self._given = gather(settings, sources)
        self._read: tuple[str, Happened] | None = None

    def known(self) -> Happened:
        """All of it, including what was collected."""
        annotated = [(name, one) for name, source in self._sources.items() for one in _annotated_by(source)]
        if not annotated:
            return self._given
        from footfall.lake import rows_of

        lake = self._open_lake()
        snapshot = lake.snapshot([one.table for _, one in annotated])
        version = repr(sorted((pinned.name, pinned.version) for pinned in snapshot.tables.values()))
        if self._read is None or self._read[0] != version:
            found = [
                replace(annotation, source=name)
                for name, one in annotated
                for row in rows_of(lake, snapshot, one.table)
                if (annotation := one.read(row)) is not None
            ]
            given = self._given
            self._read = version, replace(given, annotations=(*given.annotations, *found))
        return self._read[1]


def _annotated_by(source: Source) -> Sequence[FromRows]:
    return getattr(source, "annotated_by", ())


def gather(settings: Settings, sources: Mapping[str, Source]) -> Happened:
    """Everything that footfall.toml and the sources declare. Raises UnknownNameError for unconfigured names."""
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
    """The part about the values of `tables`, from every source that fills them."""
    filled = [(name, table.name) for name, source in sources.items() for table in tables if table in source.tables]
    parts = [happened.of(*each) for each in filled]
    return Happened(
        tuple(dict.fromkeys(one for part in parts for one in part.annotations)),
        tuple(dict.fromkeys(one for part in parts for one in part.known_wrong)),
    )


def _check_names(what: str, source: str, table: str, sources: Mapping[str, Source]) -> None:
    hint = f"It is in footfall.toml under [[{what}]]."
    if source and source not in sources:
        raise UnknownNameError("source", source, sources, hint)
    known = [sources[source]] if source else list(sources.values())
    tables = [each.name for one in known for each in one.tables]
    if table and table not in tables:
        raise UnknownNameError("table", table, tables, hint)
