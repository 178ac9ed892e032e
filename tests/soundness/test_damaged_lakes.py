"""A lake with one damaged file: every answer is right, or says that something is wrong."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from footfall.annotations import NOTHING_HAPPENED
from footfall.engine import DuckDB
from footfall.errors import FootfallError
from footfall.lake import Lake, Restated
from footfall.lake.compaction import compact
from footfall.lake.examining import examine_lake
from footfall.lake.repairing import repair_lake
from footfall.lake.rollups import refresh
from footfall.ledger import LEDGER, Entry
from footfall.periods import Window
from lakes import COMMITS, HOUR, LAUNCHES, VIEWS, LakeOf, arrow, at, collected, days
from lengths import IS_LONG

FIRST, LAST = "2021-01-20", "2021-02-10"
DAYS = days(FIRST, LAST)
NOW = datetime(2021, 3, 10, 12, tzinfo=UTC)
SOURCES = {"test": (LAUNCHES, VIEWS, COMMITS)}
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("launches", {"grain": "month"}),
    ("launches", {"grain": "day", "where": ["origin=a"]}),
    ("repos", {"grain": "month"}),
    ("views", {"grain": "day"}),
)
ENGINE = DuckDB()


def launches_on(n: int) -> list[dict[str, Any]]:
    hours = [at(f"{DAYS[n]}") + hour * HOUR for hour in (1, 9, 17)]
    return [
        {
            "hour": hour,
            "provider": "gh",
            "repo": f"r{(n + k) % 4}",
            "origin": "ab"[k % 2],
            "token": None,
            "launches": n + k,
        }
        for k, hour in enumerate(hours)
    ]


def views_on(n: int) -> list[dict[str, Any]]:
    """Polled twice, the second time higher."""
    day = at(f"{DAYS[n]}")
    seen = (day + timedelta(days=1), day + timedelta(days=2))
    return [{"day": day, "repo": "r", "views": 10 * n + k, "observed_at": moment} for k, moment in enumerate(seen)]


def build(folder: Path) -> Path:
    """Three weeks, a commit per day as years of collecting write them, with checkpoints, rollups and compacted months."""
    lake = opened(folder)
    for n, day in enumerate(DAYS):
        window = Window.of_day(day)
        lake.commit(LAUNCHES, arrow(LAUNCHES, launches_on(n)), replaces=[Restated(window)])
        for row in views_on(n):
            lake.commit(VIEWS, arrow(VIEWS, [row]))
        if n % 7 == 6:
            compact(lake, VIEWS, crowded=1)
        lake.record([*collected([day]), *collected([day], VIEWS)])
    refresh(lake, LAUNCHES)
    lake.vouch(["launches", "views"])
    compact(lake, LEDGER)
    return folder


def opened(folder: Path) -> Lake:
    """With a real clock: the age of a table's version comes from the clock of the machine."""
    return Lake.open(str(folder))


def answers(folder: Path) -> list[dict[Any, tuple[Any, float]]]:
    """Value and coverage of every period of every question, from a freshly opened lake."""
    there = LakeOf.__new__(LakeOf)
    there.folder, there.now, there.engine, there.happened = folder, NOW, ENGINE, NOTHING_HAPPENED
    there.lake = opened(folder)
    found = []
    for name, asked in QUESTIONS:
        rows = there.rows_of(name, since=FIRST, until="2021-02-11", **asked)
        found.append({row[0]: (row[-2], row[-1]) for row in rows})
    return found


def expected() -> list[dict[str, Any]]:
    """The same, from the rows that were written, in plain Python."""
    rows = [
        (f"{row['hour']:%Y-%m}-01", f"{row['hour']:%Y-%m-%d}", row) for n in range(len(DAYS)) for row in launches_on(n)
    ]
    by_month = {month: sum(row["launches"] for m, _, row in rows if m == month) for month, _, _ in rows}
    repos = {month: len({row["repo"] for m, _, row in rows if m == month}) for month, _, _ in rows}
    of_a = {day: sum(row["launches"] for _, d, row in rows if d == day and row["origin"] == "a") for _, day, _ in rows}
    views = {f"{day}": 10 * n + 1 for n, day in enumerate(DAYS)}
    return [by_month, of_a, repos, views]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound") / "lake")


def copy_of(lake: Path, to: Path) -> Path:
    """A copy whose files are links: a damaged one is a new file."""
    return Path(shutil.copytree(lake, to, copy_function=os.link))


