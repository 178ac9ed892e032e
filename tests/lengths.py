"""How long tests take: a part of the cases each time, and all of them where FOOTFALL_LONG is set."""

from __future__ import annotations

import os

IS_LONG = bool(os.environ.get("FOOTFALL_LONG"))

STEP = 1 if IS_LONG else 2
"""Of `check_source`: with 2 it meets each state of the lake once, with 1 twice."""


def examples(most: int) -> int:
    """How many examples hypothesis tries: a quarter of `most`, and all of them where FOOTFALL_LONG is set."""
    return most if IS_LONG else max(5, most // 4)
