"""Viewer: someone who asks, what they may do, and which projects they may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    MARK = "mark"
    ADMIN = "admin"
    """Everything: read, mark, collect, forget."""


@dataclass(frozen=True)
class Viewer:
    """Someone who asks.

    Example:
        >>> Viewer("ci", frozenset({Scope.MARK})).may(Scope.READ)
        False
    """

    name: str = ""
    """Of the token or the user; empty for a visitor who did not sign in."""
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    projects: tuple[str, ...] = ()
    """Only these may be read; empty for no limit."""

    @property
    def is_signed_in(self) -> bool:
        return bool(self.name)

    def may(self, scope: Scope) -> bool:
        """Whether the scope is theirs; `admin` holds every other."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def is_limited(self) -> bool:
        """Whether only some projects may be read."""
        return bool(self.projects)


VISITOR = Viewer()
"""Someone who did not sign in, where reading needs a token."""
PUBLIC = Viewer(scopes=frozenset({Scope.READ}))
"""The same where reading is open."""
