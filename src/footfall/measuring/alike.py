"""Fair comparison: of two compared periods, only the time that was collected in both counts.

A whole period is compared with a whole one, even if months differ in length. For an unfinished or partly
collected period, only the days (for a day the hours) that were collected in both are compared.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from footfall.annotations import Annotation, AnnotationKind
from footfall.measuring.coverage import ScopeTime, share_of
from footfall.measuring.parts import Part
from footfall.measuring.plan import Plan
from footfall.periods import Grain, Period, Window, ceil, floor, merge, shift
from footfall.query import step

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)

Spans = tuple[Window, ...]


@dataclass(frozen=True)
class Pair:
    """A period and its earlier counterpart."""

    here: Period
    before: Period
    is_by_date: bool = False
    """Whether days match by date, as in years, or by their distance from the start."""

    def common(self, time: ScopeTime, resolution: Grain) -> tuple[Spans, Spans]:
        """What was collected in both: in the period and, shifted, in the earlier one."""
        here, before = self.here.window, self.before.window
        if before.start < before.end and all(share_of(time.collected, w) == 1 for w in (here, before)):
            return (here,), (before,)
        pieces = [
            both
            for part in _within(time.collected, here, resolution)
            for piece in _by_day(part)
            for both in self._also_before(piece, time, resolution)
        ]
        return tuple(merge(piece for piece, _ in pieces)), tuple(merge(piece for _, piece in pieces))

    def _also_before(self, piece: Window, time: ScopeTime, resolution: Grain) -> Iterator[tuple[Window, Window]]:
        """The parts of `piece`, which is within a day, that the earlier period also has."""
        day = floor(Grain.DAY, piece.start)
        other = self._counterpart(day)
        if other is None:
            return
        offset = day - other
        shifted = Window(piece.start - offset, piece.end - offset).clip(self.before.window)
        for part in _within(time.collected, shifted, resolution) if shifted else ():
            yield Window(part.start + offset, part.end + offset), part

    def _counterpart(self, day: datetime) -> datetime | None:
        """The day of the earlier period that corresponds to `day`; None if there is none."""
        if not self.is_by_date:
            found = day - (self.here.start - self.before.start)
            return found if found < self.before.end else None
        year = day.year - (self.here.start.year - self.before.start.year)
        is_leap_day = (day.month, day.day) == (2, 29)
        return None if is_leap_day and not _is_leap(year) else day.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _within(windows: Sequence[Window], window: Window, resolution: Grain) -> Iterator[Window]:
    """The part of `window` in `windows`, as whole periods of `resolution`: rows have no finer resolution."""
    for part in windows:
        if inside := part.clip(window):
            start, end = ceil(resolution, inside.start), floor(resolution, inside.end)
            if start < end:
                yield Window(start, end)


def _by_day(window: Window) -> Iterator[Window]:
    start = window.start
    while start < window.end:
        end = min(window.end, floor(Grain.DAY, start) + _DAY)
        yield Window(start, end)
        start = end


@dataclass(frozen=True)
class Alike:
    """For each pair what is compared, for scopes that were collected at the same times."""

    scopes: tuple[str, ...] | None
    """None: all scopes, if the rows do not distinguish them."""
    common: tuple[tuple[Spans, Spans], ...]

    @property
    def here(self) -> tuple[Spans, ...]:
        return tuple(here for here, _ in self.common)


@dataclass(frozen=True)
class Comparison:
    """What is compared in each pair of periods, by scope."""

    pairs: tuple[Pair, ...]
    alike: tuple[Alike, ...]

    @cached_property
    def is_whole(self) -> bool:
        """Whether every period is compared as a whole, and for all scopes."""
        return bool(self.alike) and all(
            here == (pair.here.window,) for one in self.alike for pair, here in zip(self.pairs, one.here, strict=True)
        )

    def parts(self, positions: Sequence[int], folds_case: bool, *, is_before: bool) -> tuple[Part, ...]:
        """The time that counts in the pairs at `positions`: in the periods, or in their earlier counterparts."""
        return tuple(
            Part(one.scopes, tuple(merge(w for i in positions for w in one.common[i][is_before])), folds_case)
            for one in self.alike
        )

    def layers(self) -> list[list[int]]:
        """Positions, grouped so that those in a group are compared with different periods.

        28 and 29 February are both compared with a 28th, and weeks 52 and 53 with a week 52.
        """
        layers: list[list[int]] = []
        seen: dict[datetime, int] = {}
        for position, pair in enumerate(self.pairs):
            depth = seen.get(pair.before.start, 0)
            seen[pair.before.start] = depth + 1
            if depth == len(layers):
                layers.append([])
            layers[depth].append(position)
        return layers

    def of(self, scopes: frozenset[str] | None) -> Comparison:
        """The part for some scopes."""
        if scopes is None:
            return self
        return Comparison(self.pairs, tuple(one for one in self.alike if one.scopes is None or scopes & {*one.scopes}))

    def has(self, position: int) -> bool:
        return any(one.here[position] for one in self.alike)

    def described(self, position: int) -> str | None:
        """Such as "whole", "26 of 30 days", or a share like "87 %" if scopes differ; None if nothing is compared."""
        period = self.pairs[position].here
        found = {one.here[position] for one in self.alike}
        if not any(found):
            return None
        if found == {(period.window,)}:
            return "whole"
        weights = [(len(one.scopes or ("",)), _length(one.here[position])) for one in self.alike]
        length = period.window.length
        if len(found) > 1:
            share = sum(n * (part / length) for n, part in weights) / sum(n for n, _ in weights)
            return f"{min(99, max(1, int(share * 100)))} %"
        unit, name = (_HOUR, "hours") if length <= _DAY else (_DAY, "days")
        return f"{_number(weights[0][1] / unit)} of {_number(length / unit)} {name}"


def _length(spans: Spans) -> timedelta:
    return sum((span.length for span in spans), timedelta())


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def pair_up(plan: Plan, window: Window, periods: Sequence[Period]) -> tuple[Pair, ...]:
    """Each period of `window` with its earlier counterpart."""
    grain, is_year = plan.query.grain, plan.query.compare == "year"
    if grain is Grain.TOTAL:
        start = year_before(grain, window.start) if is_year else window.start - window.length
        end = year_before(grain, window.end) if is_year else window.start
        return (Pair(periods[0], Period(start, max(start, end), grain), is_by_date=is_year),)
    starts = [year_before(grain, p.start) if is_year else step(grain, p.start, -len(periods)) for p in periods]
    earlier = [Period(start, shift(grain, start, 1), grain) for start in starts]
    return tuple(Pair(*pair, is_by_date=grain is Grain.YEAR) for pair in zip(periods, earlier, strict=True))


def window_before(pairs: Sequence[Pair]) -> Window:
    """The window to measure for the comparison: from the first to the last of the earlier periods."""
    return Window(min(pair.before.start for pair in pairs), max(pair.before.end for pair in pairs))


def year_before(grain: Grain, moment: datetime) -> datetime:
    """The same date, or ISO week number, in the previous year.

    A date missing in the previous year is replaced by the nearest earlier one: 29 February by the 28th, week 53
    by week 52. Equal week numbers keep holidays together; counting back 52 weeks drifts.
    """
    if grain is not Grain.WEEK:
        is_leap_day = (moment.month, moment.day) == (2, 29)
        return moment.replace(year=moment.year - 1, day=28 if is_leap_day else moment.day)
    year, week, _ = moment.isocalendar()
    weeks_before = date(year - 1, 12, 28).isocalendar().week
    monday = date.fromisocalendar(year - 1, min(week, weeks_before), 1)
    return moment.replace(year=monday.year, month=monday.month, day=monday.day)


def compare_alike(plan: Plan, pairs: Sequence[Pair]) -> Comparison:
    """What can be compared in each pair, by what was collected for the scopes of the query."""
    times: dict[ScopeTime, list[str]] = {}
    for scope, time in plan.coverage.scopes.items():
        times.setdefault(time, []).append(scope.name)
    # Actors are stored by day.
    resolution = plan.subject.resolution if plan.subject.actors is None else Grain.DAY
    found = [(tuple(names), tuple(pair.common(time, resolution) for pair in pairs)) for time, names in times.items()]
    if len(found) == 1 or plan.division.scope is None:
        return Comparison(tuple(pairs), (Alike(None, _of_all([common for _, common in found])),) if found else ())
    by_common: dict[tuple[tuple[Spans, Spans], ...], list[str]] = {}
    for names, common in found:
        by_common.setdefault(common, []).extend(names)
    if len(by_common) == 1:
        return Comparison(tuple(pairs), (Alike(None, found[0][1]),))
    return Comparison(tuple(pairs), tuple(Alike(tuple(sorted(names)), common) for common, names in by_common.items()))


def _of_all(found: Sequence[tuple[tuple[Spans, Spans], ...]]) -> tuple[tuple[Spans, Spans], ...]:
    """The intersection over all scopes; rows that do not tell their scope count only there."""
    first, *others = found
    for other in others:
        first = tuple(
            (_shared(here, also_here), _shared(before, also_before))
            for (here, before), (also_here, also_before) in zip(first, other, strict=True)
        )
    return first


def _shared(spans: Spans, others: Spans) -> Spans:
    return tuple(part for one in spans for other in others if (part := one.clip(other)))


def scopes_of(plan: Plan, scope: Hashable) -> frozenset[str] | None:
    """The scopes of a group's rows; None for all scopes of the query."""
    if plan.scope_position is None:
        return None
    return frozenset(found.name for found in plan.coverage_of(scope).collected.spans)


def breaks_across(plan: Plan, scope: Hashable, span: Window) -> tuple[Annotation, ...]:
    """The changes of a definition with time in `span` on both sides, for the rows of one scope or of all."""
    named = scopes_of(plan, scope)

    def is_about(one: Annotation) -> bool:
        return not one.scope or (plan.is_asked(one.scope) and (named is None or one.scope in named))

    breaks = (one for one in plan.happened.annotations if one.kind is AnnotationKind.BREAK)
    return tuple(one for one in breaks if one.parts(span) and is_about(one))
