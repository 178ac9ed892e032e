"""Two processes that collect one source into one lake, and clocks that go backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from footfall.collect import collect
from footfall.lake import Lake
from footfall.ledger import Known, Status
from footfall.metrics import Metric
from footfall.periods import Window
from footfall.sources import Batch, Offer, Progress
from footfall.tables import Rows, Table
from lakes import LAUNCHES, LakeOf, arrow, at, collected

pytestmark = pytest.mark.slow

DAY = Window.of_day(date(2021, 2, 1))
NOW = at("2021-03-01")


@dataclass
class Upstream:
    """A source of one day, which has `launches`; `on_read` happens between reading and handing over."""

    launches: int = 1
    on_read: Callable[[], object] = lambda: None
    name: ClassVar[str] = "test"
    description: ClassVar[str] = "a test"
    Settings: ClassVar[type[BaseModel]] = BaseModel
    tables: Sequence[Table] = (LAUNCHES,)
    metrics: Sequence[Metric] = ()
    readings: list[int] = field(default_factory=list)

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        return [Offer(LAUNCHES.name, DAY, fingerprint=f"{self.launches}")]

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        for offer in offers:
            read = self.launches
            self.readings.append(read)
            self.on_read()
            rows = arrow(LAUNCHES, [{"hour": DAY.start, "repo": "a/b", "launches": read}])
            yield Batch([offer.done(read, fingerprint=f"{read}")], {LAUNCHES.name: rows})


def stored(folder: Path) -> int:
    (launches,) = LakeOf(folder, {}).ask("launches", grain="total").rows["launches"].to_pylist()
    assert isinstance(launches, int)
    return launches


class Paused(Lake):
    """A lake that waits between the rows and the ledger."""

    after_rows: Callable[[], object] = staticmethod(lambda: None)

    def commit(self, table: Table, rows: Rows | None, **more: Any) -> int:
        version = super().commit(table, rows, **more)
        if table is LAUNCHES:
            self.after_rows()
        return version


def hand_over(mine: Event, theirs: Event) -> None:
    mine.set()
    theirs.wait(30)


def test_nobody_vouches_for_rows_that_a_slower_collector_overwrote(tmp_path: Path) -> None:
    """The slow one reads before a restatement and writes after the quick one, who then records the newer reading."""
    has_read, has_written, is_done = Event(), Event(), Event()
    slow, quick = Upstream(launches=1), Upstream(launches=2)

    def run_slow() -> None:
        slow.on_read = lambda: hand_over(has_read, has_written)
        collect(Lake.open(str(tmp_path)), {"test": slow}, now=lambda: NOW)
        is_done.set()

    lake = Paused(tmp_path)
    lake.after_rows = lambda: hand_over(has_written, is_done)
    thread = Thread(target=run_slow)
    thread.start()
    has_read.wait(30)
    collect(lake, {"test": quick}, now=lambda: NOW)
    thread.join()
    assert stored(tmp_path) == 1
    collect(Lake.open(str(tmp_path)), {"test": quick}, now=lambda: NOW)
    assert stored(tmp_path) == 2
    collect(Lake.open(str(tmp_path)), {"test": quick}, now=lambda: NOW)
    assert quick.readings == [2, 2]


def test_a_restatement_that_was_killed_and_taken_back_is_not_believed(tmp_path: Path) -> None:
    """Killed between rows and ledger; then the source goes back to what the ledger remembers, and the rows are not it."""

    def die() -> None:
        raise KeyboardInterrupt

    upstream = Upstream(launches=1)
    collect(Lake.open(str(tmp_path)), {"test": upstream}, now=lambda: NOW)
    upstream.launches = 2
    lake = Paused(tmp_path)
    lake.after_rows = die
    with pytest.raises(KeyboardInterrupt):
        collect(lake, {"test": upstream}, now=lambda: NOW)
    assert stored(tmp_path) == 2
    upstream.launches = 1
    collect(Lake.open(str(tmp_path)), {"test": upstream}, now=lambda: NOW)
    assert stored(tmp_path) == 1
    assert upstream.readings == [1, 2, 1]


def test_two_that_find_the_same_leave_nothing_to_do(tmp_path: Path) -> None:
    slow, quick = Upstream(), Upstream()
    slow.on_read = lambda: collect(Lake.open(str(tmp_path)), {"test": quick}, now=lambda: NOW)
    for _ in range(2):
        collect(Lake.open(str(tmp_path)), {"test": slow}, now=lambda: NOW)
    assert slow.readings == [1]


def test_an_older_outcome_does_not_win_when_the_clock_goes_backwards(tmp_path: Path) -> None:
    day = [DAY.start.date()]
    for seconds, more in ((9, {"rows": 1}), (5, {"status": Status.FAILED}), (5, {"rows": 2}), (0, {"rows": 3})):
        moment = at("2021-03-01") + timedelta(seconds=seconds)
        lake = Lake.open(str(tmp_path), now=lambda moment=moment: moment)  # type: ignore[misc]
        lake.record(collected(day, **more))
        newest = max(lake.known("test"), key=lambda e: e.observed_at or DAY.start)
        assert (newest.status, newest.rows) == (more.get("status", Status.COMPLETE), more.get("rows", 0))
    assert [entry.rows for entry in Lake.open(str(tmp_path)).known("test")] == [3]
