"""A report, written: every page of a month, with its downloads, maps and slides, as files of a folder."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.types import ASGIApp

from footfall.charts.maps import areas_of
from footfall.concealing import concealed
from footfall.errors import FootfallError, QueryError
from footfall.periods import Grain, Period, floor, shift
from footfall.report.asking import Reply, get
from footfall.report.rewriting import Frame, download_of, file_of, numbered, rewritten
from footfall.report.shelf import LATEST, RECORD, Record, check_folder, place, read_record, write_shelf
from footfall.report.subject import PAGES, Subject
from footfall.report.summary import Summary, check_known, summary_of
from footfall.report_settings import check_address
from footfall.web.app import STATIC, create_app
from footfall.workspace import Workspace

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_WITH_A_PERIOD = ("/", "/hubs")
"""Pages that are about as many days as the month has."""
_DOWNLOADS = ("/badge/", "/chart/", "/hubs/map.", "/hubs/communities.csv")
_STATIC = "/static/"
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
    frame: Frame
    wanted: dict[str, str] = field(default_factory=dict)
    """The file of each download that a page links to."""
    absent: set[str] = field(default_factory=set)
    """Downloads that cannot be made."""

    def write(self, found: Mapping[str, Reply]) -> dict[str, bytes]:
        """The pages by their files."""
        made = {self.pages[path]: reply.text for path, reply in found.items()}
        return {
            own: numbered(rewritten(text, own, self.pages, self.fetch, self.frame)).encode()
            for own, text in made.items()
        }

    def fetch(self, address: str) -> str | None:
        """The file of what a page links to; None for what only a server can answer."""
        path = address.partition("?")[0]
        if path.startswith(_STATIC):
            return self.wanted.setdefault(path, path.lstrip("/"))
        if not path.startswith(_DOWNLOADS) or address in self.absent:
            return None
        return self.wanted.setdefault(address, download_of(address))


def month_of(text: str | None, workspace: Workspace) -> Period:
    """The month of "2026-10"; the last that is over by default.

    Raises:
        QueryError: For another text, or a month that is not over.
    """
    now = workspace.now()
    start = shift(Grain.MONTH, floor(Grain.MONTH, now), -1)
    if text is not None:
        try:
            start = datetime.strptime(text if _MONTH.fullmatch(text) else "", "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            raise QueryError(
                f"month {concealed(text)[:80]!r} cannot be read; write it as year and month, such as {start:%Y-%m}."
            ) from None
    month = Period.containing(Grain.MONTH, start)
    if month.end > now:
        raise QueryError(
            f"the month {start:%Y-%m} is not over; the last complete month is {shift(Grain.MONTH, floor(Grain.MONTH, now), -1):%Y-%m}."
        )
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
    try:
        check_address(address)
    except ValueError as error:
        raise QueryError(f"{concealed(str(error))}.") from None
    web = workspace.settings.web.model_copy(update={"reading": "open"})
    settings = workspace.settings.model_copy(update={"web": web})
    folder = site / f"{chosen.start:%Y-%m}"
    subject = Subject.read(workspace, project, community)
    _check_place(folder, subject)
    check_known(workspace, subject, chosen)
    with Workspace(settings, now=lambda: chosen.end) as then:
        summary = summary_of(then, subject, chosen)
        app = create_app(then)
        try:
            pages, files = asyncio.run(_gather(then, app, subject, chosen, summary.title))
        finally:
            app.state.site.close()
    pages[SUMMARY] = summary.markdown().encode()
    lines = tuple((line.label, line.value) for line in summary.lines)
    record = Record(folder.name, summary.title, chosen.end, lines, subject.words)
    try:
        place(folder, {**pages, **files, RECORD: record.content()})
        write_shelf(site, address or workspace.settings.report.address)
    except OSError as error:
        raise FootfallError(f"{folder} cannot be written: {error.strerror}.") from None
    return Written(folder, chosen, len(pages) - 1, len(files), summary)


def _check_place(folder: Path, subject: Subject) -> None:
    """Check the target folder before the slow part.

    Raises:
        QueryError: For a path that is not a folder, files that are not a report, or the report of another subject.
    """
    for each in (folder.parent, folder):
        if each.exists() and not each.is_dir():
            raise QueryError(f"{each} is a file; name a folder for the reports.")
    check_folder(folder)
    check_folder(folder.parent / LATEST)
    known = read_record(folder / RECORD) if (folder / RECORD).is_file() else None
    if known is not None and known.about != subject.words:
        raise QueryError(
            f"{folder} holds the report of {known.about}, and this one is of {subject.words}; name another folder for it."
        )


async def _gather(
    workspace: Workspace, app: ASGIApp, subject: Subject, month: Period, title: str
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The pages by their files, and what they link to."""
    found: dict[str, Reply] = {}
    days = (month.end - month.start).days
    for path in subject.pages(workspace):
        reply = await get(app, f"{path}?period={days}d" if path in _WITH_A_PERIOD else path)
        if reply.status == 200:
            found[path] = reply
        elif path not in PAGES:
            raise FootfallError(f"the page {concealed(path)[:200]} could not be made (status {reply.status}).")
    gathering = _Gathering(app, {path: file_of(path) for path in found}, Frame(title))
    if "/" not in found:
        gathering.pages[next(iter(found))] = "index.html"
    for address in _maps(workspace) if "/hubs" in found else ():
        gathering.fetch(address)
    gathering.write(found)
    files: dict[str, bytes] = {}
    for address, file in list(gathering.wanted.items()):
        if address.startswith(_STATIC):
            files[file] = (STATIC / address.removeprefix(_STATIC)).read_bytes()
            continue
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
        everything, least = workspace.communities(), workspace.settings.web.smallest_cell
    except FootfallError:
        return
    for constellation in ("", *everything.constellations):
        answer = (workspace.communities(constellation) if constellation else everything).hiding(least)
        for area in areas_of(answer):
            yield f"/hubs/map.png?area={area}&constellation={quote(constellation, safe='')}"
