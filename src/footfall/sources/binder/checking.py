"""For `footfall doctor`: whether the archive can be listed and its newest file can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from footfall.errors import SourceError
from footfall.formats import size_of
from footfall.sources.binder.archive import Archive, Look
from footfall.sources.checks import Check

_DAYS = 30
"""How far back to look for the newest file; it is usually a day or two old."""


def checks_of(open_archive: Callable[[Path], Archive], now: datetime) -> Iterator[Check]:
    """One check for listing, one for reading. The archive keeps every day, so there are no deadlines.

    Neither leaves state behind that affects collecting: the archive is opened with a temporary scratch folder.
    """
    with TemporaryDirectory(prefix="footfall-") as folder:
        yield from _checks(open_archive(Path(folder)), Path(folder), now)


def _checks(archive: Archive, folder: Path, now: datetime) -> Iterator[Check]:
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=n) for n in range(_DAYS)]
    try:
        looks = archive.look(days, {}, (), now)
    except SourceError as error:
        yield Check("list the archive", "failed", str(error), "correct `archive` in footfall.toml, or try again later")
        return
    there = {day: look for day, look in looks.items() if look.place}
    if not there:
        yield Check("list the archive", "ok", f"no file of the last {_DAYS} days")
        yield Check("read a file", "unknown", "none of these days is in the archive")
        return
    yield Check("list the archive", "ok", f"the newest file is of {max(there)}")
    yield _read(archive, there[max(there)], folder)


def _read(archive: Archive, look: Look, folder: Path) -> Check:
    try:
        path, _ = archive.bring(look, folder)
        with path.open("rb") as file:
            file.read(1)
        return Check("read a file", "ok", f"{path.name}, {size_of(path.stat().st_size)}")
    except (SourceError, OSError) as error:
        return Check(
            "read a file", "failed", str(error), "check that files of the archive can be read, not only listed"
        )
