"""The drop-in for bitmapist: its names and answers, what of its faults is repaired, and what its users asked for."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bitmapists import two_systems
from footfall import bitmapist
from footfall.bitmapist import (
    BitOpAnd,
    BitOperation,
    BitOpNot,
    BitOpOr,
    BitOpXor,
    DayEvents,
    HourEvents,
    MonthEvents,
    RangeEvents,
    UniqueEvents,
    WeekEvents,
    YearEvents,
    mark_event,
    mark_unique,
    unmark_event,
    unmark_unique,
)
from footfall.errors import MarkError, QueryError, UnknownNameError

NOW = datetime.now(UTC)
NEW_YEAR = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True, params=["file", "redis"])
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the systems `default` and `other` are kept."""
    address = request.getfixturevalue("redis_server") if request.param == "redis" else None
    with two_systems(tmp_path, address):
        yield request.param


def day(event: str, moment: datetime = NEW_YEAR, system: str = "default") -> DayEvents:
    return DayEvents.from_date(event, moment, system)


# The original's own answers


def test_a_mark_is_in_its_day_week_month_and_year() -> None:
    mark_event("active", 123)
    for of in (DayEvents, WeekEvents, MonthEvents, YearEvents):
        assert 123 in of("active")
        assert 124 not in of("active")
        assert len(of("active")) == of("active").get_count() == 1
        assert list(of("active")) == list(of("active").get_uuids()) == [123]
        assert of("active").has_events_marked() is True
        assert of("active").prev().has_events_marked() is False


def test_hours_are_kept_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    mark_event("active", 1, now=NEW_YEAR)
    assert len(HourEvents.from_date("active", NEW_YEAR)) == 0
    mark_event("active", 2, now=NEW_YEAR, track_hourly=True)
    monkeypatch.setattr(bitmapist, "TRACK_HOURLY", True)
    mark_event("active", 3, now=NEW_YEAR)
    mark_event("active", 4, now=NEW_YEAR, track_hourly=False)
    assert list(HourEvents("active", 2026, 1, 1, 9)) == [2, 3]
    assert list(day("active")) == [1, 2, 3, 4]


def test_flags_have_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    mark_unique("premium", 42)
    mark_event("premium", 43, track_unique=True)
    assert list(UniqueEvents("premium")) == [42, 43]
    assert list(DayEvents("premium")) == [43]
    unmark_unique("premium", 42)
    unmark_event("premium", 43, track_unique=True)
    assert not UniqueEvents("premium").has_events_marked()
    monkeypatch.setattr(bitmapist, "TRACK_UNIQUE", True)
    mark_event("premium", 44)
    assert list(UniqueEvents.from_date("premium").next().prev()) == [44]


def test_operations_and_operators_are_the_same() -> None:
    for uuid in (1, 2):
        mark_unique("foo", uuid)
    for uuid in (2, 3):
        mark_unique("bar", uuid)
    foo, bar = UniqueEvents("foo"), UniqueEvents("bar")
    assert list(foo & bar) == list(BitOpAnd(foo, bar)) == list(BitOperation("AND", foo, bar)) == [2]
    assert list(foo | bar) == list(BitOpOr("default", foo, bar)) == [1, 2, 3]
    assert list(foo ^ bar) == list(BitOpXor(foo, bar)) == list(BitOperation("xor", "default", foo, bar)) == [1, 3]
    assert list(~foo & bar) == list(BitOpNot(foo) & bar) == [3]
    assert list(BitOpXor(foo, bar, foo)) == [2, 3]
    assert list(BitOpOr(foo)) == [1, 2]


def test_operations_nest() -> None:
    names = [f"event{n}" for n in range(300)]
    for name in names:
        mark_event(name, 7)
    everywhere = BitOpAnd(*(MonthEvents(name) for name in names))
    assert list(BitOpAnd(BitOpAnd(everywhere, WeekEvents("event1")), DayEvents("event2"))) == [7]
    assert sorted(bitmapist.get_event_names(batch=10)) == sorted(names)
    assert sorted(bitmapist.get_event_names(prefix="event29")) == ["event29", *(f"event29{n}" for n in range(10))]


