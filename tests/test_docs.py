"""The docs do what they say: written pages are current, examples run, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.sources import installed_sources
from footfall.sources.binder.sample import SAMPLE_NOTE, write_sample_archive
from footfall.template import commented, write_settings_file
from footfall.workspace import open as open_workspace
from histories import History
from pages import DOCS, PAGES, commands, current
from workspaces import run

pytestmark = pytest.mark.slow

ROOT = DOCS.parent
SOURCES = sorted((DOCS / "sources").glob("*.md"))
WRITTEN = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *SOURCES]
RUN = [page for page in WRITTEN if page.name != "sources.md" and page not in SOURCES]  # these have tests of their own
_ENVIRONMENT = re.compile(r'env = "(\w+)"')
_PLACE = re.compile(r"[^a-z0-9 _-]")
_EXAMPLES = """
import linecache, sys
for place, text in zip(sys.argv[1::2], sys.argv[2::2]):
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    exec(compile(text, place, "exec"), {"__name__": "__main__"})
"""
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


def test_every_python_example_runs(workspace: Path) -> None:
    """In one process, each with names of its own; what fails is named by its page and number."""
    texts = [
        part
        for page in RUN
        for number, text in enumerate(blocks(page, "python"), 1)
        for part in (f"{page.name}, example {number}", text)
    ]
    command = [sys.executable, "-c", _EXAMPLES, *texts]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [*RUN, *SOURCES], ids=lambda page: page.name)
def test_every_toml_example_is_valid(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n, text in enumerate(blocks(page, "toml")):
        folder = written(tmp_path / f"{page.stem}{n}", page, text, monkeypatch)
        assert open_workspace(folder).metrics or "sources" not in text


def written(folder: Path, page: Path, settings: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with an example's settings, the secrets that it takes from the environment, and the queries it names."""
    for name in _ENVIRONMENT.findall(settings):
        monkeypatch.setenv(name, "of-an-example")
    write_settings_file(folder, settings)
    for text in blocks(page, "sql"):
        (named,) = re.findall(r"^-- (\S+\.sql)", text)
        (folder / named).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("page", SOURCES, ids=lambda page: page.name)
def test_what_a_page_asks_can_be_asked_of_its_source(
    page: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one of its examples, without anything collected: metrics, dimensions, policies and options are there, and fit."""
    folders = [
        written(tmp_path / f"workspace{n}", page, text, monkeypatch) for n, text in enumerate(blocks(page, "toml"))
    ]
    asked = re.findall(r"`(footfall (?:query|cohort|metrics) [^`]+)`", page.read_text(encoding="utf-8"))
    assert asked
    for line in asked:
        said = []
        for folder in folders:
            monkeypatch.chdir(folder)
            done = run(capsys, *shlex.split(line)[1:])
            said.append("" if done.code == 0 or "was not collected yet" in done.err else done.err)
        assert "" in said, f"{line}\n{''.join(said)}"


def test_the_example_of_files_is_collected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCS / "sources" / "files.md"
    folder = written(tmp_path / "workspace", page, next(blocks(page, "toml")), monkeypatch)
    (folder / "visits").mkdir()
    (folder / "visits" / "2026.csv").write_text("date,country,visitors\n2026-11-01,NA,7\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert run(capsys, "collect", "files").code == 0
    assert "NA" in run(capsys, "query", "visitors", "--by", "country", "--since", "2026-11-01").out


def test_the_example_of_a_warehouse_is_collected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCS / "sources" / "warehouse.md"
    for n, text in enumerate(blocks(page, "toml")):
        folder = written(tmp_path / f"workspace{n}", page, text, monkeypatch)
        with closing(sqlite3.connect(folder / "usage.db")) as database, database:
            database.execute("CREATE TABLE pypi (day TEXT, project TEXT, is_ci INT, n INT, arrived TEXT)")
            database.execute("INSERT INTO pypi VALUES ('2026-11-01', 'icepyx', 0, 7, '2026-11-02 05:00:00')")
        monkeypatch.chdir(folder)
        done = run(capsys, "collect", "warehouse")
        assert done.code == 0, done.err
        assert (
            run(capsys, "query", "downloads", "--grain", "total", "--format", "csv").out.splitlines()[1].split(",")[1]
            == "7"
        )


def test_every_command_named_in_the_docs_exists() -> None:
    known = {*commands(), "COMMAND", "--workspace", "--help", "--version", "--install-completion"}
    for page in WRITTEN:
        for span in re.findall(r"`(footfall [^`]+)`", page.read_text(encoding="utf-8")):
            _, first, *more = shlex.split(span.replace("'", ""))
            assert first in known or " ".join((first, *more[:1])) in known, f"{page.name}: {span}"


def test_links_and_pictures_lead_somewhere() -> None:
    for page in WRITTEN:
        for target, place in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" in target:
                continue
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name}: {target}"
            assert not place or place in places(there), f"{page.name}: {target}#{place}"


def places(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {_PLACE.sub("", title.lower()).replace(" ", "-") for title in titles}


def test_every_source_has_a_page_and_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in SOURCES:
        assert f"(sources/{page.name})" in index
    assert set(installed_sources()) - {page.stem for page in SOURCES} == {"binder", "git"}, (
        "these two are in sources.md"
    )


def test_every_room_is_in_the_architecture() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = {p.stem for p in (ROOT / "src" / "footfall").glob("[a-z]*") if p.name != "py.typed"}
    assert [room for room in rooms if f"`{room}`" not in page] == []


def test_pictures_are_small() -> None:
    assert {file.name for file in (DOCS / "images").iterdir() if file.stat().st_size > 150_000} == set()


def test_the_readme_shows_the_dashboard_in_light_and_dark() -> None:
    (picture,) = re.findall(r"<picture>.*?</picture>", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    shown = re.findall(r'(?:srcset|src)="([^"]+)"', picture)
    assert shown == ["docs/images/dashboard-dark.png", "docs/images/dashboard-light.png"]
    assert all((ROOT / each).read_bytes().startswith(b"\x89PNG") for each in shown)


def test_what_is_said_of_another_tool_has_its_place() -> None:
    """Each column of the comparison has a section of its own, and links to where its claims were read."""
    page = (DOCS / "compare.md").read_text(encoding="utf-8")
    rows = [line.strip().strip("|").split("|") for line in page.splitlines() if line.startswith("| ")]
    others = [name.strip() for name in rows[0][2:]]
    said = page.split("## Sources of these statements")[1]
    for tool in others:
        assert f"\n## {tool}\n" in page, tool
        assert re.search(rf"\*\*{re.escape(tool)}\*\*: \[[^]]+\]\(https://", said), tool
    assert {len(row) for row in rows} == {len(others) + 2}
