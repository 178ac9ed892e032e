"""Files of other archivers, read strictly: the first unexpected value is an error with its file and line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from footfall.errors import BrokenDataError, FootfallError

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_COUNT = re.compile(r"([0-9]{1,16})(\.0*)?")
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""An earlier day is a mistake of a file, such as 0001-01-01 for no day at all."""


@dataclass(frozen=True)
class Line:
    """The fields of one line (of JSON: one record)."""

    file: Path
    number: int
    fields: Mapping[str, Any]

    def fault(self, what: str) -> BrokenDataError:
        return BrokenDataError(f"{self.file}, line {self.number:,}: {what}; nothing was imported.")

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.fault(f"{name} is {value!r}, and a text is expected")
        return value.strip()

    def day(self, name: str) -> date:
        """A day, or a moment at midnight, in UTC."""
        at = self.moment(name)
        if at.time() != time():
            raise self.fault(f"{name} is {self.fields[name]!r}, and a day begins at midnight in UTC")
        return at.date()

    def moment(self, name: str) -> datetime:
        """A moment in UTC; one without a zone is taken for UTC."""
        value = self.fields.get(name)
        try:
            read = datetime.fromisoformat(value) if isinstance(value, str) and _MOMENT.match(value) else None
            in_utc = read and (read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC))
        except (ValueError, OverflowError):
            in_utc = None
        if in_utc is None:
            raise self.fault(f"{name} is {value!r}, and a day such as 2026-11-27 is expected")
        if in_utc < _FIRST:
            raise self.fault(f"{name} is {value!r}, and there are no counts before {_FIRST:%Y}")
        return in_utc

    def is_empty(self, name: str) -> bool:
        return self.fields.get(name) in ("", None)

    def count(self, name: str) -> int:
        """A whole number that is not negative, as `12`, or `12.0` where pandas wrote it."""
        value = self.fields.get(name)
        written = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
        found = _COUNT.fullmatch(written.strip())
        if not found or int(found[1]) >= 2**53:
            raise self.fault(f"{name} is {value!r}, and a whole number of at least 0 is expected")
        return int(found[1])

    def counts(self, *names: str) -> tuple[int, ...]:
        return tuple(self.count(name) for name in names)


class Record(Line):
    """A record of a list in JSON, which has no line of its own."""

    def fault(self, what: str) -> BrokenDataError:
        return BrokenDataError(f"{self.file}, record {self.number:,}: {what}; nothing was imported.")


def text_of(file: Path) -> str:
    """The text of a file. Raises FootfallError where there is none."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FootfallError(f"{file} cannot be read ({error.strerror}); name what is to be imported.") from None
    except UnicodeDecodeError:
        raise BrokenDataError(f"{file} is not a text in UTF-8; nothing was imported.") from None


def csv_lines(file: Path, columns: Sequence[str]) -> Iterator[Line]:
    """The lines of a CSV file that has these columns, and perhaps others."""
    reader = csv.reader(text_of(file).splitlines(), strict=True)
    header: list[str] = []
    try:
        header = next(reader, [])
        if lacking := [name for name in columns if header.count(name) != 1]:
            raise BrokenDataError(
                f"{file}, line 1: there is no column {', '.join(lacking)}, or more than one; expected: {', '.join(columns)}."
            )
        for cells in reader:
            if not cells:
                continue
            line = Line(file, reader.line_num, dict(zip(header, cells, strict=False)))
            if len(cells) != len(header):
                raise line.fault(f"it has {len(cells)} cells, and the header {len(header)}")
            yield line
    except csv.Error as error:
        raise BrokenDataError(f"{file}, line {reader.line_num:,}: {error}; nothing was imported.") from None


def json_of(file: Path) -> Any:
    try:
        return json.loads(text_of(file))
    except json.JSONDecodeError as error:
        raise BrokenDataError(f"{file}, line {error.lineno:,}: {error.msg}; nothing was imported.") from None
    except RecursionError:
        raise BrokenDataError(f"{file} is nested too deeply; nothing was imported.") from None


def json_lines(file: Path) -> Iterator[Line]:
    """The records of a file of JSON Lines."""
    for number, text in enumerate(text_of(file).splitlines(), 1):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except json.JSONDecodeError as error:
            raise BrokenDataError(f"{file}, line {number:,}: {error.msg}; nothing was imported.") from None
        except RecursionError:
            raise BrokenDataError(f"{file}, line {number:,}: it is nested too deeply; nothing was imported.") from None
        line = Line(file, number, fields if isinstance(fields, dict) else {})
        if not isinstance(fields, dict):
            raise line.fault("it is not an object")
        yield line


def files_in(place: Path, *patterns: str) -> list[Path]:
    """The files that one of the patterns names in a folder; of a file, itself. Raises FootfallError where there is none."""
    if place.is_file():
        return [place]
    found = sorted({file for pattern in patterns for file in place.glob(pattern) if file.is_file()})
    if not found:
        raise FootfallError(f"{place} has no {' and no '.join(patterns)}; name the folder that has them, or a file.")
    return found
