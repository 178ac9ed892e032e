"""Files whose lines have their fields in many orders: DuckDB reads them and normalises equal events to one text.

In such a file hardly any two lines are equal, so almost every line would have to be parsed before counting. DuckDB
parses and groups faster than any alternative here, but accepts numbers as strings and ignores unknown fields.
So the quotes and colons of the file are counted: their number matches that of the fields read only if
the file has no other fields and every value was a string.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from footfall.sources.binder.lines import FIELDS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Bytes = npt.NDArray[np.uint8]
    Integers = npt.NDArray[np.int64]

_KEY = re.compile(rb'"(\w+)"\s*:')
MOST_ORDERS = 16
"""Field orders in the sampled lines; with more, hardly any lines are equal."""
_QUOTE, _COMMA, _SPACE, _ESCAPE, _LIST = b'", \\['
_NOT_IN_A_PATH = frozenset("*?[]{}\\")
"""Characters that a path for DuckDB must not contain: it would be a glob pattern."""

_TEXTS = tuple(name for name, kind in FIELDS.items() if kind is str and name != "timestamp")
_OTHERS = tuple(name for name, kind in FIELDS.items() if kind is not str)
_COLUMNS = ", ".join(
    [f"{name}: 'VARCHAR'" for name in ("timestamp", *_TEXTS)] + [f"{name}: 'JSON'" for name in _OTHERS]
)
_NAMES = ", ".join((*_TEXTS, *_OTHERS))
_VALUES = ", ".join(
    [f"""', "{name}": "' || {name} || '"'""" for name in _TEXTS] + [f"""', "{name}": ' || {name}""" for name in _OTHERS]
)
_EVENTS = f"""
    SELECT hour, concat('{{"timestamp": "', $blank, rest, '"', {_VALUES}, '}}') AS text, launches,
           {" + ".join(f"({name} IS NOT NULL)::INT" for name in _TEXTS)} + 1 AS texts,
           {" + ".join(f"({name} IS NOT NULL)::INT" for name in _OTHERS)} AS others, is_time
    FROM (
        SELECT substr(timestamp, 1, 13) AS hour, substr(timestamp, 17) AS rest, {_NAMES}, count(*) AS launches,
               bool_and(substr(timestamp, 14, 1) = ':' AND substr(timestamp, 15, 1) BETWEEN '0' AND '5'
                        AND substr(timestamp, 16, 1) BETWEEN '0' AND '9') AS is_time
        FROM read_json($file, format = 'newline_delimited', columns = {{{_COLUMNS}}})
        GROUP BY ALL
    )
"""
"""The time is cut out of its text, as it is from lines; the rest of it is validated with the event."""


class _Database(threading.local):
    """One in-memory database per thread: it reuses its state from one file to the next."""

    connection: duckdb.DuckDBPyConnection | None = None

    def open(self) -> duckdb.DuckDBPyConnection:
        if self.connection is None:
            self.connection = duckdb.connect(config={"threads": 1})
        return self.connection


_DATABASE = _Database()


def have_many_orders(lines: Sequence[bytes]) -> bool:
    """Whether the fields of the first lines are in many orders."""
    return len({tuple(_KEY.findall(line)) for line in lines}) > MOST_ORDERS


def events_by_hour(
    path: Path, day: date, data: Bytes, starts: Integers, ends: Integers, blank: bytes
) -> tuple[pa.StringArray, Integers, Integers] | None:
    """The events of a file as texts, with the hour and the number of launches of each; None if the result may be wrong.

    Args:
        path: The file.
        day: The day that all its times must be on.
        data: Its bytes, possibly followed by zeros.
        starts, ends: Where its lines start and end; each starts with { and ends with }.
        blank: The placeholder for times in the texts.
    """
    last = data[ends - 2]
    if _NOT_IN_A_PATH & set(str(path)) or (last == _COMMA).any() or (last <= _SPACE).any():
        return None
    if (data == _ESCAPE).any() or (data == _LIST).any():  # an escape may hide a quote; a list may contain strings
        return None
    if any(_pairs(data, b'"' + sign) for sign in (b" ", b"\t", b"\r")):  # a key may have blanks before its colon
        return None
    try:
        found = _DATABASE.open().sql(_EVENTS, params={"file": str(path.absolute()), "blank": blank.decode()})
        events = found.to_arrow_table().combine_chunks()
    except duckdb.Error:
        return None
    launches, texts, others = (events[name].to_numpy().astype(np.int64) for name in ("launches", "texts", "others"))
    keys, quotes = _pairs(data, b'":'), int(np.count_nonzero(data == _QUOTE))
    is_all = launches @ (texts + others) == keys and 2 * (keys + launches @ texts) == quotes
    if not is_all or launches.sum() != len(starts) or not all(events["is_time"].to_pylist()):
        return None
    hour_of = {f"{day}T{hour:02}": hour for hour in range(24)}
    hours = [hour_of.get(hour) for hour in events["hour"].to_pylist()]
    return None if None in hours else (events["text"].combine_chunks(), np.array(hours, np.int64), launches)


def _pairs(data: Bytes, pair: bytes) -> int:
    """How often two bytes are adjacent."""
    wanted = int.from_bytes(pair, "little")
    half = len(data) // 2
    even, odd = data[: 2 * half].view("<u2"), data[1 : 2 * ((len(data) - 1) // 2) + 1].view("<u2")
    return int(np.count_nonzero(even == wanted)) + int(np.count_nonzero(odd == wanted))
