"""Badges: one number of a project for a README, as SVG by a template and as JSON for shields.io.

The number comes with its window. The title, shown on hover and read by screen readers, holds what it counts, its
policies and how much of the time was collected. An incomplete number is marked on the badge itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.charts.colours import ink_on
from footfall.charts.xml import escaped
from footfall.concealing import concealed
from footfall.errors import QueryError, UnknownNameError
from footfall.formats import compact, number, share_of, unit_of
from footfall.metrics import Kind
from footfall.periods import Grain, floor, shift

if TYPE_CHECKING:
    from footfall.result import Result

COLOURS = {
    "blue": "#0b5c9e",
    "green": "#1a6f3c",
    "orange": "#a35200",
    "red": "#a8331d",
    "purple": "#8a3572",
    "grey": "#5d6167",
    "black": "#1c1d1f",
}
"""Colours by name; each has a contrast of at least 4.5 : 1 with its text."""
WINDOWS = {"week": Grain.WEEK, "month": Grain.MONTH, "year": Grain.YEAR}
"""The last complete one."""
TOTAL, DAYS = "total", "30d"
CACHED_SECONDS = 3600
"""For how long a reader may show a badge without asking again."""

_MOST_DAYS, _MOST_LETTERS = 999, 60
_DAYS = re.compile(r"([1-9][0-9]{0,2})d")
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_GROUND, _UNKNOWN = "#444a50", "#5d6167"
_PAD, _HEIGHT = 6, 20
_LETTERS = (
    ("il", 3),
    ("fj .,:;|!'", 4),
    ("rt/()[]", 4.8),
    ("csz", 5.7),
    ("mw", 10),
    ("MW%@…", 11),
    ("ABCDEGHKNOQRUV", 7.8),
)
"""How wide letters are in Verdana at 11 pixels, the font that badges are made for; all others are about 6.8."""


@dataclass(frozen=True)
class Badge:
    """A label and its message."""

    label: str
    message: str
    colour: str
    """The background of the message, as #rrggbb."""
    title: str
    """The full statement, in one sentence."""
    is_error: bool = False

    def to_shields(self) -> dict[str, Any]:
        """The badge as shields.io's endpoint takes it (schema version 1).

        >>> Badge("installs", "14.4k / 30 days", "#0b5c9e", "").to_shields()["message"]
        '14.4k / 30 days'
        """
        said = {"schemaVersion": 1, "label": self.label, "message": self.message, "color": self.colour}
        return {**said, "isError": self.is_error, "cacheSeconds": CACHED_SECONDS}

    def to_svg(self) -> str:
        """The badge as SVG: flat, 20 pixels high, without a style or a script."""
        left, right = (_width(text) + 2 * _PAD if text else 3 for text in (self.label, self.message))
        label, message, title = map(escaped, (self.label, self.message, self.title))
        words = [(label, left / 2, left, "#ffffff"), (message, left + right / 2, right, ink_on(self.colour))]
        texts = "".join(
            f'<text x="{middle:g}" y="14" textLength="{width - 2 * _PAD}" fill="{ink}">{text}</text>'
            for text, middle, width, ink in words
            if text
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
            f'aria-label="{label}: {message}. {title}"><title>{title}</title>'
            f'<path d="M{left} 0H{left + right - 3}q3 0 3 3v14q0 3-3 3H{left}z" fill="{self.colour}"/>'
            f'<path d="M{left} 0H3Q0 0 0 3v14q0 3 3 3H{left}z" fill="{_GROUND}"/>'
            f'<g text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>'
        )


def asked_of(window: str, now: datetime) -> dict[str, str]:
    """The options of the question for a window of a badge; the window is complete.

    Args:
        window: "30d" or another number of days, "week", "month", "year" (the last that is over), or "total".
        now: The moment of asking.

    Raises:
        UnknownNameError: For another window.

    Example:
        >>> asked_of("month", datetime(2026, 11, 27))
        {'grain': 'total', 'since': '2026-10-01', 'until': '2026-11-01'}
    """
    if window == TOTAL:
        return {"grain": TOTAL}
    if found := _DAYS.fullmatch(window):
        until = floor(Grain.DAY, now)
        since = until - timedelta(days=int(found[1]))
    elif window in WINDOWS:
        until = floor(WINDOWS[window], now)
        since = shift(WINDOWS[window], until, -1)
    else:
        valid = (DAYS, *WINDOWS, TOTAL)
        raise UnknownNameError("window of a badge", window, valid, f"Days are 1d to {_MOST_DAYS}d.")
    return {"grain": TOTAL, "since": f"{since:%Y-%m-%d}", "until": f"{until:%Y-%m-%d}"}


def badge_of(
    result: Result, window: str = DAYS, project: str = "", *, label: str | None = None, colour: str = "blue"
) -> Badge:
    """The badge of an answer to the question of `asked_of`.

    Args:
        result: One number.
        window: As it was asked for.
        project: The project, for the title.
        label: Instead of the metric's own title; empty for none.
        colour: A name of `COLOURS`, or #rrggbb.

    Raises:
        UnknownNameError: For a colour that is neither.
        QueryError: For an answer of several numbers.
    """
    fill = _colour(colour)
    name, title = result.metric.name, result.metric.title
    rows = result.rows.to_pylist()
    if len(rows) > 1 or result.query.by or len(result.metrics) > 1:
        raise QueryError("a badge shows one number: query one metric in one period, without `by`.")
    said = _clipped(title.lower() if label is None else label)
    value = rows[0][name] if rows else None
    about = " · ".join([f"{title} of {project}" if project else title, result.span, *result.chosen, *result.notes])
    about = _clipped(about, 600).rstrip(".")
    if value is None:
        return Badge(said, "not known", _UNKNOWN, f"No data: {about}.")
    exact = f"{value:%Y-%m-%d}" if isinstance(value, datetime) else number(value)
    return Badge(said, _message(result, value, window), fill, f"{exact} {unit_of(value, result.metric.unit)}: {about}.")


def badge_of_error(message: str, label: str = "footfall") -> Badge:
    """A badge that shows an error message."""
    short = _clipped(concealed(message).partition(";")[0].rstrip("."))
    return Badge(_clipped(label), short, COLOURS["red"], _clipped(message, 600), is_error=True)


def _message(result: Result, value: Any, window: str) -> str:
    """The number, its window, and how much is missing."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    part = "" if result.coverage >= 1 or window == TOTAL else f", {share_of(result.coverage)} collected"
    mean = " mean" if result.metric.kind is Kind.LEVEL and window != TOTAL else ""
    found = _DAYS.fullmatch(window)
    spoken = window if not found else "day" if found[1] == "1" else f"{found[1]} days"
    return f"{compact(value)}{mean} {'' if window == TOTAL else '/ '}{spoken}{part}"


def _colour(colour: str) -> str:
    if colour in COLOURS:
        return COLOURS[colour]
    if found := _HEX.fullmatch(colour):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return f"#{digits.lower()}"
    raise UnknownNameError("colour of a badge", colour, COLOURS, "Or give #rrggbb.")


def _clipped(text: str, most: int = _MOST_LETTERS) -> str:
    """Text for one line, without characters that change its direction."""
    text = " ".join(concealed(text).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _width(text: str) -> int:
    """An estimate in pixels; the SVG fits its text to it in any font."""
    widths = {letter: width for letters, width in _LETTERS for letter in letters}
    return round(sum(widths.get(letter, 6.8) for letter in text))
