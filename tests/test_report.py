"""The report: the pages of a month as files, the same bytes for the same lake, that need no server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

import footfall
from footfall.errors import FootfallError, QueryError, SettingsError, UnknownNameError
from footfall.report import write_report
from footfall.report.mailing import check_mail
from footfall.report.rewriting import download_of, file_of, rewritten
from footfall.report.shelf import RECORD, Record, place, write_shelf
from footfall.report.subject import Subject
from footfall.report.summary import plain, summary_of
from footfall.report.writing import month_of
from footfall.workspace import Workspace
from hub_workspaces import NOW, PLACES, Place, collect_hubs
from hub_workspaces import settings as hub_settings
from served import write_served

STRANGE = "<script>alert(1)</script>/x"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_served(tmp_path_factory.mktemp("report"), hub_settings(20))
    collect_hubs(made, (*PLACES[:2], Place(STRANGE, "east", "odd", 3, "=cmd()", "", 10.0, 20.0)), 20)
    return made


@pytest.fixture
def ff(folder: Path) -> Iterator[Workspace]:
    with footfall.open(folder, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole report, with every picture drawn: the slow part, once for all tests that read it."""
    made = tmp_path_factory.mktemp("site")
    with footfall.open(folder, now=lambda: NOW) as opened:
        write_report(opened, made, address="https://example.org/usage/")
    return made


def contents(site: Path) -> dict[str, bytes]:
    return {str(file.relative_to(site)): file.read_bytes() for file in sorted(site.rglob("*")) if file.is_file()}


