"""`[sources.pypi]` in footfall.toml."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from footfall.settings import Part, Secret
from footfall.sources.pypi.names import is_name, normalise
from footfall.warehouses.bigquery import ADDRESS, MOST_BYTES

ProviderName = Literal["pypistats", "clickhouse", "bigquery"]
ADDRESSES: dict[ProviderName, str] = {
    "pypistats": "https://pypistats.org",
    "clickhouse": "https://sql-clickhouse.clickhouse.com",
    "bigquery": ADDRESS,
}


class PyPISettings(Part):
    packages: tuple[str, ...] = Field(
        description="Names of projects on PyPI, in any spelling.", min_length=1, examples=[["icepyx"]]
    )
    provider: ProviderName = Field("pypistats", description='Who is asked: "pypistats", "clickhouse" or "bigquery".')
    address: str = Field("", description="The address of the provider; default: its public address.")
    since: date | None = Field(
        None,
        description="The first day; of ClickHouse the first that it has by default, BigQuery needs one.",
        examples=[date(2026, 1, 1)],
    )
    once_a_day: bool = Field(
        True, description="Query pypistats.org and BigQuery for a day only once after 01:00 UTC of each day."
    )
    refused_wait: float = Field(
        60.0, ge=0, le=120, description="Seconds to wait after pypistats.org answered 429 (too many requests)."
    )
    settles_after: int = Field(
        7, ge=0, le=180, description="Days after which a day counts as final; later changes are still noticed."
    )

    user: str = Field("demo", description="For ClickHouse: the user.")
    password: Secret | None = Field(
        None, description="For ClickHouse: the user's password. For BigQuery: an access token, instead of credentials."
    )
    billing_project: str = Field("", description="For BigQuery: the project of Google Cloud that pays.")
    most_bytes: int = Field(MOST_BYTES, gt=0, description="For BigQuery: the most bytes that one query may read.")

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

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        if self.provider == "bigquery" and (not self.billing_project or self.since is None):
            raise ValueError(
                "the provider bigquery needs `billing_project`, the project that pays, and `since`, the first day to query"
            )
        return self

    @property
    def place(self) -> str:
        """The address of the provider."""
        return self.address or ADDRESSES[self.provider]
