"""A year of one table as a calendar: each day with its state, shown by shape as well as by colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from markupsafe import Markup

from footfall.annotations import KnownWrong
from footfall.collect import SourceStatus
from footfall.periods import EPOCH, Window, merge

CELL, STEP, TOP, LEFT = 11, 14, 16, 28
"""A day's square, how far days are apart, and the room for the names of months and of days, in pixels."""


class Day(StrEnum):
    """How far a day was collected; of several that hold the last one here is shown."""

    COMPLETE = "complete"
    PROVISIONAL = "provisional"
    MISSING = "missing"
    WRONG = "wrong"
    FAILED = "failed"


LABELS = {
    Day.COMPLETE: "complete",
    Day.PROVISIONAL: "may still change",
    Day.MISSING: "missing",
    Day.WRONG: "known to be wrong",
    Day.FAILED: "failed",
}


@dataclass(frozen=True)
class Calendar:
    """A drawing, and the same in words."""

    drawing: Markup
    sentence: str


def calendar(state: SourceStatus, wrong: Sequence[KnownWrong], year: int, now: datetime) -> Calendar:
    """The days of a year of one table.

    Args:
        state: How the table stands.
        wrong: What is known to be wrong of it.
        year: Which year.
        now: No day after this one is drawn.
    """
    days = days_of(state, wrong, year, now)
    first = datetime(year, 1, 1, tzinfo=UTC)
    shift = first.weekday()
    paths = [_path(kind, [(day - first).days + shift for day, own in days if own is kind]) for kind in Day]
    weeks = (shift + 366 + 6) // 7
    width, height = LEFT + weeks * STEP, TOP + 7 * STEP
    texts = "".join(_months(first, shift)) + "".join(_weekdays())
    drawing = f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{texts}{"".join(paths)}</svg>'
    counts = [(LABELS[kind], sum(own is kind for _, own in days)) for kind in Day]
    said = ", ".join(f"{count} {'day' if count == 1 else 'days'} {label}" for label, count in counts if count)
    return Calendar(Markup(drawing), f"{year}: {said or 'nothing was collected'}.")


def days_of(state: SourceStatus, wrong: Sequence[KnownWrong], year: int, now: datetime) -> list[tuple[datetime, Day]]:
    """Each day of the year of which something is known, with the worst of it."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    end = min(datetime(year + 1, 1, 1, tzinfo=UTC), now)
    layers: list[tuple[Day, Iterable[Window]]] = [
        (Day.COMPLETE, [Window(state.first or EPOCH, state.fresh_until)] if state.fresh_until else []),
        (Day.PROVISIONAL, state.provisional),
        (Day.MISSING, state.gaps),
        (Day.WRONG, (known.window for known in wrong)),
        (Day.FAILED, (entry.window for entry in state.failed)),
    ]
    found: dict[datetime, Day] = {}
    for kind, windows in layers:
        for window in merge(windows):
            day = max(window.start, start).replace(hour=0, minute=0, second=0, microsecond=0)
            while day < min(window.end, end):
                found[day] = kind
                day += timedelta(days=1)
    return sorted(found.items())


def _path(kind: Day, places: Sequence[int]) -> str:
    """All days of one kind as one path."""
    if not places:
        return ""
    shape = _SHAPES[kind]
    drawn = "".join(f"M{LEFT + n // 7 * STEP} {TOP + n % 7 * STEP}{shape}" for n in places)
    return f'<path class="{kind}" d="{drawn}"/>'


_SQUARE = f"h{CELL}v{CELL}h-{CELL}z"
_SHAPES = {
    Day.COMPLETE: _SQUARE,
    Day.PROVISIONAL: f"{_SQUARE}m0 {CELL}l{CELL}-{CELL}",
    Day.MISSING: f"m1 1h{CELL - 2}v{CELL - 2}h-{CELL - 2}z",
    Day.WRONG: f"h{CELL}l-{CELL} {CELL}z",
    Day.FAILED: f"{_SQUARE}l{CELL} {CELL}m0-{CELL}l-{CELL} {CELL}",
}


def sample(kind: Day) -> Markup:
    """One day of a kind, for the legend."""
    return Markup(
        f'<svg viewBox="0 0 {CELL} {CELL}" width="{CELL}" height="{CELL}" aria-hidden="true">'
        f'<path class="{kind}" d="M0 0{_SHAPES[kind]}"/></svg>'
    )


def _months(first: datetime, shift: int) -> list[str]:
    return [
        f'<text x="{LEFT + ((at - first).days + shift) // 7 * STEP}" y="10">{at:%b}</text>'
        for at in (first.replace(month=month) for month in range(1, 13))
    ]


def _weekdays() -> list[str]:
    return [f'<text x="0" y="{TOP + n * STEP + 9}">{name}</text>' for n, name in ((0, "Mon"), (2, "Wed"), (4, "Fri"))]
