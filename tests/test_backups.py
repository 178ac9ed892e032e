"""Backups: what a workspace has is in the file, and what is no good backup restores nothing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import footfall
from footfall.errors import ActivityError, BackupError, LakeError
from footfall.settings import Settings
from workspaces import run, write_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected, marked, with a token and what alerts remember."""
    folder = write_workspace(tmp_path_factory.mktemp("workspace"))
    with footfall.open(folder) as ff:
        ff.collect()
        ff.mark("active", [1, 2, "ada"], "2026-03-01")
        ff.mark("active", [2, "bob"], "2026-03-02")
        ff.forget("bob")
        assert len(ff.event("binder_launch").month(2026, 2)) > 1
    (folder / "tokens.json").write_text('{"kept": "as it is"}')
    (folder / "tokens.json").chmod(0o600)
    (folder / "alerts.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def written(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backups") / "backup.tar"
    with footfall.open(workspace) as ff:
        ff.backup(file)
    return file


def answers(folder: Path) -> list[object]:
    with footfall.open(folder) as ff:
        asked = [
            ff.query(metric, grain="month", since="2025-12", until="2026-03-10") for metric in ("launches", "commits")
        ]
        return [
            *([answer.to_dicts() for answer in asked]),
            ff.query("launches", by=["federation"], grain="month", since="2026-01", until="2026-03").to_dicts(),
            sorted(ff.event("active").month(2026, 3), key=str),
            len(ff.event("binder_launch").month(2026, 2)),
            [(state.table, state.fresh_until, len(state.gaps)) for state in ff.status()],
        ]


