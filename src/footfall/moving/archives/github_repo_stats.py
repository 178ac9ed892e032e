"""The folder ghrs-data of github-repo-stats.

views_clones_aggregate.csv                   what it made of all answers; enough by itself
snapshots/*_views_clones_series_fragment.csv one answer each; read where they are there
stargazers.csv (or stars.csv), forks.csv     how many there were after each that was given

Until the end of 2025 GitHub left days of zero out of its answers: an empty cell next to a number was zero. Since then it
is not known, and neither is a 0 of the aggregate next to a number, as it puts 0 where an answer had nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from footfall.errors import FootfallError
from footfall.moving.archives.found import Found, Given, largest
from footfall.moving.archives.lines import Line, csv_lines, files_in
from footfall.sources.github.traffic import REACH, ZEROS_ARE_STATED_SINCE

AGGREGATE = "views_clones_aggregate.csv"
FRAGMENTS = "*_views_clones_series_fragment.csv"
TIME = "time_iso8601"
ZEROS_ARE_STATED_ON = (ZEROS_ARE_STATED_SINCE - REACH).date()
_STARS, _FORKS = ("stargazers.csv", "stars.csv"), ("forks.csv",)


def read(place: Path) -> Sequence[Found]:
    """What a folder ghrs-data, or one of its files, knows of its repository."""
    names = (*_STARS, *_FORKS)
    files = files_in(place, AGGREGATE, f"snapshots/{FRAGMENTS}", FRAGMENTS, *names)
    days = [line for file in files if file.name not in names for line in _lines(file)]
    return [
        Found(
            views=largest(_days(days, "views")),
            clones=largest(_days(days, "clones")),
            stars=_given(files, _STARS, "stars_cumulative"),
            forks=_given(files, _FORKS, "forks_cumulative"),
        )
    ]


def _lines(file: Path) -> Iterator[Line]:
    return csv_lines(file, [TIME, "clones_total", "clones_unique", "views_total", "views_unique"])


def _days(lines: Iterable[Line], kind: str) -> Iterator[tuple[date, tuple[int, int]]]:
    other = {"views": "clones", "clones": "views"}[kind]
    for line in lines:
        day, is_given = line.day(TIME), not line.is_empty(f"{kind}_total")
        beside = 0 if line.is_empty(f"{other}_total") else line.count(f"{other}_total")
        counts = (line.count(f"{kind}_total"), line.count(f"{kind}_unique")) if is_given else (0, 0)
        if day < ZEROS_ARE_STATED_ON:
            is_known = is_given or beside > 0
        else:  # the aggregate has 0 where the answer had nothing
            is_known = is_given and not (line.file.name == AGGREGATE and counts == (0, 0) and beside)
        if is_known:
            yield day, counts


def _given(files: Iterable[Path], names: Sequence[str], column: str) -> Given:
    """How many were given on each day."""
    found = [file for file in files if file.name in names]
    if len(found) > 1:
        raise FootfallError(f"{found[0]} and {found[1]} hold the same data; remove the older one, or name one of them.")
    given: Counter[date] = Counter()
    before, last = 0, date.min
    for line in csv_lines(found[0], [TIME, column]) if found else ():
        held, on = line.count(column), line.moment(TIME).date()
        if held < before or on < last:
            raise line.fault(
                f"{column} falls, or the days are out of order, and each line must be one more than the line before"
            )
        given[on] += held - before
        before, last = held, on
    return given
