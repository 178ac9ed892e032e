"""What a source says of itself when it is examined: what works, and what upstream will forget.

A source may have two methods more, which `footfall doctor` and `footfall status` call where they are there:

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
    """How one credential, endpoint or connection was found.

    Example:
        >>> Check("list repositories", "failed", "the token has expired (401)", "make a new token").state
        'failed'
    """

    name: str
    """What was tried, in a few words; listing and querying are checks apart."""
    state: CheckState
    """Whether it works; "unknown" where it could not be tried."""
    detail: str = ""
    """What was found, with the limit that is left, or what upstream said."""
    fix: str = ""
    """What to do where it does not work."""


@dataclass(frozen=True)
class Deadline:
    """What upstream will forget, and when, unless it is collected before.

    Example:
        >>> from datetime import UTC, datetime
        >>> Deadline("github_views", "icesat2py/icepyx", datetime(2026, 3, 14, tzinfo=UTC), "views of 2026-02-28").scope
        'icesat2py/icepyx'
    """

    table: str
    scope: str
    """The part of the source, such as a repository; empty for all of it."""
    at: datetime
    """From when on upstream no longer has it."""
    what: str
    """What is lost then, in a few words."""
