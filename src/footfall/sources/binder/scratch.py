"""A folder for downloads, exclusive to one run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from footfall.errors import SourceError


@contextmanager
def own_folder(scratch: Path) -> Iterator[Path]:
    """A folder for this run only: the usual one, where downloads resume, or a temporary one if that is in use."""
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        file = (scratch / "lock").open("w")
    except OSError as error:
        raise SourceError(f"{scratch} is needed for temporary files and cannot be written: {error.strerror}.") from None
    with file as lock:
        if _is_ours(lock):
            folder = scratch / "files"
            folder.mkdir(exist_ok=True)
            _clear(folder)
            try:
                yield folder
            finally:
                _clear(folder)
        else:
            with tempfile.TemporaryDirectory(dir=scratch, prefix="files-") as passing:
                yield Path(passing)


def _is_ours(lock: Any) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _clear(folder: Path) -> None:
    """Remove files that were read; partial downloads stay."""
    for path in folder.iterdir():
        if path.is_file() and not path.name.endswith((".part", ".part.version")):
            path.unlink(missing_ok=True)
