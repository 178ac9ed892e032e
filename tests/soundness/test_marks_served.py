"""What the server for marks acknowledged is there: after a kill, on a full disk, next to others that mark."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import FIRST, LAST, PER_DAY
from lengths import IS_LONG
from marks_served import client_of, marks_served

pytestmark = pytest.mark.slow
redis = pytest.importorskip("redis")

FIRST_DAY = 20_758 * PER_DAY
"""2026-11-01."""


def day_key(day: int) -> str:
    return f"trackist_active_2026-11-{day}"


def mark_on(port: int, seed: int, acknowledged: dict[int, set[int]]) -> None:
    """Mark by pipelines of ten, as bitmapist does, until the server is gone; write down what it acknowledged."""
    chance, client = random.Random(seed), client_of(port)
    try:
        while True:
            marks = [(chance.randrange(1, 29), chance.randrange(1 << 30)) for _ in range(10)]
            pipeline = client.pipeline(transaction=chance.random() < 0.5)
            for day, id in marks:
                for key in ("trackist_active_2026-11", day_key(day)):
                    pipeline.setbit(key, id, 1)
            pipeline.execute()
            for day, id in marks:
                acknowledged[day].add(id)
    except (redis.exceptions.RedisError, OSError):
        return


@pytest.mark.parametrize("sync", ["everysec", "always"])
def test_killed_at_any_moment_nothing_acknowledged_is_lost(tmp_path: Path, sync: str) -> None:
    chance = random.Random(7)
    acknowledged: dict[int, set[int]] = defaultdict(set)
    for kill in range(25 if IS_LONG else 5):
        with marks_served(tmp_path, "--sync", sync) as served:
            several: list[dict[int, set[int]]] = [defaultdict(set) for _ in range(4)]
            clients = [
                threading.Thread(target=mark_on, args=(served.port, 10 * kill + n, one))
                for n, one in enumerate(several)
            ]
            for client in clients:
                client.start()
            threading.Event().wait(chance.uniform(0.2, 0.8))
            served.process.kill()
            for client in clients:
                client.join()
        for one in several:
            for day, ids in one.items():
                acknowledged[day] |= ids
    assert sum(map(len, acknowledged.values())) > 500
    store = SqliteStore(tmp_path / "activity.db")
    for day, ids in acknowledged.items():
        slot = FIRST_DAY + (day - 1) * PER_DAY
        assert ids <= set(store.union("active", slot, slot + PER_DAY))
    store.close()
    with marks_served(tmp_path) as served:
        client = client_of(served.port)
        month = set().union(*acknowledged.values())
        assert client.bitcount("trackist_active_2026-11") >= len(month)
        assert all(client.getbit("trackist_active_2026-11", id) for id in list(month)[:200])


def test_many_clients_and_another_program_lose_and_double_nothing(tmp_path: Path) -> None:
    with marks_served(tmp_path) as served:

        def mark_served(n: int) -> None:
            client = client_of(served.port)
            for start in range(0, 2000, 20):
                pipeline = client.pipeline()
                for id in range(n * 2000 + start, n * 2000 + start + 20):
                    pipeline.setbit("trackist_active_2026-11", id, 1)
                    pipeline.setbit(day_key(1), id, 1)
                answers = pipeline.execute()
                assert answers == [0] * 40

        def mark_itself() -> None:
            store = SqliteStore(served.store)
            for id in range(100_000, 102_000):
                store.mark_one("active", FIRST_DAY, id)
            store.fold()
            store.close()

        threads = [threading.Thread(target=mark_served, args=(n,)) for n in range(8)]
        threads.append(threading.Thread(target=mark_itself))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client = client_of(served.port)
        assert client.bitcount(day_key(1)) == client.bitcount("trackist_active_2026-11") == 18_000
    store = SqliteStore(served.store)
    assert set(store.union("active", FIRST_DAY, FIRST_DAY + PER_DAY)) == {*range(16_000), *range(100_000, 102_000)}
    assert store.occurrences("active", FIRST, LAST) == 18_000
    store.close()


def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_kept(small_disk: Path) -> None:
    with marks_served(small_disk) as served:
        client = client_of(served.port)
        kept: set[int] = set()
        refusals: list[str] = []
        for start in range(0, 400_000, 500):
            pipeline = client.pipeline(transaction=False)
            for id in range(start, start + 500):
                pipeline.setbit(day_key(1), 1000 * id, 1)
            answers: list[Any] = pipeline.execute(raise_on_error=False)
            # A pipeline may arrive in several parts, and a part is acknowledged or refused as a whole.
            for id, answer in zip(range(start, start + 500), answers, strict=True):
                if isinstance(answer, Exception):
                    refusals.append(str(answer))
                else:
                    kept.add(1000 * id)
            if len(refusals) > 2000:
                break
        assert refusals
        assert all("free some space" in refusal or "cannot be" in refusal for refusal in refusals), refusals[0]
        assert all(client.getbit(day_key(1), id) for id in sorted(kept)[::97])
        served.process.kill()
    store = SqliteStore(served.store)
    assert kept <= set(store.union("active", FIRST_DAY, FIRST_DAY + PER_DAY))
    store.close()
