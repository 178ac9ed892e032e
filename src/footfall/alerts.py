"""The settings of alerts: what is watched, and where messages go."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from footfall.concealing import remember
from footfall.parts import NotEmpty, Part, Secret


class EmailSettings(Part):
    """Where the messages of an alert go by e-mail."""

    to: Annotated[tuple[NotEmpty, ...], Field(min_length=1)] = Field(description="The recipients.")
    sender: NotEmpty = Field(alias="from", description="The sender's address.")
    server: Secret = Field(
        description='"smtps://user:password@host:465", or "smtp://…:587", which uses STARTTLS; or { env = "NAME" }.'
    )

    @model_validator(mode="after")
    def _check_server(self) -> Self:
        if self.server.lacking:
            return self
        parts = urlsplit(self.server.reveal())
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("server must be an address such as smtps://user:password@host:465")
        return self


class AlertSettings(Part):
    """What is watched after each collect, and who is notified when it begins and when it is over: once each."""

    name: NotEmpty = Field(description="The name of the alert in its messages; unique.")
    when: Literal["loss", "standstill", "range"] = Field(
        description="loss: upstream will forget something within `days`; standstill: a table is not collected for `days`; "
        "range: a metric leaves the range of the same weekdays of its past."
    )
    days: float = Field(default=3, gt=0, description="For loss and standstill: the number of days.")
    source: str = Field(default="", description="For loss and standstill: only this source; default: all.")
    metric: str = Field(default="", description="For range: the metric.")
    where: tuple[str, ...] = Field(default=(), description='For range: filters, such as ["repo=a/*"].')
    tolerance: float = Field(
        default=5, ge=2, description="For range: how many usual deviations from the median are still in range."
    )
    webhook: Secret | None = Field(default=None, description="A URL that receives each message as JSON.")
    email: EmailSettings | None = Field(default=None, description="E-mail recipients of each message.")
    file: str = Field(
        default="", description="A file, relative to this one, to which each message is appended as a line."
    )

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.when == "range" and (not self.metric or self.source):
            raise ValueError('when = "range" needs a metric, and takes no source')
        if self.when != "range" and (self.metric or self.where):
            raise ValueError(f'metric and where go with when = "range", not with {self.when!r}')
        if not (self.webhook or self.email or self.file):
            raise ValueError("it needs a webhook, an email or a file for its messages")
        if self.webhook is None or self.webhook.lacking:
            return self
        if not self.webhook.reveal().startswith(("https://", "http://")):
            raise ValueError("webhook must be an address that begins with https:// or http://")
        remember(urlsplit(self.webhook.reveal()).path.lstrip("/"))  # its path is all that one needs to post to it
        return self
