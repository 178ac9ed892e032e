"""Strict parsing of one line of an events file: the event, or why it is rejected."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

EVENT_SCHEMA = "binderhub.jupyter.org/launch"

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
"""The fields of an event across all schema versions, with their types."""

REQUIRED = ("timestamp", "provider", "spec")
KINDS: Mapping[type, str] = {str: "a text", int: "a whole number", bool: "true or false"}
HIGHEST_VERSION = 999_999_999
LINE_LIMIT = 1 << 24
"""The longest line that is read, in bytes; an event has about 300."""
SAMPLE_LIMIT = 200


class RefusedError(Exception):
    """A line is not a launch event; the message says why."""


def lines_of(path: Path) -> Iterator[bytes]:
    """Lines without line ends, skipping empty ones; a line that is too long is truncated."""
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


def event_on(line: bytes, unknown: Counter[str]) -> dict[str, Any]:
    """The event on a line; every known field has the right type, absent fields are left out."""
    if len(line) > LINE_LIMIT:
        raise RefusedError(f"longer than {LINE_LIMIT >> 20} MiB")
    try:
        text = line.decode("utf-8")
        event = _DECODER.decode(text)
        if "\\u" in text:
            text = json.dumps(event, ensure_ascii=False)
            text.encode("utf-8")  # lone surrogates are not valid text
    except UnicodeError:
        raise RefusedError("not UTF-8") from None
    except (ValueError, RecursionError):
        raise RefusedError("not JSON") from None
    if not isinstance(event, dict):
        raise RefusedError("not a JSON object")
    for name in REQUIRED:
        if event.get(name) is None:
            raise RefusedError(f"without {name}")
    for name, value in event.items():
        kind = FIELDS.get(name)
        if kind is not None and type(value) is not kind and value is not None:
            raise RefusedError(f"whose {name} is not {KINDS[kind]}")
    if event.get("schema") not in (None, EVENT_SCHEMA):
        raise RefusedError("of another schema")
    if not 0 <= (event.get("version") or 0) <= HIGHEST_VERSION:
        raise RefusedError("whose version is out of range")
    if others := event.keys() - FIELDS.keys():
        unknown.update(sample_of(name.encode("utf-8", "replace")) for name in others)
    return event


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object; an object with a duplicate field is ambiguous."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise RefusedError("with a field given twice")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_fields, parse_constant=_no_constant)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)


def hour_of(timestamp: str, day: date) -> int:
    """The hour (UTC) of an event: floored, and within the file's day."""
    match = _TIMESTAMP.fullmatch(timestamp)
    try:
        moment = datetime.fromisoformat(timestamp) if match else None
    except ValueError:
        moment = None
    if match is None or moment is None:
        raise RefusedError("whose timestamp is not a time")
    if moment.tzinfo is None:
        raise RefusedError("whose timestamp has no time zone")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise RefusedError("whose timestamp is not a time") from None
    if moment.date() != day:
        raise RefusedError("outside the file's day")
    return moment.hour


def sample_of(line: bytes) -> str:
    text = line[: 4 * SAMPLE_LIMIT].decode("utf-8", errors="replace").replace("\0", "\ufffd")
    return text if len(text) <= SAMPLE_LIMIT else text[:SAMPLE_LIMIT] + "…"
