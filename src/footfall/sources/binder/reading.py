"""Files of events → launches by hour, on two paths with one answer.

The quick path: DuckDB reads many files at once, and a file counts as sound when every byte of it is accounted for.
The careful path: any other file is read line by line, each line taken or refused with a reason.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.sources.binder.names import repo_of

if TYPE_CHECKING:
    import duckdb

EVENT_SCHEMA = "binderhub.jupyter.org/launch"
PARSER_VERSION = 1
"""Raised when the rules above or below give other rows for the same file: then every day is read again."""

FIELDS: Mapping[str, type] = {
    "timestamp": str,
    "schema": str,
    "version": int,
    "provider": str,
    "spec": str,
    "ref": str,
    "origin": str,
    "build_token": bool,
    "request_origin": str,
    "status": str,
}
"""The fields of an event over all versions of its schema, with their types."""

REQUIRED = ("timestamp", "provider", "spec")
SQL_TYPES: Mapping[type, str] = {str: "VARCHAR", int: "INTEGER", bool: "BOOLEAN"}
KINDS: Mapping[type, str] = {str: "a text", int: "a whole number", bool: "true or false"}
GROUPED = ("provider", "spec", "origin", "status", "version", "build_token", "request_origin")
MOST_LEARNT = 500_000
"""Names kept from one month to the next, so that rules run on new ones only."""
UNSOUND = 1 << 40
"""Bytes that an odd event accounts for: more than any file has, so that its file is not sound."""
LINE_LIMIT = 1 << 24
"""Bytes of the longest line that is read; an event has some 300."""
SAMPLE_LIMIT = 200


@dataclass(frozen=True)
class File:
    """A day's file, at hand."""

    day: date
    path: Path


@dataclass
class Reading:
    """What reading a file gave: how many events were taken, and what was refused or odd."""

    taken: int = 0
    lines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    sample: str = ""
    fault: str = ""
    """Why the file as a whole cannot be used; empty when it can."""
    is_last_refused: bool = False
    """Whether its last line was refused: it may have been cut off there."""

    @property
    def notes(self) -> tuple[str, ...]:
        rejected = self.refused.total()
        notes = []
        if rejected:
            kinds = ", ".join(f"{n:,} {reason}" for reason, n in self.refused.most_common())
            notes.append(f"{rejected:,} of {self.lines:,} lines refused: {kinds}")
        if self.unknown:
            notes.append("unknown fields: " + ", ".join(f"{name} ({n:,})" for name, n in self.unknown.most_common(10)))
        return tuple(notes)


class _Style(Enum):
    """How lines are written: `{"name": "text", "name": 5}` or `{"name":"text","name":5}`."""

    SPACED = 8
    COMPACT = 6

    @property
    def text(self) -> int:
        """Bytes of a text field beside its name and value: four quotes, colon and comma, perhaps spaces.

        A value that is no text has no quotes and takes two less.
        """
        return self.value

    @property
    def around(self) -> int:
        """Bytes of a line beside its fields: braces and line end, less the comma that the last field lacks."""
        return 1 if self is _Style.SPACED else 2


class _RefusedError(Exception):
    """A line is no launch event; the text says why."""


