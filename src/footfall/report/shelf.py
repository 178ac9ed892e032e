"""The reports of a folder: an index of all months, newest first, and a feed of them."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from footfall.errors import FootfallError

RECORD = "report.json"
"""In the folder of each report: what the index says of it."""

_INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports</title><link rel="stylesheet" href="{newest}/static/style.css">
<link rel="alternate" type="application/rss+xml" title="Reports" href="feed.xml"></head>
<body><main><section class="panel"><h1>Reports</h1>
<ul>
{items}
</ul>
<p class="more"><a href="feed.xml">Feed</a></p></section></main></body></html>
"""
_FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Usage reports</title><link>{address}index.html</link>
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
    lines: tuple[str, ...]


def write_record(folder: Path, record: Record) -> None:
    """Keep what the index says of a report in its folder."""
    said = {"title": record.title, "at": record.at.isoformat(), "lines": list(record.lines)}
    (folder / RECORD).write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_shelf(site: Path, address: str = "") -> list[Record]:
    """The index and the feed of all reports of a folder.

    Args:
        site: The folder of the reports.
        address: Where the folder is published, for the links of the feed; relative ones without it.
    """
    records = sorted(
        (_read(file) for file in site.glob(f"*/{RECORD}")), key=lambda one: (one.at, one.folder), reverse=True
    )
    base = f"{address.rstrip('/')}/" if address else ""
    items = "\n".join(
        f'<li><a href="{html.escape(one.folder)}/index.html">{html.escape(one.title)}</a></li>' for one in records
    )
    newest = html.escape(records[0].folder) if records else "."
    (site / "index.html").write_text(_INDEX.format(items=items, newest=newest), encoding="utf-8")
    told = "\n".join(_item(one, base) for one in records)
    (site / "feed.xml").write_text(_FEED.format(items=told, address=html.escape(base)), encoding="utf-8")
    return records


def _item(one: Record, base: str) -> str:
    link = html.escape(f"{base}{one.folder}/index.html")
    text = html.escape("\n".join(one.lines))
    at = format_datetime(one.at.astimezone(UTC), usegmt=True)
    guid = f'<guid isPermaLink="false">footfall-{html.escape(one.folder)}</guid>'
    return f"<item><title>{html.escape(one.title)}</title><link>{link}</link>{guid}<pubDate>{at}</pubDate><description>{text}</description></item>"


def _read(file: Path) -> Record:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return Record(
            file.parent.name, str(said["title"]), datetime.fromisoformat(said["at"]), tuple(map(str, said["lines"]))
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise FootfallError(
            f"{file} cannot be read as the record of a report; write that report again, or move its folder away."
        ) from None
