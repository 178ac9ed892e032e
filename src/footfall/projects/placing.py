"""How the projects of a ranking are measured: all together, by the dimension that holds their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import QueryError, UnknownNameError
from footfall.filters import Filter
from footfall.formats import listed
from footfall.metrics import Kind, Metric, Subject
from footfall.projects.asking import Knowledge
from footfall.projects.facets import LAST_DAYS, shown
from footfall.projects.ranking import Place, Ranking

if TYPE_CHECKING:
    from footfall.projects.names import NamedProject
    from footfall.result import Result
    from footfall.tables import Column

_ADDED = (Kind.SUM, Kind.COUNTER, Kind.LEVEL)
"""Kinds of which the numbers of several names add up."""
_RANKED = (*_ADDED, Kind.DISTINCT)


@dataclass(frozen=True)
class _Amount:
    """A number of a project, and the share of its time that was collected."""

    value: float | None = None
    coverage: float = 0.0


@dataclass(frozen=True)
class _Measured:
    amounts: Mapping[str, _Amount]
    results: tuple[Result, ...]


def rank(projects: Mapping[str, NamedProject], knowledge: Knowledge, metric: str | None = None) -> Ranking:
    """The projects by `metric`, or by the first that one of them has.

    Raises:
        QueryError: Where no project is set up, or none has a metric.
        UnknownNameError: For a metric that no project has.
    """
    if not projects:
        raise QueryError("no project is set up; set one up in footfall.toml under [[projects]].")
    chosen, parts = _chosen(projects, knowledge, metric)
    has_total = chosen.kind is not Kind.LEVEL
    today = knowledge.today
    recent = _measure(knowledge, chosen, parts, grain="total", since=today - LAST_DAYS, until=today)
    total = _measure(knowledge, chosen, parts, grain="total") if has_total else _Measured({}, ())
    unknown = _Amount()
    places = [
        Place(name, total.amounts.get(name, unknown).value, amount.value, amount.coverage)
        for name, amount in recent.amounts.items()
    ]
    places.sort(key=_order)
    results = (*recent.results, *total.results)
    left_out = tuple(name for name in projects if name not in parts)
    notes = [*_on_left_out(chosen, left_out), *(note for result in results for note in result.notes)]
    return Ranking(
        chosen,
        tuple(places),
        left_out,
        f"{today - LAST_DAYS:%Y-%m-%d} to {today - timedelta(days=1):%Y-%m-%d} (UTC)",
        results[0].policies if results else {},
        tuple(dict.fromkeys(notes)),
        tuple(result.version for result in results),
        has_total,
    )


def _chosen(
    projects: Mapping[str, NamedProject], knowledge: Knowledge, metric: str | None
) -> tuple[Metric, dict[str, Filter]]:
    """The metric, and the part of each project that has one."""
    found: dict[str, dict[str, Filter]] = {}
    for each in shown(knowledge.metrics.values()):
        parts = {name: knowledge.part(project, each) for name, project in projects.items()}
        if each.kind in _RANKED and any(parts.values()):
            found[each.name] = {name: part for name, part in parts.items() if part is not None}
    if not found:
        raise QueryError(f"no configured source has a number of {listed(projects)}; name its names in [[projects]].")
    if metric is not None and metric not in found:
        raise UnknownNameError("metric of projects", metric, found)
    name = metric or next(iter(found))
    return knowledge.metrics[name], found[name]


def _on_left_out(metric: Metric, left_out: tuple[str, ...]) -> Iterable[str]:
    if left_out:
        are = "is" if len(left_out) == 1 else "are"
        yield f"{listed(left_out)} {are} not listed: no source of {metric.name} has a name for it."


def _order(place: Place) -> tuple[Any, ...]:
    """The most of the last days first, then of all time; what is not known is last."""
    recent, total = place.last_days, place.total
    return recent is None, -(recent or 0), total is None, -(total or 0), place.project


def _measure(knowledge: Knowledge, metric: Metric, parts: Mapping[str, Filter], **question: Any) -> _Measured:
    """One question for all projects; then one for each whose number is not among the groups of the first."""
    amounts: dict[str, _Amount] = {}
    results: list[Result] = []
    by_dimension: dict[str, dict[str, Filter]] = defaultdict(dict)
    for name, kept in parts.items():
        by_dimension[kept.dimension][name] = kept
    for dimension, group in by_dimension.items():
        names = tuple(dict.fromkeys(name for kept in group.values() for name in kept.values))
        asked = knowledge.asked(metric.name, Filter(dimension, names), by=[dimension], **question)
        if asked.result is not None:
            results.append(asked.result)
            fold = _folding(Subject.of(metric, knowledge.tables).dimensions[dimension])
            groups = _groups(asked.result, dimension, fold)
            for name, kept in group.items():
                if found := _found(metric, (fold(str(each)) for each in kept.values), groups):
                    amounts[name] = found
        for name in (name for name in group if name not in amounts):
            if set(group[name].values) <= set(asked.silent):
                amounts[name] = _Amount()
                continue
            alone = knowledge.asked(metric.name, group[name], **question)
            amounts[name] = _amount(metric, alone.result, alone.share)
            results += [] if alone.result is None else [alone.result]
    return _Measured({name: amounts[name] for name in parts}, tuple(results))


def _folding(column: Column) -> Callable[[str], str]:
    """What makes spellings of one name equal."""
    return str.lower if column.folds_case else str


def _groups(result: Result, dimension: str, fold: Callable[[str], str]) -> dict[str, list[_Amount]]:
    """What was found, by name; names that are one but for upper and lower case together."""
    found: dict[str, list[_Amount]] = defaultdict(list)
    for row in result.rows.to_pylist():
        found[fold(str(row[dimension]))].append(_Amount(row[result.metric.name], row["coverage"]))
    return found


def _found(metric: Metric, names: Iterable[str], groups: Mapping[str, list[_Amount]]) -> _Amount | None:
    """A project's number, where the groups have all of its names, and these add up or are only one."""
    parts = [groups.get(name, []) for name in names]
    amounts = [amount for part in parts for amount in part]
    adds = metric.kind in _ADDED and metric.shared is None
    if not all(parts) or (len(amounts) > 1 and not adds):
        return None
    known = [each.value for each in amounts if each.value is not None]
    return _Amount(sum(known) if known else None, sum(each.coverage for each in amounts) / len(amounts))


def _amount(metric: Metric, result: Result | None, share: float) -> _Amount:
    if result is None or not len(result):
        return _Amount()
    (row,) = result.rows.to_pylist()
    return _Amount(row[metric.name], row["coverage"] * share)
