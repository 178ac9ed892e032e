"""Sources: how fresh every source is, what is missing, what failed and how to fix it, what will be lost and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from footfall.concealing import concealed
from footfall.errors import QueryError
from footfall.formats import counted
from footfall.periods import Window
from footfall.web.pages import words
from footfall.web.pages.calendar import LABELS, Calendar, Day, calendar, sample
from footfall.web.pages.freshness import Freshness
from footfall.web.pages.templating import render
from footfall.web.site import Site

if TYPE_CHECKING:
    from footfall.collect import SourceStatus
    from footfall.workspace import Workspace

_MOST = 12
"""The most gaps or failures listed; the number of others is shown."""
_SOON_DAYS = 14


@dataclass(frozen=True)
class Listing:
    """Some of a kind of finding, a line each, with what to do."""

    title: str
    lines: tuple[str, ...]
    more: str = ""
    fix: str = ""
    """A command that fixes it."""


@dataclass(frozen=True)
class Standing:
    """One table of one source, as the page shows it."""

    id: str
    title: str
    source: str
    level: str
    """good, warn or bad."""
    facts: str
    calendar: Calendar | None
    findings: tuple[Listing, ...]


@dataclass(frozen=True)
class Lost:
    """Data that upstream will delete."""

    when: str
    what: str
    source: str
    is_soon: bool


async def sources(site: Site, request: Request) -> Response:
    """The page of `/sources`."""
    freshness = await site.run(Freshness.of, site.workspace)
    year = _year(request.query_params.get("year", ""), freshness.now)
    shown = await site.run(standings, site.workspace, freshness, year)
    metrics = await site.run(lambda: list(site.workspace.metrics.values()))
    return render(
        request,
        "sources.html",
        page="sources",
        trust=freshness.trust([m for m in metrics if freshness.is_collected(m)]),
        standings=shown,
        losses=losses(freshness),
        unknown=[f"{name}: {concealed(said)}" for name, said in (freshness.found.unknown or {}).items()],
        year=year,
        years=_years(freshness),
        legend=[(sample(kind), LABELS[kind]) for kind in Day],
    )


def _year(asked: str, now: datetime) -> int:
    if not asked:
        return now.year
    if not (asked.isascii() and asked.isdigit() and 1900 <= int(asked[:5]) <= now.year):
        raise QueryError(f"year is {asked[:100]!r}; it must be from 1900 to {now.year}, such as {now.year}.")
    return int(asked)


def _years(freshness: Freshness) -> list[int]:
    """From the first year that something was collected of to this one, newest first."""
    firsts = [state.first.year for state in freshness.found.states if state.first]
    return list(range(freshness.now.year, min(firsts, default=freshness.now.year) - 1, -1))[:30]


def losses(freshness: Freshness) -> list[Lost]:
    """What upstream will forget, the first to be lost first; the same of several parts is said once."""
    found: dict[tuple[str, datetime, str], int] = {}
    for loss in freshness.found.losses:
        key = (loss.source, loss.at, loss.deadline.what)
        found[key] = found.get(key, 0) + 1
    shown = []
    for (source, at, what), count in sorted(found.items(), key=lambda item: item[0][1])[:_MOST]:
        parts = f" ({counted(count, 'part')})" if count > 1 else ""
        shown.append(Lost(words.moment(at), f"{what}{parts}", source, (at - freshness.now).days < _SOON_DAYS))
    return shown


def standings(workspace: Workspace, freshness: Freshness, year: int) -> list[Standing]:
    """Every table of every source, in the order of the settings."""
    tables = workspace.tables
    described = {name: tables[name].description for name in tables}
    return [_standing(n, state, described, freshness, year) for n, state in enumerate(freshness.found.states)]


def _standing(
    number: int, state: SourceStatus, described: Mapping[str, str], freshness: Freshness, year: int
) -> Standing:
    wrong = freshness.found.wrong_in(state)
    is_bad = bool(state.failed or state.unreachable or state.fresh_until is None)
    return Standing(
        id=f"table-{number}",
        title=words.capitalised(words.first_sentence(described.get(state.table, state.table))),
        source=state.source,
        level="bad" if is_bad else "warn" if state.gaps or state.refused else "good",
        facts=_facts(state, freshness.now),
        calendar=calendar(state, wrong, year, freshness.now) if state.fresh_until else None,
        findings=tuple(_findings(state, freshness)),
    )


def _facts(state: SourceStatus, now: datetime) -> str:
    if state.fresh_until is None:
        return "Never collected."
    said = [f"Collected to {words.moment(state.fresh_until)}"]
    said += [f"since {words.day(state.first)}"] if state.first else []
    said += [counted(len(state.scopes), "part")] if len(state.scopes) > 1 else []
    said += [f"last run {words.moment(state.last_run_at)}"] if state.last_run_at else []
    return " · ".join(said) + "."


def _findings(state: SourceStatus, freshness: Freshness) -> list[Listing]:
    """Problems, the worst first."""
    again = f"footfall collect {state.source}"
    found: list[Listing] = []
    if state.unreachable:
        found.append(Listing("Failed in the last run", (concealed(state.unreachable),), fix=again))
    if state.failed:
        failed = [_said(entry.window, entry.scope, entry.reason) for entry in state.failed]
        found.append(_listing("Failed", failed, fix=again))
    if state.fresh_until is None and not found:
        found.append(Listing("Not collected yet", ("No data before the first run.",), fix=again))
    wrong = freshness.found.wrong_in(state)
    if wrong:
        found.append(_listing("Known to be wrong", [_said(k.window, k.scope, k.reason) for k in wrong]))
    if state.gaps:
        found.append(_listing("Missing", [words.days(gap) for gap in reversed(state.gaps)], fix=again))
    if state.refused:
        refused = [
            _said(
                entry.window,
                entry.scope,
                f"{counted(entry.rejected, 'line')} refused, such as {entry.sample or entry.reason}",
            )
            for entry in state.refused
        ]
        found.append(_listing("Refused", refused))
    return found


def _said(window: Window, scope: str, reason: str) -> str:
    about = f"{scope}, " if scope else ""
    return concealed(f"{about}{words.days(window)}: {reason}" if reason else f"{about}{words.days(window)}")


def _listing(title: str, lines: Sequence[str], fix: str = "") -> Listing:
    more = len(lines) - _MOST
    return Listing(title, tuple(lines[:_MOST]), f"and {more:,} more" if more > 0 else "", fix)
