"""Answers as files: rows and pictures, under the address of the question."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from footfall.answer import Answer
from footfall.errors import UnknownNameError
from footfall.web.pages.choices import Chosen
from footfall.web.site import Site

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "svg": "image/svg+xml",
    "png": "image/png",
}
_PICTURES = ("svg", "png")


async def download(site: Site, request: Request) -> Response:
    """`/explore/answer.FORM`: the answer to a question as a file."""
    form = str(request.path_params["form"])
    if form not in TYPES:
        raise UnknownNameError("format", form, TYPES)
    chosen = Chosen.read(request.query_params.multi_items())
    answer = await site.ask("query", chosen.asked)
    if form in _PICTURES:
        drawn: dict[str, Any] = {name: True for name, is_on in chosen.drawn.items() if is_on}
        content = await site.picture(answer, form, theme=request.query_params.get("theme", "light"), **drawn)
    else:
        content = await site.run(file_of, answer, form)
    return file_response(content, form, answer.title)


def file_of(answer: Answer, form: str) -> bytes:
    """The rows of an answer in a form of `save`."""
    if form == "csv":
        return answer.to_csv().encode()
    with TemporaryDirectory() as folder:
        answer.save(file := Path(folder) / f"answer.{form}")
        return file.read_bytes()


def file_response(content: bytes, form: str, title: str) -> Response:
    """A file to keep, named after its question."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80] or "answer"
    return Response(
        content, media_type=TYPES[form], headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    )
