"""Current and former names of ids, which readers of a table see instead of the ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from footfall.lake.collected import Collected, Scope
from footfall.lake.files import read_as
from footfall.lake.resolving import resolved
from footfall.sql import literal, quote
from footfall.tables import OBSERVED_AT, Names

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class KnownNames:
    """The known names of ids."""

    current: Mapping[str, str] = field(default_factory=dict)
    """Id → its current name."""
    former: Mapping[str, str] = field(default_factory=dict)
    """A former name in lower case, not in use by another id → the id that last had it."""

    def name_of(self, text: str) -> str | None:
        """The current name for a former name or an id; None for any other text."""
        known = self.former.get(text.lower(), text)
        return self.current.get(known)

    def named(self, collected: Collected) -> Collected:
        """What was collected, with scopes by name."""

        def name(scope: str) -> str:
            return self.current.get(scope, scope)

        return Collected(
            {Scope(scope.source, name(scope.name)): spans for scope, spans in collected.spans.items()},
            tuple(replace(entry, scope=name(entry.scope)) for entry in collected.noted),
            {Scope(scope.source, name(scope.name)): total for scope, total in collected.totals.items()},
        )


NO_NAMES = KnownNames()


def read_names(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], names: Names, as_of: datetime | None
) -> KnownNames:
    """The content of some files of the table of `names`, as it was known at `as_of`, if given."""
    rows = read_as(names.table, files)
    if as_of is not None:
        rows = f"(SELECT * FROM {rows} WHERE {OBSERVED_AT} <= {literal(as_of)})"
    columns = ", ".join(map(quote, (names.id, names.name, names.is_current)))
    found = connection.execute(
        f"SELECT {columns} FROM ({resolved(names.table, rows)}) ORDER BY {OBSERVED_AT}"
    ).fetchall()
    current = {str(each): str(name) for each, name, is_current in found if is_current}
    taken = {name.lower() for name in current.values()}
    former = {str(name).lower(): str(each) for each, name, is_current in found if not is_current}
    return KnownNames(current, {name: each for name, each in former.items() if name not in taken})
