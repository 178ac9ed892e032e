"""Folders that many tests begin with: each is made once per process, and every test gets a copy of its own."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

_made: dict[Hashable, Path] = {}


def copy_of(key: Hashable, make: Callable[[Path], object], folder: Path) -> Path:
    """`folder` with what `make` writes into an empty folder.

    Args:
        key: What the content depends on; equal keys share one template.
        make: Writes the template, the first time.
        folder: Where the copy goes; files that are there stay.
    """
    if key not in _made:
        template = Path(mkdtemp(dir=_room()))
        make(template)
        _made[key] = template
    shutil.copytree(_made[key], folder, symlinks=True, dirs_exist_ok=True)
    return folder


@cache
def _room() -> str:
    """A folder that is deleted when this process ends, and not when one ends that was forked from it."""
    room, made_by = mkdtemp(prefix="footfall-templates-"), os.getpid()
    atexit.register(lambda: shutil.rmtree(room, ignore_errors=True) if os.getpid() == made_by else None)
    return room
