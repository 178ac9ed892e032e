"""A report, written: every page of a month, with its downloads, maps and slides, as files of a folder."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from starlette.types import ASGIApp

from footfall.charts.maps import areas_of
from footfall.concealing import concealed
from footfall.errors import FootfallError, QueryError
from footfall.periods import Grain, Period, floor, parse_moment, shift
from footfall.report.asking import Reply, get
from footfall.report.rewriting import download_of, file_of, numbered, rewritten
from footfall.report.shelf import Record, write_record, write_shelf
from footfall.report.summary import Summary, summary_of
from footfall.web.app import STATIC, create_app
from footfall.workspace import Workspace

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_PAGES = ("/", "/hubs", "/projects", "/retention", "/sources")
"""What is not there, or has nothing to show, is left out."""
_DOWNLOADS = ("/badge/", "/chart/", "/hubs/map.", "/hubs/communities.csv")
SUMMARY = "summary.md"


@dataclass(frozen=True)
class Written:
    """What was written."""

    folder: Path
    month: Period
    pages: int
    files: int
    summary: Summary


@dataclass
class _Gathering:
    """Pages and files of a report while they are gathered."""

    app: ASGIApp
    pages: dict[str, str]
    """The file of each path."""
    wanted: dict[str, str] = field(default_factory=dict)
    """The file of each download that a page links to."""
    absent: set[str] = field(default_factory=set)
    """Downloads that cannot be made."""

    def write(self, found: Mapping[str, Reply]) -> dict[str, bytes]:
        """The pages by their files."""
        made = {self.pages[path]: reply.text for path, reply in found.items()}
        return {own: numbered(rewritten(text, own, self.pages, self.fetch)).encode() for own, text in made.items()}

    def fetch(self, address: str) -> str | None:
        """The file of what a page links to; None for what only a server can answer."""
        path = address.partition("?")[0]
        if path.startswith("/static/"):
            return path.lstrip("/")
        if not path.startswith(_DOWNLOADS) or address in self.absent:
            return None
        return self.wanted.setdefault(address, download_of(address))


def month_of(text: str | None, workspace: Workspace) -> Period:
    """The month of "2026-10"; the last that is over by default.

    Raises:
        QueryError: For another text, or a month that is not over.
    """
    now = workspace.now()
    if text is not None and not _MONTH.fullmatch(text):
        raise QueryError(f"month {text!r} cannot be read; write it as 2026-10.")
    start = shift(Grain.MONTH, floor(Grain.MONTH, now), -1) if text is None else parse_moment(text, now)
    month = Period.containing(Grain.MONTH, start)
    if month.end > now:
        raise QueryError(f"the month {start:%Y-%m} is not over; a report is of a month that is.")
    return month


def write_report(
    workspace: Workspace,
    site: Path,
    *,
    month: str | None = None,
    project: str | None = None,
    community: str | None = None,
    address: str = "",
) -> Written:
    """Write the report of a month into a folder of its own below `site`, and the index of all reports.

    The pages are those of the dashboard as they look when the month ends. The same lake gives the same bytes.

    Args:
        workspace: What is reported on.
        site: The folder of the reports; made if it is not there.
        month: Such as "2026-10"; the last that is over by default.
        project: Only the page of this project.
        community: Only the page of this community.
        address: Where the folder is published, for the links of the feed.

    Raises:
        FootfallError: For what cannot be reported on, or a folder that cannot be written.
    """
    chosen = month_of(month, workspace)
    web = workspace.settings.web.model_copy(update={"reading": "open"})
    settings = workspace.settings.model_copy(update={"web": web})
    with Workspace(settings, now=lambda: chosen.end) as then:
        paths = list(_paths(then, project, community))
        summary = summary_of(then, chosen)
        app = create_app(then)
        try:
            pages, files = asyncio.run(_gather(then, app, paths))
        finally:
            app.state.site.close()
    folder = site / f"{chosen.start:%Y-%m}"
    pages[SUMMARY] = summary.markdown().encode()
    record = Record(folder.name, summary.title, chosen.end, summary.lines)
    try:
        _place(folder, {**pages, **files}, record)
        write_shelf(site, address)
    except OSError as error:
        raise FootfallError(f"{folder} cannot be written: {error.strerror}.") from None
    return Written(folder, chosen, len(pages) - 1, len(files), summary)


def _paths(workspace: Workspace, project: str | None, community: str | None) -> Iterator[str]:
    """The addresses of the pages of a report."""
    if project is not None or community is not None:
        if project is not None:
            yield f"/projects/{_quoted(workspace.project(project, months=1).name)}"
        if community is not None:
            yield f"/hubs/community/{_quoted(workspace.communities().named(community).name)}"
        return
    yield from _PAGES
    yield from (f"/projects/{_quoted(name)}" for name in workspace.projects)
    yield from (f"/hubs/community/{_quoted(name)}" for name in _communities(workspace))


def _communities(workspace: Workspace) -> list[str]:
    try:
        return [each.name for each in workspace.communities().communities]
    except FootfallError:  # without a list of communities there is none
        return []


def _quoted(name: str) -> str:
    return quote(name, safe="")


async def _gather(workspace: Workspace, app: ASGIApp, paths: list[str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The pages by their files, and what they link to."""
    found: dict[str, Reply] = {}
    for path in paths:
        reply = await get(app, path)
        if reply.status == 200:
            found[path] = reply
        elif path not in _PAGES:
            raise FootfallError(f"the page {concealed(path)[:200]} could not be made (status {reply.status}).")
    gathering = _Gathering(app, {path: file_of(path) for path in found})
    if "/" not in found:
        gathering.pages[next(iter(found))] = "index.html"
    for address in _maps(workspace) if "/hubs" in found else ():
        gathering.fetch(address)
    gathering.write(found)
    files = {f"static/{each.name}": each.read_bytes() for each in sorted(STATIC.iterdir()) if each.is_file()}
    for address, file in list(gathering.wanted.items()):
        reply = await get(app, address)
        if reply.status == 200:
            is_svg = reply.media.startswith("image/svg")
            files[file] = numbered(reply.text).encode() if is_svg else reply.content
        else:
            gathering.absent.add(address)
    return gathering.write(found), files


def _maps(workspace: Workspace) -> Iterator[str]:
    """The maps of each constellation, as PNG."""
    try:
        everything = workspace.communities()
    except FootfallError:
        return
    for constellation in ("", *everything.constellations):
        answer = workspace.communities(constellation) if constellation else everything
        for area in areas_of(answer):
            yield f"/hubs/map.png?area={area}&constellation={quote(constellation, safe='')}"


def _place(folder: Path, files: dict[str, bytes], record: Record) -> None:
    """Write beside the folder first, then in its place: a reader never sees half a report."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists() and not (folder / "report.json").is_file() and any(folder.iterdir()):
        raise QueryError(f"{folder} holds files that are no report; name another folder.")
    new = Path(mkdtemp(prefix=".report-", dir=folder.parent))
    try:
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        write_record(new, record)
        new.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
