"""From a hub's answers to rows of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.periods import Grain, floor
from footfall.sources.hubs import Action, People, size_of
from footfall.sources.jupyterhub.asking import Users
from footfall.sources.jupyterhub.exposition import Reading
from footfall.sources.jupyterhub.settings import HubPart
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
SETTLING = timedelta(hours=1)
"""How long a restarted hub may not know all running servers; also how old its count of active users may be."""


def day_of(moment: datetime) -> datetime:
    """The day that a count of active users read at `moment` is for: within the first hour, the previous day."""
    return floor(Grain.DAY, moment - SETTLING)


@dataclass(frozen=True)
class Asked:
    """A hub that was queried at a moment."""

    hub: HubPart
    at: datetime

    @property
    def _where(self) -> Row:
        return {"cluster": self.hub.place, "hub": self.hub.name, "is_staging": self.hub.is_staging}

    def users(self, reading: Reading) -> list[Row]:
        day = day_of(self.at)
        return [
            {"date": day, **self._where, "timescale": span.value, "size": size_of(count), "users": count}
            for span, count in reading.active.items()
        ]

    def levels(self, reading: Reading, users: Users | None) -> tuple[list[Row], str]:
        """The row, and a note about it. A restarted hub counts up from 0 until it has seen its servers."""
        running, note = reading.running, ""
        counted = users.running if users else None
        is_fresh = reading.started_at is not None and self.at - reading.started_at < SETTLING
        if counted is not None and running is not None and counted != running:
            note = f"its metric says {running} running servers, its list of users {counted}, which is used"
        elif counted is None and is_fresh:
            note = "the hub restarted less than an hour before: the number of running servers is unknown"
            running = None
        row = {"hour": floor(Grain.HOUR, self.at), **self._where, "total_users": reading.total}
        return [{**row, "running_servers": running if counted is None else counted}], note

    def spawns(self, reading: Reading, last_asked_at: datetime | None) -> list[Row]:
        """The counts; if the process started after the last request, its counts started at 0."""
        started = reading.started_at
        run = f"{started:%Y-%m-%dT%H:%M:%SZ}" if started else ""
        hour = floor(Grain.HOUR, self.at)
        moments = [(hour, 1)]
        if started is not None and last_asked_at is not None and last_asked_at < started < self.at:
            # If the start is in the hour of the request, it would replace the count.
            moments.insert(0, (min(floor(Grain.HOUR, started), hour - timedelta(hours=1)), 0))
        return [
            {"hour": moment, **self._where, "outcome": outcome, "run": run, "spawns": count * factor}
            for moment, factor in moments
            for outcome, count in reading.spawns.items()
        ]

    def activity(self, users: Users, people: People, since: datetime) -> list[Row]:
        """Who was active, and who started a server, on the days since `since`: a row per user, day and event."""
        rows: dict[tuple[datetime, str, str], Row] = {}
        for user in users.users:
            actor, role = people.kept_name(user.name), people.role(user.name, user.groups).value
            for moment, action in _actions(user.active_at, user.starts or ()):
                if since <= moment <= self.at:
                    day = floor(Grain.DAY, moment)
                    row = {"day": day, **self._where, "actor": actor, "action": action.value, "role": role, "seen": 1}
                    rows[day, actor, action] = row
        return list(rows.values())


def _actions(active_at: datetime | None, starts: tuple[datetime, ...]) -> Iterator[tuple[datetime, Action]]:
    if active_at is not None:
        yield active_at, Action.ACTIVE
    for started in starts:
        yield started, Action.ACTIVE
        yield started, Action.STARTED


def arrow(table: Table, rows: list[Row]) -> pa.Table:
    """The rows in the form of the table; the moment of observation is added when they are stored."""
    import pyarrow as pa

    return pa.Table.from_pylist(
        [{name: row.get(name) for name in table.names} for row in rows], schema=table.arrow_schema()
    )
