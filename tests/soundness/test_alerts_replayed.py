"""Years of real numbers and real polls, replayed as if alerts had been looked at every day: nothing is said twice.

How often something happened is counted here from the data alone.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from footfall.alerts import AlertSettings
from footfall.collect import SourceStatus
from footfall.sources import Deadline
from footfall.upkeep.alarms import Memory
from footfall.upkeep.alerting import look
from footfall.upkeep.ranges import RangeState, advance
from footfall.upkeep.standing import Loss, Standing
from real_series import downloads, hub_users

DAY = timedelta(days=1)
SERIES = ["views", "clones", "downloads", "hub_users", "seissol"]


def series_of(name: str, data: Path) -> dict[date, float]:
    match name:
        case "downloads":
            return {day: float(count) for day, count in downloads(data).items()}
        case "hub_users":
            return {day: float(count) for day, count in hub_users(data).items()}
        case "seissol":
            file, time, column = "seissol/views_clones_aggregate.csv", "time_iso8601", "views_total"
        case _:
            file, time, column = f"icepyx/{name}.csv", "_date", f"total_{name}"
    with (data / "github_traffic" / file).open() as lines:
        return {date.fromisoformat(row[time][:10]): float(row[column]) for row in csv.DictReader(lines) if row[column]}


@pytest.mark.parametrize("name", SERIES)
def test_an_alarm_on_a_range_is_said_once_and_seldom(shared_data: Path, name: str) -> None:
    """Looked at three times a day, over years: alarms and their ends alternate, and there are at most two a year."""
    days = series_of(name, shared_data)
    first, last = min(days), max(days)
    seen: dict[date, float] = {}
    state, said = RangeState(), list[bool]()
    for n in range((last - first).days + 1):
        day = first + n * DAY
        seen |= {day: days[day]} if day in days else {}
        for _ in range(3):
            state, turns = advance(seen, state, 5)
            said += [turn.is_alarm for turn in turns]
    assert said == [n % 2 == 0 for n in range(len(said))]
    assert sum(said) <= 2 + 2 * (last - first).days / 365


@pytest.mark.parametrize("name", ["views", "downloads", "hub_users", "seissol"])
@pytest.mark.parametrize("factor", [0.0, 30.0])
def test_what_everyone_would_see_is_an_alarm(shared_data: Path, name: str, factor: float) -> None:
    """A week in which the real numbers stop, or are thirty times as large."""
    days = series_of(name, shared_data)
    busiest = max(sorted(days)[60:-20], key=lambda day: min(days.get(day - n * DAY, 0.0) for n in range(5)))
    before = {day: value for day, value in days.items() if day < busiest - 14 * DAY}
    week = {busiest - (13 - n) * DAY: factor * max(days.get(busiest, 1.0), 1.0) for n in range(7)}
    _, turns = advance({**before, **week}, RangeState(max(before)), 5)
    assert [turn.is_alarm for turn in turns] == [True]
    assert turns[0].day in week


def polls(data: Path) -> list[datetime]:
    """When the traffic of icepyx was really asked for, over four and a half years."""
    with gzip.open(
        data / "github_traffic/icepyx/views_all_committed_versions.jsonl.gz", "rt", encoding="utf-8"
    ) as lines:
        found = {datetime.fromisoformat(json.loads(line)["committed_at"]).astimezone(UTC) for line in lines}
    return sorted(found)


def replayed(alert: AlertSettings, asked: list[datetime]) -> Iterator[tuple[datetime, bool]]:
    """What is said at noon of every day from the first poll to the last."""
    memory = Memory()
    now = asked[0] + timedelta(minutes=1)
    while now <= asked[-1]:
        done = look([alert], after_polls([each for each in asked if each <= now], now), lambda *_: {}, memory, now)
        memory = done.memory
        assert done.faults == ()
        yield from ((now, message.is_alarm) for message in done.messages)
        now += DAY / 2


def after_polls(asked: list[datetime], now: datetime) -> Standing:
    """What is known after some polls: GitHub forgets a day 14 days later; the last poll's own day was not over."""
    last = asked[-1]
    forgotten = datetime(last.year, last.month, last.day, tzinfo=UTC) + 14 * DAY
    loss = Loss("github", Deadline("github_views", "icesat2py/icepyx", forgotten, f"views of {last:%Y-%m-%d}"))
    return Standing((SourceStatus("github", "github_views", fresh_until=last),), (loss,))


def spans_longer_than(asked: list[datetime], length: timedelta) -> int:
    """Waits between polls after which the state of the day before the next poll is late by more than `length`."""
    count = 0
    for before, after in itertools.pairwise(asked):
        looks = (asked[0] + timedelta(minutes=1) + n * DAY / 2 for n in range(10_000))
        late = [each for each in looks if before <= each < after and each - before > length]
        count += bool(late)
    return count


@pytest.mark.parametrize("days", [3, 8, 10])
def test_a_standstill_of_real_polls_is_said_once_and_once_when_it_is_over(shared_data: Path, days: int) -> None:
    asked = polls(shared_data)
    said = list(replayed(AlertSettings(name="still", when="standstill", days=days, file="x"), asked))
    alarms = [now for now, is_alarm in said if is_alarm]
    assert [is_alarm for _, is_alarm in said] == [n % 2 == 0 for n in range(len(said))]
    assert len(alarms) == spans_longer_than(asked, days * DAY)


def test_real_polls_that_came_too_late_are_said_before_the_loss(shared_data: Path) -> None:
    asked = polls(shared_data)
    said = list(replayed(AlertSettings(name="loss", when="loss", days=3, file="x"), asked))
    assert [is_alarm for _, is_alarm in said] == [n % 2 == 0 for n in range(len(said))]
    alarms = [now for now, is_alarm in said if is_alarm]
    for before, after in itertools.pairwise(asked):
        midnight = datetime(before.year, before.month, before.day, tzinfo=UTC)
        if after > midnight + 14 * DAY:
            warned = [now for now in alarms if before < now < after]
            assert [now < midnight + 12 * DAY for now in warned] == [True], "once, and at least two days before"
