"""Names of hubs."""

from __future__ import annotations

import re

_STAGING = re.compile(r"(?:.*[-_.])?staging(?:[-_.].*)?", re.IGNORECASE)


def is_staging(hub: str) -> bool:
    """Whether a hub is for testing, by its name: it contains `staging` as a word.

    >>> [is_staging(name) for name in ("staging", "r-staging", "staging-dask", "prod", "upstaging")]
    [True, True, True, False, False]
    """
    return _STAGING.fullmatch(hub) is not None
