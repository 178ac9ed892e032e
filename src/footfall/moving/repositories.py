"""The ids of repositories that an archive knows by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from footfall.errors import FootfallError, UnknownNameError
from footfall.lake import Lake
from footfall.moving.archives.found import Found
from footfall.sources.github.tables import NAMES, REPO, VIEWS


@dataclass(frozen=True)
class Numbered:
    """An archive's data of a repository with a known id."""

    number: str
    found: Found
    new_name: str = ""
    """The name, where it is not known here yet."""


@dataclass
class Register:
    """The numbers and names that a workspace knows."""

    current: dict[str, str] = field(default_factory=dict)
    """Number → the name that it has."""
    numbers: dict[str, str] = field(default_factory=dict)
    """A name in lower case, former ones too → the number."""

    @classmethod
    def of(cls, lake: Lake) -> Register:
        assert REPO.names is not None
        known = lake.snapshot([VIEWS]).names_in(REPO.names)
        numbers = dict(known.former) | {name.lower(): number for number, name in known.current.items()}
        return cls(dict(known.current), numbers)

    def numbered(self, found: Found, name: str, number: str) -> Numbered:
        """With its number: as the archive says it, as the workspace knows it, or as it is given.

        Raises FootfallError where none is known, or where two differ.
        """
        name, number = name or found.name, number or found.number
        known = self.numbers.get(name.lower(), "") if name else ""
        if number and not (number.isdecimal() and number.isascii()):
            raise FootfallError(
                f"{number!r} is not the id of a GitHub repository; write digits, such as --id 204157221."
            )
        if known and number and known != number:
            raise FootfallError(f"{name} has the id {known} here, not {number}; leave out --id, or correct it.")
        if not (known or number):
            raise FootfallError(
                f"the id of {name} is not known here; run `footfall collect` with it in [sources.github] first, or give "
                "the `id` from https://api.github.com/repos/OWNER/NAME: --id NUMBER."
                if name
                else "the files do not name their repository; add --repo OWNER/NAME."
            )
        chosen = known or number
        return Numbered(chosen, found, "" if chosen in self.current else name)


def chosen(found: Sequence[Found], repo: str, number: str, register: Register) -> list[Numbered]:
    """What is to be imported: of an archive of several repositories all, or the one that `repo` names."""
    named = [each for each in found if each.name]
    if len(found) > 1 and number and not repo:
        raise FootfallError("these files are of several repositories; name the one for --id with --repo.")
    if named and repo:
        found = [each for each in found if each.name.lower() == repo.lower()]
        if not found:
            raise UnknownNameError("repository", repo, [each.name for each in named])
    return [register.numbered(each, repo, number) for each in found]


def name_rows(numbered: Sequence[Numbered], first: datetime) -> list[dict[str, object]]:
    """Rows of names that are new here; when the repository was made is not known, so it is `first` until it is collected."""
    return [
        dict(zip((c.name for c in NAMES.columns), (first, each.number, each.new_name, True, None), strict=True))
        for each in numbered
        if each.new_name
    ]
