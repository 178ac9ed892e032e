"""Sources: places that know about usage. One place each; built-in ones register as a plugin would.

A source tells what it has to offer, `collect` compares that with the ledger, and the source fetches
what is new or restated, in batches that are committed whole:

    offers(known, now)   what upstream has right now, window by window       (input and output)
    choose(offers, known) which of it is missing, provisional or restated    (pure, in collect)
    fetch(offers, tell)  rows, and how each offer ended                      (input and output)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from footfall.ledger import Known
from footfall.metrics import Metric
from footfall.sources.checks import Check, Deadline
from footfall.sources.naming import ProjectNames
from footfall.sources.offers import Batch, End, Offer, Outcome
from footfall.sources.opening import installed_sources, open_sources
from footfall.tables import Table

if TYPE_CHECKING:
    from pydantic import BaseModel

    from footfall.http import Client

__all__ = [
    "Batch",
    "Check",
    "Context",
    "Deadline",
    "End",
    "Known",
    "Offer",
    "Outcome",
    "Progress",
    "ProjectNames",
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
    """A folder of this source alone, for downloads and clones that survive between runs; safe to delete."""
    now: Callable[[], datetime]
    client: Callable[[], Client]
    name: str = ""
    """What the source is called in footfall.toml: several of one kind may be set up, each under its own name."""


class Source(Protocol):
    """A place that knows about usage."""

    name: ClassVar[str]
    """What this kind of source is called; a source that is set up may have another name, `Context.name`."""
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
