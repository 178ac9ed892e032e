"""Cohorts against plain sets: who is in a row, who came back, what is not known yet, and what is not a question."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

import footfall
from activities import NOW, InMemory, ever_before, periods_until, stores
from footfall.errors import FootfallError
from footfall.periods import Grain, Period, Window
from footfall.retention import overlaps as overlaps_module
from footfall.retention.cohorts import Cohort, CohortRow, cohort
from footfall.retention.groups import Among
from footfall.retention.overlaps import overlaps
from footfall.settings import Settings
from footfall.sources.git import COMMITS

GRAINS = [Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR]
VIP = Among(BitMap64([1, 3, 1 << 32]), "vip")


def day(text: str) -> date:
    return date.fromisoformat(text)


def three_days() -> InMemory:
    """Ten on the 9th, of whom four come on the 10th and one on the 11th (today), where two more are new."""
    return InMemory({"in": {day("2026-03-09"): range(10), day("2026-03-10"): range(4), day("2026-03-11"): [0, 20, 21]}})


def asked(store: InMemory, first: str = "in", then: str = "in", **options: Any) -> Cohort:
    given: dict[str, Any] = {"now": NOW, "grain": "day", "last": 3, "columns": 3}
    return cohort(store, first, then, **given | options)


# --- against plain sets


@given(
    store=stores(),
    grain=st.sampled_from(GRAINS),
    kind=st.sampled_from(["active", "new"]),
    retention=st.sampled_from(["return", "unbounded"]),
    where_first=st.lists(st.sampled_from(["c", VIP]), max_size=2),
    where_then=st.lists(st.sampled_from(["c", VIP]), max_size=2),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    since=st.none() | st.integers(0, 60),
    is_ranked=st.booleans(),
)
def test_every_cell_is_what_plain_sets_say(
    store: InMemory,
    grain: Grain,
    kind: str,
    retention: str,
    where_first: list[str | Among],
    where_then: list[str | Among],
    rows: int,
    columns: int,
    since: int | None,
    is_ranked: bool,
) -> None:
    start = None if since is None else NOW - timedelta(days=since)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlaps_module, "_RANKED_ID", 0 if is_ranked else 1e18)
        found = cohort(
            store,
            "a",
            "b",
            now=NOW,
            grain=grain,
            last=rows,
            columns=columns,
            since=start,
            kind=kind,
            retention=retention,
            where_first=where_first,
            where_then=where_then,
        )
    periods = periods_until(grain, NOW, rows)
    if start:
        periods = [p for n in range(rows) if (p := Period.containing(grain, start).shift(n)).start <= NOW]
    assert [row.period for row in found.rows] == periods
    for row in found.rows:
        group = narrowed(store, store.during("a", row.period.window), where_first, row.period)
        if kind == "new":
            group -= ever_before(store, "a", row.period.start)
        assert row.size == len(group)
        later = [p for k in range(columns) if (p := row.period.shift(k)).start <= NOW]
        assert list(row.counts) == [len(group & retained(store, p, where_then, retention)) for p in later]


def narrowed(store: InMemory, group: set[int], conditions: list[str | Among], period: Period) -> set[int]:
    for each in conditions:
        group = group & (set(each.members) if isinstance(each, Among) else store.during(each, period.window))
    return group


def retained(store: InMemory, period: Period, conditions: list[str | Among], retention: str) -> set[int]:
    found: set[int] = set()
    while period.start <= NOW:
        found |= narrowed(store, store.during("b", period.window), conditions, period)
        if retention == "return":
            break
        period = period.next()
    return found


@pytest.mark.parametrize("high", [10, 20, 26, 30, 33])
@pytest.mark.parametrize("cells", [64, 1 << 12, 1 << 24])
@pytest.mark.parametrize("apart", [600, 1 << 33])
def test_dense_or_sparse_many_or_few_the_overlaps_are_the_same(
    high: int, cells: int, apart: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the sets are cut into matrices; one of them is empty, one may lie apart from all others."""
    monkeypatch.setattr(overlaps_module, "_CELLS", cells)
    random = np.random.default_rng(high)
    users = np.unique(random.integers(0, 1 << high, 2000, dtype=np.uint64))
    sets = [BitMap64(random.choice(users, min(len(users), 40 * n))) for n in range(12)]
    sets.append(BitMap64([apart + n for n in range(700)]))
    spans = [range(n, 13) for n in range(13)]
    plain = [[len(set(sets[i]) & set(sets[j])) for j in range(i, 13)] for i in range(13)]
    for cost in (0, 7, 1e18):
        monkeypatch.setattr(overlaps_module, "_RANKED_ID", cost)
        assert overlaps(sets, sets, spans) == plain


