"""The commented footfall.toml: valid TOML in every line, and never over a file that is there."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from footfall.errors import FootfallError, SettingsError
from footfall.parts import Part
from footfall.settings import read_settings
from footfall.template import commented, example_of, keep_out_of_git, toml_of, write_settings_file

KEPT_OUT = ["/lake/", "/.footfall/", "/activity.db*", "/alerts.json", "/tokens.json"]


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'with "quotes" and a \\ backslash',
        "two\nlines and a\ttab",
        "naïve 数 🎈",
        "\x7f\x1f",
        0,
        -7,
        2**62,
        1.5,
        1e300,
        True,
        False,
        date(2026, 3, 1),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        [],
        ["a", 1.5, [True]],
        {},
        {"a key": "a", "b": {"c": [1, 2]}},
        {"": 1},
    ],
    ids=repr,
)
def test_a_value_reads_back_as_it_was(value: Any) -> None:
    """By Python's own reader of TOML."""
    assert tomllib.loads(f"x = {toml_of(value)}") == {"x": value}


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=14), "14d"),
        (timedelta(hours=36), "36h"),
        (timedelta(minutes=90), "90m"),
        (timedelta(seconds=61), "61s"),
        (timedelta(0), "0s"),
    ],
)
def test_a_length_of_time_is_in_the_longest_unit_that_fits(length: timedelta, text: str) -> None:
    assert toml_of(length) == f'"{text}"'


def test_what_has_no_default_is_an_empty_text_and_a_path_a_text() -> None:
    assert toml_of(None) == '""'
    assert toml_of(Path("a/b")) == '"a/b"'
    assert toml_of(("a", "b")) == '["a", "b"]'


class Example(Part):
    must: int = Field(examples=[3])
    may: str = Field(default="x", examples=["y"])
    bare: str


def test_an_example_holds_what_must_be_set() -> None:
    assert example_of(Example) == {"must": 3}


def test_only_chosen_sources_are_on() -> None:
    text = commented({"git": {"repositories": ["."]}}, notes={"git": "mine"}, projects=[{"name": "a", "git": "b/c"}])
    read = tomllib.loads(text)
    assert read == {
        "sources": {"git": {"repositories": ["."]}},
        "notes": {"git": "mine"},
        "projects": [{"name": "a", "git": "b/c"}],
    }
    assert tomllib.loads(commented({})) == {}


def test_hostile_values_stay_values() -> None:
    name = 'a"\n[sources.binder]\nfirst_day = 2020-01-01\n#'
    assert tomllib.loads(commented({"git": {"repositories": [name]}}))["sources"] == {"git": {"repositories": [name]}}


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    file = write_settings_file(tmp_path / "new" / "folder", commented({"git": {"repositories": ["."]}}))
    assert file == tmp_path / "new" / "folder" / "footfall.toml"
    assert read_settings(file.parent).sources == {"git": {"repositories": ["."]}}


def test_a_file_that_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("# mine\n")
    with pytest.raises(SettingsError, match="exists already and was not changed"):
        write_settings_file(tmp_path, "lake = 'other'")
    assert (tmp_path / "footfall.toml").read_text() == "# mine\n"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FootfallError, match=r"footfall\.toml cannot be written: Not a directory\."):
        write_settings_file(tmp_path / "file" / "folder", "")


class TestKeepingDataOutOfGit:
    def test_outside_of_a_repository_nothing_is_written(self, tmp_path: Path) -> None:
        assert keep_out_of_git(tmp_path) == ""
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("place", [".", "deep/er"])
    def test_a_new_file_in_the_workspace(self, tmp_path: Path, place: str) -> None:
        (tmp_path / ".git").mkdir()
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        assert keep_out_of_git(folder) == f"Wrote {folder / '.gitignore'}: collected data stays out of git."
        assert (folder / ".gitignore").read_text().split() == KEPT_OUT
        assert keep_out_of_git(folder) == ""

    def test_a_file_that_is_there_is_not_changed_and_what_it_lacks_is_named(self, tmp_path: Path) -> None:
        (tmp_path / ".git").touch()  # a file in a work tree of another repository
        mine = tmp_path / ".gitignore"
        mine.write_bytes(b"lake\n  .footfall/ \n/activity.db*\n\xff\n")
        said = keep_out_of_git(tmp_path)
        assert said == f"Add these lines to {mine} to keep collected data out of git: /alerts.json /tokens.json"
        assert mine.read_bytes() == b"lake\n  .footfall/ \n/activity.db*\n\xff\n"

    def test_what_cannot_be_written_is_said_with_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".gitignore").mkdir()
        said = keep_out_of_git(tmp_path)
        assert "cannot be written: Is a directory" in said
        assert all(name in said for name in KEPT_OUT)
