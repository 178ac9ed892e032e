"""Attributes that are made once, when they are first read, however many threads read them at once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self, TypeVar, overload

from footfall.forking import ForkSafeLock

_Made = TypeVar("_Made", covariant=True)
_LOCK = "_lock_of_once"


class once(cached_property[_Made]):  # noqa: N801  # it is used as a decorator
    """A `cached_property` whose function runs once: from Python 3.12 on, two threads may both run that of a `cached_property`.

    Two stores of one workspace would each keep files open, and only the one that is kept would be closed.

    Example:
        >>> class Workspace:
        ...     @once
        ...     def store(self):
        ...         return object()
        >>> opened = Workspace()
        >>> opened.store is opened.store
        True
    """

    @overload
    def __get__(self, instance: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any] | None = None) -> _Made: ...

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        if instance is None or self.attrname is None:
            return super().__get__(instance, owner)
        kept: dict[str, Any] = instance.__dict__
        with kept.setdefault(_LOCK, ForkSafeLock()):  # setting a default is one step for all threads
            if self.attrname not in kept:
                kept[self.attrname] = self.func(instance)
            return kept[self.attrname]
