"""A server of bitmaps only: numbers are marked, read and copied; what it cannot keep is refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bitmapist as untyped_bitmapist
import pytest
import redis

from bitmapist_server_faked import Sets, bitmapist_server
from footfall import bitmapist as ours
from footfall.activity import Activity
from footfall.errors import ActivityError
from footfall.stores.copying import copy_from_redis
from footfall.stores.ids import Actors
from footfall.stores.redis import RedisStore
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, Request, day_slot

pytestmark = pytest.mark.slow

theirs: Any = untyped_bitmapist
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = day_slot(MONDAY)


@pytest.fixture
def server() -> Iterator[tuple[str, Sets]]:
    with bitmapist_server() as made:
        yield made


@pytest.fixture
def store(server: tuple[str, Sets]) -> Iterator[RedisStore]:
    opened = RedisStore(server[0], now=lambda: MONDAY)
    yield opened
    opened.close()


def test_what_bitmapist_marks_is_copied(server: tuple[str, Sets], tmp_path: Path) -> None:
    address, _ = server
    client: Any = redis.Redis.from_url(address)
    for number in range(200):
        theirs.mark_event("active", number * 7, client, MONDAY, track_hourly=number % 2 == 0)
    theirs.mark_unique("premium", 5, client)
    store = SqliteStore(tmp_path / "activity.db", now=lambda: MONDAY)
    report = copy_from_redis(address, store, now=lambda: MONDAY)
    assert (report.events, report.days, report.hours, report.undated) == (2, 1, 1, 1)
    assert list(store.union("active", DAY, DAY + PER_DAY)) == [number * 7 for number in range(200)]
    assert list(store.union("active", DAY + 10, DAY + 11)) == [number * 7 for number in range(0, 200, 2)]
    assert list(store.union("premium", FIRST, LAST)) == [5]
    store.close()


def test_numbers_are_marked_and_taken_back_as_on_redis(server: tuple[str, Sets], store: RedisStore) -> None:
    _, sets = server
    store.mark_one("active", DAY, 3)
    store.mark("active", {DAY: Actors([1, 2, 3, *range(50, 70)]), DAY + PER_DAY: Actors([1]), UNDATED: Actors([9])})
    assert sets["trackist_active_2026-11-23"] == {1, 2, 3, *range(50, 70)}
    assert sets["trackist_active_W2026-48"] == sets["trackist_active_2026-11"] == {1, 2, 3, *range(50, 70)}
    store.unmark("active", {DAY: Actors([1, 2, *range(50, 70)])})
    assert sets["trackist_active_2026-11-23"] == {3}
    assert sets["trackist_active_W2026-48"] == {1, 3}, "another day of the week has 1"
    assert store.events() == ["active"]
    assert store.slots("active") == [UNDATED, DAY, DAY + PER_DAY]
    assert store.is_in_use("active")
    assert store.contains("active", DAY, DAY + PER_DAY, 3)
    assert store.count("active", DAY, DAY + PER_DAY) == 1
    assert list(store.everyone()) == [1, 3, 9]
    assert store.occurrences("active", FIRST, LAST) == 0, "it cannot count them"
    assert all(key.startswith("trackist_") for key in sets)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (
            lambda store: Activity(store, lambda: MONDAY).mark("active", "ada"),
            "keep anything beside sets, such as actors",
        ),
        (lambda store: store.mark_one("active", DAY, "ada"), "keep actors that are texts"),
        (lambda store: store.mark("active", {DAY: Actors([1], ["ada"])}), "keep actors that are texts"),
        (lambda store: store.delete("active"), "delete or replace sets"),
        (lambda store: store.replace("active", DAY, DAY + PER_DAY, {DAY: Actors([1])}, {}), "delete or replace sets"),
        (lambda store: store.forget(3), "record that an actor was forgotten"),
        (
            lambda store: store.mark_batch({"active": {DAY: Actors([1])}}, Request("key", "content", 0, 60)),
            "recognise a repeated request",
        ),
    ],
)
def test_what_it_cannot_keep_is_refused_and_nothing_is_written(
    server: tuple[str, Sets], store: RedisStore, ask: Callable[[RedisStore], object], what: str
) -> None:
    store.mark_one("active", DAY, 3)
    before = {key: set(ids) for key, ids in server[1].items()}
    with pytest.raises(ActivityError, match=f"keeps bitmaps and nothing else.*{what}.*nothing was changed"):
        ask(store)
    assert server[1] == before


def test_the_drop_in_marks_and_reads_there(server: tuple[str, Sets]) -> None:
    client: Any = redis.Redis.from_url(server[0])
    ours.mark_event("active", [1, 2], system=client, now=MONDAY, track_hourly=True)
    pipeline = client.pipeline(transaction=False)
    ours.mark_event("active", 3, system=pipeline, now=MONDAY, use_pipeline=False)
    pipeline.execute()
    assert list(ours.DayEvents("active", 2026, 11, 23, system=client)) == [1, 2, 3]
    assert list(ours.HourEvents("active", 2026, 11, 23, 9, system=client)) == [1, 2]
    assert len(theirs.MonthEvents("active", 2026, 11, system=client)) == 3
