"""Engines: where Ibis expressions run. The only place that knows which engine it is.

duckdb://          in process, on the Parquet files that a snapshot pins
sc://host:port     Spark Connect (Apache Spark, Databricks, Sail), on the Delta tables at the pinned versions

views      what engines have in common: the interface, pinned tables as views, resolved observed values
duckdb     DuckDB in this process
spark      a Spark Connect server
"""

from __future__ import annotations

from urllib.parse import urlsplit

from footfall.engine.duckdb import DuckDB
from footfall.engine.spark import Spark
from footfall.engine.views import Engine
from footfall.errors import SettingsError

__all__ = ["DuckDB", "Engine", "Spark", "connect"]


def connect(address: str) -> Engine:
    """The engine at `address`, ready for use."""
    scheme = urlsplit(address).scheme
    if scheme == "duckdb" and address.removeprefix("duckdb://") == "":
        return DuckDB()
    if scheme == "sc" and urlsplit(address).hostname:
        return Spark(address)
    raise SettingsError(f'engine {address!r} is not known; write "duckdb://", or "sc://host:port" for Spark Connect.')