def test_a_restored_workspace_answers_the_same(workspace: Path, written: Path, tmp_path: Path) -> None:
    done = footfall.restore(written, tmp_path / "restored")
    found = answers(tmp_path / "restored")
    assert found[3] == [1, 2, "ada"]
    assert found[:-1] == answers(workspace)[:-1]
    assert found[-1] == answers(workspace)[-1]
    for name in ("footfall.toml", "tokens.json", "alerts.json"):
        assert (tmp_path / "restored" / name).read_bytes() == (workspace / name).read_bytes()
    assert (tmp_path / "restored" / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert (done.moved_to, done.notes) == (None, ())
    assert not [path for path in tmp_path.iterdir() if path.name != "restored"]
    with footfall.open(tmp_path / "restored") as ff:
        assert "bob" in ff.activity.store.forgotten()


def test_the_file_holds_nothing_of_the_scratch_folder_and_is_for_its_owner_alone(written: Path) -> None:
    with tarfile.open(written) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("footfall-backup.json", "manifest.json")
    assert {name.split("/")[0] for name in names[1:-1]} == {"activity.db", "files", "lake"}
    assert not [name for name in names if ".footfall" in name]
    assert written.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_overwritten_only_when_that_is_asked(workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("precious")
    with footfall.open(workspace) as ff:
        with pytest.raises(BackupError, match="is there already; name another file, or add --force"):
            ff.backup(file)
        assert file.read_text() == "precious"
        ff.backup(file, force=True)
        with pytest.raises(BackupError, match="is a folder; name another file"):
            ff.backup(tmp_path, force=True)
        with pytest.raises(BackupError, match="there is no folder"):
            ff.backup(tmp_path / "absent" / "backup.tar")
    footfall.restore(file, tmp_path / "restored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar", "restored"]


def test_a_folder_that_holds_something_is_moved_aside_only_when_that_is_asked(written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "usage"
    folder.mkdir()
    (folder / "precious").write_text("here")
    with pytest.raises(BackupError, match="is not empty; name a new or an empty folder, or add --force"):
        footfall.restore(written, folder)
    assert [path.name for path in folder.iterdir()] == ["precious"]
    done = footfall.restore(written, folder, force=True)
    assert done.moved_to is not None
    assert (done.moved_to / "precious").read_text() == "here"
    assert (folder / "footfall.toml").is_file()


def test_a_store_that_another_process_has_open_is_not_moved_aside(written: Path, tmp_path: Path) -> None:
    footfall.restore(written, tmp_path / "usage")
    code = f"import footfall; ff = footfall.open({str(tmp_path / 'usage')!r}); ff.mark('active', 7); print(); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    with pytest.raises(BackupError, match=r"another process has .*activity\.db open"):
        footfall.restore(written, tmp_path / "usage", force=True)
    child.communicate(b"\n")
    footfall.restore(written, tmp_path / "usage", force=True)


def rewritten(
    written: Path, file: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]
) -> Path:
    with tarfile.open(written) as source, tarfile.open(file, "w") as target:
        for entry in source:
            opened = source.extractfile(entry)
            assert opened
            entry, content = change(entry, opened.read())
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return file


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "files/../../outside", "lake/../../../outside"])
def test_no_member_lands_outside_of_the_folder(written: Path, tmp_path: Path, name: str) -> None:
    def escape(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if entry.name == "files/tokens.json":
            entry.name = name
        return entry, content.replace(b"files/tokens.json", name.encode()) if entry.name == "manifest.json" else content

    file = rewritten(written, tmp_path / "bad.tar", escape)
    with pytest.raises(
        BackupError, match=r"has a member .*outside', which is not part of a backup; nothing was restored"
    ):
        footfall.restore(file, tmp_path / "deep" / "er" / "restored")
    assert not list(tmp_path.rglob("outside"))
    assert not (tmp_path / "deep" / "er" / "restored").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_no_member_is_a_link_or_a_device(written: Path, tmp_path: Path, kind: bytes) -> None:
    def link(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if entry.name == "files/tokens.json":
            entry.type, entry.linkname, content = kind, "/etc/passwd", b""
        return entry, content

    file = rewritten(written, tmp_path / "bad.tar", link)
    with pytest.raises(BackupError, match="which is not part of a backup"):
        footfall.restore(file, tmp_path / "restored")


def test_places_outside_of_the_folder_are_refused(written: Path, tmp_path: Path) -> None:
    hashed: list[object] = []

    def escape(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if entry.name == "footfall-backup.json":
            content = json.dumps({**json.loads(content), "lake": "../../outside"}).encode()
            hashed[:] = [len(content), hashlib.sha256(content).hexdigest()]
        if entry.name == "manifest.json":
            said = json.loads(content)
            said["members"]["footfall-backup.json"] = hashed
            content = json.dumps(said).encode()
        return entry, content

    file = rewritten(written, tmp_path / "bad.tar", escape)
    with pytest.raises(BackupError, match="its lake is outside the folder"):
        footfall.restore(file, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_backup_of_a_newer_version_is_left_alone(written: Path, tmp_path: Path) -> None:
    def newer(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        return entry, content.replace(
            b'"format": 1', b'"format": 7'
        ) if entry.name == "footfall-backup.json" else content

    file = rewritten(written, tmp_path / "newer.tar", newer)
    with pytest.raises(BackupError, match=r"newer Footfall .*format 7; this one knows up to 1.*upgrade Footfall"):
        footfall.restore(file, tmp_path / "restored")


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\0" * 4096, os.urandom(20_000)])
def test_what_is_no_backup_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(content)
    with pytest.raises(BackupError, match=r"is not a backup of Footfall|is damaged: it is truncated"):
        footfall.restore(file, tmp_path / "restored")
    with pytest.raises(BackupError, match="there is no file"):
        footfall.restore(tmp_path / "absent.tar", tmp_path / "restored")
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]


def test_another_tar_is_one_sentence(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("footfall.toml"), io.BytesIO())
    with pytest.raises(BackupError, match="is not a backup of Footfall"):
        footfall.restore(tmp_path / "other.tar", tmp_path / "restored")


def test_a_damaged_backup_restores_nothing_or_everything(tmp_path: Path) -> None:
    """Flipped, overwritten, cut: what is between the members of a tar may be damaged without harm."""
    small = tmp_path / "small"
    small.mkdir()
    (small / "footfall.toml").write_text("[sources.git]\nrepositories = ['.']\n")
    with footfall.open(small) as ff:
        ff.mark("active", range(100), "2026-03-01")
        ff.backup(tmp_path / "good.tar")
    shutil.rmtree(small)
    good, chance, refused = (tmp_path / "good.tar").read_bytes(), random.Random(6), 0
    for _ in range(150):
        content, at = bytearray(good), chance.randrange(len(good))
        match chance.choice(("flip", "zero", "cut")):
            case "flip":
                content[at] ^= 1 << chance.randrange(8)
            case "zero":
                content[at : at + 300] = bytes(len(content[at : at + 300]))
            case _:
                del content[at:]
        (tmp_path / "bad.tar").write_bytes(content)
        try:
            footfall.restore(tmp_path / "bad.tar", tmp_path / "restored")
        except BackupError:
            refused += 1
            assert not (tmp_path / "restored").exists()
        else:
            with footfall.open(tmp_path / "restored") as ff:
                assert set(ff.event("active").day(2026, 3, 1)) == set(range(100))
            shutil.rmtree(tmp_path / "restored")
    assert refused > 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.tar", "good.tar"]


_KILLED = """
import os, signal, sys
import footfall
left = int(sys.argv[3])
def count(read):
    global left
    left -= read
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
footfall.restore(sys.argv[1], sys.argv[2], watch=count)
"""


def test_a_restore_that_is_killed_leaves_nothing_half(written: Path, tmp_path: Path) -> None:
    size = written.stat().st_size
    for part in (0.1, 0.3, 0.6):
        command = [sys.executable, "-c", _KILLED, str(written), str(tmp_path / "restored"), str(int(size * part))]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
        assert not (tmp_path / "restored").exists()
    footfall.restore(written, tmp_path / "restored")
    assert [path.name for path in tmp_path.iterdir()] == ["restored"]  # what was left is gone


def test_a_backup_that_is_killed_leaves_the_one_before(workspace: Path, written: Path, tmp_path: Path) -> None:
    code = _KILLED.replace(
        "footfall.restore(sys.argv[1], sys.argv[2],", "footfall.open(sys.argv[1]).backup(sys.argv[2], force=True,"
    )
    file = tmp_path / "backup.tar"
    shutil.copy(written, file)
    command = [sys.executable, "-c", code, str(workspace), str(file), str(written.stat().st_size // 2)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert file.read_bytes() == written.read_bytes()
    with footfall.open(workspace) as ff:
        ff.backup(file, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.tar"]


def test_what_is_damaged_is_not_backed_up_without_a_word(workspace: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(workspace, broken)
    [table] = [path for path in (broken / "lake").iterdir() if path.name == "launches"]
    next(table.rglob("month=*/*.parquet")).unlink()
    with footfall.open(broken) as ff, pytest.raises(LakeError, match="is missing"):
        ff.backup(tmp_path / "backup.tar")
    shutil.rmtree(broken)
    shutil.copytree(workspace, broken)
    with footfall.open(broken) as ff:
        store = ff.activity.store
        store._file.open().execute("UPDATE sets SET bitmap = zeroblob(20)")  # type: ignore[attr-defined]
        with pytest.raises(ActivityError, match="does not match its checksum"):
            ff.backup(tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


def test_marks_on_a_server_are_said_to_be_elsewhere(tmp_path: Path) -> None:
    settings = Settings.model_validate({"activity": {"store": "redis://localhost:1/0"}, "folder": tmp_path})
    with footfall.open(settings) as ff:
        done = ff.backup(tmp_path / "backup.tar")
    assert "marks are kept in redis:// and are not in this backup" in done.notes[0]
    assert footfall.restore(tmp_path / "backup.tar", tmp_path / "restored").notes == done.notes


def test_a_lake_and_a_store_elsewhere_are_restored_into_the_folder(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage" / "footfall.toml").write_text(
        f'lake = "{tmp_path}/elsewhere"\nactivity = "sqlite:///{tmp_path}/marks.db"\n[sources.git]\nrepositories = ["."]\n'
    )
    with footfall.open(tmp_path / "usage") as ff:
        ff.mark("active", 1)
        ff.backup(tmp_path / "backup.tar")
    done = footfall.restore(tmp_path / "backup.tar", tmp_path / "restored")
    assert (tmp_path / "restored" / "activity.db").is_file()
    assert done.notes[0].startswith("`activity` was kept outside the workspace")


def test_both_commands_say_what_they_did(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "backup.tar"
    done = run(capsys, "-w", workspace, "backup", file)
    assert done.code == 0
    assert "Wrote " in done.out
    assert str(file) in done.out
    again = run(capsys, "-w", workspace, "backup", file)
    assert (again.code, again.out) == (1, "")
    assert "is there already" in again.err
    back = run(capsys, "restore", file, tmp_path / "restored")
    assert back.code == 0
    assert f"to {tmp_path / 'restored'}, as of 20" in back.out
    assert run(capsys, "restore", file, tmp_path / "restored").code == 1
