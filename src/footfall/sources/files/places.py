"""Where files are: paths with *, dates and names, and addresses."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from footfall.errors import SourceError
from footfall.periods import Grain, Window, floor, periods_in, shift
from footfall.sources.files.settings import TablePart

_DIRECTIVES = {"%Y": "[0-9]{4}", "%m": "[0-9]{2}", "%d": "[0-9]{2}"}
_ANY = {"%Y": "[0-9][0-9][0-9][0-9]", "%m": "[0-9][0-9]", "%d": "[0-9][0-9]"}
_PARTS = re.compile(r"%[Ymd]|\{[a-z][a-z0-9_]*\}|\*\*/|\*|\?|\[[^]]+\]")
_WILD = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Found:
    """A file, the time in its name if there is one, and the dimension values in its name."""

    file: Path
    window: Window | None = None
    named: Mapping[str, str] = field(default_factory=dict)


def files_of(part: TablePart, folder: Path) -> list[Found]:
    """The files of a path, in the order of their names. Raises SourceError if there are none."""
    path = str(folder / Path(part.path).expanduser())
    before = str(folder) if path.startswith(str(folder)) else ""
    anything, pattern = _patterns(path[len(before) :])
    found = []
    for each in sorted(glob.glob(glob.escape(before) + anything, recursive=True)):
        match = pattern.fullmatch(each[len(before) :])
        if match is None or not Path(each).is_file():
            continue
        named = {name: match[name] for name in part.named_in_path}
        found.append(Found(Path(each), _window(each, match.groupdict(), path) if part.is_dated else None, named))
    if not found:
        raise SourceError(f"there is no file {part.path}; correct `path` of the table {part.name}")
    return found


def _patterns(path: str) -> tuple[str, re.Pattern[str]]:
    """A path with *, dates and {names}: finds its files, and parses their names."""
    found, named, at = "", "", 0
    groups: set[str] = set()
    for part in _PARTS.finditer(path):
        text, plain = part[0], path[at : part.start()]
        found, named, at = found + plain, named + re.escape(plain), part.end()
        if text[0] not in "%{":
            found, named = (
                found + text,
                named + (_WILD.get(text) or fnmatch.translate(text)[len("(?s:") : -len(r")\Z")]),
            )
            continue
        name = text.strip("%{}")
        # if a part occurs twice, in folder and name, both values must be equal
        named += f"(?P={name})" if name in groups else f"(?P<{name}>{_DIRECTIVES.get(text, '[^/]+')})"
        found += _ANY.get(text, "*")
        groups.add(name)
    return found + path[at:], re.compile(named + re.escape(path[at:]), re.DOTALL)


def _window(file: str, said: Mapping[str, str], path: str) -> Window:
    try:
        on = date(int(said["Y"]), int(said.get("m", 1)), int(said.get("d", 1)))
    except ValueError:
        raise SourceError(f"{file} is not named after a date; rename it, or move it elsewhere") from None
    start = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return Window(start, shift(dated_grain(path), start, 1))


def dated_grain(path: str) -> Grain:
    """The time that each file of a dated path covers."""
    return Grain.DAY if "%d" in path else Grain.MONTH if "%m" in path else Grain.YEAR


def addresses_of(part: TablePart, now: datetime) -> Iterator[tuple[str, Window]]:
    """Every address of a dated one since the first, with its time; those that start in the future are left out."""
    assert part.first is not None
    grain = dated_grain(part.path)
    first = floor(grain, datetime(part.first.year, part.first.month, part.first.day, tzinfo=UTC))
    for period in periods_in(grain, Window(first, max(first, now))):
        yield period.start.strftime(part.path), period.window


def check_path(part: TablePart) -> str:
    """What is wrong with a dated path; empty if nothing is."""
    if not part.is_dated:
        return ""
    used = set(re.findall("%.", part.path))
    if used - _DIRECTIVES.keys() or "%Y" not in used or ("%d" in used and "%m" not in used):
        return "a dated path has %Y, with %m and %d where files are monthly or daily, and no other %"
    if dated_grain(part.path) is not part.window:
        return f"a path with {', '.join(sorted(used))} has a file per {dated_grain(part.path)}; set window to that"
    return ""
