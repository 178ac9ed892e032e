"""An independent answer to every query, hour by hour in plain Python: slow, and too simple to be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from footfall.ledger import Entry, Status
from footfall.metrics import Fact, Kind, Metric
from footfall.tables import Table

Row = Mapping[str, Any]
Collected = Mapping[str, set[datetime]]
HOUR = timedelta(hours=1)


def expected(
    metric: Metric,
    table: Table,
    rows: Sequence[Row],
    entries: Sequence[Entry],
    *,
    grain: str,
    since: datetime,
    until: datetime,
    by: Sequence[str] = (),
    keep: Callable[[Row], bool] = lambda row: True,
    top: int | None = None,
    rolling: int = 1,
    cumulative: bool = False,
    compare: str | None = None,
) -> list[tuple[Any, ...]]:
    """(period, dimensions…, value, [previous, change, percent], coverage) for every period and group."""
    rows = [row for row in rows if keep(row)]
    since, until = _widened(grain, since, until)
    looks_back = rolling > 1 or compare is not None
    periods = _periods(grain, since - timedelta(days=500) if looks_back else since, until)
    asked = [key for key in periods if periods[key][-1] >= since]
    first = list(periods).index(asked[0])

    def within(row: Row, hours: Sequence[datetime]) -> bool:
        moment: datetime = row[table.time]
        return hours[0] <= moment < hours[-1] + HOUR

    def group_of(row: Row) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in by)

    window = [row for row in rows if since <= row[table.time] < until]
    groups = {group_of(row) for row in window} if by else {()}
    kept = groups
    if top is not None:
        sizes = {g: _value(metric, table, [row for row in window if group_of(row) == g]) for g in groups}
        kept = set(sorted(groups, key=lambda g: (-sizes[g], [(v is None, v) for v in g]))[:top])
        if kept != groups:
            groups = kept | {("other",) * len(by)}
    if compare:
        groups |= {group_of(row) if group_of(row) in kept else ("other",) * len(by) for row in rows} if by else set()

    def belongs(row: Row, group: tuple[Any, ...]) -> bool:
        if top is not None and group == ("other",) * len(by):
            return group_of(row) not in kept
        return group_of(row) == group

    scope_position = next((n for n, name in enumerate(by) if name == table.rule.scope), None)

    collected = _collected(entries)

    def known_of(group: tuple[Any, ...]) -> Collected:
        if scope_position is None:
            return collected
        return {scope: hours for scope, hours in collected.items() if scope == group[scope_position]}

    @cache
    def of_group(group: tuple[Any, ...]) -> list[Row]:
        return [row for row in rows if belongs(row, group)]

    def plain(group: tuple[Any, ...], key: Any) -> Any:
        hours = periods[key]
        seen = [row for row in of_group(group) if within(row, hours)]
        if seen:
            return _value(metric, table, seen)
        adds = metric.kind in (Kind.SUM, Kind.DISTINCT)
        return 0 if adds and _coverage(known_of(group), hours) > 0 else None

    def final(group: tuple[Any, ...], key: Any) -> tuple[Any, float]:
        position = list(periods).index(key)
        if cumulative:
            if plain(group, key) is None:
                return None, 0.0
            hours = [hour for k in list(periods)[first : position + 1] for hour in periods[k]]
            seen = [row for row in of_group(group) if within(row, hours)]
            return (_value(metric, table, seen) if seen else 0), _coverage(known_of(group), hours)
        keys = list(periods)[position - rolling + 1 : position + 1]
        shares = [_coverage(known_of(group), periods[k]) for k in keys]
        coverage = sum(shares) / len(keys)
        if rolling == 1:
            return plain(group, key), coverage
        values: list[Any] = [plain(group, k) for k in keys] if set(shares) == {1.0} else [None]
        return (None if None in values else sum(values) / len(values)), coverage

    scope_column = table.rule.scope

    def alike(group: tuple[Any, ...], key: Any, earlier: Any) -> tuple[Any, Any]:
        """The values of the hours that were collected of both periods, by scope; whole periods where all was."""
        names = sorted(known_of(group))
        here: set[tuple[str, datetime]] = set()
        before: set[tuple[str, datetime]] = set()
        for name in names:
            mine = {name: collected[name]}
            if _coverage(mine, periods[key]) == _coverage(mine, periods[earlier]) == 1:
                pairs = [*((h, None) for h in periods[key]), *((None, h) for h in periods[earlier])]
            else:
                pairs = [
                    (hour, other)
                    for hour in periods[key]
                    if (other := _counterpart(grain, hour, key, earlier)) in periods[earlier]
                    and _coverage(mine, [hour]) == _coverage(mine, [other]) == 1
                ]
            here |= {(name, h) for h, _ in pairs if h}
            before |= {(name, h) for _, h in pairs if h}

        def value(part: set[tuple[str, datetime]]) -> Any:
            def is_in(row: Row) -> bool:
                moment: datetime = row[table.time]
                scope = row[scope_column] if scope_column else ""
                return (scope, moment.replace(minute=0, second=0, microsecond=0)) in part

            if not part:
                return None
            seen = [row for row in of_group(group) if is_in(row)]
            return _value(metric, table, seen) if seen else 0 if metric.kind in (Kind.SUM, Kind.DISTINCT) else None

        return value(here), value(before)

    answer = []
    for n, key in enumerate(asked):
        for group in groups:
            value, coverage = final(group, key)
            compared: tuple[Any, ...] = ()
            if compare:
                earlier = _year_before(grain, key) if compare == "year" else list(periods)[first - len(asked) + n]
                if rolling > 1:
                    here, before = value, final(group, earlier)[0]
                else:
                    here, before = alike(group, key, earlier)
                if here is None or before is None:
                    compared = (before, None, None)
                else:
                    compared = (before, here - before, (here - before) / before * 100 if before else None)
            answer.append((periods[key][0] if grain == "total" else key, *group, value, *compared, coverage))
    return answer


def _counterpart(grain: str, hour: datetime, key: datetime, earlier: datetime) -> datetime | None:
    """The hour of the earlier period that stands where `hour` does in its own."""
    if grain != "year":
        return earlier + (hour - key)
    try:
        return hour.replace(year=earlier.year)
    except ValueError:  # 29 February
        return None


def _value(metric: Metric, table: Table, rows: Sequence[Row]) -> Any:
    (fact,) = metric.facts
    assert isinstance(fact, Fact)
    (column,) = fact.columns
    match metric.kind:
        case Kind.SUM:
            return sum(row[column] for row in rows)
        case Kind.DISTINCT:
            return len({row[column] for row in rows if row[column] is not None})
        case Kind.LATEST:
            return max(row[column] for row in rows)
        case Kind.LEVEL:
            moments = sorted({row[table.time] for row in rows})
            sums = [sum(row[column] for row in rows if row[table.time] == moment) for moment in moments]
            return {"mean": sum(sums) / len(sums), "max": max(sums), "last": sums[-1]}[metric.within]


def _widened(grain: str, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Whole periods: a total has none."""
    if grain == "total":
        return since, until
    while _start(grain, until, since) != until:
        until += HOUR
    return _start(grain, since, since), until


