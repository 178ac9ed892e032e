"""Running something on a schedule until a signal ends the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from footfall.errors import QueryError
from footfall.periods import parse_length

_LONGEST_SLEEP = 30.0
"""Seconds. After a suspend or a clock change, work is late by no more than this."""
_SHORTEST = timedelta(minutes=1)


class Schedule(Protocol):
    """When something is due."""

    is_due_at_once: bool

    def after(self, start: datetime, now: datetime) -> datetime:
        """The first due time after `now`, if `start` was a due time."""
        ...


@dataclass(frozen=True)
class Every:
    """Immediately, and then at fixed intervals: a run that takes too long skips a time, so that runs never overlap.

    Example:
        >>> six = Every(timedelta(hours=6))
        >>> six.after(datetime(2026, 3, 1, 0, tzinfo=UTC), datetime(2026, 3, 1, 7, tzinfo=UTC)).hour
        12
    """

    length: timedelta
    is_due_at_once = True

    def after(self, start: datetime, now: datetime) -> datetime:
        return start + self.length * max(1, (now - start) // self.length + 1)


@dataclass(frozen=True)
class Cron:
    """At the times of a cron expression of five fields, in UTC.

    Example:
        >>> Cron("30 5 * * *").after(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 6, tzinfo=UTC)).day
        2
    """

    expression: str
    is_due_at_once = False

    def after(self, start: datetime, now: datetime) -> datetime:
        from cronsim import CronSim

        return next(CronSim(self.expression, now.astimezone(UTC)))


def parse_schedule(text: str) -> Schedule:
    """A duration such as "6h", or a cron expression such as "30 5 * * *" (UTC). Raises QueryError for anything else."""
    if len(text.split()) == 5:
        return _parse_cron(text)
    try:
        length = parse_length(text)
    except QueryError:
        raise QueryError(
            f'{text!r} is not a schedule; write a length of time such as 6h, or a cron expression such as "30 5 * * *".'
        ) from None
    return Every(length)


def _parse_cron(text: str) -> Schedule:
    from cronsim import CronSim, CronSimError

    schedule = Cron(" ".join(text.split()))
    try:
        CronSim(schedule.expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise QueryError(f'{text!r} is not a cron expression: {error}; an example is "30 5 * * *".') from None
    return schedule


def repeat(
    work: Callable[[], None],
    schedule: Schedule,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    tell: Callable[[datetime], None],
) -> None:
    """Run `work` whenever it is due; `tell` receives the next time. Ends only by an exception of `work` or `sleep`."""
    due = started = now()
    if schedule.is_due_at_once:
        work()
    while True:
        due = schedule.after(started, now())
        tell(due)
        while (left := (due - now()).total_seconds()) > 0:
            sleep(min(left, _LONGEST_SLEEP))
        work()
