"""Coverage: how much of a span of time was collected, according to the ledger. It distinguishes missing from zero."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from footfall.annotations import KnownWrong, remarks_on_known_wrong
from footfall.formats import days_of
from footfall.ledger import Entry, Status
from footfall.periods import ALL_TIME, EPOCH, FAR_FUTURE, Grain, Window, floor, merge, short, subtract
from footfall.states import State

if TYPE_CHECKING:
    from footfall.lake import Collected, Scope

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class ScopeTime:
    """The time that was collected for one scope: windows in order that do not touch."""

    collected: tuple[Window, ...]
    left_at: datetime
    """From here on the scope is no longer collected, and does not count as missing."""

    def is_whole(self, window: Window) -> bool:
        """Whether all of `window` was collected, up to when the scope was retired."""
        end = min(window.end, self.left_at)
        if window.start >= end:
            return True
        reaching = _reaching(self.collected, window)  # windows do not touch: a fully collected span is in a single one
        return reaching is not None and reaching.start <= window.start and end <= reaching.end


@dataclass(frozen=True)
class Coverage:
    """What the ledger says about one table at `now`; every method can be restricted to some scopes.

    A source may be collected by scope (repository by repository): the coverage of a span is then the
    mean over its scopes of the share of the span that was collected. A scope that was retired before the span
    started is not part of the mean: it is not missing, and a note says that it left.
    Time that is known to be wrong does not count as collected.
    """

    collected: Collected
    now: datetime
    known_wrong: tuple[KnownWrong, ...] = ()

    def of(self, scopes: Callable[[str], bool]) -> Coverage:
        """The part for the scopes that `scopes` accepts."""
        wrong = tuple(one for one in self.known_wrong if not one.scope or scopes(one.scope))
        return Coverage(self.collected.of(lambda scope: scopes(scope.name)), self.now, wrong)

    def of_scope(self, name: str) -> Coverage:
        """The part for one scope; getting each in turn costs no more than getting all."""
        wrong = tuple(one for one in self.known_wrong if one.scope in ("", name))
        return Coverage(self.collected.of_scope(name), self.now, wrong)

    @cached_property
    def scopes(self) -> Mapping[Scope, ScopeTime]:
        """For each scope the time that was collected and is not known to be wrong."""
        retired = self.collected.retired
        return {
            scope: ScopeTime(
                tuple(self._right(scope, merge(span.window for span in spans))),
                retired[scope].window.start if scope in retired else FAR_FUTURE,
            )
            for scope, spans in self.collected.spans.items()
        }

    def _right(self, scope: Scope, windows: list[Window]) -> Iterable[Window]:
        wrong = [known.window for known in self.known_wrong if known.is_about(scope.source, scope.name)]
        return (part for window in windows for part in subtract(window, wrong)) if wrong else windows

    def share(self, window: Window) -> float:
        """The share of `window` that was collected, 0 to 1; exact except for the one division."""
        asked = [(time, times) for time, times in self._counted if time.left_at > window.start]
        if not asked or window.start == window.end:
            return 0.0
        covered = sum(times * overlap(time.collected, window) for time, times in asked)
        return covered / (sum(times for _, times in asked) * (window.length // _MICROSECOND))

    def is_whole(self, window: Window) -> bool:
        """Whether all of `window` was collected for every scope, until it was retired."""
        asked = [time for time, _ in self._counted if time.left_at > window.start]
        return bool(asked) and all(time.is_whole(window) for time in asked)

    def is_provisional(self, window: Window) -> bool:
        """Whether some of the collected part of `window` may still be revised by its source."""
        return _reaching(self._provisional, window) is not None

    def is_known_wrong(self, window: Window) -> bool:
        return any(wrong.window.overlaps(window) for wrong in self.known_wrong)

    def state(self, window: Window) -> State:
        """The state of `window`. A window that ended by the last midnight and was not collected is lost.

        The current day cannot be collected completely (from many sources not at all), so it is not lost yet.
        """
        if self.is_known_wrong(window):
            return State.KNOWN_WRONG
        if not self.is_whole(window):
            due = min(window.end, self._last_midnight)
            is_lost = window.start < due and not self.is_whole(Window(window.start, due))
            return State.LOST if is_lost else State.NOT_OVER
        if window.end > self.now:
            return State.NOT_OVER
        return State.PROVISIONAL if self.is_provisional(window) else State.COMPLETE

    @cached_property
    def _last_midnight(self) -> datetime:
        return floor(Grain.DAY, self.now)

    @cached_property
    def bounds(self) -> Window | None:
        """From the first to the last collected moment; an entry for all time has no first moment."""
        spans = [span for spans in self.collected.spans.values() for span in spans]
        if not spans:
            return None
        last = max(span.end for span in spans)
        return Window(min((span.start for span in spans if span.start > EPOCH), default=last), last)

    @cached_property
    def signature(self) -> Hashable:
        """Equal for scopes that were collected at the same times, so that their shares and states are equal."""
        wrong = tuple(known.window for known in self.known_wrong)
        return frozenset(self._counted), tuple(self._provisional), wrong

    @cached_property
    def _counted(self) -> list[tuple[ScopeTime, int]]:
        """The collected time of the scopes; scopes with equal time are counted together."""
        return list(Counter(self.scopes.values()).items())

    @cached_property
    def _provisional(self) -> list[Window]:
        return self.collected.revisable(self.now)

    def notes(self, window: Window) -> list[str]:
        """One sentence each about wrong, missing, stale, failed and rejected data within `window`."""
        inside = [entry for entry in self.collected.noted if entry.window.overlaps(window)]
        missing = [e for e in inside if e.status is Status.MISSING]
        failed = [e for e in inside if e.status is Status.FAILED]
        retired = {scope.name: e for scope, e in self.collected.retired.items() if e.window.overlaps(window)}
        return [
            *remarks_on_known_wrong(self.known_wrong, window),
            *self._missing_notes(missing, failed),
            *_failed_note(failed),
            *self._stale_note(window, [*missing, *failed]),
            *_retired_note(retired),
            *_refused_note([e for e in inside if e.is_success and e.rejected]),
        ]

    def _stale_note(self, window: Window, explained: Sequence[Entry]) -> list[str]:
        """The time before the last midnight that is later than everything collected."""
        asked_for = [spans for scope, spans in self.collected.spans.items() if scope not in self.collected.retired]
        last = max((span.end for spans in asked_for for span in spans), default=None)
        due = min(window.end, self._last_midnight)
        since = window.start if last is None else max(last, window.start)
        if last is None or since >= due:
            return []
        rest = subtract(Window(since, due), (e.window for e in explained))
        if not rest:
            return []
        begins = last if rest[0].start == since else rest[0].start
        return [f"Not collected since {short(begins)}; run `footfall collect`."]

    def _missing_notes(self, missing: Sequence[Entry], failed: Sequence[Entry]) -> list[str]:
        """The time for which the source had no data; if it has none since some day, the note says so."""
        last = max((span.end for spans in self.collected.spans.values() for span in spans), default=None)
        if last is None or len(self.collected.spans) > 1:  # scopes end at different moments
            return _missing_note(missing)
        late = [entry for entry in missing if entry.window.end > last]
        if any(entry.window.end > last for entry in failed):  # unknown what the source has for these
            return _missing_note(missing)
        spans = merge(entry.window for entry in late)
        if not spans or spans[0].start > last or min(spans[0].end, self._last_midnight) <= last:
            return _missing_note(missing)
        said = f"The source has nothing since {short(last)} ({_counted(late)}{_reason(late, before=': ', after='')})."
        return [*_missing_note([entry for entry in missing if entry not in late]), said]


def _missing_note(missing: Sequence[Entry]) -> list[str]:
    if not missing:
        return []
    return [f"{_counted(missing)} missing: the source has nothing for {_listed(missing)}{_reason(missing)}."]


def _failed_note(failed: Sequence[Entry]) -> list[str]:
    if not failed:
        return []
    return [f"{_counted(failed)} failed in the last run: {_listed(failed)}{_reason(failed)}; stored data still counts."]


def _retired_note(retired: Mapping[str, Entry]) -> list[str]:
    if not retired:
        return []
    named = [f"{scope} since {short(entry.window.start)}" for scope, entry in sorted(retired.items())]
    more = f" and {len(named) - 3:,} more" if len(named) > 3 else ""
    return [f"No longer collected: {', '.join(named[:3])}{more}; stored data still counts."]


def _refused_note(refused: Sequence[Entry]) -> list[str]:
    if not refused:
        return []
    lines = sum(entry.rejected for entry in refused)
    sample = next((f", such as {e.sample!r}" for e in refused if e.sample), "")
    return [f"{lines:,} {'line was' if lines == 1 else 'lines were'} refused in {_counted(refused)}{sample}."]


def share_of(windows: Sequence[Window], window: Window) -> float:
    """The share of `window` that is in `windows`, which are merged and in order."""
    return overlap(windows, window) / (window.length // _MICROSECOND)


def overlap(windows: Sequence[Window], window: Window) -> int:
    """Microseconds of `window` that are in `windows`, which are merged and in order."""
    at = bisect_right(windows, window.start, key=_end)
    total = timedelta()
    while at < len(windows) and windows[at].start < window.end:
        total += min(windows[at].end, window.end) - max(windows[at].start, window.start)
        at += 1
    return total // _MICROSECOND


_end = attrgetter("end")


def _reaching(windows: Sequence[Window], window: Window) -> Window | None:
    """The first of `windows`, merged and in order, that overlaps `window`."""
    at = bisect_right(windows, window.start, key=_end)
    return windows[at] if at < len(windows) and windows[at].start < window.end else None


def _counted(entries: Collection[Entry]) -> str:
    """3 days, or windows when they are not all days."""
    are_days = all(entry.window.length == timedelta(days=1) for entry in entries)
    number = len({entry.window for entry in entries}) if are_days else len(entries)
    return f"{number:,} {'day' if are_days else 'window'}{'' if number == 1 else 's'}"


def _listed(entries: Iterable[Entry]) -> str:
    """The first three windows as text, and how many more; an entry for all time is named by its scope."""
    named = {(entry.window, entry.scope if entry.window == ALL_TIME else "") for entry in entries}
    spans = [scope or (short(w.start) if w.length == timedelta(days=1) else days_of(w)) for w, scope in sorted(named)]
    more = f" and {len(spans) - 3:,} more" if len(spans) > 3 else ""
    return ", ".join(spans[:3]) + more


def _reason(entries: Iterable[Entry], before: str = " (", after: str = ")") -> str:
    return next((f"{before}{entry.reason.rstrip('.')}{after}" for entry in entries if entry.reason), "")