def _periods(grain: str, since: datetime, until: datetime) -> dict[Any, list[datetime]]:
    """The hours of each period, by the period's start."""
    periods: dict[Any, list[datetime]] = {}
    hour = since
    while hour < until:
        periods.setdefault(_start(grain, hour, since), []).append(hour)
        hour += HOUR
    return periods


def _start(grain: str, hour: datetime, since: datetime) -> datetime:
    midnight = hour.replace(hour=0)
    return {
        "hour": hour,
        "day": midnight,
        "week": midnight - timedelta(days=hour.isoweekday() - 1),
        "month": midnight.replace(day=1),
        "year": midnight.replace(month=1, day=1),
        "total": since,
    }[grain]


def _year_before(grain: str, start: datetime) -> datetime:
    if grain != "week":
        return start.replace(year=start.year - 1)
    year, week, _ = start.isocalendar()
    return datetime.fromisocalendar(year - 1, week, 1).replace(tzinfo=start.tzinfo)


def _collected(entries: Sequence[Entry]) -> Collected:
    """The hours that were collected of each scope; windows begin on the hour."""
    hours: dict[str, set[datetime]] = {entry.scope: set() for entry in entries}
    for entry in entries:
        if entry.status in (Status.COMPLETE, Status.PROVISIONAL):
            hour = entry.window.start
            while hour < min(entry.window.end, entry.covered_until):
                hours[entry.scope].add(hour)
                hour += HOUR
    return hours


def _coverage(collected: Collected, hours: Sequence[datetime]) -> float:
    covered = sum(hour in those for those in collected.values() for hour in hours)
    return covered / (len(collected) * len(hours)) if collected else 0.0
