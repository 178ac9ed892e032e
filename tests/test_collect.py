from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pydantic import BaseModel

from footfall.collect import HoldBack, SourceStatus, SourceSummary, Summary, choose, collect, status
from footfall.collect.lock import locked
from footfall.errors import BusyError, MissingExtraError, SettingsError, SourceError
from footfall.lake import Lake
from footfall.ledger import LEDGER, Entry, Known, Status
from footfall.metrics import Metric
from footfall.periods import ALL_TIME, Window
from footfall.settings import Part
from footfall.sources import Batch, Context, Offer, Progress
from footfall.tables import Column, Replace, Role, Table

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
DAYS = [date(2024, 1, day) for day in range(1, 11)]
DOORS = Table(
    name="doors",
    description="People through a door.",
    columns=(
        Column("day", "timestamp", Role.TIME, "When."),
        Column("people", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(),
)


def seen(day: date, status: Status, fingerprint: str = "1", reason: str = "", minute: int = 0) -> Entry:
    window = Window.of_day(day)
    at = NOW + timedelta(minutes=minute)
    return Entry(
        "door", "doors", "", window, status, window.end, fingerprint=fingerprint, reason=reason, observed_at=at
    )


def offer(day: date, fingerprint: str = "1", absent: str = "") -> Offer:
    return Offer("doors", Window.of_day(day), fingerprint=fingerprint, absent=absent)


@pytest.mark.parametrize(
    ("known", "offered", "is_wanted"),
    [
        ([], offer(DAYS[0]), True),
        ([seen(DAYS[0], Status.COMPLETE)], offer(DAYS[0]), False),
        ([seen(DAYS[0], Status.COMPLETE)], offer(DAYS[0], "2"), True),
        ([seen(DAYS[0], Status.COMPLETE)], offer(DAYS[0], ""), True),
        ([seen(DAYS[0], Status.PROVISIONAL)], offer(DAYS[0]), False),
        ([seen(DAYS[0], Status.PROVISIONAL)], offer(DAYS[0], ""), True),
        ([seen(DAYS[0], Status.PROVISIONAL)], offer(DAYS[0], "2"), True),
        ([seen(DAYS[0], Status.COMPLETE), seen(DAYS[0], Status.FAILED, minute=1)], offer(DAYS[0]), True),
        ([seen(DAYS[0], Status.FAILED), seen(DAYS[0], Status.COMPLETE, minute=1)], offer(DAYS[0]), False),
        ([seen(DAYS[0], Status.MISSING)], offer(DAYS[0]), True),
        ([seen(DAYS[1], Status.COMPLETE)], offer(DAYS[0]), True),
    ],
)
def test_what_is_wanted(known: list[Entry], offered: Offer, is_wanted: bool) -> None:
    assert bool(choose("door", [offered], Known(known), ALL_TIME, NOW).wanted) is is_wanted


def test_a_missing_window_is_news_once() -> None:
    gone = offer(DAYS[0], absent="no file")
    first = choose("door", [gone], Known(), ALL_TIME, NOW)
    assert [(e.status, e.reason) for e in first.missing] == [(Status.MISSING, "no file")]
    again = choose("door", [gone], Known([seen(DAYS[0], Status.MISSING, reason="no file")]), ALL_TIME, NOW)
    assert again.missing == ()
    assert again.unchanged == 1


def test_only_windows_that_touch_the_asked_one_are_considered() -> None:
    asked = Window(datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC))
    wanted = choose("door", map(offer, DAYS), Known(), asked, NOW).wanted
    assert [o.window.start.day for o in wanted] == [2, 3]


class Door:
    """A source over a dictionary: what each day says, an error for a day that cannot be had."""

    name: ClassVar[str] = "door"
    description: ClassVar[str] = "A door."
    Settings: ClassVar[type[BaseModel]] = Part
    tables: Sequence[Table] = (DOORS,)
    metrics: Sequence[Metric] = ()

    def __init__(self, days: dict[date, int | Exception], settings: Part | None = None, context: Context | None = None):
        self.days = days
        self.is_down = False
        self.looks: str | None = None

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        if self.is_down:
            raise SourceError("the door does not answer")
        for day in DAYS:
            said = self.days.get(day)
            looks = str(said) if self.looks is None else self.looks
            yield offer(day, looks, "" if said is not None else "nobody counted")

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for wanted in offers:
            said = self.days[wanted.window.start.date()]
            if isinstance(said, Exception):
                yield Batch([wanted.failed(str(said))])
                continue
            rows = pa.table({"day": [wanted.window.start], "people": [said]}, schema=DOORS.arrow_schema())
            tell(windows=1, bytes=8)
            yield Batch([wanted.done(position=wanted.window.start.toordinal())], {"doors": rows})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"))


def run(lake: Lake, *doors: Door, **options: Any) -> Summary:
    return collect(
        lake, {"door" if not n else f"door{n}": door for n, door in enumerate(doors)}, now=lambda: NOW, **options
    )


def people(lake: Lake) -> int:
    import duckdb

    pinned = lake.snapshot([DOORS]).tables.get("doors")
    if not pinned or not pinned.files:
        return 0
    [(total,)] = duckdb.execute("SELECT sum(people) FROM read_parquet(?)", [list(pinned.files)]).fetchall()
    return int(total)


def test_collecting_twice_changes_nothing(lake: Lake) -> None:
    door = Door(dict.fromkeys(DAYS, 10))
    first = run(lake, door).sources[0]
    assert (first.complete, first.unchanged, people(lake)) == (10, 0, 100)
    version = lake.snapshot([DOORS]).version
    again = run(lake, door).sources[0]
    assert (again.complete, again.unchanged, people(lake)) == (0, 10, 100)
    assert lake.snapshot([DOORS]).version == version


def test_a_restated_window_is_replaced(lake: Lake) -> None:
    door = Door(dict.fromkeys(DAYS, 10))
    run(lake, door)
    door.days[DAYS[3]] = 50
    assert run(lake, door).sources[0].complete == 1
    assert people(lake) == 140


def test_a_failed_window_keeps_what_was_stored_and_is_tried_again(lake: Lake) -> None:
    door = Door(dict.fromkeys(DAYS, 10))
    run(lake, door)
    door.days[DAYS[0]] = SourceError("smoke")
    summary = run(lake, door).sources[0]
    assert (summary.failed, [note.reason for note in summary.notes], people(lake)) == (1, ["smoke"], 100)
    door.days[DAYS[0]] = 10
    assert run(lake, door).sources[0].complete == 1


def status_of(lake: Lake, door: Door) -> SourceStatus:
    [state] = status({"door": door}, lake.snapshot([]), NOW)
    return state


def test_a_source_that_is_down_does_not_stop_the_others_and_says_so_until_it_is_back(lake: Lake) -> None:
    down, up = Door({}), Door({DAYS[0]: 1})
    down.is_down = True
    summary = run(lake, down, up)
    assert [s.error for s in summary.sources] == ["the door does not answer", ""]
    assert people(lake) == 1
    run(lake, down)
    assert status_of(lake, down).unreachable == "the door does not answer"
    down.is_down = False
    run(lake, down)
    assert status_of(lake, down).unreachable == ""


def test_a_dry_run_tells_and_writes_nothing(lake: Lake) -> None:
    summary = run(lake, Door(dict.fromkeys(DAYS, 10)), is_dry_run=True)
    assert summary.sources[0].windows == 10
    assert not lake.root.exists()


def test_status_tells_how_fresh_with_which_gaps(lake: Lake) -> None:
    door = Door({day: 10 for day in DAYS if day.day not in (4, 5)})
    door.days[DAYS[8]] = SourceError("smoke")
    run(lake, door)
    state = status_of(lake, door)
    assert state.first == datetime(2024, 1, 1, tzinfo=UTC)
    assert state.fresh_until == NOW, "the last day is not over"
    assert [str(gap) for gap in state.gaps] == ["2024-01-04 … 2024-01-06", "2024-01-09 … 2024-01-10"]
    assert [entry.reason for entry in state.failed] == ["smoke"]


def test_status_of_what_was_never_collected_is_blank(lake: Lake) -> None:
    state = status_of(lake, Door({}))
    assert (state.fresh_until, state.windows) == (None, 0)


class SilentDoor(Door):
    """A door that only says that nothing changed."""

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        yield Batch([offer.unchanged() for offer in offers])


def test_a_window_that_only_was_looked_at_counts_as_unchanged(lake: Lake) -> None:
    run(lake, Door({DAYS[0]: 1}))
    door = SilentDoor({DAYS[0]: 1})
    door.looks = ""
    summary = run(lake, door).sources[0]
    assert (summary.complete, summary.unchanged, summary.rows) == (0, 10, 0)
    assert [entry.is_success for entry in lake.known("door") if entry.window == Window.of_day(DAYS[0])] == [True]


# What is held back, and what a source must keep to


class Houses:
    """A source of many scopes and two tables; `broken` is what it does wrong."""

    name: ClassVar[str] = "houses"
    description: ClassVar[str] = "Doors of many houses."
    Settings: ClassVar[type[BaseModel]] = Part
    metrics: Sequence[Metric] = ()

    def __init__(self, scopes: int = 40, days: int = 30, per_batch: int = 1) -> None:
        self.tables: Sequence[Table] = (HOUSES, BELLS)
        self.scopes, self.days, self.per_batch = scopes, days, per_batch
        self.people = 1
        self.seen: list[int | None] = []

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        self.seen.append(known.cursor("houses", "house-0"))
        for n in range(self.scopes):
            for day in range(self.days):
                window = Window.of_day(date(2023, 12, 20) + timedelta(days=day))
                yield Offer("houses", window, f"house-{n}", fingerprint=f"{self.people}", settles_at=window.end)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for start in range(0, len(offers), self.per_batch):
            some = offers[start : start + self.per_batch]
            yield Batch([offer.done(1, position=7) for offer in some], {"houses": self.rows(some)})

    def rows(self, offers: Sequence[Offer]) -> pa.Table:
        return pa.table(
            {
                "day": [offer.window.start for offer in offers],
                "house": [offer.scope for offer in offers],
                "people": [self.people] * len(offers),
            },
            schema=HOUSES.arrow_schema(),
        )


HOUSES = Table(
    name="houses",
    description="People in houses.",
    columns=(
        Column("day", "timestamp", Role.TIME, "When."),
        Column("house", "string", Role.DIMENSION, "Where."),
        Column("people", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(scope="house"),
)
BELLS = Table("bells", "Rings.", HOUSES.columns, Replace(scope="house"))
LATER = datetime(2024, 2, 10, 12, tzinfo=UTC)


def gather(lake: Lake, source: Any, now: datetime = LATER, **options: Any) -> SourceSummary:
    (summary,) = collect(lake, {"houses": source}, now=lambda: now, **options).sources
    return summary


def versions(lake: Lake, *tables: Table) -> list[int]:
    pinned = lake.snapshot(tables).tables
    return [pinned[table.name].version for table in tables]


def inhabitants(lake: Lake) -> dict[str, int]:
    import duckdb

    files = list(lake.snapshot([HOUSES]).tables["houses"].files)
    asked = "SELECT house, sum(people)::BIGINT FROM read_parquet(?, hive_partitioning = false) GROUP BY ALL"
    return dict(duckdb.execute(asked, [files]).fetchall())


def test_many_batches_are_one_commit_a_table_and_one_of_the_ledger(lake: Lake) -> None:
    houses = Houses()
    summary = gather(lake, houses)
    assert (summary.complete, summary.rows) == (1200, 1200)
    assert versions(lake, HOUSES, LEDGER) == [1, 1]
    assert inhabitants(lake) == {f"house-{n}": 30 for n in range(40)}
    assert gather(lake, houses).unchanged == 1200
    assert versions(lake, HOUSES, LEDGER) == [1, 1], "nothing new, nothing written"
    assert houses.seen == [None, 7], "a source reads its cursor"


def test_only_what_is_restated_is_rewritten_scope_by_scope(lake: Lake) -> None:
    houses = Houses(scopes=30)
    gather(lake, houses)
    houses.people = 5
    day = Window(datetime(2024, 1, 3, tzinfo=UTC), datetime(2024, 1, 4, tzinfo=UTC))
    assert gather(lake, houses, window=day).complete == 30
    assert inhabitants(lake) == {f"house-{n}": 34 for n in range(30)}


def test_bounds_end_what_is_held_back(lake: Lake) -> None:
    gather(lake, Houses(scopes=4), bounds=HoldBack(rows=30))
    assert versions(lake, HOUSES) == [4]
    gather(lake, Houses(scopes=5), bounds=HoldBack(seconds=0))
    assert versions(lake, HOUSES)[0] >= 4 + 30, "one a batch; files of a crowded month are joined besides"


def test_the_ledger_is_compacted_while_a_run_goes_on(lake: Lake) -> None:
    most = 0

    class Watched(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            nonlocal most
            for batch in super().fetch(offers, tell):
                ledger = lake.snapshot([]).ledger
                most = max(most, len(ledger.current) if ledger else 0)
                yield batch

    gather(lake, Watched(scopes=75, days=1), bounds=HoldBack(outcomes=1))
    assert versions(lake, HOUSES)[0] >= 75
    assert most <= 61, "a crowded month is joined every twenty commits"
    assert len(lake.known("houses")) == 75


def test_a_window_that_is_stated_twice_counts_once(lake: Lake) -> None:
    class Twice(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            yield from super().fetch(offers, tell)
            yield from super().fetch(offers, tell)

    gather(lake, Twice(scopes=2, days=3))
    assert inhabitants(lake) == {"house-0": 3, "house-1": 3}


def test_a_broken_batch_spoils_no_other(lake: Lake) -> None:
    class Stray(Houses):
        def rows(self, offers: Sequence[Offer]) -> pa.Table:
            rows = super().rows(offers)
            is_stray = offers[0].scope == "house-1"
            return rows.set_column(1, "house", pa.array(["elsewhere"])) if is_stray else rows

    summary = gather(lake, Stray(scopes=3, days=2))
    assert "1 rows of houses outside the windows and scopes that it stated" in summary.error
    assert inhabitants(lake) == {"house-0": 2, "house-2": 2}
    stored = {entry.scope for entry in lake.known("houses") if entry.is_success}
    assert stored == {"house-0", "house-2"}


def test_what_came_before_a_fault_is_kept(lake: Lake) -> None:
    class Falls(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            yield next(super().fetch(offers, tell))
            raise SourceError("the street is closed")

    summary = gather(lake, Falls(scopes=2, days=2))
    assert (summary.error, summary.complete) == ("the street is closed", 1)
    assert inhabitants(lake) == {"house-0": 1}


def test_an_offer_without_an_outcome_is_a_failure(lake: Lake) -> None:
    class Forgetful(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            yield from super().fetch(offers[1:], tell)

    summary = gather(lake, Forgetful(scopes=2, days=2))
    assert (summary.failed, summary.complete) == (1, 3)
    assert "did not report an outcome for this window" in summary.notes[0].reason


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (lambda o, rows: Batch([o.failed("no")], {"houses": rows}), "gave rows of houses without an outcome `done`"),
        (lambda o, rows: Batch([o.done()], {"stairs": rows}), "gave a batch of 'stairs'; it declares houses, bells"),
        (lambda o, rows: Batch([o.done()], {"bells": rows}), "gave rows of bells without an outcome `done`"),
    ],
)
def test_a_batch_that_breaks_a_promise_is_refused(lake: Lake, batch: Any, said: str) -> None:
    class Wrong(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            yield batch(offers[0], self.rows(offers[:1]))

    assert said in gather(lake, Wrong(scopes=1, days=1)).error


def test_unchanged_needs_something_that_is_stored(lake: Lake) -> None:
    class Calm(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            yield Batch([offer.unchanged() for offer in offers])

    summary = gather(lake, Calm(scopes=1, days=2))
    assert (summary.failed, summary.unchanged) == (2, 0)


def test_scopes_of_a_table_that_tells_none_apart_are_refused(lake: Lake) -> None:
    houses = Houses(scopes=1, days=1)
    houses.tables = (Table("houses", "", HOUSES.columns, Replace()),)
    assert "the table does not say which column holds it" in gather(lake, houses).error


# Asking again


def test_recheck_fetches_what_looks_as_it_did(lake: Lake) -> None:
    houses = Houses(scopes=2, days=10)
    gather(lake, houses)
    houses.rows = lambda offers: Houses.rows(houses, offers).set_column(  # type: ignore[method-assign]
        2, "people", pa.array([9] * len(offers), pa.int64())
    )
    assert gather(lake, houses).unchanged == 20
    day = Window(datetime(2023, 12, 24, tzinfo=UTC), datetime(2023, 12, 25, tzinfo=UTC))
    summary = gather(lake, houses, window=day, is_recheck=True)
    assert (summary.windows, summary.complete) == (2, 2)
    assert inhabitants(lake) == {"house-0": 18, "house-1": 18}


def test_a_source_learns_what_is_rechecked(lake: Lake) -> None:
    heard: list[tuple[bool, bool]] = []

    class Curious(Houses):
        def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
            for offer in super().offers(known, now):
                heard.append((known.is_rechecked(offer.window), offer.is_rechecked))
                yield offer

        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            assert all(offer.is_rechecked for offer in offers)
            yield from super().fetch(offers, tell)

    gather(lake, Curious(scopes=1, days=2), window=Window.of_day(date(2023, 12, 21)), is_recheck=True)
    assert heard == [(False, False), (True, False)]


# What looks as it did


def test_an_open_window_reaches_further_without_being_read_again(lake: Lake) -> None:
    houses = Houses(scopes=1, days=1)
    noon = datetime(2023, 12, 20, 12, tzinfo=UTC)
    assert gather(lake, houses, noon).provisional == 1
    [entry] = lake.known("houses")
    assert (entry.covered_until, entry.settles_at) == (noon, datetime(2023, 12, 21, tzinfo=UTC))
    later = noon + timedelta(hours=6)
    assert (gather(lake, houses, later).windows, lake.known("houses")[0].covered_until) == (0, later)
    after = noon + timedelta(days=2)
    assert gather(lake, houses, after).unchanged == 1
    [entry] = lake.known("houses")
    assert (entry.status, entry.covered_until) == (Status.COMPLETE, datetime(2023, 12, 21, tzinfo=UTC))
    version = versions(lake, LEDGER)
    gather(lake, houses, after + timedelta(days=1))
    assert versions(lake, LEDGER) == version, "no news, no entry"


# One source's fault, and two runs at once


class FaultyDoor(Door):
    """A door whose code is wrong: in what it offers, or in what it fetches."""

    def __init__(self, days: dict[date, int | Exception], where: str, fault: Exception) -> None:
        super().__init__(days)
        self.where, self.fault = where, fault

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        if self.where == "offers":
            raise self.fault
        yield from super().offers(known, now)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        yield from super().fetch(offers[:1], tell)
        if self.where == "fetch":
            raise self.fault


@pytest.mark.parametrize("where", ["offers", "fetch"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (KeyError("date"), "an unexpected error in the source (KeyError: 'date'); use -vv for the traceback."),
        (SettingsError("two are the same."), "two are the same."),
        (MissingExtraError("a warehouse", "bigquery"), "pip install 'footfall[bigquery]'"),
        (MemoryError(), "an unexpected error in the source (MemoryError: )"),
    ],
)
def test_a_fault_of_one_source_does_not_stop_the_others(lake: Lake, where: str, fault: Exception, said: str) -> None:
    door = FaultyDoor({DAYS[0]: 5, DAYS[1]: 6}, where, fault)
    summary = collect(lake, {"door": door, "houses": Houses(1, 1)}, now=lambda: NOW)
    assert said in summary.sources[0].error
    assert "test_collect.py" in summary.sources[0].trace
    assert summary.sources[1].error == ""
    assert inhabitants(lake) == {"house-0": 1}
    assert people(lake) == (5 if where == "fetch" else 0), "what came before the fault is kept"


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_an_interrupt_ends_the_whole_run(lake: Lake, fault: Any) -> None:
    other = Door({DAYS[0]: 1})
    with pytest.raises(KeyboardInterrupt):
        run(lake, FaultyDoor({DAYS[0]: 5}, "offers", fault), other)
    assert people(lake) == 0


def test_one_run_at_a_time_whichever_process_it_is(tmp_path: Path) -> None:
    program = f"from footfall.collect.lock import locked; from datetime import datetime, UTC; from pathlib import Path\nwith locked(Path({str(tmp_path)!r}), datetime(2026, 3, 1, 9, 30, tzinfo=UTC)): print('held', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(BusyError, match=rf"\(process {other.pid}, since 2026-03-01 09:30 UTC\)"),
            locked(tmp_path, NOW),
        ):
            pass
        other.kill()
    with locked(tmp_path, NOW), pytest.raises(BusyError), locked(tmp_path, NOW):
        pass
    with locked(tmp_path, NOW):
        (tmp_path / "collect.lock").unlink()
    with locked(tmp_path, NOW):
        pass


def test_a_folder_that_cannot_be_written_is_collected_without_a_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with locked(tmp_path / "file" / "scratch", NOW):
        pass


def test_a_scope_that_restates_nothing_stands_beside_one_that_does(lake: Lake) -> None:
    class Leaving(Houses):
        def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
            nothing = Window(offers[0].window.start, offers[0].window.start)
            yield Batch([offers[0].done(restates=nothing)])
            yield Batch([offers[1].done(1)], {"houses": self.rows(offers[1:2])})

    summary = gather(lake, Leaving(scopes=2, days=1))
    assert (summary.error, summary.complete) == ("", 2)
    assert inhabitants(lake) == {"house-1": 1}
