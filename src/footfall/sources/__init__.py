"""Sources: places with usage data. Built-in sources register like plugins.

A source offers windows, `collect` compares them with the ledger, and the source fetches
new and restated ones, in batches that are committed atomically:

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
    """Called while a source fetches, to report progress."""

    def __call__(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None: ...


@dataclass(frozen=True)
class Context:
    """Everything outside of its settings that a source may use."""

    folder: Path
    """The workspace: relative paths in settings start here."""
    scratch: Path
    """A folder for this source, for downloads and clones kept between runs; safe to delete."""
    now: Callable[[], datetime]
    client: Callable[[], Client]
    name: str = ""
    """The name of the source in footfall.toml: there may be several of one kind, each with its own name."""


class Source(Protocol):
    """A source of usage data."""

    name: ClassVar[str]
    """The name of this kind of source; a configured source may have a different name, `Context.name`."""
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
