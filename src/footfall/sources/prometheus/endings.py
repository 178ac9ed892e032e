"""The outcome of a window: what was found, checked against what is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from footfall.periods import Window, short
from footfall.sources import Offer, Outcome
from footfall.sources.prometheus.looks import Looks, hash_of

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.sources.prometheus.rows import Refused
    from footfall.sources.prometheus.windows import Detail

PATIENCE = timedelta(days=3)
"""For this long after a day is final, an empty answer where there were rows before is treated as a fault."""


class Said(Protocol):
    """The messages of a piece, besides its rows."""

    @property
    def failure(self) -> str: ...
    @property
    def partial(self) -> tuple[str, ...]: ...
    @property
    def remarks(self) -> tuple[str, ...]: ...
    @property
    def rejected(self) -> tuple[Refused, ...]: ...


@dataclass
class Found:
    """The messages of all pieces that overlap a window."""

    window: Window
    failure: str = ""
    partial: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)

    def add(self, part: Said) -> None:
        self.failure = self.failure or part.failure
        self.partial |= dict.fromkeys(part.partial)
        self.remarks |= dict.fromkeys(part.remarks)
        self.rejected += [one.text for one in part.rejected if one.at in self.window]


def outcome_of(offer: Offer, found: Found, rows: pa.Table, seen: Window | None) -> Outcome:
    """The outcome of the window. Rows are to be written if it is `done`.

    Args:
        seen: The last window before it that has rows.
    """
    detail: Detail = offer.detail
    if found.failure or detail.refusal:
        return offer.failed(detail.refusal or found.failure)
    looks = Looks(detail.recipe.definition, offer.is_settled_at(detail.asked_at), hash_of(detail.recipe.table, rows))
    if found.partial:
        return _partial(offer, found, rows)
    if not rows.num_rows:
        return _empty(offer, looks, seen)
    before, note = Looks.of(detail.before), "; ".join(found.remarks)
    if before and (before.definition, before.hash) == (looks.definition, looks.hash) and _vouches(offer):
        return offer.unchanged(covered_until=detail.until, fingerprint=str(looks), note=note)
    return offer.done(
        rows.num_rows,
        covered_until=detail.until,
        rejected=len(found.rejected),
        sample=found.rejected[0] if found.rejected else "",
        note=note,
        fingerprint=str(looks),
    )


def _vouches(offer: Offer) -> bool:
    """Whether what is stored came from a complete answer."""
    before = offer.detail.before
    return before is not None and before.covered.start < before.covered.end


def _partial(offer: Offer, found: Found, rows: pa.Table) -> Outcome:
    """Some of the data did not answer. Its rows are kept if there are no better ones, and cover nothing."""
    reason = f"a part of the data did not answer: {'; '.join(found.partial)}"
    before = offer.detail.before
    if before is not None and (_vouches(offer) or before.rows > rows.num_rows):
        return offer.failed(reason)
    return offer.done(rows.num_rows, covered_until=offer.window.start, note=reason, fingerprint="")


def _empty(offer: Offer, looks: Looks, seen: Window | None) -> Outcome:
    """No series answers. That is not zero, and erases nothing."""
    detail: Detail = offer.detail
    if detail.before is not None and detail.before.rows:
        said = f"no series found, though {detail.before.rows:,} values of it are stored"
        is_over = offer.settles_at is not None and offer.settles_at + PATIENCE <= detail.asked_at
        if is_over and detail.before.fingerprint:
            kept = Looks(looks.definition, True, "")
            return offer.unchanged(covered_until=detail.before.covered_until, fingerprint=str(kept), note=said)
        return offer.failed(said)
    reason = "no series found"
    if seen is not None:
        reason += (
            f", though some did on {short(seen.start)}: what it measures has ended, or a label or a metric is missing"
        )
    return offer.missing(reason, fingerprint=str(Looks(looks.definition, looks.is_final, "")))
