"""What a lake holds, in a form that can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from footfall.lake import Lake
from footfall.sources import Source
from footfall.tables import Observe, Role, Table

Key = tuple[Any, ...]
Values = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Contents:
    """Of each table the values by key: by everything that is not a measure. Of observed values, those that readers see."""

    tables: Mapping[str, Mapping[Key, Values]]
    identified: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Of observed tables: where in a key the columns are that identify a value. The others may be revised with it."""

    largest: frozenset[str] = frozenset()
    """Tables of which the largest values that were ever observed count."""

    @property
    def is_empty(self) -> bool:
        return not any(self.tables.values())

    def difference(self, right: Contents) -> str:
        """How this differs from what would be right, as the end of a sentence; empty when it does not."""
        for name, expected in right.tables.items():
            found = self.tables.get(name, {})
            for key in sorted({*expected, *found}, key=repr):
                is_, should = found.get(key, ()), expected.get(key, ())
                if is_ != should:
                    return f"{name} holds {_shown(is_)} for {_named(key)}, where {_shown(should)} is right"
        return ""

    def updated(self, newer: Contents) -> Contents:
        """This, with what `newer` states: upstream may no longer state all that it did."""
        names = {*self.tables, *newer.tables}
        tables = {name: {**self._left(name, newer), **self._stated(name, newer)} for name in names}
        return Contents(tables, {**self.identified, **newer.identified}, self.largest | newer.largest)

    def _stated(self, name: str, newer: Contents) -> Mapping[Key, Values]:
        """What `newer` states; where the largest values count, no value below what was seen before."""
        stated, mine = newer.tables.get(name, {}), self.tables.get(name, {})
        if name not in newer.largest:
            return stated
        return {key: _largest(values, mine.get(key, ())) for key, values in stated.items()}

    def _left(self, name: str, newer: Contents) -> Mapping[Key, Values]:
        """What is in a table and not stated by `newer`, be it with another description."""
        mine = self.tables.get(name, {})
        places = newer.identified.get(name, ())
        if not places:
            return mine
        stated = {tuple(key[place] for place in places) for key in newer.tables.get(name, {})}
        return {key: values for key, values in mine.items() if tuple(key[place] for place in places) not in stated}


def contents_of(lake: Lake, source: Source) -> Contents:
    """What `source` has in the lake."""
    pinned = lake.snapshot(source.tables).tables
    return Contents(
        {
            table.name: _read(lake, table, pinned[table.name].files) if table.name in pinned else {}
            for table in source.tables
        },
        {
            table.name: tuple(_key_names(table).index(name) for name in table.rule.key)
            for table in source.tables
            if isinstance(table.rule, Observe)
        },
        frozenset(t.name for t in source.tables if isinstance(t.rule, Observe) and t.rule.resolve == "max"),
    )


def _key_names(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.role is not Role.MEASURE and c.name != "observed_at"]


def _read(lake: Lake, table: Table, files: Sequence[str]) -> dict[Key, Values]:
    if not files:
        return {}
    asked = "SELECT * FROM read_parquet(?, hive_partitioning = false, union_by_name = true)"
    rows = lake.cursor().sql(asked, params=[list(files)]).to_arrow_table().to_pylist()
    if isinstance(table.rule, Observe):
        rows = _resolved(table, table.rule, rows)
    measures = table.measures
    others = _key_names(table)
    found: dict[Key, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in others), []).append(tuple(row[name] for name in measures))
    return {key: tuple(sorted(values, key=repr)) for key, values in found.items()}


def _resolved(table: Table, rule: Observe, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per key: the last that was observed, under `max` with the largest of each measure."""
    seen: dict[Key, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["observed_at"]):
        key = tuple(row[name] for name in rule.key)
        if rule.resolve == "max" and key in seen:
            before = seen[key]
            for name in table.measures:
                row[name] = max((v for v in (before[name], row[name]) if v is not None), default=None)
        seen[key] = row
    return list(seen.values())


def _largest(values: Values, others: Values) -> Values:
    """Of each number the larger one of two rows of a key."""
    if len(values) != 1 or len(others) != 1:
        return values
    pairs = zip(values[0], others[0], strict=True)
    return (tuple(max((v for v in pair if v is not None), default=None) for pair in pairs),)


def _shown(values: Values) -> str:
    if not values:
        return "nothing"
    several = f" ({len(values)} rows)" if len(values) > 1 else ""
    return " and ".join(", ".join(map(str, one)) or "a row" for one in values[:2]) + several


def _named(key: Key) -> str:
    return ", ".join(str(part) for part in key)
