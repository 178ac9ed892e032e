"""A process's cache of a store: sets it has read or computed, and the rows that are not folded yet."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from pyroaring import BitMap64

from footfall.stores.members import Members, as_bitmap, bytes_of, kept_form
from footfall.stores.sqlite.journal import Change, Changes
from footfall.stores.sqlite.sets import RangeKey


class Memory:
    """An LRU cache of unions of ranges, always consistent with one state of the file.

    Cached sets are never modified, as a caller may hold them: updates create new ones.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unions: OrderedDict[RangeKey, Members] = OrderedDict()
        self._sizes: dict[RangeKey, int] = {}
        self._of_event: dict[int, set[RangeKey]] = defaultdict(set)
        self._bytes = 0
        self.state = (-1, -1)
        """The fold and the generation of the intake that `pending` belongs to."""
        self.row = 0
        self.taken_in = 0
        self.pending: Changes = {}
        """The net effect of the journal's rows up to `row` and of that many bytes of the intake, by event and slot."""

    def get(self, key: RangeKey) -> Members | None:
        found = self._unions.get(key)
        if found is not None:
            self._unions.move_to_end(key)
        return found

    def keep(self, key: RangeKey, members: Members, *, is_shared: bool = False) -> Members:
        """Cache a union; a shared one is also cached for another range, and takes no additional memory."""
        self._drop(key)
        self._unions[key] = members = kept_form(members)
        self._of_event[key[0]].add(key)
        self._sizes[key] = size = 0 if is_shared else bytes_of(members)
        self._bytes += size
        while self._bytes > self._limit and len(self._unions) > 1:
            self._drop(next(iter(self._unions)))
        return members

    def drop_those_with(self, sets: Iterable[tuple[int, int]]) -> None:
        """Drop every union that includes one of these sets, given by event and slot."""
        for event, slot in sets:
            for key in self._with(event, slot):
                self._drop(key)

    def take(self, news: Changes) -> None:
        """Add new rows, and update the unions that they belong to."""
        self.drop_those_with(at for at, change in news.items() if change.removed)
        additions: dict[RangeKey, list[BitMap64]] = defaultdict(list)
        for (event, slot), change in news.items():
            self.pending.setdefault((event, slot), Change()).then(change)
            for key in self._with(event, slot):
                additions[key].append(change.added)
        for key, added in additions.items():
            if key in self._unions:  # caching another may have evicted it
                self.keep(key, BitMap64.union(as_bitmap(self._unions[key]), *added))

    def pending_in(self, key: RangeKey) -> dict[int, Change]:
        """Unfolded changes of the slots of a range."""
        event, start, stop = key
        return {slot: change for (e, slot), change in self.pending.items() if e == event and start <= slot < stop}

    def _with(self, event: int, slot: int) -> list[RangeKey]:
        return [key for key in self._of_event[event] if key[1] <= slot < key[2]]

    def _drop(self, key: RangeKey) -> None:
        if self._unions.pop(key, None) is not None:
            self._bytes -= self._sizes.pop(key)
            self._of_event[key[0]].discard(key)
