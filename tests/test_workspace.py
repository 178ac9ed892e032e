"""A workspace: opened cheaply, closed and used again, and what it refuses before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.errors import FootfallError, QueryError, SettingsError, UnknownNameError
from footfall.settings import Settings
from footfall.workspace import Workspace
from footfall.workspace import open as open_workspace
from histories import History
from served import NOW, opened, write_served
from workspaces import launches


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def ff(folder: Path) -> Iterator[Workspace]:
    with opened(folder) as workspace:
        yield workspace


class TestOpening:
    def test_a_folder_its_file_and_settings_are_the_same_workspace(self, folder: Path) -> None:
        for where in (folder, str(folder), folder / "footfall.toml"):
            assert open_workspace(where).settings.folder == folder
        settings = Settings(folder=folder)
        assert open_workspace(settings).settings is settings

    @pytest.mark.parametrize("where", [7, ["."], b"."])
    def test_anything_else_is_refused(self, where: Any) -> None:
        with pytest.raises(SettingsError, match=r"is not a folder; give the path of one that holds a footfall\.toml"):
            open_workspace(where)

    def test_a_folder_without_settings_says_how_to_make_them(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="footfall init"):
            open_workspace(tmp_path)

    def test_it_opens_and_writes_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "footfall.toml").write_text('[sources.git]\nrepositories = ["."]\n')
        with open_workspace(tmp_path) as ff:
            assert {"commits", "authors"} <= set(ff.metrics)
        assert [each.name for each in tmp_path.iterdir()] == ["footfall.toml"]

    def test_closed_it_opens_again_when_it_is_used(self, ff: Workspace) -> None:
        first = ff.query("commits", grain="total").rows
        engine = ff.engine
        ff.close()
        ff.close()
        assert ff.query("commits", grain="total").rows == first
        assert ff.engine is not engine
        assert len(ff.event("active").ever()) == 3


class TestCollecting:
    @pytest.mark.parametrize(
        ("names", "asked", "error", "sentence"),
        [
            (("gti",), {}, UnknownNameError, r"unknown source 'gti'; did you mean 'git'.*It must be in footfall\.toml"),
            (("git", "pypi"), {}, UnknownNameError, "unknown source 'pypi'"),
            ((), {"since": "2026-03", "until": "2026-02"}, QueryError, r"until \(2026-02-01\) must come after since"),
            ((), {"since": "2026-03", "until": "2026-03"}, QueryError, "must come after since"),
            ((), {"since": "soon"}, QueryError, "'soon' is not a date or time"),
        ],
    )
    def test_what_cannot_be_collected_is_one_sentence(
        self, ff: Workspace, names: tuple[str, ...], asked: dict[str, Any], error: type[FootfallError], sentence: str
    ) -> None:
        with pytest.raises(error, match=sentence):
            ff.collect(*names, **asked)

    def test_without_a_source_it_says_what_to_add(self, tmp_path: Path) -> None:
        (tmp_path / "footfall.toml").touch()
        with open_workspace(tmp_path) as ff, pytest.raises(SettingsError, match=r"add one to footfall\.toml"):
            ff.collect()

    def test_a_dry_run_fetches_nothing(self, tmp_path: Path) -> None:
        history = History.new(tmp_path / "project")
        history.commit("2026-03-01T12:00+00:00")
        history.write()
        (tmp_path / "footfall.toml").write_text('[sources.git]\nrepositories = ["project"]\n')
        with footfall.open(tmp_path, now=lambda: NOW) as ff:
            assert ff.collect(dry_run=True).is_dry_run
            assert not (tmp_path / "lake").exists()
            assert not ff.collect("git").is_dry_run
            assert ff.query("commits", grain="total").rows["commits"].to_pylist() == [1]


class TestAsking:
    def test_a_number_is_the_archives_own_count(self, ff: Workspace, folder: Path) -> None:
        rows = ff.query("launches", grain="month", since="2026-02", until="2026-03", by=["provider"]).rows.to_pylist()
        assert {row["provider"]: row["launches"] for row in rows} == launches(
            folder, "2026-02-01", "2026-03-01", "provider"
        )

    def test_a_metric_of_a_source_that_is_not_enabled_names_that_source(self, ff: Workspace) -> None:
        with pytest.raises(
            UnknownNameError, match=r"The source github provides it and is not enabled: add \[sources\.github\]"
        ):
            ff.query("stars")
        with pytest.raises(UnknownNameError, match="unknown metric 'lanches'; did you mean 'launches'"):
            ff.query("lanches")

    def test_an_event_is_a_metric_of_its_actors(self, ff: Workspace) -> None:
        assert {"active", "signed_up"} <= set(ff.event_metrics)
        rows = ff.query("active", grain="month", since="2026-02", until="2026-03").rows
        assert rows["active"].to_pylist() == [3]

    def test_annotations_are_those_of_the_time_asked(self, tmp_path: Path) -> None:
        notes = "".join(f'[[annotations]]\nat = {day}\ntext = "{day}"\n' for day in ("2026-03-01", "2026-01-01"))
        (tmp_path / "footfall.toml").write_text(notes)
        with open_workspace(tmp_path) as ff:
            assert [each.text for each in ff.annotations()] == ["2026-01-01", "2026-03-01"]
            assert [each.text for each in ff.annotations(since="2026-02")] == ["2026-03-01"]
            assert [each.text for each in ff.annotations(until="2026-03-01")] == ["2026-01-01"]

    def test_a_snapshot_holds_its_tables(self, ff: Workspace) -> None:
        assert {"launches", "commits"} & set(ff.snapshot().tables)
        assert set(ff.snapshot(tables=[]).tables) == set()
        before = ff.snapshot(as_of=datetime(2020, 1, 1, tzinfo=UTC))
        assert all(len(table.files) == 0 for table in before.tables.values() if hasattr(table, "files"))

    def test_status_is_by_source(self, ff: Workspace) -> None:
        assert {state.source for state in ff.status()} == {"binder", "git"}
