"""An answer's version holds: equal versions have equal rows and notes, whatever was collected and whenever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.annotations import Annotation, Happened, KnownWrong
from footfall.lake import Restated
from footfall.ledger import Entry, Status
from footfall.periods import Window
from footfall.result import Result
from lakes import COMMITS, LAUNCHES, METRICS, LakeOf, arrow, at, collected, days
from lengths import IS_LONG

FIRST = date(2021, 3, 1)
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("launches", {"since": "2021-03-01", "until": "2021-03-08"}),
    ("launches", {"grain": "week", "last": 2, "compare": "previous"}),
    ("launches", {"grain": "total"}),
    ("launches", {"by": "origin", "last": 3}),
    ("launches", {"rolling": 2, "last": 4}),
    ("commits", {"by": "repo", "last": 3}),
)


def day_of(offset: int) -> date:
    return FIRST + timedelta(days=offset)


class Collecting:
    """A lake that is collected step by step, at a clock that continues."""

    def __init__(self, folder: Path) -> None:
        self.lake = LakeOf(folder, {}, (), at("2021-03-01T06"))

    def launches(self, offset: int, count: int, status: Status, settles_after: int | None) -> None:
        """A day of launches is collected, perhaps anew."""
        window = Window.of_day(day_of(offset))
        if status in (Status.COMPLETE, Status.PROVISIONAL):
            row = {"hour": window.start, "repo": "a", "origin": "x", "launches": count}
            rows = arrow(LAUNCHES, [row] if count else [])
            self.lake.lake.commit(LAUNCHES, rows, replaces=[Restated(window)])
        settles_at = None if settles_after is None else window.end + timedelta(days=settles_after)
        entry = Entry("test", "launches", "", window, status, window.end, count, settles_at=settles_at)
        self.lake.lake.record([entry])

    def commits(self, offset: int, count: int) -> None:
        window = Window.of_day(day_of(offset))
        row = {"committed_at": window.start, "repo": "core", "author": "p", "commits": count}
        self.lake.lake.commit(COMMITS, arrow(COMMITS, [row]), replaces=[Restated(window, "core")])
        self.lake.lake.record(collected([day_of(offset)], COMMITS, "core"))

    def wait(self, hours: int) -> None:
        self.lake.now += timedelta(hours=hours)


STEPS = st.one_of(
    st.tuples(
        st.just("launches"),
        st.integers(0, 9),
        st.integers(0, 3),
        st.sampled_from([Status.COMPLETE, Status.PROVISIONAL, Status.MISSING, Status.FAILED]),
        st.sampled_from([None, 1, 3]),
    ),
    st.tuples(st.just("commits"), st.integers(0, 9), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 7, 24, 60])),
)


def shown(result: Result) -> str:
    """All that a reader sees."""
    return repr((result.rows.to_pylist(), result.notes, result.question, result.coverage, result.annotations))


@settings(max_examples=60 if IS_LONG else 5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_equal_versions_have_equal_answers(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    collecting = Collecting(tmp_path_factory.mktemp("lake"))
    seen: dict[str, str] = {}
    for name, *arguments in steps:
        step: Callable[..., None] = getattr(collecting, name)
        step(*arguments)
        for metric, asked in QUESTIONS:
            result = collecting.lake.ask(metric, **asked)
            assert seen.setdefault(result.version, shown(result)) == shown(result)


class TestWhatChangesIt:
    ASKED: ClassVar = {"since": "2021-03-01", "until": "2021-03-08"}

    @pytest.fixture
    def collecting(self, tmp_path: Path) -> Collecting:
        made = Collecting(tmp_path)
        made.lake.now = at("2021-03-09T06")
        for offset in range(7):
            made.launches(offset, 5, Status.PROVISIONAL if offset == 6 else Status.COMPLETE, 3)
        return made

    def version(self, collecting: Collecting, **asked: Any) -> str:
        return collecting.lake.ask("launches", **{**self.ASKED, **asked}).version

    def test_a_later_clock_does_not_until_a_flag_changes(self, collecting: Collecting) -> None:
        before = self.version(collecting)
        collecting.wait(20)
        assert self.version(collecting) == before
        collecting.wait(48)  # the last day settles
        assert self.version(collecting) != before

    def test_a_period_that_ends_does(self, collecting: Collecting) -> None:
        asked = {"until": "2021-03-10"}
        before = self.version(collecting, **asked)
        collecting.wait(20)
        assert self.version(collecting, **asked) != before, "the 9th is over, and lost"

    def test_collecting_another_table_does_not(self, collecting: Collecting) -> None:
        before = self.version(collecting)
        collecting.commits(3, 2)
        assert self.version(collecting) == before

    def test_collecting_this_one_does(self, collecting: Collecting) -> None:
        before = self.version(collecting)
        collecting.launches(3, 6, Status.COMPLETE, None)
        assert self.version(collecting) != before

    def test_another_question_does(self, collecting: Collecting) -> None:
        asked: list[dict[str, Any]] = [
            {},
            {"grain": "week"},
            {"until": "2021-03-07"},
            {"by": "origin"},
            {"where": "origin=x"},
            {"rolling": 7},
            {"rolling": 7, "min_coverage": 0.5},
            {"policies": {"hosts": "without_staging"}},
            {"as_of": datetime.fromisoformat("2021-03-09T06:00:00+00:00")},
        ]
        assert len({self.version(collecting, **each) for each in asked}) == len(asked)

    def test_the_same_question_in_other_words_does_not(self, collecting: Collecting) -> None:
        assert self.version(collecting) == self.version(collecting, since=date(2021, 3, 1), until=None)

    def test_another_definition_does(self, collecting: Collecting, monkeypatch: pytest.MonkeyPatch) -> None:
        before = self.version(collecting)
        monkeypatch.setitem(METRICS, "launches", replace(METRICS["launches"], version=2))
        assert self.version(collecting) != before

    def test_what_is_known_to_have_happened_does(self, collecting: Collecting) -> None:
        versions = [self.version(collecting)]
        for happened in (
            Happened((Annotation.at("break", date(2021, 3, 3), "x"),)),
            Happened(known_wrong=(KnownWrong.days(date(2021, 3, 3), date(2021, 3, 3), "x"),)),
            Happened(remarks=("sample data",)),
        ):
            collecting.lake.happened = happened
            versions.append(self.version(collecting))
        assert len(set(versions)) == len(versions)


def test_a_lake_collected_by_other_steps_to_the_same_state_tells_the_same(tmp_path: Path) -> None:
    """The ledger's part of the version is what it says, not how often it was said."""
    lake = LakeOf(tmp_path, {}, collected(days("2021-03-01", "2021-03-05")), at("2021-03-06T06"))
    before = lake.ask("launches").version
    lake.lake.record(collected(days("2021-03-01", "2021-03-05")))
    assert lake.ask("launches").version == before
