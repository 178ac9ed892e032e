"""Who the communities are, from the list in the lake, and how many users their hubs have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.communities.answer import Communities, Community
from footfall.errors import QueryError, UnknownNameError
from footfall.formats import counted, number
from footfall.lake.files import read_as
from footfall.metrics import Metric, Subject
from footfall.periods import in_utc
from footfall.sources.hubs import HUB_COMMUNITIES, Timescale
from footfall.sources.hubs.metrics import HUB_USERS_METRIC, TIMESCALE
from footfall.states import State

if TYPE_CHECKING:
    from footfall.lake import Lake, Snapshot
    from footfall.result import Result
    from footfall.tables import Table

DAYS, MOST_DAYS = 28, 3660
_COMMUNITY = "community"


@dataclass(frozen=True)
class Knowledge:
    """What a question about communities is answered from."""

    lake: Lake
    snapshot: Callable[..., Snapshot]
    metrics: Mapping[str, Metric]
    tables: Mapping[str, Table]
    ask: Callable[..., Result]
    """`Workspace.query`."""


@dataclass(frozen=True)
class _Listed:
    """The list of communities, as it was read on a day."""

    on: datetime
    rows: tuple[dict[str, Any], ...]
    version: str


def ask_communities(knowledge: Knowledge, until: datetime, days: int, constellation: str | None) -> Communities:
    """The communities of the last list up to `until`, with the users of the `days` days before it.

    Raises:
        QueryError: Where no list of communities was collected.
        UnknownNameError: For a constellation that is not on the list.
    """
    listed = _listed(knowledge, until)
    since = until - timedelta(days=days)
    users = _users(knowledge, since, until)
    amounts = {} if users is None else {row[_COMMUNITY]: row for row in users.rows.to_pylist()}
    communities = [_community(row, amounts.get(row["community"])) for row in listed.rows]
    if constellation is not None:
        communities = _of_constellation(communities, constellation)
    communities.sort(key=lambda one: (one.users is None, -(one.users or 0.0), one.name))
    return Communities(
        communities=tuple(communities),
        since=since,
        until=until,
        listed_on=listed.on,
        constellation=constellation,
        chosen=() if users is None else tuple(users.policies.items()),
        notes=tuple(_notes(listed, users, amounts, until, is_whole=constellation is None)),
        versions=(listed.version, *([] if users is None else [users.version])),
    )


def _listed(knowledge: Knowledge, until: datetime) -> _Listed:
    """The last list that was read up to the day `until`, or else the first one there is."""
    if HUB_COMMUNITIES.name not in knowledge.tables:
        raise QueryError(
            'no list of communities is set up; name a CSV file in the settings of the source: communities = "communities.csv".'
        )
    snapshot = knowledge.snapshot(tables=[HUB_COMMUNITIES])
    pinned = snapshot.tables.get(HUB_COMMUNITIES.name)
    if pinned is None or not pinned.files:
        raise QueryError("no list of communities was read yet; run `footfall collect`.")
    columns = ("day", "community", "constellation", "location", "latitude", "longitude", "hubs")
    asked = (
        f"WITH listed AS (FROM {read_as(HUB_COMMUNITIES, pinned.current)}), "
        "chosen AS (SELECT coalesce(max(day) FILTER (day <= ?), min(day)) AS day FROM listed) "
        f"SELECT {', '.join(columns)} FROM listed SEMI JOIN chosen USING (day) ORDER BY community"
    )
    found = knowledge.lake.cursor().sql(asked, params=[until]).to_arrow_table()
    rows = tuple(found.to_pylist())
    return _Listed(in_utc(rows[0]["day"]), rows, snapshot.version)


def _users(knowledge: Knowledge, since: datetime, until: datetime) -> Result | None:
    """Monthly users by community; None where hubs are measured without their communities."""
    metric = knowledge.metrics.get(HUB_USERS_METRIC.name)
    if metric is None or _COMMUNITY not in Subject.of(metric, knowledge.tables).dimensions:
        return None
    if TIMESCALE.name not in (policy.name for policy in metric.policies):
        return None
    monthly = {TIMESCALE.name: Timescale.MONTHLY.value}
    return knowledge.ask(metric.name, grain="total", since=since, until=until, by=[_COMMUNITY], policies=monthly)


def _community(listed: Mapping[str, Any], measured: Mapping[str, Any] | None) -> Community:
    known = measured or {}
    return Community(
        name=listed["community"],
        constellation=listed["constellation"] or "",
        location=listed["location"] or "",
        latitude=listed["latitude"],
        longitude=listed["longitude"],
        hubs=listed["hubs"],
        users=known.get(HUB_USERS_METRIC.name),
        coverage=known.get("coverage", 0.0),
        state=State(known["state"]) if known else State.LOST,
    )


def _of_constellation(communities: list[Community], name: str) -> list[Community]:
    names = sorted({one.constellation for one in communities if one.constellation})
    if name not in names:
        raise UnknownNameError("constellation", name, names)
    return [one for one in communities if one.constellation == name]


def _notes(
    listed: _Listed, users: Result | None, amounts: Mapping[str, Any], until: datetime, *, is_whole: bool
) -> list[str]:
    said = [] if users is None else [note for note in users.notes if is_whole or "community" not in note]
    if listed.on > until:
        said.append(f"The list of communities was first read on {listed.on:%Y-%m-%d}, after the requested time.")
    if users is None:
        said.append("No configured source counts users of hubs by community.")
    if silent := [row["community"] for row in listed.rows if row["community"] not in amounts] if users else []:
        said.append(
            f"There are no user counts for {counted(len(silent), 'community', 'communities')}; this does not mean 0."
        )
    names = {row["community"] for row in listed.rows}
    beside = [row[HUB_USERS_METRIC.name] for name, row in amounts.items() if name not in names]
    if rest := sum(value or 0.0 for value in beside):
        said.append(f"{number(rest)} users belong to hubs without a community in the list; they are not shown.")
    return list(dict.fromkeys(said))
