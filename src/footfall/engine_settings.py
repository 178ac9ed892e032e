"""Settings of the query engine: where it is, and how it reaches the lake."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from footfall.parts import Part, Secret


def _unopened(value: Any) -> Any:
    """An environment variable is read when a query needs it: those who collect need no token of the cluster."""
    if isinstance(value, dict):
        return Secret.read(value)
    if not isinstance(value, str | Secret) or value == "":
        raise ValueError('write an address, or { env = "NAME" }')
    return value


class EngineSettings(Part):
    """Where queries run."""

    address: Annotated[str | Secret, BeforeValidator(_unopened)] = Field(
        default="duckdb://",
        description='"duckdb://" in this process, or "sc://host:port" for a Spark Connect server; or { env = "NAME" }.',
        union_mode="left_to_right",
    )
    lake: str = Field(
        default="",
        description="The address of the lake for the server, if it differs: the server reads the tables itself.",
    )

    @property
    def opened(self) -> str:
        """The address, with the token in it. Raises UnsetError for a variable that is not set."""
        return self.address.reveal() if isinstance(self.address, Secret) else self.address
