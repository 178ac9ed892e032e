"""Reasons for monitoring to raise an alarm, one per line. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from footfall.collect import SourceStatus
from footfall.concealing import concealed
from footfall.formats import counted, days_of, length_of, moment_of
from footfall.upkeep.standing import Loss, Standing


@dataclass(frozen=True)
class Thresholds:
    """The limits above which something is reported."""

    stale_after: timedelta = timedelta(days=3)
    """Report tables whose collected data ends longer ago than this."""
    lost_within: timedelta = timedelta(days=3)
    """Report data that upstream will delete within this time."""
    gaps_within: timedelta | None = None
    """Report gaps that are not older than this; None: gaps are not reported."""
    has_failed: bool = True
    """Whether failed windows are reported."""


def reasons(found: Standing, now: datetime, thresholds: Thresholds) -> list[str]:
    """Every reason in one line, by source and table; [] if everything is well.

    Example:
        >>> from datetime import UTC, datetime
        >>> reasons(Standing(()), datetime(2026, 3, 1, tzinfo=UTC), Thresholds())
        ['no source is set up']
    """
    if not found.states and not found.has_marks:
        return ["no source is set up"]
    lines = [line for state in found.states for line in _of_table(state, now, thresholds)]
    lines += [_loss(loss, now) for loss in found.losses if loss.at - now <= thresholds.lost_within]
    lines += [f"{name}: deadlines are unknown: {why}" for name, why in (found.unknown or {}).items()]
    return list(dict.fromkeys(" ".join(concealed(line).split()) for line in lines))


def _of_table(state: SourceStatus, now: datetime, thresholds: Thresholds) -> Iterator[str]:
    name = f"{state.source} · {state.table}"
    if state.unreachable:
        yield f"{state.source}: failed in the last run: {state.unreachable}"
    if state.fresh_until is None:
        yield f"{name}: nothing was collected yet"
    elif now - state.fresh_until > thresholds.stale_after:
        late = length_of((now - state.fresh_until).total_seconds())
        yield f"{name}: is collected only up to {moment_of(state.fresh_until)}, {late} ago"
    if state.failed and thresholds.has_failed:
        first = state.failed[0]
        yield f"{name}: {counted(len(state.failed), 'window')} failed, the first: {f'{first.scope}: ' if first.scope else ''}{first.reason}"
    if thresholds.gaps_within is not None:
        recent = [gap for gap in state.gaps if gap.end > now - thresholds.gaps_within]
        if recent:
            yield f"{name}: {counted(len(recent), 'gap')}, the last: {days_of(recent[-1])}"


def _loss(loss: Loss, now: datetime) -> str:
    deadline = loss.deadline
    about = " · ".join(word for word in (loss.source, deadline.table, deadline.scope) if word)
    return f"{about}: {deadline.what} {loss.verdict(now)}"
