"""`[sources.warehouse]` in footfall.toml."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from footfall.settings import NotEmpty, Part, Secret
from footfall.sources.warehouse.presets import PRESETS
from footfall.tables import ColumnType
from footfall.warehouses.bigquery import MOST_BYTES

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _as_span(value: Any) -> Any:
    """A stretch of time: a number and s, m, h or d."""
    found = re.fullmatch(r"([0-9]{1,9})\s*([smhd])", value) if isinstance(value, str) else None
    if found:
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError('write a number and a unit, such as "90m", "12h" or "3d"')


Span = Annotated[timedelta, BeforeValidator(_as_span)]


def _as_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class DimensionPart(Part):
    """What rows are split and filtered by; in the settings a name, or a table."""

    name: NotEmpty
    type: ColumnType = Field("string", description="string, integer, number, boolean or timestamp.")
    description: str = Field("", description="Its description.")
    folds_case: bool = Field(False, description="Filters ignore case.")


class MeasurePart(Part):
    """A number of each row; in the settings a name, or a table."""

    name: NotEmpty
    type: Literal["integer", "number"] = Field("integer", description="integer or number.")
    description: str = Field("", description="Its description.")
    unit: str = Field("", description="The unit: downloads, bytes.")


class MetricPart(Part):
    """A metric of a table."""

    name: NotEmpty
    of: str = Field(
        "", description="The column that it reads; by default the measure of the same name, or the only one."
    )
    kind: Literal["sum", "distinct", "level", "counter", "latest"] = Field("sum", description="How it adds up.")
    title: str = ""
    description: str = ""
    unit: str = ""
    step: Span | None = Field(None, description="For a level: from sample to sample.")
    within: Literal["mean", "max", "last"] = Field("mean", description="For a level: the value of a period.")


Dimension = Annotated[DimensionPart, BeforeValidator(_as_name)]
Measure = Annotated[MeasurePart, BeforeValidator(_as_name)]


class TablePart(Part):
    """One table of the lake, and the query that fills it."""

    preset: str = Field("", description=f"A preset table: {', '.join(PRESETS)}; what is set next to it wins.")
    name: NotEmpty = Field(description="The name of the table.")
    description: str = Field("", description="The description of the table.")
    query: NotEmpty = Field(
        description="A file with one SELECT of the rows from :since to :until, relative to this file."
    )
    time: NotEmpty = Field(description="The time column.")
    resolution: Literal["hour", "day", "month", "year"] = Field("day", description="Its resolution.")
    dimensions: tuple[Dimension, ...] = Field((), description='Names, or { name = "…", type = "boolean" }.')
    measures: tuple[Measure, ...] = Field(min_length=1, description='Names, or { name = "…", type = "number" }.')
    metrics: tuple[MetricPart, ...] = Field((), description="By default one sum for each measure.")
    first_day: date = Field(description="The first day of the history.")
    settles_after: Span = Field(
        timedelta(days=3), description="How long after its end a period may change; until then it is collected again."
    )
    changes: str = Field(
        "", description="A file with a SELECT of what arrived from :since to :until: the earliest time, and the scope."
    )
    lag: Span = Field(timedelta(minutes=10), description="The most recent time, which is not yet complete.")
    overlap: Span = Field(timedelta(days=1), description="How far back late rows are searched.")
    scope: str = Field("", description="The dimension whose values are recounted apart; it needs `changes`.")
    reaches: str = Field("", description="A file with a SELECT of the moment up to which the data is filled.")
    project: str = Field("", description="The dimension that names projects, for [[projects]].")
    days_per_query: int = Field(0, ge=0, description="The most days per query; 0: no limit.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, value: Any) -> Any:
        name = value.get("preset") if isinstance(value, dict) else None
        if not name:
            return value
        if name not in PRESETS:
            raise ValueError(f"there is no preset {name!r}; valid: {', '.join(PRESETS)}")
        return {**PRESETS[name].settings, **value}

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = {one.name for one in self.dimensions}
        for setting, name in (("scope", self.scope), ("project", self.project)):
            if name and name not in names:
                raise ValueError(
                    f"{setting} is {name!r}, which is not one of the dimensions: {', '.join(sorted(names))}"
                )
        if self.scope and not self.changes:
            raise ValueError("scope needs `changes`: without it, every scope is counted again in any case")
        if self.scope and self.resolution not in ("hour", "day"):
            raise ValueError("scope needs the resolution hour or day")
        return self


_EXAMPLE = {
    "name": "logins",
    "query": "logins.sql",
    "time": "day",
    "first_day": date(2024, 1, 1),
    "dimensions": ["country"],
    "measures": ["logins"],
}


class WarehouseSettings(Part):
    """`[sources.warehouse]`"""

    connection: Secret = Field(
        examples=["sqlite:///usage.db"],
        description='Such as "postgresql://user@host/database", "sqlite:///usage.db", "duckdb:///usage.duckdb", '
        '"snowflake://…", "bigquery://project", "clickhouse+https://…"; or { env = "NAME" }.',
    )
    password: Secret | None = Field(None, description="A password, or for BigQuery an access token.")
    most_bytes: int = Field(MOST_BYTES, gt=0, description="The most bytes that one query of BigQuery may read.")
    project_names: Literal["exact", "lower", "pypi"] = Field(
        "exact", description="How the data spells projects: as they are, in lower case, or as PyPI does (PEP 503)."
    )
    tables: tuple[TablePart, ...] = Field(
        min_length=1,
        examples=[[_EXAMPLE]],
        description="One [[sources.warehouse.tables]] each: name, query, time, first_day, measures …",
    )
