"""How far a collection reaches, scope by scope."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from footfall.lake import Lake, Reach, reach_of
from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, Window


def day(n: int) -> datetime:
    return datetime(2026, 1, n, tzinfo=UTC)


def entry(scope: str, first: int, last: int, status: Status = Status.COMPLETE) -> Entry:
    return Entry("git", "commits", scope, Window(day(first), day(last)), status, covered_until=day(last))


def reach_in(folder: Path, *entries: Entry) -> Reach:
    lake = Lake.open(str(folder / "lake"))
    lake.record(entries)
    return reach_of(lake.snapshot([]).collected("commits"))


def test_it_is_fresh_where_every_scope_is(tmp_path: Path) -> None:
    reach = reach_in(tmp_path, entry("a", 1, 5), entry("b", 1, 9), entry("b", 9, 12))
    assert reach.fresh_until == day(5)
    assert reach.gaps == []
    assert reach_in(tmp_path / "empty").fresh_until is None


def test_a_hole_of_any_scope_is_a_gap(tmp_path: Path) -> None:
    entries = [entry("a", 1, 9), entry("b", 1, 3), entry("b", 3, 5, Status.FAILED), entry("b", 5, 9)]
    reach = reach_in(tmp_path, *entries)
    assert reach.gaps == [Window(day(3), day(5))]


def test_a_scope_that_has_left_holds_nobody_back_and_one_that_came_back_does(tmp_path: Path) -> None:
    left = [entry("a", 1, 9), entry("b", 1, 4), entry("b", 4, 20, Status.RETIRED)]
    assert reach_in(tmp_path, *left).fresh_until == day(9)
    assert reach_in(tmp_path, entry("b", 4, 7)).fresh_until == day(7)


def test_asking_the_source_itself_covers_nothing(tmp_path: Path) -> None:
    asked = Entry("git", "commits", "", Window(EPOCH, EPOCH), Status.COMPLETE, covered_until=day(9))
    reach = reach_in(tmp_path, asked, entry("a", 3, 5))
    assert (reach.fresh_until, reach.gaps) == (day(5), [])
