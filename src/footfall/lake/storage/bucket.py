"""A lake in a bucket: a working copy on this machine, which DuckDB and deltalake read.

Files of tables never change. So a file is copied once, is verified by the checksum in its name like every file of a lake, and
is read from then on at the speed of a disk, also by later processes. Only the names in a table's log are listed again each
time: they say whether there is a newer version.

A commit is prepared in a copy of the log. The new log file is then put into the bucket on the condition that there is none of
that name; if another writer was faster, the commit is prepared again on top of theirs. Data files are in the bucket before the
log names them, and a process that dies leaves at most files that no version names.

Several processes may share a working copy: files get their names when they are complete, in the order of versions.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from footfall.errors import ConflictError, LakeError
from footfall.forking import record_use
from footfall.lake.storage.remote import Remote
from footfall.lake.storage.seam import LOG, Found

_VERSION = re.compile(r"(\d{20})\.(json|checkpoint(\.[^/]+)?\.parquet)")
_HINT = "_last_checkpoint"
_CHANGES = ".changes"
_OLD_SECONDS = 86_400
_STATE_SECONDS = 5.0
_SMALL_SECONDS = 60.0
_AT_ONCE = 16
_MOST_TIMES = 100
_NEVER = datetime.fromtimestamp(0, UTC)


class Bucket:
    """The files of a lake in a bucket.

    Args:
        root: The folder of the working copy.
        passing: What keeps a temporary folder there.
    """

    def __init__(self, root: Path, remote: Remote, passing: object = None) -> None:
        self.root = root
        self._passing = passing
        self.address = remote.address
        self.remote = remote
        self._seen: dict[str, Found] = {}
        """The log file of the newest version of each table, as it was last listed."""
        self._state: tuple[Hashable, int] = (None, 0)
        self._state_until = 0.0
        self._small: dict[str, tuple[float, bytes]] = {}
        """Small files at the top, which hardly ever change, and until when they are taken as they were read."""

    def shown(self, path: Path) -> str:
        return f"{self.address}/{self._name(path)}".rstrip("/")

    def names(self) -> list[str]:
        return self._asked().tops()

    def read(self, name: str) -> bytes | None:
        until, content = self._small.get(name, (0.0, b""))
        if time.monotonic() < until:
            return content
        found = self._asked().read(name)
        if found is not None:
            self._small[name] = time.monotonic() + _SMALL_SECONDS, found
        return found

    def write(self, name: str, content: bytes) -> None:
        self._asked().write(name, content)
        self._small.pop(name, None)

    def has(self, name: str) -> bool:
        return self.read(name) is not None

    def refresh(self, table: Path, *, whole: bool = False, again: bool = False) -> None:
        folder, begun = f"{self._name(table)}/{LOG}", time.time_ns()
        known = None if whole or again else self._seen.get(folder)
        found = self._newer(folder, known) if known else None
        is_all = found is None
        if found is None:
            found = self._asked().below(folder)
        kept = found if whole else _needed(found, _version(known) if known else None)
        log = self.root / folder
        self._copy([one for one in kept if again or not _is_here(self.root / one.name, one)], ordered=True)
        if is_all:
            self._drop(log, {Path(one.name).name for one in found}, begun)
        commits = [one for one in found if one.name.endswith(".json")]
        if commits:
            self._seen[folder] = commits[-1]
        elif is_all:
            self._seen.pop(folder, None)

    def _newer(self, folder: str, known: Found) -> list[Found] | None:
        """The part of a log from a known version on; None if that is no longer the same."""
        found = self._asked().below(folder, after=known.name.removesuffix("n"))
        return found if any(one == known for one in found) else None

    def _drop(self, log: Path, names: set[str], begun: int) -> None:
        """Delete copies of log files that are gone, the newest first; not those that came after the listing had begun."""
        if not log.is_dir():
            return
        for path in sorted(log.iterdir(), reverse=True):
            with suppress(OSError):
                if path.name not in names and path.is_file() and path.stat().st_ctime_ns < begun:
                    path.unlink()
        if not names:
            with suppress(OSError):
                log.rmdir()

    def fetch(self, files: Iterable[Path], *, again: bool = False) -> bool:
        wanted = [file for file in files if again or not file.is_file()]
        return self._copy([Found(self._name(file), 0, _NEVER) for file in wanted])

    def _copy(self, objects: list[Found], *, ordered: bool = False) -> bool:
        """Copy objects; complete ones appear in the order that readers of a log rely on."""
        if not objects:
            return False
        remote = self._asked()
        for folder in {(self.root / one.name).parent for one in objects}:
            folder.mkdir(parents=True, exist_ok=True)
        with self._aside() as aside, ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = [aside / str(number) for number in range(len(objects))]
            got = list(pool.map(lambda pair: remote.copy_to(pair[0].name, pair[1]), zip(objects, parts, strict=True)))
            arrived = [(one, part) for one, part in zip(got, parts, strict=True) if one is not None]
            for one, part in sorted(arrived, key=lambda pair: _order(pair[0].name)) if ordered else arrived:
                os.utime(part, (_second(one), _second(one)))
                part.replace(self.root / one.name)
        return bool(arrived)

    def store(self, file: Path) -> None:
        self._asked().write(self._name(file), file)

    def change(self, table: Path, act: Callable[[Path], None]) -> int | None:
        for attempt in range(_MOST_TIMES):
            if attempt or f"{self._name(table)}/{LOG}" not in self._seen:
                self.refresh(table)
            with self._aside() as aside:
                copy = aside / table.name
                before = self._copied(table, copy)
                act(copy)
                made = sorted(path for path in (copy / LOG).iterdir() if path.name not in before and path.name != _HINT)
                if self._publish(table, made):
                    return max((int(path.stem) for path in made if path.suffix == ".json"), default=None)
        raise ConflictError(
            f"other processes kept writing {table.name} while this one tried {_MOST_TIMES} times; nothing was written, run the "
            "same command again."
        )

    def _copied(self, table: Path, copy: Path) -> set[str]:
        """A copy of a log, up to the version that was listed, that may be written to; returns the names of its files."""
        log = copy / LOG
        names: set[str] = set()
        log.mkdir(parents=True)
        newest = self._seen.get(f"{self._name(table)}/{LOG}")
        if newest is None:
            return names
        for path in sorted((table / LOG).iterdir()):
            if (match := _VERSION.fullmatch(path.name)) and int(match[1]) <= _version(newest):
                with suppress(FileNotFoundError):
                    os.link(path, log / path.name)
                    names.add(path.name)
        return names

    def _publish(self, table: Path, made: list[Path]) -> bool:
        """Put what a commit wrote into the bucket; False if another writer was faster."""
        remote, log = self._asked(), f"{self._name(table)}/{LOG}"
        for path in (path for path in made if path.suffix == ".json"):
            if not remote.create(f"{log}/{path.name}", path.read_bytes()):
                return False
        checkpoints = [path for path in made if ".checkpoint" in path.name]
        for path in checkpoints:
            remote.write(f"{log}/{path.name}", path)
        if checkpoints:
            remote.write(f"{log}/{_HINT}", (checkpoints[0].parent / _HINT).read_bytes())
        return True

    def remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._asked().delete([self._name(file)])

    def move(self, path: Path, to: Path) -> None:
        name, target, remote = self._name(path), self._name(to), self._asked()
        below = [one.name for one in remote.below(name)] or [name]
        for one in below:
            remote.move(one, f"{target}{one.removeprefix(name)}")
        for folder in [folder for folder in self._seen if f"{name}/".startswith(folder.removesuffix(LOG))]:
            del self._seen[folder]
        self._seen.pop(f"{name}/{LOG}", None)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def upkeep(self, table: Path) -> tuple[str, Mapping[str, str] | None]:
        return self.shown(table), self.remote.options

    def sizes(self, table: Path, names: Iterable[str]) -> int:
        found = {one.name: one.size for one in self._asked().below(self._name(table))}
        return sum(found.get(f"{self._name(table)}/{name}", 0) for name in names)

    def state(self) -> tuple[Hashable, int] | None:
        if time.monotonic() >= self._state_until:
            logs = [one for one in self._asked().below("") if f"/{LOG}/" in one.name]
            newest = max((one.modified.timestamp() for one in logs), default=0.0)
            self._state = hash(tuple(logs)), int(newest * 1_000_000_000)
            self._state_until = time.monotonic() + _STATE_SECONDS
        return self._state

    def check_writes(self) -> str:
        remote, name = self._asked(), f".footfall-lake.json.{uuid.uuid4().hex}"
        try:
            is_exclusive = remote.create(name, b"one") and not remote.create(name, b"two")
        finally:
            remote.delete([name])
        if not is_exclusive:
            raise LakeError(
                f"the object store of {self.address} ignores the condition of a write (If-None-Match), so two collectors could "
                "lose what the other one committed; use a store that has conditional writes."
            )
        return self.address

    def tidy(self, table: Path) -> None:
        begun = time.time_ns()
        there = {one.name for one in self._asked().below(self._name(table))}
        for path in table.rglob("*.parquet"):
            with suppress(OSError):
                if self._name(path) not in there and path.stat().st_ctime_ns < begun:
                    path.unlink()
        self._seen.pop(f"{self._name(table)}/{LOG}", None)

    def _name(self, path: Path) -> str:
        relative = path.relative_to(self.root).as_posix()
        return "" if relative == "." else relative

    def _asked(self) -> Remote:
        record_use()
        return self.remote

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """A folder for files in the making; those of processes that died are deleted a day later."""
        changes = self.root / _CHANGES
        aside = changes / uuid.uuid4().hex
        aside.mkdir(parents=True)
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        with suppress(OSError):
            for path in list(changes.iterdir()):
                if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


def _needed(found: list[Found], known: int | None) -> list[Found]:
    """The files that the newest version of a log needs: its last checkpoint, and what came after it.

    After a `known` version, also all others: a commit that is built on it is checked against them.
    """
    versions = {one: match for one in found if (match := _VERSION.fullmatch(Path(one.name).name))}
    last = max((int(match[1]) for match in versions.values() if match[2] != "json"), default=0)
    hint = [one for one in found if Path(one.name).name == _HINT]
    if known is not None:
        last = min(last, known + 1)
    return [*(one for one, match in versions.items() if int(match[1]) >= last), *hint]


def _version(one: Found) -> int:
    return int(Path(one.name).stem)


def _order(name: str) -> tuple[int, str]:
    """Checkpoints first, then versions in their order, then the hint at the last checkpoint."""
    last = Path(name).name
    return (2 if last == _HINT else 1 if last.endswith(".json") else 0), last


def _is_here(file: Path, one: Found) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return found.st_size == one.size and int(found.st_mtime) == _second(one)


def _second(one: Found) -> int:
    """When an object was written, as far as every answer of a store says it."""
    return int(one.modified.timestamp())
