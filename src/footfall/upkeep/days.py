"""The days used to check a metric: only complete ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from footfall.annotations import Annotation, AnnotationKind
from footfall.states import State
from footfall.upkeep.ranges import PAST, RangeState

_LATE = timedelta(days=400)
"""How long ago the last complete day may be, if none was seen yet."""


def first_day(state: RangeState, now: datetime) -> date:
    """The first day that is relevant after `state`."""
    until = state.alarm or state.seen or (now - _LATE).date()
    return until - PAST - timedelta(days=7)


def complete_days(
    rows: Iterable[Mapping[str, Any]], metric: str, annotations: Iterable[Annotation]
) -> dict[date, float]:
    """The values by day: without days that are not over, provisional, lost or known wrong, and those before a break."""
    breaks = [one.window.end for one in annotations if one.kind is AnnotationKind.BREAK]
    return {
        row["period"].date(): float(row[metric])
        for row in rows
        if row["state"] == State.COMPLETE and row[metric] is not None and not any(row["period"] < end for end in breaks)
    }
