"""Metrics, status and events as records for programs: dicts of strings, numbers and lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from footfall.errors import QueryError, UnknownNameError
from footfall.frames import plain
from footfall.metrics import Metric, Subject
from footfall.periods import Grain, parse_moment

if TYPE_CHECKING:
    from footfall.activity.events import PeriodSet
    from footfall.tables import Column, Table
    from footfall.workspace import Workspace

_MOST_LABELS = 300
_PERIODS = {
    Grain.YEAR: r"\d{4}",
    Grain.MONTH: r"\d{4}-\d{2}",
    Grain.WEEK: r"\d{4}-[Ww]\d{2}",
    Grain.DAY: r"\d{4}-\d{2}-\d{2}|today|yesterday",
}


def metrics_of(workspace: Workspace, among: Mapping[str, Metric] | None = None) -> list[dict[str, Any]]:
    """All metrics: those of the sources, then the actors of events.

    Args:
        workspace: What is asked.
        among: Only these, by name; None for all.

    Example:
        >>> metrics_of(ff)[0]["name"]
        'commits'
    """
    every = {**workspace.metrics, **workspace.event_metrics} if among is None else among
    return [metric_record(metric, workspace.tables) for metric in every.values()]


def metric_of(workspace: Workspace, name: str, among: Mapping[str, Metric] | None = None) -> dict[str, Any]:
    """One of them.

    Args:
        workspace: What is asked.
        name: Of the metric.
        among: Only these are known, by name; None for all.

    Raises:
        UnknownNameError: For a metric that does not exist.
    """
    every = {**workspace.metrics, **workspace.event_metrics} if among is None else among
    if name not in every:
        raise UnknownNameError("metric", name, every)
    return metric_record(every[name], workspace.tables)


def metric_record(metric: Metric, tables: Mapping[str, Table]) -> dict[str, Any]:
    """A metric: what it counts, how it adds up, its dimensions and policies."""
    subject = Subject.of(metric, tables)
    finest = subject.resolution if subject.tables or metric.event is None else Grain.DAY
    return {
        "name": metric.name,
        "title": metric.title,
        "description": metric.description,
        "unit": metric.unit,
        "kind": str(metric.kind),
        "adds_up": metric.adds_up,
        "version": metric.version,
        "finest_grain": str(finest),
        "dimensions": [_dimension(column) for column in subject.dimensions.values()],
        "policies": [
            {
                "name": policy.name,
                "description": policy.description,
                "default": policy.default,
                "choices": {name: None if kept is None else str(kept) for name, kept in policy.choices.items()},
            }
            for policy in metric.policies
        ],
        "tables": [table.name for table in subject.tables],
        "event": metric.event,
    }


def _dimension(column: Column) -> dict[str, Any]:
    labels = dict(list(column.codes.items())[:_MOST_LABELS])
    return {"name": column.name, "description": column.description, "labels": labels}


def status_of(workspace: Workspace) -> dict[str, Any]:
    """The state of every source, and reasons for monitoring to raise an alarm."""
    from footfall.upkeep.records import standing_of
    from footfall.upkeep.worries import Thresholds, reasons

    found, now = workspace.standing(), workspace.now()
    return standing_of(found, now, reasons(found, now, Thresholds()))


def events_of(workspace: Workspace) -> list[dict[str, Any]]:
    """The events that have actors: first and last day, actors, marks."""
    activity = workspace.activity
    found = [activity.summary(name) for name in activity.events()]
    return [
        {
            "event": each.name,
            "description": each.description,
            "first_day": None if each.first_day is None else f"{each.first_day:%Y-%m-%d}",
            "last_day": None if each.last_day is None else f"{each.last_day:%Y-%m-%d}",
            "actors": each.actors,
            "marks": each.marks,
        }
        for each in found
    ]


def event_of(workspace: Workspace, name: str, period: str | None) -> dict[str, Any]:
    """How many actors did an event in a period, and how much of it is known.

    Args:
        workspace: What is asked.
        name: Of the event.
        period: "2026", "2026-11", "2026-W48", "2026-11-23", "today", "yesterday"; None for all time.

    Raises:
        UnknownNameError: For an event that has no actors.
        QueryError: For a period that cannot be read.
    """
    actors = _actors_of(workspace, name, period)
    until = workspace.activity.known_until(name)
    gaps = [gap for gap in workspace.activity.gaps(name) if actors.window is None or gap.overlaps(actors.window)]
    return {
        **_period(name, period, actors),
        "actors": len(actors),
        "marks": actors.occurrences(),
        "known_until": plain(until),
        "is_over": actors.window is None or actors.window.end <= until,
        "gaps": [{"since": plain(gap.start), "until": plain(gap.end)} for gap in gaps],
        "notes": list(workspace.notes_on_events(name)),
    }


def membership_of(workspace: Workspace, name: str, actor: str, period: str | None) -> dict[str, Any]:
    """Whether an actor did an event in a period; a text of digits is that number."""
    from footfall.activity.actors import read_actor

    actors = _actors_of(workspace, name, period)
    return {**_period(name, period, actors), "actor": actor, "did": read_actor(actor) in actors}


def _actors_of(workspace: Workspace, name: str, period: str | None) -> PeriodSet:
    activity = workspace.activity
    if name not in (known := activity.names()):
        raise UnknownNameError("event", name, known)
    event = activity.event(name)
    if period is None:
        return event.ever()
    grain = next((grain for grain, form in _PERIODS.items() if re.fullmatch(form, period.strip(), re.ASCII)), None)
    if grain is None:
        raise QueryError(
            f"period is {period!r}; write one like 2026, 2026-11, 2026-W48, 2026-11-23, today or yesterday."
        )
    found: PeriodSet = getattr(event, str(grain))(parse_moment(period, workspace.now()))
    return found


def _period(name: str, period: str | None, actors: PeriodSet) -> dict[str, Any]:
    start, end = (None, None) if period is None else (_plain(actors.start), _plain(actors.end))
    return {"event": name, "period": period, "since": start, "until": end}


def _plain(moment: datetime) -> str:
    return str(plain(moment))
