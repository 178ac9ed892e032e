"""JupyterHubs, queried for their metrics and their users.

A hub only reports its current state: its state between two requests is unknown. So each day is collected up to the
last request made on it, and a day with a request in its last hour is complete.

settings    [sources.jupyterhub]             exposition  the hub's metrics, as text
tables      what is kept, and the metrics    asking      a hub's metrics and users, over HTTP
rows        from answers to rows             checking    what works of each hub, for `footfall doctor`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pydantic import BaseModel

from footfall.errors import SourceError
from footfall.ledger import Entry, Status
from footfall.metrics import Metric
from footfall.periods import FAR_FUTURE, Grain, Window, floor
from footfall.sources import Batch, Context, Known, Offer, Outcome, Progress
from footfall.sources.ahead import ahead
from footfall.sources.checks import Check
from footfall.sources.hubs import (
    CLUSTERS,
    HUB_ACTIVITY,
    HUB_UNIQUE_USERS,
    HUB_USERS,
    HUB_USERS_METRIC,
    HUBS,
    HUBS_BY_SIZE,
    USERS_BY_SIZE,
    People,
)
from footfall.sources.jupyterhub.asking import Users, read_metrics, read_users
from footfall.sources.jupyterhub.checking import checks_of
from footfall.sources.jupyterhub.exposition import Reading
from footfall.sources.jupyterhub.rows import SETTLING, Asked, Row, arrow, day_of
from footfall.sources.jupyterhub.settings import HubPart, JupyterHubSettings
from footfall.sources.jupyterhub.tables import HUB_LEVELS, HUB_SPAWNS, METRICS
from footfall.sources.naming import ProjectNames
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.http import Client

__all__ = ["JupyterHub", "JupyterHubSettings"]

Answer = TypeVar("Answer")
_TABLES = {table.name: table for table in (HUB_USERS, HUB_LEVELS, HUB_SPAWNS, HUB_ACTIVITY)}
ASKED = "asked"
NO_ACTIVE = "its metrics have no active_users; it needs JupyterHub 3.1 or newer, with these metrics enabled"
OTHER_KEY = (
    "hash_key or names in [sources.jupyterhub] changed, and the same users would count twice; change it back, or "
    "use another name for the source"
)
NO_KEY = 'users are kept as hashes, which need a key: set hash_key in [sources.jupyterhub], or names = "plain", or users = false'


@dataclass(frozen=True)
class _Detail:
    """A hub, and how a table of it was last collected."""

    hub: HubPart
    before: Entry | None

    @property
    def last_asked_at(self) -> datetime | None:
        return self.before.covered_until if self.before else None

    @property
    def fingerprint(self) -> str:
        return self.before.fingerprint if self.before else ""


@dataclass(frozen=True)
class _Task:
    """A hub, and what to collect from it."""

    hub: HubPart
    offers: tuple[Offer, ...]


class JupyterHub:
    """Users, servers and activity of JupyterHubs."""

    name: ClassVar[str] = "jupyterhub"
    description: ClassVar[str] = "Users and servers of JupyterHubs, from their metrics and their REST API."
    Settings: ClassVar[type[BaseModel]] = JupyterHubSettings
    tables: Sequence[Table] = tuple(_TABLES.values())
    metrics: Sequence[Metric] = (
        HUB_USERS_METRIC,
        USERS_BY_SIZE,
        HUBS,
        HUBS_BY_SIZE,
        CLUSTERS,
        HUB_UNIQUE_USERS,
        *METRICS,
    )
    project_names: ClassVar[ProjectNames] = ProjectNames("hub")

    def __init__(self, settings: JupyterHubSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._people = People(
            settings.hash_key if settings.names == "hashed" else None,
            staff=settings.staff,
            services=settings.services,
            staff_groups=settings.staff_groups,
        )

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """For each hub and table today, and yesterday if it is complete by now; hubs that left are retired."""
        last = {
            (entry.table, entry.scope): entry
            for entry in sorted(known, key=lambda e: e.covered_until)
            if entry.is_success
        }
        for hub in self._settings.hubs:
            for name in self._tables:
                before = last.get((name, hub.name))
                if before and before.covered_until < before.window.end <= before.covered_until + SETTLING:
                    yield Offer(name, before.window, hub.name, before.fingerprint, settles_at=before.window.end)
                yield self._offer(hub, name, before, now)
        names = {hub.name for hub in self._settings.hubs}
        retired = {(e.table, e.scope) for e in known if e.status is Status.RETIRED}
        for (table, scope), entry in last.items():
            if scope not in names and (table, scope) not in retired:
                yield Offer(table, Window(entry.covered_until, FAR_FUTURE), scope)

    @property
    def _tables(self) -> tuple[str, ...]:
        return tuple(name for name in _TABLES if self._settings.users or name != HUB_ACTIVITY.name)

    def _offer(self, hub: HubPart, table: str, before: Entry | None, now: datetime) -> Offer:
        day = day_of(now) if table == HUB_USERS.name else floor(Grain.DAY, now)
        window = Window.of_day(day.date())
        is_nameless = table == HUB_ACTIVITY.name and self._settings.names == "hashed" and not self._settings.hash_key
        absent = NO_KEY if is_nameless else ""
        return Offer(table, window, hub.name, settles_at=window.end, absent=absent, detail=_Detail(hub, before))

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """A batch per hub. Each hub is queried once, a few at a time; a hub that fails does not affect the others."""
        by_hub: dict[str, list[Offer]] = {}
        for offer in offers:
            if offer.detail is None:
                yield Batch([_without_asking(offer)])
            else:
                by_hub.setdefault(offer.scope, []).append(offer)
        tasks = [_Task(each[0].detail.hub, tuple(each)) for each in by_hub.values()]
        for batch in ahead(self._ask, tasks, threads=4, most=16):
            tell(windows=len(batch.outcomes))
            yield batch

    def _ask(self, task: _Task) -> Batch:
        """What the hub reports; metrics and users can fail independently."""
        client, at = self._context.client(), self._context.now()
        wants_users = self._settings.users and any(offer.table != HUB_USERS.name for offer in task.offers)
        wants_metrics = any(offer.table != HUB_ACTIVITY.name for offer in task.offers)
        users = _tried(read_users, task.hub, client) if wants_users else None
        reading = _tried(read_metrics, task.hub, client) if wants_metrics else None
        asked = Asked(task.hub, at)
        outcomes: list[Outcome] = []
        rows: dict[str, pa.Table] = {}
        for offer in task.offers:
            found = self._rows(offer, asked, reading, users)
            if isinstance(found, str):
                outcomes.append(offer.failed(found))
                continue
            listed, note = found
            fingerprint = self._people.fingerprint if offer.table == HUB_ACTIVITY.name else ASKED
            covered = min(at, offer.window.end)
            outcomes.append(offer.done(len(listed), covered_until=covered, note=note, fingerprint=fingerprint))
            rows[offer.table] = arrow(_TABLES[offer.table], listed)
        return Batch(outcomes, rows)

    def _rows(
        self, offer: Offer, asked: Asked, reading: Reading | SourceError | None, users: Users | SourceError | None
    ) -> tuple[list[Row], str] | str:
        """The rows of one table with a note; or why there are none."""
        last_asked_at, looked = offer.detail.last_asked_at, offer.detail.fingerprint
        known = users if isinstance(users, Users) else None
        match offer.table:
            case HUB_ACTIVITY.name:
                if looked not in ("", self._people.fingerprint):
                    return OTHER_KEY
                if not isinstance(users, Users):
                    return str(users)
                since = floor(Grain.DAY, last_asked_at or asked.at)
                return asked.activity(users, self._people, since), _note_of(users)
            case _ if not isinstance(reading, Reading):
                return str(reading)
            case HUB_USERS.name:
                return (listed, "") if (listed := asked.users(reading)) else NO_ACTIVE
            case HUB_LEVELS.name:
                return asked.levels(reading, known)
            case _:
                return asked.spawns(reading, last_asked_at), ""

    def checks(self, now: datetime) -> Iterator[Check]:
        """For each hub, whether its metrics and its users can be read."""
        if self._settings.users and self._settings.names == "hashed" and not self._settings.hash_key:
            yield Check("users", "failed", "no hash_key is set", NO_KEY)
        for hub in self._settings.hubs:
            yield from checks_of(hub, self._context.client(), with_users=self._settings.users)


def _tried(read: Callable[[HubPart, Client], Answer], hub: HubPart, client: Client) -> Answer | SourceError:
    try:
        return read(hub, client)
    except SourceError as error:
        return error


def _note_of(users: Users) -> str:
    is_blind = bool(users.users) and users.users[0].starts is None
    return "the token lacks read:servers, so started servers are unknown" if is_blind else ""


def _without_asking(offer: Offer) -> Outcome:
    """A hub that left the settings, or a complete day that was requested again."""
    if offer.window.end == FAR_FUTURE:
        return offer.retired("it is no longer in the settings", since=offer.window.start)
    return offer.unchanged(covered_until=offer.window.end, note=None)
