"""When to retry, and after how long; errors of a server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2

from footfall.errors import UnreachableError

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 120.0
"""The longest Retry-After, in seconds, that is waited for; a longer one is an error."""


class StatusError(UnreachableError):
    """The server answered, with a status of 400 or more."""

    def __init__(self, response: httpx2.Response, asked_to_wait: float = 0.0) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.body = _beginning(response)
        """The beginning of the response body, for callers that can parse it."""
        self.retry_after = max(retry_after(response), asked_to_wait)
        wait = f" and asks to wait {self.retry_after:.0f} s" if self.retry_after else ""
        super().__init__(
            f"{plain(response.url)} answered {self.status} {response.reason_phrase}{wait}; {self._hint()}."
        )

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed later. A 403 that asks to wait is a limit that was reached."""
        return self.status in RETRIED or (self.status == 403 and self.retry_after > 0)

    def _hint(self) -> str:
        match self.status:
            case _ if self.is_passing:
                return "try again later"
            case 401 | 403:
                return "check that the credentials are set and allow it"
            case 404 | 410:
                return "check the address"
            case _:
                return "the server refuses the request"


def _beginning(response: httpx2.Response) -> str:
    try:
        return response.text[:4000]
    except httpx2.ResponseNotRead:
        return ""


def may_retry(error: Exception) -> bool | float:
    """Whether another attempt may help, or after how many seconds it may."""
    if isinstance(error, StatusError):
        if not error.is_passing or error.retry_after > LONGEST_WAIT:
            return False
        return error.retry_after or True
    if isinstance(error, httpx2.DecodingError):  # a packed body that ended too early
        return True
    return isinstance(error, httpx2.TransportError) and not isinstance(error, httpx2.UnsupportedProtocol)


def retry_after(response: httpx2.Response) -> float:
    """Seconds that the server asks us to wait: a number, or a date (RFC 9110, 10.2.3); 0 when it does not."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def plain(url: httpx2.URL | str) -> str:
    """The address without what may be secret: user, password, query."""
    try:
        return str(httpx2.URL(url).copy_with(username=None, password=None, query=None, fragment=None))
    except httpx2.InvalidURL:
        return repr(url)
