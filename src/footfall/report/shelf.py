"""The reports of a folder: an index of all months, newest first, a feed of them, and the files of the newest."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import mkdtemp
from xml.etree import ElementTree

from footfall.charts.xml import escaped
from footfall.errors import FootfallError, QueryError

RECORD = "report.json"
"""In the folder of each report: what the index says of it."""
LATEST = "latest"
"""The folder of the newest report's files, whose addresses stay the same from month to month."""
_NEW, _OLD = ".new-", ".old"
_DAY = 86_400

_INDEX = """<!doctype html>
<html lang="en" data-theme="auto"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Reports</title>
<link rel="stylesheet" href="{newest}/static/style.css"><link rel="icon" href="{newest}/static/icon.svg" type="image/svg+xml">{feed}</head>
<body><main><header class="slide-head"><h1>Reports</h1></header>
{items}
{more}</main></body></html>
"""
_FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Usage reports</title><link>{address}index.html</link>
<atom:link href="{address}feed.xml" rel="self" type="application/rss+xml"/>
<description>A report for each month.</description>
{items}
</channel></rss>
"""


@dataclass(frozen=True)
class Record:
    """What is known of a report."""

    folder: str
    title: str
    at: datetime
    """The end of its month."""
    lines: tuple[tuple[str, str], ...]
    """Label and value of each number of its summary."""
    about: str
    """Its subject, in words."""

    def content(self) -> bytes:
        """What is written into the folder of the report."""
        said = {"title": self.title, "at": self.at.isoformat(), "about": self.about, "lines": self.lines}
        return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def read_record(file: Path) -> Record:
    """What is known of a report.

    Raises:
        FootfallError: Where the file is not a record of a report.
    """
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        lines = tuple((str(label), str(value)) for label, value in said["lines"])
        at = datetime.fromisoformat(said["at"])
        return Record(file.parent.name, str(said["title"]), at, lines, str(said["about"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise FootfallError(
            f"{file} cannot be read as the record of a report; delete that folder or move it away, and write its report again."
        ) from None


def check_folder(folder: Path) -> None:
    """Raises QueryError where a folder holds files that are not a report."""
    if folder.is_dir() and not (folder / RECORD).is_file() and any(folder.iterdir()):
        raise QueryError(f"{folder} holds files that are not a report; name another folder.")


def place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files next to a folder first, then in its place: a run that is killed leaves the old ones whole.

    Args:
        folder: What the files stand in afterwards, and nothing else.
        files: Their contents by their paths.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = folder.with_name(f".{folder.name}{_OLD}")
    _clean(folder, old)
    new = Path(mkdtemp(prefix=f".{folder.name}{_NEW}", dir=folder.parent))
    try:
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        new.chmod(0o755)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _clean(folder: Path, old: Path) -> None:
    """Remove leftovers of killed runs; a recent folder may belong to a run in progress."""
    if old.is_dir() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    for left in folder.parent.glob(f".{folder.name}{_NEW}*"):
        if left.stat().st_mtime < time.time() - _DAY:
            shutil.rmtree(left, ignore_errors=True)


def write_shelf(site: Path, address: str = "") -> list[Record]:
    """The index and the feed of all reports of a folder, and the files of the newest report under addresses that stay.

    Args:
        site: The folder of the reports.
        address: Where the folder is published. A feed needs it; without it the one that the feed has already is kept.
    """
    found = (read_record(file) for file in site.glob(f"*/{RECORD}") if file.parent.name != LATEST)
    records = sorted(found, key=lambda one: (one.at, one.folder), reverse=True)
    feed = site / "feed.xml"
    base = (address or _address_of(feed)).rstrip("/")
    _write(site / "index.html", _index(records, has_feed=bool(base)))
    if base:
        items = "\n".join(_item(one, f"{base}/") for one in records)
        _write(feed, _FEED.format(items=items, address=escaped(f"{base}/")))
    newest = site / records[0].folder
    kept = [file for file in sorted((newest / "files").glob("*")) if file.is_file()]
    place(site / LATEST, {file.name: file.read_bytes() for file in (*kept, newest / RECORD)})
    return records


def _index(records: list[Record], *, has_feed: bool) -> str:
    feed = '\n<link rel="alternate" type="application/rss+xml" title="Reports" href="feed.xml">' if has_feed else ""
    more = '<p class="more"><a href="feed.xml">Feed</a></p>\n' if has_feed else ""
    items = "\n".join(map(_panel, records))
    return _INDEX.format(items=items, newest=escaped(records[0].folder), feed=feed, more=more)


def _panel(record: Record) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escaped(label)}</th><td>{escaped(value)}</td></tr>' for label, value in record.lines
    )
    link = f'<a href="{escaped(record.folder)}/index.html">{escaped(record.title)}</a>'
    return f'<section class="panel"><h2>{link}</h2>\n<table class="plain texts">{rows}</table></section>'


def _item(one: Record, base: str) -> str:
    link = escaped(f"{base}{one.folder}/index.html")
    rows = "".join(f"<li>{escaped(label)}: {escaped(value)}</li>" for label, value in one.lines)
    text = escaped(f"<ul>{rows}</ul>")  # a description is HTML, written as text
    at = format_datetime(one.at.astimezone(UTC), usegmt=True)
    guid = f'<guid isPermaLink="false">{escaped(f"{base}{one.folder}")}</guid>'
    return f"<item><title>{escaped(one.title)}</title><link>{link}</link>{guid}<pubDate>{at}</pubDate><description>{text}</description></item>"


def _address_of(feed: Path) -> str:
    """Where the folder is published, as its feed says; empty without one."""
    try:
        link = ElementTree.parse(feed).findtext("channel/link") or ""
    except (OSError, ElementTree.ParseError):
        return ""
    return link.removesuffix("index.html") if "://" in link else ""


def _write(file: Path, text: str) -> None:
    """Write atomically: a reader sees the old file or the new one."""
    new = file.with_name(f".{file.name}{_NEW.rstrip('-')}")
    new.write_text(text, encoding="utf-8")
    new.replace(file)
