"""Names of projects on PyPI, normalised after PEP 503."""

from __future__ import annotations

import re

_RUN = re.compile(r"[-_.]+")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


def normalise(name: str) -> str:
    """The canonical name of a project: lower case, every run of `-`, `_` and `.` as one `-` (PEP 503).

    >>> [normalise(name) for name in ("RecOrder_Napari", "zope..interface", "PyYAML")]
    ['recorder-napari', 'zope-interface', 'pyyaml']
    """
    return _RUN.sub("-", name.strip()).lower()


def is_name(name: str) -> bool:
    """Whether this is a valid project name."""
    return _NAME.fullmatch(name.strip()) is not None
