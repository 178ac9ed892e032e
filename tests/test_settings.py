from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from footfall.engine_settings import EngineSettings
from footfall.errors import SettingsError
from footfall.settings import read_settings


def write(folder: Path, text: str) -> Path:
    (folder / "footfall.toml").write_text(text)
    return folder


def test_defaults_need_no_more_than_an_empty_file(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, ""))
    assert settings.lake_address == str(tmp_path / "lake")
    assert settings.engine.address == "duckdb://"
    assert settings.sources == {}


def test_sources_keep_their_parts(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, '[sources.git]\nrepositories = ["."]\n'))
    assert settings.sources == {"git": {"repositories": ["."]}}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_LAKE", "elsewhere")
    monkeypatch.setenv("FOOTFALL_SOURCES__BINDER__ARCHIVE", "https://example.org")
    settings = read_settings(write(tmp_path, 'lake = "here"\n[sources.binder]\nfirst_day = "2020-01-01"\n'))
    assert settings.lake.address == "elsewhere"
    assert settings.sources["binder"] == {"archive": "https://example.org", "first_day": "2020-01-01"}


def test_the_engine_is_an_address_or_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ('engine = "sc://cluster:15002"', '[engine]\naddress = "sc://cluster:15002"'):
        assert read_settings(write(tmp_path, text)).engine == EngineSettings(address="sc://cluster:15002")
    monkeypatch.setenv("CLUSTER", "sc://host:443/;token=dapi-hush-hush")
    folder = write(tmp_path, '[engine]\naddress = { env = "CLUSTER" }\nlake = "s3a://bucket/lake"')
    engine = read_settings(folder).engine
    assert (engine.opened, engine.lake) == ("sc://host:443/;token=dapi-hush-hush", "s3a://bucket/lake")
    monkeypatch.setenv("FOOTFALL_ENGINE", "duckdb://")
    assert read_settings(folder).engine == EngineSettings(address="duckdb://", lake="s3a://bucket/lake")
    monkeypatch.setenv("FOOTFALL_ENGINE__LAKE", "/mnt/lake")
    assert read_settings(folder).engine == EngineSettings(address="duckdb://", lake="/mnt/lake")
    monkeypatch.setenv("FOOTFALL_ENGINE", '{"address": "sc://cluster", "lake": "/lake"}')
    assert read_settings(folder).engine == EngineSettings(address="sc://cluster", lake="/mnt/lake")
    monkeypatch.setenv("FOOTFALL_ENGINE", "[1]")
    monkeypatch.delenv("FOOTFALL_ENGINE__LAKE")
    assert read_settings(folder).engine.address == "[1]"


def test_settings_cannot_change_once_read(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, ""))
    with pytest.raises(ValidationError):
        settings.engine = "other"  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('lakes = "x"', r"unknown setting 'lakes'; did you mean 'lake'\?"),
        ("lake = ", "not valid TOML"),
        ("engine = 3", "engine is 3: write an address, or a table of settings"),
        ('[engine]\nadress = "duckdb://"', r"unknown setting 'adress'; did you mean 'address'\?"),
        ('[engine]\naddress = ""', "engine.address is '': write an address, or { env"),
        ("lake = 3", "lake is 3: write an address, or a table of settings"),
        ("[sources]\ngit = 3", "sources.git is 3: it must be a table"),
        ('activities = "sqlite:///activity.db"', r"unknown setting 'activities'; did you mean 'activity'\?"),
        ('[activity]\nstor = "x.db"', r"unknown setting 'stor'; did you mean 'store'\?"),
    ],
)
def test_a_wrong_file_gets_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(write(tmp_path, text))


def test_an_absent_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `footfall init` there"):
        read_settings(tmp_path)


def test_an_unreadable_variable_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_NOTES", "hello")
    with pytest.raises(SettingsError, match=r'environment variable FOOTFALL_… cannot be read .*"notes"'):
        read_settings(write(tmp_path, ""))


@pytest.mark.parametrize(
    ("text", "environment", "store", "is_hourly"),
    [
        ("", {}, "sqlite:///activity.db", False),
        ('activity = "a.db"', {}, "a.db", False),
        ('[activity]\nstore = "a.db"\nhourly = true', {}, "a.db", True),
        ("[activity]\nhourly = true", {"FOOTFALL_ACTIVITY": "redis://here"}, "redis://here", True),
        ('activity = "a.db"', {"FOOTFALL_ACTIVITY__HOURLY": "true"}, "a.db", True),
        ('activity = "a.db"', {"FOOTFALL_ACTIVITY__STORE": "b.db"}, "b.db", False),
        ("", {"FOOTFALL_ACTIVITY": '{"store": "c.db", "hourly": true}'}, "c.db", True),
        ('activity = { store = { env = "WHERE" } }', {"WHERE": "redis://:secret@here"}, "redis://:secret@here", False),
    ],
)
def test_where_activity_is_kept_is_an_address_or_a_table(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    environment: dict[str, str],
    store: str,
    is_hourly: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = read_settings(write(tmp_path, text)).activity
    assert (found.store, found.hourly) == (store, is_hourly)


def test_a_broken_table_in_the_environment_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_ACTIVITY", '{"store":')
    with pytest.raises(SettingsError, match="write an address or a JSON table"):
        read_settings(write(tmp_path, ""))


class TestWhichWorkspace:
    """Where none is named: the variable, or else the nearest folder upwards."""

    def test_the_nearest_folder_upwards(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tmp_path, 'lake = "outer"\n')
        inner = tmp_path / "a" / "b"
        inner.mkdir(parents=True)
        monkeypatch.chdir(inner)
        found = read_settings()
        assert (found.lake.address, found.folder) == ("outer", tmp_path.resolve())
        write(tmp_path / "a", 'lake = "inner"\n')
        assert read_settings().lake.address == "inner"

    def test_the_variable_wins_and_a_named_folder_wins_over_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("here", "there", "named"):
            (tmp_path / name).mkdir()
            write(tmp_path / name, f'lake = "{name}"\n')
        monkeypatch.chdir(tmp_path / "here")
        monkeypatch.setenv("FOOTFALL_WORKSPACE", str(tmp_path / "there"))
        assert read_settings().lake.address == "there"
        assert read_settings(tmp_path / "named").lake.address == "named"
        monkeypatch.setenv("FOOTFALL_WORKSPACE", str(tmp_path / "gone"))
        with pytest.raises(SettingsError, match=r"no footfall.toml in .*gone, which FOOTFALL_WORKSPACE names"):
            read_settings()

    def test_none_anywhere_is_one_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SettingsError, match="or a folder above it; run `footfall init` here"):
            read_settings()


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("FOOTFALL_LAEK", "FOOTFALL_LAKE"),
        ("FOOTFALL_SOURCE__GIT__BOTS", "FOOTFALL_SOURCES"),
        ("footfall_engin", "ENGINE"),
    ],
)
def test_a_slip_in_a_variable_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, right: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsError, match=f"{name} is not a setting; did you mean .*{right}"):
        read_settings(write(tmp_path, ""))


@pytest.mark.parametrize("name", ["FOOTFALL_TOKEN", "FOOTFALL_GITHUB_TOKEN", "FOOTFALL_LONG", "FOOTFALL_WORKSPACE"])
def test_variables_of_others_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    assert read_settings(write(tmp_path, "")).lake.address == "lake"
