"""`[sources.files]` in footfall.toml: which files there are, how they are written, and which table they fill."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from footfall.periods import Grain
from footfall.settings import NotEmpty, Part
from footfall.sources.files.presets import with_preset
from footfall.tables import ColumnType

ISO = "iso"
"""The format of moments such as 2026-11-23T09:30:00Z: with an offset, or in the zone that is set."""
_PROJECT = "project"
"""A dimension of this name in a path holds names of projects."""


def _as_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _as_named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def names_in_path(path: str) -> tuple[str, ...]:
    """The dimensions that the names of files say.

    >>> names_in_path("pepy/{project}.csv")
    ('project',)
    """
    return tuple(dict.fromkeys(re.findall(r"\{([a-z][a-z0-9_]*)\}", path)))


def with_path(value: Any) -> Any:
    """The settings of a table, with the dimensions that its path names, and what follows from them."""
    path = value.get("path") if isinstance(value, dict) else None
    names = names_in_path(path) if isinstance(path, str) else ()
    if not names or not isinstance(given := value.get("dimensions", ()), list | tuple):
        return value
    declared = [one.get("name") if isinstance(one, dict) else one for one in given]
    new = [{"name": name, "folds_case": name == _PROJECT} for name in names if name not in declared]
    follows = {"scope": names[0]} if len(names) == 1 else {}
    if _PROJECT in names:
        follows["project"] = _PROJECT
    return {**follows, **value, "dimensions": [*new, *given]}


class TimePart(Part):
    """A column of moments; in the settings a name, or a table that says how they are written."""

    column: NotEmpty = Field(description="The file's column.")
    format: NotEmpty = Field(ISO, description='How it is written: "iso", or a format such as "%Y-%m-%d".')
    zone: str = Field("", description="The time zone of moments without one; without it these are refused.")

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError('this is not a time zone; write one such as "UTC" or "Europe/Berlin"') from None
        return value


class DimensionPart(Part):
    """A column to split and filter by; in the settings a name, or a table."""

    name: NotEmpty = Field(description="Its name in the table.")
    column: str = Field("", description="The file's column; default: the name.")
    type: ColumnType = Field("string", description="string, integer, boolean, number or timestamp.")
    description: str = Field("", description="Its description.")
    folds_case: bool = Field(False, description="Whether filters ignore case.")


class MeasurePart(Part):
    """A column of numbers, which becomes a metric; in the settings a name, or a table."""

    name: NotEmpty = Field(description="Its name in the table.")
    column: str = Field("", description="The file's column; default: the name.")
    type: Literal["integer", "number"] = Field("integer", description="integer, or number.")
    description: str = Field("", description="Its description.")
    metric: str = Field("", description="The name of its metric; default: the name.")
    title: str = Field("", description="The title of its metric.")
    unit: str = Field("", description="What is counted; default: the name.")
    kind: Literal["sum", "level", "counter"] = Field(
        "sum", description="sum, level (a gauge), or counter (it only grows)."
    )
    within: Literal["mean", "max", "last"] = Field("mean", description="For a level: the value of a period.")


class CsvPart(Part):
    """How CSV is written. Nothing is guessed."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(",", description="The delimiter.")
    quote: Annotated[str, Field(min_length=1, max_length=1)] = Field('"', description="The quote character.")
    encoding: NotEmpty = Field("utf-8", description="The text encoding.")
    columns: tuple[NotEmpty, ...] = Field((), description="The columns of a file without a header.")

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError("this is not an encoding; write one such as utf-8 or latin-1") from None
        return value


def csv_as_usual() -> CsvPart:
    """A comma, double quotes, UTF-8 and a header."""
    return CsvPart.model_validate({})


