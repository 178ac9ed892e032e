"""What the answers about activity have in common."""

from __future__ import annotations

from dataclasses import dataclass

from footfall.frames import Framed


@dataclass(frozen=True, kw_only=True)
class Answer(Framed):
    """An answer with what a reader must know of it."""

    notes: tuple[str, ...] = ()
    """What the settings remark on the sources of its events."""
    remarks: tuple[str, ...] = ()
    """What was left out of it, or why nobody is in it."""

    @property
    def told(self) -> tuple[str, ...]:
        """Everything that stands below it, a sentence each."""
        return (*self.remarks, *self.notes)
