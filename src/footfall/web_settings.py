"""The settings of what is served: where, who may read, and what pages may not show."""

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
    """How `footfall serve` answers: its address, who may read, and its limits."""

    host: NotEmpty = Field(default="127.0.0.1", description="The address that is listened on; 0.0.0.0 is every one.")
    port: int = Field(default=8765, ge=0, le=65535, description="The port that is listened on; 0 takes a free one.")
    reading: Literal["open", "token"] = Field(
        default="open", description='Who may read: "open" is every visitor, "token" those with a token that may read.'
    )
    embed: tuple[Annotated[str, AfterValidator(_site)], ...] = Field(
        default=(), description='Sites that may show charts in a frame, such as "https://docs.example.org".'
    )
    smallest_cell: int = Field(
        default=0,
        ge=0,
        description="Over HTTP, on pages and in reports counts of actors from 1 to one less than this are hidden; 0 shows all.",
    )
    most_rows: int = Field(default=200_000, ge=1, description="An answer with more rows is refused.")
    most_seconds: float = Field(default=30.0, gt=0, description="A question that takes longer is ended.")
    most_bytes: int = Field(default=8_000_000, ge=1_000, description="A request with a larger body is refused.")
    marks_per_minute: int = Field(
        default=600, ge=1, description="So many requests with marks are taken from one token in a minute."
    )
    workers: int = Field(default=4, ge=1, le=64, description="So many questions are answered at once.")
