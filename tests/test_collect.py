from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pydantic import BaseModel

from footfall.collect import SourceStatus, Summary, choose, collect, status
from footfall.errors import SourceError
from footfall.lake import Lake
from footfall.ledger import Entry, Known, Status
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
