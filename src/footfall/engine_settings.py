"""Settings of the query engine: where it is, and how it reaches the lake."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from footfall.parts import NotEmpty, Part, revealed


class EngineSettings(Part):
    """Where queries run."""

    address: Annotated[NotEmpty, BeforeValidator(revealed)] = Field(
        default="duckdb://",
        description='"duckdb://" in this process, or "sc://host:port" for a Spark Connect server; or { env = "NAME" }.',
    )
    lake: str = Field(
        default="",
        description="The address of the lake for the server, if it differs: the server reads the tables itself.",
    )
