"""What is known to be wrong, and breaks, reach every answer that is made of the actors of collected tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import footfall
from footfall.periods import Window
from footfall.sources.binder.sample import write_sample_archive
from footfall.workspace import Workspace
from templates import copy_of

pytestmark = pytest.mark.slow

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
WRONG = Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 13, tzinfo=UTC))
"""Tuesday to Thursday of 2026-W11."""
HAPPENED = """
[[known_wrong]]
source = "binder"
from = 2026-03-10
to = 2026-03-12
reason = "one cluster was not recorded"

[[known_wrong]]
source = "binder"
from = 2025-01-01
to = 2025-01-31
reason = "long before anything was collected"

[[annotations]]
kind = "break"
source = "binder"
at = 2026-03-20
text = "tests no longer count"

[[annotations]]
kind = "break"
at = 2026-01-20
text = "too early to matter"
"""
SENTENCE = "Known to be wrong, and counted as not collected: 2026-03-10 to 2026-03-12 (one cluster was not recorded)."
BREAK = "A break: tests no longer count, 2026-03-20. Numbers before and after it are not comparable."
EVENT = "binder_launch"


@pytest.fixture
def ff(tmp_path: Path) -> Workspace:
    return footfall.open(copy_of("known wrong", collect, tmp_path), now=lambda: NOW)


def collect(folder: Path) -> None:
    write_sample_archive(folder / "archive", 59, 20, until=date(2026, 4, 1), repositories=20)
    settings = '[sources.binder]\narchive = "archive"\nfirst_day = 2026-02-01\n' + HAPPENED
    (folder / "footfall.toml").write_text(settings, encoding="utf-8")
    with footfall.open(folder, now=lambda: NOW) as ff:
        ff.collect()
        ff.mark("active", 1, at="2026-02-10")


def test_only_the_time_between_the_first_and_the_last_that_was_collected_is_a_gap(ff: Workspace) -> None:
    assert ff.activity.gaps(EVENT) == [WRONG]
    assert ff.activity.gaps("active") == []


def test_weeks_that_it_touches_are_provisional(ff: Workspace) -> None:
    """A row of growth is wrong with its week or the one before; a cell of a cohort with its row's or its own."""
    growth = ff.growth(EVENT, grain="week", since="2026-W07", until="2026-W14")
    found = {row.period.label: growth.is_provisional(row) for row in growth.rows}
    assert found == {f"2026-W{week:02}": week in (11, 12) for week in range(7, 14)}
    assert growth.coverage == pytest.approx(1 - 3 / (8 * 7))  # with the week before the first

    cohort = ff.cohort(EVENT, EVENT, grain="week", since="2026-W07", until="2026-W14", columns=3)
    for week, row in enumerate(cohort.rows, 7):
        for column in range(1, len(row.counts)):
            expected = week == 11 or week + column == 11 or week + column == 14
            assert cohort.is_provisional(row, column) == expected, (week, column)

    stickiness = ff.stickiness(EVENT, windows="calendar", since="2026-02", until="2026-04")
    assert [stickiness.is_provisional(row) for row in stickiness.rows] == [False, True]


@pytest.mark.parametrize(("since", "is_touched"), [("2026-02-10", False), ("2026-03-04", True), ("2026-03-14", False)])
def test_a_funnel_whose_days_it_touches(ff: Workspace, since: str, is_touched: bool) -> None:
    start = datetime.fromisoformat(since).replace(tzinfo=UTC)
    funnel = ff.funnel(EVENT, "active", within=7, since=since, until=start + timedelta(days=1))
    assert funnel.has_gaps == is_touched == (SENTENCE in funnel.notes)
    assert (funnel.coverage < 1) == is_touched
    assert (BREAK in funnel.notes) == (start.date() >= date(2026, 3, 14))


def test_each_kind_of_answer_says_why_and_names_a_break_in_its_time(ff: Workspace) -> None:
    asked = {"since": "2026-03-02", "until": "2026-04-01"}
    answers = [
        ff.cohort(EVENT, EVENT, **asked),  # type: ignore[arg-type]
        ff.growth(EVENT, **asked),  # type: ignore[arg-type]
        ff.stickiness(EVENT, **asked),  # type: ignore[arg-type]
        ff.funnel(EVENT, "active", **asked),
    ]
    for answer in answers:
        assert answer.notes.count(SENTENCE) == 1, answer.title
        assert answer.notes.count(BREAK) == 1, answer.title
        assert not any("too early" in note or "long before" in note for note in answer.notes)
    before = ff.growth(EVENT, grain="week", since="2026-W07", until="2026-W08")
    assert SENTENCE not in before.notes
    assert BREAK not in before.notes
