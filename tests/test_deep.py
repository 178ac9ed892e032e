"""`footfall doctor --deep` finds what is damaged in lake and activity; `footfall repair` repairs what can be repaired."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

import footfall
from workspaces import FIRST, HOLES, UNTIL, launches, run, write_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_workspace(tmp_path_factory.mktemp("sound"))
    with footfall.open(folder) as ff:
        ff.collect()
        ff.mark("active", range(300), "2026-03-01")
        ff.mark("active", range(20), "2026-03-02")
        ff.activity.store.fold()  # type: ignore[attr-defined]
        assert len(ff.event("binder_launch").month(2026, 2)) > 1
    return folder


@pytest.fixture
def broken(sound: Path, tmp_path: Path) -> Path:
    """A flipped byte in a file of the lake, a set of a table's event and one that was marked by an application."""
    folder = tmp_path / "usage"
    shutil.copytree(sound, folder)
    file = max((folder / "lake" / "launches").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with sqlite3.connect(folder / "activity.db") as raw:
        for event, slot in (("active", 20_513 * 32), ("binder_launch", 20_500 * 32)):
            of_event = "event = (SELECT id FROM events WHERE name = ?)"
            changed = raw.execute(f"UPDATE sets SET bitmap = zeroblob(9) WHERE {of_event} AND slot = ?", (event, slot))
            assert changed.rowcount == 1
    raw.close()
    return folder


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and ".footfall" not in file.parts and not file.name.endswith("-shm")
    }


def test_a_sound_workspace_is_found_to_be_sound(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "-w", sound, "doctor", "--deep")
    assert done.code == 0, done.out
    assert "every set of 2 events is as it was written" in " ".join(done.out.split())
    plain = run(capsys, "-w", sound, "doctor")
    assert len(plain.out.splitlines()) < len(done.out.splitlines())
    before = hashes(sound)
    assert run(capsys, "-w", sound, "repair").out == "Nothing is damaged.\n"
    assert run(capsys, "-w", sound, "repair", "--yes").out == "Nothing is damaged.\n"
    assert hashes(sound) == before


def test_damage_is_found_and_named(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "-w", broken, "doctor", "--deep", "--format", "json")
    assert done.code == 1
    failed = [check for check in json.loads(done.out) if check["state"] == "failed"]
    assert {check["about"] for check in failed} == {"lake", "activity"}
    said = " ".join(check["detail"] for check in failed)
    assert "the set of 'active' on 2026-03-01 does not match its checksum" in said
    assert "launches/" in said


def test_a_repair_is_planned_and_done(sound: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = hashes(broken)
    planned = run(capsys, "-w", broken, "repair")
    assert planned.code == 1
    assert "would be lost: 300 actors of 'active' on 2026-03-01" in planned.out
    assert "can be repaired: 'binder_launch', which is read again from the table that reports it" in planned.out
    assert "run `footfall repair --yes`" in planned.err
    assert hashes(broken) == before
    done = run(capsys, "-w", broken, "repair", "--yes")
    assert done.code == 0
    assert "lost: 300 actors of 'active' on 2026-03-01" in done.out
    assert "kept: " in done.out
    with footfall.open(broken) as ff:
        ff.collect()
        assert set(ff.event("active").day(2026, 3, 2)) == set(range(20))
        assert not [found for found in ff.examine(deep=True) if found.is_failed]
        rows = ff.query("launches", grain="day", since=FIRST, until=UNTIL).to_dicts()
        found = {str(row["period"])[:10]: row["launches"] for row in rows}
        repositories = set(ff.event("binder_launch").month(2026, 2))
    days = [FIRST + timedelta(days=n) for n in range((UNTIL - FIRST).days)]
    truth = {
        str(day): None if day in HOLES else sum(launches(broken, str(day), str(day + timedelta(days=1))).values())
        for day in days
    }
    assert found == truth
    with footfall.open(sound) as ff:
        assert repositories == set(ff.event("binder_launch").month(2026, 2))
    assert len(repositories) > 100
