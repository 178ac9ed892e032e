"""The only HTTP client: who we are, patience, politeness, downloads that go on where they stopped.

    client = Client()
    client.get(url)                   the answer, after retries; a status of 400 and more is a StatusError
    client.get(url, etag=known)       … or an answer with status 304 when nothing changed
    client.head(url)                  only the headers
    client.json(url)                  the answer, parsed
    client.download(url, to)          to a file, resumed when it broke off; returns the answer's headers

Connection errors, 429 and 5xx are retried with growing pauses, or after as long as `Retry-After` asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import stamina

from footfall.errors import BrokenDataError, UnreachableError

T = TypeVar("T")
logging.getLogger("stamina").addHandler(logging.NullHandler())  # a retry that helps is nobody's concern
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 120.0
"""Seconds we let a server's Retry-After hold us up; asked for more, we say so instead."""


class StatusError(UnreachableError):
    """The server answered, with a status of 400 or more."""

    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.retry_after = _retry_after(response)
        wait = f" and asks to wait {self.retry_after:.0f} s" if self.retry_after else ""
        super().__init__(
            f"{_plain(response.url)} answered {self.status} {response.reason_phrase}{wait}; {self._hint()}."
        )

    def _hint(self) -> str:
        match self.status:
            case 401 | 403:
                return "check that the credentials are set and allow it"
            case 404 | 410:
                return "check the address"
            case _ if self.status in RETRIED:
                return "try again later"
            case _:
                return "the server refuses the request"


class Client:
    """One a process is enough: it is safe to use from several threads.

    `transport` is the network; tests pass `httpx2.MockTransport(function)`. `concurrency` caps the
    requests under way, `pause` is the least time in seconds between the starts of two of them.
    """

    def __init__(
        self,
        *,
        transport: httpx2.BaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        attempts: int = 5,
        wait: float = 0.5,
        concurrency: int = 8,
        pause: float = 0.0,
    ) -> None:
        agent = f"footfall/{version('footfall')} (usage analytics for open-source projects)"
        self._http = httpx2.Client(
            transport=transport,
            headers={"User-Agent": agent, **(headers or {})},
            timeout=timeout,
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        )
        self._attempts = attempts
        self._wait = wait
        self._pause = pause
        self._slots = threading.BoundedSemaphore(concurrency)
        self._turn = threading.Lock()
        self._next_start = 0.0

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        etag: str = "",
    ) -> httpx2.Response:
        """The whole answer; with `etag` perhaps one with status 304 and no body."""
        sent = {**(headers or {}), **({"If-None-Match": etag} if etag else {})}
        return self._patiently(url, lambda: self._ask("GET", url, params=params, headers=sent))

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """The headers only; from a server that refuses HEAD, those of a GET that is not read."""
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        try:
            return self._patiently(url, lambda: self._ask("HEAD", url, headers=sent))
        except StatusError as error:
            if error.status not in (405, 501):
                raise
        return self._patiently(url, lambda: self._ask("GET", url, headers=sent, is_read=False))

    def json(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        response = self.get(url, params=params, headers={"Accept": "application/json", **(headers or {})})
        try:
            return response.json()
        except ValueError:
            kind = response.headers.get("Content-Type", "no content type")
            raise BrokenDataError(f"{_plain(response.url)} did not answer with JSON but with {kind}.") from None

    def download(self, url: str, to: Path, *, tell: Callable[[int], None] | None = None) -> httpx2.Headers:
        """Fetch `url` into the file `to`, which appears only when it is whole.

        What has come so far stands in `<to>.part`; a later attempt, even of another process, asks for the
        rest of it if the server still holds the same version (If-Range), and else starts over.
        `tell` hears how many bytes came.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        return self._patiently(url, lambda: self._download(url, _Part(to), tell))

    def _download(self, url: str, part: _Part, tell: Callable[[int], None] | None) -> httpx2.Headers:
        sent = {"Accept-Encoding": "identity", **part.asks_for_the_rest()}
        with self._slot(), self._http.stream("GET", url, headers=sent) as response:
            if response.status_code == 416:  # what we hold is not a beginning of what is there now
                part.discard()
                raise httpx2.ReadError("the file changed meanwhile", request=response.request)
            if response.status_code >= 400:
                raise StatusError(response)
            length = response.headers.get("Content-Length", "")
            got = part.write(response, tell)
            # an encoded body (a server that ignores `identity`) is longer than its Content-Length
            if length.isdigit() and "Content-Encoding" not in response.headers and got != int(length):
                raise httpx2.ReadError(f"only {got} of {length} bytes came", request=response.request)
            part.finish()
            return response.headers

    def _ask(self, method: str, url: str, *, is_read: bool = True, **sent: Any) -> httpx2.Response:
        with self._slot(), self._http.stream(method, url, **sent) as response:
            if is_read:
                response.read()
            if response.status_code >= 400:
                raise StatusError(response)
            return response

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """Wait for a free place and for our turn."""
        with self._slots:
            if self._pause:
                with self._turn:
                    time.sleep(max(0.0, self._next_start - time.monotonic()))
                    self._next_start = time.monotonic() + self._pause
            yield

    def _patiently(self, url: str, act: Callable[[], T]) -> T:
        """`act`, again and again while there is hope; what remains is one sentence."""
        try:
            for attempt in stamina.retry_context(
                on=_hope,
                attempts=self._attempts,
                timeout=None,
                wait_initial=self._wait,
                wait_max=30.0,
                wait_jitter=self._wait,
            ):
                with attempt:
                    return act()
        except httpx2.TimeoutException:
            raise UnreachableError(f"{_plain(url)} did not answer in time; try again later.") from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            raise UnreachableError(f"{url!r} is no web address; write one like https://example.org/path.") from None
        except httpx2.HTTPError as error:
            raise UnreachableError(
                f"{_plain(url)} cannot be reached ({str(error) or type(error).__name__}); check the address and the connection."
            ) from None
        raise AssertionError("stamina either returns or raises")


class _Part:
    """The bytes of an unfinished download, and beside them which version they are of."""

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
        return {"Range": f"bytes={held}-", "If-Range": validator} if held and validator else {}

    def write(self, response: httpx2.Response, tell: Callable[[int], None] | None) -> int:
        """Append the rest when this is the rest, else start over; the number of bytes that came."""
        is_rest = response.status_code == 206
        if not is_rest:
            self._remember(response)
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {self._bytes.stat().st_size}-"):
            self.discard()
            raise httpx2.ReadError("another part came than was asked for", request=response.request)
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


def _hope(error: Exception) -> bool | float:
    """Whether another attempt may help, or after how many seconds it may."""
    if isinstance(error, StatusError):
        if error.status not in RETRIED or error.retry_after > LONGEST_WAIT:
            return False
        return error.retry_after or True
    return isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.UnsupportedProtocol)


def _retry_after(response: httpx2.Response) -> float:
    """Seconds that the server asks us to wait: a number, or a date (RFC 9110, 10.2.3); 0 when it does not."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _plain(url: httpx2.URL | str) -> str:
    """The address without what may be secret: user, password, query."""
    try:
        return str(httpx2.URL(url).copy_with(username=None, password=None, query=None, fragment=None))
    except httpx2.InvalidURL:
        return repr(url)
