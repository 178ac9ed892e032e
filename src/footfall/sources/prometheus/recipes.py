"""Recipes: which queries fill a table, and how their answers become rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from footfall.metrics import Fact, Kind, Metric
from footfall.periods import Grain
from footfall.sources.prometheus.asking import Series
from footfall.sources.prometheus.rows import Made, values_of
from footfall.sources.prometheus.settings import QueryPart
from footfall.tables import Column, Replace, Role, Table

VERSION = 1
"""Version of the conversion to rows: when it changes, everything within the retention is read again."""
CLUSTER = Column("cluster", "string", Role.DIMENSION, "The Prometheus server: a cluster, or a data source of Grafana.")


@dataclass(frozen=True)
class Asked:
    """One query of a recipe."""

    query: str
    tag: str = ""
    """What distinguishes its rows from those of the other queries in the recipe."""


@dataclass(frozen=True)
class Recipe:
    """A table, the queries that fill it, and the conversion of their answers to rows."""

    table: Table
    metrics: tuple[Metric, ...]
    asked: tuple[Asked, ...]
    step: timedelta
    covers_step: bool
    """Whether a value covers the step that ends at its moment, and not only the moment."""
    make: Callable[[str, Asked, Sequence[Series], timedelta], Made]
    """From the cluster, the query, its series and how far back values reach, to rows."""
    shaped_by: tuple[str, ...] = ()
    """What else affects the rows, such as settings."""
    key: str = ""
    """For rows that name actors: changes when the same actor would have another name."""

    @property
    def definition(self) -> str:
        """A short hash of everything that affects the rows."""
        asked = [[one.query, one.tag] for one in self.asked]
        columns = [[c.name, c.type, c.role] for c in self.table.columns]
        shaping = [VERSION, asked, columns, self.step.total_seconds(), self.covers_step, self.shaped_by]
        hashed = hashlib.sha256(json.dumps(shaping).encode()).hexdigest()[:12]
        return f"{hashed}-{self.key}" if self.key else hashed

    @property
    def shift(self) -> timedelta:
        """From the time of a row to the moment at which its value is queried."""
        return self.step if self.covers_step else timedelta()

    def known_until(self, now: datetime) -> datetime:
        """The last moment that can be queried: the last complete step."""
        return now - timedelta(seconds=now.timestamp() % self.step.total_seconds())


def recipe_of(part: QueryPart) -> Recipe:
    """The recipe for a query in the settings. Raises DeclarationError if its names are invalid."""
    dimensions = tuple(part.labels.items())
    said = part.description or f"Results of the query {part.name}, every {_in_words(part.step)}."
    table = Table(
        name=part.name,
        description=said,
        columns=(
            Column("time", "timestamp", Role.TIME, _time_in_words(part)),
            CLUSTER,
            *(
                Column(name, "string", Role.DIMENSION, f"The label {label}; empty if there is none.")
                for label, name in dimensions
            ),
            Column("value", part.type, Role.MEASURE, f"The value{f', in {part.unit}' if part.unit else ''}."),
        ),
        rule=Replace(scope="cluster"),
        sort=("cluster", *(name for _, name in dimensions), "time"),
        resolution=Grain.DAY if part.step == timedelta(days=1) else Grain.HOUR,
    )

    def make(cluster: str, asked: Asked, series: Sequence[Series], back: timedelta) -> Made:
        return values_of(table, cluster, series, dimensions, back)

    return Recipe(
        table=table,
        metrics=(_metric(part, said),),
        asked=(Asked(part.query),),
        step=part.step,
        covers_step=part.covers == "step",
        make=make,
        shaped_by=tuple(f"{label}={name}" for label, name in dimensions),
    )


def _metric(part: QueryPart, description: str) -> Metric:
    is_level = part.kind == "level"
    return Metric(
        name=part.name,
        title=part.title or part.name.replace("_", " ").capitalize(),
        description=description,
        kind=Kind(part.kind),
        unit=part.unit or part.name.replace("_", " "),
        facts=(Fact(part.name, ("value",)),),
        within=part.within,
        step=part.step if is_level else None,
    )


def _time_in_words(part: QueryPart) -> str:
    return "Start of the step that the value is about." if part.covers == "step" else "When the value was read."


def _in_words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            return word if seconds == size else f"{seconds // size} {word}s"
    raise AssertionError("a step is a whole number of seconds")
