"""Names of projects on PyPI, as PEP 503 makes them one."""

from __future__ import annotations

import re

_RUN = re.compile(r"[-_.]+")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


def normalise(name: str) -> str:
    """The one spelling of a project's name: lower case, every run of `-`, `_` and `.` as one `-` (PEP 503).

    >>> [normalise(name) for name in ("RecOrder_Napari", "zope..interface", "PyYAML")]
    ['recorder-napari', 'zope-interface', 'pyyaml']
    """
    return _RUN.sub("-", name.strip()).lower()


def is_name(name: str) -> bool:
    """Whether a project may be called so."""
    return _NAME.fullmatch(name.strip()) is not None
