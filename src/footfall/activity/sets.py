"""Sets of actors: lazily evaluated, combined with `& | ^ - ~`, across events, periods and stores."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import and_, or_, sub, xor
from typing import TYPE_CHECKING, Any

import numpy as np
from pyroaring import BitMap64

from footfall.activity.actors import written
from footfall.errors import MarkError, QueryError
from footfall.stores.ids import NAMED

if TYPE_CHECKING:
    import numpy.typing as npt

    from footfall.activity.activity import Activity


class ActorSet(ABC):
    """A set of actors. Nothing is read until it is needed: by `len`, `in`, iteration, `to_numpy`, `sample`.

    Numbers come first, then larger numbers, then texts, each ascending.
    """

    @property
    @abstractmethod
    def home(self) -> Activity:
        """The activity whose store is queried, and whose ids `ids()` returns."""

    @abstractmethod
    def ids(self) -> BitMap64:
        """The ids of all its actors, in the home's store. Must not be modified."""

    @abstractmethod
    def has(self, actor: int | str) -> bool:
        """Whether it contains an actor, given in the stored form of the home's naming."""

    def __len__(self) -> int:
        return len(self.ids())

    def __bool__(self) -> bool:
        return len(self) > 0

    def __contains__(self, actor: object) -> bool:
        try:
            return self.has(self.home.naming.stored(actor))
        except MarkError:
            return False  # a value that cannot be an actor is in no set

    def __iter__(self) -> Iterator[int | str]:
        ids = self.ids()
        names = list(ids.iter_equal_or_larger(NAMED))
        for id in ids:
            if id >= NAMED:
                break
            yield id
        if names:
            yield from sorted(map(written, self.home.names_of(names)), key=_ascending)

    def __and__(self, other: ActorSet) -> ActorSet:
        return _Combined("&", self, only_set(other))

    def __or__(self, other: ActorSet) -> ActorSet:
        return _Combined("|", self, only_set(other))

    def __xor__(self, other: ActorSet) -> ActorSet:
        return _Combined("^", self, only_set(other))

    def __sub__(self, other: ActorSet) -> ActorSet:
        return _Combined("-", self, only_set(other))

    def __invert__(self) -> ActorSet:
        return self.complement()

    def complement(self, population: ActorSet | None = None) -> ActorSet:
        """The actors of a population that are not in the set.

        By default the population is the one in the settings, or all actors ever seen.
        """
        return _Combined("-", only_set(population) if population is not None else self.home.population(), self)

    def __eq__(self, other: object) -> bool:
        """Whether both contain the same actors."""
        return isinstance(other, ActorSet) and self.ids() == _ids_at(self.home, other)

    __hash__ = None  # type: ignore[assignment]

    def to_numpy(self) -> npt.NDArray[Any]:
        """All actors in ascending order: `uint64`, or `object` if some are texts or numbers from 2^32 on."""
        ids = self.ids()
        if not ids or ids.max() < NAMED:
            return np.array(ids.to_array(), dtype=np.uint64)
        return np.array([*self, None], dtype=object)[:-1]

    def sample(self, n: int, *, seed: int | None = None) -> list[int | str]:
        """`n` distinct random actors, in ascending order; all actors if there are fewer."""
        if not isinstance(n, int) or n < 0:
            raise QueryError(f"a sample of {n!r} cannot be drawn; ask for 0 or more actors.")
        ids = self.ids()
        drawn = sorted(random.Random(seed).sample(range(len(ids)), min(n, len(ids))))
        return list(Fixed(self.home, BitMap64(ids[at] for at in drawn)))


@dataclass(frozen=True, eq=False, repr=False)
class Everyone(ActorSet):
    """All actors ever seen in a store."""

    activity: Activity

    def __repr__(self) -> str:
        return "<all actors>"

    @property
    def home(self) -> Activity:
        return self.activity

    def ids(self) -> BitMap64:
        for event in self.activity.collected:
            self.activity.renew(event)
        return self.activity.store.everyone()

    def has(self, actor: int | str) -> bool:
        ids = self.ids()  # collected events are updated first: that may add the name
        id = self.activity.id_of(actor)
        return id is not None and id in ids


@dataclass(frozen=True, eq=False, repr=False)
class Fixed(ActorSet):
    """Actors of a store, given by their ids."""

    activity: Activity
    members: BitMap64

    def __repr__(self) -> str:
        return f"<{len(self.members):,} actors>"

    @property
    def home(self) -> Activity:
        return self.activity

    def ids(self) -> BitMap64:
        return self.members

    def has(self, actor: int | str) -> bool:
        id = self.activity.id_of(actor)
        return id is not None and id in self.members


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {"&": and_, "|": or_, "^": xor, "-": sub}
_MEMBERSHIP: dict[str, Callable[[bool, bool], bool]] = {
    "&": lambda a, b: a and b,
    "|": lambda a, b: a or b,
    "^": lambda a, b: a != b,
    "-": lambda a, b: a and not b,
}


@dataclass(frozen=True, eq=False, repr=False)
class _Combined(ActorSet):
    """Two sets and the operation that combines them; the result has ids of the left one's store."""

    operator: str
    left: ActorSet
    right: ActorSet

    def __repr__(self) -> str:
        return f"({self.left!r} {self.operator} {self.right!r})"

    @property
    def home(self) -> Activity:
        return self.left.home

    def ids(self) -> BitMap64:
        combined: BitMap64 = _OPERATORS[self.operator](self.left.ids(), _ids_at(self.home, self.right))
        return combined

    def __len__(self) -> int:
        left, right = self.left.ids(), _ids_at(self.home, self.right)
        both = left.intersection_cardinality(right)
        match self.operator:
            case "&":
                return int(both)
            case "|":
                return int(len(left) + len(right) - both)
            case "-":
                return int(len(left) - both)
        return int(len(left) + len(right) - 2 * both)

    def has(self, actor: int | str) -> bool:
        if isinstance(actor, str):
            _check_naming(self.home, self.right.home)
        return _MEMBERSHIP[self.operator](self.left.has(actor), self.right.has(actor))


def _ids_at(home: Activity, actors: ActorSet) -> BitMap64:
    """The ids of a set's actors in the store of `home`."""
    ids = actors.ids()
    if actors.home is home or not ids or ids.max() < NAMED:
        return ids
    _check_naming(home, actors.home)
    named = list(ids.iter_equal_or_larger(NAMED))
    numbers = BitMap64(ids)
    numbers.remove_range(NAMED, named[-1] + 1)
    return numbers | BitMap64(home.ids_for(actors.home.names_of(named)))


def _check_naming(one: Activity, other: Activity) -> None:
    if one.naming != other.naming:
        raise QueryError(
            "sets of stores that hash names with different keys cannot be combined, as equal actors have different "
            "hashes; give both the same hash_key."
        )


def only_set(other: object) -> ActorSet:
    """`other` if it is a set of actors; anything else, such as an event without a period, is refused."""
    if isinstance(other, ActorSet):
        return other
    raise QueryError(
        f"{other!r} is not a set of actors; combine with a period of an event, such as ff.event('active').month() "
        "or .ever()."
    )


def _ascending(actor: int | str) -> tuple[bool, int | str]:
    return (isinstance(actor, str), actor)
