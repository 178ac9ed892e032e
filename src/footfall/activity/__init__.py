"""Activity: marks come in, exact sets of actors come out.

A workspace loads this package for its marking methods; the code for sets is imported only when a mark is made or read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.activity.activity import Activity as Activity
    from footfall.activity.actors import Naming as Naming
    from footfall.activity.sets import ActorSet as ActorSet
    from footfall.stores.store import Store as Store

_HOMES = {
    "Activity": "footfall.activity.activity",
    "Naming": "footfall.activity.actors",
    "ActorSet": "footfall.activity.sets",
    "Store": "footfall.stores.store",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
