"""Folders that many tests begin with: each is made once per process, and every test gets a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Hashable
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

_made: dict[Hashable, Path] = {}
_room: list[TemporaryDirectory[str]] = []


def copy_of(key: Hashable, make: Callable[[Path], object], folder: Path) -> Path:
    """`folder` with what `make` writes into an empty folder.

    Args:
        key: What the content depends on; equal keys share one template.
        make: Writes the template, the first time.
        folder: Where the copy goes; files that are there stay.
    """
    if key not in _made:
        if not _room:
            _room.append(TemporaryDirectory(prefix="footfall-templates-"))
        template = Path(mkdtemp(dir=_room[0].name))
        make(template)
        _made[key] = template
    shutil.copytree(_made[key], folder, symlinks=True, dirs_exist_ok=True)
    return folder
