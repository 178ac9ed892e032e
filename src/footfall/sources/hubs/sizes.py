"""The size of a hub's community, by its users: bins that cover every number."""

from __future__ import annotations

from bisect import bisect_right

BOUNDS = (0, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""Where each bin starts; the last one has no end."""

SIZES = {
    f"{at:02}": f"{first}-{BOUNDS[at + 1]}" if at + 1 < len(BOUNDS) else f"{first} and above"
    for at, first in enumerate(BOUNDS)
}
"""Codes, which sort in the order of the bins, and their labels. The end of a bin is the start of the next."""


def size_of(users: float) -> str:
    """The code of the bin for a number of users.

    >>> [SIZES[size_of(users)] for users in (0, 4, 5, 9_999, 10_000, 250_000)]
    ['0-5', '0-5', '5-10', '5000-10000', '10000 and above', '10000 and above']
    """
    return f"{max(0, bisect_right(BOUNDS, users) - 1):02}"
