"""Cells: how single values of an answer are written in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from footfall.formats import GAP, decimals_for, moment_of, number, share_of
from footfall.states import State


def value_of(row: Mapping[str, Any], name: str, decimals: int | None) -> str:
    """A value; of a reported count that is not known the range it lies in. Each leaves room for the mark."""
    value = row[name]
    mark = "*" if row["is_provisional"] else " "
    if value is not None:
        return f"{moment_of(value) if isinstance(value, datetime) else number(value, decimals)}{mark}"
    least, most = row.get(f"{name}_least"), row.get(f"{name}_most")
    if least is None:
        return f"{GAP} "
    return f"{number(least)}+{mark}" if most is None else f"{number(least)}…{number(most)}{mark}"


def decimals_of(values: Iterable[Any]) -> int | None:
    """With as many decimals as the largest value deserves."""
    numbers = [v for v in values if v is not None and not isinstance(v, datetime)]
    if all(float(v).is_integer() for v in numbers):
        return 0
    return decimals_for(max(abs(v) for v in numbers))


def percent_of(percent: float | None) -> str:
    return GAP if percent is None else f"{percent:+,.1f} %"


def share_in_words(part: float) -> str:
    return "nothing" if part <= 0 else share_of(part)


def collected_of(row: Mapping[str, Any]) -> str:
    """How much of a period was collected; unfinished time does not count as missing."""
    if row["coverage"] >= 1:
        return ""
    state = State(row["state"])
    return state.label if state in (State.NOT_OVER, State.KNOWN_WRONG) else share_in_words(row["coverage"])
