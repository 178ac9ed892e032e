"""The example source in docs/sources.md, taken from there, installed as a distribution, and run end to end."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

import footfall
from footfall.http import Client
from footfall.ledger import Status
from footfall.sources import installed_sources
from footfall.testing import Upstream, check_source
from footfall.workspace import Workspace
from lengths import STEP

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[1] / "docs" / "sources.md"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def block(kind: str, containing: str) -> str:
    """The code block of the docs that holds a text."""
    text = DOCS.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (found,) = [
        code for written, code in blocks if written == kind and containing in code and "check_source(" not in code
    ]
    return str(found)


@pytest.fixture
def museum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example, installed: a module and its dist-info next to it, as pip leaves them. Yields a workspace's folder."""
    site = tmp_path / "site"
    info = site / "museum-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "museum.py").write_text(block("python", "class Visitors"), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: museum\nVersion: 1.0\n")
    (site / "library.py").write_text(block("python", "class Library"), encoding="utf-8")
    points = block("toml", "entry-points").replace('"', "") + "library = library:Library\n"
    (info / "entry_points.txt").write_text(points.replace("project.entry-points.", ""))
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()

    workspace = tmp_path / "workspace"
    (workspace / "doors").mkdir(parents=True)
    (workspace / "footfall.toml").write_text(block("toml", "[sources.visitors]"))
    yield workspace
    sys.modules.pop("museum", None)
    sys.modules.pop("library", None)


def write(workspace: Path, day: str, *lines: str) -> None:
    (workspace / "doors" / f"{day}.csv").write_text("\n".join(["hour,door,entered,inside", *lines]) + "\n")


def opened(workspace: Path, minute: int = 0) -> Workspace:
    return footfall.open(workspace, now=lambda: NOW + timedelta(minutes=minute))


@pytest.fixture
def doors(museum: Path) -> Path:
    write(
        museum,
        "2026-11-20",
        "2026-11-20T09:00Z,north,5,0",
        "2026-11-20T09:00Z,south,2,1",
        "2026-11-20T10:00Z,north,1,4",
    )
    write(museum, "2026-11-22", "2026-11-22T12:30:00+01:00,north,7,0")
    return museum


def test_is_found_like_a_built_in_source(museum: Path) -> None:
    assert installed_sources()["visitors"].load().__name__ == "Visitors"
    assert set(opened(museum).metrics) == {"entered", "inside"}


def test_collects_and_answers(doors: Path) -> None:
    workspace = opened(doors)
    (summary,) = workspace.collect().sources
    assert (summary.complete, summary.provisional, summary.rows) == (1, 1, 4)

    days = workspace.query("entered", since="2026-11-20", until="2026-11-23").rows.to_pylist()
    assert [row["entered"] for row in days] == [8, None, 7]
    assert [row["coverage"] for row in days] == [1, 0, 0.5]
    by_door = workspace.query("entered", grain="total", by=["door"], since="2026-11-20", until="2026-11-21").rows
    assert {row["door"]: row["entered"] for row in by_door.to_pylist()} == {"north": 6, "south": 2}
    fullest = workspace.query("inside", since="2026-11-20", until="2026-11-21").rows.to_pylist()
    # South was silent at 10: its value of 9 stands for it, and the coverage says so.
    assert [(row["inside"], row["coverage"]) for row in fullest] == [(5, 0.75)]


def test_the_questions_of_the_docs_can_be_asked(doors: Path) -> None:
    from footfall.cli import main

    asked = [line.split() for line in block("", "footfall collect visitors").splitlines()]
    assert len(asked) == 3
    for program, *arguments in asked:
        assert program == "footfall"
        with pytest.raises(SystemExit) as ended:
            main(["--workspace", str(doors), *arguments])
        assert ended.value.code == 0


