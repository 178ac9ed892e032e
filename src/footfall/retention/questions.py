"""Parsed questions: events by name, times as text, actor sets of any kind from any store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pyroaring import BitMap64

from footfall.activity.events import Event
from footfall.activity.sets import ActorSet, Fixed
from footfall.annotations import remarks_on_annotations, remarks_on_known_wrong, sort_annotations
from footfall.errors import QueryError
from footfall.options import check_window, read
from footfall.periods import EPOCH, Grain, Window, merge, short
from footfall.retention import cohorts, funnels, growth, stickiness
from footfall.retention.answers import ActivityAnswer, window_of_rows
from footfall.retention.counting import Counting
from footfall.retention.groups import Among, Narrowing
from footfall.retention.spans import SetReader
from footfall.stores.store import UNDATED, day_slot, start_of

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

Name: TypeAlias = str | Event
"""An event, or its name."""
Condition: TypeAlias = str | Event | ActorSet
"""An event to do in the same period, or a set of actors to be in."""
Conditions: TypeAlias = Condition | Iterable[Condition]

_Asked = TypeVar("_Asked", bound=ActivityAnswer)


@dataclass(frozen=True)
class CohortQuestion:
    """Who did `first` in a period, and how many of them did `then` later. Options: `footfall.options.COHORT`."""

    first: str
    then: str
    grain: Grain = Grain.WEEK
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    columns: int = 12
    kind: str = "active"
    retention: str = "return"
    where_first: tuple[str | ActorSet, ...] = ()
    where_then: tuple[str | ActorSet, ...] = ()
    as_of: datetime | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any], now: datetime) -> CohortQuestion:
        """The question for raw values, validated."""
        asked = _read("cohort", given, now)
        events = {name: _name_of(asked[name]) for name in ("first", "then")}
        narrowed = {name: tuple(_several(name, asked[name])) for name in ("where_first", "where_then")}
        return cls(**{**asked, **events, **narrowed, "grain": Grain(asked["grain"])})


@dataclass(frozen=True)
class FunnelQuestion:
    """How many took the steps, each within some days of the first. Options: `footfall.options.FUNNEL`."""

    steps: tuple[str, ...]
    within: int = 7
    """In days, including the day of the first step."""
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any], now: datetime) -> FunnelQuestion:
        """The question for raw values, validated."""
        asked = _read("funnel", given, now)
        steps = tuple(_name_of(step) for step in _flat(asked["steps"]))
        return cls(**{**asked, "steps": steps, "within": funnels.length_in_days(asked["within"])})


@dataclass(frozen=True)
class StickinessQuestion:
    """Daily, weekly and monthly actives and their ratios. Options: `footfall.options.STICKINESS`."""

    event: str
    windows: str = "trailing"
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    as_of: datetime | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any], now: datetime) -> StickinessQuestion:
        """The question for raw values, validated."""
        asked = _read("stickiness", given, now)
        return cls(**{**asked, "event": _name_of(asked["event"])})


@dataclass(frozen=True)
class GrowthQuestion:
    """New, returning, resurrected and dormant actors by period. Options: `footfall.options.GROWTH`."""

    event: str
    grain: Grain = Grain.WEEK
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    as_of: datetime | None = None

    @classmethod
    def parse(cls, given: Mapping[str, Any], now: datetime) -> GrowthQuestion:
        """The question for raw values, validated."""
        asked = _read("growth", given, now)
        return cls(**{**asked, "event": _name_of(asked["event"]), "grain": Grain(asked["grain"])})


def _read(command: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    asked = read(command, given, now)
    check_window(asked["since"], asked["until"], asked.get("last"))
    return asked


# Asking


def ask_cohort(activity: Activity, question: CohortQuestion) -> cohorts.Cohort:
    """See `cohorts.cohort`."""
    narrowed = question.where_first, question.where_then
    names = [_known(activity, event) for event in (question.first, question.then)]
    conditions = [_conditions(activity, several) for several in narrowed]
    events = [*names, *(each for several in conditions for each in several if isinstance(each, str))]
    answer = cohorts.cohort(
        _counting(activity, events),
        *names,
        now=_now(activity, question, events),
        grain=question.grain,
        last=question.last,
        columns=question.columns,
        since=question.since,
        until=question.until,
        kind=question.kind,
        retention=question.retention,
        where_first=conditions[0],
        where_then=conditions[1],
        gaps=_gaps(activity, events),
    )
    spans = {names[1]: answer.observed, names[0]: window_of_rows(answer.rows)}
    return _finished(activity, answer, events, spans)


def ask_funnel(activity: Activity, question: FunnelQuestion) -> funnels.Funnel:
    """See `funnels.funnel`."""
    known = [_known(activity, step) for step in question.steps]
    answer = funnels.funnel(
        _counting(activity, known),
        known,
        now=_now(activity, question, known),
        within=question.within,
        since=question.since,
        until=question.until,
        gaps=_gaps(activity, known),
    )
    return _finished(activity, answer, known, {known[0]: answer.window})


def ask_stickiness(activity: Activity, question: StickinessQuestion) -> stickiness.Stickiness:
    """See `stickiness.stickiness`."""
    known = _known(activity, question.event)
    answer = stickiness.stickiness(
        _counting(activity, [known]),
        known,
        now=_now(activity, question, [known]),
        windows=question.windows,
        last=question.last,
        since=question.since,
        until=question.until,
        gaps=_gaps(activity, [known]),
    )
    return _finished(activity, answer, [known], {known: window_of_rows(answer.rows)})


def ask_growth(activity: Activity, question: GrowthQuestion) -> growth.Growth:
    """See `growth.growth`."""
    known = _known(activity, question.event)
    answer = growth.growth(
        _counting(activity, [known]),
        known,
        now=_now(activity, question, [known]),
        grain=question.grain,
        last=question.last,
        since=question.since,
        until=question.until,
        gaps=_gaps(activity, [known]),
    )
    return _finished(activity, answer, [known], {known: window_of_rows(answer.rows)})


def _counting(activity: Activity, events: Sequence[str]) -> SetReader | Counting:
    """What counts the actors of events: the store, or the engine where the facts are in the lake."""
    if activity.facts is None:
        return activity.store
    counting: Counting = activity.facts.counting(events)
    return counting


def _finished(activity: Activity, answer: _Asked, events: Sequence[str], spans: Mapping[str, Window]) -> _Asked:
    """The answer with the name of its actors, and notes: on events without actors in their span, and annotations."""
    first = events[0]
    remarks = [
        _without_actors(activity, event, spans[event]) for event in sorted(spans, key=lambda event: event != first)
    ]
    collected = activity.owners.table_of(first)
    revisable = merge(part for event in events for part in activity.revisable(event))
    answer = replace(answer, revisable=tuple(revisable))
    notes = (*answer.notes, *filter(None, remarks), *_on_time(activity, events, answer.observed))
    if collected is None:
        return replace(answer, notes=notes)
    event = collected.event
    return replace(answer, notes=notes, actors=event.actors, again=event.again, action=event.action)


def _on_time(activity: Activity, events: Sequence[str], observed: Window) -> Iterator[str]:
    """Notes about the observed time: annotations, and intervals known to be wrong."""
    happened = [activity.happened(event) for event in events]
    within = sort_annotations(one for each in happened for one in each.within(observed, lambda _: True))
    yield from remarks_on_annotations(within)
    yield from remarks_on_known_wrong((one for each in happened for one in each.known_wrong), observed)


def _without_actors(activity: Activity, event: str, span: Window) -> str:
    """A note on an event without actors in a span, with the time when it had some; empty if it has actors."""
    if activity.store.count(event, day_slot(span.start), day_slot(span.end)):
        return ""
    days = [f"{start_of(slot):%Y-%m-%d}" for slot in activity.store.slots(event) if slot != UNDATED]
    if not days:
        return f"No actor did {event!r} at a known time."
    if days[0] > f"{activity.now():%Y-%m-%d}":
        return f"No actor did {event!r} yet: the first mark is dated {days[0]}, in the future."
    start, end = f"{span.start:%Y-%m-%d}", f"{span.end:%Y-%m-%d}"
    done = f"last done on {days[-1]}" if days[-1] < start else f"first done on {days[0]}"
    done = done if days[-1] < start or days[0] >= end else f"done from {days[0]} to {days[-1]}"
    return f"No actor did {event!r} in this time. It was {done}; use --since or --until."


def _flat(steps: Iterable[Name | Iterable[Name]]) -> Iterator[Name]:
    """The steps, given as separate arguments or as a list."""
    for step in steps:
        if isinstance(step, str | Event) or not isinstance(step, Iterable):
            yield step
        else:
            yield from step


def _name_of(event: Any) -> str:
    """The name of an event that is given as an object or by name."""
    name = event.name if isinstance(event, Event) else event
    if not isinstance(name, str):
        raise QueryError(f"{name!r} is not an event: give the name of one, such as 'active'.")
    return name


def _known(activity: Activity, event: str) -> str:
    """Update an event and check that it has actors: an unknown name would return zeros."""
    return activity.known_event(event).name


_Question: TypeAlias = CohortQuestion | FunnelQuestion | StickinessQuestion | GrowthQuestion


def _now(activity: Activity, question: _Question, events: Iterable[str]) -> datetime:
    """The moment to treat as now: the requested one, or the last up to which every event was collected.

    Time that was not collected must not look like time without actors.
    """
    since = question.since
    known = {event: activity.known_until(event) for event in events}
    for event, moment in known.items():
        if moment == EPOCH:
            raise QueryError(f"{event!r} was not collected yet; run `footfall collect`.")
        if since and moment <= since < activity.now():
            raise QueryError(f"{event!r} was not collected since {short(since)}; it is known until {short(moment)}.")
    asked = [question.as_of] if question.as_of else []
    return min([activity.now(), *known.values(), *asked])


def _gaps(activity: Activity, events: Iterable[str]) -> list[Window]:
    return merge(gap for event in events for gap in activity.gaps(event))


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


FLAG = "flag:"
"""The prefix of an event name that selects the actors marked without a time."""


def _conditions(activity: Activity, several: Iterable[str | ActorSet]) -> list[Narrowing]:
    """Resolve conditions: events and flags by name, and sets of any store as ids of this store."""
    empty = Fixed(activity, BitMap64())
    return [
        Among((empty | each).ids(), repr(each).strip("<>")) if isinstance(each, ActorSet) else _named(activity, each)
        for each in several
    ]


def _named(activity: Activity, name: str) -> Narrowing:
    """The condition of an event in the same period; if it has only marks without a time, of the flag of that name."""
    flag = name.removeprefix(FLAG)
    if flag != name and name not in activity.store.events():
        event = activity.known_event(flag)
        if not (members := event.unique().ids()):
            raise QueryError(
                f"no actor is marked without a time as {flag!r}, so there is no {name}; leave out {FLAG!r}."
            )
        return Among(members, name)
    event = activity.known_event(name)
    if activity.store.slots(name) == [UNDATED]:
        return Among(event.unique().ids(), f"{FLAG}{name}")
    return event.name
