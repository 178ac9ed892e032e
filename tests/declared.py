"""A small table and a metric of it, for tests of declarations."""

from __future__ import annotations

from typing import Any

from footfall.metrics import Fact, Kind, Metric
from footfall.tables import Column, Replace, Role, Table

DAY = Column("day", "timestamp", Role.TIME, "Which day.")


PAGE = Column("page", "string", Role.DIMENSION, "Which page.")


VIEWS = Column("views", "integer", Role.MEASURE, "How many.")


def table(*columns: Column, **more: Any) -> Table:
    given = {"name": "visits", "rule": Replace(), **more}
    return Table(description="A table.", columns=columns or (DAY, PAGE, VIEWS), **given)


def metric(**more: Any) -> Metric:
    given = {"name": "page_views", "kind": Kind.SUM, "facts": (Fact("visits", ("views",)),), **more}
    return Metric(title="Views", description="Views of pages.", unit="views", **given)
