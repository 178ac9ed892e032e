"""A lake that lacks a part, as its user meets it: what commands say, and that collecting brings back what upstream has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import footfall
from footfall.errors import DamagedLakeError
from footfall.lake import Lake, Restated
from footfall.lake.delta import DeltaFolder
from footfall.lake.disclaiming import disclaim_behind
from footfall.lake.rollups import refresh
from footfall.lake.sums import fault_of, verify
from footfall.ledger import LEDGER
from footfall.periods import Window
from lakes import LAUNCHES, arrow, at, collected, days
from workspaces import Ran, run, write_workspace

ASKED = ("query", "launches", "--grain", "month", "--since", "2025-12", "--until", "2026-04")


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    folder = tmp_path / "workspace"
    folder.mkdir()
    write_workspace(folder)

    def asked(*words: str) -> Ran:
        return run(capsys, "--workspace", folder, *words)

    assert asked("collect").code == 0
    return asked


def test_a_table_that_was_deleted_is_said_and_collected_again(ask: Callable[..., Ran], tmp_path: Path) -> None:
    before = ask(*ASKED).out
    with footfall.open(tmp_path / "workspace") as ff:
        windows = sum(entry.table == "launches" for entry in ff.lake.known())
    shutil.rmtree(tmp_path / "workspace" / "lake" / "launches")
    said = ask(*ASKED)
    assert (said.code, said.out) == (1, "")
    assert "the table launches in" in said.err
    assert "is gone: a part of it was deleted" in said.err
    assert "run `footfall collect`" in said.err
    again = ask("collect")
    assert again.code == 0
    assert f"the table launches is gone: the ledger's entries for {windows} windows were withdrawn" in " ".join(
        again.out.split()
    )
    assert ask(*ASKED).out == before


def test_a_table_put_back_from_an_older_copy_is_collected_again(ask: Callable[..., Ran], tmp_path: Path) -> None:
    launches = tmp_path / "workspace" / "lake" / "launches"
    older = shutil.copytree(launches, tmp_path / "older")
    before = ask(*ASKED).out
    assert ask("collect", "binder", "--recheck", "--since", "2026-02").code == 0
    shutil.rmtree(launches)
    shutil.copytree(older, launches)
    assert "and was at version" in ask(*ASKED).err
    assert ask("collect").code == 0
    assert ask(*ASKED).out == before


def put(lake: Lake, n: int, launches: int) -> None:
    day = days("2021-01-01", "2021-01-06")[n]
    row = {"hour": at(f"{day}"), "provider": "gh", "repo": "r", "origin": "a", "launches": launches}
    lake.commit(LAUNCHES, arrow(LAUNCHES, [row]), replaces=[Restated(Window.of_day(day))])


def sum_of_rollup(lake: Lake) -> int:
    """What the first rollup of launches sums up to, from its files."""
    rollup = LAUNCHES.rolled(LAUNCHES.rollups[0])
    delta = DeltaFolder.open(lake.root / rollup.name, rollup.time)
    assert delta is not None
    files = [str(delta.folder / file.path) for file in delta.files()]
    [(launches,)] = lake.cursor().execute("SELECT sum(launches) FROM read_parquet($1)", [files]).fetchall()
    return int(launches)


def test_a_rollup_never_outlives_the_table_that_it_sums_up(tmp_path: Path) -> None:
    """A rollup of a later version is rebuilt, also when the table comes to that version again with other rows."""
    lake = Lake.open(str(tmp_path / "lake"))
    for day in range(3):
        put(lake, day, 100)
        refresh(lake, LAUNCHES)
    shutil.rmtree(lake.root / "launches")
    lake = Lake.open(str(tmp_path / "lake"))
    for day in range(3):
        put(lake, day, 1)
        refresh(lake, LAUNCHES)
    assert sum_of_rollup(lake) == 3


def test_a_table_that_is_collected_again_in_many_commits_has_rollups_of_its_own(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    put(lake, 0, 100)
    refresh(lake, LAUNCHES)
    lake.record(collected(days("2021-01-01", "2021-01-01")))
    shutil.rmtree(lake.root / "launches")
    assert "is gone" in disclaim_behind(lake, LAUNCHES)
    for day in range(6):
        put(lake, day, 1)
    refresh(lake, LAUNCHES)
    assert sum_of_rollup(lake) == 6


def test_what_the_ledger_says_of_other_tables_is_kept(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    on = days("2021-01-01", "2021-01-03")
    rows = arrow(LAUNCHES, [{"hour": at("2021-01-01"), "launches": 1}])
    lake.commit(LAUNCHES, rows, replaces=[Restated(Window.of_day(on[0]))])
    lake.record([*collected(on), *(entry for entry in collected(on) if not vars(entry).update(table="commits"))])
    shutil.rmtree(lake.root / "launches")
    assert "3 windows" in disclaim_behind(lake, LAUNCHES)
    assert sorted(entry.table for entry in lake.known()) == ["commits"] * 3
    assert disclaim_behind(lake, LAUNCHES) == ""
    assert lake.snapshot([LAUNCHES]).collected("launches").spans == {}


def test_a_file_has_its_checksum_in_its_name(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    lake.record(collected(days("2021-01-01", "2021-01-02")))
    delta = DeltaFolder.open(lake.root / LEDGER.name, LEDGER.time)
    assert delta is not None
    [file] = [delta.folder / each.path for each in delta.files()]
    assert fault_of(file) == ""
    moved = file.rename(file.with_name(file.name.replace(file.stem[-8:], "00000000")))
    with pytest.raises(DamagedLakeError, match=r"is damaged \(its content has changed\); restore"):
        verify([moved])


def test_a_file_of_an_earlier_version_without_a_checksum_is_read_whole(tmp_path: Path) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    on = days("2021-01-01", "2021-01-01")
    rows = [{"hour": at("2021-01-01"), "repo": f"r{n}", "launches": n} for n in range(5000)]
    lake.commit(LAUNCHES, arrow(LAUNCHES, rows), replaces=[Restated(Window.of_day(on[0]))])
    delta = DeltaFolder.open(lake.root / LAUNCHES.name, LAUNCHES.time)
    assert delta is not None
    [file] = [delta.folder / each.path for each in delta.files()]
    older = file.rename(file.with_name(f"{file.stem[:32]}.parquet"))
    assert (fault_of(older), fault_of(older, is_deep=True)) == ("", "")
    whole = older.read_bytes()
    cut = len(whole) // 2
    older.write_bytes(whole[:cut] + bytes(64) + whole[cut + 64 :])
    assert "cannot be read" in fault_of(older, is_deep=True)