def test_a_restated_day_is_replaced_and_an_unchanged_one_left_alone(doors: Path) -> None:
    opened(doors).collect()
    write(doors, "2026-11-20", "2026-11-20T09:00Z,north,50,0")
    (summary,) = opened(doors, minute=1).collect().sources
    assert (summary.complete, summary.unchanged) == (1, 1)
    days = opened(doors).query("entered", since="2026-11-20", until="2026-11-21").rows.to_pylist()
    assert [row["entered"] for row in days] == [50]
    (summary,) = opened(doors, minute=2).collect().sources
    assert (summary.complete, summary.unchanged) == (0, 2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe broken", b"<html>502 Bad Gateway</html>"])
def test_a_broken_day_fails_and_erases_nothing(doors: Path, content: bytes) -> None:
    opened(doors).collect()
    (doors / "doors" / "2026-11-20.csv").write_bytes(content)
    (summary,) = opened(doors, minute=1).collect().sources
    assert summary.failed == 1
    assert summary.notes[0].status is Status.FAILED
    assert "2026-11-20.csv" in summary.notes[0].reason
    days = opened(doors).query("entered", since="2026-11-20", until="2026-11-21").rows.to_pylist()
    assert [row["entered"] for row in days] == [8]


def test_a_file_named_after_no_day_is_one_sentence(doors: Path) -> None:
    write(doors, "2026-13-45")
    (summary,) = opened(doors).collect().sources
    assert "2026-13-45.csv is not named after a day" in summary.error


def test_lines_of_another_day_or_without_a_zone_are_refused_and_counted(museum: Path) -> None:
    good = "2026-11-20T09:00Z,north,5,0"
    write(
        museum, "2026-11-20", good, "2026-11-21T09:00Z,north,5,0", "2026-11-20T09:00,north,5,0", "x,north,5", good[:-1]
    )
    (summary,) = opened(museum).collect().sources
    assert (summary.rows, summary.rejected) == (1, 4)


def test_a_missing_folder_is_one_sentence(museum: Path) -> None:
    (museum / "doors").rmdir()
    (summary,) = opened(museum).collect().sources
    assert "there is no folder" in summary.error


def test_the_example_keeps_all_promises(museum: Path, tmp_path: Path) -> None:
    written: dict[str, Any] = {}
    exec(block("python", "class Doors(Upstream)"), written)
    kind = installed_sources()["visitors"].load()
    assert check_source(kind, written["Doors"], tmp_path / "checked", step=STEP).skipped == (
        "300 scopes are collected together",
    )


# The library


class Page:
    """The library's page: the loans of the last 14 days, as they are known now."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.loans: dict[tuple[str, str], int] = {}
        self.bodies = 0
        self.is_down = self.is_empty = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_down:
            return httpx2.Response(404)
        if self.is_empty:
            return httpx2.Response(200, text="")
        since = f"{self.now - timedelta(days=14):%Y-%m-%d}"
        listed = [{"day": d, "title": t, "borrowed": n} for (d, t), n in sorted(self.loans.items()) if d > since]
        body = json.dumps(listed)
        etag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == etag:
            return httpx2.Response(304)
        self.bodies += 1
        return httpx2.Response(200, text=body, headers={"ETag": etag})


def library_of(folder: Path) -> type[Any]:
    written: dict[str, Any] = {}
    exec(block("python", "class Library"), written)
    return cast("type[Any]", written["Library"])


class Shelves(Upstream):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.page = Page(self.now)

    def settings(self) -> dict[str, Any]:
        return {"address": "https://library.example/loans.json"}

    def client(self) -> Client:
        return Client(transport=httpx2.MockTransport(self.page), wait=0.0, attempts=1)

    def begin(self) -> None:
        for ago in range(12):
            for title in ("Emma", "Persuasion"):
                self.page.loans[f"{self.now - timedelta(days=ago):%Y-%m-%d}", title] = 3 + ago

    @property
    def first(self) -> tuple[str, str]:
        return f"{self.starts_at - timedelta(days=3):%Y-%m-%d}", "Emma"

    def restate(self) -> None:
        self.page.loans[self.first] += 10

    def fail(self) -> None:
        self.page.is_down = True

    def be_empty(self) -> None:
        self.page.is_empty = True

    def recover(self) -> None:
        self.page.is_down = self.page.is_empty = False

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += timedelta(days=1)
            self.page.loans[f"{self.now:%Y-%m-%d}", "Emma"] = 8
        self.now = self.page.now = now


def test_the_library_keeps_all_promises(tmp_path: Path) -> None:
    skipped = check_source(library_of(tmp_path), Shelves, tmp_path / "checked", step=STEP).skipped
    assert skipped == (
        "a restatement that was killed and taken back is not trusted",
        "300 scopes are collected together",
    )


def test_what_the_library_told_once_is_kept_and_revised(museum: Path) -> None:
    shelves = Shelves(museum)
    shelves.begin()
    (museum / "footfall.toml").write_text('[sources.library]\naddress = "https://library.example/loans.json"\n')
    now = shelves.now

    def at(moment: datetime) -> Workspace:
        workspace = footfall.open(museum, now=lambda: moment)
        workspace.__dict__["client"] = shelves.client()
        return workspace

    def borrowed(as_of: datetime | None = None) -> int:
        asked = at(now).query("borrowed", grain="total", since="2026-02-01", until="2026-03-11", as_of=as_of)
        return cast(int, asked.rows["borrowed"].to_pylist()[0])

    assert at(now).collect().sources[0].provisional == 12
    first, learnt_at = borrowed(), now
    now += timedelta(minutes=1)
    assert at(now).collect().sources[0].windows == 0
    assert shelves.page.bodies == 1, "what did not change is not sent again"
    now += timedelta(minutes=1)
    shelves.restate()
    assert at(now).collect().sources[0].windows == 1
    assert borrowed() == first + 10
    assert borrowed(learnt_at + timedelta(seconds=30)) == first
    now += timedelta(days=40)
    shelves.page.now = now
    assert at(now).collect().sources[0].error == ""
    assert borrowed() == first + 10, "the page has forgotten, and the lake has not"
    assert not any(entry.is_provisional_at(now) for entry in at(now).lake.known("library"))
