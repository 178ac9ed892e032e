"""What engines have in common: the interface, and a view for each pinned table."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from footfall.periods import Grain
from footfall.tables import OBSERVED_AT, ColumnType, Observe, Table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from footfall.lake import Pinned

_IBIS_TYPES: dict[ColumnType, str] = {
    "timestamp": "timestamp('UTC', 6)",
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
}
UNITS = {Grain.HOUR: "h", Grain.DAY: "D", Grain.WEEK: "W", Grain.MONTH: "M", Grain.YEAR: "Y"}
_MOST_BUILT = 500
_MOST_VIEWS = 200
"""Views that are kept, and so versions of tables: each collection makes new ones, and a process may live for months."""


class Engine(Protocol):
    """Reads pinned tables and runs Ibis expressions on them."""

    def mount(self, pinned: Pinned | None, table: Table, as_of: datetime | None = None) -> ir.Table:
        """`table` as it stands at its pinned version: its columns, nulls where older files have none.

        None is a table that nothing was collected for: no rows. Observed values come resolved,
        those learnt after `as_of` left out.
        """
        ...

    def recall(self, key: Hashable, build: Callable[[], ir.Table]) -> ir.Table:
        """The cached result of `build` for this key: building takes as long as some queries."""
        ...

    def truncate(self, moment: ir.Column, grain: Grain) -> ir.Column:
        """The start of the period of `grain` that holds `moment`, in UTC; weeks start on Monday."""
        ...

    def next_period(self, start: ir.Column, grain: Grain) -> ir.Column:
        """The start of the period after the one of `grain` that starts at `start`."""
        ...

    def step_number(self, moment: ir.Column, length: timedelta) -> ir.Column:
        """How many steps of `length`, which is whole seconds, lie between 1970 and `moment`."""
        ...

    def run(self, expression: ir.Table) -> pa.Table:
        """The rows of `expression`; timestamps are microseconds in UTC."""
        ...

    def close(self) -> None:
        """Release all resources; the engine cannot be used afterwards."""
        ...


class Views(ABC):
    """What engines have in common: a view for each pinned table, made once, and expressions that are kept.

    The views that were used last are kept; with one that is dropped go the expressions that read it.
    """

    def __init__(self) -> None:
        self._views: OrderedDict[str, None] = OrderedDict()
        self._built: dict[Hashable, tuple[ir.Table, frozenset[str]]] = {}
        """Expressions, and the views that they read."""
        self._building = threading.local()
        self._lock = threading.Lock()

    def mount(self, pinned: Pinned | None, table: Table, as_of: datetime | None = None) -> ir.Table:
        files = pinned.files_as_of(as_of) if pinned else ()
        name = _view_name(pinned, table, files)
        with self._lock:
            if name not in self._views:
                self._create_view(name, pinned, table, files)
            self._use([name])
            while len(self._views) > _MOST_VIEWS:
                self._forget_view(self._views.popitem(last=False)[0])
        if (read := getattr(self._building, "views", None)) is not None:
            read.add(name)
        return _resolve(_named(name, table), table, as_of)

    def _use(self, names: Iterable[str]) -> None:
        for name in names:
            self._views[name] = None
            self._views.move_to_end(name)

    def _forget_view(self, name: str) -> None:
        self._built = {key: (built, read) for key, (built, read) in self._built.items() if name not in read}
        self._drop_view(name)

    def next_period(self, start: ir.Column, grain: Grain) -> ir.Column:
        import ibis

        return start + ibis.interval(1, unit=UNITS[grain])

    @abstractmethod
    def _create_view(self, name: str, pinned: Pinned | None, table: Table, files: Sequence[str]) -> None: ...

    @abstractmethod
    def _drop_view(self, name: str) -> None: ...

    def recall(self, key: Hashable, build: Callable[[], ir.Table]) -> ir.Table:
        try:
            hash(key)
        except TypeError:  # a plugin's metric or table has a list in it
            return build()
        with self._lock:
            if (found := self._built.get(key)) is not None:
                self._use(found[1])
                return found[0]
        self._building.views = read = set[str]()
        try:
            built = build()
        finally:
            self._building.views = None
        with self._lock:
            if len(self._built) >= _MOST_BUILT:
                self._built.clear()
            if read <= self._views.keys():
                self._built[key] = built, frozenset(read)
        return built


def _view_name(pinned: Pinned | None, table: Table, files: Sequence[str]) -> str:
    """One name for one table at one version, so that mounting again costs nothing and leaks nothing."""
    if pinned is None:
        return f"{table.name}_absent"
    content = "\n".join((pinned.address, *files))
    return f"{table.name}_v{pinned.version}_{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def _named(name: str, table: Table) -> ir.Table:
    import ibis

    return ibis.table({column.name: _IBIS_TYPES[column.type] for column in table.columns}, name=name)


def _resolve(rows: ir.Table, table: Table, as_of: datetime | None) -> ir.Table:
    """One row per key of an observed table; other tables as they are."""
    import ibis

    rule = table.rule
    if not isinstance(rule, Observe):
        return rows
    if as_of is not None:
        rows = rows.filter(rows[OBSERVED_AT] <= ibis.literal(as_of, type="timestamp('UTC', 6)"))
    if rule.resolve == "max" and set(table.tie_breakers) == set(table.measures):
        tops = {name: rows[name].max() for name in (*table.measures, OBSERVED_AT)}
        return rows.group_by(rule.key).aggregate(**tops)[list(table.names)]
    # Every column breaks ties of one moment, so that every engine picks the same row.
    newest = [rows[name].desc(nulls_first=False) for name in (OBSERVED_AT, *table.tie_breakers)]
    numbered = rows.mutate(_nth=ibis.row_number().over(group_by=list(rule.key), order_by=newest))
    if rule.resolve == "max":
        numbered = numbered.mutate(**{m: numbered[m].max().over(group_by=list(rule.key)) for m in table.measures})
    return numbered.filter(numbered["_nth"] == 0)[list(table.names)]


def typed(rows: pa.Table, expression: ir.Table) -> pa.Table:
    """`rows` in the types the expression promises: engines widen sums and drop zones."""
    import pyarrow as pa

    def promised(name: str, dtype: Any) -> pa.DataType:
        return pa.timestamp("us", "UTC") if dtype.is_timestamp() else dtype.to_pyarrow()

    schema = pa.schema([(name, promised(name, dtype)) for name, dtype in expression.schema().items()])
    return rows if rows.schema == schema else rows.cast(schema)
