"""Copying a lake between folders and buckets, file by file, each compared with what arrived.

The ledger's log is listed before the tables, and a table's log before its data, so that the copy never claims what it lacks. Data files
are written before logs, and the marker that makes it a lake is written last: an interrupted copy is no lake, and the same
command continues it.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from footfall.errors import DamagedLakeError, LakeError
from footfall.lake.delta import DeltaFolder
from footfall.lake.lake import MARKER, Lake
from footfall.lake.storage import Objects, objects_at, open_storage
from footfall.lake.storage.seam import LOG, Found
from footfall.lake.sums import NAMED, REMEDY
from footfall.ledger import LEDGER

BEGUN = "footfall-copy.json"
"""At the top of a copy that is not complete: where it comes from."""

_VERSION = re.compile(r"(?:.*/)?_delta_log/(\d{20})\.(?:json|checkpoint(?:\.[^/]+)?\.parquet)")
_AT_ONCE = 8


@dataclass(frozen=True)
class Copied:
    """What was copied."""

    files: int
    size: int
    """In bytes."""
    kept: int
    """How many of the files were there already, from a copy that was interrupted."""


def copy_lake(
    address: str,
    to: str,
    *,
    options: Mapping[str, str] | None = None,
    watch: Callable[[int], None] = lambda size: None,
) -> Copied:
    """Copy the lake at `address` to the folder or the bucket `to`, or continue to.

    Others may collect in the meantime; what they commit may or may not be in the copy.

    Args:
        options: What the object stores need; what is missing, the environment has.
        watch: Receives the size of each file that is done, in bytes.

    Raises:
        NotALakeError: If there is no lake at `address`.
        LakeError: If `to` is neither empty nor begun by an earlier copy, or if a file does not arrive as it was sent.
        DamagedLakeError: If a file of the lake is missing or damaged.
    """
    source, target = objects_at(address, options), objects_at(to, options)
    try:
        return _copy_all(source, target, address, to, options, watch)
    except OSError as error:
        raise LakeError(f"{error.filename or to}: {error.strerror}; the same command continues the copy.") from None


def _copy_all(
    source: Objects,
    target: Objects,
    address: str,
    to: str,
    options: Mapping[str, str] | None,
    watch: Callable[[int], None],
) -> Copied:
    if source.address == target.address:
        raise LakeError(f"{source.address} cannot be copied to itself; name another place.")
    Lake.open(address, options=options)  # refuses what is no lake, or is newer
    marker = source.read(MARKER)
    if marker is None:
        raise LakeError(f"there is no lake at {source.address}; name the folder or the address of one.")
    _begin(source, target)
    planned = _planned(source)
    there = {found.name: found.size for found in target.below()}
    kept = size = 0
    for part in _in_order(planned):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for found, is_kept in pool.map(lambda one: (one, _copy(source, target, one, there)), part):
                kept, size = kept + is_kept, size + found.size
                watch(found.size)
    target.delete(there.keys() - {found.name for found in planned} - {BEGUN})
    _check_complete(target, to, options)
    target.write(MARKER, marker)
    target.delete([BEGUN])
    return Copied(len(planned), size, kept)


def _begin(source: Objects, target: Objects) -> None:
    said = json.dumps({"from": source.address}) + "\n"
    begun = target.read(BEGUN)
    if begun is not None:
        if begun.decode(errors="replace") != said:
            raise LakeError(
                f"{target.address} holds an unfinished copy of another lake; name another place, or delete what is there."
            )
        return
    if target.below():
        raise LakeError(f"{target.address} is not empty; name an empty or a new place.")
    target.write(BEGUN, said.encode())


def _planned(source: Objects) -> list[Found]:
    """The files to copy: logs, of the ledger up to the version that it had at first; then the data."""
    versions = [_version_of(found) for found in source.below(f"{LEDGER.name}/{LOG}")]
    newest = max((version for version in versions if version is not None), default=-1)
    logs = [
        found
        for found in source.below()
        if (version := _version_of(found)) is not None
        and (version <= newest or not found.name.startswith(f"{LEDGER.name}/"))
    ]
    data = [found for found in source.below() if f"/{LOG}/" not in found.name and not _is_passing(found.name)]
    return [*data, *logs]


def _is_passing(name: str) -> bool:
    """Whether a file is at the top of the lake, or in the making."""
    return "/" not in name or any(part.startswith(".") for part in name.split("/"))


def _in_order(planned: list[Found]) -> list[list[Found]]:
    """What has to be there before what: data, the logs of tables, the log of the ledger."""
    parts: list[list[Found]] = [[], [], []]
    for found in planned:
        is_log = f"/{LOG}/" in found.name
        parts[is_log + (is_log and found.name.startswith(f"{LEDGER.name}/"))].append(found)
    return parts


def _version_of(found: Found) -> int | None:
    named = _VERSION.fullmatch(found.name)
    return int(named[1]) if named else None


def _copy(source: Objects, target: Objects, found: Found, there: Mapping[str, int]) -> bool:
    """Copy a file unless it is there; returns whether it was. One that is gone is left out: the last check finds it."""
    content = source.read(found.name)
    if content is None:
        return False
    named = NAMED.search(found.name)
    if named and zlib.crc32(content) != int(named[1], 16):
        raise DamagedLakeError(f"{source.address}/{found.name} is damaged (its content has changed); {REMEDY}")
    if there.get(found.name) == len(content) and target.read(found.name) == content:
        return True
    target.write(found.name, content)
    if target.read(found.name) != content:
        raise LakeError(
            f"{target.address}/{found.name} is not what was sent there; check that storage, then run the same command again."
        )
    return False


def _check_complete(target: Objects, to: str, options: Mapping[str, str] | None) -> None:
    """Raises DamagedLakeError unless every file that a table of the copy names is there."""
    storage = open_storage(to, options)
    names = {found.name for found in target.below()}
    tables = {name.split("/")[0] for name in names if name.split("/")[1:2] == [LOG]}
    for table in sorted(tables):
        delta = DeltaFolder.open(storage.root / table, "")
        for file in delta.files() if delta else ():
            if f"{table}/{file.path}" not in names:
                raise DamagedLakeError(
                    f"{table}/{file.path} was gone before it was copied; run the same command again, or "
                    "`footfall doctor --deep` to see what is missing."
                )
