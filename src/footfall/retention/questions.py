"""Questions as people ask them: events by name, moments as text, sets of actors of any kind and store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pyroaring import BitMap64

from footfall.activity.events import Event
from footfall.activity.sets import ActorSet, Fixed
from footfall.errors import QueryError
from footfall.periods import EPOCH, Window, merge, parse_moment, short
from footfall.retention import cohorts, funnels, growth, stickiness
from footfall.retention.answers import ActivityAnswer
from footfall.stores.store import UNDATED, day_slot, start_of

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

Moment: TypeAlias = str | date | datetime | None
Name: TypeAlias = str | Event
"""An event: its name, or itself."""
Condition: TypeAlias = str | Event | ActorSet
"""An event, to be done in the same period; or a set of actors, to be in."""
Conditions: TypeAlias = Condition | Iterable[Condition]

_Asked = TypeVar("_Asked", bound=ActivityAnswer)


def ask_cohort(
    activity: Activity,
    first: Name,
    then: Name,
    *,
    by: str = "week",
    rows: int | None = None,
    columns: int = 12,
    since: Moment = None,
    kind: str = "active",
    retention: str = "return",
    where_first: Conditions = (),
    where_then: Conditions = (),
    until: Moment = None,
) -> cohorts.Cohort:
    """See `cohorts.cohort`."""
    narrowed = _several("where_first", where_first), _several("where_then", where_then)
    names = [_known(activity, event) for event in (first, then)]
    events = [*names, *(each for several in narrowed for each in several if isinstance(each, str))]
    start, now = _span(activity, since, until, events)
    answer = cohorts.cohort(
        activity.store,
        *names,
        now=now,
        by=by,
        rows=rows,
        columns=columns,
        since=start,
        kind=kind,
        retention=retention,
        where_first=_conditions(activity, narrowed[0]),
        where_then=_conditions(activity, narrowed[1]),
        gaps=_gaps(activity, events),
    )
    last = answer.rows[-1]
    begun = Window(answer.rows[0].period.start, last.period.shift(len(last.counts) - 1).end)
    spans = {names[1]: begun, names[0]: _span_of(answer)}
    return _told(activity, answer, names[0], spans)


def ask_funnel(
    activity: Activity,
    steps: Iterable[Name | Iterable[Name]],
    *,
    within: str | int = "7d",
    since: Moment = None,
    until: Moment = None,
) -> funnels.Funnel:
    """See `funnels.funnel`."""
    known = [_known(activity, step) for step in _flat(steps)]
    start, _ = _span(activity, since, until, known)
    now = _span(activity, None, None, known)[1]
    end, gaps = _moment(activity, "until", until), _gaps(activity, known)
    answer = funnels.funnel(activity.store, known, now=now, within=within, since=start, until=end, gaps=gaps)
    return _told(activity, answer, known[0], {known[0]: answer.window})


def ask_stickiness(
    activity: Activity,
    event: Name,
    *,
    windows: str = "trailing",
    rows: int | None = None,
    since: Moment = None,
    until: Moment = None,
) -> stickiness.Stickiness:
    """See `stickiness.stickiness`."""
    known = _known(activity, event)
    start, now = _span(activity, since, until, [known])
    answer = stickiness.stickiness(
        activity.store, known, now=now, windows=windows, rows=rows, since=start, gaps=_gaps(activity, [known])
    )
    return _told(activity, answer, known, {known: _span_of(answer)})


def ask_growth(
    activity: Activity,
    event: Name,
    *,
    by: str = "week",
    rows: int | None = None,
    since: Moment = None,
    until: Moment = None,
) -> growth.Growth:
    """See `growth.growth`."""
    known = _known(activity, event)
    start, now = _span(activity, since, until, [known])
    gaps = _gaps(activity, [known])
    answer = growth.growth(activity.store, known, now=now, by=by, rows=rows, since=start, gaps=gaps)
    return _told(activity, answer, known, {known: _span_of(answer)})


def _span_of(answer: cohorts.Cohort | growth.Growth | stickiness.Stickiness) -> Window:
    return Window(answer.rows[0].period.start, answer.rows[-1].period.end)


def _told(activity: Activity, answer: _Asked, first: str, spans: Mapping[str, Window]) -> _Asked:
    """The answer with what its actors are called, and when events were done that nobody did in their span."""
    remarks = [_nobody(activity, event, spans[event]) for event in sorted(spans, key=lambda event: event != first)]
    collected = activity.owners.table_of(first)
    actors = collected.event.actors if collected else answer.actors
    return replace(answer, notes=(*answer.notes, *filter(None, remarks)), actors=actors)


def _nobody(activity: Activity, event: str, span: Window) -> str:
    """When an event was done that nobody did in a span; nothing to say where somebody did it."""
    if activity.store.count(event, day_slot(span.start), day_slot(span.end)):
        return ""
    days = [f"{start_of(slot):%Y-%m-%d}" for slot in activity.store.slots(event) if slot != UNDATED]
    if not days:
        return f"Nobody did {event!r} at a known time."
    if days[0] > f"{activity.now():%Y-%m-%d}":
        return f"Nobody did {event!r} yet: the first mark is of {days[0]}, which is still to come."
    start, end = f"{span.start:%Y-%m-%d}", f"{span.end:%Y-%m-%d}"
    done = f"last done on {days[-1]}" if days[-1] < start else f"first done on {days[0]}"
    done = done if days[-1] < start or days[0] >= end else f"done from {days[0]} to {days[-1]}"
    return f"Nobody did {event!r} in this time, it was {done}; ask with --since or --until."


def _flat(steps: Iterable[Name | Iterable[Name]]) -> Iterator[Name]:
    """Steps, whether they came one by one or as a list."""
    for step in steps:
        if isinstance(step, str | Event) or not isinstance(step, Iterable):
            yield step
        else:
            yield from step


def _known(activity: Activity, event: Name) -> str:
    """An event that somebody did, brought up to date: a slip of the pen would be answered with zeros."""
    name = event.name if isinstance(event, Event) else event
    if not isinstance(name, str):
        raise QueryError(f"{name!r} is no event: give the name of one, such as 'active'.")
    return activity.known_event(name).name


def _span(activity: Activity, since: Moment, until: Moment, events: Iterable[str]) -> tuple[datetime | None, datetime]:
    """From when on is asked, and the moment that is now: an earlier one, or the last that was collected of every event.

    What was not collected is missing and must not look like nobody.
    """
    start, end = _moment(activity, "since", since), _moment(activity, "until", until)
    if start and end and start >= end:
        raise QueryError(f"since {short(start)} must come before until {short(end)}.")
    known = {event: activity.known_until(event) for event in events}
    for event, moment in known.items():
        if moment == EPOCH:
            raise QueryError(f"nothing was collected of {event!r} yet; `footfall collect` does.")
        if start and moment <= start < activity.now():
            raise QueryError(
                f"nothing was collected of {event!r} since {short(start)}: it is known until {short(moment)}."
            )
    return start, min([activity.now(), *known.values(), *([end] if end else [])])


def _gaps(activity: Activity, events: Iterable[str]) -> list[Window]:
    return merge(gap for event in events for gap in activity.gaps(event))


def _moment(activity: Activity, what: str, given: Moment) -> datetime | None:
    if given is not None and not isinstance(given, str | date):
        raise QueryError(f"{what}={given!r} is no moment in time; write one like '2026-11-23'.")
    return None if given is None else parse_moment(given, activity.now())


def _several(what: str, given: Conditions) -> list[str | ActorSet]:
    """One condition or several, events by name."""
    single = isinstance(given, str | Event | ActorSet)
    several: list[Any] = [given] if single else list(given) if isinstance(given, Iterable) else [given]
    names = [each.name if isinstance(each, Event) else each for each in several]
    for each in names:
        if not isinstance(each, str | ActorSet):
            raise QueryError(
                f"{what}={each!r} is neither an event nor a set of actors, such as 'paid' or event.month()."
            )
    return names


def _conditions(activity: Activity, several: Iterable[str | ActorSet]) -> list[cohorts.Condition]:
    """Events by name, and sets as ids of this store, wherever they come from."""
    nobody = Fixed(activity, BitMap64())
    return [
        cohorts.Among((nobody | each).ids(), repr(each).strip("<>"))
        if isinstance(each, ActorSet)
        else _known(activity, each)
        for each in several
    ]
