"""Levels whose series are sampled apart, and counters that reset, against plain Python over random data."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.engine import DuckDB, Engine
from footfall.errors import DeclarationError, FootfallError
from footfall.lake import Lake, Restated
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Subject
from footfall.periods import ALL_TIME, Window
from footfall.query import Query
from footfall.result import Result
from footfall.tables import Column, Replace, Role, Table
from lakes import arrow, at
from lengths import IS_LONG

STEP = timedelta(minutes=30)
HUBS = Table(
    name="hubs",
    description="Users of each hub, sampled apart, and downloads of each asset so far.",
    columns=(
        Column("sampled_at", "timestamp", Role.TIME, "When."),
        Column("cluster", "string", Role.DIMENSION, "Where."),
        Column("hub", "string", Role.DIMENSION, "Which hub."),
        Column("users", "integer", Role.MEASURE, "How many."),
    ),
    rule=Replace(),
)
TABLES = {"hubs": HUBS}
WITHIN: tuple[Literal["mean", "max", "last"], ...] = ("mean", "max", "last")
METRICS = {
    each.name: each
    for each in (
        *(
            Metric(
                w, w, "Users.", Kind.LEVEL, "users", (Fact("hubs", ("users",)),), within=w, step=STEP, series=("hub",)
            )
            for w in WITHIN
        ),
        Metric(
            "downloads",
            "Downloads",
            "Downloads.",
            Kind.COUNTER,
            "downloads",
            (Fact("hubs", ("users",)),),
            series=("hub",),
        ),
    )
}
SILENCE = timedelta(days=1)
START, END = at("2026-02-10"), at("2026-02-13")
NOW = at("2026-03-01")
Row = dict[str, Any]


def row(moment: str | datetime, hub: str, users: int | None, cluster: str = "c") -> Row:
    when = at(moment) if isinstance(moment, str) else moment
    return {"sampled_at": when, "hub": hub, "users": users, "cluster": cluster}


@dataclass
class Hubs:
    """A lake of samples, all of whose time was collected."""

    folder: Path
    rows: Sequence[Row]
    engine: Engine = field(default_factory=DuckDB)

    def __post_init__(self) -> None:
        self.lake = Lake.open(str(self.folder), now=lambda: NOW)
        self.lake.commit(HUBS, arrow(HUBS, self.rows), replaces=[Restated(ALL_TIME)])
        self.lake.record([Entry("test", "hubs", "", Window(at("2026-01-01"), at("2026-02-28")), Status.COMPLETE, NOW)])

    def ask(self, name: str, **asked: Any) -> Result:
        asked = {"since": START, "until": END, **asked}
        query = Query.parse(name, metrics=METRICS, tables=TABLES, now=NOW, **asked)
        subject = Subject.of(METRICS[name], TABLES)
        return answer(query, [subject], self.lake.snapshot(subject.tables), self.engine, NOW)

    def values(self, name: str, **asked: Any) -> list[Any]:
        values: list[Any] = self.ask(name, **asked).rows[name].to_pylist()
        return values

    def cells(self, name: str, **asked: Any) -> dict[tuple[Any, ...], tuple[Any, float]]:
        result = self.ask(name, **asked)
        return {
            (r["period"].replace(tzinfo=None), *(r[d] for d in result.query.by)): (r[name], r["coverage"])
            for r in result.rows.to_pylist()
        }


class TestLevel:
    DAY: ClassVar = {"grain": "day", "since": "2026-02-10", "until": "2026-02-11"}

    def test_series_that_are_sampled_a_second_apart_are_added(self, tmp_path: Path) -> None:
        hubs = Hubs(tmp_path, [row("2026-02-10T12:00:01", "a", 10), row("2026-02-10T12:00:02", "b", 20)])
        assert [hubs.values(name, **self.DAY) for name in WITHIN] == [[30.0], [30], [30]]

    def test_a_series_whose_last_sample_is_missing_lowers_the_coverage_and_not_the_sum(self, tmp_path: Path) -> None:
        rows = [row(f"2026-02-10T{h}:00:01", hub, n) for h in ("11", "12") for hub, n in (("a", 10), ("b", 20))]
        result = Hubs(tmp_path, rows[:-1]).ask("last", **self.DAY)
        assert result.rows["last"].to_pylist() == [30]
        assert result.rows["coverage"].to_pylist() == [0.5]

    def test_an_hour_has_one_answer_in_every_window(self, tmp_path: Path) -> None:
        rows = [
            row("2026-02-12T22:01", "b", 5),
            row("2026-02-12T23:30", "a", 1),
            row("2026-02-14T02:36", "b", 3),
        ]
        hubs = Hubs(tmp_path, rows)
        for until in ("2026-02-13", "2026-02-14", "2026-02-15"):
            cells = hubs.cells("mean", grain="hour", since="2026-02-12", until=until)
            assert cells[(at("2026-02-12T23:00").replace(tzinfo=None),)] == (6, 0.5), until

    def test_a_series_that_ended_is_not_carried_on(self, tmp_path: Path) -> None:
        """b was silent for more than a day while a went on: it ended with its last sample, and is not a zero."""
        hours = [START + timedelta(hours=h) for h in range(72)]
        rows = [row(hour, "a", 10) for hour in hours] + [row(hour, "b", 20) for hour in hours[:12]]
        hubs = Hubs(tmp_path, rows)
        assert hubs.values("last", grain="day") == [10, 10, 10]
        assert hubs.values("mean", grain="day") == [20, 10, 10]
        by_hub = hubs.cells("mean", grain="day", by="hub")
        assert [by_hub[START.replace(tzinfo=None) + timedelta(days=n), "b"][0] for n in range(3)] == [20, None, None]
        assert hubs.ask("mean", grain="day").rows["coverage"].to_pylist() == [1, 1, 1]

    def test_the_last_sample_of_a_step_counts(self, tmp_path: Path) -> None:
        hubs = Hubs(tmp_path, [row("2026-02-10T12:01", "a", 10), row("2026-02-10T12:29", "a", 4)])
        assert [hubs.values(name, **self.DAY) for name in WITHIN] == [[4], [4], [4]]

    def test_of_two_samples_of_one_moment_the_larger_counts(self, tmp_path: Path) -> None:
        for n, users in enumerate(((3, 8), (8, 3))):
            rows = [row("2026-02-10T12:05", "a", each) for each in users]
            assert Hubs(tmp_path / str(n), rows).values("last", **self.DAY) == [8]

    def test_what_it_cannot_give_is_refused(self, tmp_path: Path) -> None:
        hubs = Hubs(tmp_path, [row("2026-02-10T12:01", "a", 10)])
        with pytest.raises(
            FootfallError, match="mean is a level, which does not add up over time; ask without cumulative"
        ):
            hubs.ask("mean", cumulative=True)

    @pytest.mark.parametrize("step", [None, timedelta(0), timedelta(minutes=7), timedelta(days=2)])
    def test_a_step_divides_a_day(self, step: timedelta | None) -> None:
        with pytest.raises(DeclarationError, match="needs a step that divides a day"):
            Metric("x", "X", "X.", Kind.LEVEL, "x", (Fact("hubs", ("users",)),), step=step)


class TestCounter:
    def test_values_of_one_moment_are_no_reset_whatever_their_order(self, tmp_path: Path) -> None:
        """10, then 12 and 15 at one moment, then 16: 6 gained, not 5 + 12 + 4."""
        at_once = [row("2026-02-10T02:00", "a", 15), row("2026-02-10T02:00", "a", 12)]
        for n, pair in enumerate((at_once, at_once[::-1])):
            rows = [row("2026-02-10T01:00", "a", 10), *pair, row("2026-02-10T03:00", "a", 16)]
            assert Hubs(tmp_path / str(n), rows).values("downloads", grain="day") == [6, 0, 0]

    def test_a_gain_is_never_negative(self, tmp_path: Path) -> None:
        """A value below zero is a fault of the source; it has gained nothing."""
        moments = ("2026-02-10T01:00", "2026-02-10T03:00", "2026-02-11T03:00", "2026-02-12T03:00")
        rows = [row(moment, "a", value) for moment, value in zip(moments, (5, -7, -9, 3), strict=True)]
        assert Hubs(tmp_path, rows).values("downloads", grain="day") == [0, 0, 12]

    def test_gains_and_a_reset(self, tmp_path: Path) -> None:
        rows = [row(f"2026-02-10T0{h}", "a", n) for h, n in enumerate([10, 15, 2, 4])]
        hubs = Hubs(tmp_path, rows)
        assert hubs.values("downloads", grain="total") == [5 + 2 + 2]
        assert hubs.values("downloads", grain="hour", until="2026-02-10T05Z") == [None, 5, 2, 2, 0]

    def test_the_last_observation_before_the_window_is_the_baseline(self, tmp_path: Path) -> None:
        rows = [row("2026-02-01", "a", 10), row("2026-02-09", "a", 17), row("2026-02-10T05", "a", 20)]
        assert Hubs(tmp_path, rows).values("downloads", grain="total") == [3]

    def test_a_gain_stands_whole_in_the_period_of_the_later_observation(self, tmp_path: Path) -> None:
        rows = [row("2026-02-10", "a", 10), row("2026-02-12T05", "a", 40)]
        assert Hubs(tmp_path, rows).values("downloads", grain="day") == [None, 0, 30]

    def test_a_first_observation_is_no_gain_and_not_known(self, tmp_path: Path) -> None:
        result = Hubs(tmp_path, [row("2026-02-10", "a", 10)]).ask("downloads", grain="day", until="2026-02-11")
        assert (result.rows["downloads"].to_pylist(), result.rows["coverage"].to_pylist()) == ([None], [0.0])
        assert "1 day has only first observations, which have no earlier value to compare with." in result.notes

    def test_an_observation_without_a_value_is_no_gain_of_zero(self, tmp_path: Path) -> None:
        rows = [row("2026-02-09", "a", 10), row("2026-02-10", "a", None), row("2026-02-11", "a", 14)]
        result = Hubs(tmp_path, rows).ask("downloads", grain="day", until="2026-02-12")
        assert result.rows["downloads"].to_pylist() == [None, 4]
        assert result.rows["coverage"].to_pylist() == [0.0, 1.0]

    def test_the_running_total_keeps_what_vanished_and_what_was_before(self, tmp_path: Path) -> None:
        rows = [
            *(row(f"2026-02-{d:02}", "a", n) for d, n in ((8, 100), (10, 105))),
            *(row(f"2026-02-{d:02}", "b", n) for d, n in ((9, 50), (10, 51), (11, 3), (12, 4))),
        ]
        hubs = Hubs(tmp_path, rows)
        assert hubs.values("downloads", grain="day", cumulative=True) == [156, 159, 160]
        assert hubs.values("downloads", grain="day") == [6, 3, 1]


# --- against plain Python

_SAMPLE = st.tuples(
    st.integers(-60, 200), st.integers(0, 29), st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 20))
)


def rows_of(samples: Sequence[tuple[int, int, str, int | None]]) -> list[Row]:
    """One sample a series and moment: half an hour and a minute within it."""
    found = {(START + timedelta(minutes=30 * step + minute), hub): n for step, minute, hub, n in samples}
    return [row(moment, hub, n, cluster="x" if hub == "a" else "y") for (moment, hub), n in sorted(found.items())]


def starts(grain: str) -> dict[datetime, list[datetime]]:
    """The steps of each period of the window."""
    periods: dict[datetime, list[datetime]] = {}
    moment = START
    while moment < END:
        start = (
            START
            if grain == "total"
            else moment.replace(minute=0)
            if grain == "hour"
            else moment.replace(hour=0, minute=0)
        )
        periods.setdefault(start, []).append(moment)
        moment += STEP
    return periods


def level_of(
    rows: Sequence[Row], within: str, grain: str, chosen: Sequence[Row]
) -> Iterator[tuple[datetime, Any, float]]:
    def step_of(moment: datetime) -> datetime:
        return moment.replace(minute=moment.minute // 30 * 30)

    sampled = sorted({step_of(r["sampled_at"]) for r in rows})
    by_hub: dict[str, dict[datetime, int]] = defaultdict(dict)
    for each in sorted(chosen, key=lambda r: r["sampled_at"]):
        if each["users"] is not None:
            by_hub[each["hub"]][step_of(each["sampled_at"])] = each["users"]
    for start, steps in starts(grain).items():
        sums, seen, counted = [], [], []
        for step in (s for s in steps if s in sampled):
            values, observed = [], 0
            for samples in by_hub.values():
                before = [s for s in samples if s <= step]
                if not before:
                    continue
                last = max(before)
                after = min((s for s in samples if s > step), default=datetime.max.replace(tzinfo=UTC))
                newest = max(s for s in sampled if s <= step + SILENCE)
                if last == step or after - last <= SILENCE or newest - last < SILENCE:
                    values.append(samples[last])
                    observed += last == step
            if values:
                sums.append(sum(values))
                seen.append(observed)
                counted.append(len(values))
        if not sums:
            yield start, None, 1.0
        elif within == "last":
            yield start, sums[-1], seen[-1] / counted[-1]
        else:
            value = max(sums) if within == "max" else sum(sums) / len(sums)
            yield start, value, sum(seen) / sum(counted)


def gains_of(rows: Sequence[Row], grain: str, chosen: str | None) -> Iterator[tuple[datetime, Any, float]]:
    gained: dict[datetime, list[int | None]] = defaultdict(list)
    before: dict[str, int | None] = {}
    for each in sorted(rows, key=lambda r: r["sampled_at"]):
        hub, value, moment = each["hub"], each["users"], each["sampled_at"]
        last = before.get(hub)
        if chosen in (None, hub) and START <= moment < END:
            gain = None if value is None or last is None else value - last if value >= last else value
            gained[max(s for s in starts(grain) if s <= moment)].append(gain)
        before[hub] = last if value is None else value
    for start in starts(grain):
        known = [g for g in gained[start] if g is not None]
        if gained[start] and not known:
            yield start, None, 0.0
        else:
            yield start, sum(known), 1.0


def _close(cells: dict[Any, Any]) -> dict[Any, Any]:
    return {
        key: (value if value is None else pytest.approx(value), pytest.approx(share))
        for key, (value, share) in cells.items()
    }


@settings(max_examples=80 if IS_LONG else 10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_SAMPLE, min_size=1, max_size=60), st.sampled_from(["hour", "day", "total"]))
def test_random_samples(samples: list[Any], grain: str) -> None:
    rows = rows_of(samples)
    with TemporaryDirectory() as folder:
        _check(Hubs(Path(folder), rows), rows, grain)


def _check(hubs: Hubs, rows: list[Row], grain: str) -> None:
    for within in WITHIN:
        wanted = {
            (start.replace(tzinfo=None),): (value, share) for start, value, share in level_of(rows, within, grain, rows)
        }
        assert hubs.cells(within, grain=grain) == _close(wanted), within
        of_y = [each for each in rows if each["cluster"] == "y"]
        if of_y:
            wanted = {(s.replace(tzinfo=None),): (v, share) for s, v, share in level_of(rows, within, grain, of_y)}
            assert hubs.cells(within, grain=grain, where="cluster=y") == _close(wanted), within
    wanted = {(start.replace(tzinfo=None),): (value, share) for start, value, share in gains_of(rows, grain, None)}
    assert hubs.cells("downloads", grain=grain) == _close(wanted)
    hub = rows[0]["hub"]
    wanted = {(start.replace(tzinfo=None),): (value, share) for start, value, share in gains_of(rows, grain, hub)}
    assert hubs.cells("downloads", grain=grain, where=f"hub={hub}") == _close(wanted)


def test_engines_agree(engine: Engine, tmp_path: Path) -> None:
    chance = random.Random(7)
    samples = [
        (chance.randrange(-60, 200), chance.randrange(30), chance.choice("abc"), chance.choice([None, *range(20)]))
        for _ in range(250)
    ]
    rows = rows_of(samples)
    hubs = Hubs(tmp_path, rows, engine)
    _check(hubs, rows, "hour")
    _check(hubs, rows, "day")


def test_the_daily_users_of_a_real_hub(shared_data: Path, tmp_path: Path) -> None:
    """A term of a university's hub: its published mean, largest and smallest day, and a second hub next to it."""
    file = shared_data / "jupyterhub" / "berkeley_datahub" / "spring2023_daily_active_users.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        days = [(datetime.fromisoformat(line["start"]), int(line["user"])) for line in csv.DictReader(lines)]
    assert (len(days), min(n for _, n in days)) == (122, 114)
    rows = [row(moment.astimezone(START.tzinfo), "datahub", n) for moment, n in days]
    beside = [row(moment.astimezone(START.tzinfo) + timedelta(seconds=40), "other", 1000) for moment, _ in days]
    asked = {"grain": "total", "since": at("2023-01-01"), "until": at("2023-06-01")}
    hub = Hubs(tmp_path / "one", rows)
    assert hub.values("mean", **asked) == [pytest.approx(1811.37, abs=0.005)]
    assert hub.values("max", **asked) == [3532]
    assert hub.values("last", **asked) == [days[-1][1]]
    both = Hubs(tmp_path / "both", [*rows, *beside])
    assert both.values("mean", **asked) == [pytest.approx(2811.37, abs=0.005)]
    assert both.values("max", **asked) == [4532]
