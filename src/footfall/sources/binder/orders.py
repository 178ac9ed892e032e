"""Files whose lines have their fields in many orders: equal events are written in one order, to be equal texts.

In such a file hardly any two lines are equal, so almost every line would have to be parsed before counting. But few
fields differ: each line is cut into its fields, each different field gets a number, and lines with the same numbers
are the same event. A file is only read like this if each of its fields is a name and one whole value, so that their
order cannot matter; whether they are valid is decided later, as for any other text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from footfall.sources.binder.buffers import integers

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Flags = npt.NDArray[np.bool_]
    Integers = npt.NDArray[np.int64]
    Narrow = npt.NDArray[np.int32]

_KEY = re.compile(rb'"(\w+)"\s*:')
MOST_ORDERS = 16
"""Field orders in the sampled lines; with more, hardly any lines are equal."""
MOST_FIELDS = 64
"""The most fields of a line in such a file."""
HOURS = 24
_SEPARATORS = (b', "', b',"')
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_FIELD = re.compile(rb'\w+": ?(?:%s|[^"{}\[\],\s]+)' % _TEXT, re.DOTALL)
"""A field without the quote before its name: its value is one whole text, or one word such as a number."""
_TIME = rb'(timestamp": ?")%sT([01][0-9]|2[0-3]):[0-5][0-9]((?::[0-5][0-9](?:\.[0-9]{1,9})?)?)((?:Z|\+00:00)")'
_ZEROS = bytes.maketrans(b"123456789", b"000000000")


def have_many_orders(lines: Sequence[bytes]) -> bool:
    """Whether the fields of the first lines are in many orders."""
    return len({tuple(_KEY.findall(line)) for line in lines}) > MOST_ORDERS


def events_by_hour(
    data: Bytes, starts: Integers, ends: Integers, day: date, blank: bytes, room: Flags
) -> tuple[pa.BinaryArray, Integers, Integers, Integers] | None:
    """The different events of a file as texts, and how many launches which of them has in which hour.

    None if a line has something other than fields whose order does not matter, or no time on that day.

    Args:
        data: The bytes of the file.
        starts, ends: Where its lines start and end; each starts with { and ends with }.
        day: The day that all times must be on.
        blank: The placeholder for times in the texts.
        room: Memory to work in, as long as `data`.
    """
    if (data[starts + 1] != ord('"')).any():
        return None
    head = bytes(data[starts[0] : ends[0]])
    separator = next((one for one in _SEPARATORS if one in head), _SEPARATORS[0])
    bounds = _bounds(data, starts, separator, room)
    offsets = np.append(bounds, np.int32(ends[-1] + 1))
    coded = pa.Array.from_buffers(
        pa.binary(), len(bounds), [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    ).dictionary_encode()
    found = _numbered(coded.dictionary.to_pylist(), day, blank, len(separator))
    lines = np.searchsorted(bounds, starts + 2)
    counts = np.diff(np.append(lines, len(bounds)))
    if found is None or counts.max() > MOST_FIELDS:
        return None
    fields, numbers, hours_of = found
    codes = np.frombuffer(coded.indices.buffers()[1], np.int32, len(coded))
    hours = np.maximum.reduceat(hours_of[codes], lines)
    if (hours < 0).any():
        return None
    width = int(counts.max())
    if len(codes) == width * len(starts):
        events = numbers[codes].reshape(-1, width)
    else:
        events = np.full((len(starts), width), -1, np.int32)
        events[np.arange(width) < counts[:, None]] = numbers[codes]
    events.sort(axis=1)
    different, ids = _different(events)
    launches = np.bincount(ids * HOURS + hours)
    places = np.flatnonzero(launches)
    texts = [b'{"' + b', "'.join([fields[n] for n in event if n >= 0]) + b"}" for event in different.tolist()]
    return _binary(texts), places // HOURS, places % HOURS, launches[places]


def _bounds(data: Bytes, starts: Integers, separator: bytes, room: Flags) -> Narrow:
    """Where each field starts, after the quote before its name; a field ends with the separator or the line's end."""
    found = np.flatnonzero(np.equal(data, separator[0], out=room[: len(data)])).astype(np.int32)
    found = found[found < len(data) - len(separator)]
    for n, byte in enumerate(separator[1:], 1):
        found = found[data[found + n] == byte]
    bounds = np.concatenate((found + len(separator), starts.astype(np.int32) + 2))
    bounds.sort(kind="stable")
    return bounds


def _numbered(
    parts: Sequence[bytes], day: date, blank: bytes, separator: int
) -> tuple[list[bytes], Narrow, npt.NDArray[np.int8]] | None:
    """The different fields in alphabetical order; for each part which field it is, and the hour of a time, or -1.

    None if one is no field. The order is the same in every file, so that equal events of other files are equal texts.
    """
    time = re.compile(_TIME % str(day).encode())
    fields: dict[bytes, int] = {}
    times: dict[bytes, tuple[int, int]] = {}
    numbers, hours = [], []
    for part in parts:
        field = part[: part.rindex(b"}")] if b"\n" in part else part[:-separator]
        number, hour = fields.get(field, -1), -1
        if number < 0:
            if (known := times.get(field)) is not None:
                number, hour = known
            elif moment := time.fullmatch(field):
                blanked = moment[1] + blank + moment[3].translate(_ZEROS) + moment[4]
                number, hour = times[field] = fields.setdefault(blanked, len(fields)), int(moment[2])
            elif not field.startswith(b'timestamp"') and _FIELD.fullmatch(field):
                number = fields[field] = len(fields)
            else:
                return None
        numbers.append(number)
        hours.append(hour)
    order = sorted(fields)
    ranks = np.empty(len(fields), np.int32)
    ranks[[fields[field] for field in order]] = np.arange(len(fields))
    return order, ranks[numbers], np.array(hours, np.int8)


def _different(events: Narrow) -> tuple[Narrow, Integers]:
    """The different rows, and which of them each row is."""
    width = events.shape[1]
    coded = pa.Array.from_buffers(pa.binary(4 * width), len(events), [None, pa.py_buffer(events)]).dictionary_encode()
    rows = np.frombuffer(coded.dictionary.buffers()[1], np.int32, len(coded.dictionary) * width)
    return rows.reshape(-1, width), integers(coded.indices)


def _binary(texts: Sequence[bytes]) -> pa.BinaryArray:
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    return pa.Array.from_buffers(pa.binary(), len(texts), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(texts))])
