"""Faces: whatever text of others they show, it steers no terminal, page, picture or spreadsheet."""

from __future__ import annotations

import ast
import csv
import io
import re
import shlex
import tempfile
import unicodedata
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl

import duckdb
from rich.table import Table as RichTable

from footfall.charts.badges import Badge
from footfall.concealing import printable
from footfall.frames import csv_of, for_spreadsheets, html_of
from footfall.report.shelf import RECORD, Record, place, write_shelf
from footfall.report.summary import plain
from footfall.sql import literal, quote
from footfall.terminal.console import open_console
from footfall.web.pages.spelling import address, command_line, python
from fuzzed import HOSTILE, Target

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _terminal(text: str) -> None:
    out = io.StringIO()
    table = RichTable(title=text)
    table.add_column(text)
    table.add_row(text)
    console = open_console(file=out)
    console.print(table)
    console.print(text)
    steering = [c for c in out.getvalue() if c != "\n" and (unicodedata.category(c) == "Cc" or c in BIDI)]
    assert not steering, f"steers a terminal: {steering!r}"


def _printable(text: str) -> None:
    steering = [
        c
        for c in printable(text).replace("\n", "").replace("\t", "")
        if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in BIDI
    ]
    assert not steering, f"steers a terminal or turns a line: {steering!r}"


def _spreadsheet(text: str) -> None:
    if "\x00" in text:
        return
    made = for_spreadsheets(csv_of(["name", "value"], [[text, "-5"]]))
    [_, [name, value]] = csv.reader(io.StringIO(made, newline=""))
    assert value == "-5", "numbers stay"
    is_number = name.strip().lstrip("+-").replace(".", "", 1).replace("e", "", 1).rstrip("%").isascii()
    assert not name.startswith(("=", "@", "\t", "\r")) or is_number


def _badge(text: str) -> None:
    root = ET.fromstring(Badge(text[:200], text[:200], "#0b5c9e", text[:200]).to_svg())
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "path", "g", "text"}, tags


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def _notebook(text: str) -> None:
    tags = _Tags()
    tags.feed(html_of(text, text, [text], [[text]], [text]))
    plain = _Tags()
    plain.feed(html_of("x", "x", ["x"], [["x"]], ["x"]))
    assert tags.found == plain.found, "text of others makes no element"
    assert not tags.handlers


def _markdown(text: str) -> None:
    """One line; what means something in Markdown stands behind a backslash, and nothing else changes."""
    made = plain(text)
    assert len(made.splitlines()) <= 1
    shown, marks = re.sub(r"\\(.)", lambda found: found[1], made), re.sub(r"\\.", "", made)
    assert shown == " ".join(text.split())
    assert not set(marks) & set("`*_[]<>#|\\")


def _feed(text: str) -> None:
    """A feed that every reader can parse, with no element more."""
    with tempfile.TemporaryDirectory() as folder:
        report = Record("2026-02", text, datetime(2026, 3, 1, tzinfo=UTC), ((text, text),), text)
        place(Path(folder, "2026-02"), {RECORD: report.content()})
        write_shelf(Path(folder), "https://example.org")
        root = ET.parse(Path(folder, "feed.xml")).getroot()
    (item,) = root.iter("item")
    assert [each.tag for each in item] == ["title", "link", "guid", "pubDate", "description"]
    described = _Tags()
    described.feed(item.findtext("description") or "")
    assert described.found == ["ul", "li"]


def _sql(text: str) -> None:
    """A text is one value, and a name one name, whatever is in it."""
    if "\x00" in text or any(unicodedata.category(c) == "Cs" for c in text):
        return
    with duckdb.connect() as connection:
        [(value,)] = connection.sql(f"SELECT {literal(text)}").fetchall()
        assert value == text
        if text.strip():
            assert connection.sql(f"SELECT 1 AS {quote(text)}").columns == [text]


def _spelled(text: str) -> None:
    """A question that is copied as a command, as Python or as an address is that question."""
    if not text:
        return
    asked = {"metric": text, "where": [text, "repo=a"], "last": "30"}
    words = shlex.split(command_line(asked))
    assert [words[2], words[words.index("--where", 3) + 1]] == [text, text]
    (call,) = (node for node in ast.walk(ast.parse(python(asked))) if isinstance(node, ast.Call) and node.args)
    assert ast.literal_eval(call.args[0]) == text
    assert parse_qsl(address(asked), keep_blank_values=True, max_num_fields=9).count(("where", text)) == 1


FACES = (
    Target("terminal", _terminal, HOSTILE),
    Target("printable", _printable, HOSTILE),
    Target("spreadsheets", _spreadsheet, (*HOSTILE, "-5", "+1.5e3", "@SUM(A1)", "\t=1")),
    Target("badges", _badge, HOSTILE),
    Target("notebooks", _notebook, HOSTILE),
    Target("markdown", _markdown, (*HOSTILE, "a_b *c* [d](e)", "# x | y")),
    Target("feeds", _feed, HOSTILE),
    Target("sql", _sql, (*HOSTILE, 'a"b', "it's", "'||x||'")),
    Target("spellings", _spelled, (*HOSTILE, "$(reboot)", "`x`", "a'b\"c", "-x", "\\")),
)
