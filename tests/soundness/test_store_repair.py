"""A look at a whole store finds every damage that matters, and a repair keeps what is sound and says what is lost."""

from __future__ import annotations

import random
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from damaging import DAYS, MARKS, TRUTH, Damage, Files, cut, differences, files_left_in, flip, overwrite, written, zero
from footfall.errors import DamagedStoreError, StoreBusyError
from footfall.stores.ids import NAMED, Actors
from footfall.stores.redis import RedisStore
from footfall.stores.sqlite import SqliteStore
from footfall.stores.store import PER_DAY, UNREAD, start_of
from stores import flush

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return files_left_in(tmp_path_factory.mktemp("left"))


@pytest.fixture(scope="module")
def closed(left: Files, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("closed")
    store = SqliteStore(written(folder, left))
    store.fold()
    store.close()
    return {"activity.db": (folder / "activity.db").read_bytes()}


def is_named(lost: tuple[str, ...], event: str, slot: int) -> bool:
    """Whether a loss is about a set, or about marks of an event or of anything that were not in a set yet."""
    day = f"{start_of(slot):%Y-%m-%d}"
    return any(
        (event in said and day in said)
        or (event in said and "journal" in said)
        or re.search(r"not yet merged|log|name of|× event", said)
        for said in lost
    )


def check_repaired(path: Path, before: Files) -> tuple[str, ...]:
    """Repair, and hold what is left against what was marked and what is said to be lost."""
    store = SqliteStore(path, now=lambda: NOW)
    planned = store.repair(is_dry_run=True)
    kept = {name: content for name, content in before.items() if len(before) == 1 or name.endswith("-marks-0")}
    for name, content in kept.items():  # a look takes a sound log into its database, as any reading does
        assert (path.parent / name).read_bytes() == content, f"a dry run changed {name}"
    done = store.repair()
    assert (done.repaired, done.lost) == (planned.repaired, planned.lost)
    assert done.kept_in is not None
    for name, content in kept.items():
        assert (done.kept_in / name).read_bytes() == content
    assert not list(store.problems())
    for (event, day), who in TRUTH.items():
        span = (DAYS[day], DAYS[day] + PER_DAY)
        found = set(store.union(event, *span))
        assert found <= who
        if found != who:
            assert is_named(done.lost, event, DAYS[day]), (
                f"{event} of day {day} is not whole, and is not among {done.lost}"
            )
        elif store.occurrences(event, *span) != MARKS[event, day]:
            assert any("occurrences" in said for said in done.repaired) or done.lost
    store.mark_one("seen", DAYS[3], 77)
    assert store.contains("seen", DAYS[3], DAYS[3] + 1, 77)
    store.close()
    assert store.repair().kept_in is None  # nothing is left to do
    store.close()
    return done.lost


def swept(
    folder: Path, files: Files, name: str, kinds: list[Damage], seed: int, times: int, end: int = 0
) -> Counter[str]:
    chance, found = random.Random(seed), Counter[str]()
    for _ in range(times):
        content, kind = bytearray(files[name]), chance.choice(kinds)
        at = chance.randrange(len(content) - end)
        kind(content, at, chance)
        before = files | {name: bytes(content)}
        path = written(folder, before)
        store = SqliteStore(path, now=lambda: NOW)
        problems = [problem for problem in store.problems() if not problem.is_derived]
        store.close()
        if not problems:
            assert not list(differences(path)), f"{kind.__name__} at {at} is not found"
            found["nothing"] += 1
            continue
        assert not [problem for problem in problems if "\n" in problem.what]
        try:
            lost = check_repaired(written(folder, before), before)
        except DamagedStoreError as error:
            found["beyond repair" if "restore a backup" in str(error) else "said badly"] += 1
        except AssertionError as error:
            raise AssertionError(f"{kind.__name__} of {name} at {at}: {error}") from None
        else:
            found["lost some" if lost else "lost nothing"] += 1
    return found


def test_what_is_sound_is_not_touched(left: Files, closed: Files, tmp_path: Path) -> None:
    for files in (left, closed):
        path = written(tmp_path, files)
        store = SqliteStore(path)
        assert not list(store.problems())
        assert store.repair().kept_in is None
        assert not list(differences(path))
        store.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_damage_of_the_database_is_repaired(closed: Files, tmp_path: Path, seed: int) -> None:
    found = swept(tmp_path, closed, "activity.db", [flip, overwrite, zero, cut], seed, 60)
    assert found["lost some"] > 3
    assert found["beyond repair"] < 25
    assert not found["said badly"]


def test_damage_of_the_log_is_repaired(left: Files, tmp_path: Path) -> None:
    found = swept(tmp_path, left, "activity.db-wal", [flip, zero], 3, 25, end=6 * (2048 + 24))
    assert found["lost some"] > 5


def test_damage_of_the_intake_is_repaired(left: Files, tmp_path: Path) -> None:
    found = swept(tmp_path, left, "activity.db-marks-0", [flip, overwrite], 4, 25, end=32)
    assert found["lost some"] > 15
    assert not found["beyond repair"]


def test_a_set_that_a_table_reports_is_read_from_it_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db", now=lambda: NOW)
    store.replace("launch", DAYS[0], DAYS[1], {DAYS[0]: Actors(range(9))}, {"launch": 7, "launch/2024-10": 8})
    store.mark("seen", {DAYS[0]: Actors(range(9)), DAYS[1]: Actors(range(4))})
    store.fold()
    store._file.open().execute("UPDATE sets SET bitmap = zeroblob(8) WHERE slot = ?", (DAYS[0],))
    done = store.repair()
    assert done.lost == ("9 actors of 'seen' on 2024-10-04",)
    assert done.repaired == ("'launch', which is read again from the table that reports it",)
    assert store.cursor("launch") == UNREAD  # it stays the table's
    assert store.cursor("launch/2024-10") is None
    assert store.count("seen", DAYS[1], DAYS[2]) == 4


def test_only_the_count_of_a_set_is_lost(closed: Files, tmp_path: Path) -> None:
    path = written(tmp_path, closed)
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM counts WHERE slot = ?", (DAYS[0],))
    raw.close()
    done = SqliteStore(path).repair()
    assert not done.lost
    assert "the count of 'seen' on 2024-10-04; its occurrences are no longer known" in done.repaired[0]
    assert set(SqliteStore(path).union("seen", DAYS[0], DAYS[1])) == TRUTH["seen", 0]


def test_a_store_that_another_process_has_open_is_not_repaired(closed: Files, tmp_path: Path) -> None:
    path = written(tmp_path, closed)
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM counts WHERE slot = ?", (DAYS[0],))
    raw.close()
    code = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('SELECT * FROM facts'); print(); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    with pytest.raises(StoreBusyError, match="stop it, and run the same command again"):
        SqliteStore(path).repair()
    child.communicate(b"\n")
    SqliteStore(path).repair()


def test_actors_whose_names_are_gone_are_found(closed: Files, tmp_path: Path) -> None:
    path = written(tmp_path, closed)
    with sqlite3.connect(path) as raw:
        raw.execute("DELETE FROM identities WHERE name = 'ada'")
    raw.close()
    [problem] = SqliteStore(path).problems()
    assert problem.what == "the set of 'seen' on 2024-10-04 has 1 actors without a name"


def test_a_month_on_redis_that_lacks_an_actor_of_a_day_is_repaired(redis_server: str) -> None:
    """bitmapist takes an actor whom it unmarks on one day out of week and month, though another day has the actor."""
    import redis

    flush(redis_server, 9)
    store, client = RedisStore(f"{redis_server}/9", now=lambda: NOW), redis.Redis.from_url(f"{redis_server}/9")
    store.mark("seen", {DAYS[0]: Actors([7, 9], ["ada"]), DAYS[1]: Actors([7])})
    assert not list(store.problems())
    for key in ("trackist_seen_2024-10-4", "trackist_seen_W2024-40", "trackist_seen_2024-10"):
        client.setbit(key, 7, 0)  # as bitmapist's `unmark_event` of that day does
    assert [problem.what for problem in store.problems()] == [
        "'seen' of 2024-W40 lacks 1 actor that its days have",
        "'seen' of 2024-10 lacks 1 actor that its days have",
    ]
    assert len(store.repair(is_dry_run=True).repaired) == 2
    assert client.getbit("trackist_seen_2024-10", 7) == 0
    assert len(store.repair().repaired) == 2
    assert set(store.union("seen", DAYS[0] - 3 * PER_DAY, DAYS[0] + 28 * PER_DAY)) == {7, 9, NAMED + 1}
    assert [client.getbit(f"trackist_seen_{of}", 7) for of in ("2024-10", "W2024-40", "2024-10-5", "2024-10-4")] == [
        1,
        1,
        1,
        0,
    ]
    assert not list(store.problems())
    client.close()
    store.close()


def test_an_actor_that_was_taken_out_of_a_day_on_redis_is_not_repaired_into_it_from_an_hour(redis_server: str) -> None:
    import redis

    flush(redis_server, 9)
    store, client = RedisStore(f"{redis_server}/9", now=lambda: NOW), redis.Redis.from_url(f"{redis_server}/9")
    for key in ("2026-11-23-9", "2026-11-23", "W2026-48", "2026-11"):
        client.setbit(f"trackist_active_{key}", 7, 1)
    for key in ("2026-11-23", "W2026-48", "2026-11"):  # what bitmapist does where hours are not tracked
        client.setbit(f"trackist_active_{key}", 7, 0)
    assert list(store.problems()) == []
    assert store.repair().repaired == ()
    assert client.getbit("trackist_active_2026-11-23", 7) == 0
    store.close()
