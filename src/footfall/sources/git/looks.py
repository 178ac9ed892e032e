"""The state of a repository when it was read: kept in the ledger as the fingerprint of its window."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from footfall.ledger import Entry
from footfall.repositories import Look

_VERSION = "3"
"""Increased when the same commit produces different rows."""


@dataclass(frozen=True)
class Looks:
    """The head determines the commits; shape and mailmap their form as rows; roots and place the repository."""

    head: str = ""
    """The commit that was read; empty if there are no commits."""
    shape: str = ""
    """The author settings, and where history is truncated."""
    mailmap: str = ""
    """The head's .mailmap."""
    roots: str = ""
    """The commits at which history starts or is truncated: a repository keeps them when it moves or is rewritten."""
    place: str = ""
    """The git folder or clone address."""

    def __str__(self) -> str:
        return ":".join((self.head, self.shape, self.mailmap, self.roots, self.place))

    @classmethod
    def of(cls, entry: Entry | None) -> Looks:
        """The state that `entry` records; blank if it records none, as for a repository that was never read."""
        parts = entry.fingerprint.split(":") if entry else []
        return cls(*parts) if 0 < len(parts) <= 5 else cls()


def looks_of(look: Look, place: str, authors: str) -> Looks:
    """The current state of a repository, as far as that is known without reading it.

    `authors` is the fingerprint of the settings that identify authors.
    """
    return Looks(look.head, digest(_VERSION, authors, *look.cuts), look.mailmap[:12], place=digest(place))


def digest(*texts: str) -> str:
    """A short hash; empty for an empty text."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12] if any(texts) else ""
