"""Marking needs the store alone, and every event has one owner: the application that marks it, or a table."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import footfall
from footfall.errors import FootfallError, MarkError, SettingsError
from footfall.sources import opening
from footfall.sources.binder.sample import write_sample_archive
from footfall.workspace import Workspace
from workspaces import run

pytestmark = pytest.mark.slow

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
HEAVY = ("duckdb", "deltalake", "ibis", "pyarrow", "pandas", "httpx2")
BROKEN = {
    "an unknown setting": "[sources.binder]\nno_such_setting = 1\n",
    "a wrong value": '[sources.git]\nrepositories = "not a list"\n',
    "a missing plugin": "[sources.not_installed]\n",
    "an unset variable": '[sources.binder]\narchive = { env = "NOT_SET_ANYWHERE" }\n',
}


def workspace(folder: Path, settings: str) -> Workspace:
    (folder / "footfall.toml").write_text(settings, encoding="utf-8")
    return footfall.open(folder, now=lambda: NOW)


@pytest.fixture
def collected(tmp_path: Path) -> Workspace:
    """A workspace that has collected launches and was not asked for any event yet."""
    write_sample_archive(tmp_path / "archive", 30, 20, until=date(2026, 4, 1), repositories=10)
    ff = workspace(tmp_path, '[sources.binder]\narchive = "archive"\nfirst_day = 2026-03-02\n')
    ff.collect()
    return ff


# Marking needs the store alone


@pytest.mark.parametrize("settings", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_source_stops_no_mark(tmp_path: Path, settings: str) -> None:
    ff = workspace(tmp_path, settings)
    ff.mark("active", [1, 2, "ada"])
    ff.mark("active", 2)
    assert ff.unmark("active", 2) == 1
    assert set(ff.event("active").month()) == {1, "ada"}
    assert ff.event("active").day().occurrences() == 4
    assert len(ff.cohort("active", "active", by="month").rows) == 12
    with pytest.raises(FootfallError):
        ff.metrics  # noqa: B018


@pytest.mark.parametrize("settings", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_source_stops_no_command_that_marks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str
) -> None:
    (tmp_path / "footfall.toml").write_text(settings)
    ran = run(capsys, "--workspace", tmp_path, "mark", "active", "1", "2")
    assert (ran.code, ran.out) == (0, "Marked active: 2 actors.\n")
    ran = run(capsys, "--workspace", tmp_path, "unmark", "active", "1")
    assert (ran.code, ran.out) == (0, "Unmarked active: 1 mark.\n")


def test_a_plugin_that_fails_in_any_way_stops_no_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bursting_plugin.py").write_text("raise ZeroDivisionError\n")
    monkeypatch.syspath_prepend(tmp_path)
    bursting = EntryPoint("bursting", "bursting_plugin:Source", opening.GROUP)
    monkeypatch.setattr(opening, "installed_sources", lambda: {"bursting": bursting})
    ff = workspace(tmp_path, "[sources.bursting]\n")
    ff.mark("active", 1)
    assert list(ff.event("active").day()) == [1]


@pytest.mark.parametrize("lake", ["a file", "a folder of something else", "a damaged marker"])
def test_a_broken_lake_stops_no_mark(tmp_path: Path, lake: str) -> None:
    folder = tmp_path / "lake"
    if lake == "a file":
        folder.write_text("x")
    else:
        folder.mkdir()
        (folder / ("footfall-lake.json" if lake == "a damaged marker" else "strange.txt")).write_text("x")
    ff = workspace(tmp_path, '[sources.git]\nrepositories = ["."]\n')
    ff.mark("active", [1, 2])
    assert len(ff.event("active").day()) == 2
    with pytest.raises(MarkError, match="reported by a collected table"):
        ff.mark("commit_author", 1)


_PROGRAM = """
import json, sys
import footfall

