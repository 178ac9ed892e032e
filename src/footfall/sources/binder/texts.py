"""Events files as texts: finds the distinct lines in a file before any of them is parsed as JSON.

Most of a line says what was launched, which repeats from hour to hour and from day to day. So the time is blanked
in every line, lines that are then equal byte by byte are merged, and only the few distinct ones are parsed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from footfall.sources.binder.buffers import integers
from footfall.sources.binder.lines import EVENT_SCHEMA, FIELDS, HIGHEST_VERSION, LINE_LIMIT, REQUIRED
from footfall.sources.binder.orders import events_by_hour, have_many_orders
from footfall.sources.binder.varying import varying_in, without_values

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Words = npt.NDArray[np.uint64]

NEWLINE, OPEN, CLOSE, COLON, POINT, ZERO, NINE = b"\n{}:.09"
KEYS = (b'"timestamp": "', b'"timestamp":"')
"""The text before a time. Quotes within JSON strings are escaped, so this is a field name wherever it occurs."""
TIME = len("2024-01-10T09:30")
BLANK = b"0000-00-00T00:00"
"""The placeholder for times: not a valid time, so that no event can contain it already."""
BLANK_TIME = re.compile(BLANK.decode() + r"(:[0-5]\d(\.\d{1,9})?)?(Z|\+00:00)", re.ASCII)
FRACTION = 9
"""Maximum number of digits in a fraction of a second."""
_ZEROS = int.from_bytes(b"00", "little")
HOURS = 24
WORD = 8
REACH = 4 * WORD
"""Bytes that are examined together: the key of a time, its day, hour and minute."""
LARGEST = 1 << 28
"""Size in bytes of the largest file that is held in memory."""
MOST_NESTED = 16
"""Most braces or brackets in a text whose unknown fields are read; its values may contain some."""
SAMPLE = 64
"""Lines of a file that are sampled to decide how to read it."""
TOGETHER = 1024
"""Lines from which values are removed together."""
PLACES = 32
"""Positions of the time in a line that are tried on all lines at once; they differ with the order of the fields."""

_TYPES = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}
_SCHEMA = pa.schema([(name, _TYPES[kind]) for name, kind in FIELDS.items()])
_NUMBER = np.full(1 << 16, -1, np.int8)
"""Two digits, as stored in memory, to their number; -1 for any other two bytes."""
for _n in range(60):
    _NUMBER[int.from_bytes(b"%02d" % _n, "little")] = _n


@dataclass(frozen=True)
class Tally:
    """One file: its distinct lines with times blanked, and the number of launches of each by hour."""

    texts: pa.BinaryArray
    ids: Integers
    """Positions in `texts`."""
    hours: Integers
    launches: Integers

    @property
    def nbytes(self) -> int:
        return int(self.texts.nbytes) + self.ids.nbytes + self.hours.nbytes + self.launches.nbytes


class _Room(threading.local):
    """Memory that a thread reuses for reading file after file: allocating new memory takes longer than reading."""

    data = np.empty(0, np.uint8)
    is_end = np.empty(0, np.bool_)

    def fit(self, size: int) -> None:
        if len(self.data) < size:
            size += size // 2  # files grow step by step
            self.data, self.is_end = np.empty(size, np.uint8), np.empty(size, np.bool_)


_ROOM = _Room()


def tally(path: Path, day: date) -> Tally | None:
    """Count the lines of a file; None if any line is not written in the usual form.

    Every line must start with { and end with }, and contain a time on `day`, to the minute, in UTC.
    """
    data = _bytes_of(path)
    if data is None:
        return None
    starts, ends = _lines_in(data)
    if (data[starts] != OPEN).any() or (data[ends - 1] != CLOSE).any() or (ends - starts > LINE_LIMIT).any():
        return None
    sample = [bytes(data[start:end]) for start, end in zip(starts[:SAMPLE], ends[:SAMPLE], strict=True)]
    for varying in varying_in(sample):
        data = _shortened(data, starts, ends, varying)
        starts, ends = _lines_in(data)
    if have_many_orders(sample) and (found := events_by_hour(data, starts, ends, day, BLANK, _ROOM.is_end)):
        return Tally(*found)
    blanked = _blank_times(data, starts, ends, day)
    if blanked is None:
        return None
    offsets = np.append(starts, ends[-1] + 1).astype(np.int32)
    lines = pa.Array.from_buffers(pa.binary(), len(starts), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    coded = lines.dictionary_encode()
    counts = np.bincount(integers(coded.indices) * HOURS + blanked)
    places = np.flatnonzero(counts != 0)
    return Tally(coded.dictionary, places // HOURS, places % HOURS, counts[places])


def _lines_in(data: Bytes) -> tuple[Integers, Integers]:
    """Where lines start and end."""
    ends = np.flatnonzero(np.equal(data, NEWLINE, out=_ROOM.is_end[: len(data)]))
    return np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1)), ends


def _shortened(data: Bytes, starts: Integers, ends: Integers, varying: bytes) -> Bytes:
    """The lines without the values that follow `varying`, in the same memory: a few at a time, as it is faster."""
    size = 0
    for n in range(0, len(starts), TOGETHER):
        lines = without_values(data[starts[n] : ends[n : n + TOGETHER][-1] + 1].data, varying)
        data[size : size + len(lines)] = np.frombuffer(lines, np.uint8)
        size += len(lines)
    data[size : size + REACH] = 0
    return data[: size + REACH]


def _bytes_of(path: Path) -> Bytes | None:
    """The bytes of a file, its last line terminated, and some zeros; None if it is empty, too large or unreadable."""
    try:
        with path.open("rb", buffering=0) as file:
            size = file.seek(0, 2)
            if not 0 < size < LARGEST:
                return None
            _ROOM.fit(size + 1 + REACH)
            data = _ROOM.data[: size + 1 + REACH]
            data[size:] = 0
            file.seek(0)
            if file.readinto(data.data[:size]) != size:
                return None
    except OSError:
        return None
    if data[size - 1] != NEWLINE:
        data[size] = NEWLINE
    return data


def _blank_times(data: Bytes, starts: Integers, ends: Integers, day: date) -> Integers | None:
    """Write BLANK over the time of each line; the hours found there, or None if a line has no time on `day`."""
    head = bytes(data[starts[0] : ends[0]])
    key = next((key for key in KEYS if key in head), KEYS[0])
    sought = key + f"{day}T".encode()
    found = _places(data, starts, ends, sought)
    if found is None or (found < starts).any():
        return None
    pieces = np.ndarray(len(data) - REACH + 1, f"V{REACH}", data, strides=(1,))[np.minimum(found, len(data) - REACH)]
    stands = pieces.view("<u8").reshape(-1, REACH // WORD)
    if not _all_begin_with(stands, sought):
        return None
    clock = stands[:, len(sought) // WORD] >> np.uint64(8 * (len(sought) % WORD))
    hours: Integers = _NUMBER[clock & 0xFFFF].astype(np.int64)
    minutes = _NUMBER[clock >> 24 & 0xFFFF]
    if (hours < 0).any() or (hours > 23).any() or (minutes < 0).any() or ((clock >> 16 & 0xFF) != COLON).any():
        return None
    times = found + len(key)
    for k in range(0, TIME, WORD):
        _words(data)[times + k] = int.from_bytes(BLANK[k : k + WORD], "little")
    _blank_seconds(data, times + TIME)
    return hours


def _blank_seconds(data: Bytes, after: Integers) -> None:
    """Write zeros over seconds and their fractions, if present; invalid ones stay, and are rejected later."""
    pairs = np.ndarray(len(data) - 1, "<u2", data, strides=(1,))
    at = after[data[after] == COLON]
    seconds = pairs[at + 1]
    at = at[_NUMBER[seconds] >= 0]
    pairs[at + 1] = _ZEROS
    at = at[data[at + 3] == POINT] + 4
    for _ in range(FRACTION):
        at = at[(data[at] >= ZERO) & (data[at] <= NINE)]
        if not len(at):
            break
        data[at] = ZERO
        at = at + 1


def _places(data: Bytes, starts: Integers, ends: Integers, sought: bytes) -> Integers | None:
    """The likely position of the pattern in each line, by its first word. None if a line does not contain that word."""
    words = _words(data)
    sign = np.uint64(int.from_bytes(sought[:WORD], "little"))
    found = np.empty(len(starts), np.int64)
    left = np.arange(len(starts))
    for _ in range(PLACES):
        n = left[0]
        place = bytes(data[starts[n] : ends[n]]).find(sought)
        if place < 0:
            return None
        found[left] = at = starts[left] + place
        left = left[(words[np.minimum(at, len(words) - 1)] != sign) | (at >= ends[left])]
        if not len(left):
            break
    for n in left:
        found[n] = starts[n] + bytes(data[starts[n] : ends[n]]).find(sought)
    return found


def _words(data: Bytes) -> Words:
    """The word that starts at each byte."""
    return np.ndarray(len(data) - WORD + 1, "<u8", data, strides=(1,))


def _all_begin_with(pieces: Words, sought: bytes) -> bool:
    """Whether each piece, a row of words, starts with these bytes."""
    for n in range(-(-len(sought) // WORD)):
        part = sought[n * WORD : (n + 1) * WORD]
        kept = np.uint64((1 << 8 * len(part)) - 1)
        if (pieces[:, n] & kept != np.uint64(int.from_bytes(part, "little"))).any():
            return False
    return True


def united(tallies: Sequence[Tally]) -> tuple[pa.BinaryArray, list[Integers]]:
    """The distinct texts of all tallies, and which of them each tally's own texts are."""
    coded = pa.chunked_array([one.texts for one in tallies], pa.binary()).dictionary_encode()
    return coded.chunk(coded.num_chunks - 1).dictionary, [integers(chunk.indices) for chunk in coded.chunks]


