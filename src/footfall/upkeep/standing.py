"""The state of everything: every table of every source, data that upstream will delete, and intervals known to be wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from footfall.annotations import Happened, KnownWrong
from footfall.collect import SourceStatus, status
from footfall.collect.knowing import known_to
from footfall.concealing import concealed
from footfall.formats import moment_of
from footfall.lake import Lake, Snapshot
from footfall.sources import Deadline, Source


@dataclass(frozen=True)
class Loss:
    """Data that upstream will delete unless it is collected before."""

    source: str
    deadline: Deadline

    @property
    def at(self) -> datetime:
        return self.deadline.at

    def verdict(self, now: datetime) -> str:
        """When it is lost: "will be lost upstream at …", or since when."""
        verb = "was lost upstream at" if self.at <= now else "will be lost upstream at"
        return f"{verb} {moment_of(self.at)}"


@dataclass(frozen=True)
class Standing:
    """The state of every source.

    Example:
        >>> [loss.deadline.what for loss in Standing(()).losses]
        []
    """

    states: tuple[SourceStatus, ...]
    losses: tuple[Loss, ...] = ()
    """Data that upstream will delete, the most urgent first."""
    known_wrong: tuple[KnownWrong, ...] = ()
    unknown: Mapping[str, str] | None = None
    """By source: why its deadlines could not be determined."""
    has_marks: bool = False
    """Whether an application has marked an event; such a workspace needs no source."""

    def wrong_in(self, state: SourceStatus) -> list[KnownWrong]:
        """The intervals of a table that are known to be wrong, oldest first; none that end before the first data."""
        if state.fresh_until is None:
            return []
        about = [k for k in self.known_wrong if k.source in ("", state.source) and k.table in ("", state.table)]
        found = [k for k in about if state.first is None or k.window.end > state.first]
        return sorted(dict.fromkeys(found), key=lambda known: known.window)

    def losses_of(self, state: SourceStatus) -> list[Loss]:
        """Data of a table that upstream will delete, the most urgent first."""
        return [loss for loss in self.losses if (loss.source, loss.deadline.table) == (state.source, state.table)]


def standing(
    sources: Mapping[str, Source], lake: Lake, snapshot: Snapshot, happened: Happened, now: datetime
) -> Standing:
    """The state of every source, from the ledger and from what the sources report about upstream's retention."""
    losses: list[Loss] = []
    unknown: dict[str, str] = {}
    for name, source in sources.items():
        try:
            losses += (Loss(name, deadline) for deadline in _deadlines(name, source, lake, now))
        except Exception as error:  # an error of one source must not hide the state of the others
            unknown[name] = concealed(f"{type(error).__name__}: {error}")
    return Standing(
        tuple(status(sources, snapshot, now)),
        tuple(sorted(losses, key=lambda loss: (loss.at, loss.source, loss.deadline.table, loss.deadline.scope))),
        tuple(happened.known_wrong),
        unknown,
    )


def _deadlines(name: str, source: Source, lake: Lake, now: datetime) -> Iterator[Deadline]:
    ask = getattr(source, "deadlines", None)
    if ask is not None:
        yield from ask(known_to(lake, name, source, lake.known(name)), now)


def of_sources(found: Standing, names: Sequence[str]) -> Standing:
    """The part for some sources; for all if none is named."""
    if not names:
        return found
    return Standing(
        tuple(state for state in found.states if state.source in names),
        tuple(loss for loss in found.losses if loss.source in names),
        tuple(known for known in found.known_wrong if known.source in ("", *names)),
        {name: said for name, said in (found.unknown or {}).items() if name in names},
    )
