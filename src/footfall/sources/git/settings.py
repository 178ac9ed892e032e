"""`[sources.git]` in footfall.toml."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from footfall.concealing import remember_password
from footfall.repositories import PATIENCE
from footfall.settings import Part, Secret


def _as_table(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


class RepositoryPart(Part):
    """One repository; in the settings a string, or a table to give it a name."""

    address: str = Field(min_length=1, description="A folder, or a clone address.")
    name: str = Field("", description="Its name; default: owner/name, or the name of its folder.")

    @field_validator("address")
    @classmethod
    def _conceal(cls, value: str) -> str:
        remember_password(value)
        return value


class GitSettings(Part):
    """`[sources.git]`"""

    repositories: tuple[Annotated[RepositoryPart, BeforeValidator(_as_table)], ...] = Field(
        (RepositoryPart(address=".", name=""),),
        description='Folders (relative to this file) or clone addresses; or { address = "…", name = "…" }.',
    )
    hash_key: Secret | None = Field(None, description="Store authors as hashes with this key, without addresses.")
    bots: tuple[str, ...] = Field((), description='More bots: patterns of names or e-mails, such as "*-deploy".')
    timeout: float = Field(
        PATIENCE,
        gt=0,
        description="Seconds that a server may send less than 1,000 bytes per second before the fetch is aborted.",
    )
