"""Conversion between numpy and Arrow by buffer: `pa.array` and `to_numpy` import pandas, which is slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]


def numbers(values: Integers) -> pa.Int64Array:
    """Integers as an Arrow array."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, np.int64))])


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """Strings as an Arrow array."""
    encoded = [(value or "").encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    is_there = np.packbits([value is not None for value in values], bitorder="little")
    buffers = [pa.py_buffer(part) for part in (is_there, offsets, b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def integers(array: pa.Array) -> Integers:
    """Integers as a numpy array; the number in place of a null is arbitrary."""
    wide = array.cast(pa.int64())
    return np.frombuffer(wide.buffers()[1], np.int64, len(wide), wide.offset * 8)


def codes(column: pa.DictionaryArray) -> Integers:
    """The codes of a column; nulls get the first unused code."""
    found = integers(column.indices)
    if column.null_count:
        is_null = integers(column.indices.is_null().cast(pa.int8()))
        return np.where(is_null, len(column.dictionary), found)
    return found
