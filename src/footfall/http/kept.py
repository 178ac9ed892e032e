"""Answers that are kept, so that what did not change need not be sent again (RFC 9110, 13.1.2).

The body is kept with its ETag: a caller gets the whole answer each time, and need not remember what became of the
last one. Safe to delete at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from footfall.http.sendable import is_sendable

MOST_BYTES = 64 << 20
KEPT_HEADERS = ("content-type", "link", "etag", "last-modified", "date")
_MARK = "footfall_is_kept"


def is_kept(response: httpx2.Response) -> bool:
    """Whether the server said that nothing changed, and this is the answer it gave before."""
    return bool(response.extensions.get(_MARK))


@dataclass(frozen=True)
class Kept:
    """Answers in a folder, of one credential.

    An answer is found again only by the same address and the same headers, credentials among them: nothing that one
    credential was allowed to see is given to another. Where a credential changes though it is the same one (a token that
    is renewed every hour), `identity` names it in its stead.

    Args:
        folder: In the source's scratch folder.
        identity: A name for who asks, such as the id of an app's installation; not a secret.
        most_bytes: What the folder may hold; the answers used longest ago go first.
    """

    folder: Path
    identity: str = ""
    most_bytes: int = MOST_BYTES
    _size: list[int] = field(default_factory=list, init=False, repr=False, compare=False)
    """About how many bytes the folder holds, once that was counted: to look at every file for each would be quadratic."""

    def find(self, url: httpx2.URL, headers: Mapping[str, str]) -> KeptAnswer | None:
        """The answer that is kept for such a request; None when there is none, or it is damaged."""
        file = self._file(url, headers)
        try:
            head, _, body = file.read_bytes().partition(b"\n")
            kept = json.loads(head)
            answer = KeptAnswer(dict(kept["headers"]), body)
            if kept["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            os.utime(file)  # used now
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return answer

    def keep(self, url: httpx2.URL, headers: Mapping[str, str], response: httpx2.Response) -> None:
        """Keep an answer that can be asked for again by its validator; a disk that is full keeps nothing."""
        has_validator = "etag" in response.headers or "last-modified" in response.headers
        if response.status_code != 200 or not has_validator or "no-store" in response.headers.get("cache-control", ""):
            return
        if len(response.content) > self.most_bytes // 4:
            return
        said = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        head = {"headers": said, "sha256": hashlib.sha256(response.content).hexdigest()}
        file = self._file(url, headers)
        fresh = file.with_suffix(f".{secrets.token_hex(4)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.touch(mode=0o600)
            fresh.write_bytes(json.dumps(head).encode() + b"\n" + response.content)
            fresh.replace(file)
            self._keep_small(len(response.content))
        except OSError:
            fresh.unlink(missing_ok=True)

    def _file(self, url: httpx2.URL, headers: Mapping[str, str]) -> Path:
        """Named by all that tells one request from another, as a hash: no address and no credential stands in a name."""
        relevant = {name.lower(): value for name, value in headers.items()}
        if self.identity:
            relevant = {name: value for name, value in relevant.items() if name in ("accept", "accept-language")}
        parts: list[Any] = [str(url), self.identity, sorted(relevant.items())]
        return self.folder / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]}.answer"

    def _keep_small(self, added: int) -> None:
        if self._size:
            self._size[0] += added
        if not self._size or self._size[0] > self.most_bytes:
            self._size[:] = [self._shrink()]

    def _shrink(self) -> int:
        """The bytes of the folder; where they were too many, some more go, so that the next answer finds room."""
        files = [(stat.st_mtime, stat.st_size, path) for path in self.folder.iterdir() if (stat := path.stat())]
        size = sum(size for _, size, _ in files)
        if size <= self.most_bytes:
            return size
        for _, freed, path in sorted(files):
            if size <= self.most_bytes * 3 // 4:
                break
            path.unlink(missing_ok=True)
            size -= freed
        return size


@dataclass(frozen=True)
class KeptAnswer:
    """An answer as it was kept."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for an answer only when it is another one now."""
        asked = {
            "If-None-Match": self.headers.get("etag", ""),
            "If-Modified-Since": self.headers.get("last-modified", ""),
        }
        return {name: value for name, value in asked.items() if value and is_sendable(value)}

    def restored(self, unchanged: httpx2.Response) -> httpx2.Response:
        """The answer again, after the server said that it is `unchanged` (304)."""
        newer = {name: unchanged.headers[name] for name in KEPT_HEADERS if name in unchanged.headers}
        return httpx2.Response(
            200,
            headers={**self.headers, **newer},
            content=self.body,
            request=unchanged.request,
            extensions={_MARK: True},
        )
