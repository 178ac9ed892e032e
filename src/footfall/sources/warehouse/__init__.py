"""Any table of a database, with a custom query: PostgreSQL, SQLite, DuckDB, Snowflake, BigQuery, ClickHouse.

settings   [sources.warehouse]              tables      declarations, metrics and queries
presets    known tables                     looks       fingerprints of windows, day by day
plans      what changed, and what is offered            recounting  what is queried, and the outcome of each window
staging    rows on their way                checks      whether everything can be reached
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from footfall.errors import SettingsError, SourceError
from footfall.metrics import Metric
from footfall.sources import Batch, Context, Known, Offer, Progress
from footfall.sources.checks import Check
from footfall.sources.naming import ProjectNames
from footfall.sources.warehouse.checks import checks_of
from footfall.sources.warehouse.plans import Plan, plan_of
from footfall.sources.warehouse.recounting import batches_of
from footfall.sources.warehouse.settings import WarehouseSettings
from footfall.sources.warehouse.spelling import SPELLINGS
from footfall.sources.warehouse.staging import Staged, staging
from footfall.sources.warehouse.tables import Queried, queried
from footfall.tables import Table
from footfall.warehouses.asking import Warehouse as Database
from footfall.warehouses.opening import Access, open_warehouse

__all__ = ["Warehouse", "WarehouseSettings"]


class Warehouse:
    """Tables of one database, each filled by a query."""

    name: ClassVar[str] = "warehouse"
    description: ClassVar[str] = (
        "Any table of a database, by a query: PostgreSQL, SQLite, DuckDB, Snowflake, BigQuery …"
    )
    Settings: ClassVar[type[WarehouseSettings]] = WarehouseSettings

    def __init__(self, settings: WarehouseSettings, context: Context) -> None:
        self._context = context
        self._queried = {part.name: queried(part, context.folder) for part in settings.tables}
        self._access = Access(
            settings.connection, context.folder, context.client, settings.password, settings.most_bytes
        )
        _ = self._access.parts  # report an invalid address now
        self.tables: Sequence[Table] = tuple(one.table for one in self._queried.values())
        self.metrics: Sequence[Metric] = tuple(metric for one in self._queried.values() for metric in one.metrics)
        _check_names([part.name for part in settings.tables], "tables")
        _check_names([metric.name for metric in self.metrics], "metrics")
        if dimension := _project_dimension(self._queried.values()):
            self.project_names = ProjectNames(dimension, SPELLINGS[settings.project_names])

    def offers(self, known: Known, now: datetime) -> Iterable[Offer]:
        """The windows of every table: those that changed or may still change are to be fetched."""
        for one in self._queried.values():
            try:
                one.read()
            except SettingsError as error:
                raise SourceError(str(error)) from None
        with self._connection() as open_it:
            for one in self._queried.values():
                _, offers = plan_of(one, known, now, open_it)
                yield from offers

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Generator[Batch, None, None]:
        """Table by table; rows are checked against what is stored, and only differences are passed on."""
        tables: dict[str, list[Offer]] = defaultdict(list)
        for offer in offers:
            tables[offer.table].append(offer)
        with self._connection() as open_it, staging(self._context.scratch) as connection:
            for name, asked in tables.items():
                plan: Plan = asked[0].detail.plan
                yield from batches_of(plan, asked, open_it, Staged(self._queried[name], connection), tell)

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the database can be reached, and whether each query returns what is declared."""
        with self._connection() as open_it:
            yield from checks_of(tuple(self._queried.values()), self._access.where, open_it, now)

    @contextmanager
    def _connection(self) -> Iterator[Callable[[], Database]]:
        """Opens the database when it is first needed; it is closed at the end."""
        opened: list[Database] = []

        def open_it() -> Database:
            if not opened:
                opened.append(open_warehouse(self._access))
            return opened[0]

        try:
            yield open_it
        finally:
            for one in opened:
                one.close()


def _check_names(names: Sequence[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"two {what} of the warehouse are called {name!r}; give each a unique name.")


def _project_dimension(tables: Iterable[Queried]) -> str:
    """The dimension that names projects; tables that have one must use the same name for it."""
    names = sorted({one.part.project for one in tables if one.part.project})
    if len(names) > 1:
        raise SettingsError(
            f"the tables of the warehouse name projects in different dimensions ({', '.join(names)}); call them the same."
        )
    return names[0] if names else ""
