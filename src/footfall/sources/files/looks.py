"""The state of files when they were read: a file that has not changed since is not read again. Safe to delete."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footfall.periods import Window, from_micros, micros_of


@dataclass(frozen=True)
class Seen:
    """A window and scope that a file states, and the digest of its rows."""

    scope: str
    window: Window
    digest: str


class Looks:
    """Kept in one file in the source's scratch folder; without it everything is read again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._before: dict[str, Any] = {}
        self._now: dict[str, Any] = {}
        with suppress(OSError, ValueError):
            found = json.loads(file.read_text(encoding="utf-8"))
            self._before = found if isinstance(found, dict) else {}

    def of(self, file: Path, shape: str) -> Sequence[Seen] | None:
        """What a file states, if it was read with the same settings and has not changed since."""
        kept = self._before.get(f"{shape}:{file}")
        if kept is None or kept["identity"] != _identity(file):
            return None
        self._now[f"{shape}:{file}"] = kept
        return [
            Seen(scope, Window(from_micros(start), from_micros(end)), digest)
            for scope, start, end, digest in kept["seen"]
        ]

    def learn(self, file: Path, shape: str, seen: Sequence[Seen]) -> None:
        states = [[one.scope, micros_of(one.window.start), micros_of(one.window.end), one.digest] for one in seen]
        self._now[f"{shape}:{file}"] = {"identity": _identity(file), "seen": states}

    def keep(self) -> None:
        """Remember what was seen in this run; anything that cannot be saved is read again."""
        if self._now == self._before:
            return
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(self._now), encoding="utf-8")
            fresh.replace(self._file)


def _identity(file: Path) -> list[int]:
    """Equal as long as a file was not written: a file restored with its old times has a different ctime."""
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
