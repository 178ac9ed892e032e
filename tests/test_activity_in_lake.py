"""Activity in the lake: every question has the same whole answer from the facts, on any engine, as from the store."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import footfall
from conftest import SAIL, SPARK
from footfall.errors import FootfallError, LakeError, SettingsError
from footfall.workspace import Workspace
from workspaces import run

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
FIRST = datetime(2025, 11, 20, tzinfo=UTC)
EVENTS = ("signed_up", "active", "paid")
EVER = "2000"


def workspace(folder: Path, store: Path, engine: str = "duckdb://", *, is_in_lake: bool = True) -> Workspace:
    folder.mkdir(exist_ok=True)
    kept = f'[activity]\nstore = "sqlite:///{store}"\nlake = {str(is_in_lake).lower()}\n'
    (folder / "footfall.toml").write_text(f'engine = "{engine}"\n{kept}')
    return footfall.open(folder, now=lambda: NOW)


def mark_some(ff: Workspace, seed: int) -> None:
    """Numbers and names, some by the hour, without a time, long before, and dated ahead."""
    chance = random.Random(seed)
    actors: list[Any] = [*range(40), *(2**31 + n for n in range(10)), *(f"user {n}" for n in range(20))]
    for event, share in zip(EVENTS, (0.03, 0.2, 0.05), strict=True):
        for n in range((NOW - FIRST).days + 1):
            day = FIRST + timedelta(days=n)
            who = [actor for actor in actors if chance.random() < share]
            ff.mark(event, who, day + timedelta(hours=chance.randrange(24)), hourly=event == "paid")
    ff.mark("active", actors[:5], "2024-02-29")
    ff.mark("signed_up", actors[:3], NOW + timedelta(days=20))
    ff.mark("active", ["user 1", "user 19", 7], unique=True)
    ff.mark("beta", actors[3:30:4], unique=True)
    ff.mark("rare", 1000, "2026-01-05")


@pytest.fixture(scope="module")
def by_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("store")
    with workspace(folder, folder / "activity.db", is_in_lake=False) as ff:
        mark_some(ff, 5)
        yield ff


@pytest.fixture(scope="module", params=["duckdb", SAIL, SPARK])
def by_engine(request: pytest.FixtureRequest, by_store: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Any:
    address = "duckdb://" if request.param == "duckdb" else request.getfixturevalue(request.param)
    store = by_store.settings.folder / "activity.db"
    with workspace(tmp_path_factory.mktemp("lake"), store, address) as ff:
        yield ff


def some_cohort(chance: random.Random) -> Callable[[Workspace], Any]:
    asked: dict[str, Any] = {
        "grain": chance.choice(["day", "week", "month", "year"]),
        "last": chance.choice([1, 3, 12]),
        "columns": chance.choice([1, 2, 7]),
        "kind": chance.choice(["active", "new"]),
        "retention": chance.choice(["return", "unbounded"]),
    }
    conditions = [(), "paid", ("paid", "active"), "rare", "beta", "flag:active"]
    asked["where_first"], asked["where_then"] = chance.choice(conditions), chance.choice(conditions)
    if chance.random() < 0.3:
        asked["as_of"] = NOW - timedelta(days=chance.randrange(1, 40), hours=chance.randrange(24))
    if chance.random() < 0.3:
        asked["since"] = FIRST + timedelta(days=chance.randrange(100))
    first, then = chance.choice(EVENTS), chance.choice(EVENTS)
    return lambda ff: ff.cohort(first, then, **asked)


def some_funnel(chance: random.Random) -> Callable[[Workspace], Any]:
    steps = [*chance.sample(EVENTS, chance.choice([2, 3])), *chance.choice([(), ("rare",)])]
    within, since = chance.choice([1, 2, 7, 40]), FIRST + timedelta(days=chance.randrange(105))
    until = chance.choice([None, since + timedelta(days=chance.randrange(1, 30))])
    return lambda ff: ff.funnel(*steps, within=within, since=since, until=until)


def some_growth(chance: random.Random) -> Callable[[Workspace], Any]:
    event, grain, last = (
        chance.choice([*EVENTS, "rare"]),
        chance.choice(["day", "week", "month", "year"]),
        chance.choice([1, 5]),
    )
    return lambda ff: ff.growth(event, grain=grain, last=last)


def some_stickiness(chance: random.Random) -> Callable[[Workspace], Any]:
    event, windows, last = (
        chance.choice([*EVENTS, "rare"]),
        chance.choice(["trailing", "calendar"]),
        chance.choice([1, 3, 40]),
    )
    as_of = chance.choice([None, NOW - timedelta(days=chance.randrange(60))])
    return lambda ff: ff.stickiness(event, windows=windows, last=last, as_of=as_of)


def some_query(chance: random.Random) -> Callable[[Workspace], Any]:
    event, grain = chance.choice([*EVENTS, "beta"]), chance.choice(["day", "week", "month", "year", "total"])
    asked: dict[str, Any] = {"grain": grain, "since": chance.choice(["2024", "2025-12", "2026-02-10"])}
    asked["until"] = chance.choice([None, "2026-01-15", "2026-03-11"]) if asked["since"] != "2026-02-10" else None
    if grain != "total" and chance.random() < 0.4:
        asked |= chance.choice([{"cumulative": True}, {"rolling": 3}, {"compare": "previous"}, {"compare": "year"}])
    if event == "paid" and grain == "day" and chance.random() < 0.5:
        asked = {"grain": "hour", "since": "2026-03-10", "until": "2026-03-11"}
    return lambda ff: ff.query(event, **asked)


def answered(ask: Callable[[Workspace], Any], ff: Workspace) -> Any:
    """Everything about an answer, or why there is none."""
    try:
        found = ask(ff)
    except FootfallError as error:
        return type(error), str(error).replace(str(ff.settings.folder), "")
    return found.question, found.notes, found.coverage, found.to_arrow().to_pylist(), found.to_csv(), found.title


@pytest.mark.parametrize("some", [some_cohort, some_funnel, some_growth, some_stickiness, some_query])
def test_an_engine_answers_as_the_store_does(
    by_store: Workspace, by_engine: Workspace, some: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries: list[Any] = []
    ask_engine = by_engine.engine.run

    def heard(query: Any) -> Any:
        queries.append(query)
        return ask_engine(query)

    monkeypatch.setattr(by_engine.engine, "run", heard)
    refused = 0
    for seed in range(24):
        ask = some(random.Random(seed))
        found = answered(ask, by_engine)
        assert found == answered(ask, by_store), seed
        refused += isinstance(found[0], type)
    assert refused < 10
    assert len(queries) > 12


def facts_in(ff: Workspace) -> set[tuple[str, str, int]]:
    """The rows of the table, read without Footfall."""
    files = [*(ff.lake.snapshot([ff.tables["activity"]]).tables["activity"].files)]
    asked = "SELECT event, strftime(day, '%Y-%m-%d'), actor FROM read_parquet($1)"
    rows = duckdb.connect().execute(f"SET timezone = 'UTC'; {asked}", [files]).fetchall()
    assert len(set(rows)) == len(rows)
    return set(rows)


@pytest.fixture
def ff(tmp_path: Path) -> Iterator[Workspace]:
    with workspace(tmp_path, tmp_path / "activity.db") as opened:
        opened.mark("active", [1, 2, 3], "2026-02-20")
        opened.mark("active", [2, 5], "2026-03-10")
        opened.mark("paid", 2, "2026-03-10", hourly=True)
        opened.collect()
        yield opened


def test_only_the_days_that_changed_are_replaced(ff: Workspace) -> None:
    expected = {("active", "2026-02-20", n) for n in (1, 2, 3)} | {("active", "2026-03-10", n) for n in (2, 5)}
    expected |= {("paid", "2026-03-10", 2)}
    assert facts_in(ff) == expected
    assert ff.collect().sources[0].windows == 0
    ff.mark("active", 9, "2026-02-20")  # late
    ff.mark("active", 9, "2026-02-21")
    assert ff.unmark("paid", 2, "2026-03-10") == 1
    done = ff.collect("activity").sources[0]
    assert (done.source, done.windows, done.unchanged) == ("activity", 3, 1)
    assert facts_in(ff) == expected - {("paid", "2026-03-10", 2)} | {("active", f"2026-02-{n}", 9) for n in (20, 21)}


def test_a_question_is_answered_from_the_marks_made_until_then(ff: Workspace) -> None:
    for n in range(3):
        ff.mark("active", 100 + n)
        assert ff.stickiness("active", last=1).rows[0].daily == n + 1
        assert ff.query("active", grain="day", since="2026-03-11").to_dicts()[0]["active"] == n + 1
    assert ff.unmark("active", 101) == 1
    assert ff.growth("active", grain="day", last=1).rows[0].new == 2


def test_the_day_that_is_not_over_is_provisional(ff: Workspace) -> None:
    ff.mark("active", 1)
    ff.collect()
    states = {f"{entry.window.start:%m-%d}": str(entry.status) for entry in ff.lake.known("activity").about_windows()}
    assert states == {"02-20": "complete", "03-10": "complete", "03-11": "provisional"}


def test_names_stay_in_the_store(ff: Workspace) -> None:
    ff.mark("active", "ada lovelace", "2026-03-01")
    ff.collect()
    [actor] = [actor for _, day, actor in facts_in(ff) if day == "2026-03-01"]
    assert actor >= 2**32
    assert not any(
        b"lovelace" in path.read_bytes() for path in (ff.settings.folder / "lake").rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("actor", [2, "ada"])
def test_a_forgotten_actor_is_in_no_version(
    ff: Workspace, actor: int | str, capsys: pytest.CaptureFixture[str]
) -> None:
    ff.mark("active", "ada", "2026-02-20")
    ff.collect()
    id = actor if isinstance(actor, int) else max(id for *_, id in facts_in(ff))
    before = facts_in(ff)
    assert run(capsys, "-w", ff.settings.folder, "forget", str(actor)).code == 0
    assert facts_in(ff) == {row for row in before if row[2] != id}
    for file in (ff.settings.folder / "lake" / "activity").rglob("*.parquet"):
        if "_delta_log" not in file.parts:
            rows = duckdb.connect().execute("SELECT actor FROM read_parquet($1)", [[str(file)]]).fetchall()
            assert (id,) not in rows
    assert ff.collect().sources[0].windows == 0
    assert not ff.lake.snapshot([ff.tables["activity"]]).collected("activity").retired


def test_a_deleted_event_disappears(ff: Workspace) -> None:
    ff.activity.delete("active")
    ff.collect()
    assert facts_in(ff) == {("paid", "2026-03-10", 2)}


def test_its_name_is_taken(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text(
        '[activity]\nlake = true\n[sources.activity]\nkind = "git"\nrepositories = ["."]\n'
    )
    with footfall.open(tmp_path) as ff, pytest.raises(SettingsError, match="the name 'activity' is that of the facts"):
        ff.collect()


def test_a_lake_that_cannot_be_written_gives_no_older_answer(ff: Workspace) -> None:
    ff.cohort("active", "active")
    ff.mark("active", 77)
    table = ff.settings.folder / "lake" / "activity"
    table.rename(table.with_name("elsewhere"))
    table.write_text("in the way")
    with pytest.raises(LakeError):
        ff.cohort("active", "active")


def test_maintaining_and_examining_know_it(ff: Workspace) -> None:
    assert "activity" in {done.table for done in ff.maintain()}
    assert [found.check.detail for found in ff.examine(deep=True) if found.is_failed] == []
    assert [state.source for state in ff.status()] == ["activity"]
