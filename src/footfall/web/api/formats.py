"""In which form an answer is given: what was asked for, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from footfall.errors import UnknownNameError
from footfall.frames import arrow_stream, for_spreadsheets, parquet_bytes
from footfall.numerals import number_of

if TYPE_CHECKING:
    from footfall.answer import Answer


@dataclass(frozen=True)
class Format:
    """One form of an answer."""

    name: str
    media_type: str
    write: Callable[[Answer], bytes]
    is_text: bool = True
    has_notes: bool = True
    """Whether the notes on the answer have a place in it."""


def json_bytes(record: object) -> bytes:
    """JSON in UTF-8; half of a pair of surrogates, which UTF-8 lacks, becomes a question mark."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_CSV = "text/csv; charset=utf-8"
NOTES = "Footfall-Notes"
"""The header that has the notes on an answer whose form has no place for them: a JSON list of texts, in ASCII."""
_MOST_NOTES = 4_000
"""Bytes of that header; some clients take no more than 8,000 of all."""


def notes_in_a_header(notes: Sequence[str]) -> bytes:
    """The notes as the header has them; the last ones are left out where they are too long, empty where there are none.

    Example:
        >>> notes_in_a_header(("1 day missing…",))
        b'["1 day missing\\\\u2026"]'
    """
    kept = list(notes)
    while kept and len(written := json.dumps(kept)) > _MOST_NOTES:
        kept.pop()
    return written.encode("ascii") if kept else b""


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format("json", "application/json", lambda answer: json_bytes(answer.to_record())),
        Format("csv", _CSV, lambda answer: answer.to_csv().encode("utf-8", "replace"), has_notes=False),
        Format(
            "spreadsheet",
            _CSV,
            lambda answer: for_spreadsheets(answer.to_csv()).encode("utf-8", "replace"),
            has_notes=False,
        ),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            lambda answer: parquet_bytes(answer.to_arrow(), answer.about()),
            is_text=False,
        ),
        Format(
            "arrow",
            "application/vnd.apache.arrow.stream",
            lambda answer: arrow_stream(answer.to_arrow(), answer.about()),
            is_text=False,
        ),
    )
}
"""By the name that `format=` takes; the first is the default."""
_BY_MEDIA_TYPE = {each.media_type.partition(";")[0]: each for each in reversed(list(FORMATS.values()))}


def chosen_format(named: str | None, accept: str) -> Format:
    """The form that `format=` names, else the one that Accept prefers.

    Raises:
        UnknownNameError: For a name that is not a format.
        HTTPException: 406 where Accept allows none of them.

    Example:
        >>> chosen_format(None, "text/csv, application/json;q=0.5").name
        'csv'
    """
    if named:
        if named not in FORMATS:
            raise UnknownNameError("format", named, FORMATS)
        return FORMATS[named]
    for media_type in _preferred(accept):
        if media_type in _BY_MEDIA_TYPE:
            return _BY_MEDIA_TYPE[media_type]
        if media_type in ("*/*", "application/*"):
            return FORMATS["json"]
        if media_type == "text/*":
            return FORMATS["csv"]
    raise HTTPException(406, f"Accept allows none of {', '.join(_BY_MEDIA_TYPE)}; leave it out, or add one of them.")


def _preferred(accept: str) -> list[str]:
    """The media types of an Accept header, the most wanted first."""
    if not accept.strip():
        return ["*/*"]
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",")[:50]):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((q.partition("=")[2] for q in parameters if q.startswith("q=")), "1")
        try:
            weight = number_of(quality)
        except ValueError:
            weight = 0.0
        if weight > 0:
            found.append((-weight, place, media_type))
    return [media_type for *_, media_type in sorted(found)]
