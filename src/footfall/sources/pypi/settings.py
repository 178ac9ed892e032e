"""`[sources.pypi]` in footfall.toml."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from footfall.settings import Part
from footfall.sources.pypi.names import is_name, normalise

ProviderName = Literal["pypistats"]
ADDRESSES: dict[ProviderName, str] = {"pypistats": "https://pypistats.org"}


class PyPISettings(Part):
    packages: tuple[str, ...] = Field(
        description="Names of projects on PyPI, in any spelling.", min_length=1, examples=[["icepyx"]]
    )
    provider: ProviderName = Field("pypistats", description='Who is asked for downloads: "pypistats".')
    address: str = Field("", description="Where the provider is; its public address by default.")
    once_a_day: bool = Field(
        True, description="Ask pypistats.org about a project only once after each of its updates, at 01:00 UTC."
    )
    refused_wait: float = Field(
        60.0, ge=0, le=120, description="Seconds to wait after pypistats.org refused a request as one too many (429)."
    )
    settles_after: int = Field(
        7, ge=0, le=180, description="Days after which a day is taken as final; a later change is still noticed."
    )

    @field_validator("packages")
    @classmethod
    def _check_packages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not is_name(name):
                raise ValueError(f"{name!r} is not the name of a project on PyPI; write one such as icepyx")
        return tuple(dict.fromkeys(map(normalise, value)))

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
            raise ValueError("write an address such as https://pypistats.org")
        return value.rstrip("/")

    @property
    def place(self) -> str:
        """Where the provider is."""
        return self.address or ADDRESSES[self.provider]
