"""The ledger vouches for the tables: each of its commits records their versions and the files of these versions.

A table's commit comes before the ledger's, so a table is normally never behind its ledger. If it is, a part of it was
deleted or restored from an older copy; if its version has other files, its log is damaged. Both raise an error: otherwise
collected time would be answered as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import TypeAlias

from footfall.errors import DamagedLakeError
from footfall.lake.delta import Cursor, DataFile, DeltaFolder, newest_version
from footfall.lake.storage import storage_of
from footfall.lake.sums import REMEDY

_VERSION, _STATE = "version/", "state/"
Cursors: TypeAlias = Callable[[str], int | None]
"""The cursors of one version of the ledger, by name."""
_NONE = -1
"""The version of a table that the ledger no longer vouches for."""


def state_of(files: Iterable[DataFile]) -> int:
    """A 63-bit hash of the files of one version."""
    said = "\n".join(sorted(f"{file.path} {file.month} {file.rows} {file.size}" for file in files))
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest()) >> 1


def vouched(ledger: DeltaFolder, root: Path, tables: Iterable[str]) -> list[Cursor]:
    """The cursors with which a ledger commit vouches for tables in their current state, unless it does already.

    For a table that is behind the ledger, the recorded version stays.
    """
    cursors: list[Cursor] = []
    for name in sorted(set(tables)):
        known = _known_version(ledger.cursor, name)
        if known is not None and (newest_version(root / name) or 0) <= known:
            continue
        delta = DeltaFolder.open(root / name, "")
        if delta is not None:
            cursors += _cursors(name, delta.version, state_of(delta.files()))
    return cursors


def taken_back(root: Path, name: str) -> list[Cursor]:
    """The cursors with which the ledger vouches for a table in its current state, even if it is older or gone."""
    delta = DeltaFolder.open(root / name, "")
    return _cursors(name, _NONE, 0) if delta is None else _cursors(name, delta.version, state_of(delta.files()))


def _cursors(name: str, version: int, state: int) -> list[Cursor]:
    return [Cursor(f"{_VERSION}{name}", version), Cursor(f"{_STATE}{name}", state)]


def _known_version(cursor: Cursors, name: str) -> int | None:
    known = cursor(f"{_VERSION}{name}")
    return None if known is None or known == _NONE else known


def behind(cursor: Cursors, name: str, newest: int | None) -> str:
    """Why a table whose newest version is `newest` is behind its ledger, for use in a sentence; empty if it is not."""
    known = _known_version(cursor, name)
    if known is None or (newest is not None and newest >= known):
        return ""
    return (
        "is gone"
        if newest is None
        else f"is at version {newest}, and was at version {known} when it was last collected"
    )


def check(cursor: Cursors, folder: Path, version: int | None, state: int | None) -> None:
    """Raise DamagedLakeError if a table is behind its ledger, or has different files than it had at that version.

    Args:
        version: The newest version of the table in `folder`; None if there is none.
        state: The hash of its files (`state_of`); None if another version was read.
    """
    if said := behind(cursor, folder.name, version):
        raise DamagedLakeError(
            f"the table {folder.name} in {storage_of(folder).shown(folder.parent)} {said}: a part of it was deleted or restored from an older copy; "
            "restore the lake from a backup, or run `footfall collect`, which collects the missing part again."
        )
    known = _known_version(cursor, folder.name)
    if state is not None and known is not None and version == known and state != cursor(f"{_STATE}{folder.name}"):
        raise DamagedLakeError(
            f"the log of the table {folder.name} in {storage_of(folder).shown(folder.parent)} is damaged: it lists other files than when "
            f"its last commit was written; {REMEDY}"
        )
