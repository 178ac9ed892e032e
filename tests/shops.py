"""A lake of two shops by their ids, one of which gets another name on the third day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.engine import DuckDB
from footfall.lake import Lake
from footfall.ledger import Entry, Status
from footfall.measuring import answer
from footfall.metrics import Fact, Kind, Metric, Subject
from footfall.periods import Window
from footfall.query import Query
from footfall.result import Result
from footfall.tables import Column, Names, Observe, Role, Table

FIRST, NOW = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)

NAMES = Table(
    name="shop_names",
    description="The names that shops have, and had.",
    columns=(
        Column("opened_on", "timestamp", Role.TIME, "When the shop was opened."),
        Column("shop_id", "string", Role.ATTRIBUTE, "Which shop."),
        Column("name", "string", Role.ATTRIBUTE, "A name of it."),
        Column("is_current", "boolean", Role.ATTRIBUTE, "Whether the name is current."),
    ),
    rule=Observe(key=("opened_on", "shop_id", "name"), resolve="latest"),
)


SALES = Table(
    name="sales",
    description="Sales by day.",
    columns=(
        Column("day", "timestamp", Role.TIME, "Which day."),
        Column(
            "shop",
            "string",
            Role.DIMENSION,
            "Which shop.",
            folds_case=True,
            names=Names(NAMES, "shop_id", "name", "is_current"),
        ),
        Column("sales", "integer", Role.MEASURE, "How many."),
    ),
    rule=Observe(key=("day", "shop"), resolve="max", scope="shop"),
)


METRIC = Metric("sales_made", "Sales", "Sales.", Kind.SUM, "sales", (Fact("sales", ("sales",)),))


class Shops:
    """A lake of two shops, one of which gets another name on the third day."""

    def __init__(self, folder: Path) -> None:
        self.now = FIRST
        self.lake = Lake(folder, lambda: self.now)
        self.call("7", "a/old")
        self.call("8", "b/shop")
        for n, (shop, sales) in enumerate([("7", 1), ("7", 10), ("8", 100)]):
            day = FIRST + timedelta(days=n % 2)
            self.lake.commit(SALES, pa.Table.from_pylist([{"day": day, "shop": shop, "sales": sales}]))
        whole = Window(FIRST, FIRST + timedelta(days=2))
        self.lake.record([Entry("shops", "sales", shop, whole, Status.COMPLETE, whole.end) for shop in ("7", "8")])
        self.now = FIRST + timedelta(days=2)

    def call(self, shop: str, name: str, is_current: bool = True) -> None:
        row = {"opened_on": FIRST, "shop_id": shop, "name": name, "is_current": is_current}
        self.lake.commit(NAMES, pa.Table.from_pylist([row]))

    def rename(self) -> None:
        self.call("7", "c/New")
        self.call("7", "a/old", is_current=False)

    def ask(self, where: Sequence[str] = (), by: Sequence[str] = ("shop",), **more: Any) -> Result:
        tables = {"sales": SALES}
        asked: Mapping[str, Any] = {"grain": "total", "since": "2026-03-01", "until": "2026-03-03", **more}
        query = Query.parse(
            ("sales_made",), metrics={"sales_made": METRIC}, tables=tables, now=NOW, where=where, by=by, **asked
        )
        snapshot = self.lake.snapshot([SALES], query.as_of)
        return answer(query, [Subject.of(METRIC, tables)], snapshot, DuckDB(), NOW)

    def sales(self, *where: str, **more: Any) -> dict[str, int]:
        rows = self.ask(where, **more).rows.to_pylist()
        return {row["shop"]: row["sales_made"] for row in rows}
