"""Which of the offered windows to fetch: pure, so that tests can use any clock and history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from footfall.concealing import concealed
from footfall.ledger import Entry, Known, Status
from footfall.periods import Window
from footfall.sources import Offer


@dataclass(frozen=True)
class Choice:
    """The windows to fetch, the entries to record without fetching, and the number of unchanged windows."""

    wanted: tuple[Offer, ...]
    missing: tuple[Entry, ...]
    """Newly missing windows, not yet recorded with this reason."""
    renewed: tuple[Entry, ...]
    """Unchanged windows that are now covered further or are final."""
    unchanged: int


def choose(
    source: str, offers: Iterable[Offer], known: Known, window: Window, now: datetime, *, is_recheck: bool = False
) -> Choice:
    """Compare offers with the ledger's entries of the source called `source`.

    An offer within `window` is wanted if it was never collected, failed last time, has no fingerprint,
    or has a different one; with `is_recheck` always.
    """
    wanted: list[Offer] = []
    missing: list[Entry] = []
    renewed: list[Entry] = []
    unchanged = 0
    for offer in offers:
        if not offer.window.overlaps(window):
            continue
        last = known.latest(offer.table, offer.scope, offer.window)
        stored = known.stored(offer.table, offer.scope, offer.window)
        if offer.absent:
            if last is None or last.status is not Status.MISSING or last.reason != concealed(offer.absent):
                missing.append(_missing(source, offer, now))
            else:
                unchanged += 1
        elif is_recheck:
            wanted.append(replace(offer, is_rechecked=True))
        elif last is None or stored is None or not last.is_success or not _looks_the_same(offer, stored):
            wanted.append(offer)
        else:
            unchanged += 1
            renewed += _renewed(offer, stored, now)
    return Choice(tuple(wanted), tuple(missing), tuple(renewed), unchanged)


def _looks_the_same(offer: Offer, stored: Entry) -> bool:
    return bool(offer.fingerprint) and offer.fingerprint == stored.fingerprint


def _missing(source: str, offer: Offer, now: datetime) -> Entry:
    until = min(offer.window.end, now)
    return Entry(source, offer.table, offer.scope, offer.window, Status.MISSING, until, reason=concealed(offer.absent))


def _renewed(offer: Offer, stored: Entry, now: datetime) -> list[Entry]:
    """The renewed entry of an unchanged window: covered up to now, final if it cannot change; [] if nothing changed."""
    until = max(stored.covered_until, min(offer.window.end, now))
    is_final = offer.is_settled_at(now)
    if until == stored.covered_until and not (is_final and stored.is_provisional_at(now)):
        return []
    status = Status.COMPLETE if is_final else Status.PROVISIONAL
    return [replace(stored, status=status, settles_at=offer.settles_at, covered_until=until, observed_at=None)]
