"""What a repository looked like when it was read: kept in the ledger as the fingerprint of its window."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from footfall.ledger import Entry
from footfall.repositories import Look

_VERSION = "3"
"""Raised when the same commit gives other rows than before."""


@dataclass(frozen=True)
class Looks:
    """The head says which commits there are, shape and mailmap how they are written as rows; roots and place, whose they are."""

    head: str = ""
    """The commit that was read; empty without commits."""
    shape: str = ""
    """The settings about authors, and where history is cut."""
    mailmap: str = ""
    """The head's .mailmap."""
    roots: str = ""
    """The commits that history begins with, or is cut at: a repository keeps them when it moves or is rewritten."""
    place: str = ""
    """The git folder or clone address."""

    def __str__(self) -> str:
        return ":".join((self.head, self.shape, self.mailmap, self.roots, self.place))

    @classmethod
    def of(cls, entry: Entry | None) -> Looks:
        """What `entry` says that it looked like; blank where it says nothing, as of a repository never read."""
        parts = entry.fingerprint.split(":") if entry else []
        return cls(*parts) if 0 < len(parts) <= 5 else cls()


def looks_of(look: Look, place: str, authors: str) -> Looks:
    """What a repository looks like right now, as far as that is known without reading it.

    `authors` is the fingerprint of what says who they are.
    """
    return Looks(look.head, digest(_VERSION, authors, *look.cuts), look.mailmap[:12], place=digest(place))


def digest(*texts: str) -> str:
    """A short hash; of no text it is empty."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12] if any(texts) else ""
