"""The drop-in for bitmapist on Redis: clients, pipelines and leftovers that are the application's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bitmapists import two_systems
from footfall import bitmapist
from footfall.bitmapist import (
    DayEvents,
    HourEvents,
    MonthEvents,
    UniqueEvents,
    mark_event,
    mark_unique,
    unmark_event,
    unmark_unique,
)
from footfall.errors import MarkError
from footfall.stores.redis import RedisStore
from marks_served import marks_served

pytestmark = pytest.mark.slow

NEW_YEAR = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module", params=["redis", "serve-marks"])
def redis_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis, and of our own server in its place."""
    if request.param == "redis":
        yield request.getfixturevalue("redis_server")
    else:
        with marks_served(tmp_path_factory.mktemp("served"), "--allow-admin") as served:
            yield f"redis://127.0.0.1:{served.port}"


@pytest.fixture(autouse=True)
def systems(redis_server: str, tmp_path: Path) -> Iterator[None]:
    with two_systems(tmp_path, redis_server):
        yield


def day(event: str) -> DayEvents:
    return DayEvents.from_date(event, NEW_YEAR)


def test_a_store_that_was_opened_elsewhere_is_a_system(redis_server: str) -> None:
    bitmapist.SYSTEMS["opened"] = RedisStore(f"{redis_server}/3")
    mark_event("active", 1, system="opened")
    assert list(DayEvents("active")) == [1]
    assert bitmapist.get_redis("opened").ping()


def test_an_address_names_a_system(redis_server: str) -> None:
    bitmapist.setup_store("named", f"{redis_server}/3")
    mark_event("active", "ada", system="named")
    assert list(DayEvents("active")) == ["ada"]


def test_clients_and_pipelines_are_systems() -> None:
    client = bitmapist.get_redis()
    assert bitmapist.get_redis(client) is client
    mark_event("active", 1, system=client, now=NEW_YEAR)
    assert list(DayEvents("active", 2026, 1, 1, system=client)) == [1]
    pipeline = client.pipeline()
    mark_event("active", 2, system=pipeline, now=NEW_YEAR, use_pipeline=False)
    assert list(day("active")) == [1]
    pipeline.execute()
    assert list(day("active")) == [1, 2]
    mark_event("active", 1, now=NEW_YEAR + timedelta(days=1))
    for uuid in (1, 2):
        unmark_event("active", uuid, system=pipeline, now=NEW_YEAR, use_pipeline=False)
    assert list(day("active")) == [1, 2]
    pipeline.execute()
    assert list(day("active")) == []
    assert list(MonthEvents("active", 2026, 1)) == [1]


def test_a_client_that_decodes_what_it_reads_is_a_system() -> None:
    options = bitmapist.get_redis().connection_pool.connection_kwargs
    bitmapist.setup_redis("texts", options["host"], options["port"], db=options["db"], decode_responses=True)
    mark_event("active", [1, "ada"], system="texts")
    assert list(DayEvents("active", system="texts")) == list(DayEvents("active")) == [1, "ada"]
    assert bitmapist.get_event_names("texts") == ["active"]
    bitmapist.delete_temporary_bitop_keys("texts")


def test_names_cannot_wait_in_a_pipeline() -> None:
    pipeline = bitmapist.get_redis().pipeline()
    with pytest.raises(MarkError, match="'ada' cannot be queued"):
        mark_unique("active", "ada", system=pipeline)
    mark_event("active", "ada", system=pipeline)
    assert list(DayEvents("active")) == ["ada"]


def test_flags_and_hours_wait_in_a_pipeline() -> None:
    pipeline = bitmapist.get_redis().pipeline()
    mark_unique("premium", 1, system=pipeline)
    for hour in (9, 10):
        moment = NEW_YEAR.replace(hour=hour)
        mark_event("active", 1, system=pipeline, now=moment, track_hourly=True, use_pipeline=False)
    assert bitmapist.get_event_names() == []
    pipeline.execute()
    assert list(HourEvents("active", 2026, 1, 1, 10)) == list(UniqueEvents("premium")) == [1]
    assert day("active").get_occurrences() == 2
    unmark_unique("premium", 1, system=pipeline)
    unmark_event("active", 1, system=pipeline, now=NEW_YEAR, track_hourly=True, use_pipeline=False)
    pipeline.execute()
    assert list(HourEvents("active", 2026, 1, 1, 9)) == list(UniqueEvents("premium")) == []
    assert list(day("active")) == [1]
    unmark_event("active", 1, system=pipeline, now=NEW_YEAR, use_pipeline=False)
    pipeline.execute()
    assert bitmapist.get_event_names() == []


def test_what_the_original_left_behind_can_be_deleted() -> None:
    client = bitmapist.get_redis()
    mark_event("bitop_day", 1, now=NEW_YEAR)
    client.setbit("trackist_bitop_AND_trackist_a_2026-1-trackist_b_2026-1", 1, 1)
    assert bitmapist.get_event_names() == ["bitop_day"]
    bitmapist.delete_temporary_bitop_keys()
    assert sorted(client.keys("trackist_*")) == [
        b"trackist_bitop_day_2026-1",
        b"trackist_bitop_day_2026-1-1",
        b"trackist_bitop_day_W2026-1",
    ]
