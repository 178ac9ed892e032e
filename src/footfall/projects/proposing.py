"""A project for a new footfall.toml, from what its folder says: pyproject.toml, and the origin of its git repository."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footfall.errors import SourceError
from footfall.repositories import hosted_name, is_clone_address, origin_at
from footfall.sources import installed_sources

_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""A name of a package (PEP 508)."""
_GITHUB = re.compile(r"(?:https?://|ssh://|git://)?(?:[^@/]+@)?(?:www\.)?github\.com[:/]", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """A project that a folder seems to be of."""

    name: str
    names: dict[str, str] = field(default_factory=dict)
    """Its name in each kind of source."""

    @property
    def settings(self) -> dict[str, Any]:
        """As [[projects]] has it."""
        return {"name": self.name, **self.names}


def propose(folder: Path) -> Proposal | None:
    """The project that a folder is of; None if it has no information. Only sources that are installed are named.

    Example:
        >>> propose(Path("icepyx")).names  # doctest: +SKIP
        {'pypi': 'icepyx', 'git': 'icesat2py/icepyx', 'github': 'icesat2py/icepyx'}
    """
    package = _package_of(folder / "pyproject.toml")
    repository, is_on_github = _repository_of(folder)
    if not package and not repository:
        return None
    found = {"pypi": package, "git": repository, "github": repository if is_on_github else ""}
    installed = installed_sources()
    names = {source: name for source, name in found.items() if name and source in installed}
    return Proposal(package or repository.rpartition("/")[2], names)


def _package_of(file: Path) -> str:
    """The name of the package that a pyproject.toml builds; empty where none can be read."""
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ""
    for place in (("project",), ("tool", "poetry")):
        part: Any = read
        for key in place:
            part = part.get(key) if isinstance(part, dict) else None
        name = part.get("name") if isinstance(part, dict) else None
        if isinstance(name, str) and _PACKAGE.fullmatch(name):
            return name
    return ""


def _repository_of(folder: Path) -> tuple[str, bool]:
    """The name that the git source gives to the folder's repository, and whether its origin is on GitHub."""
    if not (folder / ".git").exists():
        return "", False
    try:
        origin = origin_at(folder)
    except SourceError:
        return "", False
    is_address = is_clone_address(origin)
    name = hosted_name(origin) if is_address else folder.resolve().name.removesuffix(".git")
    return (name, is_address and bool(_GITHUB.match(origin))) if name.isprintable() else ("", False)
