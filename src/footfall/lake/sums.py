"""Checksums of the lake's files: each file has its checksum in its name, and is verified before it is read.

Files are written once and never changed, so each is verified once per process. The checksum detects accidental damage
(a disk, a truncated copy), not tampering: CRC-32 misses one damaged file in four billion.
"""

from __future__ import annotations

import re
import uuid
import zlib
from collections.abc import Iterable
from pathlib import Path

from footfall.errors import DamagedLakeError
from footfall.lake.storage.finding import storage_of

NAMED = re.compile(r"[0-9a-f]{32}-([0-9a-f]{8})\.parquet$")
"""A file name with a checksum; files of earlier versions have none."""
_MAGIC = b"PAR1"
_LEAST = 12
"""Minimum size of a Parquet file in bytes: its magic number twice, and the length of its footer."""
_CHUNK = 1 << 20
_MOST_SOUND = 1_000_000

REMEDY = "restore the lake from a backup, or run `footfall repair` and collect again what it reports as lost."

_SOUND: set[str] = set()


def fresh_name() -> str:
    """A name for a file that is being written."""
    return f"{uuid.uuid4().hex}.parquet"


def settle(file: Path, prefix: str = "") -> Path:
    """Rename a written file to its final name, with its checksum and `prefix`."""
    named = file.with_name(f"{prefix}{file.stem}-{_checksum(file):08x}.parquet")
    file.rename(named)
    _SOUND.add(str(named))
    return named


def verify(files: Iterable[str | Path]) -> None:
    """Verify files against the checksums in their names, each once per process.

    Raises DamagedLakeError for the first that is missing, truncated or changed.
    """
    unknown = [Path(file) for file in map(str, files) if file not in _SOUND]
    if not unknown:
        return
    storage = storage_of(unknown[0])
    storage.fetch(unknown)
    for file in unknown:
        fault = fault_of(file)
        if fault and storage.fetch([file], again=True):  # only the copy may be damaged
            fault = fault_of(file)
        if fault:
            raise DamagedLakeError(f"{storage.shown(file)} {fault}; {REMEDY}")
        if len(_SOUND) >= _MOST_SOUND:
            _SOUND.clear()
        _SOUND.add(str(file))


def fault_of(file: Path, *, is_deep: bool = False) -> str:
    """What is wrong with a file, for use in a sentence; empty if nothing is.

    Args:
        is_deep: Read all of a file that has no checksum in its name.
    """
    try:
        with file.open("rb") as opened:
            begin = opened.read(len(_MAGIC))
            size = opened.seek(0, 2)
            opened.seek(max(0, size - len(_MAGIC)))
            if size < _LEAST or begin != _MAGIC or opened.read() != _MAGIC:
                return "is damaged (it is empty, cut off or not a Parquet file)"
        named = NAMED.search(file.name)
        if named and _checksum(file) != int(named[1], 16):
            return "is damaged (its content has changed)"
        if is_deep and not named:
            return _unreadable(file)
    except FileNotFoundError:
        return "is missing (if it expired during the query, run the query again)"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return ""


def _unreadable(file: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            for _ in opened.iter_batches():
                pass
    except (pa.ArrowException, OSError) as error:
        return f"is damaged (it cannot be read: {(str(error).splitlines() or [''])[0]})"
    return ""


def _checksum(file: Path) -> int:
    found = 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found
