"""Downloads that are not whole yet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx2

from footfall.http.sendable import is_sendable


class Piece:
    """The bytes of an unfinished download, and next to them which version they are of."""

    def __init__(self, to: Path) -> None:
        self._to = to
        self._bytes = to.with_name(to.name + ".part")
        self._validator = to.with_name(to.name + ".part.version")

    def asks_for_the_rest(self) -> dict[str, str]:
        """The headers of a request for what is missing; none when nothing, or nothing provable, is there."""
        try:
            held, validator = self._bytes.stat().st_size, self._validator.read_text()
        except OSError:
            return {}
        return (
            {"Range": f"bytes={held}-", "If-Range": validator} if held and validator and is_sendable(validator) else {}
        )

    def write(self, response: httpx2.Response, tell: Callable[[int], None] | None) -> int:
        """Append the rest when this is the rest, else start over; the number of bytes that came."""
        is_rest = response.status_code == 206
        if not is_rest:
            self._remember(response)
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {self._bytes.stat().st_size}-"):
            self.discard()
            raise httpx2.ReadError("the server returned another part than requested", request=response.request)
        got = 0
        with self._bytes.open("ab" if is_rest else "wb") as file:
            for chunk in response.iter_bytes():  # as it comes: what came before a break is kept
                file.write(chunk)
                got += len(chunk)
                if tell is not None:
                    tell(len(chunk))
        return got

    def _remember(self, response: httpx2.Response) -> None:
        """Keep what identifies this version; a weak ETag cannot vouch for single bytes (RFC 9110, 13.1.5)."""
        etag = response.headers.get("ETag", "")
        strong = etag if etag and not etag.startswith("W/") else ""
        can_resume = "Content-Encoding" not in response.headers
        self._validator.write_text((strong or response.headers.get("Last-Modified", "")) if can_resume else "")

    def finish(self) -> None:
        self._bytes.replace(self._to)
        self._validator.unlink(missing_ok=True)

    def discard(self) -> None:
        self._bytes.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)
