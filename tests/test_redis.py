"""The store on Redis: one deployment with bitmapist, nothing left behind, errors that can be acted on, a real cluster."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bitmapist as untyped_bitmapist
import numpy as np
import pytest
import redis as untyped_redis

from conftest import free_port, start_redis, wait_for
from footfall.errors import (
    ActivityError,
    DamagedStoreError,
    SettingsError,
    StoreBusyError,
    StoreWriteError,
    UnreachableStoreError,
)
from footfall.stores.ids import NAMED, Actors
from footfall.stores.opening import open_store
from footfall.stores.redis import RedisStore, rewriting
from footfall.stores.redis.address import read_address
from footfall.stores.redis.bits import bitmap_of_bits
from footfall.stores.redis.keys import cover
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, day_slot, hour_slot
from stores import NOW, flush, members

pytestmark = pytest.mark.slow

bitmapist: Any = untyped_bitmapist
redis: Any = untyped_redis

OURS, THEIRS = 1, 2
MONDAY = day_slot(datetime.fromisoformat("2026-11-23T00:00Z"))
WEEK, MONTH = (MONDAY, MONDAY + 7 * PER_DAY), (MONDAY - 22 * PER_DAY, MONDAY + 8 * PER_DAY)


@pytest.fixture
def server(redis_server: str) -> Iterator[Any]:
    """A client of the database that our store uses, which is empty."""
    flush(redis_server, OURS)
    flush(redis_server, THEIRS)
    client = redis.Redis.from_url(f"{redis_server}/{OURS}")
    yield client
    client.close()


@pytest.fixture
def store(redis_server: str, server: Any) -> Iterator[RedisStore]:
    made = RedisStore(f"{redis_server}/{OURS}", now=lambda: NOW)
    yield made
    made.close()


@pytest.fixture
def theirs(redis_server: str, server: Any) -> str:
    """The name of a system of bitmapist on the same database as our store."""
    host, port = redis_server.removeprefix("redis://").split(":")
    bitmapist.setup_redis("ours", host, int(port), db=OURS)
    bitmapist.setup_redis("theirs", host, int(port), db=THEIRS)
    return "ours"


def contents(client: Any, pattern: str = "trackist_*") -> dict[bytes, bytes]:
    return {key: client.get(key) for key in client.keys(pattern)}


# One deployment with bitmapist


@pytest.mark.parametrize("is_bulk", [False, True])
def test_the_same_marks_make_the_same_bytes(redis_server: str, store: RedisStore, theirs: str, is_bulk: bool) -> None:
    chance = random.Random(7)
    first = datetime.fromisoformat("2024-12-20T00:00Z")
    marks: dict[str, dict[int, list[int]]] = {}
    for _ in range(1500):
        event = chance.choice(["active", "task:done", "a_u", "W2026-1"])
        actor = chance.choice([chance.randrange(100), chance.randrange(1 << 20)])
        moment = first + timedelta(minutes=chance.randrange(60 * 24 * 400))
        is_hourly, is_unique = chance.random() < 0.3, chance.random() < 0.2
        bitmapist.mark_event(event, actor, "theirs", moment, track_hourly=is_hourly, track_unique=is_unique)
        slot = hour_slot(moment) if is_hourly else day_slot(moment)
        for each in [slot, UNDATED] if is_unique else [slot]:
            marks.setdefault(event, {}).setdefault(each, []).append(actor)
    for event, by_slot in marks.items():
        if is_bulk:
            store.mark(event, {slot: Actors(actors) for slot, actors in by_slot.items()})
        else:
            for slot, actors in by_slot.items():
                for actor in actors:
                    store.mark_one(event, slot, actor)
    with redis.Redis.from_url(f"{redis_server}/{OURS}") as a, redis.Redis.from_url(f"{redis_server}/{THEIRS}") as b:
        assert contents(a) == contents(b)
        assert set(store.events()) == set(bitmapist.get_event_names("theirs"))


def test_bitmapist_reads_what_we_mark(store: RedisStore, theirs: str) -> None:
    store.mark("active", {MONDAY: Actors([1, 500]), MONDAY + 10: Actors([2]), UNDATED: Actors([3])})
    store.mark_one("active", MONDAY, "ada")
    assert list(bitmapist.DayEvents("active", 2026, 11, 23, system=theirs)) == [1, 2, 500]
    assert list(bitmapist.HourEvents("active", 2026, 11, 23, 9, system=theirs)) == [2]
    assert list(bitmapist.WeekEvents("active", 2026, 48, system=theirs)) == [1, 2, 500]
    assert list(bitmapist.MonthEvents("active", 2026, 11, system=theirs)) == [1, 2, 500]
    assert list(bitmapist.UniqueEvents("active", system=theirs)) == [3]
    assert bitmapist.get_event_names(theirs) == ["active"]


def test_we_read_what_bitmapist_marks(store: RedisStore, theirs: str) -> None:
    moment = datetime.fromisoformat("2026-11-23T09:30Z")
    bitmapist.mark_event("active", 7, theirs, moment, track_hourly=True)
    bitmapist.mark_event("active", 8, theirs, moment + timedelta(days=3))
    bitmapist.mark_unique("active", 9, theirs)
    assert members(store, "active", MONDAY, MONDAY + PER_DAY) == {7}
    assert members(store, "active", MONDAY + 10, MONDAY + 11) == {7}
    assert members(store, "active", *WEEK) == members(store, "active", *MONTH) == {7, 8}
    assert members(store, "active", UNDATED, UNDATED + 1) == {9}
    assert store.slots("active") == [UNDATED, MONDAY, MONDAY + 10, MONDAY + 3 * PER_DAY]
    assert (store.events(), len(store.everyone()), store.count("active", *WEEK)) == (["active"], 3, 2)
    assert store.occurrences("active", FIRST, LAST) == 0  # it counts none


def test_both_mark_at_once_and_no_mark_is_lost(store: RedisStore, theirs: str) -> None:
    moment = datetime.fromisoformat("2026-11-23T09:30Z")

    def mark_theirs() -> None:
        for n in range(0, 1500, 3):
            bitmapist.mark_event("active", n, "ours", moment)

    def mark_ours() -> None:
        for n in range(1, 1500, 3):
            store.mark_one("active", MONDAY, n)

    def mark_many() -> None:
        for n in range(2, 1500, 150):
            store.mark("active", {MONDAY: Actors(np.arange(n, n + 150, 3, dtype=np.uint64))})

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(work) for work in (mark_theirs, mark_ours, mark_many)]:
            done.result()
    for span in ((MONDAY, MONDAY + PER_DAY), WEEK, MONTH):
        assert members(store, "active", *span) == set(range(1500))


def test_our_taking_out_leaves_bitmapists_week_and_month_true(store: RedisStore, theirs: str) -> None:
    moment = datetime.fromisoformat("2026-11-23T09:30Z")
    for days in (0, 1):
        bitmapist.mark_event("active", 7, theirs, moment + timedelta(days=days), track_hourly=True)
    store.unmark("active", {MONDAY: Actors([7])})
    assert 7 not in bitmapist.DayEvents("active", 2026, 11, 23, system=theirs)
    assert 7 not in bitmapist.HourEvents("active", 2026, 11, 23, 9, system=theirs)
    assert 7 in bitmapist.WeekEvents("active", 2026, 48, system=theirs)
    assert 7 in bitmapist.MonthEvents("active", 2026, 11, system=theirs)


def test_what_bitmapist_took_out_is_no_slot_and_no_event(store: RedisStore, theirs: str) -> None:
    moment = datetime.fromisoformat("2026-11-23T09:30Z")
    bitmapist.mark_event("gone", 7, theirs, moment)
    bitmapist.unmark_event("gone", 7, theirs, moment)
    assert (store.slots("gone"), store.events()) == ([], [])


def test_intermediate_results_of_bitmapist_are_no_events(store: RedisStore, theirs: str) -> None:
    for event in ("a", "b"):
        bitmapist.mark_event(event, 7, theirs, datetime.fromisoformat("2026-11-23T09:30Z"))
        bitmapist.mark_unique(event, 7, theirs)
    bitmapist.BitOpAnd(theirs, *(bitmapist.DayEvents(event, 2026, 11, 23, system=theirs) for event in "ab"))
    bitmapist.BitOpOr(theirs, *(bitmapist.UniqueEvents(event, system=theirs) for event in "ab"))
    assert store.events() == ["a", "b"]


def test_a_month_is_read_where_its_days_are_gone(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors([1]), MONDAY - 40 * PER_DAY: Actors([2])})
    for key in server.keys("trackist_active_2026-*-*"):
        server.delete(key)
    assert members(store, "active", *MONTH) == {1}
    assert members(store, "active", MONTH[0] - 31 * PER_DAY, MONTH[1]) == {1, 2}
    assert members(store, "active", FIRST, LAST) == {1, 2}
    assert (store.count("active", *MONTH), store.events(), store.slots("active")) == (1, ["active"], [])


def test_days_are_read_where_weeks_and_months_are_gone(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors([1]), MONDAY + PER_DAY: Actors([2])})
    server.delete("trackist_active_2026-11", "trackist_active_W2026-48")
    for span in (WEEK, MONTH, (FIRST, LAST)):
        assert members(store, "active", *span) == {1, 2}
        assert store.count("active", *span) == 2
        assert store.contains("active", *span, 2)
        assert not store.contains("active", *span, 3)


# What it costs and leaves behind


@pytest.mark.parametrize(
    ("start", "stop", "suffixes"),
    [
        ("2026-11-23", "2026-11-24", "2026-11-23"),
        ("2026-11-23", "2026-11-30", "W2026-48"),
        ("2026-11-01", "2026-12-01", "2026-11"),
        ("2026-01-01", "2027-01-01", " ".join(f"2026-{month}" for month in range(1, 13))),
        ("2025-12-29", "2026-02-02", "W2026-1 2026-1 W2026-5"),  # weeks may overlap months
        ("2026-11-21", "2026-12-03", "2026-11-21 2026-11-22 W2026-48 2026-11-30 2026-12-1 2026-12-2"),
        ("2026-11-23T22:00", "2026-11-25", "2026-11-23-22 2026-11-23-23 2026-11-24"),
    ],
)
def test_a_range_is_read_from_the_fewest_keys(start: str, stop: str, suffixes: str) -> None:
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, stop))
    first_slot = hour_slot(first) if first.hour else day_slot(first)
    assert [place.suffix for place in cover(first_slot, day_slot(last))] == suffixes.split()


def test_reading_leaves_nothing_behind(store: RedisStore, server: Any) -> None:
    for n in range(40):
        store.mark("active", {MONDAY + n * PER_DAY: Actors([n, n + 1], [f"name-{n}"])})
    before = {key: server.type(key) for key in server.scan_iter()}
    for span in (WEEK, MONTH, (MONDAY + 3, MONDAY + 300), (FIRST, LAST)):
        store.union("active", *span)
        store.count("active", *span)
        store.contains("active", *span, 5)
        store.occurrences("active", *span)
    store.everyone()
    store.names_of([NAMED + 1])
    assert {key: server.type(key) for key in server.scan_iter()} == before


def test_an_event_that_is_deleted_leaves_no_keys(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors([1]), MONDAY + 5: Actors([2]), UNDATED: Actors([3])})
    store.delete("active")
    assert server.keys() == []


def test_taking_out_somebody_large_who_is_not_in_makes_no_key_grow(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors([1])})
    before = contents(server)
    store.unmark("active", {MONDAY: Actors([1 << 27]), MONDAY + PER_DAY: Actors([1 << 27])})
    store.forget(1 << 27)
    store.replace("active", *WEEK, {MONDAY: Actors([1])}, {})
    assert contents(server) == before


def test_named_actors_take_no_room_among_numbers(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors((), [f"name-{n}" for n in range(1000)])})
    assert contents(server) == {}
    assert sum(server.strlen(key) for key in server.keys("footfall_named_*")) < 1000


def test_large_sets_come_in_pieces(store: RedisStore, server: Any) -> None:
    """Numbers at the edges of the pieces in which a string is read, 4 MiB each."""
    edges = [32 << 20, (32 << 20) - 1, 64 << 20, (64 << 20) - 1, (96 << 20) + 5, 100 << 20]
    store.mark("active", {UNDATED: Actors([0, *edges])})
    assert members(store, "active", UNDATED, UNDATED + 1) == {0, *edges}
    for length in (4 << 20, (4 << 20) + 1, 8 << 20):
        server.set("trackist_exact_u", bytes(length - 1) + b"\x01")
        assert members(store, "exact", UNDATED, UNDATED + 1) == {8 * length - 1}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.06, 0.5, 0.999, 1.0])
def test_bits_become_the_same_bitmap_at_any_density(share: float) -> None:
    chance = np.random.default_rng(1)
    bits = chance.random(200_003) < share
    found = bitmap_of_bits([(0, np.packbits(bits).tobytes())], 0)
    assert list(found) == np.flatnonzero(bits).tolist()


def test_two_who_name_the_same_actors_at_once_agree(store: RedisStore, redis_server: str) -> None:
    names = [f"name-{n}" for n in range(300)]
    barrier = threading.Barrier(4)

    def mark(seed: int) -> None:
        own = RedisStore(f"{redis_server}/{OURS}")
        mine = random.Random(seed).sample(names, len(names))
        barrier.wait()
        for name in mine[:100]:
            own.mark_one("active", MONDAY, name)
        own.mark("active", {MONDAY: Actors((), mine)})
        own.close()

    with ThreadPoolExecutor() as pool:
        list(pool.map(mark, range(4)))
    assert members(store, "active", MONDAY, MONDAY + 1) == set(names)
    assert store.count("active", MONDAY, MONDAY + 1) == len(names)
    assert store.occurrences("active", MONDAY, MONDAY + 1) == 4 * 400


def test_two_who_state_different_things_leave_what_one_of_them_said(store: RedisStore, redis_server: str) -> None:
    def state(n: int) -> None:
        own = RedisStore(f"{redis_server}/{OURS}")
        marks = {MONDAY + day * PER_DAY: Actors(list(range(n, 400, 4)), [f"name-{n}"]) for day in range(7)}
        for _ in range(5):
            own.replace("active", *WEEK, marks, {"read": n})
        own.close()

    with ThreadPoolExecutor() as pool:
        list(pool.map(state, range(4)))
    last = store.cursor("read")
    assert last is not None
    assert members(store, "active", *WEEK) == {*range(last, 400, 4), f"name-{last}"}
    assert members(store, "active", *MONTH) == {*range(last, 400, 4), f"name-{last}"}


def test_whoever_states_for_long_stays_alone(
    redis_server: str, store: RedisStore, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "_LEASE", 0.2)
    monkeypatch.setattr(rewriting, "_PATIENCE", 0.5)

    class Slow(RedisStore):
        def _recount(self, *given: Any) -> None:
            time.sleep(1)  # five times as long as somebody is waited for who does not say that he lives
            super()._recount(*given)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(Slow(f"{redis_server}/{OURS}").replace, "active", *WEEK, {MONDAY: Actors([4])}, {})
        while not server.exists("footfall_stating_active"):
            assert not slow.done()
            time.sleep(0.01)
        with pytest.raises(
            StoreBusyError, match=r"another process has been writing 'active' in .* nothing was changed"
        ):
            store.delete("active")
        slow.result()
    assert members(store, "active", FIRST, LAST) == {4}
    server.set("footfall_stating_active", b"of one that died", px=200)
    store.delete("active")
    assert members(store, "active", FIRST, LAST) == set()


def test_who_is_forgotten_while_stated_is_not_there_afterwards(redis_server: str, store: RedisStore) -> None:
    class Slow(RedisStore):
        def _recount(self, *given: Any) -> None:
            super()._recount(*given)
            store.forget("ada")
            store.forget(5)

    Slow(f"{redis_server}/{OURS}").replace("active", *WEEK, {MONDAY: Actors([4, 5], ["ada", "bob"])}, {})
    assert members(store, "active", FIRST, LAST) == {4, "bob"}
    assert store.ids_of(["ada"]) == [None]


def test_forgetting_that_broke_off_is_done_again(store: RedisStore, server: Any) -> None:
    store.mark_one("active", MONDAY, "ada")
    server.hdel("footfall_ids", "ada")  # as far as it came
    assert store.forget("ada") == 1
    assert members(store, "active", FIRST, LAST) == set()
    assert not [key for key in server.scan_iter() if b"ada" in (server.dump(key) or b"")]


# Addresses


@pytest.mark.parametrize(
    ("address", "shown", "is_cluster"),
    [
        ("redis://localhost", "redis://localhost", False),
        ("redis://user:s3cret@host:7000/3", "redis://host:7000/3", False),
        ("rediss://:s3cret@host/0?ssl_ca_certs=ca.pem", "rediss://host/0", False),
        ("valkey://:s3%40cret@host", "valkey://host", False),
        ("redis://:s3cret@host:7000?cluster=true", "redis://host:7000?cluster=true", True),
        ("redis://:s3cret@a:1,b:2,c", "redis://a:1,b:2,c", True),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0", False),
        ("unix:///run/redis.sock?password=s3cret", "unix:///run/redis.sock", False),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, shown: str, is_cluster: bool) -> None:
    read = read_address(address)
    assert (read.shown, read.is_cluster) == (shown, is_cluster)
    assert "cret" not in repr(read)
    assert RedisStore(address).address == shown


@pytest.mark.parametrize(
    "address",
    [
        "redis://",
        "redis://:s3cret@",
        "redis://:s3/cret@host",
        "redis://:s3cret@host:port",
        "redis://:s3cret@host/db",
        "redis://:s3cret@a,b/3",
        "redis://:s3cret@host:99999",
        "mongodb://:s3cret@host",
        "redis+sentinel://:s3cret@host",
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        open_store(address, tmp_path, lambda: NOW)
    assert "cret" not in str(refused.value)
    assert "redis://host:6379" in str(refused.value)


def test_an_option_that_there_is_not_is_refused(redis_server: str) -> None:
    with pytest.raises(SettingsError, match="hats"):
        RedisStore(f"{redis_server}/1?hats=3").events()


# Errors


def one_sentence(error: pytest.ExceptionInfo[ActivityError]) -> str:
    text = str(error.value)
    assert "cret" not in text
    assert text.endswith(".")
    assert "\n" not in text
    assert error.value.__suppress_context__
    return text


def test_nobody_answers() -> None:
    port = free_port()
    for address in (f"redis://user:s3cret@127.0.0.1:{port}/1", f"redis://:s3cret@127.0.0.1:{port}?cluster=true"):
        with pytest.raises(UnreachableStoreError) as error:
            RedisStore(address).mark_one("active", MONDAY, 1)
        assert f"127.0.0.1:{port}" in one_sentence(error)


def test_something_else_answers() -> None:
    import socketserver

    class Web(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Web) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with pytest.raises(UnreachableStoreError) as error:
            RedisStore(f"redis://127.0.0.1:{web.server_address[1]}").events()
        one_sentence(error)
        web.shutdown()


def test_a_wrong_password_is_said(redis_server: str, server: Any) -> None:
    with pytest.raises(UnreachableStoreError, match="user and password") as error:
        RedisStore(redis_server.replace("://", "://ada:s3cret@")).events()
    one_sentence(error)


def test_who_may_only_read_reads_and_is_told_so_when_marking(redis_server: str, server: Any, store: RedisStore) -> None:
    store.mark_one("active", MONDAY, 5)
    server.acl_setuser("reader", enabled=True, passwords=["+s3cret"], keys=["*"], categories=["+@read", "+@connection"])
    reader = RedisStore(redis_server.replace("://", "://reader:s3cret@") + f"/{OURS}")
    assert members(reader, "active", *WEEK) == {5}
    assert reader.events() == ["active"]
    with pytest.raises(StoreWriteError, match="setbit") as error:
        reader.mark_one("active", MONDAY, 6)
    one_sentence(error)
    server.acl_deluser("reader")


def test_a_full_server_refuses_and_keeps_what_it_has(server: Any, store: RedisStore) -> None:
    store.mark_one("active", MONDAY, 5)
    server.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreWriteError, match="memory") as error:
            store.mark_one("active", MONDAY, 6)
        one_sentence(error)
        assert members(store, "active", *WEEK) == {5}
    finally:
        server.config_set("maxmemory", 0)


def test_a_replica_says_that_it_only_reads(redis_server: str, server: Any, tmp_path: Path) -> None:
    port = free_port()
    replica = start_redis(port, tmp_path, "--replicaof", "127.0.0.1", redis_server.rpartition(":")[2])
    try:
        wait_for(port, replica)
        with pytest.raises(StoreWriteError, match="replica") as error:
            RedisStore(f"redis://127.0.0.1:{port}").mark_one("active", MONDAY, 1)
        one_sentence(error)
    finally:
        replica.terminate()
        replica.wait(timeout=30)


def test_a_server_that_cannot_save_says_so(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "gone"
    folder.mkdir()
    server = start_redis(port, folder, "--save", "3600 1")
    try:
        wait_for(port, server)
        shutil.rmtree(folder)
        client = redis.Redis(port=port)
        client.bgsave()
        while client.info("persistence")["rdb_bgsave_in_progress"]:
            time.sleep(0.01)
        with pytest.raises(StoreWriteError, match="MISCONF") as error:
            RedisStore(f"redis://127.0.0.1:{port}").mark_one("active", MONDAY, 1)
        one_sentence(error)
    finally:
        server.kill()  # it would rather stay than go without saving
        server.wait(timeout=30)


def test_counts_and_names_of_another_program_are_no_tracebacks(store: RedisStore, server: Any) -> None:
    store.mark_one("seen", MONDAY, "ada")
    server.hset(f"footfall_marks_seen_{NOW:%Y-%-m}", str(MONDAY), "many")
    with pytest.raises(DamagedStoreError, match="a count that is not a number"):
        store.occurrences("seen", MONDAY, MONDAY + PER_DAY)
    server.hset("footfall_names", 99, b"M\xfcller")
    assert store.names_of([NAMED + 99]) == ["M\ufffdller"]
    assert store.forget("ada") == 1


def test_a_pool_that_is_too_small_is_not_taken_for_a_server_that_is_away(redis_server: str) -> None:
    client = redis.Redis(connection_pool=redis.ConnectionPool.from_url(f"{redis_server}/9", max_connections=1))
    held = client.connection_pool.get_connection()
    with pytest.raises(UnreachableStoreError, match=r"has no connection left .*give its pool more max_connections"):
        RedisStore(client=client).mark_one("active", MONDAY, 1)
    client.connection_pool.release(held)
    client.close()


def test_ids_and_slots_that_are_no_numbers_are_one_sentence(store: RedisStore, server: Any) -> None:
    store.mark("active", {MONDAY: Actors([1], ["ada"])})
    server.hset("footfall_ids", "ada", "x")
    with pytest.raises(DamagedStoreError, match="has b'x' under footfall_ids instead of a number"):
        store.ids_of(["ada"])
    with pytest.raises(DamagedStoreError, match="instead of a number"):
        store.mark_one("active", MONDAY, "ada")
    assert [problem for problem in store.problems() if "footfall_ids" in problem.what]
    [key] = server.keys("footfall_marks*")
    server.hset(key, "nobody", 1)
    with pytest.raises(DamagedStoreError, match="has b'nobody' under footfall_marks"):
        store.delete("active")


def test_a_key_of_another_kind_is_named_as_what_is_wrong(store: RedisStore, server: Any) -> None:
    server.lpush("trackist_active_2026-11-23", "what is this")
    for ask in (
        lambda: store.mark_one("active", MONDAY, 1),
        lambda: store.union("active", MONDAY, MONDAY + PER_DAY),
        lambda: store.forget(1),
    ):
        with pytest.raises(DamagedStoreError, match="trackist_active_2026-11-23") as error:
            ask()
        one_sentence(error)


def test_the_protocols_third_version_says_the_same(redis_server: str, store: RedisStore) -> None:
    store.mark("active", {MONDAY: Actors([1, 2], ["ada"]), UNDATED: Actors([1])})
    third = RedisStore(f"{redis_server}/{OURS}?protocol=3")
    assert members(third, "active", FIRST, LAST) == {1, 2, "ada"}
    assert (third.occurrences("active", FIRST, LAST), third.forget("ada")) == (4, 1)
    third.replace("active", *WEEK, {MONDAY: Actors([3], ["ada"])}, {})
    assert members(third, "active", *WEEK) == {3}
    third.close()


def test_an_answer_that_was_not_read_is_not_taken_for_the_next(store: RedisStore, server: Any) -> None:
    store.mark_one("active", MONDAY, 1)
    server.lpush("trackist_wrong_u", "what is this")
    with pytest.raises(DamagedStoreError):
        store.mark("wrong", {MONDAY: Actors([1, 2]), UNDATED: Actors([1])})
    assert store.count("active", MONDAY, MONDAY + 1) == 1


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    port = free_port()
    store = RedisStore(f"redis://127.0.0.1:{port}")
    for _ in range(2):
        server = start_redis(port, tmp_path)
        wait_for(port, server)
        store.mark_one("active", MONDAY, 1)
        server.terminate()
        server.wait(timeout=30)
        with pytest.raises(UnreachableStoreError):
            store.mark_one("active", MONDAY, 1)
    store.close()


def test_without_the_package_it_is_said_what_to_install() -> None:
    program = """
