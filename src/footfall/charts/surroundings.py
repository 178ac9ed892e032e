"""Bands and annotations of a chart over time: where nothing was collected, and what happened when.

Bands and annotations have their names above the plot. A name that would cover another goes up one row; without room
for it, only the line is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from footfall.charts.look import HEIGHT, WIDTH, Look, alt, inline, milliseconds, time_axis
from footfall.charts.series import Point
from footfall.periods import Period
from footfall.states import State

if TYPE_CHECKING:
    from footfall.annotations import Annotation
    from footfall.result import Result

_LETTER, _ROW, _ROWS = 6.0, 15, 2
"""The width of a letter, the distance between rows of names, and the number of rows."""
_LONGEST = 26
_MOST_LINES = 40
_PARTLY = "partly collected"
_TITLES = {State.LOST: "not collected", State.KNOWN_WRONG: "known to be wrong"}


@dataclass(frozen=True)
class Band:
    """A span of time without data, or known to be wrong."""

    start: datetime
    end: datetime
    title: str


@dataclass(frozen=True)
class _Name:
    """A name above the plot."""

    at: datetime
    place: float
    """Distance from the left, in pixels."""
    text: str

    @property
    def width(self) -> float:
        return len(self.text) * _LETTER


def bands_of(points: Sequence[Point]) -> list[Band]:
    """Where no group has a value though the time is over and not all of it was collected; and what is known to be wrong.

    A mean has no value either while its window reaches into such a time: the band holds all of it. What no later time
    follows that was collected may only be late.
    """
    by_period = {
        period: list(together)
        for period, together in groupby(sorted(points, key=lambda p: p.period.start), key=lambda p: p.period)
    }
    found: list[Band] = []
    known = [period for period, points in by_period.items() if not _title_of(points) and not _is_open(points)]
    for title, run in groupby(by_period, key=lambda period: _title_of(by_period[period])):
        stretch = list(run)
        states = {point.state for period in stretch for point in by_period[period]}
        if title and (title != _TITLES[State.LOST] or State.LOST in states):
            is_late = title == _TITLES[State.LOST] and bool(known) and stretch[0].start > known[-1].start
            found.append(_band(stretch, f"{title} yet" if is_late else title))
    return found


def _title_of(together: Sequence[Point]) -> str:
    if all(p.value is None and p.least is None and p.state is not State.NOT_OVER for p in together):
        return _PARTLY if any(p.partial is not None for p in together) else _TITLES[State.LOST]
    return _TITLES[State.KNOWN_WRONG] if any(p.state is State.KNOWN_WRONG for p in together) else ""


def _is_open(together: Sequence[Point]) -> bool:
    return all(p.value is None and p.state is State.NOT_OVER for p in together)


def _band(stretch: Sequence[Period], title: str) -> Band:
    """Points stand at the start of their period: the band reaches half a period to both sides of them."""
    half = (stretch[0].end - stretch[0].start) / 2
    return Band(stretch[0].start - half, stretch[-1].end - half, title)


def surroundings(
    points: Sequence[Point], result: Result, look: Look, field: str = "at"
) -> tuple[list[alt.Chart], list[alt.Chart]]:
    """What is drawn below the marks, and what above them.

    Args:
        points: What the chart shows.
        result: Whose annotations are named.
        look: Of the chart.
        field: Where its periods begin: "at" for points, "left" for columns.
    """
    first = min(point.period.start for point in points)
    last = max(point.period.start if field == "at" else point.period.end for point in points)
    if last <= first:
        return [], []
    x = time_axis(points, field)
    width = look.width or WIDTH
    bands = [Band(max(b.start, first), min(b.end, last), b.title) for b in bands_of(points)] if field == "at" else []
    events = _events(result.annotations, first, last)

    def place(moment: datetime) -> float:
        return (moment - first) / (last - first) * width

    wide = [b for b in bands if place(b.end) - place(b.start) >= 2]
    named = [*events, *((b.start + (b.end - b.start) / 2, b.title) for b in wide)]
    names = [_Name(at, place(at), text) for at, text in named]
    below = [_rects(bands, x, field, look)] if bands else []
    above = [_rules(events, x, field, look)] if events else []
    return below, [*above, *_texts(names, x, field, width, look)]


def _events(annotations: Iterable[Annotation], first: datetime, last: datetime) -> list[tuple[datetime, str]]:
    """What happened, by its first moment; several of one moment share a line."""
    found: dict[datetime, list[str]] = {}
    for one in annotations:
        if first <= one.window.start <= last:
            found.setdefault(one.window.start, []).append(one.text)
    return [(at, _shortened(", ".join(dict.fromkeys(texts)))) for at, texts in sorted(found.items())][-_MOST_LINES:]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _rects(bands: Sequence[Band], x: alt.X, field: str, look: Look) -> alt.Chart:
    data = [
        {
            field: milliseconds(band.start),
            "until": milliseconds(max(band.end, band.start + timedelta(1))),
            "why": band.title,
        }
        for band in bands
    ]
    drawn: alt.Chart = (
        alt.Chart(inline(data))
        .mark_rect(color=look.theme.hole, clip=True)
        .encode(x=x, x2="until:T", y=alt.value(0), y2=alt.value(look.height or HEIGHT), tooltip=[alt.Tooltip("why:N")])
    )
    return drawn


def _rules(events: Sequence[tuple[datetime, str]], x: alt.X, field: str, look: Look) -> alt.Chart:
    data = [{field: milliseconds(at), "what": text} for at, text in events]
    drawn: alt.Chart = (
        alt.Chart(inline(data))
        .mark_rule(color=look.theme.subtitle, strokeDash=[2, 3])
        .encode(x=x, y=alt.value(0), y2=alt.value(look.height or HEIGHT), tooltip=[alt.Tooltip("what:N")])
    )
    return drawn


def _texts(names: Sequence[_Name], x: alt.X, field: str, width: int, look: Look) -> list[alt.Chart]:
    """The names that find room, the lowest row first; one near an edge ends or begins there."""
    rows: list[list[tuple[float, float]]] = [[] for _ in range(_ROWS)]
    data: list[dict[str, Any]] = []
    for name in names:
        half = name.width / 2
        align = "left" if name.place < half else "right" if name.place > width - half else "center"
        left = name.place - {"left": 0, "right": name.width, "center": half}[align]
        for n, row in enumerate(rows):
            if all(left + name.width + 8 <= begin or left >= end + 8 for begin, end in row):
                row.append((left, left + name.width))
                data.append({field: milliseconds(name.at), "row": -8 - n * _ROW, "name": name.text, "align": align})
                break
    if not data:
        return []
    texts: alt.Chart = alt.Chart(inline(data)).mark_text(
        color=look.theme.text, fontSize=11.5, clip=False, align=alt.ExprRef("datum.align")
    )
    return [texts.encode(x=x, y=alt.Y("row:Q", scale=None, axis=None), text="name:N")]
