"""A chart on a page: the answer drawn for wide and narrow screens, a description, and its numbers as table and data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from footfall.answer import Answer
from footfall.charts.series import Point, points_of, series_by_size
from footfall.errors import FootfallError
from footfall.metrics import Kind
from footfall.periods import Grain
from footfall.result import Result
from footfall.states import State
from footfall.web.drawings import drawing_of
from footfall.web.pages import words

if TYPE_CHECKING:
    from footfall.web.site import Site

WIDE, NARROW = (960, 300), (330, 250)
"""Of the drawing itself, in pixels: on screens of more and of less than 640."""
_NOTHING = Markup("")
_MOST_KEPT = 64
"""So many figures are kept: some 200 kB each."""
MOST_ROWS = 400
"""A longer table is for a program; the page links to it."""


@dataclass(frozen=True)
class Figure:
    """What a page needs to show a chart."""

    title: str
    sentence: str
    wide: Markup = _NOTHING
    narrow: Markup = _NOTHING
    since: int = 0
    until: int = 0
    """The ends of its axis of time, in milliseconds; both 0 where it has none."""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left_out: str = ""
    data: str = ""
    """Its numbers for tooltips, as JSON that no text of others can leave."""
    problem: str = ""
    """Why it cannot be drawn."""


async def figure_of(
    site: Site, answer: Result, title: str = "", *, wide: tuple[int, int] = WIDE, **options: Any
) -> Figure:
    """An answer about metrics, drawn; the reason where it cannot be.

    Args:
        site: What draws.
        answer: What is drawn.
        title: In the words of the page; the answer's own by default.
        wide: Width and height of the drawing for wide screens, in pixels.
        options: Of the drawing, such as `stacked`.
    """
    named = title or answer.title
    key = (answer.command, answer.version, named, wide, repr(sorted(options.items())))
    figure: Figure | None = site.figures.get(key)
    if figure is None:
        figure = await _made(site, answer, named, wide, options)
        if not figure.problem:
            _keep(site.figures, key, figure)
    return figure


def _keep(figures: dict[Hashable, Any], key: Hashable, figure: Figure) -> None:
    """Keep a figure, and let go of the oldest where there are many."""
    figures[key] = figure
    if len(figures) > _MOST_KEPT:
        del figures[next(iter(figures))]


async def _made(site: Site, answer: Result, named: str, wide: tuple[int, int], options: Mapping[str, Any]) -> Figure:
    try:
        if answer.metric.kind is Kind.LATEST:
            return Figure(named, named, **_table(answer))
        pictures = (site.picture(answer, "svg", theme="page", size=size, **options) for size in (wide, NARROW))
        large, narrow = await asyncio.gather(*pictures)
        points = [points_of(answer.only(metric.name)) for metric in answer.metrics]
    except FootfallError as error:
        return Figure(named, named, problem=str(error), **_table(answer))
    has_time = answer.query.grain is not Grain.TOTAL
    return Figure(
        title=named,
        sentence=_sentence(named, answer, points[0]),
        wide=drawing_of(large),
        narrow=drawing_of(narrow),
        since=_milliseconds(answer.window.start) if has_time else 0,
        until=_milliseconds(_last_start(points)) if has_time else 0,
        data=_data(answer, points[0]) if has_time and len(points) == 1 else "",
        **_table(answer),
    )


async def figure_of_activity(
    site: Site, answer: Answer, title: str, *, height: int | None = None, **options: Any
) -> Figure:
    """An answer about actors, drawn; the reason where it cannot be.

    Args:
        site: What draws.
        answer: What is drawn.
        title: In the words of the page.
        height: Of the drawing, in pixels, if not the default.
        options: Of the drawing, such as `form`.
    """
    sizes = [(width, height or usual) for width, usual in (WIDE, NARROW)]
    heads, rows = answer.lines(is_marked=True)
    table = _cut(tuple(words.capitalised(head.replace("_", " ")) for head in heads), [tuple(row) for row in rows])
    try:
        pictures = (site.picture(answer, "svg", theme="page", size=size, **options) for size in sizes)
        wide, narrow = await asyncio.gather(*pictures)
    except FootfallError as error:
        return Figure(title, title, problem=str(error), **table)
    sentence = f"{title}, {words.spoken(answer.span)}. {answer.description} The table below has the numbers."
    return Figure(title, sentence, drawing_of(wide), drawing_of(narrow), **table)


def _last_start(points: Sequence[Sequence[Point]]) -> datetime:
    return max(point.period.start for each in points for point in each)


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


def _sentence(title: str, answer: Result, points: Sequence[Point]) -> str:
    """A description of the chart for screen readers: the time, and the newest known value of each group."""
    newest: dict[str, Point] = {}
    for point in points:
        if point.value is not None:
            newest[point.series] = point
    names = series_by_size(points)
    said = [f"{name or answer.metric.title}: {words.figure(newest[name].value)}" for name in names if name in newest]
    gaps = len({point.period for point in points if point.value is None})
    missing = f" {words.counted(gaps, 'period')} without a value." if gaps else ""
    when = "" if answer.query.grain is Grain.TOTAL else " At the end: "
    return f"{title}, {words.days(answer.window)}.{when or ' '}{'; '.join(said)}.{missing} The table below has the numbers."


def _table(answer: Result) -> dict[str, Any]:
    """The numbers, a row per period with the groups side by side, or as the answer has them; newest first."""
    if (
        len(answer.metrics) > 1
        or answer.query.compare
        or len(answer.query.by) != 1
        or answer.query.grain is Grain.TOTAL
    ):
        heads, rows = answer.lines(is_marked=True)
        lines = [tuple(row) for row in (rows if answer.query.grain is Grain.TOTAL else reversed(rows))]
        return _cut(tuple(_head(answer, name) for name in heads), lines)
    name, by = answer.metric.name, answer.query.by[0]
    cells: dict[datetime, dict[str, str]] = {}
    for row in answer.to_dicts():
        open_mark = "*" if row["is_provisional"] and row[name] is not None else ""
        cells.setdefault(row["period"], {})[answer.label(by, row[by])] = words.figure(row[name]) + open_mark
    names = list(dict.fromkeys(label for row in cells.values() for label in row))
    lines = [
        (words.period(answer.period_of(at)), *(cells[at].get(label, words.figure(None)) for label in names))
        for at in sorted(cells, reverse=True)
    ]
    return _cut((words.capitalised(str(answer.query.grain)), *names), lines)


def _head(answer: Result, name: str) -> str:
    titles = {metric.name: metric.title for metric in answer.metrics}
    return titles.get(name, words.capitalised(name.replace("_", " ")))


def _cut(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    more = len(rows) - MOST_ROWS
    said = f"{words.counted(more, 'older row')}: download the CSV file for all of them." if more > 0 else ""
    return {"heads": heads, "rows": tuple(tuple(map(words.cell, row)) for row in rows[:MOST_ROWS]), "left_out": said}


def _data(answer: Result, points: Sequence[Point]) -> str:
    """The numbers for tooltips: hours since 1970 of each period's start, and a list of values a group."""
    starts = sorted({point.period.start for point in points})
    at = {start: n for n, start in enumerate(starts)}
    names = series_by_size(points)
    values: dict[str, list[float | None]] = {name: [None] * len(starts) for name in names}
    states: list[str] = [""] * len(starts)
    for point in points:
        values[point.series][at[point.period.start]] = None if point.value is None else round(point.value, 2)
        if point.value is None or not point.is_settled:
            states[at[point.period.start]] = point.state.label
    for n in range(len(starts) - 1, -1, -1):
        if any(each[n] is not None for each in values.values()):
            break
        states[n] = "not collected yet" if states[n] == State.LOST.label else states[n]
    payload = {
        "grain": str(answer.query.grain),
        "unit": answer.unit,
        "hours": [_milliseconds(start) // 3_600_000 for start in starts],
        "states": {n: state for n, state in enumerate(states) if state},
        "series": [{"name": name or answer.metric.title, "values": values[name]} for name in names],
    }
    return json.dumps(payload, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
