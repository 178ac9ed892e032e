"""Commits of git repositories: local folders and clone addresses, read with the `git` program.

What is read is the history of HEAD: of a local repository the branch that is checked out (or the
detached commit), of a clone address its default branch. A commit belongs to the period of its
*committer* date in UTC: when it became part of history, which rebasing and merging update.

A history states everything from its beginning to when it was read, so the ledger holds one window per repository.

tables    what is kept, and the metrics       settings  [sources.git]
places    where repositories are
looks     what a repository looked like       rows      from commits to rows
reading   a history, read into one batch       landings  when commits came on the first parent
checking  for `footfall doctor`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from footfall.errors import BrokenDataError, SourceError
from footfall.ledger import Entry, Status
from footfall.metrics import Metric
from footfall.periods import ALL_TIME, EPOCH, FAR_FUTURE, Window
from footfall.repositories import Look
from footfall.sources import Batch, Context, Known, Offer, Outcome, Progress
from footfall.sources.authors import Authors
from footfall.sources.checks import Check
from footfall.sources.git.checking import checks_of
from footfall.sources.git.looks import Looks, looks_of
from footfall.sources.git.places import Place, places_of, recognised, visited
from footfall.sources.git.reading import GONE, History, standing_note
from footfall.sources.git.settings import GitSettings
from footfall.sources.git.tables import COMMITS, METRICS
from footfall.sources.naming import ProjectNames
from footfall.tables import Table

__all__ = ["COMMITS", "METRICS", "Git", "GitSettings"]


class Git:
    """Commits of local repositories and clone addresses."""

    name: ClassVar[str] = "git"
    description: ClassVar[str] = "Commits of git repositories, local or from clone addresses."
    Settings: ClassVar[type[GitSettings]] = GitSettings
    tables: Sequence[Table] = (COMMITS,)
    metrics: Sequence[Metric] = METRICS
    project_names: ClassVar[ProjectNames] = ProjectNames("repo")

    def __init__(self, settings: GitSettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._authors = Authors(settings.hash_key, settings.bots)

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """One offer for each name: of a configured repository, or of one that was configured earlier."""
        before = _last_read(known)
        places = places_of(self._settings.repositories, self._context, self._settings.timeout)
        places = recognised(places, before)
        gone = {name: entry for name, entry in before.items() if name not in {place.name for place in places}}
        stored = tuple(entry for entry in gone.values() if entry and entry.rows)
        leaving = list(_offers_of_gone(gone, known, now))
        just_gone = frozenset(offer.scope for offer in leaving)
        tasks = [_Task(place.name, now, place, before.get(place.name), stored, just_gone) for place in places]
        return [*(self._offer(task, known) for task in tasks), *leaving]

    def _offer(self, task: _Task, known: Known) -> Offer:
        """An unchanged repository is offered with its last fingerprint; all others are read."""
        offer = Offer(COMMITS.name, ALL_TIME, task.name, detail=task)
        last = known.latest(COMMITS.name, task.name, ALL_TIME)
        if task.before and last and last.status is not Status.FAILED and self._stands(task.place, task.before):
            return replace(offer, window=task.before.window, fingerprint=task.before.fingerprint)
        return offer

    def _stands(self, place: Place | None, before: Entry) -> bool:
        """Whether reading it again would give the same result, as far as can be determined without reading."""
        if place is None or place.look is None:
            return False
        seen, old = self._seen(place, place.look), Looks.of(before)
        is_same = (old.head, old.shape, old.place) == (seen.head, seen.shape, seen.place)
        return is_same and before.reason == standing_note(before, seen.head)

    def _seen(self, place: Place, look: Look) -> Looks:
        return looks_of(look, place.identity, self._authors.fingerprint)

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether each repository can be read. Git forgets nothing that HEAD reaches, so there are no deadlines."""
        yield from checks_of(places_of(self._settings.repositories, self._context, self._settings.timeout))

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """A batch per repository: the commits of the window that changed, or only a renewed outcome."""
        tasks: list[tuple[Offer, _Task]] = [(offer, offer.detail) for offer in offers]
        handed_over: set[str] = set()
        with closing(visited(task.place for _, task in tasks if task.place)) as places:
            for offer, task in tasks:
                if task.place is None:
                    tell(windows=1)
                    if task.name not in handed_over:
                        yield Batch([_given_up(offer, task.before)])
                    continue
                tell(note=f"{task.name}: reading")
                batch = self._read(offer, task, next(places), tell)
                handed_over |= {outcome.offer.scope for outcome in batch.outcomes} - {task.name}
                tell(windows=1, note=f"{task.name}: read")
                yield batch

    def _read(self, offer: Offer, task: _Task, place: Place, tell: Progress) -> Batch:
        try:
            try:
                return self._history(offer, task, place, tell).read()
            except BrokenDataError:
                if place.remote is None:
                    raise
                # Only the copy is broken, not the original.
                again = replace(place, look=place.remote.look_afresh(place.head))
                return self._history(offer, task, again, tell).read()
        except SourceError as error:
            return Batch([offer.failed(str(error))])
        except OSError as error:
            return Batch([offer.failed(f"{error.filename or 'a file'}: {error.strerror}")])

    def _history(self, offer: Offer, task: _Task, place: Place, tell: Progress) -> History:
        if place.look is None:
            raise place.fault or SourceError("it was not found")
        seen = self._seen(place, place.look)
        known = (task.before, task.gone, task.just_gone)
        return History(offer, place.look, seen, self._authors, *known, task.asked_at, tell)


@dataclass(frozen=True)
class _Task:
    """A name that is or will be in the ledger: its configured repository, and how it was last read."""

    name: str
    asked_at: datetime
    place: Place | None
    before: Entry | None
    gone: tuple[Entry, ...] = ()
    """What is stored under names that are no longer configured."""
    just_gone: frozenset[str] = frozenset()
    """Those that were still configured in the last run."""


def _last_read(known: Sequence[Entry]) -> dict[str, Entry | None]:
    """The last successful reading of every name in the ledger; None if there is none."""
    last: dict[str, Entry | None] = {e.scope: None for e in known if e.table == COMMITS.name and e.scope}
    for entry in sorted(known, key=lambda e: (e.observed_at or EPOCH, e.covered_until)):
        if entry.scope in last and entry.status is Status.COMPLETE:
            last[entry.scope] = entry
    return last


# Names that are no longer configured


def _offers_of_gone(gone: Mapping[str, Entry | None], known: Known, now: datetime) -> Iterator[Offer]:
    """Names with commits are retired once; the others stay complete zeros, and are renewed."""
    retired = {(entry.scope, entry.window) for entry in known if entry.status is Status.RETIRED}
    for name, entry in gone.items():
        offer = Offer(COMMITS.name, ALL_TIME, name, detail=_Task(name, now, None, entry))
        if entry and entry.rows:
            if (name, Window(entry.covered_until, FAR_FUTURE)) not in retired:
                yield offer
        else:
            is_silent = entry is not None and entry.fingerprint == GONE and not entry.reason
            yield replace(offer, fingerprint=GONE) if is_silent else offer


def _given_up(offer: Offer, before: Entry | None) -> Outcome:
    """With stored commits, a name is covered up to its last reading and then retired; else it is a complete zero."""
    if before and before.rows:
        return offer.retired("it is no longer in the settings", since=before.covered_until)
    note = "" if before else "it is not in the settings, and was never collected"
    return offer.done(fingerprint=GONE, note=note, restates=Window(EPOCH, EPOCH))
