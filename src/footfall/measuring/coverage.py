"""Coverage: how much of a span of time was collected, by the ledger. It tells missing from zero."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from footfall.ledger import Entry, Status
from footfall.periods import EPOCH, FAR_FUTURE, Window, merge, short

if TYPE_CHECKING:
    from footfall.lake import Collected

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Coverage:
    """What the ledger says about one table at `now`; every question can be narrowed to some scopes.

    A source may be collected by scope (repository by repository): the coverage of a span is then the
    mean over its scopes, each being the share of the span that was collected of it. A scope that was
    retired before the span began is no part of the mean: it is not missed, and a note says that it left.
    """

    collected: Collected
    now: datetime

    def of(self, scopes: Callable[[str], bool]) -> Coverage:
        """The part of it about the scopes that `scopes` accepts."""
        return Coverage(self.collected.of(lambda scope: scopes(scope.name)), self.now)

    def of_scope(self, name: str) -> Coverage:
        """The part of it about one scope; asking for each in turn costs no more than asking for all."""
        return Coverage(self.collected.of_scope(name), self.now)

    def share(self, window: Window) -> float:
        """The share of `window` that was collected, 0 to 1; exact until the one division."""
        if not self._shares or window.start == window.end:
            return 0.0
        scopes = [(windows, times) for windows, left_at, times in self._shares if left_at > window.start]
        if not scopes:
            return 0.0
        covered = sum(times * _overlap(windows, window) for windows, times in scopes)
        return covered / (sum(times for _, times in scopes) * (window.length // _MICROSECOND))

    def is_provisional(self, window: Window) -> bool:
        """Whether some of what was collected of `window` may still be revised by its source."""
        return _overlap(self._provisional, window) > 0

    @cached_property
    def bounds(self) -> Window | None:
        """From the first to the last moment that was collected; what is collected "since ever" has no first."""
        windows = [window for scope_windows, _, _ in self._shares for window in scope_windows]
        if not windows:
            return None
        last = max(window.end for window in windows)
        return Window(min((w.start for w in windows if w.start > EPOCH), default=last), last)

    @cached_property
    def _shares(self) -> list[tuple[list[Window], datetime, int]]:
        """Of each scope the spans collected and when it was retired; scopes where both are equal counted together."""
        counted: dict[tuple[tuple[Window, ...], datetime], int] = {}
        for scope, spans in self.collected.spans.items():
            left = self.collected.retired.get(scope)
            key = tuple(merge(span.window for span in spans)), left.window.start if left else FAR_FUTURE
            counted[key] = counted.get(key, 0) + 1
        return [(list(windows), left_at, times) for (windows, left_at), times in counted.items()]

    @cached_property
    def _provisional(self) -> list[Window]:
        spans = (span for spans in self.collected.spans.values() for span in spans)
        return merge(span.window for span in spans if span.is_provisional_at(self.now))

    def notes(self, window: Window) -> list[str]:
        """One sentence each on what is missing, what failed and what was refused within `window`."""
        inside = [entry for entry in self.collected.noted if entry.window.overlaps(window)]
        missing = [e for e in inside if e.status is Status.MISSING]
        failed = [e for e in inside if e.status is Status.FAILED]
        refused = [e for e in inside if e.is_success and e.rejected]
        retired = {scope.name: e for scope, e in self.collected.retired.items() if e.window.overlaps(window)}
        notes = []
        if missing:
            notes.append(
                f"{_counted(missing)} missing: the source has nothing for {_listed(missing)}{_reason(missing)}."
            )
        if failed:
            notes.append(
                f"{_counted(failed)} could not be collected when last tried: {_listed(failed)}{_reason(failed)}; "
                "what was stored before still counts."
            )
        if retired:
            named = [f"{scope} since {short(entry.window.start)}" for scope, entry in sorted(retired.items())]
            more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
            notes.append(f"Not collected any more: {', '.join(named[:3])}{more}; what was stored before still counts.")
        if refused:
            lines = sum(entry.rejected for entry in refused)
            sample = next((f", such as {e.sample!r}" for e in refused if e.sample), "")
            notes.append(
                f"{lines:,} {'line was' if lines == 1 else 'lines were'} refused in {_counted(refused)}{sample}."
            )
        return notes


def _overlap(windows: Sequence[Window], window: Window) -> int:
    """Microseconds of `window` that lie in `windows`, which are merged and in order."""
    at = bisect_right(windows, window.start, key=lambda w: w.end)
    total = 0
    while at < len(windows) and windows[at].start < window.end:
        part = windows[at].clip(window)
        total += part.length // _MICROSECOND if part else 0
        at += 1
    return total


def _counted(entries: Collection[Entry]) -> str:
    """3 days, or windows when they are not all days."""
    are_days = all(entry.window.length == timedelta(days=1) for entry in entries)
    number = len({entry.window for entry in entries}) if are_days else len(entries)
    return f"{number:,} {'day' if are_days else 'window'}{'' if number == 1 else 's'}"


def _listed(entries: Iterable[Entry]) -> str:
    """The first three windows in words, and how many more."""
    windows = sorted({entry.window for entry in entries})
    spans = [short(w.start) if w.length == timedelta(days=1) else str(w) for w in windows]
    more = f" and {len(spans) - 3:,} more" if len(spans) > 3 else ""
    return ", ".join(spans[:3]) + more


def _reason(entries: Iterable[Entry]) -> str:
    return next((f" ({entry.reason.rstrip('.')})" for entry in entries if entry.reason), "")
