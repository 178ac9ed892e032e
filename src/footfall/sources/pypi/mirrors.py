"""Programs that copy PyPI, by the names with which they identify themselves."""

from __future__ import annotations

MIRRORS = ("bandersnatch", "z3c.pypimirror", "artifactory", "devpi", "nexus", "pep381client")
SORTED = "Whether downloads by bandersnatch, z3c.pypimirror, Artifactory, devpi, Nexus and pep381client count; programs without a name do, but with `certain`."


def is_mirror(installer: str | None) -> bool | None:
    """Whether an installer copies PyPI; None if it did not identify itself, as it may be either.

    >>> is_mirror("Nexus"), is_mirror("uv"), is_mirror(None)
    (True, False, None)
    """
    return None if installer is None else installer.lower() in MIRRORS
