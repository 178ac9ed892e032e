"""From the settings of a table to its declaration, its metrics, and its queries."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from footfall.errors import SettingsError, did_you_mean
from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain
from footfall.sources.warehouse.presets import OWN, PRESETS
from footfall.sources.warehouse.settings import MetricPart, TablePart
from footfall.tables import Column, Replace, Role, Table
from footfall.warehouses.statements import Statement, checked_statement, read_statement

VERSION = 1
"""Version of the conversion to rows: when it changes, everything is read again."""
_SPAN = ("since", "until")


@dataclass(frozen=True)
class Queried:
    """A table of the lake, and what fills it."""

    part: TablePart
    table: Table
    metrics: tuple[Metric, ...]
    folder: Path
    """The folder to which names of query files are relative."""

    @cached_property
    def query(self) -> Statement:
        """The query for the rows; query files are read when they are first needed: answers from the lake need none."""
        return _statement(self.part.query, self.folder, _SPAN, _SPAN)

    @cached_property
    def changes(self) -> Statement | None:
        """The query for since when each scope changed."""
        return _statement(self.part.changes, self.folder, _SPAN, ("since",)) if self.part.changes else None

    @cached_property
    def reaches(self) -> Statement | None:
        """The query for up to when the database is loaded."""
        return _statement(self.part.reaches, self.folder, ()) if self.part.reaches else None

    def read(self) -> None:
        """Read the query files. Raises SettingsError if they are invalid."""
        _ = self.query, self.changes, self.reaches

    @property
    def window_grain(self) -> Grain:
        """The grain of the offered windows: days, or months of each scope."""
        if self.part.scope:
            return Grain.MONTH
        return max(Grain.DAY, self.table.resolution, key=list(Grain).index)

    @property
    def definition(self) -> str:
        """A short hash of what affects the rows: the query, and the column types."""
        columns = [[c.name, c.type, c.role] for c in self.table.columns]
        shaping = [VERSION, self.query.text, columns, self.table.resolution, self.part.scope]
        return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:12]

    @property
    def totals(self) -> tuple[str, ...]:
        """Integer measures: their sums show whether an answer is complete."""
        return tuple(one.name for one in self.part.measures if one.type == "integer")


def queried(part: TablePart, folder: Path) -> Queried:
    """The whole configuration of a table. Raises SettingsError and DeclarationError."""
    table = table_of(part)
    return Queried(part, table, metrics_of(part, table), folder)


def table_of(part: TablePart) -> Table:
    """The declaration of a table."""
    names = tuple(one.name for one in part.dimensions)
    return Table(
        name=part.name,
        description=part.description or f"Rows of {part.query}, by {part.resolution}.",
        columns=(
            Column(part.time, "timestamp", Role.TIME, f"Start of the {part.resolution}, in UTC."),
            *(
                Column(
                    one.name,
                    one.type,
                    Role.DIMENSION,
                    one.description or f"{one.name}, as the database has it.",
                    folds_case=one.folds_case,
                )
                for one in part.dimensions
            ),
            *(
                Column(one.name, one.type, Role.MEASURE, one.description or f"{one.name}, as the database counts it.")
                for one in part.measures
            ),
        ),
        rule=Replace(scope=part.scope or None),
        resolution=Grain(part.resolution),
        sort=(*([part.scope] if part.scope else names[:1]), part.time),
    )


def metrics_of(part: TablePart, table: Table) -> tuple[Metric, ...]:
    """The metrics of a table: those in the settings, or a sum of each measure."""
    named = part.metrics or tuple(MetricPart.model_validate({"name": one.name}) for one in part.measures)
    return tuple(_metric(one, part, table) for one in named)


def _metric(metric: MetricPart, part: TablePart, table: Table) -> Metric:
    column = _column_of(metric, part, table)
    measure = next((one for one in part.measures if one.name == column), None)
    said = measure.description if measure else ""
    return Metric(
        name=metric.name,
        title=metric.title or metric.name.replace("_", " ").capitalize(),
        description=metric.description or said or f"{column} of the table {part.name}.",
        kind=Kind(metric.kind),
        unit=metric.unit or (measure.unit if measure else "") or metric.name.replace("_", " "),
        facts=(Fact(part.name, (column,)),),
        step=metric.step,
        within=metric.within,
    )


def _column_of(metric: MetricPart, part: TablePart, table: Table) -> str:
    """The column that a metric reads; for the kind latest the time, unless another is named."""
    measures = [one.name for one in part.measures]
    if metric.of:
        if metric.of not in table.names:
            raise SettingsError(
                f"metric {metric.name!r} of the table {part.name}: unknown column {metric.of!r}"
                f"{did_you_mean(metric.of, table.names)}."
            )
        return metric.of
    if metric.kind == "latest":
        return part.time
    if metric.name in measures or len(measures) == 1:
        return metric.name if metric.name in measures else measures[0]
    raise SettingsError(
        f'metric {metric.name!r} of the table {part.name} does not say what it reads; write of = "…": {", ".join(measures)}.'
    )


def _statement(name: str, folder: Path, allowed: tuple[str, ...], required: tuple[str, ...] = ()) -> Statement:
    if not name.startswith(OWN):
        return read_statement(folder / Path(name).expanduser(), allowed, required)
    texts = {query: text for preset in PRESETS.values() for query, text in preset.queries.items()}
    if name not in texts:
        raise SettingsError(f"there is no query {name!r}; valid: {', '.join(texts)}, or the name of a file.")
    return checked_statement(texts[name], name, allowed, required)
