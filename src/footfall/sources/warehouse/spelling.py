"""How a database spells names of projects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


def pypi_name(name: str) -> str:
    """A name after PEP 503.

    >>> pypi_name("RecOrder_Napari")
    'recorder-napari'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


SPELLINGS: Mapping[str, Callable[[str], str]] = {"exact": str, "lower": str.lower, "pypi": pypi_name}
"""By the setting `project_names`."""
