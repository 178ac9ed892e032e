"""Comparing: the change from one period to another, if it is meaningful."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from footfall.annotations import Annotation, span_in_words
from footfall.measuring.alike import Comparison, Pair, breaks_across, scopes_of, window_before
from footfall.measuring.matching import Group
from footfall.measuring.plan import Plan
from footfall.measuring.rows import BREAK, Compared
from footfall.measuring.series import Cells, Number, Series, running
from footfall.periods import Window
from footfall.query import step

_MOST_NAMED = 3


def compare_values(plan: Plan, comparison: Comparison, groups: Iterable[Group], here: Cells, before: Cells) -> Compared:
    """The values of what was collected in both periods; for additive metrics 0 if nothing happened in it."""
    by_scope: dict[Hashable, Comparison] = {}
    found: tuple[dict[Group, Sequence[Number]], dict[Group, Sequence[Number]]] = ({}, {})
    for group in groups:
        scope = plan.scope_of(group)
        if scope not in by_scope:
            by_scope[scope] = comparison.of(scopes_of(plan, scope))
        for values, cells in zip(found, (here, before), strict=True):
            values[group] = _filled(plan, by_scope[scope], cells.get(group, {}))
    words = {scope: [each.described(i) for i in range(len(each.pairs))] for scope, each in by_scope.items()}
    return Compared(*found, _with_breaks(plan, comparison.pairs, words))


def _filled(plan: Plan, comparison: Comparison, cells: Mapping[int, Number]) -> list[Number]:
    empty = 0 if plan.is_additive else None
    values = [cells.get(i, empty) if comparison.has(i) else None for i in range(len(comparison.pairs))]
    return list(running(values)) if plan.query.cumulative else values


def compare_means(plan: Plan, pairs: Sequence[Pair], here: Series, before: Series) -> Compared:
    """Comparing means: each covers the time of its own window, or has no value."""
    slots = {period.start: i for i, period in enumerate(before.periods)}
    positions = [slots[pair.before.start] for pair in pairs]
    earlier = {group: [values[i] for i in positions] for group, values in before.values.items()}
    words: dict[Hashable, list[str | None]] = {}
    for group, values in here.values.items():
        scope = plan.scope_of(group)
        key = plan.cover_key(group)
        shares, shares_before = here.covers[key].shares, before.covers[key].shares
        described: list[str | None] = [
            "whole" if share == shares_before[slot] == 1 else "part"
            for share, slot in zip(shares, positions, strict=True)
        ]
        known = [value is not None and old is not None for value, old in zip(values, earlier[group], strict=True)]
        words[scope] = [word if is_known else None for word, is_known in zip(described, known, strict=True)]
    return Compared(here.values, earlier, _with_breaks(plan, pairs, words))


def _with_breaks(
    plan: Plan, pairs: Sequence[Pair], words: dict[Hashable, list[str | None]]
) -> dict[Hashable, list[str | None]]:
    return {
        scope: [
            BREAK if word and breaks_across(plan, scope, _spanned(plan, pairs, pair)) else word
            for word, pair in zip(each, pairs, strict=True)
        ]
        for scope, each in words.items()
    }


def _spanned(plan: Plan, pairs: Sequence[Pair], pair: Pair) -> Window:
    """All the time that a comparison of two periods uses."""
    start = window_before(pairs).start if plan.query.cumulative else pair.before.start
    if plan.query.rolling is not None:
        start = step(plan.query.grain, start, 1 - plan.query.rolling)
    return Window(start, pair.here.end)


def remarks_on_comparison(plan: Plan, pairs: Sequence[Pair], compared: Compared) -> list[str]:
    """Which periods are compared only in part, which not at all, and why."""
    words = [[each[i] for each in compared.words.values()] for i in range(len(pairs))]
    partly = [(pair, word) for pair, found in zip(pairs, words, strict=True) if (word := _part_in(found))]
    notes = []
    if partly:
        named = [f"{pair.here.label} ({word})" for pair, word in partly[:_MOST_NAMED]]
        more = f" and {len(partly) - _MOST_NAMED:,} more" if len(partly) > _MOST_NAMED else ""
        what = "1 period is" if len(partly) == 1 else f"{len(partly):,} periods are"
        notes.append(f"{what} compared only over the time that was collected in both: {', '.join(named)}{more}.")
    broken = dict.fromkeys(_broken(plan, pairs, compared))
    notes += [
        f"No change is given across the break of {span_in_words(one.window)} ({one.text.rstrip('.')}): "
        "numbers before and after it are not comparable."
        for one in broken
    ]
    return notes


def _part_in(words: Sequence[str | None]) -> str | None:
    return next((word for word in words if word not in (None, "whole", BREAK)), None)


def _broken(plan: Plan, pairs: Sequence[Pair], compared: Compared) -> Iterable[Annotation]:
    for scope, words in compared.words.items():
        for word, pair in zip(words, pairs, strict=True):
            if word == BREAK:
                yield from breaks_across(plan, scope, _spanned(plan, pairs, pair))
