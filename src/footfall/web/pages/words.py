"""Numbers, changes and dates on pages: thin spaces between thousands, and dates in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from footfall.formats import GAP, counted, listed, number
from footfall.periods import Period, Window, in_utc

_THIN = "\u202f"
"""A narrow no-break space: parts thousands in every language."""


def figure(value: float | None) -> str:
    """A number as a page writes it: "13 314" with thin spaces, a dash where nothing is known.

    >>> figure(13314).replace(_THIN, "_")
    '13_314'
    """
    return GAP if value is None else number(value).replace(",", _THIN)


def short_figure(value: float | None) -> str:
    """A number for a place with little room: 940, 13.3 k, 2.1 M."""
    if value is None:
        return GAP
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            part = value / (1000.0 if suffix == "k" else size)
            return f"{part:.1f}".removesuffix(".0") + f"{_THIN}{suffix}"
    return figure(value)


def share(part: float | None) -> str:
    """A part of a whole: "12.3 %"; a small one never rounds to nothing."""
    if part is None:
        return ""
    return f"<0.1{_THIN}%" if 0 < part < 0.0005 else f"{part * 100:.1f}{_THIN}%"


def day(moment: datetime) -> str:
    """A day in words: "26 November 2026"."""
    return f"{in_utc(moment):%-d %B %Y}"


def short_day(moment: datetime) -> str:
    """A day where there is little room: "26 Nov 2026"."""
    return f"{in_utc(moment):%-d %b %Y}"


def moment(at: datetime) -> str:
    """A moment in words: "27 November 2026, 19:27 UTC"."""
    return f"{day(at)}, {in_utc(at):%H:%M} UTC"


def days(window: Window) -> str:
    """The days of a window in words, its last one included: "5 to 14 May 2026"."""
    first, last = window.start, max(window.start, window.end - timedelta(microseconds=1))
    if first.date() == last.date():
        return short_day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {short_day(last)}"
    return (
        f"{first:%-d %b} to {short_day(last)}"
        if first.year == last.year
        else f"{short_day(first)} to {short_day(last)}"
    )


def period(one: Period) -> str:
    """A period of any length: "26 Nov 2026", "week of 23 Nov 2026", "November 2026", "2026"."""
    start = one.start
    match str(one.grain):
        case "hour":
            return f"{short_day(start)}, {start:%H:%M}"
        case "week":
            return f"week of {short_day(start)}"
        case "month":
            return f"{start:%B %Y}"
        case "year":
            return f"{start:%Y}"
        case _:
            return days(one.window) if str(one.grain) == "total" else short_day(start)


@dataclass(frozen=True)
class Change:
    """What a number did since the time that it is compared with."""

    text: str
    """For the eye: "15.1 %", "new"."""
    direction: str
    """up, down or none: a shape and a colour next to the sign."""
    spoken: str
    """For a screen reader, in full."""


def change_of(row: dict[str, Any], metric: str, before: str) -> Change:
    """The change of a row of an answer that was compared.

    Args:
        row: A row with `<metric>_previous` and `change_percent`.
        metric: The name of its metric.
        before: The time that it is compared with, in words: "the 28 days before".
    """
    percent, previous, value = row.get("change_percent"), row.get(f"{metric}_previous"), row.get(metric)
    if previous is None or value is None:
        return Change("", "none", f"not compared: {before} is not known")
    if percent is None:
        said = "new" if value else "none"
        return Change(said, "none", f"{said}: 0 in {before}")
    if round(abs(percent), 1) == 0:
        return Change(f"0{_THIN}%", "none", f"as much as in {before}")
    size = f"{abs(percent):.1f}" if abs(percent) < 1000 else f"{abs(percent):,.0f}".replace(",", _THIN)
    more = "more" if percent > 0 else "less"
    return Change(f"{size}{_THIN}%", "up" if percent > 0 else "down", f"{size} % {more} than in {before}")


def first_sentence(text: str) -> str:
    """The first sentence of a description, without its stop."""
    sentence = text.strip().split(". ")[0].split("\n")[0]
    return sentence.removesuffix(".")


_FOR_COMMANDS = re.compile(r" \((?:min_coverage|add --?\w+)[^)]*\)")


def plain(note: str) -> str:
    """A note without hints about command line options.

    >>> plain("1 mean has no value: not all of its 7 days were collected (lower min_coverage to get them).")
    '1 mean has no value: not all of its 7 days were collected.'
    """
    return capitalised(_FOR_COMMANDS.sub("", note))


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = [
    "Change",
    "capitalised",
    "change_of",
    "counted",
    "day",
    "days",
    "figure",
    "first_sentence",
    "listed",
    "moment",
    "period",
    "plain",
    "share",
    "short_day",
    "short_figure",
]


_NUMBER = re.compile(r"[−+-]?\d{1,3}(,\d{3})+(\.\d+)?( ?%)?\*?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def cell(text: str) -> str:
    """A cell of a table, as answers write it, in the words of pages.

    >>> cell("2,201*").replace(_THIN, "_"), cell("2026-02-01"), cell("a,b")
    ('2_201*', '1 Feb 2026', 'a,b')
    """
    if _NUMBER.fullmatch(text):
        return text.replace(",", _THIN)
    if not _DAY.fullmatch(text):
        return text
    try:
        return f"{date.fromisoformat(text):%-d %b %Y}"
    except ValueError:  # a name that only looks like a day
        return text


_DATED = re.compile(r"\b(\d{4})-(\d\d)(?:-(\d\d))?\b")


def spoken(span: str) -> str:
    """A span, as answers write it, with its days and months in words.

    >>> spoken("2026-10-31 to 2026-11-27 (UTC), months 2024-11 to 2026-10")
    '31 Oct 2026 to 27 Nov 2026 (UTC), months Nov 2024 to Oct 2026'
    """

    def said(found: re.Match[str]) -> str:
        year, month, day = (int(part or 1) for part in found.groups())
        return f"{date(year, month, day):{'%-d %b %Y' if found[3] else '%b %Y'}}"

    return _DATED.sub(said, span)
