"""Marks the actors of events, and reads the resulting sets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.activity.actors import AS_THEY_ARE, Naming
from footfall.activity.events import Event
from footfall.activity.files import BytesRead, Columns, FileMarks, read_marks
from footfall.activity.moments import moment_of_mark
from footfall.activity.owners import NAMING_CURSOR, Owners
from footfall.activity.sets import ActorSet, Everyone
from footfall.annotations import NOTHING_HAPPENED, Happened
from footfall.errors import MarkError, QueryError, SettingsError, did_you_mean
from footfall.periods import EPOCH, Grain, Window, floor
from footfall.stores.ids import NAMED, Actors
from footfall.stores.members import bitmap_of
from footfall.stores.store import PER_DAY, UNDATED, Request, Store, day_slot, hour_slot, start_of

if TYPE_CHECKING:
    from footfall.activity.collected import CollectedEvent
    from footfall.activity.facts import FactsKept

FURTHEST = timedelta(days=366)
"""How far in the future a mark may be dated: clocks may be wrong and dates planned, but not by years."""
LONGEST_EVENT = 200
FOREIGN = 1 << 33
"""Ids from this one on stand for names that only other stores know; they last as long as the process."""


@dataclass(frozen=True)
class EventSummary:
    """An event as a whole: its first and last day, its number of actors, its number of marks."""

    name: str
    description: str
    first_day: datetime | None
    last_day: datetime | None
    actors: int
    marks: int


@dataclass(eq=False, repr=False)
class Activity:
    """A store, and the rules for actors, moments and events in it."""

    store: Store
    now: Callable[[], datetime]
    naming: Naming = AS_THEY_ARE
    is_hourly: bool = False
    population_event: str | None = None
    load_collected: Callable[[], Mapping[str, CollectedEvent]] = dict
    """Returns the events that collected tables report, by name; called only when the store alone cannot tell."""
    facts: FactsKept | None = None
    """Keeps the facts of activity in the lake, where the settings ask for it."""
    _today: tuple[datetime, datetime, int] = (EPOCH, EPOCH, 0)
    _checked: set[str] = field(default_factory=set)
    _read_before: set[str] = field(default_factory=set)
    _is_naming_checked: bool = False
    _foreign: dict[str, int] = field(default_factory=dict)
    _foreign_names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.owners = Owners(self.store, self.load_collected)

    def __repr__(self) -> str:
        return f"<activity in {self.store.address}>"

    def mark(
        self,
        event: str,
        actors: Any,
        at: str | date | datetime | None = None,
        *,
        hourly: bool | None = None,
        unique: bool = False,
    ) -> None:
        """Mark that actors did an event: on the day of `at` (now by default), and in its hour if `hourly`.

        `actors` is one actor (a number, a text, a UUID) or a container of many: a list, a NumPy array, an Arrow
        column, a series. `unique` marks without a time, or both ways if `at` is given. Marks are durable when this
        returns; if it raises, nothing was marked.
        """
        is_hourly = self.is_hourly if hourly is None else hourly
        _check_hour(at, hourly, unique)
        if type(actors) is int and 0 <= actors < NAMED and at is None and not unique and event in self._checked:
            self.store.mark_one(event, self._slot_now(is_hourly), actors)
            return
        self.mark_dated(event, self._marks(actors, at, is_hourly, unique))

    def unmark(
        self,
        event: str,
        actors: Any,
        at: str | date | datetime | None = None,
        *,
        hourly: bool | None = None,
        unique: bool = False,
    ) -> int:
        """Remove marks of the day of `at` and all its hours, or only of its hour if `hourly`; see `mark`.

        Weeks, months and years stay correct: they lose an actor only if none of their other days has the actor.
        Returns how many of the actors were marked.
        """
        _check_hour(at, hourly, unique)
        marks = self._marks(actors, at, bool(hourly), unique)
        self.check_event(event)
        removed = sum(self._held(event, slot, who) for slot, who in marks.items())
        self.unmark_dated(event, marks)
        return removed

    def _held(self, event: str, slot: int, who: Actors) -> int:
        """The number of actors that are in a slot; for a day, or in any of its hours."""
        is_day = slot != UNDATED and slot % PER_DAY == 0
        ids = bitmap_of(who.numbers)
        ids.update(id for id in self.store.ids_of(who.names) if id is not None)
        return int(ids.intersection_cardinality(self.store.union(event, slot, slot + (PER_DAY if is_day else 1))))

    def mark_file(
        self, event: str, file: Path, columns: Columns, *, hourly: bool | None = None, tell: BytesRead = lambda _: None
    ) -> FileMarks:
        """Mark the rows of a CSV or Parquet file, all or nothing."""
        self.check_event(event)
        is_hourly = self.is_hourly if hourly is None else hourly
        found = read_marks(
            file,
            columns,
            naming=self.naming,
            now=self.now(),
            slot_of=lambda moment: self.slot_of(moment, is_hourly),
            tell=tell,
        )
        if any(actors.names for actors in found.marks.values()):
            self._check_naming()
        self.store.mark(event, found.marks)
        return found

    def unmark_file(
        self, event: str, file: Path, columns: Columns, *, hourly: bool | None = None, tell: BytesRead = lambda _: None
    ) -> int:
        """Remove the marks of the rows of a file, all or nothing. Returns how many of them, by slot, were there."""
        self.check_event(event)
        found = read_marks(
            file,
            columns,
            naming=self.naming,
            now=self.now(),
            slot_of=lambda moment: self.slot_of(moment, bool(hourly)),
            tell=tell,
        )
        removed = sum(self._held(event, slot, who) for slot, who in found.marks.items())
        self.store.unmark(event, found.marks)
        return removed

    def delete(self, event: str) -> EventSummary:
        """Delete all marks and occurrences of an event that an application marks. Returns its summary before.

        Raises MarkError for an event that a table reports, QueryError for an event that was never marked.
        """
        self.known_event(event)
        self.owners.check_markable(event)
        before = self.summary(event)
        self.store.delete(event)
        self._checked.discard(event)
        self.owners.release(event)
        return before

    def mark_dated(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Mark actors that are already parsed, by slot, all or nothing."""
        self.check_event(event)
        if len(marks) == 1:
            [(slot, who)] = marks.items()
            if len(who) == 1:
                self.store.mark_one(event, slot, who.names[0] if who.names else int(who.numbers[0]))
                return
        self.store.mark(event, marks)

    def mark_events(self, marks: Mapping[str, Mapping[int, Actors]], request: Request | None = None) -> bool:
        """Mark already parsed actors of several events; False if the request was served before.

        Raises:
            ReusedKeyError: If another request had the same key; nothing was marked.
        """
        for event in marks:
            self.check_event(event)
        if any(who.names for by_slot in marks.values() for who in by_slot.values()):
            self._check_naming()
        return self.store.mark_batch(marks, request)

    def unmark_dated(self, event: str, marks: Mapping[int, Actors]) -> None:
        """Remove marks of actors that are already parsed, by slot."""
        self.check_event(event)
        self.store.unmark(event, marks)

    def _check_naming(self, *, is_first: bool = True) -> None:
        """Refuse a changed naming key: names stored under one key and queried under another would never match.

        The first mark of a name determines how names are stored.
        """
        if self._is_naming_checked:
            return
        known = self.store.cursor(NAMING_CURSOR)
        if known is None and not is_first:
            return
        if known is None:
            self.store.replace(NAMING_CURSOR, 0, 0, {}, {NAMING_CURSOR: self.naming.fingerprint})
        elif known != self.naming.fingerprint:
            raise SettingsError(
                f"the names in {self.store.address} are kept "
                + ("as they are, and there is a hash_key" if not known else "as hashes under another hash_key")
                + " in the settings; set the one they were marked with, or use another store."
            )
        self._is_naming_checked = True

    def _marks(self, actors: Any, at: str | date | datetime | None, hourly: bool, unique: bool) -> dict[int, Actors]:
        slots = [UNDATED] if unique else []
        if at is not None:
            slots.append(self.slot_of(moment_of_mark(at, self.now()), hourly))
        elif not unique:
            slots.append(self._slot_now(hourly))
        who = self.naming.all_stored(actors)
        if who.names:
            self._check_naming()
        return dict.fromkeys(slots, who)

    def slot_of(self, moment: datetime, is_hourly: bool = False) -> int:
        """The slot for a mark at a moment; the far future is refused."""
        if moment > self.now() + FURTHEST:
            raise MarkError(
                f"{moment:%Y-%m-%d} is more than a year ahead, which must be a mistake; nothing was marked."
            )
        return hour_slot(moment) if is_hourly else day_slot(moment)

    def _slot_now(self, is_hourly: bool) -> int:
        now = self.now()
        start, end, slot = self._today
        if not start <= now < end:
            start = floor(Grain.DAY, now)
            self._today = start, start + timedelta(days=1), day_slot(now)
            slot = self._today[2]
        return slot + 1 + now.hour if is_hourly else slot

    def check_event(self, event: str) -> None:
        """Raise MarkError for an invalid event name, or an event that a table reports."""
        if isinstance(event, str) and event in self._checked:
            return
        is_name = isinstance(event, str) and 0 < len(event) <= LONGEST_EVENT and event.isprintable()
        if not is_name or event != event.strip():
            raise MarkError(
                f"{_shown(event)} is not a valid event name: it is a text of 1 to {LONGEST_EVENT} characters, without blanks "
                "around it, such as 'active' or 'task:done'; nothing was marked."
            )
        self.owners.check_markable(event)
        self._checked.add(event)

    @property
    def collected(self) -> dict[str, CollectedEvent]:
        """The events that collected tables report, by name; loads the sources."""
        return self.owners.collected

    def event(self, name: str) -> Event:
        """An event and its sets, whether or not it was ever marked."""
        return Event(self, name)

    def events(self) -> list[str]:
        """The events that have actors, including those of sources, in alphabetical order."""
        for name in self.collected:
            self.renew(name)
        return self.store.events()

    def names(self) -> list[str]:
        """The events that have actors, and those that collected tables report, in alphabetical order.

        Unlike `events`, it does not update collected events.
        """
        return sorted({*self.store.events(), *self.collected})

    def summary(self, name: str) -> EventSummary:
        """The summary of an event, after updating it."""
        self.renew(name)
        ever = self.event(name).ever()
        days = [slot for slot in self.store.slots(name) if slot != UNDATED]
        first, last = (start_of(days[0]), start_of(days[-1])) if days else (None, None)
        collected = self.owners.table_of(name)
        says = collected.event.description if collected else ""
        return EventSummary(name, says, first, last, len(ever), ever.occurrences())

    def known_event(self, name: str) -> Event:
        """An event that has actors; any other is an error that lists the existing names."""
        self.renew(name)
        if self.owners.table_of(name) is None and name not in self.store.events():
            known = self.names()
            tail = did_you_mean(name, known) if known else ": no event was marked yet; mark one with `footfall mark`"
            raise QueryError(f"event {_shown(name)} was never marked{tail}.")
        return self.event(name)

    def renew(self, event: str) -> None:
        """Update an event that a collected table reports."""
        if collected := self.owners.table_of(event):
            collected.renew()

    def warn_of_typo(self, event: str) -> None:
        """Warn, once per process, if an event that was never marked is read and another has nearly the same name.

        It is not an error: an application may read an event before its first mark.
        """
        if event in self._read_before or self.owners.is_by_hand(event):
            return
        self._read_before.add(event)
        if self.owners.table_of(event) is not None or event in (known := self.names()):
            return
        if near := get_close_matches(event, known, n=1, cutoff=0.8):
            warnings.warn(f"event {_shown(event)} was never marked; did you mean {near[0]!r}?", stacklevel=2)

    def known_until(self, event: str) -> datetime:
        """The moment up to which an event is completely known: now, or the end of its last collection."""
        collected = self.owners.table_of(event)
        return min(self.now(), collected.known_until()) if collected else self.now()

    def gaps(self, event: str) -> list[Window]:
        """The intervals in which an event was not collected or is known to be wrong, up to `known_until`."""
        collected = self.owners.table_of(event)
        return collected.gaps() if collected else []

    def revisable(self, event: str) -> list[Window]:
        """The intervals of an event that its source may still revise; marks of applications count as they come."""
        collected = self.owners.table_of(event)
        return collected.revisable(self.now()) if collected else []

    def happened(self, event: str) -> Happened:
        """Annotations of the table that reports an event, and when it is known to be wrong; empty for marks."""
        collected = self.owners.table_of(event)
        return collected.happened if collected else NOTHING_HAPPENED

    def population(self) -> ActorSet:
        """The population for complements: all actors ever seen, or those of the event named in the settings."""
        return self.known_event(self.population_event).ever() if self.population_event else Everyone(self)

    def forget(self, actors: Any) -> int:
        """Remove actors, one or many as in `mark`, from every set and from the names. Returns how many sets lost one.

        Counts of occurrences stay, as they identify no actor. Rows of collected tables stay too; forgotten actors in
        them are left out when their days are rebuilt.
        """
        who = self.naming.all_stored(actors)
        for name in self.collected:  # an actor who is in no set yet could not be recorded as forgotten
            self.renew(name)
        different: set[int | str] = {*map(int, who.numbers), *who.names}
        sets = sum(self.store.forget(actor) for actor in different)
        if self.facts:
            self.facts.forget()
        return sets

    def is_known(self, actor: Any) -> bool:
        """Whether an actor is in any set, or has a stored name."""
        stored = self.naming.stored(actor)
        return stored in self.store.everyone() if isinstance(stored, int) else self.store.ids_of([stored]) != [None]

    def tables_with(self, actor: Any) -> list[str]:
        """The collected tables that hold an actor, unless the actor was forgotten."""
        found = (collected.table.name for name, collected in self.collected.items() if actor in self.event(name).ever())
        return sorted(set(found))

    # Ids of names, including names that only other stores know

    def id_of(self, actor: int | str) -> int | None:
        if isinstance(actor, int):
            return actor
        self._check_naming(is_first=False)
        known = self.store.ids_of([actor])[0]
        return known if known is not None else self._foreign.get(actor)

    def ids_for(self, names: Sequence[str]) -> list[int]:
        """An id for every name; a name unknown to the store gets an id that is in none of its sets."""
        ids = []
        for name, known in zip(names, self.store.ids_of(names), strict=True):
            if known is None and name not in self._foreign:
                self._foreign[name] = FOREIGN + len(self._foreign_names)
                self._foreign_names.append(name)
            ids.append(self._foreign[name] if known is None else known)
        return ids

    def names_of(self, ids: Sequence[int]) -> list[str]:
        own = self.store.names_of([id for id in ids if id < FOREIGN])
        return [*own, *(self._foreign_names[id - FOREIGN] for id in ids if id >= FOREIGN)]

    def close(self) -> None:
        self.store.close()


def _check_hour(at: object, hourly: bool | None, unique: bool) -> None:
    if hourly and unique and at is None:
        raise MarkError("a unique mark has no time, so no hour either; give a time as well, or leave the hour out.")


def _shown(name: object) -> str:
    """The name as given, shortened if it is long."""
    shown = repr(name)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
