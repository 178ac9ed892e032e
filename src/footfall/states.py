"""The five words of coverage: why a number is final, or why it is not."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """How far a number can be trusted. Zero is not a state: it is the value 0 in a complete period."""

    COMPLETE = "complete"
    """Everything was collected, and the source no longer revises it."""
    PROVISIONAL = "provisional"
    """Everything was collected, and the source may still revise it."""
    NOT_OVER = "not_over"
    """The period has not ended yet; what is over of it was collected."""
    LOST = "lost"
    """Some of the time that is over was not collected."""
    KNOWN_WRONG = "known_wrong"
    """The source is known to have recorded wrong or incomplete values for some of the time."""

    @property
    def label(self) -> str:
        """The word as a reader sees it: "not over"."""
        return self.value.replace("_", " ")


_RANK = {state: rank for rank, state in enumerate(State)}


def worst(states: Iterable[State]) -> State:
    """The one word for a span that consists of parts: known wrong, then lost, not over, provisional."""
    return max(states, key=_RANK.__getitem__, default=State.COMPLETE)
