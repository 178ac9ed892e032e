"""The docs do what they say: written pages are current, examples run, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.sources.binder.sample import SAMPLE_NOTE, write_sample_archive
from footfall.template import commented, write_settings_file
from histories import History
from pages import DOCS, PAGES, commands, current
from workspaces import run

pytestmark = pytest.mark.slow

ROOT = DOCS.parent
WRITTEN = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
RUN = [page for page in WRITTEN if page.name != "sources.md"]  # its example has tests of its own
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> Iterator[str]:
    return (text for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language)


def shell_lines(page: Path) -> list[str]:
    return [line for text in blocks(page, "bash") for line in text.splitlines() if line.strip()]


def shown_commands() -> list[str]:
    """Commands in the README's table of questions."""
    return re.findall(r"\| `(footfall [^`]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collected workspace up to yesterday, as a reader has one after the demo."""
    folder = tmp_path_factory.mktemp("docs")
    today = datetime.now(UTC).date()
    days = (today - date(today.year - 2, 12, 1)).days
    first = today - timedelta(days=days)
    write_sample_archive(folder / "sample-archive", days, 20, until=today, repositories=300)
    history = History.new(folder / "project")
    history.commit(f"{today - timedelta(days=40)}T12:00+00:00")
    history.write()
    sources: dict[str, dict[str, Any]] = {
        "binder": {"archive": "sample-archive", "first_day": first},
        "git": {"repositories": ["project"]},
    }
    projects = [{"name": "icepyx", "git": "project"}]
    write_settings_file(folder, commented(sources, notes={"binder": SAMPLE_NOTE}, projects=projects))
    subprocess.run([sys.executable, "-m", "footfall", "collect"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_what_is_written_from_the_code_is_current(name: str) -> None:
    page = DOCS / name
    assert page.read_text(encoding="utf-8") == current(page), "run `python tests/pages.py`"


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_every_shell_example_runs(
    page: Path, workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole lines in this process, which is quick; what follows a pipe is the reader's own."""
    monkeypatch.chdir(workspace)
    lines = shell_lines(page) + (shown_commands() if page.name == "README.md" else [])
    for line in lines:
        program, *words = shlex.split(line.split(" | ")[0], comments=True)
        assert program == "footfall", line
        done = run(capsys, *words)
        assert done.code == 0, f"{line}\n{done.err}"


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_every_python_example_runs(page: Path, workspace: Path) -> None:
    for text in blocks(page, "python"):
        done = subprocess.run([sys.executable, "-c", text], cwd=workspace, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stderr}"


def test_every_toml_example_is_valid(tmp_path: Path) -> None:
    from footfall.workspace import open as open_workspace

    for page in RUN:
        for n, text in enumerate(blocks(page, "toml")):
            folder = tmp_path / f"{page.stem}{n}"
            write_settings_file(folder, text)
            assert open_workspace(folder).metrics or "sources" not in text


def test_every_command_named_in_the_docs_exists() -> None:
    known = {*commands(), "COMMAND", "--workspace", "--help", "--version"}
    for page in WRITTEN:
        for span in re.findall(r"`(footfall [^`]+)`", page.read_text(encoding="utf-8")):
            _, first, *more = shlex.split(span.replace("'", ""))
            assert first in known or " ".join((first, *more[:1])) in known, f"{page.name}: {span}"


def test_links_and_pictures_lead_somewhere() -> None:
    for page in WRITTEN:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_room_is_in_the_architecture() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = {p.stem for p in (ROOT / "src" / "footfall").glob("[a-z]*") if p.name != "py.typed"}
    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_pictures_are_small() -> None:
    assert sum(file.stat().st_size for file in (DOCS / "images").iterdir()) < 600_000
