"""How much is said beside what was asked for: with --quiet no progress, no summary and no "Wrote …", only mistakes and notes
on numbers.
"""

from __future__ import annotations

import sys

_is_quiet = False


def set_quiet(is_quiet: bool) -> None:
    """Say nothing beside what was asked for, or say it again."""
    global _is_quiet
    _is_quiet = is_quiet


def is_quiet() -> bool:
    """Whether nothing is to be said beside what was asked for."""
    return _is_quiet


def say(text: str) -> None:
    """A line about what was done, on standard error."""
    if not _is_quiet:
        print(text, file=sys.stderr)


def say_done(text: str) -> None:
    """A line about what was done, on standard output, of a command that prints nothing else."""
    if not _is_quiet:
        print(text)
