"""Names that others chose are text in every face: none is markup, a formula that runs, SQL, or a command of the terminal."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import footfall
from footfall.report import write_report
from footfall.web.app import create_app
from footfall.workspace import Workspace
from served import HOSTILE, NOW, Clock, opened

NAMES = (
    *HOSTILE,
    '"><img src=x onerror=alert(1)>',
    "</svg><script>alert(2)</script>",
    "javascript:alert(3)",
    "{{ 7 * 7 }}{% raw %}",
    "a\nb\r\nSet-Cookie: x=y",
    "%s %n \\u0000 ${jndi:x}",
    "=HYPERLINK(0)",
)
STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What would steer a terminal or turn the direction of a line."""
SETTINGS = """
[[sources.files.tables]]
name = "visits"
path = "visits.jsonl"
format = "jsonl"
time = "date"
dimensions = ["repo"]
measures = [{ name = "visits", title = "Visits" }]
project = "repo"
[web]
embed = ["https://docs.example.org"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = [{"date": f"2026-02-{day:02}", "repo": name, "visits": 5} for day in range(1, 29) for name in NAMES]
    (folder / "visits.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    projects = "".join(
        f"[[projects]]\nname = {json.dumps(f'p{n}')}\nfiles = {json.dumps(name)}\n" for n, name in enumerate(NAMES)
    )
    (folder / "footfall.toml").write_text(SETTINGS + projects, encoding="utf-8")
    with footfall.open(folder, now=Clock()) as workspace:
        done = workspace.collect()
        assert not done.sources[0].failed, done
    return folder


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with opened(folder, Clock()) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(create_app(workspace)) as client:
        yield client


class Looked(HTMLParser):
    """What a browser would run of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not given.get("src") and given.get("type") not in ("application/json",):
            self.found.append("script")
        for name, value in attrs:
            is_address = name in ("href", "src", "action", "xlink:href", "formaction")
            if name.startswith("on") or (
                is_address and re.match(r"\s*(javascript|data:text)", value or "", re.IGNORECASE)
            ):
                self.found.append(f"{tag} {name}={value}")
        if tag == "img" and given.get("src") == "x":
            self.found.append("img")


def test_rows_keep_them_as_they_are(client: TestClient) -> None:
    told = client.get("/api/v1/query/visits?grain=total&by=repo").json()
    assert sorted(row["repo"] for row in told["rows"]) == sorted(NAMES)
    text = client.get("/api/v1/query/visits?grain=total&by=repo&format=csv").content.decode()
    # What begins with a quote stands in quotes, as in a filter: it is told from a name without them.
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' if name[0] == '"' else name for name in NAMES]
    assert sorted(row["repo"] for row in csv.DictReader(io.StringIO(text, newline=""))) == sorted(quoted)
    sheet = client.get("/api/v1/query/visits?grain=total&by=repo&format=spreadsheet").content.decode()
    cells = [cell for row in csv.reader(io.StringIO(sheet, newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_filter_finds_exactly_one(client: TestClient, name: str) -> None:
    where = 'repo="' + name.replace('"', '""') + '"'
    answer = client.get("/api/v1/query/visits", params={"grain": "total", "where": where})
    if len(name) > 5_000:  # longer than an address may be
        assert answer.status_code == 422
        return
    assert [row["visits"] for row in answer.json()["rows"]] == [140]
    assert "\n" not in answer.headers["link"]


def test_drawings_are_well_formed_and_run_nothing(client: TestClient) -> None:
    for path in (
        "/chart/visits.svg?by=repo&top=8",
        "/chart/visits.svg?by=repo&grain=total",
        "/explore/answer.svg?metric=visits&by=repo&top=8",
    ):
        drawn = client.get(path)
        assert drawn.status_code == 200, drawn.text[:300]
        root = ET.fromstring(drawn.text)
        assert not [each for each in root.iter() if each.tag.endswith(("script", "foreignObject"))]
        assert not [name for each in root.iter() for name in each.attrib if name.lower().startswith("on")]
        assert not STEERING.search(drawn.text)
        assert "script-src 'self'" in drawn.headers["content-security-policy"]


PAGES = (
    "/",
    "/explore?metric=visits&by=repo",
    "/explore?metric=visits&by=repo&grain=total",
    "/projects?by=visits",
    "/compare?name=p0&name=p3&name=p4&by=visits",
    "/embed/visits?by=repo&top=7",
    "/sources",
    *(f"/projects/p{n}" for n in range(len(NAMES))),
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200, page.text[:300]
    assert Looked(page.text).found == []
    assert "49{%" not in page.text, "a template was run"
    assert not STEERING.search(page.text), repr(STEERING.findall(page.text))


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_what_is_asked_for_is_text_in_mistakes(client: TestClient, name: str) -> None:
    quoted = quote(name, safe="")[:6_000]
    for path in (
        f"/projects/{quoted}",
        f"/explore?metric={quoted}",
        f"/retention?view=growth&event={quoted}",
        f"/hubs/community/{quoted}",
        f"/compare?name={quoted}&by=visits",
        f"/login?next={quoted}",
        f"/badge/{quoted}.svg",
        f"/badge/visits/{quoted}.svg?label={quoted}",
        f"/chart/visits.svg?title={quoted}",
        f"/embed/visits?title={quoted}",
        f"/api/v1/query/{quoted}",
        f"/api/v1/projects/{quoted}/activity",
        f"/theme?to=dark&back={quoted}",
    ):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code < 500, path
        kind = answer.headers.get("content-type", "")
        if "html" in kind:
            assert Looked(answer.text).found == [], path
        if "svg" in kind:
            ET.fromstring(answer.text)
        assert not STEERING.search(answer.text), path
        assert answer.headers.get("location", "/").startswith("/")
        assert not answer.headers.get("location", "/").startswith("//")
        assert "x" not in answer.cookies


def test_a_report_runs_nothing(workspace: Workspace, tmp_path: Path) -> None:
    write_report(workspace, tmp_path, month="2026-02", address="https://example.org/")
    for file in tmp_path.rglob("*"):
        if file.suffix == ".html":
            assert Looked(file.read_text(encoding="utf-8")).found == [], file
        if file.suffix in (".xml", ".svg"):
            ET.parse(file)
        if file.suffix in (".html", ".xml", ".svg", ".md"):
            assert not STEERING.search(file.read_text(encoding="utf-8")), file


def test_a_terminal_is_not_steered(workspace: Workspace) -> None:
    text = workspace.query("visits", grain="total", by=["repo"]).draw(100)
    assert "owned" in text
    assert not STEERING.search(text)
    assert not STEERING.search(workspace.projects_by("visits").draw(100))
    assert workspace.now() == NOW
