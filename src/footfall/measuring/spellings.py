"""Spellings: filter values in stored spelling, with current names, and versions within a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from footfall.filters import RANGES, Filter, Prefix, Wanted, text_of, version_order
from footfall.measuring.plan import Plan
from footfall.tables import Names

if TYPE_CHECKING:
    import ibis.expr.types as ir


def find_names(plan: Plan) -> Plan:
    """Filters by a former name or by an id are applied to the current name, with a note."""
    where = []
    for filter in plan.query.where:
        names = plan.subject.dimensions[filter.dimension].names
        meant = [_meant(plan, names, value) for value in filter.values]
        plan = plan.note(*(f"{text_of(old)} is now called {new}." for old, new in meant if new != old))  # type: ignore[arg-type]
        where.append(replace(filter, values=tuple(dict.fromkeys(new for _, new in meant))))
    return replace(plan, query=replace(plan.query, where=tuple(where)))


def _meant(plan: Plan, names: Names | None, value: Wanted) -> tuple[Wanted, Wanted]:
    """A value as given in the query, and its meaning."""
    if names is None or not isinstance(value, str):
        return value, value
    return value, plan.snapshot.names_in(names).name_of(value) or value


def find_spellings(plan: Plan) -> Plan:
    """Filters on case-insensitive dimensions, in every stored spelling: engines compare equal strings fast."""
    return replace(plan, where=tuple(_spelled(plan, filter) for filter in plan.query.where))


def _spelled(plan: Plan, filter: Filter) -> Filter:
    """Every value, and every prefix, in its stored spellings; one that is not stored stays as given."""
    if filter.is_range and plan.subject.dimensions[filter.dimension].is_version:
        return _versions_within(plan, filter)
    if filter.is_range or not plan.subject.dimensions[filter.dimension].folds_case:
        return filter
    column = plan.measurement.values_of(filter.dimension)
    texts = [wanted for wanted in filter.values if isinstance(wanted, str)]
    stored = _run_folded(plan, column, texts) if texts else {}
    spelled: list[Wanted] = []
    for wanted in filter.values:
        match wanted:
            case str():
                spelled += stored.get(wanted.lower()) or [wanted]
            case Prefix(start) if start:
                found = _run_folded(plan, column.substr(0, len(start)), [start]).get(start.lower(), [])
                spelled += [Prefix(each) for each in found] or [wanted]
            case _:
                spelled.append(wanted)
    return replace(filter, values=tuple(spelled))


def _versions_within(plan: Plan, filter: Filter) -> Filter:
    """The stored versions within a range: an engine would compare 3.10 with 3.9 as strings."""
    stored = plan.measurement.values_of(filter.dimension).name("version").as_table().distinct()
    limit, is_within = version_order(str(filter.values[0])), RANGES[filter.operator]
    values = [v for v in plan.engine.run(stored)[0].to_pylist() if is_within(version_order(v), limit)]
    return Filter(filter.dimension, tuple(sorted(values)) or ("no version",))  # matches nothing


def _run_folded(plan: Plan, column: ir.StringColumn, texts: Sequence[str]) -> dict[str, list[str]]:
    """The values of `column` that are equal to one of `texts`, ignoring case, by the text in lower case."""
    named = column.name("spelling").as_table()
    folded = named.mutate(folded=named.spelling.lower())
    wanted = [text.lower() for text in texts]
    is_same = folded.folded == wanted[0] if len(wanted) == 1 else folded.folded.isin(wanted)
    found: dict[str, list[str]] = {}
    for row in plan.engine.run(folded.filter(is_same).distinct()).to_pylist():
        found.setdefault(row["folded"], []).append(row["spelling"])
    return {text: sorted(spellings) for text, spellings in found.items()}
