"""The settings of the server: address, access, and hidden counts."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from footfall.parts import NotEmpty, Part


def _site(text: str) -> str:
    """An origin, as browsers compare it: what else stands in a header would change the header."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.*-]+(:[0-9]{1,5})?", text):
        raise ValueError(
            f'{text!r} is not a site; write it with its scheme and no path, such as "https://docs.example.org"'
        )
    return text


class WebSettings(Part):
    """The settings of `footfall serve`: its address, access, and limits."""

    host: NotEmpty = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 is all addresses.")
    port: int = Field(default=8765, ge=0, le=65535, description="The port to listen on; 0 picks a free one.")
    reading: Literal["open", "token"] = Field(
        default="open",
        description='Who may read: "open" for everyone, "token" for holders of a token with the scope read.',
    )
    embed: tuple[Annotated[str, AfterValidator(_site)], ...] = Field(
        default=(), description='Sites that may show charts in a frame, such as "https://docs.example.org".'
    )
    smallest_cell: int = Field(
        default=0,
        ge=0,
        description="Counts of actors below this are hidden in the API, on pages and in reports; 0 shows all.",
    )
    most_rows: int = Field(default=200_000, ge=1, description="The most rows of an answer.")
    most_seconds: float = Field(default=30.0, gt=0, description="The longest time of a query.")
    most_bytes: int = Field(default=8_000_000, ge=1_000, description="The largest body of a request, in bytes.")
    marks_per_minute: int = Field(default=600, ge=1, description="Requests with marks per token and minute.")
    workers: int = Field(default=4, ge=1, le=64, description="Queries that run at the same time.")
