"""The interface of all event sets, and the bit operations that combine them.

Results of operations are kept in memory, so no temporary keys are written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from pyroaring import BitMap64

from footfall.activity.actors import Actor
from footfall.activity.sets import ActorSet, Fixed
from footfall.bitmapist.systems import System, activity_of
from footfall.errors import QueryError


@dataclass(frozen=True)
class Operand:
    """Actors, or all others: the population is expensive to compute, so it is read only when needed."""

    actors: ActorSet
    is_all_but: bool = False

    def inverted(self) -> Operand:
        return Operand(self.actors, not self.is_all_but)

    def kept(self) -> Operand:
        """The same operand, evaluated now."""
        return Operand(Fixed(self.actors.home, self.actors.ids()), self.is_all_but)


def _and(one: Operand, other: Operand) -> Operand:
    a, b = one.actors, other.actors
    match one.is_all_but, other.is_all_but:
        case False, False:
            return Operand(a & b)
        case False, True:
            return Operand(a - b)
        case True, False:
            return Operand(b - a)
    return Operand(a | b, is_all_but=True)


def _or(one: Operand, other: Operand) -> Operand:
    return _and(one.inverted(), other.inverted()).inverted()


def _xor(one: Operand, other: Operand) -> Operand:
    return Operand(one.actors ^ other.actors, one.is_all_but != other.is_all_but)


_OPERATIONS: dict[str, Callable[[Operand, Operand], Operand]] = {"AND": _and, "OR": _or, "XOR": _xor}


class EventSet(ABC):
    """The set of actors of an event, or of a combination of events."""

    system: System
    redis_key: str
    """The name of the set; for periods and flags also the key in Redis."""

    @abstractmethod
    def actors(self) -> ActorSet:
        """The same set as a Footfall `ActorSet`, with `to_numpy()`, `sample()` and so on."""

    @abstractmethod
    def part(self, system: System | None = None) -> Operand:
        """The set as an operand of an operation in `system`."""

    @abstractmethod
    def delete(self) -> None:
        """Empty the set."""

    def get_uuids(self) -> Iterator[int | str]:
        """The ids in ascending order: numbers, then texts."""
        yield from self.actors()

    def __iter__(self) -> Iterator[int | str]:
        yield from self.get_uuids()

    def get_count(self) -> int:
        return len(self.actors())

    def __len__(self) -> int:
        return self.get_count()

    def __contains__(self, uuid: Actor) -> bool:
        return uuid in self.actors()

    def has_events_marked(self) -> bool:
        return self.get_count() > 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EventSet):
            return NotImplemented
        return (self.redis_key, self.system) == (other.redis_key, other.system)

    def __hash__(self) -> int:
        return hash(self.redis_key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.redis_key}>"

    def __invert__(self) -> BitOpNot:
        return BitOpNot(self)

    def __or__(self, other: EventSet) -> BitOpOr:
        return BitOpOr(self, other)

    def __and__(self, other: EventSet) -> BitOpAnd:
        return BitOpAnd(self, other)

    def __xor__(self, other: EventSet) -> BitOpXor:
        return BitOpXor(self, other)


class BitOperation(EventSet):
    """AND, OR, XOR or NOT of the current content of sets; later marks do not change the result.

    A first argument that is not a set names the system. Sets that do not name a system are then read there; without it
    each set is read in its own. `population` is the universe for NOT; default: all actors ever seen.
    """

    def __init__(
        self, op_name: str, system_or_event: System | EventSet, *events: EventSet, population: EventSet | None = None
    ) -> None:
        system: System | None = None
        if isinstance(system_or_event, EventSet):
            events = (system_or_event, *events)
        else:
            system = system_or_event
        name = op_name.upper()
        _check(name, events)
        self.system = events[0].system if system is None else system
        self.redis_key = f"trackist_bitop_{name}_{'-'.join(event.redis_key for event in events)}"
        parts = [event.part(system) for event in events]
        if name == "NOT":
            result = parts[0].inverted()
        else:
            result = reduce(lambda one, other: _OPERATIONS[name](one, other).kept(), parts)
        if population is not None:
            result = _and(population.part(system), result)
        self._part = result.kept()

    def part(self, system: System | None = None) -> Operand:
        return self._part

    def actors(self) -> ActorSet:
        if self._part.is_all_but:
            home = activity_of(self.system)
            self._part = Operand(home.population() - self._part.actors).kept()
        return self._part.actors

    def delete(self) -> None:
        """Release the result, which is empty from now on; the operands are not changed."""
        self._part = Operand(Fixed(self._part.actors.home, BitMap64()))


def _check(name: str, events: tuple[EventSet, ...]) -> None:
    if name != "NOT" and name not in _OPERATIONS:
        raise QueryError(f"{name!r} is not a bit operation; valid: {', '.join(_OPERATIONS)}, NOT.")
    for event in events:
        if not isinstance(event, EventSet):
            raise QueryError(f"{event!r} is not a set of events; combine sets such as MonthEvents('active').")
    if not events or (name == "NOT" and len(events) > 1):
        raise QueryError(f"{name} takes {'one set' if name == 'NOT' else 'one set or more'}, not {len(events)}.")


class BitOpAnd(BitOperation):
    """The actors in all of several sets."""

    def __init__(self, system_or_event: System | EventSet, *events: EventSet) -> None:
        super().__init__("AND", system_or_event, *events)


class BitOpOr(BitOperation):
    """The actors in any of several sets."""

    def __init__(self, system_or_event: System | EventSet, *events: EventSet) -> None:
        super().__init__("OR", system_or_event, *events)


class BitOpXor(BitOperation):
    """The actors in an odd number of several sets."""

    def __init__(self, system_or_event: System | EventSet, *events: EventSet) -> None:
        super().__init__("XOR", system_or_event, *events)


class BitOpNot(BitOperation):
    """The actors of a population who are not in a set."""

    def __init__(
        self, system_or_event: System | EventSet, *events: EventSet, population: EventSet | None = None
    ) -> None:
        super().__init__("NOT", system_or_event, *events, population=population)
