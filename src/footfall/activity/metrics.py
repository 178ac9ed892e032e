"""The distinct actors of an event as a metric, queried like any other."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from footfall.metrics import EventFact, Kind, Metric

if TYPE_CHECKING:
    from footfall.activity.activity import Activity

PREFIX = "event:"
"""The prefix of an event with the same name as a metric: `event:authors`."""


def event_metrics(activity: Activity, taken: Container[str]) -> dict[str, Metric]:
    """The metrics of all events, by name: `event:NAME` if a metric has the name already."""
    named = {f"{PREFIX}{event}" if event in taken else event: event for event in activity.names()}
    return {name: event_metric(activity, event, name=name) for name, event in named.items()}


def metric_named(activity: Activity, name: str) -> Metric | None:
    """The metric of the event called `name`, with or without `event:`; None if the event does not exist."""
    known = activity.names()
    event = next((each for each in (name, name.removeprefix(PREFIX)) if each in known), None)
    return None if event is None else event_metric(activity, event, name=name)


def event_metric(activity: Activity, event: str, *, name: str = "") -> Metric:
    """The metric of an event, called `name`, by default like the event.

    If a table reports the event, title, description and unit come from the table.
    """
    collected = activity.owners.table_of(event)
    if collected is not None:
        actors, says = collected.event.actors, collected.event.description
        return Metric(
            name=name or event,
            title=f"{actors[:1].upper()}{actors[1:]}",
            description=f"Distinct actors of the event {event} in each period. {says}",
            kind=Kind.DISTINCT,
            unit=actors,
            facts=(EventFact(event),),
        )
    return Metric(
        name=name or event,
        title=f"Actors of {event}",
        description=f"Distinct actors that were marked with the event {event} in each period.",
        kind=Kind.DISTINCT,
        unit="actors",
        facts=(EventFact(event),),
    )
