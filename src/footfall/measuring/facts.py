"""Facts: for a metric with several tables, which one is read for which time, and what was collected for it.

For each scope, every span of time is read from the first fact that collected it, never from two. If none has the
whole span, the one that has most of it is read. The choice does not depend on the grain of the query, so that
days add up to their month. A span is never finer than the resolution of all tables: half a day of a table of days
cannot be taken from another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import TYPE_CHECKING

from footfall.lake.collected import NOTHING, Collected, Scope, Span
from footfall.measuring.matching import instant
from footfall.metrics import Fact, Kind, Subject
from footfall.periods import EPOCH, FAR_FUTURE, Grain, Window, ceil, floor, merge, subtract
from footfall.tables import Table

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from footfall.lake import Snapshot

_ALWAYS = Window(EPOCH.replace(year=1), FAR_FUTURE.replace(month=12))


@dataclass(frozen=True)
class Claim:
    """Scopes, in every spelling, for which a fact is read within some windows."""

    scopes: tuple[str, ...]
    """None means all: the tables are not collected by scope."""
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class UsedFact:
    """A fact with its table, and when it is read."""

    fact: Fact
    table: Table
    claims: tuple[Claim, ...] = ()
    """For the first fact what others are read for, for the others what they are read for."""
    is_first: bool = True

    @property
    def time(self) -> str:
        """The column with the time at which a row counts."""
        return self.fact.time or self.table.time

    def keep_turn(self, rows: ir.Table, scope: str | None) -> ir.Table:
        """The rows of the time and scopes for which this fact is read."""
        if not self.claims:
            return rows
        is_claimed = reduce(or_, (self._is_claimed(rows, claim, scope) for claim in self.claims))
        return rows.filter(~is_claimed if self.is_first else is_claimed)

    def _is_claimed(self, rows: ir.Table, claim: Claim, scope: str | None) -> ir.BooleanValue:
        moment = rows[self.time]
        within = reduce(or_, ((moment >= instant(w.start)) & (moment < instant(w.end)) for w in claim.windows))
        if scope is None or not claim.scopes:
            return within
        return rows[scope].isin(list(claim.scopes)).fill_null(False) & within

    @property
    def edges(self) -> set[datetime]:
        """The moments at which reading switches to or from it."""
        return {edge for claim in self.claims for window in claim.windows for edge in (window.start, window.end)}


@dataclass(frozen=True)
class Division:
    """Which facts a metric is read from, and what was collected for the data that is read."""

    used: tuple[UsedFact, ...]
    collected: Collected = field(compare=False)
    scope: str | None
    """The dimension that holds the scope, if the tables are collected by scope."""
    undated: tuple[str, ...] = ()
    """Scopes with rows that lack the time at which they count, as they were stored before that was known."""

    def without(self, undated: Sequence[str]) -> Division:
        """The same, with nothing collected for scopes that have such rows."""
        if not undated:
            return self
        spans = {each: () if each.name in undated else found for each, found in self.collected.spans.items()}
        return replace(self, collected=replace(self.collected, spans=spans), undated=tuple(sorted(undated)))

    @property
    def without_ledger(self) -> Division:
        """The same facts, read for the same time: equal if their expressions are."""
        return replace(self, collected=NOTHING)

    def notes(self, window: Window) -> list[str]:
        """Which other facts are read within `window`, if any."""
        notes = []
        if self.undated:
            those = ", ".join(self.undated[:3]) + (f" and {len(self.undated) - 3:,} more" if self.undated[3:] else "")
            time = next(used.fact.time for used in self.used if used.fact.time)
            notes.append(
                f"Stored without {time}, by an earlier version, and not known here: {those}; run `footfall collect`."
            )
        for used in self.used[1:]:
            parts = [(scope, w) for claim in used.claims for scope in claim.scopes or ("",) for w in claim.windows]
            inside = [(scope, part) for scope, w in parts if (part := w.clip(window))]
            if inside:
                named = [f"{scope} {part}".strip() for scope, part in inside[:3]]
                more = f" and {len(inside) - 3:,} more" if len(inside) > 3 else ""
                first = self.used[0].table.name
                notes.append(
                    f"Read from the table {used.table.name}, which covers more than {first}: {', '.join(named)}{more}."
                )
        return notes


def divide(subject: Subject, snapshot: Snapshot) -> Division:
    """Which fact of `subject` is read for which time, according to the ledger in `snapshot`."""
    facts = subject.facts
    scope = subject.scope
    collected = [_collected(snapshot.collected(table.name), fact) for fact, table in facts]
    if len(facts) == 1:
        ((fact, table),) = facts
        return Division((UsedFact(fact, table),), collected[0], scope)
    folds_case = scope is not None and facts[0][1].column(scope).folds_case

    def key_of(name: str) -> str:
        return "" if scope is None else name.lower() if folds_case else name

    spelled = [_by_key(each, key_of) for each in collected]
    turns: list[dict[str, list[Window]]] = [{} for _ in facts]
    for key in sorted({key for each in spelled for key in each}):
        known = [_covered(each.get(key, {})) for each in spelled]
        for position, windows in enumerate(_take_turns(known, subject.resolution)):
            if position and windows:
                turns[position][key] = windows
    combined = _combined(spelled, turns, collected, key_of)
    if subject.metric.kind is Kind.REPORTED:  # each has some information about the same count
        return Division(tuple(UsedFact(*fact) for fact in facts), combined, scope)
    claims = [_claims(turn, spelled) for turn in turns]
    rest = tuple(claim for each in claims for claim in each)
    used = [UsedFact(*facts[0], rest)]
    used += [UsedFact(*fact, claim, is_first=False) for fact, claim in zip(facts[1:], claims[1:], strict=True) if claim]
    return Division(tuple(used), combined, scope)


def _collected(collected: Collected, fact: Fact) -> Collected:
    """What was collected for a fact."""
    return collected.without_open_ends if fact.time else collected


_Spelled = Mapping[str, Mapping[Scope, Sequence[Span]]]


def _by_key(collected: Collected, key_of: Callable[[str], str]) -> _Spelled:
    """What was collected by scope name, with one key for all of its spellings."""
    found: dict[str, dict[Scope, Sequence[Span]]] = {}
    for each, spans in collected.spans.items():
        found.setdefault(key_of(each.name), {})[each] = spans
    return found


def _covered(spans: Mapping[Scope, Sequence[Span]]) -> list[Window]:
    return merge(span.window for each in spans.values() for span in each)


def _take_turns(known: Sequence[Sequence[Window]], resolution: Grain) -> list[list[Window]]:
    """For one scope the windows in which each fact is read, given what was collected for each."""
    edges = {edge for windows in known for window in windows for edge in (window.start, window.end)}
    cuts = sorted({cut for edge in edges for cut in (floor(resolution, edge), ceil(resolution, edge))})
    turns: list[list[Window]] = [[] for _ in known]
    for start, end in pairwise(cuts):
        part = Window(start, end)
        shares = [sum((w.length for w in map(part.clip, windows) if w), start=timedelta()) for windows in known]
        most = max(shares)
        if most > timedelta():
            turns[shares.index(most)].append(part)
    return [merge(turn) for turn in turns]


def _claims(turn: Mapping[str, Sequence[Window]], spelled: Sequence[_Spelled]) -> tuple[Claim, ...]:
    """Groups scopes that are read within the same windows, in all of their spellings."""
    together: dict[tuple[Window, ...], set[str]] = {}
    for key, windows in turn.items():
        names = {scope.name for each in spelled for scope in each.get(key, {}) if key}
        together.setdefault(tuple(windows), set()).update(names)
    return tuple(Claim(tuple(sorted(names)), windows) for windows, names in together.items())


def _combined(
    spelled: Sequence[_Spelled],
    turns: Sequence[Mapping[str, Sequence[Window]]],
    collected: Sequence[Collected],
    key_of: Callable[[str], str],
) -> Collected:
    """What was collected for the data that is read: for each scope the spans of the facts in their turns, merged."""
    spans: dict[Scope, tuple[Span, ...]] = {}
    names: dict[str, str] = {}
    for key in sorted({key for each in spelled for key in each}):
        names[key] = next(scope.name for each in spelled for scope in each.get(key, {}))
        others = merge(window for turn in turns[1:] for window in turn.get(key, ()))
        parts: list[Span] = []
        for position, each in enumerate(spelled):
            windows = turns[position].get(key, ()) if position else subtract(_ALWAYS, others)
            parts += [cut for found in each.get(key, {}).values() for span in found for cut in _cut(span, windows)]
        spans[Scope("", names[key])] = tuple(sorted(parts, key=lambda span: (span.start, span.end)))
    noted = tuple(
        replace(entry, source="", scope=names[key])
        for position, each in enumerate(collected)
        for entry in each.noted
        if (key := key_of(entry.scope)) in names
        and (position == 0 or any(entry.window.overlaps(window) for window in turns[position].get(key, ())))
    )
    return Collected(spans, noted)


def _cut(span: Span, windows: Iterable[Window]) -> Iterable[Span]:
    """The parts of `span` within `windows`."""
    parts = (span.window.clip(window) for window in windows)
    return (span._replace(start=part.start, end=part.end) for part in parts if part)