@dataclass(frozen=True)
class Events:
    """The parsed texts: an event each, in their order, and for each unknown field which texts have it."""

    table: pa.Table
    unknown: Mapping[str, Flags]


def events_in(texts: pa.BinaryArray) -> Events | None:
    """The events in the texts; None if one of them is invalid.

    Arrow rejects invalid JSON, values of the wrong type and duplicate fields. It reads objects, not lines. But a
    line that starts with { and ends with } holds at least one whole object, since { cannot follow } within one; so
    as many objects as lines means one per line. Unknown fields are accepted if it is clear which texts have them.
    """
    table = _read(texts, "error")
    if table is None and not _is_nested(texts):
        table = _read(texts, "infer")
    if table is None or table.num_rows != len(texts) or not _are_launches(table):
        return None
    unknown = {}
    for name in set(table.column_names) - FIELDS.keys():
        if (has_it := _having(texts, name, table[name])) is None:
            return None
        unknown[name] = has_it
    return Events(table, unknown)


def _read(texts: pa.BinaryArray, unexpected: Literal["error", "infer"]) -> pa.Table | None:
    _, offsets, values = texts.buffers()
    size = int(np.frombuffer(offsets, np.int32)[len(texts)])
    try:
        events = pa.json.read_json(
            pa.BufferReader(values.slice(0, size)),
            read_options=pa.json.ReadOptions(block_size=max(1 << 22, 2 * _longest(texts))),
            parse_options=pa.json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior=unexpected),
        )
        events.validate(full=True)  # checks that texts are UTF-8
    except pa.ArrowInvalid:
        return None
    return events


