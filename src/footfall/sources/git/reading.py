"""What a repository's history states: one batch, with the outcome of the window and the rows that changed.

Only new commits are read. If the head read before is in the current history, the new commits are `old..new`; as
they may carry old dates (a merged branch), all commits since the day of the oldest of them are stated again. If it
is not (a rewritten history, another branch), or if something that affects the rows has changed (`hash_key`, `bots`,
.mailmap, where a shallow clone is truncated), everything is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from footfall.ledger import Entry
from footfall.periods import ALL_TIME, ASKABLE, EPOCH, FAR_FUTURE, Grain, Window, floor, short
from footfall.repositories import Look, Repository
from footfall.sources import Batch, Offer, Outcome, Progress
from footfall.sources.authors import Authors
from footfall.sources.git.landings import first_parents, lag_of, landings
from footfall.sources.git.looks import Looks, digest
from footfall.sources.git.rows import Reading
from footfall.sources.git.tables import COMMITS

NO_COMMITS = "it has no commits yet"
GONE = "gone"
"""The fingerprint of a name under which nothing is stored any longer."""


@dataclass(frozen=True)
class History:
    """A repository to read, and what is known of it."""

    offer: Offer
    look: Look
    seen: Looks
    """Its state, as far as that is known without reading it."""
    authors: Authors
    before: Entry | None
    """The last reading under its name."""
    gone: Sequence[Entry]
    """What is stored under names that are no longer configured."""
    just_gone: frozenset[str]
    """Those that were still configured when they were last read."""
    asked_at: datetime
    tell: Progress

    def read(self) -> Batch:
        """The window's outcome, and the rows that changed."""
        old, seen = Looks.of(self.before), self.seen
        is_same = self.before is not None and (old.head, old.shape) == (seen.head, seen.shape)
        if self.before and is_same and not self.offer.is_rechecked:
            looks = replace(old, place=seen.place)
            note = standing_note(self.before, seen.head)
            return Batch([self.offer.unchanged(fingerprint=str(looks), note=note, window=self.before.window)])
        if not seen.head:
            return self._empty()
        has_grown = bool(old.head) and self._repository.is_ancestor(old.head, seen.head)
        has_old_shape = (old.shape, old.mailmap) == (seen.shape, seen.mailmap)
        is_grown = has_grown and has_old_shape and not self.offer.is_rechecked
        if self.before and is_grown and (batch := self._grown(self.before, replace(seen, roots=old.roots))):
            return batch
        # In a truncated history it is not visible whether it was rewritten.
        is_rewritten = bool(old.head) and not has_grown and not self.look.cuts
        return self._whole(seen, _rewritten_note(old.head) if is_rewritten else "")

    @property
    def _repository(self) -> Repository:
        return Repository(self.look.git_dir)

    def _whole(self, seen: Looks, note: str) -> Batch:
        """The history from its beginning, or in a shallow clone from where it is complete."""
        reading = Reading(self.offer.scope, self.authors, self._repository.true_parents(self.look.cuts))
        reading.take(self._watched(self._repository.log(seen.head)))
        window = Window(reading.cut, FAR_FUTURE) if reading.cut else ALL_TIME
        landed = landings(reading.graph, seen.head.encode())
        rows = reading.rows(window, landed)
        seen = replace(seen, roots=digest(*sorted(reading.roots)))
        handed_over = list(self._handed_over(seen, window)) if not (self.before and self.before.rows) else []
        outcome = self.offer.done(
            rows.num_rows,
            rejected=reading.rejected,
            sample=reading.sample,
            note=_sentences(note, _shallow_note(window), *self._notes(reading)),
            fingerprint=str(seen),
            window=window,
            provisional_for=lag_of(reading.graph, landed),
        )
        return Batch([outcome, *handed_over], {COMMITS.name: rows})

    def _grown(self, before: Entry, seen: Looks) -> Batch | None:
        """The new commits, and all others since the day of the oldest of them: a window is always stated whole.

        None if the head read before is not on the first-parent chain: then commits landed at other times.
        """
        old = Looks.of(before).head
        reading = Reading(self.offer.scope, self.authors)
        reading.take(self._watched(self._repository.log(f"{old}..{seen.head}")))
        new = reading.graph.copy()
        main = first_parents(new, seen.head.encode())
        if not main or new[main[-1]][0][:1] != (old.encode(),):
            return None
        graph = self._repository.graph(seen.head, int(ASKABLE.end.timestamp()))
        landed = landings(graph, seen.head.encode())
        restates = Window(before.window.start, before.window.start)
        if reading.earliest is not None:
            restates = Window(max(before.window.start, floor(Grain.DAY, reading.earliest)), FAR_FUTURE)
        outcome = self.offer.done(
            before.rows + reading.count(before.window),
            rejected=before.rejected + reading.rejected,
            sample=reading.sample or before.sample,
            note=_sentences(_shallow_note(before.window), *self._notes(reading)),
            fingerprint=str(seen),
            window=before.window,
            restates=restates,
            provisional_for=lag_of(graph, landed),
        )
        if reading.earliest is None:
            return Batch([outcome])
        start = restates.start.timestamp()
        again = [sha.decode() for sha, (_, at) in graph.items() if sha not in new and at is not None and at >= start]
        reading.take(self._watched(self._repository.log_of(again)))
        return Batch([outcome], {COMMITS.name: reading.rows(restates, landed)})

    def _empty(self) -> Batch:
        """A repository without commits is a complete zero; if it had some before, it is a fault that erases nothing."""
        if self.before and self.before.rows:
            return Batch([self.offer.failed("it no longer has commits; data collected before is kept")])
        return Batch([self.offer.done(fingerprint=str(self.seen), note=NO_COMMITS)])

    def _handed_over(self, seen: Looks, window: Window) -> Iterator[Outcome]:
        """The same history under names that are no longer configured: it is counted once, under the new name.

        A history that starts earlier than `window` stays: a shallow clone cannot replace it.
        """
        for entry in self.gone:
            old = Looks.of(entry)
            is_here = old.place == seen.place or entry.scope in self.just_gone
            is_same = is_here and bool(seen.roots) and old.roots == seen.roots
            if entry.window.start >= window.start and (is_same or self._repository.is_ancestor(old.head, seen.head)):
                note = f"it is now called {self.offer.scope}"
                yield Offer(COMMITS.name, ALL_TIME, entry.scope).done(fingerprint=GONE, note=note)

    def _watched(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks, while progress is reported."""
        for piece in pieces:
            self.tell(bytes=len(piece))
            yield piece

    def _notes(self, reading: Reading) -> Iterator[str]:
        if ahead := reading.count(Window(self.asked_at, FAR_FUTURE)):
            yield f"{_counted(ahead, 'is', 'are')} dated after the moment of reading"
        if unread := reading.without_author:
            yield f"{_counted(unread, 'has', 'have')} no author that git can read; only `authors` leaves them out"


def _counted(count: int, one: str, several: str) -> str:
    return f"{count} commit {one}" if count == 1 else f"{count:,} commits {several}"


def standing_note(before: Entry, head: str) -> str:
    """The note if nothing in a repository is new."""
    return _shallow_note(before.window) if head else NO_COMMITS


def _sentences(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _rewritten_note(old: str) -> str:
    return (
        f"the head read before, {old[:10]}, is not in the present history (rewritten, or another branch): "
        "all commits were stated again"
    )


def _shallow_note(window: Window) -> str:
    if window.start == EPOCH:
        return ""
    return f"a shallow clone: its history is cut at {short(window.start)}; `git fetch --unshallow` there gets the rest"
