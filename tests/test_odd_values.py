"""Values of other libraries, and values in the wrong place: read, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import footfall
from footfall.errors import FootfallError, MarkError, QueryError, UnknownNameError
from workspaces import run


@pytest.fixture
def workspace(tmp_path: Path) -> footfall.Workspace:
    (tmp_path / "footfall.toml").write_text("[sources.git]\nrepositories = ['.']\n", encoding="utf-8")
    return footfall.open(tmp_path)


@pytest.mark.parametrize(
    ("actors", "said"),
    [
        (pd.NA, "NAType"),
        (pd.NaT, "datetime64"),
        (pa.scalar(None), "nothing"),
        (pa.scalar(2.5), "a float"),
        (pa.table({"a": [1]}), "a Table is not a list of actors: give one of its columns"),
        (pa.record_batch({"a": [1]}), "give one of its columns"),
        (pd.DataFrame({"a": [1]}), "not an array of 2 dimensions"),
        (-5, "-5 is not an actor"),
    ],
)
def test_what_is_not_an_actor_is_refused(actors: Any, said: str, workspace: footfall.Workspace) -> None:
    with pytest.raises(MarkError, match=said):
        workspace.mark("active", actors)
    assert workspace.events() == []


def test_scalars_of_arrow_are_actors(workspace: footfall.Workspace) -> None:
    workspace.mark("active", pa.scalar(5))
    workspace.mark("active", pa.scalar("ada"))
    assert set(workspace.event("active").ever()) == {5, "ada"}


@pytest.mark.parametrize("event", [[1, 2], {}, None, 5, ""])
def test_arguments_in_the_wrong_order_are_refused(event: Any, workspace: footfall.Workspace) -> None:
    with pytest.raises(MarkError, match="is not a valid event name"):
        workspace.mark(event, "active")
    with pytest.raises(MarkError, match="is not a valid event name"):
        workspace.unmark(event, "active")


@pytest.mark.parametrize(("metric", "source"), [("stars", "github"), ("launches", "binder"), ("downloads", "pypi")])
def test_a_metric_of_a_source_that_is_off_names_the_source(
    metric: str, source: str, workspace: footfall.Workspace
) -> None:
    with pytest.raises(
        UnknownNameError, match=rf"The source {source} provides it and is not enabled: add \[sources.{source}\]"
    ):
        workspace.query(metric)
    with pytest.raises(UnknownNameError) as unknown:
        workspace.query("nothing_has_it")
    assert "is not enabled" not in str(unknown.value)


@pytest.mark.parametrize("text", ["2026-11-２０", "２０２６", "٢d", "２w"])
def test_digits_of_other_scripts_are_not_numbers(text: str, workspace: footfall.Workspace) -> None:
    with pytest.raises(QueryError, match="is not a date or time"):
        workspace.query("commits", since=text)
    with pytest.raises(FootfallError):
        workspace.query("commits", last=text)  # type: ignore[arg-type]


def test_projects_of_another_type_are_refused(workspace: footfall.Workspace) -> None:
    with pytest.raises(QueryError, match="a project is 5; give the name of one as text"):
        workspace.query("commits", project=5)  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="projects is None; give the names of projects"):
        workspace.beside("commits", None)  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="a project is 5"):
        workspace.beside("commits", [5])  # type: ignore[list-item]


def test_a_demonstration_in_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    done = run(capsys, "demo", file, "--no-serve")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"footfall: {file} is a file, and a demonstration needs a folder; name another one.\n"
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_bytes(b'\xef\xbb\xbflake = "elsewhere"\n')
    assert footfall.open(tmp_path).settings.lake.address == "elsewhere"


def test_a_note_on_no_source_is_refused(tmp_path: Path) -> None:
    settings = '[sources.git]\nrepositories = ["."]\n[notes]\n{} = "sample data"\n'
    (tmp_path / "footfall.toml").write_text(settings.format("gti"), encoding="utf-8")
    with pytest.raises(UnknownNameError, match=r"unknown source 'gti'; did you mean 'git'\? .*\[notes\]"):
        _ = footfall.open(tmp_path).metrics
    for of_kind in ("git", "binder"):
        (tmp_path / "footfall.toml").write_text(settings.format(of_kind), encoding="utf-8")
        assert "commits" in footfall.open(tmp_path).metrics
