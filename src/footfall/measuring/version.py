"""The version of a result: equal versions have equal rows, notes and queries.

It depends only on what the result depends on: the versions of the tables that were read and what the
ledger says about them, the resolved query, the definition, what depends on the clock (which periods are not over, and
which the source may still revise), and known events. Collecting another table does not change it, nor does a
later time for which this is the same.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from footfall.annotations import KnownWrong
from footfall.measuring.plan import Plan
from footfall.measuring.series import Cover
from footfall.metrics import Fact, Metric
from footfall.result import Result


def version_of(parts: Sequence[tuple[Plan, Mapping[Hashable, Cover]]], result: Result) -> str:
    """The version of `result`; the plan of each of its metrics, and the covers of its rows."""
    made_of = [_made_of(plan, result, covers) for plan, covers in parts]
    return blake2b(json.dumps(made_of, default=str, sort_keys=True).encode(), digest_size=8).hexdigest()


def _made_of(plan: Plan, result: Result, covers: Mapping[Hashable, Cover]) -> dict[str, Any]:
    snapshot, actors = plan.snapshot, plan.subject.actors
    names = [table.name for table in plan.subject.tables]
    if actors is not None:
        names = [actors.table] if actors.table is not None else []
    read = [
        *names,
        *(column.names.table.name for table in plan.subject.tables for column in table.named if column.names),
    ]
    return {
        "tables": [(name, snapshot.tables[name].version if name in snapshot.tables else None) for name in read],
        "ledger": [snapshot.collected(name).digest for name in names],
        "question": result.question,
        "definition": _definition(plan.metric, result.definition()),
        "edge": sorted((str(scope), cover.provisional, cover.states) for scope, cover in covers.items()),
        "known_wrong": [_known_wrong(one) for one in plan.happened.known_wrong],
        "annotations": [str(one) for one in result.annotations],
        "notes": result.notes,
        # Sets have no version: for actors, the version is that of the values.
        "actors": None if actors is None else result.rows.to_pylist(),
    }


def _definition(metric: Metric, described: Mapping[str, Any]) -> list[Any]:
    facts = [
        (fact.table, fact.columns, fact.ends, fact.time) if isinstance(fact, Fact) else fact.event
        for fact in metric.facts
    ]
    policies: Sequence[Any] = [
        (policy.name, policy.default, sorted((choice, str(kept)) for choice, kept in policy.choices.items()))
        for policy in metric.policies
    ]
    how = [metric.within, str(metric.step), metric.series, str(metric.ends_after)]
    return [dict(described), facts, how, policies]


def _known_wrong(one: KnownWrong) -> tuple[str, ...]:
    return str(one.window), one.scope, one.source, one.reason
