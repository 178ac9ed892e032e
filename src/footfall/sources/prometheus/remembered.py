"""The retention of each place: requested when it is collected, and kept to determine when data will be lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.errors import SourceError
from footfall.sources.prometheus.places import Place

if TYPE_CHECKING:
    from footfall.http import Client

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_SPAN = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")


class Retentions:
    """The retention of places, in a file of the scratch folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "retention.json"

    def ask(self, places: Iterable[Place], client: Client) -> dict[str, timedelta]:
        """The retention of each place; one that does not report it now keeps its last value."""
        known = self.read()
        for place in places:
            if (said := ask_retention(place, client)) is not None:
                known[place.name] = said
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({name: span.total_seconds() for name, span in sorted(known.items())}))
        return known

    def read(self) -> dict[str, timedelta]:
        """The last known retention of each place."""
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(name): timedelta(seconds=float(span)) for name, span in said.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}


def ask_retention(place: Place, client: Client) -> timedelta | None:
    """The retention of a place; None if it does not say (only a Prometheus itself has this endpoint)."""
    try:
        answer = client.json(f"{place.address}/api/v1/status/runtimeinfo", headers=place.headers)
        return read_retention(str(answer["data"]["storageRetention"]))
    except (SourceError, KeyError, TypeError):
        return None


def read_retention(text: str) -> timedelta | None:
    """The time part of a retention; a size limit cannot be expressed in days.

    >>> read_retention("15d or 10GiB").days, read_retention("1y2w").days, read_retention("10GiB")
    (15, 379, None)
    """
    for part in text.split(" or "):
        if _SPAN.fullmatch(part.strip()):
            found = re.findall(r"(\d+)(ms|[smhdwy])", part)
            return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in found))
    return None
