"""What the rest of the lake asks of a storage."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

LOG = "_delta_log"
"""The folder of a table that holds its log: one file for each version."""


@dataclass(frozen=True)
class Found:
    """A file: its name below the lake, its size in bytes, and when it was written."""

    name: str
    size: int
    modified: datetime


class Objects(Protocol):
    """The files below an address, where they are stored: no copies."""

    address: str

    def below(self, folder: str = "") -> list[Found]:
        """The files below a folder, by name."""
        ...

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write or replace a file, all or nothing."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that do not exist are no error."""
        ...


class Storage(Protocol):
    """The files of one lake. DuckDB and deltalake read them under `root`, whatever the storage is.

    Paths are below `root`. Files of tables are written once and never changed, so a copy of one stays valid.
    """

    root: Path
    """The folder of this machine that has the files, or copies of them."""

    address: str
    """The lake's address, as users and other engines know it."""

    def shown(self, path: Path) -> str:
        """The address of a file or a folder, for users and other engines."""
        ...

    def names(self) -> list[str]:
        """The files and folders at the top of the lake; empty if there is no lake."""
        ...

    def read(self, name: str) -> bytes | None:
        """The content of a small file at the top of the lake; None if there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write or replace a small file at the top of the lake, all or nothing."""
        ...

    def has(self, name: str) -> bool:
        """Whether there is a file of that name at the top of the lake."""
        ...

    def refresh(self, table: Path, *, whole: bool = False, again: bool = False) -> None:
        """Make the newest log of a table readable.

        Args:
            whole: Also the log files of versions that the newest version does not need.
            again: Also those that are on this machine: they may have been damaged.
        """
        ...

    def fetch(self, files: Iterable[Path], *, again: bool = False) -> bool:
        """Make data files readable; returns whether any was copied. One that does not exist is left out.

        Args:
            again: Also those that are on this machine: they may have been damaged.
        """
        ...

    def store(self, file: Path) -> None:
        """Keep a data file that was written under `root`: from now on it survives this machine."""
        ...

    def change(self, table: Path, act: Callable[[Path], None]) -> int | None:
        """Commit: `act` adds a version to the log in the folder that it gets; returns that version, if it is known.

        It is called again if another writer was faster; a version is never replaced.
        """
        ...

    def remove(self, file: Path) -> None:
        """Delete a data file, if it exists."""
        ...

    def move(self, path: Path, to: Path) -> None:
        """Move a file or a folder, if it exists."""
        ...

    def upkeep(self, table: Path) -> tuple[str, Mapping[str, str] | None]:
        """The address and the options under which deltalake reads and deletes files of the table where they are."""
        ...

    def sizes(self, table: Path, names: Iterable[str]) -> int:
        """The size of these files of a table together, in bytes; missing ones count as nothing."""
        ...

    def state(self) -> tuple[Hashable, int] | None:
        """What changes with every commit, and when the last one was (nanoseconds since 1970); it may be seconds old.

        None if the files under `root` show it.
        """
        ...

    def check_writes(self) -> str:
        """Try out what commits need; returns the address. Raises LakeError if something of it fails."""
        ...

    def tidy(self, table: Path) -> None:
        """Drop copies of files that the table no longer has."""
        ...
