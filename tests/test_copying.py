"""Copying a bitmapist deployment: everything arrives once, what cannot is said, and nothing is taken from the store."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import bitmapist as untyped_bitmapist
import pytest
import redis as untyped_redis

from footfall.errors import ActivityError
from footfall.stores.copying import CopyReport, Differing, Unplaced, copy_from_redis
from footfall.stores.ids import Actors
from footfall.stores.redis import RedisStore
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, Store, day_slot, hour_slot
from stores import KINDS, NOW, Kind, Member, flush, members

pytestmark = pytest.mark.slow

bitmapist: Any = untyped_bitmapist
redis: Any = untyped_redis

DATABASE = 3
MOMENT = datetime.fromisoformat("2026-10-20T09:30Z")
DAY, HOUR = day_slot(MOMENT), hour_slot(MOMENT)
EVER = (FIRST, LAST)


@pytest.fixture
def deployment(redis_server: str) -> Iterator[str]:
    """The address of a deployment in which bitmapist has marked nothing yet."""
    flush(redis_server, DATABASE)
    host, port = redis_server.removeprefix("redis://").split(":")
    bitmapist.setup_redis("copied", host, int(port), db=DATABASE)
    yield f"{redis_server}/{DATABASE}"
    flush(redis_server, DATABASE)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    kind: Kind = request.param
    with kind.new(request) as made:
        yield made


def mark(event: str, actor: int, days: int = 0, **options: bool) -> None:
    bitmapist.mark_event(event, actor, "copied", MOMENT + timedelta(days=days), **options)


def copy(address: str, store: Store) -> CopyReport:
    return copy_from_redis(address, store, now=lambda: NOW)


def test_everything_arrives(deployment: str, store: Store) -> None:
    chance = random.Random(3)
    wanted: dict[tuple[str, int], set[Member]] = {}
    for _ in range(1500):
        event, actor, day = chance.choice(["a", "b:c", "a_u"]), chance.randrange(3000), chance.randrange(60)
        is_hourly, is_unique = chance.random() < 0.3, chance.random() < 0.1
        mark(event, actor, day, track_hourly=is_hourly, track_unique=is_unique)
        wanted.setdefault((event, DAY + day * PER_DAY), set()).add(actor)
        if is_hourly:
            wanted.setdefault((event, HOUR + day * PER_DAY), set()).add(actor)
        if is_unique:
            wanted.setdefault((event, UNDATED), set()).add(actor)
    told: list[tuple[str, int, int]] = []
    report = copy_from_redis(deployment, store, lambda *step: told.append(step), now=lambda: NOW)
    for (event, slot), expected in wanted.items():
        stop = slot + (PER_DAY if slot % PER_DAY == 0 else 1)
        assert members(store, event, slot, stop) == expected
    days = [slot for _, slot in wanted if slot != UNDATED and slot % PER_DAY == 0]
    assert (report.events, report.days, report.undated, report.unplaced) == (3, len(days), 3, ())
    assert report.hours == len(wanted) - len(days) - 3
    assert store.events() == ["a", "a_u", "b:c"]
    assert told[-1][1] == told[-1][2] > 50


def test_copying_again_changes_nothing(deployment: str, store: Store) -> None:
    for n in range(20):
        mark("a", n, n % 3, track_hourly=n % 2 == 0, track_unique=n % 5 == 0)
    first = copy(deployment, store)
    before = members(store, "a", *EVER), store.occurrences("a", *EVER), store.slots("a")
    again = copy(deployment, store)
    assert (members(store, "a", *EVER), store.occurrences("a", *EVER), store.slots("a")) == before
    assert (first.marked, again.marked) == (24, 0)
    assert store.occurrences("a", *EVER) == 24  # 20 days, of which some by their hour, and 4 undated
    assert (again.days, again.hours) == (first.days, first.hours)


def test_what_the_store_has_stays_and_what_is_new_is_added(deployment: str, store: Store) -> None:
    mark("a", 1)
    copy(deployment, store)
    store.mark("a", {DAY: Actors([50], ["ada"]), DAY + PER_DAY: Actors([1])})
    mark("a", 2)
    mark("a", 3, 1)
    report = copy(deployment, store)
    assert members(store, "a", DAY, DAY + PER_DAY) == {1, 2, 50, "ada"}
    assert members(store, "a", DAY + PER_DAY, DAY + 2 * PER_DAY) == {1, 3}
    assert report.marked == 2
    assert store.occurrences("a", *EVER) == 6


def test_who_was_forgotten_is_not_brought_back(deployment: str, store: Store) -> None:
    for n in range(5):
        mark("a", n)
        mark("a", n, 1, track_unique=True)
    copy(deployment, store)
    store.forget(3)
    mark("a", 3, 40)  # one more day that has nobody else
    mark("a", 9)
    report = copy(deployment, store)
    assert members(store, "a", *EVER) == {0, 1, 2, 4, 9}
    assert (report.forgotten, report.marked) == (1, 1)
    assert store.events() == ["a"]


def test_months_and_weeks_without_their_days_are_named(deployment: str, store: Store) -> None:
    mark("a", 1)
    mark("a", 2, 1)
    mark("b", 3)
    client = redis.Redis.from_url(deployment)
    client.delete("trackist_a_2026-10-21", "trackist_b_2026-10-20", "trackist_b_W2026-43")
    report = copy(deployment, store)
    assert report.unplaced == (
        Unplaced("a", "2026-10", 1),
        Unplaced("a", "2026-W43", 1),
        Unplaced("b", "2026-10", 1),
    )
    assert members(store, "a", *EVER) == {1}


def test_an_actor_whose_day_was_taken_back_stays_out(deployment: str, store: Store) -> None:
    mark("a", 1, track_hourly=True)
    mark("a", 2, track_hourly=True)
    bitmapist.unmark_event("a", 2, "copied", MOMENT)  # of the day, week and month, and not of the hour
    report = copy(deployment, store)
    assert report.of_hours_alone == (Differing("a", 1, 1),)
    assert members(store, "a", DAY, DAY + PER_DAY) == members(store, "a", HOUR, HOUR + 1) == {1}
    assert members(store, "a", *EVER) == {1}
    bitmapist.unmark_event("a", 1, "copied", MOMENT)  # the day is there, and empty
    mark("b", 3, track_hourly=True)
    redis.Redis.from_url(deployment).delete("trackist_b_2026-10-20")
    again = copy(deployment, store)
    assert again.of_hours_alone == (Differing("a", 2, 1), Differing("b", 1, 1))
    assert again.extra == (Differing("a", 1, 1),)
    assert members(store, "b", *EVER) == set()


def test_what_only_the_store_has_is_counted_and_taken_out_where_that_is_asked(deployment: str, store: Store) -> None:
    for n in range(4):
        mark("a", n, track_hourly=n < 2)
        mark("a", n, 1, track_unique=True)
    copy(deployment, store)
    store.mark("a", {DAY: Actors([50], ["ada"]), DAY + 9 * PER_DAY: Actors([1]), UNDATED: Actors([7])})
    store.mark("a", {HOUR + 1: Actors([0])})  # in the day there, and not in this hour
    store.mark("ours", {DAY: Actors([1])})
    kept = copy(deployment, store)
    assert kept.extra == (Differing("a", 5, 3),)  # 50, ada and the hour; 1 on another day; 7 without a time
    assert members(store, "a", DAY, DAY + PER_DAY) == {0, 1, 2, 3, 50, "ada"}
    replaced = copy_from_redis(deployment, store, replaces=True, now=lambda: NOW)
    assert (replaced.extra, replaced.marked) == ((Differing("a", 5, 3),), 0)
    assert members(store, "a", DAY, DAY + PER_DAY) == {0, 1, 2, 3}
    assert members(store, "a", HOUR, HOUR + 1) == {0, 1}
    assert (
        members(store, "a", HOUR + 1, HOUR + 2) == members(store, "a", DAY + 9 * PER_DAY, DAY + 10 * PER_DAY) == set()
    )
    assert members(store, "a", UNDATED, UNDATED + 1) == {0, 1, 2, 3}
    assert members(store, "ours", *EVER) == {1}, "an event that is not there is none of its business"
    assert copy(deployment, store).extra == ()


def test_a_key_of_another_program_is_named_and_the_rest_is_copied(deployment: str, store: Store) -> None:
    mark("a", 1)
    client = redis.Redis.from_url(deployment)
    client.hset("trackist_a_2026-10-21", "field", "value")
    client.lpush("trackist_other_2026-10", "value")
    client.set("trackist_settings", "{}")
    report = copy(deployment, store)
    assert report.others == ("trackist_a_2026-10-21", "trackist_other_2026-10")
    assert (report.events, report.days, members(store, "a", *EVER)) == (1, 1, {1})


def test_names_come_along_from_a_store_of_ours(deployment: str, store: Store) -> None:
    source = RedisStore(deployment)
    store.mark_one("z", DAY, "somebody else")  # so that ids differ
    source.mark("a", {DAY: Actors([1], ["ada", "bob"]), HOUR: Actors([], ["eve"]), UNDATED: Actors((), ["ada"])})
    for _ in range(2):
        copy(deployment, store)
        assert members(store, "a", DAY, DAY + PER_DAY) == {1, "ada", "bob", "eve"}
        assert members(store, "a", HOUR, HOUR + 1) == {"eve"}
        assert members(store, "a", UNDATED, UNDATED + 1) == {"ada"}
        assert store.occurrences("a", *EVER) == 5
    source.close()


def test_an_empty_deployment_is_nothing_to_copy(deployment: str, store: Store) -> None:
    assert copy(deployment, store) == CopyReport(0, 0, 0, 0, 0, 0)


def test_a_store_that_loses_somebody_is_an_error(deployment: str, redis_server: str) -> None:
    class Forgetful(RedisStore):
        def replace(self, event: str, start: int, stop: int, marks: Any, cursors: Any) -> None:
            super().replace(event, start, stop, marks, cursors)
            if event == "a":
                self.unmark(event, {DAY: Actors([2])})

    for n in range(4):
        mark("a", n)
    flush(redis_server, 9)
    with pytest.raises(ActivityError, match=r"'a' of 2026-10-20 has 4 actors in .* and 1 of them are not in"):
        copy(deployment, Forgetful(f"{redis_server}/9"))
