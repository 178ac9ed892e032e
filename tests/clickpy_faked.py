"""ClickHouse's public copy of PyPI's downloads in chdb, with the limits of its servers; and answers as it gave them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx2

from footfall.http import Client
from footfall.warehouses.clickhouse import ClickHouse
from programs_needed import python_with

SCHEMA = (
    "CREATE DATABASE pypi",
    """CREATE TABLE pypi.pypi (date Date, country_code LowCardinality(String), project String, type LowCardinality(String),
    installer LowCardinality(String), python_minor LowCardinality(String), system LowCardinality(String), version String)
    ENGINE = MergeTree ORDER BY (project, date, version, country_code, python_minor, system)""",
    """CREATE TABLE pypi.pypi_downloads_per_day (date Date, project String, count Int64)
    ENGINE = SummingMergeTree ORDER BY (project, date)""",
    """CREATE TABLE pypi.pypi_downloads_per_day_by_version_by_installer_by_type_by_country (project String, version String,
    date Date, installer String, type LowCardinality(String), country_code LowCardinality(String), count Int64)
    ENGINE = SummingMergeTree ORDER BY (project, version, date, country_code, installer, type)""",
)
"""The tables that are read, as ClickPy declares them."""
SUMS = (
    "INSERT INTO pypi.pypi_downloads_per_day SELECT date, project, count() FROM pypi.pypi WHERE {where} GROUP BY 1, 2",
    """INSERT INTO pypi.pypi_downloads_per_day_by_version_by_installer_by_type_by_country
    SELECT project, version, date, installer, type, country_code, count() FROM pypi.pypi WHERE {where} GROUP BY 1, 2, 3, 4, 5, 6""",
)


@contextmanager
def clickpy(limits: str = "max_result_rows=1000, result_overflow_mode='break'") -> Iterator[tuple[str, ClickHouse]]:
    """A server with the tables, empty, and its address."""
    python = python_with("FOOTFALL_CHDB_PYTHON", "chdb")
    shim = Path(__file__).with_name("clickhouse_shim.py")
    with subprocess.Popen(
        [python, str(shim), limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            server = ClickHouse(Client(wait=0.0), address)
            for statement in SCHEMA:
                server.ask(statement)
            yield address, server
        finally:
            process.stdin.close()


class Recorded:
    """Answers of the server to the few questions of the source: totals by day, and one split of a day."""

    def __init__(self, totals: dict[str, dict[date, int]], splits: dict[str, list[tuple[object, ...]]]) -> None:
        self.totals, self.splits = totals, splits
        self.asked: list[str] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        sql = request.content.decode()
        self.asked.append(sql)
        names, rows = self._rows(sql)
        if sql.startswith("SELECT count()"):
            count = sum(int(str(row[-1])) for row in rows)
            return httpx2.Response(200, text=f'"count()","sum(downloads)"\n"UInt64","Int64"\n{len(rows)},{count}\n')
        kinds = ['"Date"', *['"String"'] * (len(names) - 2), '"Int64"']
        lines = [",".join(f'"{name}"' for name in names), ",".join(kinds)]
        lines += [",".join(str(v) if isinstance(v, int) else f'"{v}"' for v in row) for row in rows]
        return httpx2.Response(200, text="\n".join(lines) + "\n")

    def _rows(self, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
        first, last = re.findall(r"date >= '([\d-]+)' AND date < '([\d-]+)'", sql)[0]
        projects = re.findall(r"project (?:IN \(|= )([^)A]*)", sql)[0]
        if "pypi_downloads_per_day WHERE" in sql:
            found = [
                (day, count)
                for name, days in self.totals.items()
                if f"'{name}'" in projects
                for day, count in days.items()
            ]
            rows: list[tuple[object, ...]] = [one for one in sorted(found) if first <= f"{one[0]}" < last]
            return ["date", "downloads"], rows
        kind = next(each for each in ("version", "python_minor", "system") if f"date, {each}" in sql)
        rows = [row for row in self.splits[kind] if first <= f"{row[0]}" < last]
        inner = ["installer", "country_code"] if kind == "version" else ["kind"]
        return ["date", kind, *inner, "downloads"], rows
