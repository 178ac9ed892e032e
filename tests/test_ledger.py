"""Records of the ledger: what of a window was collected, and which of several records stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from footfall.ledger import Entries, Entry, Known, Status
from footfall.periods import EPOCH, Window
from lakes import at

DAY = Window(at("2026-03-01"), at("2026-03-02"))
NEXT = Window(at("2026-03-02"), at("2026-03-03"))
HOUR = timedelta(hours=1)


def entry(
    status: Status = Status.COMPLETE,
    window: Window = DAY,
    until: str = "",
    seen: str = "",
    scope: str = "",
    **more: object,
) -> Entry:
    return Entry(
        "log",
        str(more.pop("table", "visits")),
        scope,
        window,
        status,
        at(until) if until else window.end,
        observed_at=at(seen) if seen else None,
        **more,  # type: ignore[arg-type]
    )


class TestOneEntry:
    @pytest.mark.parametrize(
        ("status", "until", "hours"),
        [
            (Status.COMPLETE, "2026-03-02", 24),
            (Status.COMPLETE, "2026-03-09", 24),  # read later than it ended: no more than itself
            (Status.PROVISIONAL, "2026-03-01T06", 6),
            (Status.COMPLETE, "2026-02-01", 0),  # before it began
            (Status.MISSING, "2026-03-02", 0),
            (Status.FAILED, "2026-03-02", 0),
            (Status.RETIRED, "2026-03-02", 0),
        ],
    )
    def test_a_success_covers_its_window_as_far_as_it_was_read(self, status: Status, until: str, hours: int) -> None:
        covered = entry(status, until=until).covered
        assert (covered.start, covered.length) == (DAY.start, hours * HOUR)

    def test_it_is_provisional_until_it_settles(self) -> None:
        settling = entry(Status.PROVISIONAL, settles_at=at("2026-03-05"))
        assert settling.is_provisional_at(at("2026-03-04T23"))
        assert not settling.is_provisional_at(at("2026-03-05"))
        assert entry(Status.PROVISIONAL).is_provisional_at(at("2999-01-01")), "only the source can say"
        assert not entry(Status.COMPLETE, settles_at=at("2026-03-05")).is_provisional_at(at("2026-03-04"))

    def test_only_what_was_collected_is_a_success(self) -> None:
        assert [status for status in Status if entry(status).is_success] == [Status.COMPLETE, Status.PROVISIONAL]


class TestWhichStands:
    def test_the_newest_in_any_order_and_the_newest_success(self) -> None:
        """A later failure says how the last attempt ended; what was stored before stands."""
        first = entry(seen="2026-03-02T01", rows=1)
        second = entry(Status.PROVISIONAL, seen="2026-03-02T02", rows=2)
        failed = entry(Status.FAILED, seen="2026-03-02T03")
        for order in ([first, second, failed], [failed, second, first], [second, failed, first]):
            known = Known(order)
            assert known.latest("visits", "", DAY) == failed
            assert known.stored("visits", "", DAY) == second

    def test_one_without_a_moment_is_the_oldest(self) -> None:
        dated, undated = entry(seen="1971-01-01", rows=1), entry(rows=2)
        assert Known([dated, undated]).stored("visits", "", DAY) == dated

    def test_other_scopes_windows_and_tables_are_other_things(self) -> None:
        known = Known([entry(scope="a"), entry(Status.FAILED, scope="b"), entry(window=NEXT, table="hits")])
        assert known.stored("visits", "a", DAY) is not None
        assert known.stored("visits", "b", DAY) is None
        assert known.stored("visits", "a", NEXT) is None
        assert known.latest("visits", "", DAY) is None
        assert known.scopes == {("visits", "a"), ("hits", "")}
        assert [each.window for each in known.of_table("hits")] == [NEXT]
        assert known.of_table("nothing") == ()

    def test_only_windows_that_touch(self) -> None:
        known = Known([entry(scope="a"), entry(scope="b", window=NEXT)], lambda table, scope: 7)
        within = known.within(Window(at("2026-03-02"), at("2026-03-02T01")))
        assert [each.scope for each in within] == ["b"]
        assert within.cursor("visits") == 7


def test_nothing_is_known_at_first() -> None:
    known = Known()
    assert (len(known), list(known), known.scopes, known.cursor("visits")) == (0, [], frozenset(), None)
    assert Entries().newest_at == EPOCH
    with pytest.raises(IndexError):
        known[0]


def test_entries_about_asking_span_no_time() -> None:
    asking = entry(Status.FAILED, Window(DAY.start, DAY.start), seen="2026-03-02T01")
    entries = Entries([asking, entry(seen="2026-03-02T03")])
    assert list(entries.about_asking()) == [asking]
    assert [each.window for each in entries.about_windows()] == [DAY]
    assert entries.newest_at == at("2026-03-02T03")
    assert list(entries[0:1]) == [entries[0]] == [asking]


def test_a_recheck_is_of_the_windows_that_it_touches() -> None:
    known = Known(recheck=Window(at("2026-03-01T23"), at("2026-03-02")))
    assert known.is_rechecked(DAY)
    assert not known.is_rechecked(NEXT)
    assert not Known().is_rechecked(DAY)
