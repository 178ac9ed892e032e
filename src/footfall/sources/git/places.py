"""The configured repositories: their places and names."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from footfall.errors import SettingsError, SourceError
from footfall.ledger import Entry
from footfall.repositories import Look, Remote, hosted_name, is_clone_address, look_at, together, without_password
from footfall.sources import Context
from footfall.sources.git.settings import RepositoryPart

_AT_ONCE = 4
"""How many clone addresses are queried or copied concurrently."""


@dataclass(frozen=True)
class Place:
    """A configured repository in its current state.

    A clone address has a look if its copy has the same history, up to the head; `visited` updates the copy.
    `fault` says why it cannot be read.
    """

    name: str
    address: str
    head: str = ""
    look: Look | None = None
    remote: Remote | None = None
    fault: Exception | None = None

    @property
    def identity(self) -> str:
        return str(self.look.git_dir) if self.look and not self.remote else self.address


def places_of(settings: Sequence[RepositoryPart], context: Context, patience: float) -> list[Place]:
    """The places of the configured repositories and their heads: clone addresses are queried, a few at a time.

    Mirrors of clone addresses are in the source's scratch folder. Raises SettingsError for duplicate places or names.
    """
    mirrors, source = context.scratch, context.name or "git"
    local = [(context.folder / Path(part.address).expanduser()).resolve() for part in settings]
    paths = [path for part, path in zip(settings, local, strict=True) if not is_clone_address(part.address)]
    looks = dict(zip(paths, look_at(paths), strict=True))
    places = [
        _place(part, path, looks.get(path), mirrors, patience) for part, path in zip(settings, local, strict=True)
    ]
    _refuse_twins(places, source)
    return list(together(_asked, places, _AT_ONCE))


def _place(part: RepositoryPart, path: Path, look: Look | SourceError | None, mirrors: Path, patience: float) -> Place:
    if is_clone_address(part.address):
        remote = Remote(part.address, mirrors, patience)
        return Place(part.name or hosted_name(part.address), part.address, remote=remote)
    if isinstance(look, Look):
        return Place(part.name or look.name, part.address, look.head, look)
    return Place(part.name or path.name.removesuffix(".git"), str(path), fault=look)


def _asked(place: Place, stop: Event) -> Place:
    if place.remote is None:
        return place
    try:
        head = replace(place.remote, stop=stop).head()
        return replace(place, head=head, look=place.remote.look_at_copy(head))
    except SourceError as fault:
        return replace(place, fault=fault)


def visited(places: Iterable[Place]) -> Generator[Place, None, None]:
    """The places, each with a look; clone addresses are copied, a few at a time, ahead of their use."""
    return together(_visited, places, _AT_ONCE)


def _visited(place: Place, stop: Event) -> Place:
    if place.fault or place.remote is None:
        return place
    try:
        return replace(place, look=replace(place.remote, stop=stop).look(place.head))
    except (SourceError, OSError) as fault:
        return replace(place, fault=fault)


def recognised(places: Sequence[Place], before: Mapping[str, Entry | None]) -> list[Place]:
    """A missing folder cannot give its owner/name: it is matched to the name last read from a folder of that name."""
    taken = {place.name for place in places}
    read = [name for name, entry in before.items() if entry and name not in taken]

    def named(place: Place) -> Place:
        names = [name for name in read if name.endswith(f"/{place.name}")]
        return replace(place, name=names[0]) if place.fault and not place.remote and len(names) == 1 else place

    return [named(place) for place in places]


def _refuse_twins(places: Sequence[Place], source: str) -> None:
    """One repository under two names would be counted twice; two under one name would overwrite each other."""
    named: dict[str, Place] = {}
    placed: dict[str, Place] = {}
    for place in places:
        if twin := placed.get(place.identity):
            raise SettingsError(f"sources.{source}: {_shown(twin, place)} are the same repository; remove one.")
        if twin := named.get(place.name.casefold()):
            raise SettingsError(
                f"sources.{source}: {_shown(twin, place)} are both called {place.name!r}; "
                'name one of them: { address = "…", name = "…" }.'
            )
        named[place.name.casefold()] = placed[place.identity] = place


def _shown(one: Place, other: Place) -> str:
    return f"{without_password(one.address)!r} and {without_password(other.address)!r}"
