"""Engines: where Ibis expressions run. The only place that knows which engine it is.

duckdb://          in process, on the Parquet files that a snapshot pins
sc://host:port     Spark Connect (Apache Spark, Databricks, Sail), on the pinned versions of the tables, as Delta or as their Parquet files

views      what engines have in common: the interface, pinned tables as views, resolved observed values
duckdb     DuckDB in this process
spark      a Spark Connect server
"""

from __future__ import annotations

from urllib.parse import urlsplit

from footfall.engine.duckdb import DuckDB
from footfall.engine.spark import Spark, remember_token, without_secrets
from footfall.engine.views import Engine
from footfall.errors import SettingsError

__all__ = ["DuckDB", "Engine", "Spark", "connect"]


def connect(address: str, *, lake: str = "", lake_there: str = "") -> Engine:
    """The engine at `address`, ready for use.

    Args:
        address: "duckdb://", or "sc://host:port".
        lake: The address of the lake.
        lake_there: The address of the same lake for the server of the engine, if it differs.

    Raises:
        SettingsError: For another address, or when nothing listens there.
        MissingExtraError: When the engine's client is not installed.

    Example:
        >>> connect("duckdb://").close()
    """
    remember_token(address)
    scheme = urlsplit(address).scheme
    if scheme == "duckdb" and address.removeprefix("duckdb://") == "":
        return DuckDB()
    if scheme == "sc" and urlsplit(address).hostname:
        return Spark(address, lake, lake_there)
    raise SettingsError(
        f'engine {without_secrets(address)!r} is not known; write "duckdb://", or "sc://host:port" for Spark Connect.'
    )
