"""`footfall init` proposes a project from what the folder says."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.projects.proposing import propose
from footfall.settings import read_settings
from footfall.sources import installed_sources
from footfall.workspace import open as open_workspace
from histories import ADA, History, git
from workspaces import run

pytestmark = pytest.mark.slow


def repository(folder: Path, origin: str = "") -> Path:
    history = History.new(folder)
    history.commit("2026-01-05T12:00+00:00", author=ADA)
    history.write()
    if origin:
        git(folder, "remote", "add", "origin", origin)
    return folder


def names(folder: Path) -> dict[str, str]:
    found = propose(folder)
    assert found is not None
    return found.names


def only_installed(**named: str) -> dict[str, str]:
    return {source: name for source, name in named.items() if source in installed_sources()}


@pytest.mark.parametrize(
    ("origin", "is_on_github"),
    [
        ("https://github.com/icesat2py/icepyx.git", True),
        ("git@github.com:icesat2py/icepyx", True),
        ("ssh://git@github.com/icesat2py/icepyx.git", True),
        ("https://gitlab.com/icesat2py/icepyx", False),
        ("https://notgithub.com/icesat2py/icepyx", False),
    ],
)
def test_the_origin_names_the_repository(tmp_path: Path, origin: str, is_on_github: bool) -> None:
    folder = repository(tmp_path / "clone", origin)
    expected = only_installed(git="icesat2py/icepyx", **({"github": "icesat2py/icepyx"} if is_on_github else {}))
    assert names(folder) == expected


def test_without_an_origin_it_is_the_folders_name(tmp_path: Path) -> None:
    assert names(repository(tmp_path / "my-tool")) == {"git": "my-tool"}


def test_pyproject_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Ice.Pyx"\n')
    found = propose(tmp_path)
    assert found is not None
    assert (found.name, found.names) == ("Ice.Pyx", only_installed(pypi="Ice.Pyx"))
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "older"\n')
    found = propose(tmp_path)
    assert found is not None
    assert found.name == "older"


@pytest.mark.parametrize("text", ["", "[project", '[project]\nname = "a b"\n', "[project]\nname = 5\n", 'tool = "x"\n'])
def test_what_says_nothing_proposes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert propose(tmp_path) is None
    assert propose(tmp_path / "absent") is None


def test_init_writes_it_and_the_project_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = repository(tmp_path / "clone", "https://github.com/icesat2py/icepyx.git")
    (folder / "pyproject.toml").write_text('[project]\nname = "icepyx"\n')
    ran = run(capsys, "-w", folder, "init")
    assert ran.code == 0
    assert "Its project, from the files of the folder: icepyx" in ran.out
    (project,) = read_settings(folder).projects
    assert project.name == "icepyx"
    assert run(capsys, "-w", folder, "collect", "git").code == 0
    total = open_workspace(folder).project("icepyx")["commits"].number("total")
    assert total is not None
    assert total.value == 1