def _is_nested(texts: pa.BinaryArray) -> bool:
    """Whether a text may hold deeply nested values, which a recursive reader cannot handle."""
    return any(pc.max(pc.count_substring(texts, sign)).as_py() > MOST_NESTED for sign in ("{", "["))


def _having(texts: pa.BinaryArray, name: str, column: pa.ChunkedArray) -> Flags | None:
    """Which texts have an unknown field; None if that cannot be determined.

    For Arrow, a field without a value is null, as is an absent one: the name tells. Quotes within JSON strings are
    escaped, so a quoted name before a colon is a field, and a field of the event itself as long as nothing is nested.
    """
    if pa.types.is_nested(column.type):
        return None
    if pa.types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py() is False:
        return None  # Arrow takes NaN and Infinity, which are not JSON
    pattern = f'"{re.escape(name)}"[ \\t\\r\\n]*:'
    named: Flags = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    has_value: Flags = pc.is_valid(column).to_numpy()
    return named if named[has_value].all() else None


def _longest(texts: pa.BinaryArray) -> int:
    return int(pc.max(pc.binary_length(texts)).as_py())


def _are_launches(events: pa.Table) -> bool:
    """Whether every event has the fields of a launch, and had its time blanked."""
    versions = pc.min_max(events["version"]).as_py()
    return (
        all(events[name].null_count == 0 for name in REQUIRED)
        and set(pc.unique(events["schema"]).to_pylist()) <= {None, EVENT_SCHEMA}
        and (versions["min"] is None or (versions["min"] >= 0 and versions["max"] <= HIGHEST_VERSION))
        and all(BLANK_TIME.fullmatch(time) for time in pc.unique(events["timestamp"]).to_pylist())
    )
