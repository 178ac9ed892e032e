"""For `footfall doctor`: whether the database can be reached, and whether each query returns what is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from footfall.errors import FootfallError, MissingExtraError, SettingsError, UnreachableError
from footfall.formats import size_of
from footfall.periods import Grain, Window, floor
from footfall.sources.checks import Check
from footfall.sources.warehouse.plans import Open
from footfall.sources.warehouse.tables import Queried
from footfall.warehouses.asking import Warehouse
from footfall.warehouses.casting import cast
from footfall.warehouses.over_http import AskedBigQuery
from footfall.warehouses.refusals import RefusedQueryError


def checks_of(tables: Iterable[Queried], where: str, open_it: Open, now: datetime) -> Iterator[Check]:
    """The connection, then each query over an empty time span: that reads little, and returns the columns."""
    name = f"connect to {where}"
    try:
        warehouse = open_it()
    except FootfallError as error:
        yield Check(name, "failed", str(error), _fix(error))
        yield from (Check(f"query of {one.part.name}", "unknown", "there is no connection") for one in tables)
        return
    yield Check(name, "ok", f"{warehouse.dialect.name}; the session is in UTC")
    for one in tables:
        yield _check_query(one, warehouse, now)
        if one.part.changes:
            yield _check_changes(one, warehouse, now)


def _check_query(one: Queried, warehouse: Warehouse, now: datetime) -> Check:
    name = f"query of {one.part.name}"
    today = floor(Grain.DAY, now)
    try:
        moment = warehouse.dialect.moment
        if isinstance(warehouse, AskedBigQuery):
            day = one.query.filled({"since": moment(today - timedelta(days=1)), "until": moment(today)})
            return Check(name, "ok", f"a day of it reads {size_of(warehouse.cost(day))}")
        sql = one.query.filled({"since": moment(today), "until": moment(today)})
        for part in warehouse.answer(lambda window: sql, Window(today, today), ()):
            cast(part, one.table.columns, one.part.query)
    except FootfallError as error:
        return Check(name, "failed", str(error), _fix(error))
    return Check(name, "ok", f"it gives {', '.join(one.table.names)}")


def _check_changes(one: Queried, warehouse: Warehouse, now: datetime) -> Check:
    name = f"changes of {one.part.name}"
    moment = warehouse.dialect.moment
    try:
        if one.changes is not None and not isinstance(warehouse, AskedBigQuery):
            warehouse.ask(one.changes.filled({"since": moment(now), "until": moment(now)}))
    except FootfallError as error:
        return Check(name, "failed", str(error), _fix(error))
    return Check(name, "ok")


def _fix(error: FootfallError) -> str:
    """How to fix it, by the kind of fault."""
    match error:
        case MissingExtraError():
            return "install the named optional dependency"
        case SettingsError():
            return "correct [sources.warehouse] in footfall.toml, or the query file"
        case UnreachableError():
            return "check the address, the network and that the server runs"
        case RefusedQueryError():
            return "give the user the right to read what the query names, or correct the query"
        case _:
            return "correct the query, or the types that are declared for its columns"
