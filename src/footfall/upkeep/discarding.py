"""Removing what was collected for a scope that is no longer wanted: a repository, a package, a hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footfall.errors import QueryError, UnknownNameError
from footfall.lake.discarding import discard

if TYPE_CHECKING:
    from footfall.lake import Lake, Snapshot
    from footfall.tables import Table


@dataclass(frozen=True)
class Discarded:
    """What was removed for one scope in one table, or would be."""

    table: str
    scope: str
    rows: int
    windows: int


def discarded(
    lake: Lake, source: str, tables: Mapping[str, Sequence[Table]], scopes: Sequence[str], *, dry_run: bool
) -> Iterator[Discarded]:
    """Remove the data of some scopes from the tables of a source. All scopes are checked before the first is removed.

    Raises UnknownNameError for an unknown scope, and QueryError for one that is still collected.
    """
    own = [table for table in tables[source] if table.rule.scope is not None]
    snapshot = lake.snapshot([each for every in tables.values() for each in every])
    found = {scope: [table for table in own if _knows(snapshot, table, source, scope)] for scope in scopes}
    for scope, there in found.items():
        if not there:
            known = {each.name for table in own for each in snapshot.collected(table.name).of_source(source).spans}
            raise UnknownNameError(f"scope of {source}", scope, sorted(known))
        for table in there:
            # A name without rows, such as a former one, loses nothing.
            if discard(lake, table, _id_of(snapshot, table, scope), dry_run=True).rows:
                _check_left(snapshot, table, source, scope)
    for scope, there in found.items():
        for table in there:
            removed = discard(lake, table, _id_of(snapshot, table, scope), dry_run=dry_run)
            yield Discarded(table.name, scope, *removed)


def _knows(snapshot: Snapshot, table: Table, source: str, scope: str) -> bool:
    collected = snapshot.collected(table.name).of_source(source)
    return any(each.name == scope for each in collected.spans) or any(entry.scope == scope for entry in collected.noted)


def _check_left(snapshot: Snapshot, table: Table, source: str, scope: str) -> None:
    """Reject scopes that are still collected: they would be collected again."""
    collected = snapshot.collected(table.name).of_source(source).of_scope(scope)
    if any(spans for spans in collected.spans.values()) and not collected.retired:
        raise QueryError(
            f"{scope} is still collected by {source}; take it out of footfall.toml and run `footfall collect` before it is "
            "removed, as it would be collected again."
        )


def _id_of(snapshot: Snapshot, table: Table, scope: str) -> str:
    """The scope as stored in rows."""
    if table.scope_names is None:
        return scope
    current = snapshot.names_in(table.scope_names).current
    return next((each for each, name in current.items() if name == scope), scope)