def damaged(whole: bytes, is_text: bool, dice: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """What a disk, a copy or a hand may leave of a file; None is nothing."""
    yield "missing", None
    yield "empty", b""
    yield "its first half", whole[: len(whole) // 2]
    if is_text:
        lines = whole.splitlines(keepends=True)
        for kept in {len(lines) // 2, len(lines) - 1} - {0}:
            yield f"its first {kept} lines", b"".join(lines[:kept])
    for place in dice.sample(range(len(whole)), 3):
        bit = 1 << dice.randrange(8)
        yield f"bit {bit} of byte {place} flipped", whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]


def wrong(
    found: list[dict[Any, tuple[Any, float]]], right: list[dict[str, Any]], whole: list[dict[Any, float]]
) -> list[str]:
    """Numbers that are not right, of periods that are said to be collected as far as in the sound lake."""
    faults = []
    for n, each in enumerate(right):
        for period, value in each.items():
            got, coverage = found[n].get(period, (None, 1.0))
            if got != value and coverage >= whole[n][period]:
                faults.append(f"{QUESTIONS[n]} {period}: {got} with coverage {coverage}, right is {value}")
    return faults


def coverage_of(found: list[dict[Any, tuple[Any, float]]]) -> list[dict[Any, float]]:
    return [{period: coverage for period, (_, coverage) in each.items()} for each in found]


def of_each_kind(lake: Path) -> list[list[Path]]:
    """A middle and the last file of each table and kind: logs, checkpoints, data, rows in force, past rows."""
    kinds: dict[tuple[str, str, str], list[Path]] = {}
    for file in sorted(path.relative_to(lake) for path in lake.rglob("*") if path.is_file()):
        name = file.name.split("-")[0]
        kinds.setdefault((file.parts[0], file.suffix, name if name in ("live", "past") else ""), []).append(file)
    return [sorted({each[len(each) // 2], each[-1]}) for _, each in sorted(kinds.items())]


def test_the_sound_lake_answers_right(sound: Path) -> None:
    found = [{period: value for period, (value, _) in each.items()} for each in answers(sound)]
    assert [
        {period: each[period] for period in right} for each, right in zip(found, expected(), strict=True)
    ] == expected()
    assert [one.said for one in examine_lake(opened(sound), SOURCES["test"]) if not one.is_intact] == []


def test_no_damaged_file_gives_a_wrong_number(sound: Path, tmp_path: Path) -> None:
    """Every kind of file, damaged in every way: the right numbers, or one sentence, or time that was not collected."""
    dice, right, whole = random.Random(7), expected(), coverage_of(answers(sound))
    faults, said = [], 0
    for n, file in enumerate(chain(*of_each_kind(sound))):
        some = dice.sample(
            list(damaged((sound / file).read_bytes(), file.suffix == ".json", dice)), 4 if IS_LONG else 1
        )
        for m, (name, left) in enumerate(some):
            copy = copy_of(sound, tmp_path / f"{n}-{m}")
            (copy / file).unlink()
            if left is not None:
                (copy / file).write_bytes(left)
            try:
                faults += [f"{file}, {name}: {fault}" for fault in wrong(answers(copy), right, whole)]
            except FootfallError as error:
                said += 1
                faults += [f"{file}, {name}: {error}"] if "\n" in str(error) else []
            except Exception as error:
                faults.append(f"{file}, {name}: {type(error).__name__}: {error}"[:300])
            shutil.rmtree(copy)
    assert faults == []
    assert said > (30 if IS_LONG else 7)


def repair(lake: Lake) -> list[str]:
    said = [f"{one.table}: {one.said}" for one in repair_lake(lake, SOURCES)]
    assert [one.said for one in examine_lake(lake, SOURCES["test"]) if not one.is_intact] == []
    return said


def collect_again(lake: Lake) -> int:
    """What `collect` does: days that the ledger does not vouch for are fetched and stored; how many there were."""
    known = {(entry.table, entry.window) for entry in lake.known() if entry.is_success}
    fetched: list[Entry] = []
    for n, day in enumerate(DAYS):
        if ("launches", Window.of_day(day)) not in known:
            lake.commit(LAUNCHES, arrow(LAUNCHES, launches_on(n)), replaces=[Restated(Window.of_day(day))])
            fetched += collected([day])
        if ("views", Window.of_day(day)) not in known:
            lake.commit(VIEWS, arrow(VIEWS, views_on(n)))
            fetched += collected([day], VIEWS)
    refresh(lake, LAUNCHES)
    lake.record(fetched)
    return len(fetched)


def test_whatever_is_damaged_can_be_repaired_and_collected_again(sound: Path, tmp_path: Path) -> None:
    """After a repair the lake vouches for no number that is wrong, and what was lost can be collected: as it was."""
    dice, right, whole = random.Random(11), expected(), coverage_of(answers(sound))
    again = 0
    each = of_each_kind(sound)
    for n, file in enumerate(chain(*each) if IS_LONG else map(dice.choice, each[::2])):
        if file.name == "footfall-lake.json":
            continue
        name, left = dice.choice(list(damaged((sound / file).read_bytes(), file.suffix == ".json", dice)))
        copy = copy_of(sound, tmp_path / str(n))
        (copy / file).unlink()
        if left is not None:
            (copy / file).write_bytes(left)
        lake = opened(copy)
        repair(lake)
        assert wrong(answers(copy), right, whole) == [], f"{file}, {name}"
        again += collect_again(lake)
        assert answers(copy) == answers(sound), f"{file}, {name}"
        shutil.rmtree(copy)
    assert again > (10 if IS_LONG else 5)
