"""Outcomes of a source → entries of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from footfall.concealing import concealed
from footfall.ledger import Entry, Known, Status
from footfall.periods import Window
from footfall.sources import End, Outcome

BASELESS = "the source reports it as unchanged, but nothing is stored; it is fetched again next time"


@dataclass(frozen=True)
class Clerk:
    """Turns outcomes of one run of one source into ledger entries."""

    source: str
    offered: Known
    """What is known about the offered windows."""
    known: Known
    """What is known about all windows: a source may state a different one than it offered."""
    asked_at: datetime
    """When the offers were requested; the source read its data later."""

    def entries(self, outcome: Outcome) -> tuple[Entry, ...]:
        """The entries of an outcome; if it covers less than the offered window, also one for the rest."""
        entry = self._entry(outcome)
        offered = outcome.offer.window
        if not entry.is_success or outcome.window == offered:
            return (entry,)
        # For the whole window, which was requested; this resolves an earlier failure.
        rest = self._blank(outcome, Status.MISSING, offered, offered.start, entry.reason)
        return entry, replace(rest, fingerprint="")

    def doubts(self, outcomes: Iterable[Outcome]) -> Iterator[Entry]:
        """Entries for stored windows that are about to be restated.

        Recorded before the rows: otherwise a crash would leave the old entry with new rows, and it would be trusted
        if the source (or a setting) went back to its earlier state.
        """
        for outcome in outcomes:
            stored = self._stored(outcome)
            if outcome.end is not End.DONE or stored is None:
                continue
            if stored.fingerprint and stored.fingerprint != outcome.fingerprint:
                yield replace(stored, fingerprint="", observed_at=None)

    def _entry(self, outcome: Outcome) -> Entry:
        status = outcome.status_at(self.asked_at)
        match outcome.end:
            case End.RETIRED:
                return self._blank(outcome, status, outcome.window, outcome.window.start, outcome.note or "")
            case End.UNCHANGED:
                return self._unchanged(outcome, status)
        entry = self._blank(outcome, status, outcome.window, self._covered(outcome), outcome.note or "")
        return replace(
            entry,
            rows=outcome.rows,
            rejected=outcome.rejected,
            sample=concealed(outcome.sample),
            settles_at=outcome.settles_at if outcome.is_success else None,
            provisional_seconds=int(outcome.provisional_for.total_seconds()) or None,
        )

    def _unchanged(self, outcome: Outcome, status: Status) -> Entry:
        """The stored entry, renewed; a failure if nothing is stored, or if the stored entry is in doubt."""
        stored, until = self._stored(outcome), self._covered(outcome)
        if stored is None or (outcome.fingerprint and not stored.fingerprint):
            return self._blank(outcome, Status.FAILED, outcome.window, until, BASELESS)
        return replace(
            stored,
            status=status,
            settles_at=outcome.settles_at,
            covered_until=max(until, stored.covered_until),
            fingerprint=outcome.fingerprint or stored.fingerprint,
            reason=stored.reason if outcome.note is None else concealed(outcome.note),
            observed_at=None,
        )

    def _stored(self, outcome: Outcome) -> Entry | None:
        known = self.offered if outcome.window == outcome.offer.window else self.known
        return known.stored(outcome.offer.table, outcome.offer.scope, outcome.window)

    def _blank(self, outcome: Outcome, status: Status, window: Window, until: datetime, reason: str) -> Entry:
        offer, looks = outcome.offer, outcome.fingerprint
        said = concealed(reason)
        return Entry(self.source, offer.table, offer.scope, window, status, until, fingerprint=looks, reason=said)

    def _covered(self, outcome: Outcome) -> datetime:
        """Up to which moment the window is stated: at most its end."""
        said = self.asked_at if outcome.covered_until is None else outcome.covered_until
        return min(outcome.window.end, max(said, outcome.window.start))