def test_a_result_that_is_deleted_is_empty_and_what_it_was_made_of_stays() -> None:
    mark_event("active", 1)
    both = MonthEvents("active") & DayEvents("active")
    both.delete()
    assert list(both) == []
    assert list(MonthEvents("active")) == [1]


def test_periods_walk() -> None:
    assert MonthEvents("a", 2026, 1).delta(-13) == MonthEvents("a", 2024, 12)
    assert WeekEvents("a", 2026, 53).next() == WeekEvents("a", 2027, 1)
    assert DayEvents("a", 2026, 3, 1).prev() == DayEvents("a", 2026, 2, 28)
    assert HourEvents("a", 2026, 12, 31, 23).next() == HourEvents("a", 2027, 1, 1, 0)
    assert YearEvents("a", 2026).delta(4).year == 2030
    week = WeekEvents("a", 2026, 53)
    assert week.period_start() == datetime(2026, 12, 28, tzinfo=UTC)
    assert week.period_end() == datetime(2027, 1, 3, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_moment_counts_as_it_is_written() -> None:
    tokyo = datetime(2026, 1, 1, 5, tzinfo=timezone(timedelta(hours=9)))
    mark_event("active", 1, now=tokyo, track_hourly=True)
    mark_event("active", 2, now=tokyo.replace(tzinfo=None))
    assert list(DayEvents.from_date("active", date(2026, 1, 1))) == [1, 2]
    assert list(HourEvents.from_date("active", tokyo)) == [1]


def test_all_events_can_be_deleted() -> None:
    mark_event("active", 1)
    mark_unique("premium", 1)
    bitmapist.delete_all_events()
    assert bitmapist.get_event_names() == []
    assert not YearEvents("active")


def test_helpers_of_the_calendar() -> None:
    assert bitmapist.add_month(2026, 11, 2) == (2027, 1)
    assert bitmapist.add_month(2026, 1, -1) == (2025, 12)
    assert bitmapist.not_none(None, 0, 1) == 0
    assert bitmapist.not_none(None) is None
    assert bitmapist.iso_year_start(2026) == date(2025, 12, 29)
    assert bitmapist.iso_to_gregorian(2025, 53, 7) == date(2026, 1, 4)


# Faults of the original, repaired


def test_operators_are_read_where_their_sets_are() -> None:
    mark_event("active", 1, system="other")
    mark_event("paid", 1, system="other")
    mark_event("paid", 2, system="default")
    active, paid = DayEvents("active", system="other"), DayEvents("paid", system="other")
    assert list(active & paid) == list(active | paid) == [1]
    assert (active & paid).system == "other"
    assert list(active ^ DayEvents("paid")) == [1, 2]
    assert list(BitOpOr("other", MonthEvents("active"), MonthEvents("paid"))) == [1]
    assert active != DayEvents("active")


def test_not_is_taken_of_everybody_ever_seen_or_of_a_population() -> None:
    mark_event("active", 1)
    mark_event("signed_up", [1, 100, 5000], now=NEW_YEAR)
    mark_unique("staff", 5000)
    assert list(~DayEvents("active")) == [100, 5000]
    assert list(~DayEvents("active") & UniqueEvents("staff")) == [5000]
    assert list(BitOpNot(DayEvents("active"), population=UniqueEvents("staff"))) == [5000]
    assert list(~(~DayEvents("active"))) == [1]
    assert list(~DayEvents("active") | DayEvents("active")) == [1, 100, 5000]
    assert list(~DayEvents("active") ^ ~UniqueEvents("staff")) == [1, 5000]
    assert list(~DayEvents("active") ^ UniqueEvents("staff")) == [100]


def test_unmarking_a_day_leaves_a_week_and_month_that_another_day_is_marked_in() -> None:
    for back in (0, 1):
        mark_event("active", 1, now=datetime(2026, 1, 7 - back, tzinfo=UTC))
    unmark_event("active", 1, now=datetime(2026, 1, 7, tzinfo=UTC))
    assert 1 not in DayEvents("active", 2026, 1, 7)
    assert all(1 in events for events in (WeekEvents("active", 2026, 2), MonthEvents("active", 2026, 1)))
    unmark_event("active", 1, now=datetime(2026, 1, 6, tzinfo=UTC))
    assert not YearEvents("active", 2026)


def test_unmarking_an_hour_leaves_a_day_that_another_hour_is_marked_in() -> None:
    for hour in (9, 10):
        mark_event("active", [1, "ada"], now=NEW_YEAR.replace(hour=hour), track_hourly=True)
    mark_event("active", "bob", now=NEW_YEAR)
    unmark_event("active", [1, "bob"], now=NEW_YEAR, track_hourly=True)
    assert list(day("active")) == [1, "ada"]
    assert list(HourEvents.from_date("active", NEW_YEAR)) == ["ada"]
    unmark_event("active", [1, "ada"], now=NEW_YEAR)
    assert not day("active")
    assert not HourEvents("active", 2026, 1, 1, 10)


def test_deleting_a_month_deletes_what_was_marked_in_it() -> None:
    mark_event("active", [1, 2], now=datetime(2026, 1, 31, tzinfo=UTC))
    mark_event("active", 2, now=datetime(2026, 2, 1, tzinfo=UTC))
    MonthEvents("active", 2026, 1).delete()
    assert not DayEvents("active", 2026, 1, 31)
    assert list(WeekEvents("active", 2026, 5)) == [2]
    assert list(YearEvents("active", 2026)) == [2]


def test_deleting_a_year_lets_go_of_a_temporary_result_and_of_no_mark() -> None:
    mark_event("active", 1)
    YearEvents("active").delete()
    assert list(YearEvents("active")) == [1]


def test_nothing_temporary_is_written(system: str) -> None:
    mark_event("active", 1)
    keys = set(bitmapist.get_redis().keys("trackist_*")) if system == "redis" else set()
    held = (DayEvents("active") & ~MonthEvents("active")) | YearEvents("active")
    assert list(held) == [1]
    if system == "redis":
        assert set(bitmapist.get_redis().keys("trackist_*")) == keys
    bitmapist.delete_runtime_bitop_keys()
    bitmapist.delete_temporary_bitop_keys()
    assert list(held) == list(DayEvents("active")) == [1]


def test_a_period_that_no_calendar_has_is_refused() -> None:
    assert WeekEvents("active", 2026, 53).week == 53
    for make in (
        lambda: WeekEvents("active", 2025, 53),
        lambda: MonthEvents("active", 2026, 13),
        lambda: DayEvents("active", 2026, 2, 29),
        lambda: HourEvents("active", 2026, 1, 1, 24),
    ):
        with pytest.raises(QueryError, match="there is no"):
            make()
    with pytest.raises(QueryError, match="1970"):
        YearEvents("active", 1969)
    with pytest.raises(QueryError, match="outside the calendar"):
        YearEvents("active").delta(9000)
    with pytest.raises(QueryError, match="has no hour"):
        HourEvents.from_date("active", date(2026, 1, 1))


@pytest.mark.parametrize("wrong", [-1, 1.5, True, None, "", "a\0b"])
def test_what_is_no_id_is_refused_in_one_sentence_and_in_no_set(wrong: Any) -> None:
    with pytest.raises(MarkError, match="nothing was marked"):
        mark_event("active", wrong)
    assert wrong not in DayEvents("active")
    assert not DayEvents("active")


def test_what_cannot_be_asked_is_said_in_one_sentence(system: str) -> None:
    with pytest.raises(UnknownNameError, match="setup_redis"):
        len(DayEvents("active", system="nowhere"))
    with pytest.raises(QueryError, match="not a bit operation"):
        BitOperation("NAND", DayEvents("active"))
    with pytest.raises(QueryError, match="takes one set"):
        BitOpNot(DayEvents("a"), DayEvents("b"))
    with pytest.raises(QueryError, match="not a set of events"):
        DayEvents("active") & "other"  # type: ignore[operator]
    with pytest.raises(QueryError, match="must come after"):
        RangeEvents("active", date(2026, 1, 2), date(2026, 1, 2))
    if system == "file":
        with pytest.raises(QueryError, match="not in Redis"):
            bitmapist.get_redis()


# What users of the original asked for


def test_texts_uuids_and_huge_ids_are_actors() -> None:
    someone = UUID("b3bd4dd0-3eb9-4f1b-8a3c-e1d29bb2fb2a")
    mark_event("active", "ada")
    mark_event("active", someone)
    mark_event("active", 2**40)
    mark_event("active", 5)
    assert list(DayEvents("active")) == [5, 2**40, "ada", str(someone)]
    assert all(who in MonthEvents("active") for who in ("ada", someone, 2**40, 5))
    assert "bob" not in MonthEvents("active")
    mark_event("paid", ["ada", 5], system="other")
    assert list(DayEvents("active") & DayEvents("paid", system="other")) == [5, "ada"]
    unmark_event("active", "ada")
    assert "ada" not in DayEvents("active")


def test_many_are_marked_at_once() -> None:
    mark_event("active", range(1000))
    assert len(DayEvents("active")) == 1000


def test_occurrences_are_counted() -> None:
    for _ in range(3):
        mark_event("active", 1)
    assert MonthEvents("active").get_occurrences() == 3


def test_any_range_of_days_is_a_set() -> None:
    for n in range(1, 11):
        mark_event("active", n, now=datetime(2026, 1, n, tzinfo=UTC))
    some = RangeEvents("active", date(2026, 1, 3), date(2026, 1, 6))
    assert list(some) == [3, 4, 5]
    assert list(some & MonthEvents("active", 2026, 1)) == [3, 4, 5]


def test_a_set_is_one_of_footfalls_own() -> None:
    mark_event("active", [1, 2, 3])
    assert DayEvents("active").actors().to_numpy().tolist() == [1, 2, 3]
    assert (DayEvents("active") & MonthEvents("active")).actors().sample(3) == [1, 2, 3]


def test_threads_share_everything() -> None:
    def work(first: int) -> None:
        for n in range(first, first + 50):
            mark_event("active", n)
            assert n in (DayEvents("active") & MonthEvents("active"))
            bitmapist.delete_runtime_bitop_keys()

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(DayEvents("active")) == 200


def test_a_workspace_can_be_a_system(tmp_path: Path) -> None:
    import footfall
    from footfall.template import write_settings_file

    write_settings_file(tmp_path, 'activity = "sqlite:///mine.db"\n')
    ff = footfall.open(tmp_path)
    bitmapist.SYSTEMS["mine"] = ff.activity
    mark_event("active", "ada", system="mine")
    assert list(ff.event("active").day()) == ["ada"]


def test_systems_can_be_set_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitmapist, "SYSTEMS", {"mine": bitmapist.SYSTEMS["other"]})
    mark_event("active", 1, system="mine")
    assert list(DayEvents("active", system="mine")) == [1]
    with pytest.raises(UnknownNameError, match="mine"):
        mark_event("active", 1)


@pytest.mark.parametrize("system", ["file"], indirect=True)
def test_a_file_needs_no_client_of_redis(system: str, tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules["redis"] = None
from footfall import bitmapist
from footfall.errors import MissingExtraError, UnknownNameError
for wrong in (lambda: bitmapist.mark_event("active", 1), lambda: bitmapist.setup_redis("a", "localhost", 6379)):
    try:
        wrong()
    except (UnknownNameError, MissingExtraError) as error:
        print(error)
bitmapist.setup_store("default", {str(tmp_path / "alone.db")!r})
bitmapist.mark_event("active", 1)
print(list(bitmapist.DayEvents("active")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    unknown, missing, answer = done.stdout.splitlines()
    assert "setup_store" in unknown
    assert "footfall[redis]" in missing
    assert answer == "[1]"
