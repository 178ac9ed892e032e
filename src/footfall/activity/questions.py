"""Questions as people ask them: events by name, moments as text, sets of actors of any kind and store."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

from pyroaring import BitMap64

from footfall.activity import cohorts, funnels, growth, stickiness
from footfall.activity.sets import ActorSet, Fixed
from footfall.activity.spans import events_of
from footfall.periods import Window, merge, parse_moment

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

Moment: TypeAlias = str | date | datetime | None
Condition: TypeAlias = str | ActorSet
"""An event, to be done in the same period; or a set of actors, to be in."""
Conditions: TypeAlias = Condition | Iterable[Condition]


def ask_cohort(
    activity: Activity,
    first: str,
    then: str,
    *,
    by: str = "week",
    rows: int = 12,
    columns: int = 12,
    since: Moment = None,
    kind: str = "active",
    retention: str = "return",
    where_first: Conditions = (),
    where_then: Conditions = (),
    until: Moment = None,
) -> cohorts.Cohort:
    """See `cohorts.cohort`."""
    return cohorts.cohort(
        activity.store,
        _known(activity, first),
        _known(activity, then),
        now=_until(activity, until, events := (first, then, *_names(where_first), *_names(where_then))),
        by=by,
        rows=rows,
        columns=columns,
        since=_moment(activity, since),
        kind=kind,
        retention=retention,
        where_first=_conditions(activity, where_first),
        where_then=_conditions(activity, where_then),
        gaps=_gaps(activity, events),
    )


def ask_funnel(
    activity: Activity,
    steps: Iterable[str],
    *,
    within: str | int = "7d",
    since: Moment = None,
    until: Moment = None,
) -> funnels.Funnel:
    """See `funnels.funnel`."""
    known = [_known(activity, step) for step in events_of(steps)]
    start, end = _moment(activity, since), _moment(activity, until)
    return funnels.funnel(
        activity.store, known, now=_until(activity, None, known), within=within, since=start, until=end
    )


def ask_stickiness(
    activity: Activity,
    event: str,
    *,
    windows: str = "trailing",
    rows: int = 30,
    since: Moment = None,
    until: Moment = None,
) -> stickiness.Stickiness:
    """See `stickiness.stickiness`."""
    known, start = _known(activity, event), _moment(activity, since)
    return stickiness.stickiness(
        activity.store, known, now=_until(activity, until, [event]), windows=windows, rows=rows, since=start
    )


def ask_growth(
    activity: Activity, event: str, *, by: str = "week", rows: int = 12, since: Moment = None, until: Moment = None
) -> growth.Growth:
    """See `growth.growth`."""
    known, start = _known(activity, event), _moment(activity, since)
    return growth.growth(
        activity.store,
        known,
        now=_until(activity, until, [event]),
        by=by,
        rows=rows,
        since=start,
        gaps=_gaps(activity, [event]),
    )


def _known(activity: Activity, event: str) -> str:
    """An event that somebody did, brought up to date: a slip of the pen would be answered with zeros."""
    return activity.known_event(event).name


def _until(activity: Activity, until: Moment, events: Iterable[str]) -> datetime:
    """The moment that the question is asked at: now, an earlier one, or the last that was collected of every event.

    What was not collected is missing and must not look like nobody.
    """
    moments = [activity.now(), *(activity.known_until(event) for event in events)]
    if until is not None:
        moments.append(parse_moment(until, activity.now()))
    return min(moments)


def _gaps(activity: Activity, events: Iterable[str]) -> list[Window]:
    return merge(gap for event in events for gap in activity.gaps(event))


def _names(conditions: Conditions) -> list[str]:
    several = [conditions] if isinstance(conditions, str | ActorSet) else conditions
    return [each for each in several if isinstance(each, str)]


def _moment(activity: Activity, given: Moment) -> datetime | None:
    return None if given is None else parse_moment(given, activity.now())


def _conditions(activity: Activity, given: Conditions) -> list[cohorts.Condition]:
    """Events by name, and sets as ids of this store, wherever they come from."""
    several = [given] if isinstance(given, str | ActorSet) else given
    nobody = Fixed(activity, BitMap64())
    return [
        cohorts.Among((nobody | each).ids(), repr(each).strip("<>"))
        if isinstance(each, ActorSet)
        else _known(activity, each)
        for each in several
    ]