ff = footfall.open(sys.argv[1])
ff.mark("active", 5)
ff.mark("active", [6, 7])
ff.unmark("active", 5)
assert sorted(ff.event("active").month()) == [6, 7]
ff.close()
print(json.dumps(sorted(sys.modules)))
"""


def test_marking_loads_neither_duckdb_nor_deltalake(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text('[sources.binder]\n[sources.git]\nrepositories = ["."]\n')
    first, again = (_modules_of(_PROGRAM, tmp_path) for _ in range(2))
    assert not first.intersection(HEAVY)
    assert not again.intersection((*HEAVY, "footfall.sources.binder", "footfall.sources.git", "footfall.lake"))


_STORE_ALONE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from footfall.stores.opening import open_store
from footfall.stores.ids import Actors
from footfall.stores.store import day_slot

now = lambda: datetime(2026, 4, 1, tzinfo=UTC)
store = open_store("sqlite:///activity.db", Path(sys.argv[1]), now)
store.mark_one("active", day_slot(now()), 5)
store.mark("active", {day_slot(now()): Actors([6], ["ada"])})
assert store.count("active", day_slot(now()), day_slot(now()) + 32) == 3
store.close()
print(json.dumps(sorted(sys.modules)))
"""


def test_the_room_of_stores_stands_alone(tmp_path: Path) -> None:
    loaded = _modules_of(_STORE_ALONE, tmp_path)
    assert not loaded.intersection((*HEAVY, "pydantic", "typer", "rich", "redis"))
    rooms = {name.split(".")[1] for name in loaded if name.startswith("footfall.")}
    assert rooms == {"stores", "periods", "errors", "formats", "forking"}


def _modules_of(program: str, folder: Path) -> set[str]:
    """The modules that a fresh process has loaded when it has run a program."""
    done = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


# Whose an event is


def test_an_event_of_a_table_is_refused_before_it_was_ever_asked_for(collected: Workspace) -> None:
    with pytest.raises(MarkError, match="'binder_launch' is reported by a collected table and cannot be marked"):
        collected.mark("binder_launch", 1)


def test_an_event_of_a_table_is_refused_even_if_its_source_is_broken(collected: Workspace) -> None:
    assert len(collected.event("binder_launch").month(2026, 3)) > 5
    broken = workspace(collected.settings.folder, "[sources.binder]\nno_such_setting = 1\n")
    with pytest.raises(MarkError, match="reported by a collected table"):
        broken.mark("binder_launch", 1)
    with pytest.raises(SettingsError, match="no_such_setting"):
        len(broken.event("binder_launch").month(2026, 3))  # its sets may be out of date


def test_an_event_that_nobody_knows_needs_the_sources(tmp_path: Path) -> None:
    ff = workspace(tmp_path, BROKEN["an unknown setting"])
    with pytest.raises(SettingsError, match="no_such_setting"):
        len(ff.event("active").day())
    ff.mark("active", 1)
    assert len(ff.event("active").day()) == 1


def test_what_was_marked_first_stays_when_a_source_reports_the_same_name(
    collected: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = collected.settings.folder
    before = workspace(folder, "")
    before.mark("binder_launch", ["ada", 7], "2026-03-10")
    before.close()
    after = workspace(folder, '[sources.binder]\narchive = "archive"\nfirst_day = 2026-03-02\n')
    assert set(after.event("binder_launch").month(2026, 3)) == {"ada", 7}
    after.mark("binder_launch", 8, "2026-03-11")
    assert set(after.event("binder_launch").month(2026, 3)) == {"ada", 7, 8}
    assert "binder_launch" not in after.activity.collected
    after.close()
    ran = run(capsys, "--workspace", folder, "events")
    assert (
        "binder_launch is marked by an application; the event of that name in the table launches is not used."
        in ran.out
    )


def test_marks_of_long_ago_are_kept_from_a_new_source_too(redis_server: str, tmp_path: Path) -> None:
    import redis

    address = f"{redis_server}/7"
    redis.Redis.from_url(address).flushdb()
    write_sample_archive(tmp_path / "archive", 3, 5, until=date(2026, 4, 1), repositories=2)
    source = '[sources.binder]\narchive = "archive"\nfirst_day = 2026-03-29\n'
    workspace(tmp_path, f'activity = "{address}"\n').mark("binder_launch", [1], "2020-05-05")
    ff = workspace(tmp_path, f'activity = "{address}"\n{source}')
    ff.collect()
    assert set(ff.event("binder_launch").ever()) == {1}


def test_an_event_may_be_called_as_a_cursor_is(tmp_path: Path) -> None:
    ff = workspace(tmp_path, "")
    ff.mark("active", "ada")  # the first name settles how names are kept
    ff.mark("naming", 1)
    assert list(ff.event("naming").day()) == [1]
