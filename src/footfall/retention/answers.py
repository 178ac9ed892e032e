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
    """The time of the query. Periods not over by then are provisional; periods not started are absent."""
    gaps: tuple[Window, ...] = ()
    """The intervals in which its events were not collected; periods that overlap them are provisional too."""
    revisable: tuple[Window, ...] = ()
    """The intervals that the sources of its events may still revise; periods that overlap them are provisional too."""
    notes: tuple[str, ...] = ()
    """Notes: what was left out, why there are no actors, and remarks from the settings on the sources of its events."""
    actors: str = "actors"
    """The name of its actors."""
    again: str = ""
    """A phrase for the actors who did its first event again, if its source has one: "repositories launched again"."""
    action: str = ""
    """The noun for one occurrence of its first event: "launch"."""

    def who_did(self, event: str) -> str:
        """A phrase for the actors of its first event, such as "repositories launched".

        Args:
            event: The name of the event, used if its source has no phrase for it.

        Example:
            >>> ff.growth("active").who_did("active")
            'actors who did active'
        """
        return self.again.removesuffix(" again") or f"{self.actors} who did {event}"

    @property
    @abstractmethod
    def observed(self) -> Window:
        """The window in which marks count."""

    @property
    def coverage(self) -> float:
        """The share of its time up to `asked_at` that was collected; applications' marks are always complete."""
        end = max(self.observed.start + timedelta.resolution, min(self.observed.end, self.asked_at))
        span = Window(self.observed.start, end)
        missing = sum((part.length for gap in merge(self.gaps) if (part := gap.clip(span))), timedelta())
        return 1.0 - missing / span.length

    @property
    @abstractmethod
    def counts(self) -> Iterable[float]:
        """Every number of actors in it."""

    def with_flags(self, names: list[str], rows: list[list[str]], is_marked: bool) -> tuple[list[str], list[list[str]]]:
        """Lines with a column `is_provisional`, where numbers of finished periods may change and have no mark.

        Args:
            names: The columns of the lines.
            rows: The lines, one for each row of the answer.
            is_marked: Whether provisional numbers have a mark.

        Example:
            >>> ff.growth("active", grain="month").with_flags(["new"], [["3"]], is_marked=True)
            (['new'], [['3']])
        """
        if is_marked or not self.revisable:
            return names, rows
        flags = self.to_arrow()["is_provisional"].to_pylist()
        return [*names, "is_provisional"], [[*row, str(flag).lower()] for row, flag in zip(rows, flags, strict=True)]

    def hiding(self, least: int) -> Self:
        """The answer without the parts that have small counts; NotAllowedError if nothing would remain."""
        if not any(is_small(count, least) for count in self.counts):
            return self
        return self._shown(least) or self._refused(least)

    def _shown(self, least: int) -> Self | None:
        """The part without small counts; None if there is none, or if a part would be meaningless."""
        return None

    def _refused(self, least: int) -> NoReturn:
        raise NotAllowedError(
            f"this {self.command} has counts of actors from 1 to {least - 1:,}, which are hidden here (smallest_cell); ask for "
            "a coarser grain, or another time."
        )

    @property
    def version(self) -> str:
        """A hash of the content; it changes only if a number, a mark or a note changes."""
        return digest_of(self.command, {**self.question, "as_of": None}, self.notes, self.to_arrow())

    def definition(self) -> dict[str, Any]:
        """The question, and its description in words."""
        return {**self.question, "asked_at": instant_of(self.asked_at), "description": self.description}


def open_cell(text: str, is_provisional: bool, is_marked: bool) -> str:
    """A value; a provisional one has a mark, or is empty if marks are off."""
    return text if not is_provisional else f"{text}*" if is_marked and text else ""


def window_of_rows(rows: Sequence[Any]) -> Window:
    """From the first day of the first row's period to the end of the last one's."""
    return Window(rows[0].period.start, rows[-1].period.end)


def named(period: Period) -> dict[str, str]:
    """A row's period for JSON: its ISO name, and a readable name."""
    return {"period": period.iso, "label": period.label}
