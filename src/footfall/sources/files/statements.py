"""What a file states: the windows in which it has rows, each with a digest of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from footfall.periods import Window, floor, from_micros, micros_of, periods_in, shift
from footfall.sources.files.rows import Rows
from footfall.sources.files.settings import TablePart
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Statement:
    """The rows of one window of one scope in a file, and their digest: equal rows have equal digests."""

    scope: str
    window: Window
    rows: pa.Table
    digest: str


@dataclass(frozen=True)
class Stated:
    """A file that was read."""

    rows: Rows
    statements: tuple[Statement, ...]

    @cached_property
    def by_key(self) -> dict[tuple[str, Window], Statement]:
        return {(one.scope, one.window): one for one in self.statements}

    @property
    def bytes(self) -> int:
        return int(self.rows.rows.nbytes)


def stated(rows: Rows, part: TablePart, table: Table, within: Window | None = None) -> Stated:
    """The windows of a file, in order; `within` is the one in its name."""
    ordered = rows.rows.sort_by([(name, "ascending") for name in rows.rows.column_names])
    found: list[Statement] = []
    for scope, of_scope in _by_scope(ordered, part):
        if within is not None:
            found.append(_statement(scope, within, of_scope))
        else:
            found += _by_window(scope, of_scope, part, table)
    if not found and within is not None:
        found.append(_statement("", within, ordered))
    return Stated(rows, tuple(found))


def _by_scope(rows: pa.Table, part: TablePart) -> Iterator[tuple[str, pa.Table]]:
    import pyarrow.compute as pc

    if not part.scope:
        yield "", rows
        return
    column = rows[part.scope]
    for scope in sorted(pc.unique(column).drop_null().to_pylist()):
        yield scope, rows.filter(pc.equal(column, scope))


def _by_window(scope: str, rows: pa.Table, part: TablePart, table: Table) -> Iterator[Statement]:
    """Whether the rows are in time order."""
    import numpy as np

    times = rows[table.time].cast("int64").to_numpy()
    if not len(times):
        return
    first, last = floor(part.window, from_micros(int(times[0]))), from_micros(int(times[-1]))
    windows = [period.window for period in periods_in(part.window, Window(first, shift(part.window, last, 1)))]
    for window in windows:
        start, stop = np.searchsorted(times, [micros_of(window.start), micros_of(window.end)])
        if start < stop:
            yield _statement(scope, window, rows.slice(int(start), int(stop - start)))
        elif part.absent == "zero" and window.start <= last:
            yield _statement(scope, window, _zero(scope, window, rows.schema, part, table))


def _zero(scope: str, window: Window, schema: pa.Schema, part: TablePart, table: Table) -> pa.Table:
    """What a window without rows means: a row of zeros, or no row if there are dimensions whose values are unknown.

    A sum without rows is 0, but a gauge without rows is unknown.
    """
    import pyarrow as pa

    known = {table.time, part.scope, *table.measures}
    if part.resolution is not part.window or set(schema.names) - known:
        return schema.empty_table()
    row = {table.time: window.start, part.scope: scope, **dict.fromkeys(table.measures, 0)}
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names}], schema)


def _statement(scope: str, window: Window, rows: pa.Table) -> Statement:
    digest = hashlib.blake2b(digest_size=12)
    for name, values in rows.to_pydict().items():
        digest.update(repr((name, values)).encode("utf-8", "surrogatepass"))
    return Statement(scope, window, rows, digest.hexdigest())


def together(digests: Sequence[str]) -> str:
    """The combined digest of the rows of several files."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.blake2b(" ".join(sorted(digests)).encode(), digest_size=12).hexdigest()
