"""Pages of the application as files: links are relative and parts that need a server are removed."""

from __future__ import annotations

import hashlib
import html
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from footfall.report.shelf import LATEST

_LINK = re.compile(r'\s(href|src)="(/[^"]*)"')
_NAVIGATION = re.compile(r"<nav .*?</nav>", re.S)
_ITEM = re.compile(r'<a href="(/[^"]*)"[^>]*>[^<]*</a>')
_CLIP = re.compile(r'((?:id="|url\(#)(?:clip|gradient_))([0-9]+)')
_MAIN = re.compile(r'<main id="main"[^>]*>')
_BADGE = re.compile(r"\(https?://[^/)]+(/badge/[^)]*)\)")
_GONE = (
    re.compile(r'<form class="(?:when|panel ask)".*?</form>', re.S),
    re.compile(r'<nav class="tabs".*?</nav>', re.S),
    re.compile(r'<meta name="htmx-config"[^>]*>\s*<script src="[^"]*/htmx[^"]*"[^>]*></script>'),
    re.compile(r' · <a href="/api/[^"]*">API</a>'),
    re.compile(r'<p class="theme">.*?</p>', re.S),
    re.compile(r"</?form[^>]*>"),
    re.compile(r"<input[^>]*>"),
    re.compile(r"<button[^>]*>.*?</button>", re.S),
)
"""Parts that need a server: choices, the theme in a cookie, comparisons, the API."""


@dataclass(frozen=True)
class Frame:
    """What each page of a report says of it: its title, and where all reports are."""

    title: str

    def around(self, page: str, own: str) -> str:
        """The page with the title of the report above its content and in its name."""
        up = relative("../index.html", own)
        said = f'<p class="report"><strong>{html.escape(self.title)}</strong> · <a href="{up}">All reports</a></p>'
        page = _MAIN.sub(lambda found: found[0] + said, page, count=1)
        return page.replace(" · Footfall</title>", f" · {html.escape(self.title)}</title>", 1)


def file_of(path: str) -> str:
    """The file of a page: "/" is index.html, "/hubs" is hubs.html, a name of any kind a readable part and a hash of it.

    >>> file_of("/"), file_of("/hubs"), file_of("/projects/icepyx")
    ('index.html', 'hubs.html', 'projects/icepyx.html')
    """
    parts = [_part(unquote(part)) for part in path.strip("/").split("/", _depth(path)) if part]
    return f"{'/'.join(parts) or 'index'}.html"


def _depth(path: str) -> int:
    """Names may hold slashes: only the parts before them are folders."""
    return 2 if path.startswith("/hubs/community/") else 1


def _part(text: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60]
    if plain == text:
        return plain
    return f"{plain or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def download_of(address: str) -> str:
    """The file of a download, stable while its address is.

    >>> download_of("/hubs/map.png?area=usa&constellation=")
    'files/hubs-map-area-usa.png'
    """
    path, _, query = address.partition("?")
    stem, point, suffix = path.strip("/").rpartition(".")
    said = [pair for pair in query.split("&") if pair and not pair.endswith("=")]
    return f"files/{_part('-'.join([stem.replace('/', '-'), *said]).replace('=', '-'))}{point}{suffix}"


def rewritten(
    page: str, own: str, pages: Mapping[str, str], fetch: Callable[[str], str | None], frame: Frame | None = None
) -> str:
    """A page for a folder of files.

    Args:
        page: As the application gives it.
        own: Its file.
        pages: The file of each path that is part of the report.
        fetch: Notes a download or a static file, and says its file; None for what is not part of a report.
        frame: What each page says of the report.
    """

    def kept(item: re.Match[str]) -> str:
        return item[0] if html.unescape(item[1]) in pages else ""

    for pattern in _GONE:
        page = pattern.sub("", page)
    page = _NAVIGATION.sub(lambda found: _ITEM.sub(kept, found[0]), page)

    def link(found: re.Match[str]) -> str:
        address = html.unescape(found[2])
        file = pages.get(address) or fetch(address)
        if file is None:
            return ""
        return f' {found[1]}="{html.escape(relative(file, own))}"'

    page = _BADGE.sub(lambda found: f"(…/{LATEST}/{posixpath.basename(download_of(html.unescape(found[1])))})", page)
    page = _LINK.sub(link, page)
    return frame.around(page, own) if frame else page


def numbered(text: str) -> str:
    """Renumber the ids of clip paths from 1: the renderer continues counting from one drawing to the next.

    >>> numbered('<clipPath id="clip27"/><g clip-path="url(#clip27)"/>')
    '<clipPath id="clip1"/><g clip-path="url(#clip1)"/>'
    """
    numbers: dict[str, int] = {}
    return _CLIP.sub(lambda found: f"{found[1]}{numbers.setdefault(found[2], len(numbers) + 1)}", text)


def relative(file: str, own: str) -> str:
    """The address of a file from another, quoted.

    >>> relative("static/style.css", "projects/icepyx.html")
    '../static/style.css'
    """
    return quote(posixpath.relpath(file, posixpath.dirname(own) or "."))
