"""Faster start: skip unneeded work and imports of libraries."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_DIALECTS = "ibis.backends.sql.compilers"


_GARBAGE = 200_000
"""Objects that are made before some of them are looked through for garbage."""
_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",  # numpy's threads for linear algebra, of which there is none here, spin for nothing
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # Arrow's own takes huge pages, which cost most where memory is scattered
}
"""What libraries are set to as they load, unless the user has set them otherwise."""


def spare_work() -> None:
    """Have libraries do less, in a process that is ours alone.

    Garbage is looked for seldom: a question is answered before there is any, and libraries that load hold none.
    """
    gc.set_threshold(_GARBAGE)
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


def spare_unused() -> None:
    """Keep pandas and the dialects of databases that are not asked out of a cold query: nearly half of it."""
    spare_pandas()
    _spare_dialects()


def spare_pandas() -> None:
    """Keep pyarrow, once it is loaded, from loading pandas only to see that no pandas object was handed to it.

    It looks once, when it makes its first array; `to_pandas` would still find it.
    """
    if "pyarrow" not in sys.modules:
        sys.meta_path.insert(0, _ArrowFinder())


class _ArrowFinder:
    """Finds pyarrow, and has its first array made as soon as it is loaded, while there seems to be no pandas."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "pyarrow":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_look(module: ModuleType) -> None:
                load(module)
                with _without_pandas():
                    module.array([])

            spec.loader.exec_module = load_and_look  # type: ignore[method-assign]
        return spec


@contextmanager
def _without_pandas() -> Iterator[None]:
    class Absent:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "pandas":
                raise ImportError(name)

    absent = Absent()
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


class _Dialects(ModuleType):
    """Ibis's package of the dialects of twenty databases: one is loaded when it is asked for, not all before."""

    def __getattr__(self, name: str) -> Any:
        if find_spec(f"{_DIALECTS}.{name}"):
            return import_module(f"{_DIALECTS}.{name}")
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)  # something else than a dialect: then all of it
        return getattr(self, name)


def _spare_dialects() -> None:
    if _DIALECTS in sys.modules or (spec := find_spec(_DIALECTS)) is None:
        return
    package = module_from_spec(spec)
    package.__class__ = _Dialects
    sys.modules[_DIALECTS] = package