def test_many_short_sets_are_cut_into_matrices_of_about_the_same_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets shorter than the distance between two sampled ids count too: else one matrix would hold nearly all."""
    monkeypatch.setattr(overlaps_module, "_CELLS", 1 << 18)
    random = np.random.default_rng(2)
    sets = [np.unique(random.integers(0, 1 << 30, 200, dtype=np.uint32)) for _ in range(300)]
    sizes = [bits.nbytes * 8 for bits in overlaps_module._bit_matrices(sets)]
    assert len(sizes) > 50
    assert max(sizes) < 4 * sum(sizes) / len(sizes)


def test_sparse_ids_are_ranked_and_dense_ones_are_not() -> None:
    random = np.random.default_rng(1)
    dense = [BitMap64(random.integers(0, 1 << 18, 20_000, dtype=np.uint64)) for _ in range(20)]
    sparse = [BitMap64(random.integers(0, 1 << 31, 20_000, dtype=np.uint64)) for _ in range(20)]
    assert not overlaps_module._pays_to_rank(dense, 210)
    assert overlaps_module._pays_to_rank(sparse, 210)
    assert not overlaps_module._pays_to_rank([BitMap64()], 1)


# --- who is in a row


def test_new_looks_back_to_the_beginning_also_at_hours_and_not_at_undated_marks() -> None:
    store = three_days()
    store.mark("in", day("1969-12-30"), [20], hour=5)
    store.mark_undated("in", [21])
    found = asked(store, kind="new")
    assert [row.size for row in found.rows] == [10, 0, 1]


def test_undated_marks_are_in_no_period_not_even_in_the_one_around_1970() -> None:
    store = InMemory({"in": {day("1969-12-31"): [1], day("1970-01-01"): [2]}})
    store.mark_undated("in", [3])
    found = asked(store, grain="week", last=1, since=datetime(1970, 1, 1, tzinfo=UTC))
    assert found.rows[0].size == 2


def test_new_is_decided_before_it_is_narrowed() -> None:
    """Who first came without paying is not new when they come again and pay."""
    store = InMemory({"in": {day("2026-03-09"): [1], day("2026-03-10"): [1, 2]}, "pay": {day("2026-03-10"): [1, 2]}})
    found = asked(store, kind="new", where_first="pay")
    assert [row.size for row in found.rows] == [0, 1, 0]


def test_weeks_are_iso_weeks() -> None:
    store = InMemory({"in": {day("2021-01-03"): [1], day("2021-01-04"): [1]}})
    found = asked(store, grain="week", last=2, since=datetime(2021, 1, 1, tzinfo=UTC))
    assert [(row.period.label, row.size, row.counts[1]) for row in found.rows] == [
        ("2020-W53", 1, 1),
        ("2021-W01", 1, 0),
    ]


def test_a_single_text_is_one_event_and_a_bare_bitmap_a_set() -> None:
    store = three_days()
    assert asked(store, where_first="in").rows == asked(store).rows
    assert [row.size for row in asked(store, where_first=BitMap64([0, 20])).rows] == [1, 1, 2]
    assert asked(store, where_first=[VIP, "in"]).where_first == ("vip", "in")


# --- what is not known


def test_a_period_that_is_not_over_is_provisional_and_a_future_one_absent() -> None:
    found = asked(three_days())
    assert [row.counts for row in found.rows] == [(10, 4, 1), (4, 1), (3,)]
    assert [[found.is_provisional(row, k) for k in range(len(row.counts))] for row in found.rows] == [
        [False, False, True],
        [False, True],
        [True],
    ]


def test_a_period_is_over_at_its_last_moment_and_not_before() -> None:
    midnight = datetime(2026, 3, 12, tzinfo=UTC)
    just_before = asked(three_days(), now=midnight - timedelta(microseconds=1))
    assert just_before.is_provisional(just_before.rows[-1])
    after = asked(three_days(), now=midnight)
    assert [row.counts for row in after.rows] == [(10, 4, 1), (4, 1), (3,)]  # the day that begins is not shown yet
    assert not any(after.is_provisional(row) for row in after.rows)


def test_who_is_marked_for_a_later_day_has_not_come_yet() -> None:
    days = {date(2026, 3, 2): [1, 2, 3], date(2026, 3, 10): [1], date(2026, 3, 11): [2], date(2026, 3, 13): [3, 4]}
    store = InMemory({"a": days})
    for retention in ("return", "unbounded"):
        first, second = cohort(store, "a", "a", now=NOW, grain="week", last=2, columns=2, retention=retention).rows
        assert (first.counts[1], second.size) == (2, 2)
        midnight = NOW.replace(hour=0, minute=0)  # today has not begun
        first, second = cohort(store, "a", "a", now=midnight, grain="week", last=2, columns=2, retention=retention).rows
        assert (first.counts[1], second.size) == (1, 1)


def test_a_hole_makes_the_row_that_it_touches_provisional() -> None:
    weeks = {date(2026, 2, 2) + timedelta(days=7 * n): [1, 2, 3] for n in range(5)}
    hole = Window(datetime(2026, 2, 11, tzinfo=UTC), datetime(2026, 2, 13, tzinfo=UTC))
    found = cohort(InMemory({"a": weeks}), "a", "a", now=NOW, grain="week", last=6, columns=3, gaps=[hole])
    provisional = [[found.is_provisional(row, k) for k in range(len(row.counts))] for row in found.rows]
    no, yes = False, True
    assert provisional == [[no, yes, no], [yes, yes, yes], [no, no, no], [no, no, yes], [no, yes], [yes]]
    assert found.notes == ()
    new = cohort(InMemory({"a": weeks}), "a", "a", now=NOW, grain="week", kind="new", gaps=[hole])
    said = "Anyone seen only during the gap (2026-02-11 to 2026-02-12) counts as new."
    assert new.notes == (said,)
    ever = cohort(InMemory({"a": weeks}), "a", "a", now=NOW, grain="week", retention="unbounded", gaps=[hole])
    assert ever.notes == ("Anyone who came back only during a gap does not count as retained.",)


def test_averages_weigh_by_size_and_leave_out_what_is_not_over() -> None:
    found = asked(three_days())
    assert found.averages == (100.0, 40.0, None)
    wider = asked(three_days(), now=datetime(2026, 3, 12, tzinfo=UTC), last=4)
    assert wider.averages == (100.0, 100 * 5 / 14, 10.0)


def test_an_average_is_broad_with_two_cohorts_and_a_tenth_of_the_actors() -> None:
    days = {day("2026-03-07"): range(2), day("2026-03-08"): range(2, 5), day("2026-03-09"): range(5, 105)}
    found = asked(InMemory({"in": days}), kind="new", last=5, columns=5)
    assert [row.size for row in found.rows] == [2, 3, 100, 0, 0]
    # Column 2 is over for all three cohorts except the last, column 3 for the cohort of 2 alone.
    assert [found.is_average_broad(column) for column in range(5)] == [True, True, False, False, False]


def test_of_nobody_there_is_no_share() -> None:
    found = asked(three_days(), last=4)
    assert found.rows[0].size == 0
    assert [found.rows[0].percent(k) for k in range(3)] == [None, None, None]
    assert found.to_csv().splitlines()[1] == "2026-03-08,0,,,"
    assert found.to_csv(counts=True).splitlines()[1] == "2026-03-08,0,0,0,0"


def test_unbounded_counts_whoever_came_then_or_later() -> None:
    store = InMemory({"in": {day("2026-03-08"): [1, 2, 3], day("2026-03-11"): [1], day("2026-03-10"): [2]}})
    assert asked(store, last=4, columns=4).rows[0].counts == (3, 0, 1, 1)
    assert asked(store, last=4, columns=4, retention="unbounded").rows[0].counts == (3, 2, 2, 1)
    short = asked(store, last=1, columns=2, retention="unbounded", since=datetime(2026, 3, 8, tzinfo=UTC))
    assert short.rows[0].counts == (3, 2), "later than the last column counts too"


def test_then_or_later_is_provisional_until_all_came_back() -> None:
    store = InMemory({"in": {day("2026-03-08"): [1, 2], day("2026-03-09"): [1, 2], day("2026-03-10"): [1]}})
    found = asked(store, last=4, columns=3, retention="unbounded")
    assert [row.counts for row in found.rows] == [(2, 2, 1), (2, 1, 0), (1, 0), (0,)]
    no, yes = False, True
    assert [[found.is_provisional(row, k) for k in range(len(row.counts))] for row in found.rows] == [
        [no, no, yes],  # 2 of 2; 2 of 2 on the 9th; on the 10th one, and the other may still come
        [no, yes, yes],
        [no, yes],
        [yes],
    ]
    assert [[found.is_open(row, k) for k in range(len(row.counts))] for row in found.rows] == [
        [no, no, no],
        [no, no, yes],
        [no, yes],
        [yes],
    ]
    assert found.averages == (100.0, 75.0, 50.0), "cells whose day is over count, else only those of 100 % would"
    assert list(csv.reader(found.to_csv(counts=True).splitlines())) == [
        ["period", "size", "0", "1", "2", "is_provisional"],
        ["2026-03-08", "2", "2", "2", "1", "true"],
        ["2026-03-09", "2", "2", "1", "", "true"],
        ["2026-03-10", "1", "1", "", "", "true"],
        ["2026-03-11", "0", "", "", "", "true"],
    ]
    assert found.why_provisional == "the day is not over, or actors may still come back later"
    whole = asked(store, last=1, columns=2, retention="unbounded", since=datetime(2026, 3, 8, tzinfo=UTC))
    assert (whole.may_change, whole.to_csv().splitlines()[1]) == (False, "2026-03-08,2,100.0,100.0,false")
    assert asked(store, last=4, columns=3).to_csv().splitlines()[0] == "period,size,0,1,2"


def test_then_or_later_does_not_end_where_the_row_itself_was_not_collected_whole() -> None:
    store = InMemory({"in": {day("2026-03-08"): [1], day("2026-03-09"): [1]}})
    hole = Window(datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 8, 7, tzinfo=UTC))
    found = asked(store, last=4, columns=2, retention="unbounded", gaps=[hole])
    assert found.rows[0].counts == (1, 1)
    assert found.is_provisional(found.rows[0], 0)
    assert found.is_provisional(found.rows[0], 1)


# --- conditions that nobody meets


def test_a_condition_that_nobody_meets_is_said() -> None:
    store = three_days()
    store.mark("paid", day("2026-03-08"), [1])
    paid = "did 'paid' in the same day, so nothing but zeros is left."
    assert asked(store, where_first="paid").notes == (f"No actor of any row {paid}",)
    assert asked(store, where_then="paid").notes == (f"No actor who did 'in' {paid}",)
    assert asked(store, where_first=Among(BitMap64([99]), "vip")).notes == (
        "No actor of any row is in vip, so nothing but zeros is left.",
    )
    store.mark("paid", day("2026-03-09"), [1])
    assert asked(store, where_first=["paid", VIP]).notes == ()
    assert asked(store, first="never", where_first="paid").notes == (), "the rows are empty without it"


def test_marks_without_a_time_are_a_condition_by_the_name_of_their_event(tmp_path: Path) -> None:
    ff = footfall.open(Settings(folder=tmp_path), now=lambda: NOW)
    ff.mark("came", ["ada", "bob", 3], at="2026-03-10")
    ff.mark("premium", ["ada", 3], unique=True)
    ff.mark("vip", "bob", unique=True)
    ff.mark("vip", 3, at="2026-03-10")

    def size(*conditions: str) -> tuple[int, tuple[str, ...]]:
        found = ff.cohort("came", "came", grain="day", last=2, where_first=conditions)
        return found.rows[0].size, found.where_first

    assert size("premium") == size("flag:premium") == (2, ("flag:premium",))
    assert size("vip") == (1, ("vip",)), "an event with days is asked by its days"
    assert size("flag:vip") == (1, ("flag:vip",))
    assert size("vip", "premium") == (1, ("vip", "flag:premium"))
    again = ff.cohort(**ff.cohort("came", "came", grain="day", where_then="premium").question)
    assert again.where_then == ("flag:premium",)
    with pytest.raises(FootfallError, match="no actor is marked without a time as 'came'"):
        size("flag:came")
    with pytest.raises(FootfallError, match="event 'premum' was never marked; did you mean 'premium'"):
        size("flag:premum")


# --- renderings


def test_csv_is_period_size_and_columns_with_one_decimal() -> None:
    assert list(csv.reader(asked(three_days(), columns=4).to_csv().splitlines())) == [
        ["period", "size", "0", "1", "2", "3"],
        ["2026-03-09", "10", "100.0", "40.0", "", ""],
        ["2026-03-10", "4", "100.0", "", "", ""],
        ["2026-03-11", "3", "", "", "", ""],
    ]
    assert asked(three_days()).to_csv(counts=True).splitlines()[1] == "2026-03-09,10,10,4,"


def test_json_says_what_was_asked_and_what_may_change() -> None:
    told = json.loads(asked(three_days(), kind="new", where_then=[VIP]).to_json())
    assert told["question"] == {
        "first": "in",
        "then": "in",
        "grain": "day",
        "since": "2026-03-09T00:00:00Z",
        "until": "2026-03-12T00:00:00Z",
        "columns": 3,
        "kind": "new",
        "retention": "return",
        "where_first": [],
        "where_then": ["vip"],
        "as_of": "2026-03-11T15:30:00Z",
    }
    assert told["definition"]["description"] == (
        "A row is the actors who did 'in' in its day, for the first time ever. "
        "Column k says how many of them did 'in' k days later, only those with vip."
    )
    assert (told["command"], told["notes"], told["coverage"]) == ("cohort", [], 1.0)
    assert told["rows"][1] == {
        "period": "2026-03-10",
        "label": "2026-03-10",
        "size": 0,
        "is_provisional": False,
        "cells": [
            {"column": 0, "count": 0, "percent": None, "is_provisional": False},
            {"column": 1, "count": 0, "percent": None, "is_provisional": True},
        ],
    }
    assert told["averages"] == [20.0, 20.0, None]


def test_frames_are_long() -> None:
    found = asked(three_days())
    rows = found.to_arrow().to_pylist()
    assert len(rows) == 6
    assert rows[1] == {
        "period": datetime(2026, 3, 9, tzinfo=UTC),
        "size": 10,
        "column": 1,
        "count": 4,
        "percent": 40.0,
        "is_provisional": False,
    }
    assert found.to_pandas().shape == (6, 6)
    assert found.to_polars().height == 6


def test_unbounded_retention_is_said() -> None:
    assert "or in any later one up to now" in asked(three_days(), retention="unbounded").description
    assert isinstance(asked(three_days()).rows[0], CohortRow)


# --- as people ask


def test_a_workspace_is_asked_with_names_texts_and_sets_of_actors(tmp_path: Path) -> None:
    ff = footfall.open(Settings(folder=tmp_path), now=lambda: NOW)
    ff.mark("joined", ["ada", "bob", 3], at="2026-03-09")
    ff.mark("came", ["ada", 3], at="2026-03-10")
    ff.mark("paid", ["ada", "eve"], unique=True)
    found = ff.cohort("joined", "came", grain="day", columns=2, since="2026-03-09", until="2026-03-11", kind="new")
    assert [(row.period.label, row.size, row.counts) for row in found.rows] == [
        ("2026-03-09", 3, (0, 2)),
        ("2026-03-10", 0, (0, 0)),
    ]
    paying = ff.cohort("joined", "came", grain="day", last=2, where_first=ff.event("paid").unique())
    assert paying.rows[-1].size == 0
    assert ff.cohort("joined", "came", grain="day", last=3, where_first=[ff.event("paid").unique()]).rows[0].size == 1
    assert paying.where_first == ("paid, unique",)
    assert [step.actors for step in ff.funnel(["joined", "came"], since="2026-03-01").steps] == [3, 2]
    assert ff.stickiness("came", last=2).rows[0].daily == 2
    assert ff.growth("came", grain="day", last=2).rows[1].dormant == 2
    with pytest.raises(FootfallError, match="event 'joind' was never marked; did you mean 'joined'"):
        ff.cohort("joind", "came")


def test_actors_of_another_store_are_found_by_their_names(tmp_path: Path) -> None:
    ff, other = (footfall.open(Settings(folder=tmp_path / name), now=lambda: NOW) for name in ("one", "two"))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    ff.mark("joined", ["ada", "bob"], at="2026-03-09")
    other.mark("vip", ["zoe", "bob"])
    found = ff.cohort("joined", "joined", grain="day", last=3, where_first=other.event("vip").ever())
    assert found.rows[0].size == 1


def joined(tmp_path: Path) -> footfall.workspace.Workspace:
    """Who joined in January and came in March, asked on the 11th of March."""
    ff = footfall.open(Settings(folder=tmp_path), now=lambda: NOW)
    ff.mark("joined", ["ada", "bob", 3], at="2025-10-01")
    ff.mark("came", ["ada", 3], at="2026-03-10")
    return ff


def test_since_shows_every_period_from_there_on(tmp_path: Path) -> None:
    ff = joined(tmp_path)
    found = ff.cohort("joined", "came", since="2025-10-01", kind="new")
    assert (found.rows[0].period.label, len(found.rows), found.rows[-1].period.label) == ("2025-W40", 24, "2026-W11")
    assert found.notes == ()
    assert len(ff.growth("came", since="2025-10-01").rows) == 24
    assert len(ff.stickiness("came", since="2025-10-01").rows) == 162
    assert len(ff.growth("came", since="2025-10-01", until="2025-12").rows) == 9
    assert [len(ff.growth("came").rows), len(ff.stickiness("came").rows)] == [12, 30]


def test_rows_that_are_left_out_are_said(tmp_path: Path) -> None:
    ff = joined(tmp_path)
    assert ff.cohort("joined", "came", since="2025-10-01", until="2025-10-22").notes == (
        "Whole weeks are shown: until 2025-10-22 lies within 2025-W43.",
        "No actor did 'came' in this time. It was first done on 2026-03-10; use --since or --until.",
    )
    long = ff.stickiness("came", since="2022")
    assert len(long.rows) == 1000
    said = "The first 1,000 of 1,531 days since 2022-01-01; ask for longer periods, or a later since."
    assert long.notes[0] == said
    assert said in json.loads(long.to_json())["notes"]


def test_nobody_in_the_time_asked_is_told_when_it_was_done(tmp_path: Path) -> None:
    ff = joined(tmp_path)
    assert ff.growth("joined", last=3).notes == (
        "No actor did 'joined' in this time. It was last done on 2025-10-01; use --since or --until.",
    )
    assert "last done" in ff.funnel("joined", "came").notes[0]
    assert "first done on 2026-03-10" in ff.stickiness("came", until="2026-01").notes[0]
    ff.mark("joined", 5, at="2026-02-01")
    between = ff.growth("joined", since="2025-11", until="2025-12").notes
    assert between[0].startswith("No actor did 'joined' in this time. It was done from 2025-10-01 to 2026-02-01;")
    ff.mark("premium", 5, unique=True)
    assert ff.growth("premium").notes == ("No actor did 'premium' at a known time.",)
    assert ff.growth("joined").notes == ff.cohort("joined", "came").notes == ()


def test_answers_are_short_in_a_console_and_tables_in_a_notebook(tmp_path: Path) -> None:
    ff = joined(tmp_path)
    ff.mark("<b>", 3, at="2026-03-10")
    shown = {
        "cohort": ff.cohort("<b>", "came", last=2, grain="day"),
        "funnel": ff.funnel("<b>", "came", since="2026-03-01"),
        "growth": ff.growth("<b>", last=1),
        "stickiness": ff.stickiness("<b>", last=30),
    }
    assert {name: repr(answer) for name, answer in shown.items()} == {
        "cohort": "<Actors who did came after <b>, by day of <b>, 2026-03-10 to 2026-03-11 (UTC), 2 rows>",
        "funnel": "<<b> → came: actors within 7 days, first steps 2026-03-01 to 2026-03-11 (UTC), 2 rows>",
        "growth": "<Actors who did <b> per week: new, returning, resurrected and dormant, 2026-03-09 to 2026-03-15 (UTC), 1 row>",
        "stickiness": "<Stickiness of actors who did <b>, per day, 2026-02-10 to 2026-03-11 (UTC), 30 rows>",
    }
    for answer in shown.values():
        page = answer._repr_html_()
        assert "&lt;b&gt;" in _bare(page)
        assert "<b><b>" not in _bare(page)
        assert answer.description.replace("<", "&lt;").split("'")[0] in page
    assert "<td>2026-03-11</td><td>0*</td><td></td>" in _bare(shown["cohort"]._repr_html_())
    assert "<td>1*</td>" in _bare(shown["funnel"]._repr_html_())
    assert "<p>10 more rows: `to_pandas()` has all.</p>" in _bare(shown["stickiness"]._repr_html_())


def _bare(page: str) -> str:
    """HTML without its style."""
    return re.sub(r' style="[^"]*"', "", page)


def test_collected_actors_are_called_what_they_are(tmp_path: Path) -> None:
    [of_commits] = COMMITS.events
    assert of_commits.actors == "authors of commits"
    found = replace(joined(tmp_path).cohort("joined", "came", kind="new"), actors=of_commits.actors)
    assert found.title == "Authors of commits who did came after joined, by week of first joined"


def test_an_answer_is_saved_as_its_name_says(tmp_path: Path) -> None:
    found = joined(tmp_path).cohort("joined", "came", since="2025-10", columns=24)
    found.save(tmp_path / "map.svg")
    found.save(tmp_path / "curves.svg", form="curves", theme="dark")
    assert (tmp_path / "map.svg").read_bytes() != (tmp_path / "curves.svg").read_bytes()
    with pytest.raises(FootfallError, match=r"unknown file format '.bmp'"):
        found.save(tmp_path / "x.bmp")
    with pytest.raises(FootfallError, match="cannot be written: there is no folder"):
        found.save(tmp_path / "absent" / "x.png")


def test_events_are_named_or_given_themselves(tmp_path: Path) -> None:
    ff = joined(tmp_path)
    came, first = ff.event("came"), ff.event("joined")
    assert ff.cohort(first, came, where_first=came) == ff.cohort("joined", "came", where_first="came")
    steps = [
        ff.funnel(*given, since="2025-10").steps for given in (["joined", "came"], [["joined", "came"]], [first, came])
    ]
    assert steps[0] == steps[1] == steps[2]
    assert ff.growth(came).event == ff.stickiness(came).event == "came"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda ff: ff.cohort(5, "came"), "5 is not an event: give the name of one, such as 'active'."),
        (lambda ff: ff.funnel("came", 5), "5 is not an event: give the name of one, such as 'active'."),
        (lambda ff: ff.funnel(), "a funnel has at least two steps, not 0: name the events in their order."),
        (
            lambda ff: ff.cohort("joined", "came", where_first=5),
            "where_first=5 is neither an event nor a set of actors, such as 'paid' or event.month().",
        ),
        (lambda ff: ff.growth("came", since=5), "since=5 is not a date or time; write one like '2026-11-23'."),
        (
            lambda ff: ff.growth("came", since="1998", until="1997"),
            "since 1998-01-01 must come before until 1997-01-01.",
        ),
        (
            lambda ff: ff.funnel("joined", "came", since="1998", until="1997"),
            "since 1998-01-01 must come before until 1997-01-01.",
        ),
        (
            lambda ff: ff.growth("came", last="x"),
            "last is 'x'; it must be a whole number from 1 to 1,000, or a span such as 2w, 90d, 6m or 1y.",
        ),
    ],
)
def test_a_slip_is_one_sentence(ask: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(FootfallError) as caught:
        ask(joined(tmp_path))
    assert str(caught.value) == message


# --- no question


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "nwe"}, "unknown kind of cohort 'nwe'; did you mean 'new'? Valid: active, new."),
        ({"grain": "hour"}, "unknown grain 'hour'; valid: day, week, month, year."),
        ({"grain": "total"}, "unknown grain 'total'; valid: day, week, month, year."),
        ({"retention": "rolling"}, "unknown retention 'rolling'; valid: return, unbounded."),
        ({"last": 0}, "last is 0; it must be a whole number from 1 to 1,000."),
        ({"columns": 1001}, "columns is 1001; it must be a whole number from 1 to 1,000."),
        ({"last": True}, "last is True; it must be a whole number from 1 to 1,000."),
        (
            {"since": datetime(2026, 3, 12, tzinfo=UTC)},
            "since 2026-03-12 is in the future; it is now 2026-03-11T15:30Z.",
        ),
        (
            {"since": NOW.replace(tzinfo=None)},
            "2026-03-11T15:30:00 has no time zone; add Z for UTC or an offset such as +02:00.",
        ),
    ],
)
def test_what_is_no_question_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FootfallError) as caught:
        asked(three_days(), **options)
    assert str(caught.value) == message


def test_a_time_far_back_is_answered_too() -> None:
    assert asked(three_days(), grain="year", last=1000).rows[-1].size == 12
