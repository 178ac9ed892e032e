"""What can be set of the binder source."""

from __future__ import annotations

from datetime import date

from pydantic import Field, field_validator

from footfall.settings import Part
from footfall.sources.binder.names import FEDERATION


class BinderSettings(Part):
    """`[sources.binder]` of footfall.toml."""

    archive: str = Field(
        "https://archive.analytics.mybinder.org",
        description="Where the events are: an address, or a folder of events-YYYY-MM-DD.jsonl (or .jsonl.gz) files.",
    )
    first_day: date = Field(date(2018, 11, 3), description="The first day to collect.")
    federation: dict[str, str] = Field(
        default_factory=dict, description="Host → member of the federation; added to the built-in mapping."
    )
    federation_default: str = Field("gke", description="The federation member of launches without an origin.")
    keep_ref: bool = Field(
        False,
        description="Store the resolved ref of each launch; off by default, as in the archive's own aggregations.",
    )
    concurrency: int = Field(4, ge=1, le=32, description="The number of concurrent requests to the archive.")

    @field_validator("archive")
    @classmethod
    def _is_folder_or_web_address(cls, value: str) -> str:
        if "://" in value and not value.startswith(("http://", "https://")):
            raise ValueError("write an http:// or https:// address, or a folder")
        return value

    @property
    def members(self) -> dict[str, str]:
        """Host → member, hosts in lower case."""
        return {**FEDERATION, **{host.lower(): member for host, member in self.federation.items()}}