def test_every_link_leads_to_a_file_and_none_to_a_server(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 8
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            assert (page.parent / unquote(link)).is_file(), (page.name, link)
        assert "<form" not in text
        assert not re.search(r"https?://(?!www\.w3\.org)", text)
        assert "<script>alert" not in text


def test_it_has_the_pages_maps_badges_and_the_summary_of_the_month(site: Path) -> None:
    files = contents(site)
    for name in (
        "index.html",
        "feed.xml",
        "2026-02/index.html",
        "2026-02/hubs.html",
        "2026-02/projects/tool.html",
        "2026-02/hubs/community/Berkeley.html",
        "2026-02/files/hubs-map-area-usa.png",
        "2026-02/files/badge-commits-tool.svg",
        "2026-02/summary.md",
    ):
        assert name in files, name
    summary = files["2026-02/summary.md"].decode()
    assert summary.startswith("# Usage in February 2026\n")
    assert "**Commits**: 1 (" in summary
    assert files["latest/hubs-map-area-usa.png"] == files["2026-02/files/hubs-map-area-usa.png"]
    assert "latest/badge-commits-tool.svg)" in files["2026-02/projects/tool.html"].decode()


def test_each_page_says_its_month_and_leads_to_all_reports(site: Path) -> None:
    for page in (site / "2026-02").rglob("*.html"):
        up = "../" * len(page.relative_to(site / "2026-02").parts)
        assert f'<strong>Usage in February 2026</strong> · <a href="{up}index.html">' in page.read_text()
        assert "<select" not in page.read_text()


def test_the_feed_has_whole_addresses_and_its_text_is_html(site: Path) -> None:
    channel = ElementTree.parse(site / "feed.xml").getroot().find("channel")
    assert channel is not None
    assert channel.findtext("link") == "https://example.org/usage/index.html"
    item = channel.find("item")
    assert item is not None
    assert item.findtext("link") == "https://example.org/usage/2026-02/index.html"
    assert item.findtext("pubDate") == "Sun, 01 Mar 2026 00:00:00 GMT"
    listed = ElementTree.fromstring(str(item.findtext("description")))
    assert listed.tag == "ul"
    assert any(str(each.text).startswith("Commits: 1 (") for each in listed)


def test_the_same_lake_gives_the_same_bytes(site: Path, ff: Workspace, tmp_path: Path) -> None:
    write_report(ff, tmp_path, month="2026-02", address="https://example.org/usage/")
    one, two = contents(site), contents(tmp_path)
    assert [name for name in one if one[name] != two.get(name)] == []
    assert set(one) == set(two)


def test_without_an_address_there_is_no_feed_and_one_that_is_there_keeps_its_own(site: Path, tmp_path: Path) -> None:
    record = Record("2026-02", "Usage <i>", NOW, (("A & B", "1 < 2"),), "everything")
    place(tmp_path / "2026-02", {RECORD: record.content()})
    write_shelf(tmp_path)
    index = (tmp_path / "index.html").read_text()
    assert not (tmp_path / "feed.xml").exists()
    assert "feed.xml" not in index
    assert "Usage &lt;i&gt;" in index
    assert "1 &lt; 2" in index
    write_shelf(tmp_path, "https://example.org/usage")
    before = (tmp_path / "feed.xml").read_text()
    write_shelf(tmp_path)
    assert (tmp_path / "feed.xml").read_text() == before


def test_a_summary_says_what_each_note_is_about_and_a_month_without_data_is_refused(folder: Path) -> None:
    month = month_of("2026-02", ended := footfall.open(folder, now=lambda: NOW))
    try:
        summary = summary_of(ended, Subject(community="Berkeley"), month)
        assert [line.label for line in summary.lines] == ["Daily users", "Weekly users", "Monthly users"]
        assert all(" (" in line.value or line.value.startswith("mean of ") for line in summary.lines)
    finally:
        ended.close()
    later = NOW + timedelta(days=200)
    refused = pytest.raises(QueryError, match=r"nothing of July 2026 was collected; `footfall status` shows")
    with footfall.open(folder, now=lambda: later) as silent, refused:
        summary_of(silent, Subject(community="Berkeley"), month_of("2026-07", silent))


def test_what_a_killed_run_left_is_put_right_by_the_next(tmp_path: Path) -> None:
    place(tmp_path / "2026-02", {"a/page.html": b"old", RECORD: b"{}"})
    (tmp_path / "2026-02").rename(tmp_path / ".2026-02.old")  # killed between the two renames
    left = tmp_path / ".2026-02.new-x"
    left.mkdir()
    os.utime(left, (0, 0))
    with pytest.raises(TypeError):
        place(tmp_path / "2026-02", {"page.html": None})  # type: ignore[dict-item]
    assert contents(tmp_path) == {"2026-02/a/page.html": b"old", f"2026-02/{RECORD}": b"{}"}
    assert not left.exists()
    place(tmp_path / "2026-02", {"page.html": b"new"})
    assert contents(tmp_path) == {"2026-02/page.html": b"new"}
    assert [each.name for each in tmp_path.iterdir()] == ["2026-02"]


def test_past_reports_stay_and_are_listed_newest_first(site: Path, ff: Workspace) -> None:
    before = {name: content for name, content in contents(site).items() if name.startswith("2026-02/")}
    with pytest.raises(QueryError, match=r"2026-02 holds the report of everything, .* project 'tool'"):
        write_report(ff, site, project="tool")
    write_report(ff, site, month="2026-01", project="tool")
    after = contents(site)
    assert {name: after[name] for name in before} == before
    index = after["index.html"].decode()
    assert index.index("Usage in February 2026") < index.index("tool in January 2026")
    assert "tool" in after["2026-01/index.html"].decode()


def test_what_cannot_be_reported_is_one_sentence(ff: Workspace, tmp_path: Path) -> None:
    for month, said in (
        ("2026-03", "is not over"),
        ("March", "'March' cannot be read"),
        ("2026-13", "month '2026-13' cannot"),
        ("1990-01", "first month with data is"),
    ):
        with pytest.raises(FootfallError, match=said):
            write_report(ff, tmp_path, month=month)
    with pytest.raises(UnknownNameError, match="unknown project"):
        write_report(ff, tmp_path, project="toll")
    with pytest.raises(UnknownNameError, match="unknown community"):
        write_report(ff, tmp_path, community="Nobody")
    with pytest.raises(QueryError, match="covers a project or a community"):
        write_report(ff, tmp_path, project="tool", community="Berkeley")
    with pytest.raises(QueryError, match=r"'example.org' is not a web address"):
        write_report(ff, tmp_path, address="example.org")
    (tmp_path / "file").touch()
    with pytest.raises(QueryError, match="file is a file; name a folder"):
        write_report(ff, tmp_path / "file")
    (tmp_path / "2026-02").mkdir()
    (tmp_path / "2026-02" / "mine.txt").write_text("mine")
    with pytest.raises(QueryError, match="holds files that are not a report"):
        write_report(ff, tmp_path, project="tool")
    assert (tmp_path / "2026-02" / "mine.txt").read_text() == "mine"
    with pytest.raises(SettingsError, match="no e-mail is set up"):
        check_mail(ff.settings.report)


def test_names_of_any_kind_make_files_of_their_own() -> None:
    names = ["a/b", "a-b", "..", "../../etc", "<script>", "x" * 10_000, "ä", "a b"]
    files = [file_of(f"/hubs/community/{name}") for name in names]
    assert len(set(files)) == len(names)
    assert all(".." not in file.split("/") and len(file) < 120 for file in files)
    assert download_of("/hubs/map.png?area=usa&constellation=../..").startswith("files/hubs-map-area-usa-")


def test_links_are_relative_and_what_needs_a_server_is_text() -> None:
    page = '<nav aria-label="Pages"><a href="/">Home</a><a href="/explore">Explore</a></nav><a href="/explore?x=1">more</a>'
    made = rewritten(page, "projects/a.html", {"/": "index.html"}, lambda address: None)
    assert made == '<nav aria-label="Pages"><a href="../index.html">Home</a></nav><a>more</a>'
    assert plain("*a* [b](c) <i>") == r"\*a\* \[b\](c) \<i\>"
