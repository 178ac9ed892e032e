"""PyPI: download counts of projects, from several services.

settings   [sources.pypi]                         pypistats   the last 180 days, one dimension per answer
names      PEP 503                                clickhouse  the whole history, from ClickHouse's public copy
tables     what is kept                           bigquery    every dimension, at a cost
metrics    the metrics of each provider           losses      days on which a provider lost downloads of every project
mirrors    programs that copy PyPI                days        a day of a project: as an offer, and as rows
seams      where a different provider continues
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel

from footfall.ledger import Known
from footfall.metrics import Metric
from footfall.sources import Batch, Context, Offer, Progress
from footfall.sources.checks import Check, Deadline
from footfall.sources.happened import FromRows
from footfall.sources.naming import ProjectNames
from footfall.sources.pypi.bigquery import PublicData
from footfall.sources.pypi.clickhouse import ClickPy
from footfall.sources.pypi.days import batches_of, retired
from footfall.sources.pypi.names import normalise
from footfall.sources.pypi.pypistats import PyPIStats
from footfall.sources.pypi.seams import BREAKS, SEAMS, kept_apart
from footfall.sources.pypi.settings import PyPISettings
from footfall.tables import Table

__all__ = ["PyPI", "PyPISettings"]

PROVIDERS: dict[str, type[PyPIStats | ClickPy | PublicData]] = {
    "pypistats": PyPIStats,
    "clickhouse": ClickPy,
    "bigquery": PublicData,
}


class PyPI:
    """Downloads of projects from PyPI."""

    measures: ClassVar[tuple[str, ...]] = ("installs", "downloads")
    name: ClassVar[str] = "pypi"
    description: ClassVar[str] = "Downloads of projects from PyPI, by day."
    Settings: ClassVar[type[BaseModel]] = PyPISettings
    project_names: ClassVar[ProjectNames] = ProjectNames("project", normalise)

    def __init__(self, settings: PyPISettings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._kind = PROVIDERS[settings.provider]
        self.tables: Sequence[Table] = (*self._kind.tables, SEAMS)
        self.annotated_by: Sequence[FromRows] = (BREAKS,)
        self.metrics: Sequence[Metric] = self._kind.metrics

    @cached_property
    def _provider(self) -> PyPIStats | ClickPy | PublicData:
        return self._kind(self._settings, self._context.client())

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        """The days of each project as the provider states them; projects removed from the settings are retired."""
        yield from retired(known, self._settings.packages)
        yield from kept_apart(self._provider.offers(known, now), known, self._kind.name)

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        """The rows of each day, with its outcome."""
        tables = {table.name: table for table in self.tables}
        for batch in batches_of(self._provider.resolved(offers), tables):
            tell(windows=len(batch.outcomes))
            yield batch

    def checks(self, now: datetime) -> Iterator[Check]:
        """Whether the provider can be reached, and whether it knows each project."""
        yield from self._provider.checks(now)

    def deadlines(self, known: Known, now: datetime) -> Iterator[Deadline]:
        """What the provider will delete unless it is collected first."""
        yield from self._provider.deadlines(known, now)
