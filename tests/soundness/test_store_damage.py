"""A damaged store of marks gives the right numbers or one sentence: never a wrong number, never a traceback.

Files of a store that a killed process left (database, log, intake), and of one that was closed, are flipped, cut and zeroed at many
places. Every answer is checked against sets that plain Python makes.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from damaging import DAYS, TRUTH, Damage, Files, cut, differences, files_left_in, flip, overwrite, written, zero
from footfall.errors import ActivityError, DamagedStoreError
from footfall.stores.ids import NAMED
from footfall.stores.sqlite import SqliteStore
from footfall.stores.sqlite.log import lost_after
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED
from marking import DAY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return files_left_in(tmp_path_factory.mktemp("left"))


@pytest.fixture(scope="module")
def closed(left: Files, tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("closed")
    store = SqliteStore(written(folder, left))
    store.fold()
    store.count("seen", DAYS[0], DAYS[3] + PER_DAY, is_kept=True)
    store.close()
    return {"activity.db": (folder / "activity.db").read_bytes()}


def tried(folder: Path, files: Files, name: str, places: Iterator[int], kinds: list[Damage], seed: int) -> Counter[str]:
    chance, found = random.Random(seed), Counter[str]()
    for at in places:
        content = bytearray(files[name])
        kind = chance.choice(kinds)
        kind(content, at, chance)
        path = written(folder, files | {name: bytes(content)})
        try:
            wrong = list(differences(path))
        except ActivityError as error:
            wrong = [line for line in str(error).splitlines()[1:] if line]  # one sentence, in one line
            found["said"] += 1
        else:
            found["right"] += 1
        assert not wrong, f"{kind.__name__} of {name} at {at}: {wrong}"
    return found


def test_what_is_damaged_here_is_right_as_it_is(left: Files, closed: Files, tmp_path: Path) -> None:
    assert sorted(left) == ["activity.db", "activity.db-marks-0", "activity.db-wal"]
    for files in (left, closed):
        assert not list(differences(written(tmp_path, files)))


@pytest.mark.parametrize("seed", [1, 2])
def test_damage_of_the_database(closed: Files, tmp_path: Path, seed: int) -> None:
    chance, size = random.Random(seed), len(closed["activity.db"])
    places = (chance.randrange(size) for _ in range(260))
    found = tried(tmp_path, closed, "activity.db", places, [flip, overwrite, zero, cut], seed)
    assert found["said"] > 60
    assert found["right"] > 60  # unused pages, kept unions


def test_damage_of_the_log(left: Files, tmp_path: Path) -> None:
    """But for its last transaction, which is the same as one that was never committed."""
    chance, size = random.Random(3), len(left["activity.db-wal"])
    places = (chance.randrange(size - 6 * (2048 + 24)) for _ in range(220))
    found = tried(tmp_path, left, "activity.db-wal", places, [flip, overwrite, zero], 3)
    assert found["said"] > 100


def test_damage_of_the_intake(left: Files, tmp_path: Path) -> None:
    chance, size = random.Random(4), len(left["activity.db-marks-0"])
    places = (chance.randrange(size - 32) for _ in range(150))
    found = tried(tmp_path, left, "activity.db-marks-0", places, [flip, overwrite], 4)
    assert found["said"] > 100


@pytest.mark.parametrize("name", ["activity.db-wal", "activity.db-marks-0"])
def test_a_file_beside_the_database_that_ends_early_is_an_earlier_state(left: Files, tmp_path: Path, name: str) -> None:
    """As after a power cut: what was marked last is not there, and nothing else is."""
    chance = random.Random(5)
    for _ in range(40):
        content = left[name][: chance.randrange(len(left[name]))]
        store = SqliteStore(written(tmp_path, left | {name: content}))
        try:
            for (event, day), who in TRUTH.items():
                assert set(store.union(event, DAYS[day], DAYS[day] + PER_DAY)) <= who
        except DamagedStoreError:
            pass
        store.close()


def test_a_kept_union_that_is_damaged_is_made_again(closed: Files, tmp_path: Path) -> None:
    path = written(tmp_path, closed)
    with sqlite3.connect(path) as raw:
        [(blob,)] = raw.execute("SELECT bitmap FROM unions").fetchall()
        raw.execute("UPDATE unions SET bitmap = ?", (blob[:-1] + bytes([blob[-1] ^ 1]),))
    raw.close()
    assert not list(differences(path))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE sets SET bitmap = zeroblob(9) WHERE slot = 640000", "the set of 'seen' on 2024-10-04 does not match its checksum"),
        ("DELETE FROM sets WHERE slot = 640000", "the set of 'seen' on 2024-10-04 is missing"),
        ("DELETE FROM counts WHERE slot = 640033", "the set of 'seen' on 2024-10-05 at 00:00 is not counted"),
        ("UPDATE counts SET marks = 7 WHERE slot = 640000", "has a count that does not match its checksum"),
        ("UPDATE facts SET value = 7 WHERE name = 'salt'", "the two copies of 'salt' differ"),
        ("DROP TABLE cursors", "its tables are not those of a store"),
    ],
)  # fmt: skip
def test_the_sentence_names_file_event_and_day(closed: Files, tmp_path: Path, statement: str, said: str) -> None:
    path = written(tmp_path, closed)
    with sqlite3.connect(path) as raw:
        raw.execute(statement)
    raw.close()
    with pytest.raises(DamagedStoreError, match="restore a backup, or run `footfall repair`") as caught:
        list(differences(path))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_empty_database_beside_its_marks_is_not_begun_anew(left: Files, tmp_path: Path) -> None:
    path = written(tmp_path, left | {"activity.db": b""})
    with pytest.raises(DamagedStoreError, match=r"is empty, and activity\.db-"):
        SqliteStore(path).mark_one("seen", DAY, 1)
    path.unlink()
    with pytest.raises(DamagedStoreError, match=r"is not there, and activity\.db-"):
        SqliteStore(path).events()


def test_a_log_in_use_is_never_called_damaged(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "activity.db")
    store.mark_one("seen", DAY, "ada")
    log = tmp_path / "activity.db-wal"
    content = bytearray(log.read_bytes())
    assert lost_after(tmp_path / "activity.db") is None
    content[32 + 24 + 100] ^= 1  # in the first of its frames
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "activity.db").write_bytes((tmp_path / "activity.db").read_bytes())
    (tmp_path / "copy" / "activity.db-wal").write_bytes(content)
    assert lost_after(tmp_path / "copy" / "activity.db") == 0
    with pytest.raises(DamagedStoreError, match="is damaged after 0 frames"):
        SqliteStore(tmp_path / "copy" / "activity.db").events()


OLD = Path(__file__).parent.parent / "old_stores" / "written_by_0_1_0.tar.gz"
OLD_SETS = {
    ("active", DAYS[0]): {*range(0, 3000, 3), NAMED + 1, NAMED + 3} - {3},  # 3 was taken out, NAMED + 2 forgotten
    ("active", DAYS[1]): {*range(0, 1000, 7), NAMED + 1, 1, 2, 70_001, 70_002},
    ("active", DAYS[2]): {9, 10},
    ("launch", DAYS[0]): {NAMED + 4, NAMED + 5},
}


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_store_of_an_earlier_version_is_raised_in_place(tmp_path: Path, is_folded: bool) -> None:
    """With sets, a kept union, rows of the journal and marks in the intake, as a killed process left it."""
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    store = SqliteStore(tmp_path / "written_by_0_1_0.db")
    if is_folded:
        store.fold()
    for (event, slot), who in OLD_SETS.items():
        assert set(store.union(event, slot, slot + PER_DAY)) == who
    assert set(store.union("paid", UNDATED, UNDATED + 1)) == {5}
    assert store.count("paid", DAYS[0], DAYS[1]) == 200
    assert store.occurrences("active", FIRST, LAST) == 1002 + 144 + 2 + 1 + 3 + 3
    assert store.cursor("launches") == 12
    assert store.names_of([NAMED + 1, NAMED + 3, NAMED + 4]) == ["ada", "cyd", "a/b"]
    assert "bob" in store.forgotten()
    store.mark_one("active", DAYS[0], 8)
    store.close()
    with sqlite3.connect(tmp_path / "written_by_0_1_0.db") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (2,)
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert SqliteStore(tmp_path / "written_by_0_1_0.db").count("active", DAYS[0], DAYS[1]) == 1002


def test_a_store_of_an_earlier_version_is_read_where_it_may_not_be_written(small_disk: Path) -> None:
    with tarfile.open(OLD) as archive:
        archive.extractall(small_disk, filter="data")
    path = small_disk / "written_by_0_1_0.db"
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    store = SqliteStore(path)
    assert store.count("launch", DAYS[0], DAYS[1]) == 2
    assert store.count("paid", DAYS[0], DAYS[1]) == 200
    store.close()