class TablePart(Part):
    """A table, and the files that fill it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="The name of the table.")
    description: str = Field("", description="The description of the table.")
    preset: str = Field("", description='A predefined table: "conda", "condastats", "pepy" or "plausible".')
    packages: tuple[NotEmpty, ...] = Field((), description="For the preset conda: the packages to keep.")
    path: NotEmpty = Field(
        description='Files, such as "visits/*.csv"; "visits/%Y-%m.csv", a file per month; "visits/{site}.csv", a file for '
        "each value of a dimension; also an https:// address."
    )
    format: Literal["csv", "jsonl", "parquet", "feather"] = Field(description="csv, jsonl, parquet or feather.")
    csv: CsvPart = Field(default_factory=csv_as_usual, description="The CSV dialect.")
    time: Annotated[TimePart, BeforeValidator(_as_column)] = Field(description="The time column.")
    resolution: Grain = Field(Grain.DAY, description="The resolution of the time: hour, day, month or year.")
    dimensions: tuple[Annotated[DimensionPart, BeforeValidator(_as_named)], ...] = Field(
        (), description="Columns to split and filter by."
    )
    measures: tuple[Annotated[MeasurePart, BeforeValidator(_as_named)], ...] = Field(
        min_length=1, description="Columns of numbers; each becomes a metric."
    )
    keep: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Rows to keep: a column of the file, and its values."
    )
    rule: Literal["replace", "observe"] = Field(
        "replace",
        description="replace: files state their time completely; observe: they give values that may be revised.",
    )
    resolve: Literal["max", "latest"] = Field("max", description="For observed values: which one counts.")
    observed_at: Annotated[TimePart | None, BeforeValidator(_as_column)] = Field(
        None, description="For observed values: the column with the time of observation."
    )
    window: Grain = Field(
        Grain.DAY, description="What a file states completely: each day, month or year that it has rows of."
    )
    absent: Literal["missing", "zero"] = Field(
        "missing", description="What a day without a row means between the first and the last of a file."
    )
    scope: str = Field("", description="A dimension whose values are collected separately, such as a repository.")
    repeated: Literal["error", "add"] = Field("error", description="Rows with the same time and dimensions.")
    max_rejected: int = Field(0, ge=0, description="The number of bad lines per file that are skipped and counted.")
    first: date | None = Field(None, description="The first file at a dated address.")
    settles_after: int = Field(
        90, ge=0, description="Days after which a file at a dated address is not looked at again."
    )
    project: str = Field("", description="The dimension that holds names of projects.")

    @property
    def is_dated(self) -> bool:
        """Whether the name of a file says which time it states."""
        return "%" in self.path

    @property
    def named_in_path(self) -> tuple[str, ...]:
        """The dimensions that the name of a file says."""
        return names_in_path(self.path)

    @property
    def is_address(self) -> bool:
        return self.path.startswith(("http://", "https://"))

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [dimension.name for dimension in self.dimensions]
        for what, name in (("scope", self.scope), ("project", self.project)):
            if name and name not in names:
                raise ValueError(
                    f"{what} is {name!r}, which is not one of its dimensions: {', '.join(names) or 'none'}"
                )
        if self.window not in (Grain.DAY, Grain.MONTH, Grain.YEAR):
            raise ValueError("window is day, month or year")
        if self.resolution not in (Grain.HOUR, Grain.DAY, Grain.MONTH, Grain.YEAR):
            raise ValueError("resolution is hour, day, month or year")
        if not self.window.holds(self.resolution):
            raise ValueError(f"window is {self.window}, finer than the resolution {self.resolution}; write the same")
        if self.is_address and self.is_dated and self.first is None:
            raise ValueError("a dated address needs `first`, the date of its first file")
        if self.is_address and ("*" in self.path or self.named_in_path):
            raise ValueError("an address has neither * nor {name}; write %Y-%m-%d, or a table for each file")
        for one in self.dimensions:
            if one.name in self.named_in_path and (one.column or one.type != "string"):
                raise ValueError(f"{one.name} is named in path: it is a text, and has no column")
        if self.rule == "replace" and self.observed_at is not None:
            raise ValueError('observed_at is for rule = "observe"')
        if "://" in self.path and not self.is_address:
            raise ValueError("path is a path or an http:// or https:// address")
        return self


class FilesSettings(Part):
    """`[sources.files]`"""

    tables: tuple[Annotated[TablePart, BeforeValidator(with_path), BeforeValidator(with_preset)], ...] = Field(
        (), description="Tables, and the files that fill them; see docs/sources/files.md."
    )

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        tables = [table.name for table in self.tables]
        metrics = [measure.metric or measure.name for table in self.tables for measure in table.measures]
        for what, names in (("tables", tables), ("metrics", metrics)):
            for name in sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"two {what} are called {name!r}; give one of them another name")
        return self
