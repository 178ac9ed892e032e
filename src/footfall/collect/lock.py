"""A lock that allows one collecting run at a time in a workspace, across processes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from footfall.errors import BusyError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_HELD = (errno.EAGAIN, errno.EACCES)


@contextmanager
def locked(folder: Path, now: datetime, work: str = "collect") -> Iterator[None]:
    """Hold the lock on `work` for the workspace whose scratch folder is `folder`, at most until the process ends.

    If the folder cannot be written, or its file system has no locks, nothing is locked: concurrent runs only
    repeat work; the ledger keeps their writes correct.

    Raises BusyError, with the process that holds it, while another run is in progress.
    """
    file = _locked(folder, work)
    try:
        if file is not None:
            with suppress(OSError):  # a full disk: the lock holds without a name in it
                file.seek(0)
                file.truncate()
                file.write(f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M} UTC")
                file.flush()
        yield
    finally:
        if file is not None:
            with suppress(OSError):
                file.truncate(0)
            file.close()


def _locked(folder: Path, work: str) -> IO[str] | None:
    while fcntl is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / f"{work}.lock").open("a+", encoding="utf-8")
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            file.close()
            if error.errno not in _HELD:
                return None
            raise BusyError(
                f"another run of {work} is in progress in this workspace ({holder}); wait until it ends, or stop it."
            ) from None
        if _is_still_there(file, folder / f"{work}.lock"):
            return file
        file.close()  # the scratch folder was deleted in the meantime, and a new file has its name
    return None


def _holder(file: IO[str]) -> str:
    with suppress(OSError):
        file.seek(0)
        if said := "".join(c for c in file.read(80) if c.isprintable()):
            return said
    return "which process is not known"


def _is_still_there(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
