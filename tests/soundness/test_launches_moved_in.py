"""Launches that the notebook aggregated are the launches that the archive tells, and days that were collected stay."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

import footfall
from workspaces import SETTINGS, run, write_workspace

pytestmark = pytest.mark.slow

NOTEBOOK = Path(__file__).parents[2] / "benchmarks" / "peers" / "notebook.py"
ASKED = ("--since", "2025-12-20", "--until", "2026-03-10", "--format", "csv")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace that collected the archive, and the aggregates that the notebook made of the same archive."""
    here = write_workspace(tmp_path_factory.mktemp("here"))
    out = tmp_path_factory.mktemp("notebook")
    before = sys.argv
    sys.argv = ["notebook.py", str(here / "sample-archive"), str(out)]
    try:
        runpy.run_path(str(NOTEBOOK), run_name="__main__")
    finally:
        sys.argv = before
    with footfall.open(here) as ff:
        ff.collect("binder")
    return here, out


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "footfall.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    questions = (
        ("--grain", "day"),
        ("--grain", "hour"),
        ("--grain", "month", "--by", "repo"),
        ("--grain", "month", "--by", "federation"),
    )
    return [run(capsys, "-w", folder, "query", "launches", *words, *ASKED).out for words in questions]


def test_the_notebooks_hours_are_the_archives(
    folders: tuple[Path, Path], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, out = folders
    done = run(capsys, "-w", elsewhere, "import", "binder", out)
    assert (done.code, done.err) == (0, "")
    assert answers(elsewhere, capsys) == answers(here, capsys)
    again = run(capsys, "-w", elsewhere, "import", "binder", out)
    assert again.out.startswith("Imported 0 launches of 0 days.")
    assert answers(elsewhere, capsys) == answers(here, capsys)


def test_days_that_were_collected_stay(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, out = folders
    before = answers(here, capsys)
    twisted = tmp_path / "twisted" / "days" / "hourly"
    twisted.mkdir(parents=True)
    rows = pd.read_feather(out / "days" / "hourly" / "2026-02-10.feather")
    rows["launches"] *= 10
    rows.to_feather(twisted / "2026-02-10.feather")
    done = run(capsys, "-w", here, "import", "binder", tmp_path / "twisted")
    assert "1 day were here already" in done.out or "1 day" in done.out
    assert answers(here, capsys) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.assign(timestamp=rows["timestamp"] + pd.Timedelta(minutes=1)), "whole hour"),
        (lambda rows: rows.assign(timestamp=rows["timestamp"] + pd.Timedelta(days=1)), "whole hour of 2026-02-10"),
        (lambda rows: rows.assign(launches=-rows["launches"]), "not negative"),
        (lambda rows: rows.assign(launches="many"), "other types"),
        (lambda rows: rows.drop(columns="spec"), "no column spec"),
        (lambda rows: rows.head(0), "no row"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(
    folders: tuple[Path, Path],
    elsewhere: Path,
    tmp_path: Path,
    change: object,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, out = folders
    bad = tmp_path / "bad" / "days" / "hourly"
    bad.mkdir(parents=True)
    rows = pd.read_feather(out / "days" / "hourly" / "2026-02-10.feather")
    assert callable(change)
    change(rows).to_feather(bad / "2026-02-10.feather")
    done = run(capsys, "-w", elsewhere, "import", "binder", tmp_path / "bad")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert said in done.err


def test_a_folder_without_aggregates_says_what_is_looked_for(
    elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "days/hourly" in run(capsys, "-w", elsewhere, "import", "binder", tmp_path).err
