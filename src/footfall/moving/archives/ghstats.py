"""The database of ghstats (SQLite): `repos` and `repo_stats`.

It has the ids of its repositories. A 0 may be a day that was never read, so only larger numbers are taken. Its
stars and forks are totals per day, not the days on which they were given, and are not imported.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from footfall.errors import BrokenDataError, FootfallError
from footfall.moving.archives.found import Found, largest
from footfall.moving.archives.lines import Line

_STATS = (
    "SELECT r.id, r.name, s.date, s.views_count, s.views_uniques, s.clones_count, s.clones_uniques "
    "FROM repo_stats s JOIN repos r ON r.id = s.repo_id ORDER BY r.id, s.date"
)
_NAMES = ("id", "name", "date", "views_count", "views_uniques", "clones_count", "clones_uniques")


def read(place: Path) -> Sequence[Found]:
    """What a database knows of each of its repositories."""
    if not place.is_file():
        raise FootfallError(f"{place} is not a file; name the database of ghstats, such as ghstats.db.")
    try:
        with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(_STATS).fetchall()
    except sqlite3.Error as error:
        raise BrokenDataError(f"{place} is not a database of ghstats: {error}; nothing was imported.") from None
    days: dict[tuple[str, str], dict[str, list[tuple[date, tuple[int, int]]]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(rows, 1):
        line = Line(place, number, dict(zip(_NAMES, row, strict=True)))
        repo = days[str(line.count("id")), line.text("name")]
        for kind in ("views", "clones"):
            count, uniques = line.count(f"{kind}_count"), line.count(f"{kind}_uniques")
            if count:
                repo[kind].append((line.day("date"), (count, uniques)))
    return [
        Found(name, number, views=largest(kinds["views"]), clones=largest(kinds["clones"]))
        for (number, name), kinds in days.items()
    ]
