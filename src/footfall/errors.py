"""Errors that a user can fix.

FootfallError
├── SettingsError          footfall.toml or the environment is wrong
├── UnknownNameError       a metric, dimension, grain, table, source or project that does not exist
│   └── UnknownValueError  values of a dimension that do not occur
├── QueryError             a question that has no correct answer, or cannot be parsed
├── DeclarationError       a source declares an invalid table, metric or event
├── LakeError              the lake cannot be read or written
│   ├── NotALakeError      the folder holds something else
│   ├── NewerLakeError     written by a newer Footfall
│   ├── LakeWriteError     disk full, read-only, no permission
│   ├── LakeStorageError   its bucket cannot be reached, or refuses a request
│   ├── DamagedLakeError   a file or a log is missing or is not what was written
│   └── ConflictError      other writers kept winning
├── ActivityError          marks cannot be read or written
│   ├── MarkError          an event, actor or moment that cannot be marked
│   ├── ReusedKeyError     the key of a batch of marks was used for another batch
│   ├── StoreWriteError    disk full, read-only, no permission
│   ├── StoreBusyError     another process holds the store
│   ├── DamagedStoreError  the file is not a store of Footfall, or is damaged
│   ├── NewerStoreError    written by a newer Footfall
│   └── UnreachableStoreError  no answer from the server
├── SourceError            an upstream cannot be used
│   ├── UnreachableError   no answer, or an unusable one
│   └── BrokenDataError    an answer with unexpected content
├── BackupError            a file that is not a backup, is damaged, or must not be overwritten
├── UnsentError            an alert's message could not be sent
├── StoppedError           a question took too long, or the client left
├── AccessError            a token that is missing, wrong, expired, or may not do this
│   └── NotAllowedError    the token is valid and does not allow this
├── BusyError              another run of collect is under way
└── MissingExtraError      an optional dependency is not installed

A message is one sentence: what was wrong, what is valid, what to do. Each class has a stable `code` for programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar


class FootfallError(Exception):
    """The root: catching it catches every error that is not a bug.

    `code` is a stable name of the kind of error for programs; the message is for people and may change.

    Example:
        >>> try:
        ...     ff.query("lanches")
        ... except footfall.FootfallError as error:
        ...     print(error.code)
        unknown_name
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(_short(message))


class SettingsError(FootfallError):
    """The settings cannot be used as they are."""

    code = "bad_settings"


class UnknownNameError(FootfallError):
    """An unknown name; the error holds the name and the valid ones."""

    code = "unknown_name"

    def __init__(self, what: str, name: object, valid: Iterable[str], hint: str = "") -> None:
        self.what = what
        self.name = name
        self.valid = tuple(valid)
        tail = f" {hint}" if hint else ""
        super().__init__(f"unknown {what} {shown(name)}{did_you_mean(str(name), self.valid)}.{tail}")


class UnknownValueError(UnknownNameError):
    """Values of a dimension that do not occur in any row or in the ledger."""

    code = "unknown_value"

    def __init__(self, dimension: str, values: Iterable[str], valid: Iterable[str]) -> None:
        self.dimension = dimension
        self.values = tuple(values)
        super().__init__(f"value of {dimension}", self.values[0], valid)


class QueryError(FootfallError):
    """The question cannot be parsed, or has no correct answer."""

    code = "bad_question"


class DeclarationError(FootfallError):
    """A source declares an invalid table, metric or event."""

    code = "bad_declaration"


class LakeError(FootfallError):
    """The lake cannot be read or written."""

    code = "lake"


class NotALakeError(LakeError):
    """The folder exists and holds something that is not a lake."""

    code = "not_a_lake"


class NewerLakeError(LakeError):
    """The lake was written by a newer Footfall than this one."""

    code = "newer_lake"


class LakeWriteError(LakeError):
    """The lake's storage refused a write; what was stored before is intact."""

    code = "lake_write"


class LakeStorageError(LakeError):
    """The bucket of the lake cannot be reached, or refuses a request; what was stored before is intact."""

    code = "lake_storage"


class DamagedLakeError(LakeError):
    """A file of the lake is missing or was changed, or a table lacks rows that its ledger records."""

    code = "damaged_lake"


class ConflictError(LakeError):
    """Other writers kept changing the same rows; nothing was written."""

    code = "conflict"


class ActivityError(FootfallError):
    """Marks cannot be read or written."""

    code = "activity"


class MarkError(ActivityError):
    """An event, an actor or a moment that cannot be marked; nothing was."""

    code = "bad_mark"


class ReusedKeyError(ActivityError):
    """The key of a batch was used before with other marks; nothing was marked."""

    code = "reused_key"

    def __init__(self) -> None:
        super().__init__(
            "this key was used before with other marks, and nothing was marked; send the same marks again, or these with a new key."
        )


class StoreWriteError(ActivityError):
    """The store of marks refused a write; what was marked before is intact."""

    code = "store_write"


class StoreBusyError(ActivityError):
    """Another process kept the store locked; nothing was written."""

    code = "store_busy"


class DamagedStoreError(ActivityError):
    """The address holds no store of Footfall, or a damaged one."""

    code = "damaged_store"


