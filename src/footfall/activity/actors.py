"""Actors: whole numbers of any size, texts and UUIDs, read from various containers.

A number below 2^32 is stored as it is. Every other actor is a name: a text unchanged, a UUID in its canonical form, a
larger number as its digits. Floats are accepted if they represent whole numbers exactly. A text that is a number in
its usual form (`"123"`, not `"007"`) is that number, so that an actor read from a file and the same actor given by a
program are equal.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from footfall.errors import MarkError
from footfall.stores.ids import NAMED, Actors

if TYPE_CHECKING:
    import pyarrow as pa

Actor = int | str | UUID
LONGEST_NAME = 4000
"""The maximum length of a text that names an actor, in characters."""

VALID_ACTORS = "an actor is a whole number from 0, a text or a UUID"
_NUMBER = r"^(0|[1-9][0-9]*)$"


@dataclass(frozen=True)
class Naming:
    """How names are stored: unchanged, or as keyed hashes, so that no name is stored.

    The hash is HMAC-SHA-256 (RFC 2104), truncated to 128 bits. Numbers below 2^32 are not names and are not hashed.
    """

    key: bytes | None = field(default=None, repr=False)

    def stored(self, actor: Any) -> int | str:
        """An actor in stored form: a number below 2^32, or a name."""
        if type(actor) is int and 0 <= actor < NAMED:
            return actor
        read = read_actor(actor)
        return self.name(read) if isinstance(read, str) else read

    @property
    def fingerprint(self) -> int:
        """0 without a key; otherwise a value that distinguishes keys without revealing them."""
        return int.from_bytes(hmac.digest(self.key, b"footfall", "sha256")[:7], "big") + 1 if self.key else 0

    def name(self, name: str) -> str:
        if self.key is None:
            return name
        return hmac.digest(self.key, name.encode(), "sha256")[:16].hex()

    def all_stored(self, given: Any) -> Actors:
        """All actors of a scalar, an iterable, a NumPy array, an Arrow array or column, a pandas or Polars series."""
        actors = read_actors(given)
        if self.key is None or not actors.names:
            return actors
        return Actors(actors.numbers, [self.name(name) for name in actors.names])


AS_THEY_ARE = Naming()


def read_actor(actor: Any) -> int | str:
    """A number below 2^32, or a name; anything else is refused with a one-sentence error."""
    if isinstance(actor, str):
        return _of_text(actor)
    if isinstance(actor, UUID):
        return str(actor)
    if isinstance(actor, (int, np.integer)) and not isinstance(actor, bool):
        if actor < 0:
            raise MarkError(f"{actor} is not an actor: {VALID_ACTORS}; nothing was marked.")
        return int(actor) if actor < NAMED else str(int(actor))
    raise MarkError(f"{actor!r} ({_kind(actor)}) is not an actor: {VALID_ACTORS}; nothing was marked.")


def written(name: str) -> int | str:
    """The actor that a name stands for: digits are a large number."""
    return int(name) if name.isascii() and name.isdigit() and name[0] != "0" else name


def read_actors(given: Any) -> Actors:
    """Actors from any supported container; all are checked before any is returned."""
    if isinstance(given, (str, UUID, int, np.integer)):
        actor = read_actor(given)
        return Actors((), [actor]) if isinstance(actor, str) else Actors([actor])
    if hasattr(given, "to_arrow"):  # Polars
        given = given.to_arrow()
    elif type(given).__module__.startswith("pandas") and hasattr(given, "to_numpy"):
        given = given.to_numpy()
    if isinstance(given, np.ndarray):
        return _of_numpy(given)
    if type(given).__module__.startswith("pyarrow"):
        if hasattr(given, "as_py"):
            return read_actors(given.as_py())
        if not hasattr(given, "null_count"):
            raise MarkError(f"{_kind(given)} is not a list of actors: give one of its columns; nothing was marked.")
        return of_arrow(given)
    if isinstance(given, (bytes, bytearray, dict, float, bool, date, datetime)) or not isinstance(given, Iterable):
        raise MarkError(f"{given!r} ({_kind(given)}) is not an actor: {VALID_ACTORS}; nothing was marked.")
    return _of_values(given)


def _of_values(values: Iterable[Any]) -> Actors:
    numbers: list[int] = []
    names: list[str] = []
    for value in values:
        actor = read_actor(value)
        if isinstance(actor, str):
            names.append(actor)
        else:
            numbers.append(actor)
    return Actors(np.array(numbers, dtype=np.uint64), names)


def _of_numpy(values: np.ndarray[Any, Any]) -> Actors:
    if values.ndim != 1:
        raise MarkError(f"actors must be one row of values, not an array of {values.ndim} dimensions.")
    if values.dtype.kind in "iu":
        if len(values) and values.dtype.kind == "i" and int(values.min()) < 0:
            raise MarkError(f"{values.min()} is not an actor: {VALID_ACTORS}; nothing was marked.")
        numbers = values.astype(np.uint64)
        large = numbers >= NAMED
        if large.any():
            return Actors(numbers[~large], [str(n) for n in numbers[large].tolist()])
        return Actors(numbers)
    if values.dtype.kind == "f":
        return _of_numpy(_whole(values))
    return _of_values(values.tolist())


def _whole(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Floats as whole numbers: pandas stores a whole-number column with missing values as floats."""
    missing = np.isnan(values)
    if missing.any():
        raise MarkError(f"value {missing.argmax() + 1} of the actors is missing: {VALID_ACTORS}; nothing was marked.")
    is_exact = (values == np.floor(values)) & (np.abs(values) < 2.0 ** (np.finfo(values.dtype).nmant + 1))
    if not is_exact.all():
        bad = values[(~is_exact).argmax()]
        why = "a float" if bad != np.floor(bad) else "a float so large that digits may be lost"
        raise MarkError(f"{bad} ({why}) is not an actor: {VALID_ACTORS}; nothing was marked.")
    return values.astype(np.int64)


