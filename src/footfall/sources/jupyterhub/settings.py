"""`[sources.jupyterhub]` in footfall.toml."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from footfall.settings import Part, Secret
from footfall.sources.hubs import is_staging


class HubPart(Part):
    """One hub."""

    name: str = Field(min_length=1, description="Its name, unique among the hubs.")
    address: str = Field(description='Where it is, with its base path: "https://hub.example.org".')
    token: Secret | None = Field(None, description='The token of a service of the hub; better { env = "HUB_TOKEN" }.')
    cluster: str = Field("", description="Its cluster; default: its own name.")
    staging: bool | None = Field(None, description="Whether it is a staging hub; default: by its name.")
    prefix: str | None = Field(None, description="The prefix of its metrics, if it cannot be detected.")

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("write the address of a hub, such as https://hub.example.org, and its token as `token`")
        return value.rstrip("/").removesuffix("/api").removesuffix("/hub")

    @property
    def place(self) -> str:
        """The cluster; for a standalone hub, the hub itself."""
        return self.cluster or self.name

    @property
    def is_staging(self) -> bool:
        return is_staging(self.name) if self.staging is None else self.staging


class JupyterHubSettings(Part):
    """`[sources.jupyterhub]`"""

    hubs: tuple[HubPart, ...] = Field(
        (),
        description='Hubs, each { name = "main", address = "https://hub.example.org", token = { env = "HUB_TOKEN" } }.',
    )
    hash_key: Secret | None = Field(None, description="Users are stored as hashes with this key; it must not change.")
    names: Literal["hashed", "plain"] = Field("hashed", description='"plain" keeps the names of users as they are.')
    staff: tuple[str, ...] = Field((), description='Staff: patterns of names, such as "admin-*".')
    staff_groups: tuple[str, ...] = Field((), description="Groups of the hub whose members are staff.")
    services: tuple[str, ...] = Field(
        ("deployment-service-check", "hubtraf*"), description="Service accounts: patterns of names."
    )
    users: bool = Field(True, description="Whether to collect which users were active; false collects only totals.")

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        names = [hub.name for hub in self.hubs]
        if twins := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two hubs are called {twins[0]!r}; give one of them another name")
        return self
