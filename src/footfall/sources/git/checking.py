"""For `footfall doctor`: whether each configured repository can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from footfall.repositories import without_password
from footfall.sources.checks import Check
from footfall.sources.git.places import Place

_LOCAL = "correct `repositories` in footfall.toml"
_REMOTE = "check the address, and that git has credentials for it"


def checks_of(places: Iterable[Place]) -> Iterator[Check]:
    """One check per repository: a folder is examined, a clone address is asked for its head."""
    for place in places:
        name = f"{place.name}: {'ask for the head' if place.remote else 'look at the folder'}"
        if place.fault is not None:
            yield Check(name, "failed", str(place.fault), _REMOTE if place.remote else _LOCAL)
            continue
        head = place.head[:12] or "no commits yet"
        cut = "; its history is cut (shallow)" if place.look and place.look.cuts else ""
        yield Check(name, "ok", f"{without_password(place.address)} at {head}{cut}")
