"""From settings to tables and metrics."""

from __future__ import annotations

from datetime import timedelta

from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain
from footfall.sources.files.settings import MeasurePart, TablePart
from footfall.tables import OBSERVED_AT, Column, Observe, Replace, Role, Table

_STEPS = {Grain.HOUR: timedelta(hours=1)}


def table_of(part: TablePart) -> Table:
    """The table that a part of the settings declares. Raises DeclarationError if it is invalid."""
    time = Column(_time_of(part), "timestamp", Role.TIME, f"The {part.resolution}, in UTC.")
    dimensions = [
        Column(one.name, one.type, Role.DIMENSION, one.description or f"{one.name}, as in the files.", one.folds_case)
        for one in part.dimensions
    ]
    measures = [
        Column(one.name, one.type, Role.MEASURE, one.description or f"{one.name}, as in the files.")
        for one in part.measures
    ]
    observed = (
        [Column(OBSERVED_AT, "timestamp", Role.ATTRIBUTE, "When the value was observed.")]
        if part.rule == "observe"
        else []
    )
    key = (time.name, *(one.name for one in dimensions))
    scope = part.scope or None
    return Table(
        name=part.name,
        description=part.description or f"Rows of {part.path}.",
        columns=(time, *dimensions, *measures, *observed),
        rule=Replace(scope) if part.rule == "replace" else Observe(key, part.resolve, scope),
        sort=(*(one.name for one in dimensions), time.name),
        resolution=part.resolution,
    )


def _time_of(part: TablePart) -> str:
    """Time columns have one fixed name each, whatever the files call them: a dimension may have the file's name."""
    return {Grain.HOUR: "hour", Grain.DAY: "day"}.get(part.resolution, "starts_on")


def metric_of(part: TablePart, measure: MeasurePart) -> Metric:
    """The metric for a measure."""
    kind = Kind(measure.kind)
    name = measure.metric or measure.name
    return Metric(
        name=name,
        title=measure.title or name.replace("_", " ").capitalize(),
        description=measure.description or f"{measure.name} of the table {part.name}, read from {part.path}.",
        kind=kind,
        unit=measure.unit or measure.name,
        facts=(Fact(part.name, (measure.name,)),),
        within=measure.within if kind is Kind.LEVEL else "mean",
        step=_STEPS.get(part.resolution, timedelta(days=1)) if kind is Kind.LEVEL else None,
    )
