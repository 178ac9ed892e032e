"""The files of a lake, every table at one version: its log up to there, and the rows of that and earlier versions.

The ledger is read first. What is committed to other tables in the meantime is in the backup without being claimed, and
is collected again; in the other order the ledger could claim windows whose rows are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from footfall.errors import LakeError
from footfall.lake.delta import DeltaFolder
from footfall.ledger import LEDGER

_LOG = "_delta_log"
_VERSION = re.compile(r"(\d{20})\.(json|checkpoint(\.[^/]+)?\.parquet)")


@dataclass(frozen=True)
class LakeFile:
    """A file of the lake, by its relative path."""

    name: str
    path: Path
    is_needed: bool
    """False if only a reader as of an earlier moment needs it: it may have expired in the meantime."""


def files_of(root: Path) -> Iterator[LakeFile]:
    """Every file of the lake in a folder; all tables are pinned before the first file is returned.

    Raises LakeError if a table cannot be read.
    """
    if not root.is_dir():
        return
    folders = sorted(path for path in root.iterdir() if (path / _LOG).is_dir())
    folders.sort(key=lambda path: path.name != LEDGER.name)
    pinned = [table for table in (DeltaFolder.open(folder, "") for folder in folders) if table is not None]
    listed = [list(_of_table(root, table)) for table in pinned]
    for path in sorted(root.iterdir()):
        if path.is_file() and not _is_passing(path):
            yield LakeFile(path.name, path, is_needed=True)
    for table in listed:
        yield from table


def _of_table(root: Path, table: DeltaFolder) -> Iterator[LakeFile]:
    active = {file.path for file in table.files()}
    log = sorted((table.folder / _LOG).iterdir())
    versions = {path: int(match[1]) for path in log if (match := _VERSION.fullmatch(path.name))}
    kept = {path for path, version in versions.items() if version <= table.version}
    if not any(versions[path] == table.version for path in kept):
        raise LakeError(
            f"the log of {table.folder} has no version {table.version}; it is damaged, run `footfall repair`."
        )
    rows = {path.relative_to(table.folder).as_posix(): path for path in sorted(table.folder.rglob("*.parquet"))}
    if missing := active - rows.keys():
        raise LakeError(f"{table.folder / min(missing)} is missing; run `footfall doctor --deep` to see what else is.")
    for name, path in rows.items():
        if not name.startswith(f"{_LOG}/"):
            yield LakeFile(path.relative_to(root).as_posix(), path, is_needed=name in active)
    for path in sorted(kept):
        yield LakeFile(path.relative_to(root).as_posix(), path, is_needed=True)


def _is_passing(path: Path) -> bool:
    """Whether it is a temporary file that will be renamed."""
    return path.name.startswith(".footfall-lake.json")
