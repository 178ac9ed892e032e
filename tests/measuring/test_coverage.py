"""How much of a span was collected: exact shares, the worst word, and one sentence for each reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.annotations import KnownWrong
from footfall.lake import Lake
from footfall.ledger import Entry, Status
from footfall.measuring.coverage import Coverage, ScopeTime, overlap, share_of
from footfall.periods import FAR_FUTURE, Window, merge
from footfall.states import State
from lakes import at

START = at("2026-03-01")
HOUR = timedelta(hours=1)
NOW = at("2026-03-11T12")


def hours(first: int, end: int) -> Window:
    return Window(START + first * HOUR, START + end * HOUR)


WINDOWS = st.lists(st.tuples(st.integers(0, 48), st.integers(0, 12)), max_size=8)


@given(WINDOWS, st.integers(0, 40), st.integers(1, 20))
def test_an_overlap_is_counted_hour_by_hour(given: list[tuple[int, int]], first: int, length: int) -> None:
    covered = {h for start, n in given for h in range(start, start + n)}
    windows = merge(hours(start, start + n) for start, n in given if n)
    asked = hours(first, first + length)
    inside = len(covered & set(range(first, first + length)))
    assert overlap(windows, asked) == inside * 3_600_000_000
    assert share_of(windows, asked) == inside / length
    whole = ScopeTime(tuple(windows), FAR_FUTURE)
    assert whole.is_whole(asked) is (inside == length)


def test_a_scope_that_left_misses_nothing_afterwards() -> None:
    time = ScopeTime((hours(0, 10),), START + 10 * HOUR)
    assert time.is_whole(hours(0, 20))
    assert time.is_whole(hours(15, 20))
    assert not ScopeTime((hours(0, 9),), START + 10 * HOUR).is_whole(hours(0, 20))


def coverage(
    folder: Path, entries: Sequence[Entry], now: datetime = NOW, known_wrong: tuple[KnownWrong, ...] = ()
) -> Coverage:
    lake = Lake.open(str(folder / "lake"))
    lake.record(list(entries))
    return Coverage(lake.snapshot([]).collected("visits"), now, known_wrong)


def day(
    number: int, status: Status = Status.COMPLETE, scope: str = "", until: datetime | None = None, reason: str = ""
) -> Entry:
    window = Window(at(f"2026-03-{number:02}"), at(f"2026-03-{number + 1:02}"))
    return Entry("log", "visits", scope, window, status, until or window.end, reason=reason)


def span(first: int, end: int) -> Window:
    return Window(at(f"2026-03-{first:02}"), at(f"2026-03-{end:02}"))


def test_the_share_is_the_mean_over_the_scopes(tmp_path: Path) -> None:
    found = coverage(tmp_path, [day(1, scope="a"), day(2, scope="a"), day(1, scope="b")])
    assert found.share(span(1, 3)) == 0.75
    assert found.share(span(1, 2)) == 1.0
    assert found.of_scope("b").share(span(1, 3)) == 0.5
    assert found.of(lambda scope: scope == "a").is_whole(span(1, 3))
    assert not found.is_whole(span(1, 3))
    assert found.share(span(5, 6)) == 0.0


def test_nothing_recorded_is_nothing_collected(tmp_path: Path) -> None:
    found = coverage(tmp_path, [])
    assert (found.share(span(1, 3)), found.is_whole(span(1, 3)), found.bounds) == (0.0, False, None)


@pytest.mark.parametrize(
    ("window", "state"),
    [
        (span(1, 2), State.COMPLETE),
        (span(1, 4), State.LOST),  # the 3rd is missing
        (span(4, 5), State.PROVISIONAL),
        (span(5, 6), State.KNOWN_WRONG),
        (span(1, 9), State.KNOWN_WRONG),  # the worst word
        (Window(at("2026-03-11"), at("2026-03-12")), State.NOT_OVER),
        (Window(at("2026-03-10"), at("2026-03-11")), State.LOST),
    ],
)
def test_one_word_for_a_window(tmp_path: Path, window: Window, state: State) -> None:
    wrong = KnownWrong.days(at("2026-03-05").date(), at("2026-03-05").date(), "a fault.")
    entries = [day(1), day(2), day(3, Status.MISSING), day(4, Status.PROVISIONAL), day(5)]
    assert coverage(tmp_path, entries, known_wrong=(wrong,)).state(window) is state


def test_time_that_is_known_to_be_wrong_is_not_collected(tmp_path: Path) -> None:
    wrong = KnownWrong.days(at("2026-03-01T06"), at("2026-03-01T12"), "a fault.")
    assert coverage(tmp_path, [day(1)], known_wrong=(wrong,)).share(span(1, 2)) == 0.75


def test_each_reason_is_one_sentence(tmp_path: Path) -> None:
    entries = [
        day(1),
        day(2, Status.MISSING, reason="the log was off."),
        day(3, Status.FAILED, reason="no answer"),
        day(4),
        day(5, scope=""),
    ]
    notes = coverage(tmp_path, entries).notes(span(1, 9))
    assert "1 day missing: the source has nothing for 2026-03-02 (the log was off)." in notes
    assert "1 day failed in the last run: 2026-03-03 (no answer); stored data still counts." in notes
    assert "Not collected since 2026-03-06; run `footfall collect`." in notes
    assert len(notes) == 3
    assert coverage(tmp_path / "whole", [day(1)]).notes(span(1, 2)) == []
