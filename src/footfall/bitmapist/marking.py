"""Marking and unmarking events, and emptying a system."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast

import footfall.bitmapist as package  # whose TRACK_HOURLY and TRACK_UNIQUE an application sets
from footfall.activity.activity import Activity
from footfall.bitmapist.events import DayEvents, HourEvents
from footfall.bitmapist.pipelines import queue_marks, queue_unmarks
from footfall.bitmapist.systems import DEFAULT, System, activity_of, redis_of
from footfall.errors import QueryError
from footfall.stores.ids import Actors
from footfall.stores.redis.client import is_pipeline
from footfall.stores.store import PER_DAY, UNDATED

if TYPE_CHECKING:
    from footfall.stores.redis import RedisStore


def mark_event(
    event_name: str,
    uuid: Any,
    system: System = DEFAULT,
    now: datetime | None = None,
    track_hourly: bool | None = None,
    track_unique: bool | None = None,
    use_pipeline: bool = True,
) -> None:
    """Mark that one or more actors did an event on the day of `now`, and so in its week, month and year.

    `now` is used as given, whatever its time zone; the default is the current moment in UTC. If `system` is a Redis
    pipeline and `use_pipeline` is False, the marks stay queued in it until the caller executes it.
    """
    is_hourly, is_unique = _tracked(track_hourly, track_unique)
    slots = [_slot(now, is_hourly), *([UNDATED] if is_unique else [])]
    _mark(event_name, uuid, slots, system, is_queued=not use_pipeline)


def unmark_event(
    event_name: str,
    uuid: Any,
    system: System = DEFAULT,
    now: datetime | None = None,
    track_hourly: bool | None = None,
    track_unique: bool | None = None,
    use_pipeline: bool = True,
) -> None:
    """Remove the marks of a day with all its hours; if hours are tracked, only those of the hour.

    A longer period keeps an actor as long as another part of it has the actor: another day of a week, another hour of a
    day.
    """
    is_hourly, is_unique = _tracked(track_hourly, track_unique)
    slots = [_slot(now, is_hourly), *([UNDATED] if is_unique else [])]
    _unmark(event_name, uuid, slots, system, is_queued=not use_pipeline)


def mark_unique(event_name: str, uuid: Any, system: System = DEFAULT) -> None:
    """Flag one or more actors without a time."""
    _mark(event_name, uuid, [UNDATED], system, is_queued=True)


def unmark_unique(event_name: str, uuid: Any, system: System = DEFAULT) -> None:
    """Remove the flag of one or more actors."""
    _unmark(event_name, uuid, [UNDATED], system, is_queued=True)


def _mark(event: str, uuid: Any, slots: list[int], system: System, is_queued: bool) -> None:
    activity = activity_of(system)
    marks = dict.fromkeys(slots, activity.naming.all_stored(uuid))
    if is_queued and is_pipeline(system):
        queue_marks(system, cast("RedisStore", activity.store), event, marks)
    else:
        activity.mark_dated(event, marks)


def _unmark(event: str, uuid: Any, slots: list[int], system: System, is_queued: bool) -> None:
    activity = activity_of(system)
    who = activity.naming.all_stored(uuid)
    if is_queued and is_pipeline(system):
        queue_unmarks(system, activity.store, event, dict.fromkeys(slots, who))
        return
    marks: dict[int, Actors] = {}
    for slot in slots:
        is_hour = slot != UNDATED and slot % PER_DAY
        marks |= _hour_or_day(activity, event, slot, who) if is_hour else {slot: who}
    activity.unmark_dated(event, marks)


def _tracked(hourly: bool | None, unique: bool | None) -> tuple[bool, bool]:
    return (
        bool(package.TRACK_HOURLY if hourly is None else hourly),
        bool(package.TRACK_UNIQUE if unique is None else unique),
    )


def _slot(now: datetime | None, is_hourly: bool) -> int:
    """The slot of the day or hour of a moment, used as given."""
    period = HourEvents if is_hourly else DayEvents
    if not isinstance(now, date | None):
        raise QueryError(f"now={now!r} is not a moment in time; give a datetime.")
    return period.from_date("", now).slots()[0]


def _hour_or_day(activity: Activity, event: str, hour: int, who: Actors) -> dict[int, Actors]:
    """The marks to remove for an hour: for actors who are marked in no other hour of the day, the whole day."""
    day = hour - hour % PER_DAY
    others = activity.store.union(event, day + 1, hour) | activity.store.union(event, hour + 1, day + PER_DAY)
    numbers = {int(number): int(number) in others for number in who.numbers}
    names = {
        name: id is not None and id in others
        for name, id in zip(who.names, activity.store.ids_of(who.names), strict=True)
    }
    return {
        slot: Actors(
            [n for n, is_other in numbers.items() if is_other is keeps_day],
            [n for n, is_other in names.items() if is_other is keeps_day],
        )
        for slot, keeps_day in ((hour, True), (day, False))
    }


def get_event_names(system: System = DEFAULT, prefix: str = "", batch: int = 10000) -> list[str]:
    """The marked events whose names start with `prefix`; `batch` is accepted for compatibility."""
    return [name for name in activity_of(system).events() if name.startswith(prefix)]


def delete_all_events(system: System = DEFAULT) -> None:
    """Remove every mark of every event. Events that collected tables report stay."""
    activity = activity_of(system)
    for name in activity.store.events():
        if not activity.owners.is_of_table(name):
            activity.store.delete(name)
    delete_temporary_bitop_keys(system)


def delete_temporary_bitop_keys(system: System = DEFAULT) -> None:
    """Delete the temporary keys that the original bitmapist left in Redis; ours leaves none."""
    client = redis_of(system)
    if client is not None:
        for key in client.scan_iter(match=_LEFT_BEHIND, count=10_000):
            client.delete(key)


_LEFT_BEHIND = "trackist_bitop_*_trackist_*"
"""An operation and the keys of its operands; an event called `bitop_…` does not match and keeps its marks."""


def delete_runtime_bitop_keys() -> None:
    """Do nothing: results are in memory, and only as long as they are referenced."""