class NewerStoreError(ActivityError):
    """The store was written by a newer Footfall than this one."""

    code = "newer_store"


class UnreachableStoreError(ActivityError):
    """The server that holds the store does not answer."""

    code = "unreachable_store"


class SourceError(FootfallError):
    """An upstream cannot be used."""

    code = "source"


class UnreachableError(SourceError):
    """There was no answer, or no usable one."""

    code = "unreachable_source"


class BrokenDataError(SourceError):
    """There was an answer with unexpected content."""

    code = "broken_data"


class UnsetError(SettingsError):
    """The environment variable that holds a secret is not set."""

    code = "unset"

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment variable {name} is not set; set it, or write the value in footfall.toml.")


class BackupError(FootfallError):
    """A backup cannot be written or restored; nothing was changed."""

    code = "backup"


class UnsentError(FootfallError):
    """A message of an alert could not be sent; it is kept and retried at the next check."""

    code = "unsent"


class StoppedError(FootfallError):
    """The question took too long, or the client disconnected; nothing was changed."""

    code = "stopped"


class AccessError(FootfallError):
    """A valid token is required."""

    code = "no_access"


class NotAllowedError(AccessError):
    """The token is valid but does not allow this."""

    code = "not_allowed"


class BusyError(FootfallError):
    """Another run of collect is under way in the workspace; nothing was done."""

    code = "busy"


class MissingExtraError(FootfallError):
    """An optional dependency is needed and absent."""

    code = "missing_extra"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: run `pip install 'footfall[{extra}]'`.")


_LONG_WORD = re.compile(r"\S{600,}")
_MOST, _END = 4_000, 1_000


def _short(message: str) -> str:
    """The message, with long words and long messages shortened in the middle: a value may have any length."""
    text = _LONG_WORD.sub(lambda word: f"{word[0][:200]}…{word[0][-20:]}", message)
    return text if len(text) <= _MOST else f"{text[: _MOST - _END]} … {text[-_END:]}"


def shown(value: object, most: int = 200) -> str:
    """A value as Python writes it, cut where it is long: a message is one sentence.

    Example:
        >>> shown("abcdefgh", 6)
        "'abcde…"
    """
    try:
        text = repr(value[: most + 1]) if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no number that is longer
        return "a number of more than 4,300 digits"
    return text if len(text) <= most else f"{text[:most]}…"


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """The tail of an error sentence: the nearest valid names, or all of them when they are few."""
    names = list(dict.fromkeys(valid))
    folded = {n.lower(): n for n in reversed(names)}
    same = folded.get(name.lower())
    near = [same] if same else [folded[n] for n in get_close_matches(name[:_LONGEST].lower(), folded, n=3, cutoff=0.6)]
    if near:
        tail = f"; did you mean {_listed(near, 'or')}?"
        return f"{tail} There are {len(names)}" if len(names) > 12 else f"{tail} Valid: {', '.join(names)}"
    if not names:
        return ": there is none yet"
    shown = names[:12]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"; valid: {', '.join(shown)}{more}"


_LONGEST = 1_000
"""Characters of a name that others are checked against."""

_WORDS = {
    "string_type": "it must be a text",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "int_parsing_size": "it is too large",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "finite_number": "it must be a finite number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "list_type": 'it must be a list, such as ["a", "b"]',
    "tuple_type": 'it must be a list, such as ["a", "b"]',
    "dict_type": "it must be a table, such as {{ name = value }}",
    "model_type": "it must be a table, such as {{ name = value }}",
    "model_attributes_type": "it must be a table, such as {{ name = value }}",
    "path_type": "it must be a path",
    "literal_error": "valid: {expected}",
    "enum": "valid: {expected}",
    "greater_than": "it must be more than {gt}",
    "greater_than_equal": "it must be at least {ge}",
    "less_than": "it must be less than {lt}",
    "less_than_equal": "it must be at most {le}",
    "string_pattern_mismatch": "it must match {pattern}",
    "value_error": "{error}",
}
"""pydantic's error types in plain words; each follows the name and the value of a setting."""


def said_of_value(fault: Mapping[str, Any]) -> str:
    """What is wrong with a value and what is valid, from a fault as `ValidationError.errors()` gives it.

    Example:
        >>> said_of_value({"type": "greater_than", "msg": "Input should be greater than 0", "ctx": {"gt": 0}})
        'it must be more than 0'
    """
    kind, about = str(fault["type"]), fault.get("ctx", {})
    if kind in ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"):
        return "it must be a date, such as 2026-11-23"
    if kind in ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"):
        return "it must be a moment, such as 2026-11-23T09:30:00Z"
    if kind in ("string_too_short", "too_short"):
        least = about["min_length"]
        return "it must not be empty" if least == 1 else f"it must have at least {least} of them"
    if kind in ("string_too_long", "too_long"):
        return f"it must have at most {about['max_length']} of them"
    said = _WORDS[kind].format_map(about) if kind in _WORDS else str(fault["msg"])
    return said.removesuffix(".")


def _listed(names: list[str], word: str) -> str:
    quoted = [repr(str(n)) for n in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"
