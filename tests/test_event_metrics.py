"""The distinct actors of an event, asked like any other metric."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import footfall
from footfall.errors import QueryError, UnknownNameError
from footfall.periods import Grain, Window, ceil, floor, periods_in
from footfall.sources.binder.sample import write_sample_archive
from footfall.workspace import Workspace
from histories import ADA, History
from lengths import examples
from templates import copy_of
from workspaces import run

pytestmark = pytest.mark.slow

NOW = datetime(2026, 4, 8, 12, tzinfo=UTC)
"""A Wednesday."""
FIRST = datetime(2026, 1, 20, tzinfo=UTC)


def workspace(folder: Path, settings: str = "", now: datetime = NOW) -> Workspace:
    (folder / "footfall.toml").write_text(settings, encoding="utf-8")
    return footfall.open(folder, now=lambda: now)


@pytest.fixture
def ff(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def values(ff: Workspace, event: str, **asked: Any) -> dict[date, Any]:
    result = ff.query(event, **asked)
    rows = result.rows.to_pydict()
    return {period.date(): value for period, value in zip(rows["period"], rows[event], strict=True)}


MARKS = st.lists(
    st.tuples(st.integers(0, (NOW - FIRST).days), st.sampled_from([1, 2, 3, "ada", "bob", 2**40])),
    min_size=1,
    max_size=30,
)
ON_ONE_WORKSPACE = settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ON_ONE_WORKSPACE
@given(marks=MARKS, grain=st.sampled_from(["day", "week", "month", "year"]), is_cumulative=st.booleans())
def test_periods_are_those_of_plain_sets(
    ff: Workspace, marks: list[tuple[int, int | str]], grain: str, is_cumulative: bool
) -> None:
    event, by_day = f"seen-{uuid4().hex}", defaultdict(set)
    for day, actor in marks:
        ff.mark(event, actor, FIRST + timedelta(days=day))
        by_day[FIRST + timedelta(days=day)].add(actor)
    found = values(ff, event, grain=grain, cumulative=is_cumulative)
    first = floor(Grain(grain), min(by_day))
    expected: dict[date, int] = {}
    so_far: set[int | str] = set()
    for period in periods_in(Grain(grain), Window(first, ceil(Grain.DAY, NOW))):
        inside = set().union(*(actors for day, actors in by_day.items() if day in period.window))
        so_far |= inside
        expected[period.start.date()] = len(so_far if is_cumulative else inside)
    assert found == expected
    total = ff.query(event, grain="total").rows[event].to_pylist()
    assert total == [len({actor for _, actor in marks})]


def test_before_the_first_mark_nothing_is_known(ff: Workspace) -> None:
    ff.mark("active", [1, 2], "2026-03-20")
    ff.mark("active", 1, "2026-04-02")
    result = ff.query("active", grain="month", since="2026-02")
    assert result.rows["active"].to_pylist() == [None, 2, 1]
    february, march, april = result.rows["coverage"].to_pylist()
    assert (february, march) == (0, pytest.approx(12 / 31))
    assert april == pytest.approx(7.5 / 30)
    assert "active was first marked on 2026-03-20; there is no data before." in result.notes
    assert not any("first marked" in note for note in ff.query("active", grain="month", since="2026-04").notes)
    days = values(ff, "active", grain="day", since="2026-03-19", until="2026-03-23")
    assert list(days.values()) == [None, 2, 0, 0]


def test_marks_of_hours_are_asked_by_the_hour(ff: Workspace) -> None:
    ff.mark("active", [1, 2], "2026-04-01T09:20Z", hourly=True)
    ff.mark("active", [2, 3], "2026-04-01T10:59Z", hourly=True)
    asked: dict[str, Any] = {"grain": "hour", "since": "2026-04-01T09:00Z", "until": "2026-04-01T12:00Z"}
    assert ff.query("active", **asked).rows["active"].to_pylist() == [2, 2, 0]
    assert ff.query("active", **asked, cumulative=True).rows["active"].to_pylist() == [2, 3, 3]
    ff.mark("active", 4, "2026-04-01")
    with pytest.raises(QueryError, match="kept by the day on 2026-04-01, so no part of that day can be counted"):
        ff.query("active", **asked)


def test_means_and_comparisons_work_as_for_any_metric(ff: Workspace) -> None:
    for day in range(14):
        ff.mark("active", range(day + 1), datetime(2026, 3, 23, tzinfo=UTC) + timedelta(days=day))
    rolled = values(ff, "active", grain="day", rolling=7, since="2026-04-05", until="2026-04-06")
    assert rolled == {date(2026, 4, 5): pytest.approx(sum(range(8, 15)) / 7)}
    compared = ff.query("active", grain="week", since="2026-03-30", until="2026-04-06", compare="previous")
    assert compared.rows.select(["active", "active_previous", "change"]).to_pylist() == [
        {"active": 14, "active_previous": 7, "change": 7}
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "federation"}, "active counts the actors of an event, which have no dimensions; leave out by"),
        ({"where": "a=b"}, "which have no dimensions; leave out where"),
        ({"top": 3}, "which have no dimensions; leave out top"),
        ({"as_of": "2026-04-01"}, "as they are known now; leave out as_of"),
        ({"grain": "total", "since": "2026-04-01T00:30Z"}, "2026-04-01T00:30Z is not a whole hour"),
        ({"policies": {"people": "all"}}, "unknown policy of active 'people'"),
    ],
)
def test_what_sets_cannot_tell_is_refused(ff: Workspace, asked: dict[str, Any], said: str) -> None:
    ff.mark("active", 1)
    with pytest.raises(footfall.FootfallError, match=said):
        ff.query("active", **asked)


@pytest.mark.parametrize("grain", ["day", "month", "total"])
def test_the_version_is_that_of_what_is_known(tmp_path: Path, grain: str) -> None:
    """It stays while the clock moves within an hour, and changes with a mark, taken back or made."""
    clock = [NOW.replace(minute=5)]
    (tmp_path / "footfall.toml").write_text("")
    ff = footfall.open(tmp_path, now=lambda: clock[0])
    ff.mark("active", [1, 2], "2026-04-01")

    def version() -> str:
        return ff.query("active", grain=grain).version

    first = version()
    clock[0] += timedelta(minutes=40)
    assert version() == first
    ff.mark("active", 3, "2026-04-02")
    second = version()
    assert second != first
    ff.unmark("active", 3, "2026-04-02")
    assert version() == first
    clock[0] += timedelta(days=1)
    assert version() != first


def test_an_unknown_name_is_held_against_metrics_and_events(ff: Workspace) -> None:
    ff.mark("active", 1)
    with pytest.raises(UnknownNameError, match="unknown metric 'activ'; did you mean 'active'"):
        ff.query("activ")


def test_an_event_without_times_is_in_no_period(ff: Workspace) -> None:
    ff.mark("premium", [1, 2], unique=True)
    result = ff.query("premium", grain="month")
    assert result.rows.num_rows == 0
    assert any("No mark of premium has a time" in note for note in result.notes)


@pytest.fixture
def binder(tmp_path: Path) -> Workspace:
    return workspace(copy_of("event metrics", collect, tmp_path), BINDER)


BINDER = '[sources.binder]\narchive = "archive"\nfirst_day = 2026-02-01\n'


def collect(folder: Path) -> None:
    write_sample_archive(folder / "archive", 60, 30, until=date(2026, 4, 1), repositories=20)
    with workspace(folder, BINDER) as ff:
        ff.collect()


@pytest.mark.parametrize("grain", ["day", "week", "month", "total"])
@pytest.mark.parametrize("is_cumulative", [False, True])
def test_the_actors_of_a_table_are_its_distinct_count(binder: Workspace, grain: str, is_cumulative: bool) -> None:
    """Two ways to one number: sets of actors, and SQL over the rows of the table, gaps and coverage included."""
    if grain == "total" and is_cumulative:
        return
    asked: dict[str, Any] = {"grain": grain, "cumulative": is_cumulative, "since": "2026-01-12", "until": "2026-04-06"}
    by_sets, by_rows = binder.query("binder_launch", **asked), binder.query("repos", **asked)
    assert by_sets.rows["binder_launch"].to_pylist() == by_rows.rows["repos"].to_pylist()
    assert by_sets.rows["coverage"].to_pylist() == by_rows.rows["coverage"].to_pylist()
    assert by_sets.rows["is_provisional"].to_pylist() == by_rows.rows["is_provisional"].to_pylist()
    assert by_sets.metric.unit == "launched repositories"


def test_authors_of_git_are_asked_at_any_minute(tmp_path: Path) -> None:
    """The table was collected until a moment in the middle of a day, of which its sets have all that is known."""
    history = History.new(tmp_path / "project")
    for day, author in (("2026-02-03", ADA), ("2026-02-20", "Bob <bob@example.org>"), ("2026-03-07", ADA)):
        history.commit(f"{day}T12:00+00:00", author=author)
    history.write()
    minute = datetime(2026, 4, 8, 12, 34, 56, 789, tzinfo=UTC)
    settings = f'[sources.git]\nrepositories = ["{tmp_path / "project"}"]\n'
    for now in (minute, minute + timedelta(days=2)):
        ff = workspace(tmp_path, settings, now)
        if now == minute:
            ff.collect()
        for grain, expected in (("total", [2]), ("month", [2, 1, 0]), ("year", [2])):
            by_sets, by_rows = ff.query("commit_author", grain=grain), ff.query("authors", grain=grain)
            assert by_sets.rows["commit_author"].to_pylist() == expected, grain
            assert by_rows.rows["authors"].to_pylist() == expected, grain
        ff.close()


def test_a_metric_wins_over_an_event_of_its_name(binder: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    launched = binder.query("repos", grain="total").rows["repos"].to_pylist()
    binder.mark("repos", [1, 2, 3])
    assert binder.query("repos", grain="total").rows["repos"].to_pylist() == launched
    assert binder.query("event:repos", grain="total").rows["event:repos"].to_pylist() == [3]
    binder.mark("active", 1)
    assert binder.query("event:active", grain="total").rows["event:active"].to_pylist() == [1]
    binder.close()
    listed = run(capsys, "--workspace", binder.settings.folder, "metrics").out
    assert "event:repos" in listed
    assert "event:active" not in listed
    assert "binder_launch" in listed


# The command line, in a folder with marks alone


def test_commands_know_marked_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "footfall.toml").write_text("")

    def footfall_(*arguments: str) -> Any:
        return run(capsys, "--workspace", tmp_path, *arguments)

    assert "or mark an event: footfall mark EVENT ACTOR" in footfall_("metrics").out
    assert "no event was marked" in footfall_("query", "bought").err
    assert not (tmp_path / "activity.db").exists()
    footfall_("mark", "bought", "1", "2")
    assert "Actors of bought" in footfall_("metrics").out
    assert "Distinct actors that were marked with the event bought" in footfall_("metrics", "bought").out
    assert "footfall query bought --grain month" in footfall_("status").out
    ran = footfall_("query", "bought", "--grain", "month")
    assert (ran.code, ran.out.splitlines()[0][:13]) == (0, "period,bought")
    assert ran.out.splitlines()[1].split(",")[1] == "2"
    chart = tmp_path / "bought.svg"
    assert footfall_("chart", "bought", "--grain", "month", "-o", str(chart)).code == 0
    assert chart.read_text().startswith("<svg")
