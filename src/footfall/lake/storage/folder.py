"""A lake in a folder of this machine: its files are where they are read."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG

from footfall.errors import NotALakeError
from footfall.lake.storage.seam import Found


class Folder:
    """The files of a lake in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)

    def shown(self, path: Path) -> str:
        return str(path)

    def names(self) -> list[str]:
        return [path.name for path in self.root.iterdir()] if self.root.exists() else []

    def read(self, name: str) -> bytes | None:
        if not self.root.exists():
            return None
        if not self.root.is_dir():
            raise NotALakeError(f"{self.root} is a file, and a lake is a folder; set another path for lake.")
        file = self.root / name
        return file.read_bytes() if file.is_file() else None

    def write(self, name: str, content: bytes) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        fresh = self.root / f".{name}.{random.getrandbits(64):x}"
        fresh.write_bytes(content)
        fresh.replace(self.root / name)

    def has(self, name: str) -> bool:
        return (self.root / name).is_file()

    def refresh(self, table: Path, *, whole: bool = False, again: bool = False) -> None:
        """Nothing to do."""

    def fetch(self, files: Iterable[Path], *, again: bool = False) -> bool:
        return False

    def store(self, file: Path) -> None:
        """Nothing to do."""

    def change(self, table: Path, act: Callable[[Path], None]) -> int | None:
        act(table)
        return None

    def remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)

    def move(self, path: Path, to: Path) -> None:
        if path.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, to)

    def upkeep(self, table: Path) -> tuple[str, Mapping[str, str] | None]:
        return str(table), None

    def sizes(self, table: Path, names: Iterable[str]) -> int:
        return sum(path.stat().st_size for path in map(table.joinpath, names) if path.is_file())

    def state(self) -> tuple[Hashable, int] | None:
        return None

    def check_writes(self) -> str:
        return self.address

    def tidy(self, table: Path) -> None:
        """Nothing to do."""


class Files:
    """The files below a folder, as the objects of a bucket are seen."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)

    def below(self, folder: str = "") -> list[Found]:
        found = []
        for path in (self.root / folder).rglob("*"):
            with suppress(FileNotFoundError):  # renamed or deleted in the meantime
                said = path.stat()
                if S_ISREG(said.st_mode):
                    moment = datetime.fromtimestamp(said.st_mtime, UTC)
                    found.append(Found(path.relative_to(self.root).as_posix(), said.st_size, moment))
        return sorted(found, key=lambda one: one.name)

    def read(self, name: str) -> bytes | None:
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.{random.getrandbits(64):x}")
        try:
            with fresh.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(file)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            (self.root / name).unlink(missing_ok=True)
