"""What a command does not wait for: work that libraries do for nothing, and libraries that it never uses."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_DIALECTS = "ibis.backends.sql.compilers"


_GARBAGE = 200_000
"""Objects that are made before some of them are looked through for garbage."""
_TOLD = {
    "OPENBLAS_NUM_THREADS": "1",  # numpy's threads for linear algebra, of which there is none here, spin for nothing
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # Arrow's own takes huge pages, which cost most where memory is scattered
}
"""What libraries are told as they load, unless somebody has told them otherwise."""


def spare_work() -> None:
    """Have libraries do less, in a process that is ours alone.

    Garbage is looked for seldom: a question is answered before there is any, and libraries that load hold none.
    """
    gc.set_threshold(_GARBAGE)
    for name, value in _TOLD.items():
        os.environ.setdefault(name, value)


def spare_unused() -> None:
    """Keep pandas and the dialects of databases that are not asked out of a cold query: nearly half of it."""
    spare_pandas()
    _spare_dialects()


def spare_pandas() -> None:
    """Keep pyarrow from loading pandas only to see that no pandas object was handed to it.

    It looks once, when it makes its first array; `to_pandas` would still find it.
    """

    class Absent:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "pandas":
                raise ImportError(name)

    absent = Absent()
    sys.meta_path.insert(0, absent)
    try:
        import pyarrow

        pyarrow.array([])
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
