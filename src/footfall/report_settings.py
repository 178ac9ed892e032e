"""The settings of reports: where their summary goes."""

from __future__ import annotations

from pydantic import Field

from footfall.alerts import EmailSettings
from footfall.parts import Part


class ReportSettings(Part):
    """What `footfall report` needs to know."""

    email: EmailSettings | None = Field(
        default=None, description="Where --mail sends the summary: { to, from, server }, as for alerts."
    )
