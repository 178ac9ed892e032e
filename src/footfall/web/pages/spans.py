"""The time of a page: the last complete days, and the days they are compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from footfall.errors import UnknownNameError
from footfall.formats import counted, instant_of

SPANS = {
    "7d": (7, "Last 7 complete days"),
    "28d": (28, "Last 28 complete days"),
    "91d": (91, "Last 91 complete days"),
    "364d": (364, "Last 364 complete days"),
}
"""Whole weeks, so that both compared times have each weekday equally often."""
_DAYS = re.compile(r"[1-9][0-9]{0,2}d")
DEFAULT = "28d"
COMPARES = {"previous": "the {count} days before", "year": "the same days a year before"}


@dataclass(frozen=True)
class Span:
    """A number of complete days, compared with those before or a year before."""

    key: str = DEFAULT
    compare: str = "previous"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Span:
        """The span that an address asks for by `period`, one of the usual or any number of days ("31d"), and `compare`.

        Raises:
            UnknownNameError: For one that there is not.
        """
        key, compare = asked.get("period") or DEFAULT, asked.get("compare") or "previous"
        if key not in SPANS and not _DAYS.fullmatch(key):
            raise UnknownNameError("period", key, SPANS)
        if compare not in COMPARES:
            raise UnknownNameError("compare", compare, COMPARES)
        return cls(key, compare)

    @property
    def days(self) -> int:
        return SPANS[self.key][0] if self.key in SPANS else int(self.key[:-1])

    @property
    def label(self) -> str:
        return SPANS[self.key][1] if self.key in SPANS else f"Last {counted(self.days, 'complete day')}"

    @property
    def choices(self) -> dict[str, tuple[int, str]]:
        """What can be chosen: the usual spans, and this one."""
        return {self.key: (self.days, self.label), **SPANS} if self.key not in SPANS else SPANS

    @property
    def before(self) -> str:
        """What it is compared with, in words."""
        return COMPARES[self.compare].format(count=self.days)

    @property
    def address(self) -> dict[str, str]:
        """What of an address says it; what is the default is left out."""
        asked = {"period": self.key, "compare": self.compare}
        return {name: value for name, value in asked.items() if value not in (DEFAULT, "previous")}

    def ending(self, until: datetime, days: int | None = None) -> dict[str, str]:
        """The options of a question about these days, or about `days` days that end with them."""
        since = until - timedelta(days=days or self.days)
        return {"since": instant_of(since), "until": instant_of(until)}
