"""Days on which a provider lost downloads of every project: its total drops, which no single project can cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from statistics import median

WEEKS = 4
"""How many of the same weekdays before and after a day are compared."""
LEAST_SEEN = 3
LOST = 0.5
"""Below this share of the usual total, downloads were lost: PyPI's overall total varies by less than a third."""


def lost_days(totals: Mapping[date, int]) -> dict[date, float]:
    """The days whose total is far below that of the same weekdays around, each with its share of the usual total.

    >>> days = {date(2026, 5, 4) + timedelta(weeks=n): 100 for n in range(5)}
    >>> lost_days(days | {date(2026, 5, 18): 20})
    {datetime.date(2026, 5, 18): 0.2}
    """
    found = {}
    for day, total in sorted(totals.items()):
        around = [
            totals[other] for n in range(-WEEKS, WEEKS + 1) if n and (other := day + timedelta(weeks=n)) in totals
        ]
        usual = median(around) if len(around) >= LEAST_SEEN else 0
        if usual and total < LOST * usual:
            found[day] = total / usual
    return found