class Reader:
    """Reads files into a table of a DuckDB database of its own: launches by file, hour and dimensions."""

    def __init__(self, scratch: Path, member: Callable[[str | None], str], keep_ref: bool = False) -> None:
        import duckdb

        self._member = member
        self._names = (*GROUPED, "ref") if keep_ref else GROUPED
        self._columns = ("filename", "hour", *self._names, "launches")
        # What it spills goes when the database does, which is when nobody holds rows of it any more.
        config = {"memory_limit": "800MB", "temp_directory": str(scratch / f"spill-{os.getpid()}")}
        self._db = duckdb.connect(config={**config, "preserve_insertion_order": "false"})
        self._db.execute("SET TimeZone = 'UTC'")
        self._learnt: dict[str, int] = {}
        self._others = tuple(name for name in self._names if name not in ("provider", "spec", "ref"))
        self._is_surveyed = False

    def read(self, files: Sequence[File]) -> list[Reading]:
        """Read the files; what each gave, in their order."""
        self._is_surveyed = False
        self._db.execute(f"CREATE OR REPLACE TABLE grouped ({self._types()})")
        quick = self._read_at_once([file for file in files if not re.search(r"[*?\[]", str(file.path))])
        return [Reading(quick[file], quick[file]) if file in quick else self._read_by_line(file) for file in files]

    def _types(self) -> str:
        typed = ", ".join(f"{name} {SQL_TYPES[FIELDS[name]]}" for name in self._names)
        return f"filename VARCHAR, {typed}, hour TIMESTAMP, launches BIGINT, other_bytes BIGINT"

    def rows(self) -> duckdb.DuckDBPyRelation:
        """What was read, with the columns of the table. Valid until the next `read`.

        Texts become codes in alphabetical order: the lake then sorts numbers, in half the time.
        """
        if not self._is_surveyed:
            self._survey()
        self._learn("repos", ("provider", "spec"), "repo", "pairs", lambda pair: repo_of(*pair) or None)
        self._learn("members", ("origin",), "federation", "others", lambda one: self._member(*one))
        named = "pairs JOIN repos USING (provider, spec)"
        homes = {"provider": "pairs", "spec": "pairs", "repo": named, "federation": "members"}
        for name in (*homes, *(texts := [name for name in self._others if FIELDS[name] is str])):
            self._db.execute(
                f"CREATE OR REPLACE TYPE {name}_code AS ENUM "
                f"(SELECT DISTINCT {name} FROM {homes.get(name, 'others')} WHERE {name} IS NOT NULL ORDER BY {name})"
            )
        self._db.execute(
            f"""
            CREATE OR REPLACE TABLE codes AS
            SELECT DISTINCT provider AS provider_text, spec AS spec_text,
                provider::provider_code AS provider, spec::spec_code AS spec, repo::repo_code AS repo
            FROM {named}
            """
        )
        coded = ", ".join(f"g.{name}::{name}_code AS {name}" for name in texts)
        return self._db.sql(
            f"""
            SELECT make_timestamptz(epoch_us(hour)) AS hour, c.provider, c.spec, c.repo, {coded},
                federation::federation_code AS federation, version,
                build_token, {"ref, " if "ref" in self._names else ""} launches
            FROM grouped AS g
            JOIN codes AS c ON g.provider = c.provider_text AND g.spec = c.spec_text
            JOIN members AS m ON g.origin IS NOT DISTINCT FROM m.origin
            """
        )

    def _survey(self) -> None:
        """Write down which values there are: they are few, where the rows are many."""
        for table, names in (("pairs", ("provider", "spec")), ("others", self._others)):
            self._db.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT DISTINCT {', '.join(names)} FROM grouped")
        self._is_surveyed = True

    def _learn(
        self, table: str, keys: tuple[str, ...], name: str, found: str, rule: Callable[[tuple[Any, ...]], str | None]
    ) -> None:
        """Apply a rule to the keys of `found` that are new: it runs once a value, not once a launch."""
        columns = ", ".join(f"{column} VARCHAR" for column in (*keys, name))
        is_full = self._learnt.get(table, 0) > MOST_LEARNT
        self._db.execute(f"CREATE {'OR REPLACE TABLE' if is_full else 'TABLE IF NOT EXISTS'} {table} ({columns})")
        same = " AND ".join(f"g.{key} IS NOT DISTINCT FROM t.{key}" for key in keys)
        new = self._db.execute(
            f"SELECT DISTINCT {', '.join(keys)} FROM {found} AS g WHERE NOT EXISTS (FROM {table} AS t WHERE {same})"
        ).fetchall()
        self._learnt[table] = len(new) + (0 if is_full else self._learnt.get(table, 0))
        self._fill(f"INSERT INTO {table}", (*keys, name), [(*row, rule(row)) for row in new])

    def _fill(self, how: str, names: Sequence[str], rows: Sequence[tuple[str | None, ...]]) -> None:
        """Rows from Python. As lists of texts: DuckDB's `register` would import pandas, which takes a second."""
        columns = ", ".join(f"unnest(?::VARCHAR[]) AS {name}" for name in names)
        values = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        self._db.execute(f"{how} SELECT {columns}", [list(column) for column in values])

    # The quick path

    def _read_at_once(self, files: Sequence[File]) -> dict[File, int]:
        """Let DuckDB read the files; the launches of each that is sound, rows of others are dropped again."""
        import duckdb

        taken: dict[File, int] = {}
        try:
            for style in _Style:
                found = {file: size for file in files if (size := _accountable_size(file.path, style))}
                taken |= self._read_sound(found, style) if found else {}
        except duckdb.Error:  # one of them cannot be read at all: reading by line tells which, and why
            self._db.execute("DELETE FROM grouped")
            return {}
        return taken

    def _read_sound(self, sizes: Mapping[File, int], style: _Style) -> dict[File, int]:
        paths = ", ".join("'" + str(file.path).replace("'", "''") + "'" for file in sizes)
        fields = ", ".join(f"{name}: '{SQL_TYPES[kind]}'" for name, kind in FIELDS.items())
        unkept = [name for name in ("ref", "schema") if name not in self._names]
        self._db.execute(
            f"""
            INSERT INTO grouped BY NAME
            SELECT filename, date_trunc('hour', try_cast(timestamp AS TIMESTAMP)) AS hour, {", ".join(self._names)},
                count(*) AS launches,
                sum(CASE WHEN strlen(timestamp) IN (20, 25)
                    AND (ends_with(timestamp, '+00:00') OR ends_with(timestamp, 'Z'))
                    AND (schema IS NULL OR schema = '{EVENT_SCHEMA}')
                    THEN strlen(timestamp) + {" + ".join(_bytes_of(name, style) for name in unkept)}
                    ELSE {UNSOUND} END) AS other_bytes
            FROM read_json([{paths}], format = 'newline_delimited', columns = {{{fields}}}, filename = true,
                ignore_errors = true, maximum_object_size = {LINE_LIMIT})
            GROUP BY ALL
            """
        )
        verdicts = {Path(row[0]): row[1:] for row in self._db.execute(self._verdicts(style)).fetchall()}
        taken = {}
        for file, size in sizes.items():
            launches, is_sound, first, last, accounted = verdicts.get(file.path, (0, False, None, None, 0))
            if is_sound and first == last == file.day and size == accounted:
                taken[file] = int(launches)
        if doubtful := [str(file.path) for file in sizes if file not in taken]:
            self._db.execute("DELETE FROM grouped WHERE filename IN (SELECT unnest(?::VARCHAR[]))", [doubtful])
        return taken

    def _verdicts(self, style: _Style) -> str:
        """For each file: is every value of the right type, and how many bytes do its values account for?

        Whatever else stands in a file (another field, an escape, a null, a key given twice, a line that
        is no event) makes it longer than that. Values that DuckDB turned into text look like JSON: those
        might make it shorter, so a text that looks like JSON makes a file suspect.
        """
        sizes = " + ".join(_bytes_of(name, style) for name in self._names)
        return f"""
            SELECT filename, sum(launches),
                bool_and(hour IS NOT NULL AND provider IS NOT NULL AND spec IS NOT NULL{self._suspicion()}),
                min(hour)::DATE, max(hour)::DATE,
                sum(other_bytes + launches * ({style.around} + {len("timestamp") + style.text} + {sizes}))::BIGINT
            FROM grouped GROUP BY filename
            """

    def _suspicion(self) -> str:
        """SQL that excludes texts which were no texts in the file; empty when, as ever, there are none."""
        odd = {name: f"json_valid({name})" for name in self._names if FIELDS[name] is str}
        odd["version"] = "version NOT BETWEEN 0 AND 999999999"
        self._survey()
        found = ""
        for name, is_odd in odd.items():
            where = "pairs" if name in ("provider", "spec") else "others" if name in self._others else "grouped"
            condition = f"{name} IS NOT NULL AND ({is_odd})"
            if self._db.execute(f"FROM {where} SELECT 1 WHERE {condition} LIMIT 1").fetchone():
                found += f" AND NOT coalesce({condition}, false)"
        return found

    # The careful path

    def _read_by_line(self, file: File) -> Reading:
        """Read one file line by line, judging each; rows go to `grouped` when any line is good."""
        reading = Reading()
        groups: Counter[tuple[Any, ...]] = Counter()
        hour_of = lru_cache(maxsize=4096)(partial(_hour, day=file.day))
        try:
            for line in _lines(file.path):
                reading.lines += 1
                try:
                    event = _event(line, reading.unknown)
                    groups[(hour_of(event["timestamp"]), *map(event.get, self._names))] += 1
                    reading.is_last_refused = False
                except _RefusedError as refusal:
                    reading.is_last_refused = True
                    reading.refused[str(refusal)] += 1
                    reading.sample = reading.sample or _sample(line)
        except OSError as error:
            return Reading(fault=f"the file cannot be read: {error.strerror or error}")
        reading.taken = groups.total()
        if reading.refused and not reading.taken:
            reading.fault = "no line of the file is a launch event"
            return reading
        rows = [(str(file.path), *map(_text, key), str(n)) for key, n in groups.items()]
        self._fill("INSERT INTO grouped BY NAME", self._columns, rows)
        self._is_surveyed = False
        return reading


