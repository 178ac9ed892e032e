"""The body of a request: bounded in size and in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from footfall.web.departure import LeftError

JSON = "application/json"
_SECONDS = 30.0
"""In which a body must have come."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        HTTPException: 413 where it is too large, 408 where it does not come, 400 for a length that is not a number.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal():
        raise HTTPException(400, f"Content-Length is {length[:40]!r}, which is not a number.")
    if int(length) > most_bytes:
        raise HTTPException(413, f"the body has {int(length):,} bytes, and at most {most_bytes:,} are read.")
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > most_bytes:
                    raise HTTPException(413, f"the body has more than {most_bytes:,} bytes, which is the most.")
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {_SECONDS:g} s.", {"Connection": "close"}) from None
    except ClientDisconnect:
        raise LeftError from None
    return bytes(body)


def json_of_body(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        HTTPException: 400 for what is not JSON.
    """
    try:
        return json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {str(error)[:200]}.") from None


def lines_of_body(body: bytes) -> list[Any]:
    """The values of newline-delimited JSON; empty lines are none.

    Raises:
        HTTPException: 400 for a line that is not JSON.
    """
    found = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(json.loads(line, parse_constant=_refused))
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, f"line {number} of the body is not JSON: {str(error)[:200]}.") from None
    return found


def _refused(word: str) -> None:
    raise ValueError(f"{word} is not a number")