def of_arrow(column: pa.Array | pa.ChunkedArray) -> Actors:
    """Actors of an Arrow column; separates texts and numbers without a Python loop."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.null_count:
        at = pc.index(column.is_null(), True).as_py()
        raise MarkError(f"value {at + 1} of the actors is missing: {VALID_ACTORS}; nothing was marked.")
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _of_numpy(column.to_numpy(zero_copy_only=False))
    column = without_views(column)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            values = column.to_pylist()
        except (ValueError, OverflowError, LookupError, pa.ArrowException):  # an unknown zone, a year after 9999
            raise MarkError(f"values of {column.type} are not actors: {VALID_ACTORS}; nothing was marked.") from None
        return _of_values(values)
    are_short = pc.less_equal(pc.binary_length(column), 10)
    is_number = pc.and_(are_short, pc.match_substring_regex(column, _NUMBER))
    numbers = column.filter(is_number).cast(pa.uint64()).to_numpy(zero_copy_only=False)
    names = column.filter(pc.invert(is_number)).to_pylist()
    for name in set(names):
        _of_text(name)
    large = numbers >= NAMED
    return Actors(numbers[~large], [*names, *(str(n) for n in numbers[large].tolist())])


def without_views(column: pa.Array) -> pa.Array:
    """Convert a string or binary view column, which few functions support, to a plain string or binary column."""
    import pyarrow as pa

    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string())
    return column.cast(pa.large_binary()) if pa.types.is_binary_view(column.type) else column


def _of_text(text: str) -> int | str:
    if not text or len(text) > LONGEST_NAME or "\0" in text or not _is_unicode(text):
        raise MarkError(
            f"{text[:40]!r} is not an actor: a text needs 1 to {LONGEST_NAME:,} characters of Unicode, none of them NUL; "
            "nothing was marked."
        )
    if text.isascii() and text.isdigit() and (text[0] != "0" or text == "0") and len(text) <= 10:
        number = int(text)
        return number if number < NAMED else text
    return text


def _is_unicode(text: str) -> bool:
    """False for a text with lone surrogates, such as bytes on a command line that are not UTF-8."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