def _bytes_of(name: str, style: _Style) -> str:
    """SQL for the bytes of a field with its name and comma; 0 where it is absent.

    Numbers and truths are written back: one that was written otherwise (`5.0`, `"5"`) then has another length.
    """
    is_text = FIELDS[name] is str
    beside = len(name) + (style.text if is_text else style.text - 2)
    return f"coalesce(strlen({name if is_text else f'{name}::VARCHAR'}) + {beside}, 0)"


def _accountable_size(path: Path, style: _Style) -> int:
    """The bytes of a file that begins in this style, had its last line an end; 0 of any other file."""
    try:
        with path.open("rb") as file:
            if (b'": ' in file.read(64)) is not (style is _Style.SPACED):
                return 0
            size = file.seek(0, 2)
            if not size:
                return 0
            file.seek(-1, 2)
            return size + (file.read(1) != b"\n")
    except OSError:
        return 0


def _lines(path: Path) -> Iterator[bytes]:
    """Lines without their ends, empty ones left out; of a line that is too long only the beginning."""
    with path.open("rb") as file:
        is_first = True
        while line := file.readline(LINE_LIMIT + 1):
            rest = line
            while len(rest) > LINE_LIMIT and not rest.endswith(b"\n"):
                rest = file.readline(LINE_LIMIT + 1)
            line = (line.removeprefix(b"\xef\xbb\xbf") if is_first else line).strip(b" \t\r\n")
            is_first = False
            if line:
                yield line