import sys
sys.modules["redis"] = None
from footfall.stores.redis import RedisStore, rewriting
from footfall.errors import MissingExtraError
try:
    RedisStore("redis://localhost").events()
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'footfall[redis]'" in done.stdout


# A cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The addresses of the three nodes of a cluster, by commas."""
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli, which makes clusters, is not installed")
    ports = [free_port() for _ in range(3)]
    if max(ports) > 55_000:  # nodes talk on a port 10,000 higher
        ports = [port % 30_000 + 20_000 for port in ports]
    nodes = []
    for port in ports:
        folder = tmp_path_factory.mktemp(f"node{port}")
        nodes.append(start_redis(port, folder, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"))
    try:
        for port, node in zip(ports, nodes, strict=True):
            wait_for(port, node)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        _wait_until_ready(ports)
        yield ",".join(addresses)
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.wait(timeout=30)


def _wait_until_ready(ports: list[int]) -> None:
    clients = [redis.Redis(port=port) for port in ports]
    for _ in range(200):
        if all(client.execute_command("CLUSTER INFO")["cluster_state"] == "ok" for client in clients):
            return
        time.sleep(0.1)
    raise AssertionError("the cluster does not become ready")


def test_a_database_that_a_cluster_does_not_have_is_refused(cluster: str) -> None:
    store = RedisStore(f"redis://{cluster.split(',')[0]}/3")
    with pytest.raises(ActivityError, match="SELECT is not allowed in cluster mode"):
        store.events()


@pytest.mark.parametrize("form", ["redis://{}", "redis://{first}?cluster=true", "redis://{first}", "redis://{first}/0"])
def test_a_cluster_does_all_that_a_server_does(cluster: str, form: str) -> None:
    store = RedisStore(form.format(cluster, first=cluster.split(",")[0]))
    for event in ("active", "done"):
        store.delete(event)
    store.mark("active", {MONDAY + n * PER_DAY: Actors([n, 500], [f"name-{n}"]) for n in range(14)})
    store.mark_one("active", MONDAY + 5, 9)
    store.mark_one("done", UNDATED, "ada")
    assert members(store, "active", *WEEK) == {*range(7), 9, 500, *(f"name-{n}" for n in range(7))}
    assert store.count("active", MONDAY, MONDAY + PER_DAY) == 4
    assert store.events() == ["active", "done"]
    assert len(store.slots("active")) == 15
    assert store.occurrences("active", FIRST, LAST) == 43
    store.unmark("active", {MONDAY: Actors([500, 0])})
    assert {0, 500} & members(store, "active", *WEEK) == {500}
    store.replace("active", *WEEK, {MONDAY: Actors([1], ["eve"])}, {"read": 3})
    assert members(store, "active", *WEEK) == {1, "eve"}
    assert store.cursor("read") == 3
    assert store.forget(500) == 7
    assert store.forget("ada") == 1
    assert store.events() == ["active"]
    store.close()
