"""Sources: places that know about usage. One place each; built-in ones register as a plugin would.

A source tells what it has to offer, `collect` compares that with the ledger, and the source fetches
what is new or restated, in batches that are committed whole:

    offers(known, now)   what upstream has right now, window by window       (input and output)
    choose(offers, known) which of it is missing, provisional or restated    (pure, in collect)
    fetch(offers, tell)  rows, and how each offer ended                      (input and output)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from footfall.errors import SettingsError, UnknownNameError
from footfall.ledger import Known
from footfall.metrics import Metric
from footfall.sources.offers import Batch, End, Offer, Outcome
from footfall.tables import Table

if TYPE_CHECKING:
    from pydantic import BaseModel

    from footfall.http import Client

__all__ = [
    "Batch",
    "Context",
    "End",
    "Known",
    "Offer",
    "Outcome",
    "Progress",
    "Source",
    "installed_sources",
    "open_sources",
]


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

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """What upstream has now. `known` is this source's part of the ledger."""
        ...

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """The rows of `offers`, with an outcome for each. A window that fails is an outcome, not an exception."""
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