def _event(line: bytes, unknown: Counter[str]) -> dict[str, Any]:
    """The event on a line, each known field of its right type, absent ones left out."""
    if len(line) > LINE_LIMIT:
        raise _RefusedError(f"longer than {LINE_LIMIT >> 20} MiB")
    try:
        text = line.decode("utf-8")
        event = _DECODER.decode(text)
        if "\\u" in text:
            text = json.dumps(event, ensure_ascii=False)
            text.encode("utf-8")  # half a surrogate pair is no text
    except UnicodeError:
        raise _RefusedError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise _RefusedError("not JSON") from None
    if not isinstance(event, dict):
        raise _RefusedError("not a JSON object")
    for name in REQUIRED:
        if event.get(name) is None:
            raise _RefusedError(f"without {name}")
    for name, value in event.items():
        kind = FIELDS.get(name)
        if kind is not None and type(value) is not kind and value is not None:
            raise _RefusedError(f"whose {name} is not {KINDS[kind]}")
    if event.get("schema") not in (None, EVENT_SCHEMA):
        raise _RefusedError("of another schema")
    if not 0 <= (event.get("version") or 0) < 1_000_000_000:
        raise _RefusedError("whose version is out of range")
    if others := event.keys() - FIELDS.keys():
        unknown.update(_sample(name.encode("utf-8", "replace")) for name in others)
    return event


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields; one with a field given twice does not say what it means."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _RefusedError("with a field given twice")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_fields, parse_constant=_no_constant)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def _hour(timestamp: str, day: date) -> str:
    """The hour (UTC) of an event as 2019-06-12 09:00: floored, and within the file's day."""
    match = _TIMESTAMP.fullmatch(timestamp)
    try:
        moment = datetime.fromisoformat(timestamp) if match else None
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise _RefusedError("whose timestamp is no time")
    if moment.tzinfo is None:
        raise _RefusedError("whose timestamp has no time zone")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise _RefusedError("whose timestamp is no time") from None
    if moment.date() != day:
        raise _RefusedError("outside the file's day")
    return f"{moment:%Y-%m-%d %H}:00"


def _text(value: str | int | bool | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower()


def _sample(line: bytes) -> str:
    text = line[: 4 * SAMPLE_LIMIT].decode("utf-8", errors="replace").replace("\0", "\ufffd")
    return text if len(text) <= SAMPLE_LIMIT else text[:SAMPLE_LIMIT] + "…"
