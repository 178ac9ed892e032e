"""The words of coverage, and which one stands for a span of several parts."""

from __future__ import annotations

from itertools import permutations

import pytest

from footfall.states import State, worst


def test_nothing_is_complete() -> None:
    assert worst([]) is State.COMPLETE
    assert worst(iter([State.COMPLETE])) is State.COMPLETE


# What is known wrong cannot be mended, what is lost will not come back; the others pass with time.
ORDER = (State.KNOWN_WRONG, State.LOST, State.NOT_OVER, State.PROVISIONAL, State.COMPLETE)


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_worst_word_wins_in_any_order(first: int) -> None:
    for states in permutations(ORDER[first:]):
        assert worst(states) is ORDER[first]


def test_readers_see_words_and_programs_see_codes() -> None:
    assert [state.label for state in ORDER] == ["known wrong", "lost", "not over", "provisional", "complete"]
    assert [str(state) for state in ORDER] == ["known_wrong", "lost", "not_over", "provisional", "complete"]
    with pytest.raises(ValueError, match="broken"):
        State("broken")
