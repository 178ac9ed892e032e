"""Snapshots: every table at one version, and the ledger at that time. Repeated reads give the same result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from footfall.errors import LakeError
from footfall.lake.collected import NOTHING, Collected
from footfall.lake.delta import PARTITION, is_past
from footfall.lake.names import NO_NAMES, KnownNames
from footfall.periods import Window, short
from footfall.tables import Names

KNOWN_SINCE = "known_since"
"""The cursor of an observed table: the earliest moment (microseconds since 1970) for which it can be read `as_of`."""


@dataclass(frozen=True)
class Pinned:
    """One table at one version, as its files."""

    name: str
    address: str
    version: int
    files: tuple[str, ...]
    columns: tuple[str, ...]
    built_from: int | None = None
    """For a rollup: the version of its table that it was built from."""

    known_since: datetime | None = None
    """The earliest moment for which it can be read `as_of`; None: any."""

    state: int = 0
    """The hash of its files, as defined in `footfall.lake.vouching`."""

    cursor: Callable[[str], int | None] | None = field(default=None, repr=False, compare=False)
    """Its cursors, by name."""

    def files_as_of(self, moment: datetime | None) -> tuple[str, ...]:
        """The files that a reader needs, now or as of a moment. Raises LakeError if that is no longer known."""
        if moment is None:
            return self.current
        if self.known_since is not None and moment < self.known_since:
            raise LakeError(
                f"the lake no longer has {self.name} as of {short(moment)}: it goes back to "
                f"{short(self.known_since)}; use a later time."
            )
        return self.files

    @cached_property
    def current(self) -> tuple[str, ...]:
        """The files without those that only contain superseded rows."""
        return tuple(file for file in self.files if not is_past(file))

    @property
    def months(self) -> dict[str, tuple[str, ...]]:
        """The current files of each month, which has its own folder, in a stable order."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.current):
            found.setdefault(Path(file).parent.name.removeprefix(f"{PARTITION}="), []).append(file)
        return {month: tuple(files) for month, files in sorted(found.items())}


class LedgerReader(Protocol):
    """Reads the entries about a table from a pinned version of the ledger."""

    def __call__(self, ledger: Pinned, table: str, window: Window | None, as_of: datetime | None) -> Collected: ...


class FirstReader(Protocol):
    """Reads when a table was first recorded, from a pinned version of the ledger."""

    def __call__(self, ledger: Pinned, table: str) -> datetime | None: ...


class NamesReader(Protocol):
    """Reads the names of ids from a pinned version of the table that keeps them."""

    def __call__(self, pinned: Pinned, names: Names, as_of: datetime | None) -> KnownNames: ...


@dataclass(frozen=True)
class Snapshot:
    """Every table at one version, and the ledger at that time: repeated reads give the same result."""

    tables: dict[str, Pinned]
    as_of: datetime | None = None
    ledger: Pinned | None = None
    read_ledger: LedgerReader | None = field(default=None, repr=False, compare=False)
    read_first: FirstReader | None = field(default=None, repr=False, compare=False)
    scope_names: Mapping[str, Names] = field(default_factory=dict, repr=False, compare=False)
    """By table: where the names of its scopes are kept, if these are ids."""
    read_names: NamesReader | None = field(default=None, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def version(self) -> str:
        """A short hash of all versions: equal snapshots give equal answers."""
        pinned = [*self.tables.values(), *([self.ledger] if self.ledger else [])]
        versions = json.dumps([sorted((p.name, p.version) for p in pinned), str(self.as_of)])
        return hashlib.sha256(versions.encode()).hexdigest()[:16]

    def collected(self, table: str, window: Window | None = None) -> Collected:
        """What the ledger recorded about `table`, or about its windows that overlap `window`; scopes by name."""
        if self.ledger is None or self.read_ledger is None:
            return NOTHING
        found = self.read_ledger(self.ledger, table, window, self.as_of)
        return self.names_in(self.scope_names[table]).named(found) if table in self.scope_names else found

    def names_in(self, names: Names) -> KnownNames:
        """The names of ids at that time; empty if nothing was collected."""
        pinned = self.tables.get(names.table.name)
        return NO_NAMES if pinned is None or self.read_names is None else self.read_names(pinned, names, self.as_of)

    def first_recorded_at(self, table: str) -> datetime | None:
        """When `table` was first recorded, even if that is later than `as_of`; None for never."""
        return None if self.ledger is None or self.read_first is None else self.read_first(self.ledger, table)
