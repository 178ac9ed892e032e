"""What a source reports when it is examined: what works, and what upstream will delete.

A source may have two optional methods, which `footfall doctor` and `footfall status` call if they exist:

    def checks(self, now: datetime) -> Iterator[Check]: ...
    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]: ...
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

CheckState: TypeAlias = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Check:
    """The state of one credential, endpoint or connection.

    Example:
        >>> Check("list repositories", "failed", "the token has expired (401)", "make a new token").state
        'failed'
    """

    name: str
    """What was tried, in a few words; listing and querying are separate checks."""
    state: CheckState
    """Whether it works; "unknown" if it could not be tried."""
    detail: str = ""
    """What was found, with the remaining limit, or what upstream said."""
    fix: str = ""
    """How to fix it if it does not work."""


@dataclass(frozen=True)
class Deadline:
    """What upstream will delete, and when, unless it is collected first.

    Example:
        >>> from datetime import UTC, datetime
        >>> Deadline("github_views", "icesat2py/icepyx", datetime(2026, 3, 14, tzinfo=UTC), "views of 2026-02-28").scope
        'icesat2py/icepyx'
    """

    table: str
    scope: str
    """The part of the source, such as a repository; empty for all of it."""
    at: datetime
    """When upstream will no longer have it."""
    what: str
    """What would be lost, in a few words."""
