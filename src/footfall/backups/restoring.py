"""A file written by `backup` → a workspace: everything is unpacked and verified in a temporary folder, then moved."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from footfall.backups.container import Watch, damaged, unpack
from footfall.backups.writing import BESIDE, LAKE, STATE_FILES, STORE
from footfall.collect.lock import locked
from footfall.errors import BackupError
from footfall.stores.sqlite.log import is_in_use

_ASIDE = ".restoring-"


@dataclass(frozen=True)
class Restored:
    """A workspace that was restored."""

    folder: Path
    written_at: str
    """When the backup was written, as ISO text."""
    files: int
    moved_to: Path | None
    """Where the previous folder was moved to."""
    notes: tuple[str, ...]
    """What was not in the backup, and the manual steps that remain."""


def restore(file: str | Path, folder: str | Path, *, force: bool = False, watch: Watch | None = None) -> Restored:
    """Restore a workspace from a backup.

    Args:
        file: What `footfall backup` wrote.
        folder: A new or an empty folder.
        force: Move a folder that is not empty aside instead of refusing it.
        watch: Receives how many bytes were restored since it was called last.

    Raises:
        BackupError: When the file is not a backup or is damaged, or the folder holds something. Nothing was changed.
        BusyError: When a process collects in the folder that would be moved aside.

    Example:
        >>> written = ff.backup(folder / "backup.tar")
        >>> footfall.restore(folder / "backup.tar", folder / "restored").files == written.files
        True
    """
    file, folder = Path(file), Path(folder)
    there = Path(os.path.abspath(folder))
    if not file.is_file():
        raise BackupError(f"there is no file {file}; name a file that `footfall backup` wrote.")
    _check_target(there, force=force)
    try:
        with _aside(there) as passing:
            found = unpack(file, passing / "unpacked", watch or (lambda bytes: None))
            _arrange(file, passing / "unpacked", passing / "ready", found.about)
            moved_to = _put(passing / "ready", there)
    except OSError as error:
        raise BackupError(f"{folder} cannot be restored: {error.strerror or error}; nothing was changed.") from None
    notes = (*map(str, found.about.get("notes", ())), *_elsewhere(found.about, found.members, folder))
    return Restored(folder, str(found.about.get("written_at", "")), len(found.members), moved_to, notes)


def _check_target(folder: Path, *, force: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BackupError(f"{folder} is not a folder; name a new or an empty one.")
    if folder.is_dir() and any(folder.iterdir()):
        if not force:
            raise BackupError(f"{folder} is not empty; name a new or an empty folder, or add --force to move it aside.")
        for store in folder.glob("*.db"):
            if is_in_use(store):
                raise BackupError(f"another process has {store} open; stop it, and restore again.")
    if os.path.ismount(folder):
        raise BackupError(f"{folder} is a mount point, which cannot be replaced; name a new folder inside it.")


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A temporary folder next to the restored one; leftovers of killed runs are removed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f".{folder.name}{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    passing = folder.with_name(f".{folder.name}{_ASIDE}{secrets.token_hex(4)}")
    (passing / "unpacked").mkdir(parents=True)
    (passing / "ready").mkdir()
    try:
        yield passing
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _arrange(file: Path, unpacked: Path, ready: Path, about: Mapping[str, Any]) -> None:
    """Move unpacked files to the locations in the workspace's settings."""
    places = {LAKE: _within(file, about, "lake", LAKE), STORE: _within(file, about, "activity", STORE)}
    for name in sorted(path.name for path in unpacked.iterdir()):
        if name == BESIDE:
            for each in sorted((unpacked / BESIDE).iterdir()):
                if each.name not in STATE_FILES:
                    raise damaged(file, f"it has a member {each.name!r}, which is not part of a backup")
                each.rename(ready / each.name)
        elif name in places:
            target = ready / places[name]
            target.parent.mkdir(parents=True, exist_ok=True)
            (unpacked / name).rename(target)
        else:
            raise damaged(file, f"it has a member {name!r}, which is not part of a backup")


def _within(file: Path, about: Mapping[str, Any], key: str, default: str) -> PurePosixPath:
    """The location of a part in the workspace that was backed up."""
    place = PurePosixPath(str(about.get(key) or default))
    if place.is_absolute() or ".." in place.parts or not place.parts:
        raise damaged(file, f"its {key} is outside the folder")
    return place


def _put(ready: Path, folder: Path) -> Path | None:
    """Put the workspace in place by renaming; returns where the previous one is now."""
    if not folder.exists() or not any(folder.iterdir()):
        ready.rename(folder)
        return None
    moved = folder.with_name(f"{folder.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    with ExitStack() as held:
        if (folder / ".footfall").is_dir():
            held.enter_context(locked(folder / ".footfall", datetime.now(UTC)))
        folder.rename(moved)
        try:
            ready.rename(folder)
        except OSError:
            moved.rename(folder)
            raise
    return moved


def _elsewhere(about: Mapping[str, Any], members: tuple[str, ...], folder: Path) -> Iterator[str]:
    for key, default, has in (
        ("lake", LAKE, any(name.startswith(f"{LAKE}/") for name in members)),
        ("activity", STORE, STORE in members),
    ):
        if has and not about.get(key):
            yield (
                f"`{key}` was kept outside the workspace, and is in {folder / default} now; "
                f"set `{key}` in footfall.toml to it, or move it to where the settings look for it"
            )
