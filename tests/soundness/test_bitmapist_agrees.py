"""The drop-in and the real bitmapist, given the same marks, give the same answers, on one server and on a file.

Where they are meant to differ, the original is asked in a way that its fault does not meet; each place says so.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitmapists import place_of
from footfall import bitmapist as ours
from footfall.bitmapist import cohort
from lengths import examples

pytestmark = pytest.mark.slow

theirs = pytest.importorskip("bitmapist", reason="bitmapist runs on Python before 3.14")
their_cohort = pytest.importorskip("bitmapist.cohort")

FIRST = datetime(2025, 12, 27, 12, tzinfo=UTC)
EVENTS = ("active", "a_b", "song:played", "x_2026-1")
IDS = (0, 1, 7, 8, 63, 64, 1000, 70_000)
PERIODS = ("YearEvents", "MonthEvents", "WeekEvents", "DayEvents", "HourEvents")

moments = st.builds(lambda day, hour: FIRST + timedelta(days=day, hours=hour), st.integers(0, 11), st.integers(-1, 1))
actors = st.sampled_from(IDS)
events = st.sampled_from(EVENTS)
marks = st.tuples(st.just("mark"), events, actors, moments, st.booleans(), st.booleans())
unmarks = st.tuples(st.just("unmark"), events, actors, moments, st.booleans(), st.booleans())
flags = st.tuples(st.just("flag"), events, actors)
unflags = st.tuples(st.just("unflag"), events, actors)
programs = st.lists(marks | marks | unmarks | flags | unflags, max_size=25)
leaves = st.tuples(st.just("of"), st.sampled_from([*PERIODS, "UniqueEvents"]), events, moments)
questions = st.recursive(
    leaves,
    lambda parts: (
        st.tuples(st.sampled_from(["AND", "OR", "XOR"]), st.lists(parts, min_size=1, max_size=3))
        | st.tuples(st.just("BUT NOT"), parts, parts)
    ),
    max_leaves=6,
)


@pytest.fixture
def systems(redis_server: str, tmp_path: Path) -> Iterator[Iterator[None]]:
    """Theirs and ours on two databases of one server, and ours in a file; `next` empties all three."""
    host, port = place_of(redis_server)
    before = dict(ours.SYSTEMS), dict(theirs.SYSTEMS)
    theirs.setup_redis("default", host, port, db=5)
    ours.setup_redis("redis", host, port, db=6)
    ours.setup_redis("shared", host, port, db=5)

    def emptied() -> Iterator[None]:
        for n in itertools.count():
            theirs.get_redis().flushdb()
            ours.get_redis("redis").flushdb()
            ours.setup_store("file", tmp_path / f"{n}.db")
            yield
            ours.activity_of("file").close()

    yield emptied()
    for module, systems in zip((ours, theirs), before, strict=True):
        module.SYSTEMS.clear()
        module.SYSTEMS.update(systems)


def run(program: list[Any], module: Any, system: str) -> None:
    for kind, event, actor, *rest in program:
        if kind in ("flag", "unflag"):
            (module.mark_unique if kind == "flag" else module.unmark_unique)(event, actor, system=system)
            continue
        moment, is_hourly, is_unique = rest
        do = module.mark_event if kind == "mark" else module.unmark_event
        do(event, actor, system=system, now=moment, track_hourly=is_hourly, track_unique=is_unique)


def run_theirs(program: list[Any]) -> None:
    """As `run`, and after every unmark their faults are put right: hours go with their day; all else that is marked
    is marked again, for a day clears its week and month, and an hour its day, whatever else they hold."""
    known: dict[Any, set[tuple[date, int | None]]] = defaultdict(set)
    for step in program:
        run([step], theirs, "default")
        kind, event, actor, *rest = step
        if kind not in ("mark", "unmark"):
            continue
        moment, is_hourly, _ = rest
        of, on = known[event, actor], moment.date()
        if kind == "mark":
            of.add((on, moment.hour if is_hourly else None))
            continue
        of.discard((on, moment.hour if is_hourly else None))
        if not is_hourly or not any(day == on and hour is not None for day, hour in of):
            for _, hour in [each for each in of if each[0] == on]:
                of.discard((on, hour))
                if hour is not None:
                    theirs.unmark_event(event, actor, now=at(on, hour), track_hourly=True)
        for day, hour in of:
            theirs.mark_event(event, actor, now=at(day, hour or 0), track_hourly=hour is not None)


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def asked(question: Any, module: Any, system: str) -> Any:
    kind, *rest = question
    if kind == "of":
        name, event, moment = rest
        return getattr(module, name).from_date(event, moment, system)
    if kind == "BUT NOT":
        one, other = (asked(part, module, system) for part in rest)
        # Their NOT ends with the last byte of its set, and loses the actors after that.
        return one ^ (one & other) if module is theirs else one & ~other
    return module.BitOperation(kind, system, *(asked(part, module, system) for part in rest[0]))


def answers(events: Any) -> dict[str, Any]:
    return {
        "list": list(events),
        "uuids": list(events.get_uuids()),
        "len": len(events),
        "count": events.get_count(),
        "marked": events.has_events_marked(),
        "in": [actor in events for actor in IDS],
    }


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(programs, st.lists(questions, min_size=1, max_size=6))
def test_the_same_marks_give_the_same_answers(systems: Iterator[None], program: list[Any], wanted: list[Any]) -> None:
    next(systems)
    run_theirs(program)
    for system in ("redis", "file"):
        run(program, ours, system)
        for question in wanted:
            assert answers(asked(question, ours, system)) == answers(asked(question, theirs, "default")), question
        marked = {name for name in theirs.get_event_names() if is_held(name)}
        assert set(ours.get_event_names(system)) == marked  # theirs names those that all were taken out of, too


def is_held(event: str) -> bool:
    flags = theirs.UniqueEvents(event).has_events_marked()
    return flags or any(theirs.YearEvents(event, year).has_events_marked() for year in (2025, 2026))


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(marks | flags, max_size=25))
def test_marks_make_the_same_keys_to_the_byte(systems: Iterator[None], program: list[Any]) -> None:
    next(systems)
    run(program, theirs, "default")
    run(program, ours, "redis")
    assert contents(theirs.get_redis()) == contents(ours.get_redis("redis"))


def contents(client: Any) -> dict[bytes, bytes]:
    return {key: client.get(key) for key in client.keys("trackist_*")}


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(programs, programs, st.lists(questions, min_size=1, max_size=4))
def test_both_mark_and_read_one_server_at_the_same_time(
    systems: Iterator[None], first: list[Any], second: list[Any], wanted: list[Any]
) -> None:
    next(systems)
    run(first, theirs, "default")
    run(second, ours, "shared")
    before = contents(theirs.get_redis())
    mine = [answers(asked(question, ours, "shared")) for question in wanted]
    assert contents(theirs.get_redis()) == before  # nothing temporary
    assert mine == [answers(asked(question, theirs, "default")) for question in wanted]
    assert mine == [answers(asked(question, ours, "shared")) for question in wanted]  # whose leftovers mean nothing


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(PERIODS), events, moments, st.integers(-400, 400))
def test_periods_are_the_same(systems: Iterator[None], name: str, event: str, moment: datetime, by: int) -> None:
    next(systems)
    shift = by % 20 if name == "YearEvents" else by
    mine = getattr(ours, name).from_date(event, moment, "redis")
    his = getattr(theirs, name).from_date(event, moment)
    walked = [(mine, his), (mine.next(), his.next()), (mine.prev(), his.prev()), (mine.delta(shift), his.delta(shift))]
    for one, other in walked:
        assert one.redis_key == other.redis_key
        assert hash(one) == hash(other)
        assert (one.period_start(), one.period_end()) == (other.period_start(), other.period_end())
        parts = ("year", "month", "week", "day", "hour")
        assert [getattr(one, p, None) for p in parts] == [getattr(other, p, None) for p in parts]
    for operator in ("__and__", "__or__", "__xor__"):
        assert getattr(mine, operator)(mine).redis_key == getattr(his, operator)(his).redis_key
    assert (~mine).redis_key == (~his).redis_key


def test_not_is_theirs_less_those_who_never_were_and_more_those_after_the_last_byte(systems: Iterator[None]) -> None:
    next(systems)
    for module, system in ((theirs, "default"), (ours, "redis"), (ours, "file")):
        for actor in (1, 9, 70_000):
            module.mark_event("seen", actor, system=system)
        for actor in (1, 4):
            module.mark_event("active", actor, system=system)
    assert list(~theirs.DayEvents("active")) == [0, 2, 3, 5, 6, 7]
    assert list(~ours.DayEvents("active", system="redis")) == [9, 70_000]
    assert list(~ours.DayEvents("active", system="file")) == [9, 70_000]


def test_helpers_are_the_same() -> None:
    for year, month, delta in itertools.product((2024, 2025), range(1, 13), range(-30, 30)):
        assert ours.add_month(year, month, delta) == theirs.add_month(year, month, delta)
    for year, week, weekday in itertools.product(range(2019, 2030), (-3, 0, 1, 52, 53, 60), (1, 7)):
        assert ours.iso_to_gregorian(year, week, weekday) == theirs.iso_to_gregorian(year, week, weekday)
        assert ours.iso_year_start(year) == theirs.iso_year_start(year)
    assert ours.not_none(None, False, 1) == theirs.not_none(None, False, 1)


def test_every_name_of_theirs_is_one_of_ours() -> None:
    import inspect

    def public(module: Any) -> dict[str, Any]:
        made_here = {n: v for n, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__}
        return {n: v for n, v in made_here.items() if not n.startswith(("_", "Mixin")) and n != "get_lookup"}

    for module, mine in ((theirs, ours), (their_cohort, cohort)):
        for name, value in public(module).items():
            assert hasattr(mine, name), name
            if inspect.isfunction(value):
                same = list(inspect.signature(getattr(mine, name)).parameters.values())
                wanted = list(inspect.signature(value).parameters.values())
                assert [(p.name, p.default) for p in same][: len(wanted)] == [(p.name, p.default) for p in wanted]
    for name in ("SYSTEMS", "TRACK_HOURLY", "TRACK_UNIQUE"):
        assert hasattr(ours, name)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    marked=st.lists(st.tuples(st.sampled_from("abcd"), actors, st.integers(-70, 3)), max_size=40),
    group=st.sampled_from(["days", "weeks", "months", "years"]),
    also=st.tuples(st.none() | st.just("c"), st.none() | st.sampled_from("cd")),
    is_percent=st.booleans(),
    shape=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    start=st.none() | st.integers(-60, 0),
)
def test_cohorts_are_the_same(
    systems: Iterator[None],
    marked: list[tuple[str, int, int]],
    group: str,
    also: tuple[str | None, str | None],
    is_percent: bool,
    shape: tuple[int, int],
    start: int | None,
) -> None:
    next(systems)
    today = datetime.now(UTC)
    for event, actor, day in marked:
        for module, system in ((theirs, "default"), (ours, "redis"), (ours, "file")):
            module.mark_event(event, actor, system=system, now=today + timedelta(days=day))
    # A start date is right in theirs for days alone.
    begin = None if start is None or group != "days" else (today + timedelta(days=start)).strftime("%Y-%m-%d")
    options: dict[str, Any] = {
        "select1b": also[0],
        "select2b": also[1],
        "time_group": group,
        "as_percent": is_percent,
        "num_results": shape[0],
        "num_of_rows": shape[1],
        "start_date": begin,
    }
    his = their_cohort.get_dates_data("a", "b", system="default", **options)
    for system in ("redis", "file"):
        mine = cohort.get_dates_data("a", "b", system=system, **options)
        assert [row[1:] for row in mine] == [row[1:] for row in his]
        for one, other in zip(mine, his, strict=True):
            made_by = {"days": "DayEvents", "weeks": "WeekEvents", "months": "MonthEvents", "years": "YearEvents"}[
                group
            ]
            period = getattr(theirs, made_by).from_date("a", other[0])
            assert one[0] == period.period_start()
