"""Where files are: paths with * and with dates, and addresses."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from footfall.errors import SourceError
from footfall.periods import Grain, Window, floor, periods_in, shift
from footfall.sources.files.settings import TablePart

_DIRECTIVES = {"%Y": r"(?P<Y>[0-9]{4})", "%m": r"(?P<m>[0-9]{2})", "%d": r"(?P<d>[0-9]{2})"}
_ANY = {"%Y": "[0-9][0-9][0-9][0-9]", "%m": "[0-9][0-9]", "%d": "[0-9][0-9]"}


@dataclass(frozen=True)
class Found:
    """A file, and the time that its name says, where it says one."""

    file: Path
    window: Window | None = None


def files_of(part: TablePart, folder: Path) -> list[Found]:
    """The files of a path, in the order of their names. Raises SourceError where there is none."""
    path = str(folder / Path(part.path).expanduser())
    if not part.is_dated:
        found = [Found(Path(each)) for each in sorted(glob.glob(path, recursive=True)) if Path(each).is_file()]
    else:
        found = list(_dated_files(path))
    if not found:
        raise SourceError(f"there is no file {part.path}; correct `path` of the table {part.name}")
    return found


def _dated_files(path: str) -> Iterator[Found]:
    pattern, named = "", re.escape(path).replace(re.escape("%"), "%")
    for directive, written in _DIRECTIVES.items():
        # a directive that comes twice, in folder and name, must say the same both times
        first, rest = named.split(directive, 1) if directive in named else (named, None)
        if rest is not None:
            named = first + written + rest.replace(directive, f"(?P={directive[1]})")
    pattern = glob.escape(path)
    for directive, anything in _ANY.items():
        pattern = pattern.replace(directive, anything)
    for each in sorted(glob.glob(pattern)):
        if match := re.fullmatch(named, each):
            parts = {name: int(value) for name, value in match.groupdict().items()}
            try:
                on = date(parts["Y"], parts.get("m", 1), parts.get("d", 1))
            except ValueError:
                raise SourceError(f"{each} is not named after a date; rename it, or move it elsewhere") from None
            start = datetime(on.year, on.month, on.day, tzinfo=UTC)
            yield Found(Path(each), Window(start, shift(dated_grain(path), start, 1)))


def dated_grain(path: str) -> Grain:
    """The time that each file of a dated path is of."""
    return Grain.DAY if "%d" in path else Grain.MONTH if "%m" in path else Grain.YEAR


def addresses_of(part: TablePart, now: datetime) -> Iterator[tuple[str, Window]]:
    """Every address of a dated one from the first on, with its time; those that begin in the future are left out."""
    assert part.first is not None
    grain = dated_grain(part.path)
    first = floor(grain, datetime(part.first.year, part.first.month, part.first.day, tzinfo=UTC))
    for period in periods_in(grain, Window(first, max(first, now))):
        yield period.start.strftime(part.path), period.window


def check_path(part: TablePart) -> str:
    """What is wrong with a dated path; empty when nothing is."""
    if not part.is_dated:
        return ""
    used = set(re.findall("%.", part.path))
    if used - _DIRECTIVES.keys() or "%Y" not in used or ("%d" in used and "%m" not in used):
        return "a dated path has %Y, with %m and %d where files are monthly or daily, and no other %"
    if dated_grain(part.path) is not part.window:
        return f"a path with {', '.join(sorted(used))} has a file a {dated_grain(part.path)}; set window to that"
    return ""
