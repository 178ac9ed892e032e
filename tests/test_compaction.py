"""Compaction changes no answer: rows in force and past rows stand apart, on every engine and as of every moment."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.engine import DuckDB, Engine
from footfall.errors import LakeError
from footfall.lake import Lake
from footfall.lake.compaction import compact
from footfall.lake.maintain import maintain
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry, Status
from footfall.periods import Grain, Window
from footfall.tables import Column, Observe, Role, Rollup, Table
from lakes import arrow, at
from lengths import IS_LONG

MAX = Table(
    name="traffic",
    description="Two values of a day, revised.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column("repo", "string", Role.DIMENSION, "Which repository."),
        Column("label", "string", Role.ATTRIBUTE, "What it was called when it was observed."),
        Column("views", "integer", Role.MEASURE, "How many."),
        Column("uniques", "integer", Role.MEASURE, "How many visitors."),
    ),
    rule=Observe(key=("day", "repo"), resolve="max"),
    rollups=(Rollup("traffic_by_month", Grain.MONTH, ()),),
)
LATEST = replace(MAX, rule=Observe(key=("day", "repo"), resolve="latest"))
START = at("2026-03-30")
FIRST_POLL = at("2026-04-10")
VALUES = ("day", "repo", "label", "views", "uniques")


@dataclass
class Polls:
    """A lake that is polled, and everything that it was ever given."""

    folder: Path
    table: Table
    now: datetime = FIRST_POLL
    given: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lake = Lake.open(str(self.folder), now=lambda: self.now)

    def poll(self, *rows: dict[str, Any]) -> None:
        self.now += timedelta(hours=1)
        stated = [{"observed_at": self.now, "label": None, **row} for row in rows]
        self.given += stated
        self.lake.commit(self.table, arrow(self.table, stated))

    def read(self, engine: Engine, as_of: datetime | None = None) -> list[tuple[Any, ...]]:
        pinned = self.lake.snapshot([self.table], as_of).tables.get(self.table.name)
        rows = engine.run(engine.mount(pinned, self.table, as_of)).to_pylist()
        return sorted((tuple(row[name] for name in VALUES) for row in rows), key=_text)

    def expected(self, as_of: datetime | None = None) -> list[tuple[Any, ...]]:
        """By the words of the rule, in plain Python: the last observed row, with the largest of each measure for max."""
        by_key: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self.given:
            if as_of is None or row["observed_at"] <= as_of:
                by_key.setdefault((row["day"], row["repo"]), []).append(row)
        found = []
        for rows in by_key.values():
            newest = max(row["observed_at"] for row in rows)
            last = sorted((row for row in rows if row["observed_at"] == newest), key=_weight)[-1].copy()
            if self.table is MAX:
                for measure in ("views", "uniques"):
                    last[measure] = max((r[measure] for r in rows if r[measure] is not None), default=None)
            found.append(tuple(last[name] for name in VALUES))
        return sorted(found, key=_text)


def _text(row: tuple[Any, ...]) -> str:
    return repr([f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value for value in row])


def _weight(row: dict[str, Any]) -> tuple[Any, ...]:
    """How rows of one moment rank: by their measures, then by what else they say; no value ranks last."""
    return (
        *((row[m] is not None, row[m] or 0) for m in ("views", "uniques")),
        (row["label"] is not None, row["label"] or ""),
    )


def _any(chance: random.Random) -> dict[str, Any]:
    return {
        "day": START + timedelta(days=chance.randrange(4)),
        "repo": chance.choice(["core", "docs", None]),
        "views": chance.choice([None, 0, 1, 5, 9]),
        "uniques": chance.choice([None, 0, 2, 3]),
        "label": chance.choice([None, "a", "b"]),
    }


@pytest.mark.parametrize("table", [MAX, LATEST], ids=["max", "latest"])
@pytest.mark.parametrize("seed", range(3 if IS_LONG else 1))
def test_no_compaction_changes_what_is_read_at_any_moment(
    tmp_path: Path, engine: Engine, table: Table, seed: int
) -> None:
    chance = random.Random(seed)
    polls = Polls(tmp_path, table)
    moments = []
    for n in range(14):
        polls.poll(*(_any(chance) for _ in range(chance.randint(1, 6))))
        moments.append(polls.now)
        if n % 5 == 4:
            compact(polls.lake, table, crowded=chance.choice([0, 1]))
    for _ in range(2):
        assert polls.read(engine) == polls.expected()
        for moment in chance.sample(moments, 3):
            assert polls.read(engine, moment) == polls.expected(moment)
        compact(polls.lake, table, crowded=1)
    horizon = moments[7]
    maintain(polls.lake, [table], keep=polls.now - horizon)
    assert polls.read(engine) == polls.expected()
    for moment in moments[7:]:
        assert polls.read(engine, moment) == polls.expected(moment)
    polls.poll(*(_any(chance) for _ in range(6)))
    assert polls.read(engine) == polls.expected()


def test_a_reader_of_now_reads_no_past_file(tmp_path: Path) -> None:
    polls = Polls(tmp_path, LATEST)
    for views in range(12):
        polls.poll({"day": START, "repo": "core", "views": views, "uniques": 1})
    compact(polls.lake, LATEST, crowded=1)
    pinned = polls.lake.snapshot([LATEST]).tables["traffic"]
    assert [Path(file).name[:5] for file in sorted(pinned.current)] == ["live-"]
    assert sorted(Path(file).name[:5] for file in pinned.files) == ["live-", "past-"]


def test_what_is_no_longer_kept_is_refused_in_a_sentence(tmp_path: Path) -> None:
    polls = Polls(tmp_path, LATEST)
    for views in range(3):
        polls.poll({"day": START, "repo": "core", "views": views, "uniques": 1})
    polls.now = FIRST_POLL + timedelta(days=40)
    maintain(polls.lake, [LATEST], keep=timedelta(days=30))
    assert len(polls.read(DuckDB())) == 1
    with pytest.raises(LakeError, match="no longer has traffic as of 2026-04-10T02:00Z: it goes back to 2026-04-20"):
        polls.read(DuckDB(), FIRST_POLL + timedelta(hours=2))
    assert polls.read(DuckDB(), at("2026-04-20")) == polls.expected()


def test_the_same_poll_again_adds_nothing_in_whatever_order_polls_come(tmp_path: Path) -> None:
    chance = random.Random(7)
    polls = Polls(tmp_path, LATEST)
    batches = [[_any(chance) for _ in range(4)] for _ in range(6)]
    for batch in batches:
        polls.poll(*batch)
    given = polls.given.copy()
    chance.shuffle(given)
    rows = polls.lake.snapshot([LATEST]).tables["traffic"].files
    for row in given:
        polls.lake.commit(LATEST, arrow(LATEST, [row]))
    assert polls.read(DuckDB()) == polls.expected()
    assert polls.lake.snapshot([LATEST]).tables["traffic"].files == rows
    late = Polls(tmp_path / "late", LATEST, given=given)
    for row in given:
        late.lake.commit(LATEST, arrow(LATEST, [row]))
    for moment in {row["observed_at"] for row in given}:
        assert late.read(DuckDB(), moment) == polls.expected(moment)


def test_maintaining_again_changes_nothing(tmp_path: Path) -> None:
    polls = Polls(tmp_path, MAX)
    for views in (3, 9, 1):
        polls.poll({"day": START, "repo": "core", "views": views, "uniques": views})
    maintain(polls.lake, [MAX])
    version = polls.lake.snapshot([MAX]).tables["traffic"].version
    maintain(polls.lake, [MAX])
    assert polls.lake.snapshot([MAX]).tables["traffic"].version == version


def test_a_rollup_of_observed_values_sums_what_readers_see_and_follows(tmp_path: Path) -> None:
    polls = Polls(tmp_path, MAX)

    def rolled() -> list[tuple[str, int]]:
        refresh(polls.lake, MAX)
        table = MAX.rolled(MAX.rollups[0])
        tables = polls.lake.snapshot([MAX]).tables
        assert tables["traffic_by_month"].built_from == tables["traffic"].version
        engine = DuckDB()
        rows = engine.run(engine.mount(tables["traffic_by_month"], table)).to_pylist()
        return sorted((f"{row['day']:%Y-%m}", row["views"]) for row in rows)

    polls.poll(*({"day": START + timedelta(days=d), "repo": "core", "views": 10, "uniques": 1} for d in range(4)))
    assert rolled() == [("2026-03", 20), ("2026-04", 20)]
    polls.poll({"day": START, "repo": "core", "views": 15, "uniques": 0})
    polls.poll({"day": START, "repo": "core", "views": 2, "uniques": 0})
    assert rolled() == [("2026-03", 25), ("2026-04", 20)]
    compact(polls.lake, MAX, crowded=1)
    tables = polls.lake.snapshot([MAX]).tables
    assert tables["traffic_by_month"].built_from == tables["traffic"].version
    assert rolled() == [("2026-03", 25), ("2026-04", 20)]


def test_a_value_without_a_moment_stands_over_what_was_known_whatever_the_clock_does(tmp_path: Path) -> None:
    polls = Polls(tmp_path, LATEST)
    bare = replace(LATEST, columns=tuple(c for c in LATEST.columns if c.name != "observed_at"))
    for views, hours in ((1, 0), (2, -5), (3, -9)):
        polls.now = FIRST_POLL + timedelta(hours=hours)
        rows = arrow(LATEST, [{"day": START, "repo": "core", "views": views, "uniques": 0}])
        polls.lake.commit(bare, rows if views == 2 else rows.drop_columns(["observed_at"]))
    assert [row[3] for row in polls.read(DuckDB())] == [3]


# The ledger


def entry(day: int, scope: str = "", status: Status = Status.COMPLETE, **more: Any) -> Entry:
    window = Window(START + timedelta(days=day), START + timedelta(days=day + 1))
    return Entry("s", "t", scope, window, status, window.end, **more)


@pytest.mark.parametrize("seed", range(4 if IS_LONG else 2))
def test_a_compacted_ledger_says_the_same_now_and_then(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clock = [FIRST_POLL]
    plain, tidy = (Lake.open(str(tmp_path / name), now=lambda: clock[0]) for name in ("plain", "tidy"))
    moments = []
    for n in range(12):
        clock[0] += timedelta(days=1)
        moments.append(clock[0])
        statuses = [Status.COMPLETE, Status.PROVISIONAL, Status.FAILED, Status.MISSING]
        entries = [
            entry(day, scope, chance.choice(statuses), rows=chance.randrange(9), fingerprint=f"{chance.random()}")
            for day in range(4)
            for scope in ("", "a", "b")
            if chance.random() < 0.5
        ]
        for lake in (plain, tidy):
            lake.record(entries)
        if n % 3 == 2:
            compact(tidy, LEDGER, crowded=1)
    maintain(tidy, [], keep=clock[0] - moments[5])
    assert list(tidy.known()) == list(plain.known())
    assert tidy.snapshot([]).collected("t") == plain.snapshot([]).collected("t")
    for moment in moments[5:]:
        assert tidy.snapshot([], moment).collected("t") == plain.snapshot([], moment).collected("t")
    with pytest.raises(LakeError, match="no longer has ledger as of"):
        tidy.snapshot([], moments[2]).collected("t")
    assert tidy.disputed("s", moments[6]) == plain.disputed("s", moments[6])


def test_the_ledger_that_is_read_stays_within_twice_its_live_entries(tmp_path: Path) -> None:
    clock = [FIRST_POLL]
    lake = Lake.open(str(tmp_path), now=lambda: clock[0])
    for hour in range(8):
        clock[0] += timedelta(hours=1)
        lake.record([entry(0, f"repo-{n}", Status.PROVISIONAL, rows=hour) for n in range(250)])
        compact(lake, LEDGER)
        read = lake.snapshot([]).ledger
        assert read is not None
        assert len(read.current) <= 3
    assert len(lake.known()) == 250
    assert len(list(lake.root.glob("ledger/month=*/past-*.parquet"))) >= 5
    maintain(lake, [], keep=timedelta(0))
    assert {Path(file).name[:5] for file in lake.snapshot([]).ledger.files} == {"live-"}  # type: ignore[union-attr]
