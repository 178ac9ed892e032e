"""The base of all answers about activity."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, Self

from footfall.answer import Answer
from footfall.errors import NotAllowedError
from footfall.formats import instant_of
from footfall.frames import digest_of
from footfall.hiding import is_small
from footfall.periods import Period, Window, merge


@dataclass(frozen=True, kw_only=True, repr=False)
class ActivityAnswer(Answer):
    """An answer computed from exact sets of actors."""

    asked_at: datetime
    """Periods that were not over then are provisional; those that had not started are absent."""
    gaps: tuple[Window, ...] = ()
    """What is missing from the collection of its events; periods that it touches are provisional too."""
    notes: tuple[str, ...] = ()
    """What was left out, why no actor is in it, and what the settings remark on the sources of its events."""
    actors: str = "actors"
    """The name of its actors."""
    again: str = ""
    """The actors who did its first event again, if its source has words for it: "repositories launched again"."""
    deed: str = ""
    """One occurrence of it: "launch"."""

    def who_did(self, event: str) -> str:
        """The actors of its first event in words, such as "repositories launched".

        Args:
            event: The event, for events without words of their own.

        Example:
            >>> ff.growth("active").who_did("active")
            'actors who did active'
        """
        return self.again.removesuffix(" again") or f"{self.actors} who did {event}"

    @property
    @abstractmethod
    def observed(self) -> Window:
        """The time in which marks count."""

    @property
    def coverage(self) -> float:
        """How much of its time up to `asked_at` was collected; marks are always collected."""
        end = max(self.observed.start + timedelta.resolution, min(self.observed.end, self.asked_at))
        span = Window(self.observed.start, end)
        missing = sum((part.length for gap in merge(self.gaps) if (part := gap.clip(span))), timedelta())
        return 1.0 - missing / span.length

    @property
    @abstractmethod
    def counts(self) -> Iterable[float]:
        """Every number of actors in it."""

    def hiding(self, least: int) -> Self:
        """The answer without parts that have small counts; NotAllowedError if nothing would be left."""
        if not any(is_small(count, least) for count in self.counts):
            return self
        return self._shown(least) or self._refused(least)

    def _shown(self, least: int) -> Self | None:
        """The part without small counts; None if there is none, or if parts are meaningless on their own."""
        return None

    def _refused(self, least: int) -> NoReturn:
        raise NotAllowedError(
            f"this {self.command} has counts of actors from 1 to {least - 1:,}, which are hidden here (smallest_cell); ask for "
            "a coarser grain, or another time."
        )

    @property
    def version(self) -> str:
        """A hash of the content: it stays the same until a number, a mark or a note changes."""
        return digest_of(self.command, {**self.question, "as_of": None}, self.notes, self.to_arrow())

    def definition(self) -> dict[str, Any]:
        """What was asked, and in words."""
        return {**self.question, "asked_at": instant_of(self.asked_at), "description": self.description}


def open_cell(text: str, is_provisional: bool, is_marked: bool) -> str:
    """A value; an unfinished one has a mark, or is empty without marks."""
    return text if not is_provisional else f"{text}*" if is_marked and text else ""


def window_of_rows(rows: Sequence[Any]) -> Window:
    """From the first day of the first row's period to the end of the last one's."""
    return Window(rows[0].period.start, rows[-1].period.end)


def named(period: Period) -> dict[str, str]:
    """A row's period as JSON has it: its ISO name, and its name for people."""
    return {"period": period.iso, "label": period.label}
