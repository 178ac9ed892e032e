"""Activity: marks come in, exact sets of actors come out."""

from __future__ import annotations

from footfall.activity.activity import Activity as Activity
from footfall.activity.actors import Naming as Naming
from footfall.activity.sets import ActorSet as ActorSet
from footfall.stores.store import Store as Store
