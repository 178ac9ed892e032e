"""SQL text: what is written comes back from DuckDB as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.periods import EPOCH, Grain
from footfall.sql import DUCKDB, SPARK, literal, quote, read_parquet
from footfall.tables import Column, Replace, Role, Table

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
TABLE = Table(
    name="visits",
    description="For this test.",
    columns=(
        Column("day", "timestamp", Role.TIME, ""),
        Column("repo", "string", Role.DIMENSION, ""),
        Column("visits", "integer", Role.MEASURE, ""),
        Column("is_new", "boolean", Role.DIMENSION, ""),
        Column("share", "number", Role.MEASURE, ""),
    ),
    rule=Replace(),
    resolution=Grain.DAY,
)


def rows_of(sql: str) -> list[tuple[object, ...]]:
    return duckdb.execute(sql).fetchall()


@given(text=TEXTS)
def test_a_text_is_itself(text: str) -> None:
    assert rows_of(f"SELECT {literal(text)}") == [(text,)]


@given(name=TEXTS.filter(bool))
def test_a_name_is_itself(name: str) -> None:
    found: Any = duckdb.execute(f"SELECT 1 AS {quote(name)}").to_arrow_table()
    assert found.column_names == [name]


@given(moment=st.integers(-(8 * 10**15), 8 * 10**15).map(lambda micros: EPOCH + timedelta(microseconds=micros)))
def test_a_moment_is_itself(moment: datetime) -> None:
    [(micros,)] = rows_of(f"SELECT epoch_us({literal(moment)})")
    assert micros == (moment - EPOCH) // timedelta(microseconds=1)


def test_columns_that_older_files_lack_are_null(tmp_path: Path) -> None:
    file = tmp_path / 'it\'s "odd".parquet'
    pq.write_table(pa.table({"day": [datetime(2026, 1, 1, tzinfo=UTC)], "visits": pa.array([5], pa.int8())}), file)
    selected = DUCKDB.select(TABLE, present=("day", "visits"))
    found: Any = duckdb.execute(f"SELECT {selected} FROM {read_parquet([file])}").to_arrow_table()
    assert found.column_names == ["day", "repo", "visits", "is_new", "share"]
    assert found.schema.types[1:] == [pa.string(), pa.int64(), pa.bool_(), pa.float64()]
    assert [column.to_pylist() for column in found.columns[1:]] == [[None], [5], [None], [None]]


@pytest.mark.parametrize(("name", "written"), [("day", "`day`"), ("a`b", "`a``b`")])
def test_spark_quotes_with_backticks(name: str, written: str) -> None:
    assert SPARK.quote(name) == written
