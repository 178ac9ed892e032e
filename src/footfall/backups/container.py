"""The backup file: a plain tar. Its first member names the format, its last one has size and hash of all others."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from footfall.errors import BackupError

FORMAT = 1
HEAD, MANIFEST = "footfall-backup.json", "manifest.json"
_PIECE = 1 << 20
_LONGEST = 64 << 20
"""Maximum size of head and manifest in bytes."""

Watch = Callable[[int], None]
"""Receives how many bytes were read since it was called last."""


@dataclass(frozen=True)
class Member:
    """The size and the SHA-256 of a member."""

    size: int
    sha256: str


@dataclass
class Writer:
    """Adds members to a file that is being written."""

    file: IO[bytes]
    watch: Watch
    members: dict[str, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tar = tarfile.open(fileobj=self.file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see `finish`

    def begin(self, about: Mapping[str, Any]) -> None:
        self.add_text(HEAD, json.dumps({"format": FORMAT, **about}, indent=1, ensure_ascii=False))

    def add_text(self, name: str, text: str) -> None:
        content = text.encode()
        self._add(name, io.BytesIO(content), len(content), 0o644, 0)

    def add_file(self, name: str, path: Path) -> None:
        """Add a file up to its current length; data appended to it in the meantime is left out. Raises OSError."""
        with path.open("rb") as source:
            status = os.fstat(source.fileno())
            self._add(name, source, status.st_size, status.st_mode & 0o777, int(status.st_mtime))

    def finish(self) -> None:
        members = {name: [member.size, member.sha256] for name, member in self.members.items()}
        self.add_text(MANIFEST, json.dumps({"members": members}, indent=1, ensure_ascii=False))
        self._tar.close()

    def _add(self, name: str, source: IO[bytes], size: int, mode: int, changed: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, mode, changed
        read = _Hashed(source, self.watch)
        self._tar.addfile(entry, read)
        self.members[name] = Member(size, read.hash.hexdigest())


class _Hashed(io.RawIOBase):
    """Hashes everything that is read through it."""

    def __init__(self, source: IO[bytes], watch: Watch) -> None:
        self._source = source
        self._watch = watch
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.hash.update(piece)
        self._watch(len(piece))
        return piece


@dataclass(frozen=True)
class Unpacked:
    """An unpacked backup: the content of its head, and its members."""

    about: Mapping[str, Any]
    members: tuple[str, ...]


def unpack(file: Path, folder: Path, watch: Watch) -> Unpacked:
    """Unpack every member of a backup into a folder, and verify its hash.

    Raises:
        BackupError: If it is not a backup, was written by a newer Footfall, is truncated, or differs from its hashes.
        OSError: If the folder cannot be written.
    """
    try:
        with tarfile.open(file, mode="r:") as tar:
            return _unpacked(file, tar, folder, watch)
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, tarfile.ReadError) and not _begins_as_tar(file):
            raise BackupError(
                f"{file} is not a backup of Footfall; name a file that `footfall backup` wrote."
            ) from None
        raise damaged(file, "it is truncated or was changed") from None


def damaged(file: Path, what: str) -> BackupError:
    return BackupError(f"{file} is damaged: {what}; nothing was restored; use another backup.")


def _unpacked(file: Path, tar: tarfile.TarFile, folder: Path, watch: Watch) -> Unpacked:
    about: Mapping[str, Any] | None = None
    found: dict[str, Member] = {}
    stated: Mapping[str, Member] | None = None
    for entry, source in _entries(file, tar):
        if about is None:
            about = _head_of(file, entry, source)
            found[HEAD] = Member(entry.size, hashlib.sha256(json_bytes(source)).hexdigest())
        elif entry.name == MANIFEST:
            content = json.loads(json_bytes(source))
            stated = {name: Member(int(size), str(hash)) for name, (size, hash) in content["members"].items()}
        else:
            found[entry.name] = _written(entry, source, folder, watch)
    if about is None or stated is None:
        raise damaged(file, "it is truncated")
    for name in sorted({*stated, *found}):
        if stated.get(name) != found.get(name):
            raise damaged(file, f"{name} was changed")
    return Unpacked(about, tuple(name for name in found if name != HEAD))


def _entries(file: Path, tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """The members, each a plain file inside the folder, without duplicates."""
    seen = set[str]()
    for entry in tar:
        path = PurePosixPath(entry.name)
        is_inside = (
            not path.is_absolute() and ".." not in path.parts and "\\" not in entry.name and "\0" not in entry.name
        )
        source = tar.extractfile(entry) if entry.isreg() else None
        if source is None or not is_inside or not path.parts or entry.name in seen:
            raise damaged(file, f"it has a member {entry.name[:200]!r}, which is not part of a backup")
        if MANIFEST in seen:
            raise damaged(file, "something follows its manifest")
        seen.add(entry.name)
        yield entry, source


def _head_of(file: Path, entry: tarfile.TarInfo, source: IO[bytes]) -> Mapping[str, Any]:
    if entry.name != HEAD:
        raise BackupError(f"{file} is not a backup of Footfall; name a file that `footfall backup` wrote.")
    about: Mapping[str, Any] = json.loads(json_bytes(source))
    number = int(about["format"])
    if number > FORMAT:
        raise BackupError(
            f"{file} was written by a newer Footfall ({about.get('written_by', 'unknown')}, format {number}; this one knows "
            f"up to {FORMAT}); upgrade Footfall to restore it."
        )
    return about


def json_bytes(source: IO[bytes]) -> bytes:
    source.seek(0)
    content = source.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError("too long")
    return content


def _written(entry: tarfile.TarInfo, source: IO[bytes], folder: Path, watch: Watch) -> Member:
    path = folder.joinpath(*PurePosixPath(entry.name).parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    hash, size = hashlib.sha256(), 0
    with path.open("xb") as written:
        while piece := source.read(_PIECE):
            written.write(piece)
            hash.update(piece)
            size += len(piece)
            watch(len(piece))
        written.flush()
        os.fchmod(written.fileno(), (entry.mode & 0o777) | 0o600)
        os.fsync(written.fileno())
    return Member(size, hash.hexdigest())


def _begins_as_tar(file: Path) -> bool:
    with file.open("rb") as opened:
        return HEAD.encode() in opened.read(2048)
