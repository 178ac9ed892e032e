"""What the ledger says about a table, checked against a plain reading of the entries in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from footfall.lake import Collected, Lake, Scope, Span
from footfall.ledger import Entry, Status
from footfall.periods import FAR_FUTURE, Window, merge
from lakes import at

DAY = timedelta(days=1)
START = at("2026-03-01")


def window(first: int, days: int = 1) -> Window:
    return Window(START + first * DAY, START + (first + days) * DAY)


def entry(first: int, status: Status = Status.COMPLETE, *, days: int = 1, scope: str = "", **more: object) -> Entry:
    span = window(first, days)
    values: dict[str, object] = {"covered_until": span.end, "rows": 1, **more}
    return Entry("s", "t", scope, span, status, **values)  # type: ignore[arg-type]


def said(folder: Path, *runs: Iterable[Entry]) -> Collected:
    lake = Lake.open(str(folder / "lake"))
    for run in runs:
        lake.record(list(run))
    return lake.snapshot([]).collected("t")


def test_complete_windows_that_touch_are_one_span_and_a_hole_parts_them(tmp_path: Path) -> None:
    collected = said(tmp_path, [entry(0), entry(1), entry(2, days=3), entry(3), entry(7)])
    assert collected.spans == {Scope("s", ""): (Span(*_ends(0, 5)), Span(*_ends(7, 8)))}
    assert collected.totals[Scope("s", "")][:2] == (5, START)


def _ends(first: int, last: int) -> tuple[datetime, datetime]:
    return START + first * DAY, START + last * DAY


def test_a_window_counts_as_far_as_it_was_read(tmp_path: Path) -> None:
    noon = START + DAY / 2
    collected = said(tmp_path, [entry(0, Status.PROVISIONAL, covered_until=noon), entry(1, covered_until=START)])
    assert collected.spans == {Scope("s", ""): (Span(START, noon, None, True),)}


def test_provisional_ends_by_itself(tmp_path: Path) -> None:
    settles = at("2026-03-20")
    collected = said(tmp_path, [entry(0, Status.PROVISIONAL, settles_at=settles), entry(1, Status.PROVISIONAL)])
    [first, second] = collected.spans[Scope("s", "")]
    assert [span.is_provisional_at(settles - timedelta(seconds=1)) for span in (first, second)] == [True, True]
    assert [span.is_provisional_at(settles) for span in (first, second)] == [False, True]
    [entry_first, entry_second] = Lake.open(str(tmp_path / "lake")).known()
    assert [e.is_provisional_at(settles) for e in (entry_first, entry_second)] == [False, True]
    assert not entry(0).is_provisional_at(START)


def test_what_is_worth_a_note_is_an_entry_and_the_rest_is_not(tmp_path: Path) -> None:
    noted = [
        entry(0, Status.MISSING, reason="no file"),
        entry(1, Status.FAILED, reason="HTTP 500"),
        entry(2, rejected=3, sample="{"),
        entry(3, reason="odd"),
        entry(5, Status.RETIRED, scope="gone"),
    ]
    collected = said(tmp_path, [*noted, entry(4), entry(6)])
    assert [(e.scope, e.window) for e in collected.noted] == [(e.scope, e.window) for e in noted]
    assert collected.spans[Scope("s", "gone")] == ()
    assert list(collected.retired) == [Scope("s", "gone")]


def test_a_failure_is_noted_and_takes_nothing_away_and_missing_later_is_no_news(tmp_path: Path) -> None:
    collected = said(tmp_path, [entry(0), entry(1)], [entry(0, Status.FAILED, reason="x"), entry(1, Status.MISSING)])
    assert collected.spans == {Scope("s", ""): (Span(*_ends(0, 2)),)}
    assert [e.reason for e in collected.noted] == ["x"]


def test_a_window_narrows_what_is_read(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    lake.record([entry(0), entry(1, Status.FAILED), entry(5), entry(9, Status.FAILED)])
    collected = lake.snapshot([]).collected("t", window(1, 5))
    assert collected.spans == {Scope("s", ""): (Span(*_ends(5, 6)),)}
    assert [e.window for e in collected.noted] == [window(1)]


def test_the_digest_is_of_what_is_said_and_not_of_when(tmp_path: Path) -> None:
    entries = [entry(0), entry(1), entry(2, Status.FAILED, reason="x")]
    once = said(tmp_path / "a", entries)
    assert said(tmp_path / "b", entries[:1], entries[1:], entries).digest == once.digest
    assert said(tmp_path / "b", [entry(2)]).digest != once.digest
    assert said(tmp_path / "c", entries[:2]).digest != once.digest


@pytest.mark.parametrize("seed", range(8))
def test_it_agrees_with_a_plain_reading_of_what_was_recorded(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    runs = [[_any(chance) for _ in range(chance.randint(1, 12))] for _ in range(6)]
    runs = [list({(e.scope, e.window): e for e in run}.values()) for run in runs]
    collected = said(tmp_path, *runs)
    latest: dict[tuple[str, Window], Entry] = {}
    stored: dict[tuple[str, Window], Entry] = {}
    for each in (e for run in runs for e in run):
        latest[each.scope, each.window] = each
        if each.is_success:
            stored[each.scope, each.window] = each
    covered: dict[tuple[str, object], list[Window]] = defaultdict(list)
    for each in stored.values():
        settles = each.settles_at if each.status is Status.PROVISIONAL else "complete"
        covered[each.scope, settles].append(each.covered)
    expected = {key: merge(windows) for key, windows in covered.items() if merge(windows)}
    found: dict[tuple[str, object], list[Window]] = defaultdict(list)
    for scope, spans in collected.spans.items():
        for span in spans:
            found[scope.name, span.settles_at if span.is_provisional else "complete"].append(span.window)
    assert found == expected
    assert {scope.name for scope in collected.spans} == {scope for scope, _ in latest}
    failed = {key for key, each in latest.items() if not each.is_success and not (key in stored and each.reason == "")}
    assert {(e.scope, e.window) for e in collected.noted} == failed
    assert {s.name: t.windows for s, t in collected.totals.items()} == _counted(stored)
    for name in {scope.name for scope in collected.spans}:
        part = collected.of_scope(name)
        assert part == collected.of(lambda scope, name=name: scope.name == name)  # type: ignore[misc]


def _any(chance: random.Random) -> Entry:
    first, days, scope = chance.randint(0, 9), chance.choice([1, 1, 1, 4]), chance.choice(["", "a", "b"])
    status = chance.choice([Status.COMPLETE, Status.COMPLETE, Status.PROVISIONAL, Status.FAILED, Status.MISSING])
    covered = window(first, days).end - chance.choice([timedelta(), timedelta(), timedelta(hours=5), 9 * DAY])
    settles = chance.choice([None, at("2026-04-01"), FAR_FUTURE]) if status is Status.PROVISIONAL else None
    reason = "it failed" if status is Status.FAILED else ""
    return entry(first, status, days=days, scope=scope, covered_until=covered, settles_at=settles, reason=reason)


def _counted(stored: dict[tuple[str, Window], Entry]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for scope, _ in stored:
        counts[scope] += 1
    return counts
