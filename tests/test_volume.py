"""How much commands say: for programs as JSON, with --quiet nothing but what was asked for; and completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from workspaces import launches, run, write_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workspace(tmp_path_factory.mktemp("workspace"))


def test_collecting_as_json_counts_what_was_stored(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "-w", workspace, "collect", "--format", "json")
    told = {each["source"]: each for each in json.loads(done.out)["sources"]}
    assert told["binder"]["rows"] == sum(launches(workspace, "2025", "2027").values())
    since_the_last_file = (datetime.now(UTC).date() - date(2026, 3, 10)).days  # up to yesterday
    assert (told["binder"]["missing"], told["binder"]["error"]) == (2 + since_the_last_file, None)
    assert told["git"]["rows"] == 4
    again = json.loads(run(capsys, "-w", workspace, "collect", "--format", "json").out)["sources"]
    assert [each["complete"] + each["provisional"] for each in again] == [0, 0]


def test_lists_as_json(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = json.loads(run(capsys, "-w", workspace, "metrics", "--format", "json").out)
    assert {"launches", "commits"} <= {each["name"] for each in metrics}
    one = json.loads(run(capsys, "-w", workspace, "metrics", "commits", "--format", "json").out)
    assert one == next(each for each in metrics if each["name"] == "commits")
    events = json.loads(run(capsys, "-w", workspace, "events", "--format", "json").out)
    assert {each["event"]: each["actors"] for each in events}["commit_author"] == 1
    tables = json.loads(run(capsys, "-w", workspace, "maintain", "--format", "json").out)
    assert {"launches", "commits", "ledger"} <= {each["table"] for each in tables}
    wrong = run(capsys, "-w", workspace, "metrics", "lanches", "--format", "json")
    assert (wrong.code, wrong.out) == (1, "")
    assert "did you mean" in wrong.err


@pytest.mark.parametrize("words", ["collect", "collect -q", "maintain", "mark active ada", "unmark active ada"])
def test_quiet_commands_say_nothing(words: str, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(capsys, "-w", workspace, "--quiet", *words.split())
    assert (done.code, done.out, done.err) == (0, "", "")


def test_quiet_answers_are_whole(workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, notes on numbers and mistakes are said; that a file was written is not."""
    asked = ("-w", workspace, "query", "launches", "--grain", "month", "--since", "2026", "--until", "2026-03")
    loud, quiet = run(capsys, *asked), run(capsys, *asked, "-q")
    assert quiet == loud
    assert quiet.err
    assert "Wrote" in run(capsys, *asked, "-o", tmp_path / "loud.csv").err
    assert "Wrote" not in run(capsys, *asked, "-q", "-o", tmp_path / "quiet.csv").err
    assert (tmp_path / "quiet.csv").read_text() == (tmp_path / "loud.csv").read_text()
    wrong = run(capsys, "-w", workspace, "-q", "query", "lanches")
    assert wrong.code == 1
    assert "unknown metric" in wrong.err


@pytest.mark.parametrize(("words", "completed"), [("footfall qu", "query"), ("footfall query --gra", "--grain")])
def test_words_are_completed(words: str, completed: str) -> None:
    asked = {**os.environ, "_FOOTFALL_COMPLETE": "complete_bash", "COMP_WORDS": words}
    asked["COMP_CWORD"] = str(len(words.split()) - 1)
    code = "import sys; sys.argv[0] = 'footfall'; from footfall.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [completed]
