"""Sources: places that know about usage. One file each; built-in ones register as a plugin would.

A source tells what it has to offer, `collect` compares that with the ledger, and the source fetches
what is new or restated, in batches that are committed whole:

    offers(known, now)  what upstream has right now, window by window      (input and output)
    plan(offers, known) which of it is missing, provisional or restated    (pure, in collect)
    fetch(offers, tell) rows and outcomes, a batch a commit                (input and output)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from footfall.errors import SettingsError, UnknownNameError
from footfall.ledger import Entry
from footfall.metrics import Metric
from footfall.periods import Window
from footfall.tables import Rows, Table

if TYPE_CHECKING:
    from pydantic import BaseModel

    from footfall.http import Client


@dataclass(frozen=True)
class Offer:
    """A window that a source could state the truth about, as it looks right now.

    `fingerprint` changes when the source restates the window; empty means "cannot tell, always ask".
    `is_settled` is False while the source may still revise it. `missing` says why there is nothing to fetch.
    """

    table: str
    window: Window
    scope: str = ""
    fingerprint: str = ""
    is_settled: bool = True
    missing: str = ""
    size: int = 0
    """Bytes to read, where known; for progress only."""
    detail: Any = None
    """The source's own: what it needs to fetch this (a path, an address, heads)."""


@dataclass(frozen=True)
class Batch:
    """Rows of one table, committed at once with the outcomes of the windows they came from.

    `replaces` are the windows the rows state whole: a window whose file was broken is not among them.
    `position` is the cursor's new value (how far the source has been read), an int64 that never falls.
    """

    table: Table
    rows: Rows | None
    outcomes: tuple[Entry, ...]
    replaces: tuple[Window, ...] = ()
    scope: str = ""
    position: int = 0
    is_sorted: bool = False
    """Whether the rows are in the table's order already."""


class Progress(Protocol):
    """Told while a source fetches, so that somebody can watch."""

    def __call__(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...


@dataclass(frozen=True)
class Context:
    """What a source may use of the world: nothing else is reached for."""

    folder: Path
    """The workspace: relative paths in settings start here."""
    scratch: Path
    """A folder for downloads and clones that survive between runs; safe to delete."""
    now: Callable[[], datetime]
    client: Callable[[], Client]


class Source(Protocol):
    """A place that knows about usage."""

    name: ClassVar[str]
    description: ClassVar[str]
    Settings: ClassVar[type[BaseModel]]
    """Its part of footfall.toml, `[sources.<name>]`."""

    tables: Sequence[Table]
    metrics: Sequence[Metric]

    def __init__(self, settings: Any, context: Context) -> None: ...

    def offers(self, known: Sequence[Entry], now: datetime) -> Iterable[Offer]:
        """What upstream has now. `known` is this source's part of the ledger."""
        ...

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """The rows of `offers`, a batch a commit. A window that fails is an outcome, not an exception.

        The rows of a batch must stay readable until the next one is asked for.
        """
        ...


GROUP = "footfall.sources"


def installed_sources() -> dict[str, EntryPoint]:
    """Every source of every installed package, by name: ours and plugins' alike. None is loaded yet."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def open_sources(settings: Mapping[str, Mapping[str, Any]], context: Context) -> dict[str, Source]:
    """The sources that `settings` names, each with its part checked."""
    installed = installed_sources()
    opened: dict[str, Source] = {}
    for name, part in settings.items():
        if name not in installed:
            raise UnknownNameError("source", name, installed, f"It stands in footfall.toml as [sources.{name}].")
        opened[name] = _open_source(installed[name], part, context)
    return opened


def _open_source(point: EntryPoint, part: Mapping[str, Any], context: Context) -> Source:
    from pydantic import ValidationError

    from footfall.settings import explain

    try:
        kind: type[Source] = point.load()
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"the source {point.name} ({point.value}) cannot be loaded: {error}; reinstall or remove the package it is from."
        ) from None
    try:
        return kind(kind.Settings.model_validate(dict(part)), context)
    except ValidationError as error:
        raise SettingsError(explain(error, kind.Settings, f"sources.{point.name}")) from None
