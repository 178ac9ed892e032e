"""The look that all charts share: colours, type, the axis of time, light and dark."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from footfall.errors import MissingExtraError, QueryError, UnknownNameError
from footfall.periods import Grain, Period, Window, periods_in

try:
    import altair as alt
except ImportError:
    raise MissingExtraError("a chart", "charts") from None

__all__ = [
    "Look",
    "Theme",
    "alt",
    "finished",
    "folded",
    "inline",
    "inset",
    "look_of",
    "milliseconds",
    "time_axis",
    "wrapped",
]

# Okabe and Ito's colours (2008), which colour-blind readers can distinguish, darkened so that text in them
# has a contrast of at least 4.5 to 1, and hues between them.
_ON_LIGHT = (
    "#0072b2",
    "#96650a",
    "#00735a",
    "#a8437e",
    "#5b5fc7",
    "#b04a0f",
    "#4d7a26",
    "#7b5ea7",
    "#332288",
    "#882255",
    "#2d7f86",
    "#6f6a00",
)
# The same hues, lighter.
_ON_DARK = (
    "#5ab0e6",
    "#e6b04a",
    "#4fc9a4",
    "#e08fbe",
    "#a3a6f5",
    "#f0935c",
    "#9cc76f",
    "#c3a6e8",
    "#8d86e6",
    "#d97aa6",
    "#6fc6cd",
    "#cfca55",
)
WIDTH, HEIGHT = 760, 340
"""The default size of a drawing, in pixels."""
_PADDING = {"left": 12, "right": 16, "top": 14, "bottom": 12}
_BARE_PADDING = {"left": 2, "right": 12, "top": 4, "bottom": 2}
_SIZES = range(100, 5001)
_TITLE_LETTER, _SUBTITLE_LETTER = 8.5, 5.4
"""The average width of a letter in the title and in the subtitle, in pixels."""


@dataclass(frozen=True)
class Theme:
    """The colours of a picture."""

    background: str
    title: str
    text: str
    subtitle: str
    grid: str
    domain: str
    ramp: tuple[str, ...]
    """From the smallest to the largest amount; the first is closest to the background."""
    strong: str
    """The highlighted series."""
    before: str
    """The earlier period that a line is compared with."""
    rest: str
    """The group of all others."""
    hole: str
    """Where nothing was collected."""
    series: tuple[str, ...]
    """One colour per group."""
    is_bare: bool = False
    """Whether title and subtitle are left out because the page shows them."""


THEMES = {
    "light": Theme(
        background="white",
        title="#111",
        text="#444",
        subtitle="#5c5c5c",
        grid="#e8e8e8",
        domain="#bbb",
        ramp=("#edf4fa", "#b5d4ea", "#6aaed6", "#2878b8", "#08417c"),
        strong="#d55e00",
        before="#a8a8a8",
        rest="#767676",
        hole="#eeeeea",
        series=_ON_LIGHT,
    ),
    "dark": Theme(
        background="#14171c",
        title="#f0f2f4",
        text="#c3c8ce",
        subtitle="#a2a9b1",
        grid="#2c3138",
        domain="#565d66",
        ramp=("#1d2733", "#1f4468", "#2a6ca5", "#58a3dc", "#b3dcfa"),
        strong="#f2994a",
        before="#6d7580",
        rest="#8c939c",
        hole="#23262c",
        series=_ON_DARK,
    ),
}

PAGE = Theme(
    background="transparent",
    title="var(--ink)",
    text="var(--soft)",
    subtitle="var(--soft)",
    grid="var(--line)",
    domain="var(--edge)",
    ramp=tuple(f"var(--h{step})" for step in range(8)),
    strong="var(--s5)",
    before="var(--before)",
    rest="var(--rest)",
    hole="var(--hole)",
    series=tuple(f"var(--s{number})" for number in range(8)),
    is_bare=True,
)
"""For pages of the dashboard: colours are CSS variables, so that one drawing works in light and dark."""


@dataclass(frozen=True)
class Look:
    """The look of one picture."""

    theme: Theme = THEMES["light"]
    title: str | None = None
    """Replaces the title of the answer."""
    size: tuple[int, int] | None = None
    """Width and height of the drawing; None for the default."""
    is_log: bool = False
    """Whether the axis of numbers is logarithmic."""

    @property
    def width(self) -> int | None:
        return self.size[0] if self.size else None

    @property
    def height(self) -> int | None:
        return self.size[1] if self.size else None


def look_of(theme: str = "light", title: str | None = None, size: tuple[int, int] | None = None) -> Look:
    """The look for these options; raises for invalid ones."""
    if theme not in THEMES and theme != "page":
        raise UnknownNameError("theme", str(theme), THEMES)
    if title is not None and not isinstance(title, str):
        raise QueryError(f"title={title!r} is not text.")
    if size is not None:
        is_pair = isinstance(size, tuple | list) and len(size) == 2
        if not is_pair or not all(isinstance(n, int) and not isinstance(n, bool) and n in _SIZES for n in size):
            raise QueryError(
                f"size={size!r} is not possible; give width and height in pixels, {_SIZES[0]} to {_SIZES[-1]:,}, such as (760, 340)."
            )
    return Look(PAGE if theme == "page" else THEMES[theme], title, (size[0], size[1]) if size else None)


_Drawn = TypeVar("_Drawn", "alt.LayerChart", "alt.VConcatChart")


def finished(drawn: _Drawn, title: str, remarks: Sequence[Sequence[str]], look: Look, width: float = WIDTH) -> _Drawn:
    """Add title, remarks and look; text wider than the picture is wrapped."""
    theme = look.theme
    folds = folded(look.title or title, max(40, int(width / _TITLE_LETTER)))
    heading = alt.TitleParams(
        folds[0] if len(folds) == 1 else folds,
        subtitle=wrapped(remarks, width),
        anchor="start",
        frame="bounds",
        fontSize=17,
        fontWeight=600,
        color=theme.title,
        subtitleFontSize=11.5,
        subtitleColor=theme.subtitle,
        subtitleLineHeight=16,
        offset=14,
    )
    if not theme.is_bare:
        drawn = drawn.properties(title=heading)
    titled = drawn.properties(
        padding=_BARE_PADDING if theme.is_bare else _PADDING,
        usermeta={"title": look.title or title, "remarks": [" · ".join(group) for group in remarks]},
    )
    styled: _Drawn = (
        titled.configure(font="Helvetica, Arial, sans-serif", background=theme.background)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=11,
            labelColor=theme.text,
            titleFontSize=11.5,
            titleColor=theme.text,
            titleFontWeight="normal",
            titlePadding=10,
            gridColor=theme.grid,
            domainColor=theme.domain,
            tickColor=theme.domain,
        )
        .configure_legend(labelFontSize=11.5, labelColor=theme.text, titleColor=theme.text, rowPadding=5, offset=20)
    )
    return styled


def wrapped(lines: Sequence[Sequence[str]], width: float) -> list[str]:
    """Remarks side by side, as many as fit over a chart of this width, at the size of a subtitle."""
    most = max(72, int(width / _SUBTITLE_LETTER))
    done: list[str] = []
    for remarks in lines:
        line = ""
        for remark in remarks:
            joined = f"{line} · {remark}" if line else remark
            if line and len(joined) > most:
                done += folded(line, most)
                joined = remark
            line = joined
        done += folded(line, most)
    return done


def folded(text: str, most: int) -> list[str]:
    """Lines of at most `most` letters, about equally long, so that no line holds a single word."""
    lines = textwrap.wrap(text, most)
    if len(lines) <= 1:
        return lines
    width = max(-(-len(text) // len(lines)), 1)
    while len(evened := textwrap.wrap(text, width)) > len(lines):
        width += 1
    return evened


# --- time

_TICKS: tuple[tuple[float, Grain, int, str, str], ...] = (
    (3, Grain.HOUR, 6, "%H:%M", "%-d %b %Y"),
    (16, Grain.DAY, 1, "%-d %b", "%Y"),
    (75, Grain.WEEK, 1, "%-d %b", "%Y"),
    (440, Grain.MONTH, 1, "%b", "%Y"),
    (1250, Grain.MONTH, 3, "%b", "%Y"),
    (2500, Grain.MONTH, 6, "%b", "%Y"),
    (math.inf, Grain.YEAR, 1, "%Y", ""),
)
"""For spans of up to so many days: the unit of a tick, its step, its label and the label below (d3-time-format)."""
_LEAST_DAYS = {Grain.MONTH: 76, Grain.YEAR: 2501}
"""Minimum span per grain, so that no tick falls inside a period."""


class Timed(Protocol):
    """A row of any answer that has a period."""

    @property
    def period(self) -> Period: ...


def time_axis(rows: Sequence[Timed], field: str = "at") -> alt.X:
    """The axis of time. The first label and each that starts a year (or a day) also says which.

    Columns (`field` is where they start) have their labels in the middle where there is one label per column.
    """
    first, last = min(row.period.start for row in rows), max(row.period.end for row in rows)
    if field == "at" and (newest := max(row.period.start for row in rows)) > first:
        last = newest
    days = max((last - first).days, _LEAST_DAYS.get(rows[0].period.grain, 0))
    _, grain, every, label, below = next(ticks for ticks in _TICKS if days <= ticks[0])
    ticks = _ticks(grain, every, Window(first, last + timedelta.resolution)) or [first]
    named = [ticks[0], *(b for a, b in pairwise(ticks) if f"{a:{below}}" != f"{b:{below}}")]
    if len(named) > 1 and named[1] == ticks[1]:  # next to each other they would overlap where there is little room
        del named[0]
    half = timedelta(0)
    if field != "at" and grain is rows[0].period.grain:
        ticks = [tick for tick in ticks if tick < last]
        half = min(row.period.end - row.period.start for row in rows) / 2
    start = int(half.total_seconds() * 1000)
    axis = alt.Axis(
        grid=False,
        labelOverlap=True,
        labelFlush=False,
        values=[milliseconds(tick + half) for tick in ticks],
        labelExpr=f"[utcFormat(datum.value - {start}, '{label}'),"
        f" indexof({[milliseconds(t + half) for t in named]}, time(datum.value)) >= 0"
        f" ? utcFormat(datum.value - {start}, '{below}') : '']",
    )
    scale = alt.Scale(type="utc", domain=[milliseconds(first), milliseconds(last)])
    return alt.X(f"{field}:T", title=None, scale=scale, axis=axis)


def _ticks(grain: Grain, every: int, window: Window) -> list[datetime]:
    """Starts of every n-th hour of the day or month of the year."""
    starts = [period.start for period in periods_in(grain, window) if period.start >= window.start]
    return [s for s in starts if (s.hour if grain is Grain.HOUR else s.month - 1) % every == 0]


def inline(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows within a chart, as a tuple: Altair copies lists deeply each time when it changes or layers a chart."""
    return alt.InlineData(values=tuple(rows))


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def inset(period: Period) -> tuple[int, int]:
    """The edges of a column, with a small gap to its neighbours."""
    start, end = milliseconds(period.start), milliseconds(period.end)
    air = (end - start) // 16
    return start + air, end - air
