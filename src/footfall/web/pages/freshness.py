"""The completeness of the numbers of a page: complete until when, missing days, and data that will be lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from footfall.collect import SourceStatus
from footfall.formats import counted
from footfall.metrics import Metric
from footfall.periods import Grain, Window, floor
from footfall.upkeep.standing import Standing
from footfall.web.pages import words
from footfall.workspace import Workspace

_SOON = timedelta(days=14)
_RECENT = timedelta(days=365)
"""A gap that is older is said on the page of sources alone."""


@dataclass(frozen=True)
class Trust:
    """One sentence that comes before any number, in parts, and what the settings remark on the numbers."""

    level: str
    """good, warn or bad."""
    complete: str
    missing: str
    lost: str
    remarks: tuple[str, ...] = ()


class Freshness:
    """How every source stood at one moment, by the tables that metrics are measured from."""

    def __init__(self, found: Standing, now: datetime, notes: Mapping[str, str]) -> None:
        self.found = found
        self.now = now
        self._notes = notes
        self._states: dict[str, list[SourceStatus]] = {}
        for state in found.states:
            self._states.setdefault(state.table, []).append(state)

    @classmethod
    def of(cls, workspace: Workspace) -> Freshness:
        return cls(workspace.standing(), workspace.now(), workspace.settings.notes)

    def is_collected(self, metric: Metric) -> bool:
        """Whether anything is known of a metric; marks of an event are known once it exists."""
        return metric.event is not None or any(s.fresh_until for s in self._of(metric))

    def complete_until(self, metric: Metric) -> datetime:
        """The end of the last day that is over and collected, exclusive."""
        today = floor(Grain.DAY, self.now)
        fresh = [state.fresh_until for state in self._of(metric) if state.fresh_until]
        return min(today, floor(Grain.DAY, max(fresh))) if fresh else today

    def first_day(self, metric: Metric) -> datetime | None:
        """Where its data begins, where that is known."""
        first = [state.first for state in self._of(metric) if state.first]
        return floor(Grain.DAY, min(first)) if first else None

    def _of(self, metric: Metric) -> list[SourceStatus]:
        return [state for table in metric.tables for state in self._states.get(table, [])]

    def trust(self, metrics: Iterable[Metric]) -> Trust:
        """What is said before the numbers of some metrics."""
        asked = list(metrics)
        states = list({id(state): state for metric in asked for state in self._of(metric)}.values())
        sources = {state.source for state in states}
        losses = [loss for loss in self.found.losses if loss.source in sources and loss.at <= self.now + _SOON]
        failed = sorted({state.source for state in states if state.failed or state.unreachable})
        missing = _missing([gap for state in states for gap in state.gaps], self.now)
        level = "bad" if failed or losses else "warn" if missing else "good"
        return Trust(
            level=level,
            complete=self._complete(asked),
            missing=" and ".join([*([missing] if missing else []), *([_failed(failed)] if failed else [])]),
            lost=_lost(len(losses)) if states else "",
            remarks=tuple(dict.fromkeys(self._notes[name] for name in sorted(sources) if name in self._notes)),
        )

    def _complete(self, metrics: list[Metric]) -> str:
        """Complete to when; of what is older than the rest, that as well."""
        until: dict[datetime, list[str]] = {}
        for metric in metrics:
            until.setdefault(self.complete_until(metric), []).append(metric.title)
        if not until:
            return "Nothing was collected yet"
        newest = max(until)
        older = [f"{words.listed(titles)} to {_last_day(at)}" for at, titles in sorted(until.items()) if at < newest]
        return ", ".join(
            [f"Complete to {_last_day(newest)}", *older[:3], *(["others earlier"] if len(older) > 3 else [])]
        )


def _last_day(until: datetime) -> str:
    return words.day(until - timedelta(days=1))


def _failed(sources: list[str]) -> str:
    return f"{words.listed(sources)} failed in the last run"


def _lost(count: int) -> str:
    if not count:
        return "nothing will be lost upstream in the next 14 days"
    return f"{counted(count, 'part')} will be lost upstream in the next 14 days unless collected"


def _missing(gaps: list[Window], now: datetime) -> str:
    """The days of the last year that were not collected."""
    recent = sorted({gap.start for gap in gaps if gap.end > now - _RECENT})
    if not recent:
        return ""
    inside = [gap for gap in dict.fromkeys(gaps) if gap.end > now - _RECENT]
    days = sum((gap.length for gap in inside), timedelta()).days
    months = dict.fromkeys(
        f"{gap.start:%B}" if gap.start.year == now.year else f"{gap.start:%B %Y}"
        for gap in sorted(inside, key=lambda g: g.start)
    )
    where = f"in {words.listed(months)}" if len(months) <= 2 else "of the last year"
    return (
        f"{counted(days, 'day')} {where} {'is' if days == 1 else 'are'} missing"
        if days
        else f"some hours {where} are missing"
    )
