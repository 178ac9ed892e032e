"""Which storage has the files at a path."""

from __future__ import annotations

from pathlib import Path

from footfall.lake.storage.folder import Folder
from footfall.lake.storage.seam import Storage

_ANY: Storage = Folder(Path())
"""For every path without a working copy."""
_COPIES: dict[str, Storage] = {}
"""Storages with a working copy, by its folder."""


def register(storage: Storage) -> None:
    """From now on `storage_of` finds this storage for paths in its working copy."""
    _COPIES[f"{storage.root}/"] = storage


def storage_of(path: str | Path) -> Storage:
    """The storage that has the file or the folder at `path`."""
    if _COPIES:
        text = f"{path}/"
        for root, storage in _COPIES.items():
            if text.startswith(root):
                return storage
    return _ANY
