"""Options of 0.1.0: `by` was the grain of a cohort, `rows` its number of rows, `until` the time of the query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from footfall.errors import QueryError
from footfall.options import MOST, choice_of, count_of, read_moment
from footfall.periods import Grain, Period
from footfall.retention.spans import GRAINS

OLDER = ("by", "rows")


def renewed(given: Mapping[str, Any], older: Mapping[str, Any], now: datetime) -> tuple[dict[str, Any], str]:
    """The question with current option names, and a sentence that lists them.

    A call with an old name was written for 0.1.0, so its `until` means what it did there: the time of the query.
    """
    asked, changes = dict(given), []
    for name in older:
        if name not in OLDER:
            raise TypeError(f"got an unexpected keyword argument {name!r}")
    if older.get("by") is not None:
        if "grain" not in asked:
            raise QueryError("by splits by dimensions, which activity does not have; leave it out.")
        asked["grain"] = older["by"]
        changes.append(f"by={older['by']!r} is now grain={older['by']!r}")
    if asked.get("until") is not None:
        asked["as_of"] = asked.pop("until")
        changes.append("until, as the time of the query, is now as_of")
    if older.get("rows") is not None:
        changes.append(_rows(asked, older["rows"], now))
    return asked, "; ".join(filter(None, changes))


def _rows(asked: dict[str, Any], rows: Any, now: datetime) -> str:
    """Translate `rows`: with `since`, to the `until` that ends that number of rows; without it, to `last`."""
    count, since = count_of("rows", rows, MOST), read_moment("since", asked.get("since"), now)
    if since is None:
        asked["last"] = count
        return f"rows={rows!r} is now last={rows!r}"
    grain = Grain(choice_of("grain", _grain(asked), GRAINS))
    until = Period.containing(grain, since).shift(count or 1).start
    asked["until"] = min(until, now) if since < now else until
    return f"rows={rows!r} together with since is now until='{until:%Y-%m-%d}'"


def _grain(asked: Mapping[str, Any]) -> Any:
    return asked.get("grain", "month" if asked.get("windows") == "calendar" else "day")
