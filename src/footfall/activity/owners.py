"""Who owns an event: the application that marks it, or a table of the lake that reports it.

The store records it: a table leaves a cursor under the event's name, marks of applications do not. So marking and
reading an event that is in use needs neither a source nor the lake; these are loaded only for an event that is new to
the store. The first owner keeps the name: a source that is configured later and reports an event of the same name
does not touch the marks of applications.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from footfall.errors import FootfallError, MarkError
from footfall.once import once
from footfall.stores.store import Store

if TYPE_CHECKING:
    from footfall.activity.collected import CollectedEvent

NAMING_CURSOR = "naming"
"""The cursor that records the naming key. It belongs to no event, even if one has this name."""


@dataclass(eq=False)
class Owners:
    """The owners of the events of one store.

    `load` returns the events that the tables of all configured sources report, by name. It is called at most once, and
    only when the store alone cannot tell; it raises a FootfallError when a source cannot be loaded.
    """

    store: Store
    load: Callable[[], Mapping[str, CollectedEvent]] = dict
    _by_hand: set[str] = field(default_factory=set)

    @once
    def declared(self) -> Mapping[str, CollectedEvent]:
        """Every event that a table reports, including those whose name an application marks."""
        return self.load()

    @property
    def collected(self) -> dict[str, CollectedEvent]:
        """The events that tables own, by name."""
        return {name: event for name, event in self.declared.items() if not self._was_marked(name)}

    @property
    def shadowed(self) -> dict[str, CollectedEvent]:
        """The events of tables that are not used, because an application had already marked their names."""
        return {name: event for name, event in self.declared.items() if self._was_marked(name)}

    def is_by_hand(self, event: str) -> bool:
        """Whether the store alone shows that an application marks the event; loads nothing."""
        if event in self._by_hand:
            return True
        if self.is_of_table(event) or not self.store.is_in_use(event):
            return False
        self._by_hand.add(event)
        return True

    def table_of(self, event: str) -> CollectedEvent | None:
        """The table's event of that name; None if an application marks it, or nothing does.

        Raises FootfallError if the sources cannot be loaded and the event is not known to be marked by an application:
        its sets may then be out of date.
        """
        if self.is_by_hand(event):
            return None
        try:
            collected = self.declared.get(event)
        except FootfallError:
            if not self._was_marked(event):
                raise
            return None
        return None if collected is None or self._was_marked(event) else collected

    def release(self, event: str) -> None:
        """Release the name of an event that no longer has marks."""
        self._by_hand.discard(event)

    def check_markable(self, event: str) -> None:
        """Raise MarkError for an event that a table owns. Sources that cannot be loaded do not prevent marks."""
        if self.is_by_hand(event):
            return
        if self.is_of_table(event) or self._is_declared(event):
            raise MarkError(f"{event!r} is reported by a collected table and cannot be marked; choose another name.")

    def _was_marked(self, event: str) -> bool:
        """Whether an application made any mark; searches all sets."""
        if self.is_by_hand(event):
            return True
        # A table writes its cursor before its first set: a cursor found after the sets means that the table made them.
        if self.is_of_table(event) or not self.store.slots(event) or self.is_of_table(event):
            return False
        self._by_hand.add(event)
        return True

    def _is_declared(self, event: str) -> bool:
        try:
            return event in self.declared
        except Exception:  # a plugin may raise anything while loading: marks depend only on the store
            return False

    def is_of_table(self, event: str) -> bool:
        """Whether the store shows that a table owns the event, even if its source is not configured now."""
        return event != NAMING_CURSOR and self.store.cursor(event) is not None
