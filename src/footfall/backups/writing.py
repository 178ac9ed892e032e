"""A workspace → one file: settings, marks, the lake at one version of each table, tokens and the state of alerts.

Marks are read before the lake, and the ledger before the tables, so that the backup never claims data that it lacks.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from footfall.backups.container import Watch, Writer
from footfall.backups.lake import LakeFile, files_of
from footfall.errors import BackupError, LakeError
from footfall.lake import Lake
from footfall.settings import FILE_NAME
from footfall.stores.redis import SCHEMES
from footfall.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from footfall.settings import Settings
    from footfall.stores.store import Store

STATE_FILES = (FILE_NAME, "tokens.json", "alerts.json", ".gitignore")
"""What may be next to the lake; everything else that Footfall keeps in `.footfall/` can be recreated."""
LAKE, STORE, BESIDE = "lake", "activity.db", "files"
"""The names of members: files of the lake, the store of marks, files of the workspace."""
ASIDE = ".part"


@dataclass(frozen=True)
class BackedUp:
    """A backup that was written."""

    file: Path
    size: int
    files: int
    notes: tuple[str, ...]
    """What it does not contain, and why."""


def backup(
    settings: Settings, store: Store, file: Path, now: datetime, *, force: bool = False, watch: Watch | None = None
) -> BackedUp:
    """Write a workspace into a file, under a temporary name until it is complete.

    Raises:
        BackupError: When the file is there already, or cannot be written.
        LakeError: When the lake cannot be read.
        ActivityError: When the store of marks is damaged.
    """
    from footfall import __version__

    if "://" in settings.lake.address:
        raise BackupError(
            f"the lake is on {settings.lake.address.split('://')[0]}://, which a backup cannot hold; use the versions "
            "of the object store, or `footfall copy` to a folder."
        )
    Lake.open(settings.lake_address)
    notes = tuple(_notes(settings))
    with _written(file, force=force) as target, _passing_folder(file) as passing:
        writer = Writer(target, watch or (lambda bytes: None))
        writer.begin(
            {
                "written_at": now.isoformat(timespec="seconds"),
                "written_by": f"footfall {__version__}",
                "lake": _place(settings, Path(settings.lake_address)),
                "activity": _place(settings, _store_path(settings)),
                "notes": list(notes),
            }
        )
        if isinstance(store, SqliteStore) and _store_path(settings).exists():
            copy = passing / STORE
            store.copy_to(copy)
            writer.add_file(STORE, copy)
            copy.unlink()
        for name in STATE_FILES:
            if (settings.folder / name).is_file():
                writer.add_file(f"{BESIDE}/{name}", settings.folder / name)
        for each in files_of(Path(settings.lake_address)):
            _add(writer, each)
        writer.finish()
    return BackedUp(file, file.stat().st_size, len(writer.members) - 2, notes)


def size_of_workspace(settings: Settings) -> int:
    """The approximate size of a backup in bytes, for a progress bar."""
    lake = sum(file.path.stat().st_size for file in files_of(Path(settings.lake_address)) if file.path.exists())
    store = _store_path(settings)
    return lake + (store.stat().st_size if store.is_file() else 0)


def _notes(settings: Settings) -> Iterator[str]:
    address = settings.activity.store
    scheme = address.partition("://")[0]
    if scheme in SCHEMES:
        yield (
            f"marks are kept in {scheme}:// and are not in this backup; back up that server itself (BGSAVE or AOF), or "
            "export its marks with `footfall export`"
        )
    path = _store_path(settings)
    if others := sorted(file.name for file in path.parent.glob(f"{path.stem}.*{path.suffix}")):
        yield (
            f"{' and '.join(others)}, where `footfall serve-marks` keeps other databases, texts and hashes of its clients, "
            "are not in this backup; end the server and copy them"
        )
    if os.environ.keys() & {"FOOTFALL_LAKE", "FOOTFALL_ACTIVITY__STORE"}:
        yield "FOOTFALL_LAKE or FOOTFALL_ACTIVITY__STORE was set in the environment; set it for the restored workspace too"


def _store_path(settings: Settings) -> Path:
    return settings.folder / settings.activity.store.removeprefix("sqlite:///")


def _place(settings: Settings, path: Path) -> str:
    """Its path within the workspace; "" if it is elsewhere."""
    folder, path = settings.folder.resolve(), path.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""


def _add(writer: Writer, file: LakeFile) -> None:
    try:
        writer.add_file(f"{LAKE}/{file.name}", file.path)
    except FileNotFoundError:
        if file.is_needed:
            raise LakeError(f"{file.path} was deleted while it was read; run the same command again.") from None


@contextmanager
def _written(file: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """The file, under a temporary name until it is complete."""
    if not file.parent.is_dir():
        raise BackupError(f"{file} cannot be written: there is no folder {file.parent}.")
    if file.is_dir() or (file.exists() and not force):
        raise BackupError(
            f"{file} is {'a folder' if file.is_dir() else 'there already'}; name another file"
            f"{'' if file.is_dir() else ', or add --force to overwrite it'}."
        )
    passing = file.with_name(f".{file.name}.{secrets.token_hex(4)}{ASIDE}")
    _remove_left(file)
    try:
        with passing.open("xb") as target:
            os.fchmod(target.fileno(), 0o600)  # it contains names and tokens
            yield target
            target.flush()
            os.fsync(target.fileno())
        passing.replace(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror or error}; nothing was overwritten.") from None
    finally:
        with suppress(OSError):
            passing.unlink()


@contextmanager
def _passing_folder(file: Path) -> Iterator[Path]:
    folder = file.with_name(f".{file.name}.{secrets.token_hex(4)}{ASIDE}")
    folder.mkdir(0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(file: Path) -> None:
    """Remove leftovers of a killed backup to the same file."""
    for left in file.parent.iterdir():
        if left.name.startswith(f".{file.name}.") and left.name.endswith(ASIDE):
            shutil.rmtree(left, ignore_errors=True)
            with suppress(OSError):
                left.unlink()
