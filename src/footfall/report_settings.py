"""The settings of reports: where their summary goes."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from footfall.alerts import EmailSettings
from footfall.parts import Part


class ReportSettings(Part):
    """What `footfall report` needs to know."""

    address: str = Field(
        default="",
        description='Where the reports are published, such as "https://example.org/usage": their feed needs it.',
    )
    email: EmailSettings | None = Field(
        default=None, description="Where --mail sends the summary: { to, from, server }, as for alerts."
    )

    @field_validator("address")
    @classmethod
    def _check_address(cls, address: str) -> str:
        check_address(address)
        return address


def check_address(address: str) -> None:
    """Raises ValueError if an address is not a web address; an empty one is allowed."""
    parts = urlsplit(address)
    if (address and not (parts.scheme in ("http", "https") and parts.hostname)) or " " in address:
        raise ValueError(f"{address!r} is not a web address; write one like https://example.org/usage")
