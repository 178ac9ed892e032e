"""The store that many machines share: sets on Redis or Valkey, in bitmapist's keys.

A mark is a bit in the keys of its day, ISO week and month, and of its hour if requested, so bitmapist and Footfall may
mark and read one deployment at the same time. Everything else is stored in additional keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pyroaring import BitMap64

from footfall.errors import DamagedStoreError, ReusedKeyError
from footfall.stores.forgotten import Forgotten
from footfall.stores.ids import NAMED, Actors
from footfall.stores.looks import looks_by_reading
from footfall.stores.members import bitmap_of
from footfall.stores.problems import Problem, Repair
from footfall.stores.redis import examining, keys
from footfall.stores.redis.address import read_address
from footfall.stores.redis.client import address_of, answering
from footfall.stores.redis.identities import Identities
from footfall.stores.redis.keys import CURSORS, FAMILIES, NUMBERS, SlotKey, marks_key, slot_keys_of
from footfall.stores.redis.rewriting import Rewriter
from footfall.stores.redis.server import Command, Server
from footfall.stores.redis.sets import ServerSets, keys_of, prefix_of, union_of
from footfall.stores.store import FIRST, LAST, PER_DAY, UNDATED, Request, day_slot


class RedisStore:
    """A store at an address (see `address`). It connects on first use; threads share its connections.

    A mark is as durable as Redis makes it: how much is lost in a crash depends on its `appendfsync` setting. A call
    sends several commands without a transaction, as a cluster could not provide one: a call that fails midway may
    leave part of its marks. Marking again adds what is missing.

    An hourly mark is stored in its hour and in its day, as in bitmapist: `slots` lists both, and removing an actor from
    an hour also removes the actor from the day, unless another of its hours has the actor. Marks made by bitmapist do
    not count as occurrences, as it does not count them.
    """

    def __init__(
        self, address: str | None = None, *, client: Any = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Connect to an address, or use a redis-py client that the application configures and closes."""
        where = address_of(client) if address is None else read_address(address)
        self.address = where.shown
        self._now = now
        self._server = Server(where, answering(client) if address is None else None)
        self._sets = ServerSets(self._server)
        self._rewriter = Rewriter(self._server, self._sets)
        self._identities = Identities(self._server)

    @property
    def client(self) -> Any:
        """The redis-py client that it reads and writes through."""
        return self._server.client()

    @property
    def counts_occurrences(self) -> bool:
        """Whether the server can count occurrences; one that supports only bitmaps cannot."""
        return not self._server.has_bitmaps_only

    def leave_out_others(self) -> list[str]:
        """Skip keys named like sets that hold something else, from now on. Returns them."""
        found = self._server.of_another_kind([key for _, _, key in self._rewriter.found()])
        self._rewriter.left_out = frozenset(found)
        return sorted(found)

    # Marking

    def mark_one(self, event: str, slot: int, actor: int | str) -> None:
        id = actor if type(actor) is int else self._identities.made([str(actor)])[str(actor)]
        prefix, bit = prefix_of(id), id % NAMED
        commands: list[Command] = [("SETBIT", f"{prefix}{event}_{p.suffix}", bit, 1) for p in slot_keys_of(slot)]
        if self.counts_occurrences:
            commands.append(("HINCRBY", marks_key(event, slot), slot, 1))
        self._server.run(commands)

    def mark(self, event: str, marks: Mapping[int, Actors]) -> None:
        wanted: dict[SlotKey, BitMap64] = defaultdict(BitMap64)
        for slot, ids in self._bitmaps(marks).items():
            for place in slot_keys_of(slot):
                wanted[place] |= ids
        for place in sorted(wanted, key=lambda place: place.stop - place.start):
            self._sets.write(keys_of(event, [place], wanted[place]))
        counts = {slot: len(actors) for slot, actors in marks.items() if len(actors) and self.counts_occurrences}
        self._server.run([("HINCRBY", marks_key(event, slot), slot, n) for slot, n in counts.items()])

    def mark_batch(self, marks: Mapping[str, Mapping[int, Actors]], request: Request | None = None) -> bool:
        key = None if request is None else f"{keys.REQUEST}{request.key}"
        if key is not None:
            self._server.check_keeps_more("recognise a repeated request")
        if request is not None and (served := self._server.ask("GET", key)) is not None:
            if served != request.content.encode():
                raise ReusedKeyError
            return False
        for event, by_slot in marks.items():
            self.mark(event, by_slot)
        if key is not None and request is not None:
            self._server.ask("SET", key, request.content, "EX", request.kept_for)
        return True

    def unmark(self, event: str, marks: Mapping[int, Actors]) -> None:
        names = [name for actors in marks.values() for name in actors.names]
        known = dict(zip(names, self._identities.ids_of(names), strict=True))
        taken = {}
        for slot, actors in marks.items():
            taken[slot] = bitmap_of(actors.numbers)
            taken[slot].update(id for id in map(known.get, actors.names) if id is not None)
        self._rewriter.take_out(event, taken)

    def _bitmaps(self, marks: Mapping[int, Actors]) -> dict[int, BitMap64]:
        """A bitmap of the actors of each slot; new names get ids."""
        known = self._identities.made(name for actors in marks.values() for name in actors.names)
        bitmaps = {}
        for slot, actors in marks.items():
            bitmaps[slot] = bitmap_of(actors.numbers)
            bitmaps[slot].update(known[name] for name in actors.names)
        return bitmaps

    # Reading

    def union(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        if keys.is_long(start, stop):
            found = self._rewriter.found(event)
            return self._union(event, [(place, key) for _, place, key in found if place.is_in(start, stop)])
        places = keys.cover(start, stop)
        bitmaps = self._sets.read([f"{prefix}{event}_{place.suffix}" for prefix in FAMILIES for place in places])
        missing = [place for place, bitmap in zip(places, bitmaps, strict=False) if bitmap is None and place.is_period]
        bitmaps += self._sets.read(_day_keys(event, missing))
        return union_of([bitmap for bitmap in bitmaps if bitmap is not None])

    def _union(self, event: str, found: Sequence[tuple[SlotKey, str]]) -> BitMap64:
        """The union of existing sets of one event, reading no more of them than needed."""
        parts = []
        for prefix in FAMILIES:
            places = {place: key for place, key in found if key.startswith(prefix)}
            parts.extend(self._sets.read([places[place] for place in keys.fewest(places)]))
        return union_of([part for part in parts if part is not None])

    def members(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> BitMap64:
        return self.union(event, start, stop)

    def count(self, event: str, start: int, stop: int, *, is_kept: bool = False) -> int:
        places = () if keys.is_long(start, stop) else keys.cover(start, stop)
        if len(places) == 1:
            counts = [("BITCOUNT", f"{prefix}{event}_{places[0].suffix}") for prefix in FAMILIES]
            numbers, named = self._server.run(counts)
            if numbers or not places[0].is_period:
                return int(numbers + named)
        return len(self.union(event, start, stop))

    def contains(self, event: str, start: int, stop: int, actor: int) -> bool:
        if keys.is_long(start, stop):
            return any(self._bits([key for _, p, key in self._rewriter.found(event) if p.is_in(start, stop)], actor))
        places = keys.cover(start, stop)
        names = [f"{prefix_of(actor)}{event}_{place.suffix}" for place in places]
        if any(self._bits(names, actor)):
            return True
        periods = [(place, name) for place, name in zip(places, names, strict=True) if place.is_period]
        if actor >= NAMED or not periods:
            return False
        are_there = self._server.run([("EXISTS", name) for _, name in periods])
        missing = [place for (place, _), is_there in zip(periods, are_there, strict=True) if not is_there]
        return any(self._bits(_day_keys(event, missing), actor))

    def _bits(self, names: Sequence[str], actor: int) -> list[int]:
        family = prefix_of(actor)
        return self._server.run([("GETBIT", name, actor % NAMED) for name in names if name.startswith(family)])

    def occurrences(self, event: str, start: int, stop: int) -> int:
        if not self.counts_occurrences:
            return 0
        counts = self._server.run([("HGETALL", key) for key in self._marks_keys(event, start, stop)])
        return sum(n for count in counts for slot, n in self._numbers(count) if start <= slot < stop)

    def _numbers(self, answer: Any) -> Iterator[tuple[int, int]]:
        """Slots and occurrences of a hash; another program may have written anything there."""
        try:
            for slot, count in _pairs(answer):
                yield int(slot), int(count)
        except ValueError:
            raise DamagedStoreError(
                f"{self.address} has a count that is not a number under one of its keys {keys.MARKS}*; delete the field "
                "that holds it."
            ) from None

    def _marks_keys(self, event: str, start: int, stop: int) -> list[str]:
        """The keys that may hold the occurrences of a range."""
        if keys.is_long(start, stop):
            found = self._server.keys(keys.pattern(keys.MARKS, event))
            return [key for key in found if (read := keys.read_key(key, keys.MARKS)) and read[0] == event]
        undated = [marks_key(event, UNDATED)] if start <= UNDATED < stop else []
        start, stop = max(start, keys.FIRST_DATED), min(stop, keys.AFTER_DATED)
        days = range(start // PER_DAY, (stop - 1) // PER_DAY + 1)
        return list(dict.fromkeys([*undated, *(marks_key(event, day * PER_DAY) for day in days)]))

    def slots(self, event: str) -> list[int]:
        found = [(place, key) for _, place, key in self._rewriter.found(event) if not place.is_period]
        return sorted({place.start for place, _ in self._filled(found)})

    def periods(self, event: str) -> list[SlotKey]:
        """The weeks and months of an event that hold actors, in order; they may hold more than the remaining days."""
        found = [(place, key) for _, place, key in self._rewriter.found(event) if place.is_period]
        return sorted({place for place, _ in self._filled(found)})

    def events(self) -> list[str]:
        by_event: dict[str, list[tuple[SlotKey, str]]] = defaultdict(list)
        for event, place, key in self._rewriter.found():
            by_event[event].append((place, key))
        # One set per event is usually enough; the others are read only if that one is empty.
        sure = {event for event, found in by_event.items() if self._filled(found[-1:])}
        return sorted(event for event, found in by_event.items() if event in sure or self._filled(found))

    def _filled(self, found: Sequence[tuple[SlotKey, str]]) -> list[tuple[SlotKey, str]]:
        """The sets that hold actors: an emptied set remains as a key without bits."""
        if self._server.has_bitmaps_only:
            sizes = self._server.run([("BITCOUNT", key) for _, key in found])
            return [each for each, size in zip(found, sizes, strict=True) if size]
        first = self._server.run([("BITPOS", key, 1) for _, key in found])
        return [each for each, at in zip(found, first, strict=True) if at >= 0]

    def looks(self, event: str) -> dict[int, str]:
        return looks_by_reading(self, event)

    def is_in_use(self, event: str) -> bool:
        """Checks the undated set, and those of this month and the previous one."""
        today = day_slot(self._now()) // PER_DAY
        months = dict.fromkeys((keys.month_of(today), keys.month_of(keys.month_of(today).start // PER_DAY - 1)))
        places = (keys.UNDATED_PLACE, *months)
        return bool(self._filled([(p, f"{prefix}{event}_{p.suffix}") for prefix in FAMILIES for p in places]))

    def everyone(self) -> BitMap64:
        by_event: dict[str, list[tuple[SlotKey, str]]] = defaultdict(list)
        for event, place, key in self._rewriter.found():
            by_event[event].append((place, key))
        return union_of([self._union(event, found) for event, found in by_event.items()])

    def forgotten(self) -> Forgotten:
        return self._identities.forgotten()

    # Whole sets

    def delete(self, event: str, start: int = FIRST, stop: int = LAST) -> None:
        with self._rewriter.locked(event):
            self._rewriter.state(event, start, stop, {})
            self._recount(event, start, stop, {})

    def replace(
        self, event: str, start: int, stop: int, marks: Mapping[int, Actors], cursors: Mapping[str, int]
    ) -> None:
        """Replace [start, stop) of an event. Cursors are written last, so that an interrupted call is repeated."""
        if start == stop:
            self._server.check_keeps_more("keep anything beside sets, such as actors that are texts")
        with self._rewriter.locked(event):
            forgotten = self._identities.forgotten()
            kept = {slot: forgotten.left_of(actors) for slot, actors in marks.items()}
            self._rewriter.state(event, start, stop, self._bitmaps(kept))
            self._recount(event, start, stop, {slot: len(actors) for slot, actors in kept.items()})
            forgotten = self._identities.forgotten()
            for actor in set().union(*map(forgotten.among, kept.values())):
                self.forget(actor)  # the actor was forgotten while the range was replaced
            if cursors:
                self._server.ask("HSET", CURSORS, *(part for cursor in cursors.items() for part in cursor))

    def _recount(self, event: str, start: int, stop: int, counts: Mapping[int, int]) -> None:
        for key in self._marks_keys(event, start, stop):
            held = {field: self._server.number(field, key) for field in self._server.ask("HKEYS", key)}
            if old := [field for field, slot in held.items() if start <= slot < stop and not counts.get(slot)]:
                self._server.ask("HDEL", key, *old)
        self._server.run([("HSET", marks_key(event, slot), slot, n) for slot, n in counts.items() if n])

    def cursor(self, name: str) -> int | None:
        if self._server.has_bitmaps_only:
            return None
        position = self._server.ask("HGET", CURSORS, name)
        return None if position is None else self._server.number(position, CURSORS)

    # Identities

    def ids_of(self, names: Sequence[str]) -> list[int | None]:
        return self._identities.ids_of(names)

    def names_of(self, ids: Sequence[int]) -> list[str]:
        return self._identities.names_of(ids)

    def forget(self, actor: int | str) -> int:
        ids = BitMap64(self._identities.bury(actor))
        found = {key: (event, place) for event, place, key in self._rewriter.found()} if ids else {}
        held = self._sets.held({key: ids for key in found if key.startswith(prefix_of(min(ids)))})
        self._sets.write(held, 0)
        self._identities.erase(list(ids))
        return len({found[key] for key, members in held.items() if members and not found[key][1].is_period})

    def problems(self) -> Iterator[Problem]:
        yield from examining.problems_of(self._rewriter)
        for event in self.events():
            try:
                self.occurrences(event, FIRST, LAST)
                named = list(self.union(event, FIRST, LAST).iter_equal_or_larger(NAMED))
                self.ids_of(self.names_of(named))
            except DamagedStoreError as error:
                yield Problem(str(error).rstrip("."))

    def repair(self, *, is_dry_run: bool = False) -> Repair:
        return examining.repair(self._rewriter, is_dry_run=is_dry_run)

    def close(self) -> None:
        """Release the connections; the next use reopens them."""
        self._server.close()


def _day_keys(event: str, periods: Iterable[SlotKey]) -> list[str]:
    """The days to read for weeks and months that do not exist: a deployment may keep only the days."""
    days = {day for period in periods for day in period.days()}
    return [f"{NUMBERS}{event}_{keys.day_of(day).suffix}" for day in sorted(days)]


def _pairs(answer: Any) -> Iterable[tuple[bytes, bytes]]:
    """The fields of a hash: version 2 of the protocol lists names and values alternately."""
    return answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
