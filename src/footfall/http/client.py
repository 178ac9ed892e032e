"""The client: requests within the limits of their host, with retries."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import stamina

from footfall.errors import BrokenDataError, UnreachableError
from footfall.http.kept import Kept
from footfall.http.limits import Limit, Turns
from footfall.http.parts import Piece
from footfall.http.patience import LONGEST_WAIT, StatusError, may_retry, plain, retry_after
from footfall.http.sendable import check_headers, is_sendable

T = TypeVar("T")
logging.getLogger("stamina").addHandler(logging.NullHandler())  # successful retries are not logged
MOST_PAGES = 10_000


class NotReadyError(UnreachableError):
    """The server continues preparing its answer (202)."""


class Client:
    """One per process is enough; it is thread-safe.

    Args:
        transport: The network; tests pass `httpx2.MockTransport(function)`.
        headers: Sent with every request.
        timeout: Seconds without a byte after which an attempt is abandoned.
        attempts: How often a request is tried.
        wait: Seconds before the second attempt; later ones wait longer.
        concurrency, pause: The limit of every host that has none of its own, see `limit`.
        clock, sleep: What limits are kept by.
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
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        agent = f"footfall/{version('footfall')} (usage analytics for open-source projects)"
        self._http = httpx2.Client(
            transport=transport,
            headers={"User-Agent": agent, **(headers or {})},
            timeout=timeout,
            follow_redirects=True,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
        )
        self._attempts = attempts
        self._wait = wait
        self._usual = Limit(concurrency, pause)
        self._clock = clock
        self._sleep = sleep
        self._turns: dict[str, Turns] = {}
        self._lock = threading.Lock()

    def limit(self, host: str, limit: Limit) -> None:
        """Keep a limit for a host (or `host:port`), from the next request on."""
        with self._lock:
            self._turns[host.lower()] = Turns(limit, self._clock, self._sleep)

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
        keep: Kept | None = None,
        ready_within: float = 0.0,
    ) -> httpx2.Response:
        """The whole answer.

        Args:
            etag: Of an answer that the caller has: when nothing changed, the status is 304 and there is no body.
            keep: Where answers are kept: when nothing changed, the answer as it was kept (`is_kept` tells).
            ready_within: Seconds to retry a 202; then a NotReadyError. 0: a 202 is an answer.
        """
        sent = {**(headers or {}), **({"If-None-Match": etag} if etag and is_sendable(etag) else {})}

        def act() -> httpx2.Response:
            return self._get(url, params, sent, keep)

        until = self._clock() + ready_within
        wait = 1.0
        while (response := self._patiently(url, act, sent)).status_code == 202 and ready_within:
            pause = retry_after(response) or wait
            if self._clock() + pause > until:
                raise NotReadyError(
                    f"{plain(url)} is still being prepared (202) after {ready_within:.0f} s; try again later."
                )
            self._sleep(pause)
            wait = min(2 * wait, 30.0)
        return response

    def post(
        self,
        url: str,
        *,
        content: str | bytes | None = None,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        answers: Callable[[httpx2.Response], bool] = lambda response: False,
    ) -> httpx2.Response:
        """The whole answer to a question that is too long for an address. It may be sent more than once, as others are.

        It is not redirected: another place would be sent our credentials.

        Args:
            content: The body as it is; or `json`, what is to be sent as JSON.
            timeout: Seconds without a byte after which an attempt is abandoned, where a server needs longer than others.
            answers: Tells whether a refusal is an answer that the caller reads: it is returned, and not tried again.
        """
        sent: dict[str, Any] = {"params": params, "headers": headers, "follow_redirects": False}
        sent |= {"json": json} if content is None else {"content": content}
        if timeout is not None:
            sent["timeout"] = timeout

        def act() -> httpx2.Response:
            return self._ask("POST", url, answers=answers, **sent)

        response = self._patiently(url, act, headers)
        if response.is_redirect:
            there = (
                plain(response.url.join(response.headers["Location"]))
                if response.has_redirect_location
                else "elsewhere"
            )
            raise UnreachableError(
                f"{plain(url)} points to {there}; if that is right, write that address in the settings."
            )
        return response

    def _get(
        self, url: str, params: Mapping[str, Any] | None, headers: Mapping[str, str], keep: Kept | None
    ) -> httpx2.Response:
        if keep is None:
            return self._ask("GET", url, params=params, headers=headers)
        request = self._http.build_request("GET", url, params=params, headers=headers)
        kept = keep.find(request.url, request.headers)
        conditions = kept.conditions if kept else {}
        response = self._ask("GET", url, params=params, headers={**headers, **conditions})
        if kept and response.status_code == 304:
            return kept.restored(response)
        keep.keep(request.url, request.headers, response)
        return response

    def pages(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        keep: Kept | None = None,
        hosts: Collection[str] = (),
        ready_within: float = 0.0,
    ) -> Iterator[httpx2.Response]:
        """The answer and those after it, as `Link: <…>; rel="next"` names them (RFC 8288).

        Only the host that was asked is followed, and `hosts`: another one would be sent our credentials.
        `ready_within` is as in `get`, for each page.
        """
        seen: set[str] = set()
        asked, more = httpx2.URL(url), params
        for _ in range(MOST_PAGES):
            seen.add(str(asked.copy_merge_params(more) if more else asked))
            response = self.get(str(asked), params=more, headers=headers, keep=keep, ready_within=ready_within)
            yield response
            link = response.links.get("next", {}).get("url")
            if not link:
                return
            following, more = response.url.join(link), None
            if _origin(following) != _origin(httpx2.URL(url)) and following.host not in hosts:
                raise UnreachableError(
                    f"{plain(url)} names {plain(following)} as its next page, which is another host; it is not followed."
                )
            if str(following) in seen:
                raise BrokenDataError(f"{plain(url)} names a page as next that came before: {plain(following)}.")
            asked = following
        raise BrokenDataError(f"{plain(url)} has more than {MOST_PAGES:,} pages.")

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        """The headers only; from a server that refuses HEAD, those of a GET that is not read."""
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        try:
            return self._patiently(url, lambda: self._ask("HEAD", url, headers=sent), sent)
        except StatusError as error:
            if error.status not in (405, 501):
                raise
        return self._patiently(url, lambda: self._ask("GET", url, headers=sent, is_read=False), sent)

    def json(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        response = self.get(url, params=params, headers={"Accept": "application/json", **(headers or {})})
        try:
            return response.json()
        except (ValueError, RecursionError):
            kind = response.headers.get("Content-Type", "no content type")
            raise BrokenDataError(f"{plain(response.url)} did not answer with JSON but with {kind}.") from None

    def download(self, url: str, to: Path, *, tell: Callable[[int], None] | None = None) -> httpx2.Headers:
        """Fetch `url` into the file `to`, which appears only when it is whole.

        Partial downloads are kept in `<to>.part`; a later attempt, even of another process, asks for the
        rest of it if the server still holds the same version (If-Range), and else starts over.
        `tell` receives how many bytes arrived.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        return self._patiently(url, lambda: self._download(url, Piece(to), tell))

    def _download(self, url: str, part: Piece, tell: Callable[[int], None] | None) -> httpx2.Headers:
        sent = {"Accept-Encoding": "identity", **part.asks_for_the_rest()}
        with self._turn(url), self._http.stream("GET", url, headers=sent) as response:
            if response.status_code == 416:  # what we hold is not a beginning of what is there now
                part.discard()
                raise httpx2.ReadError("the file changed in the meantime", request=response.request)
            if response.status_code >= 400:
                raise self._refusal(response)
            length = response.headers.get("Content-Length", "")
            got = part.write(response, tell)
            # an encoded body (a server that ignores `identity`) is longer than its Content-Length
            if length.isdigit() and "Content-Encoding" not in response.headers and got != int(length):
                raise httpx2.ReadError(f"only {got} of {length} bytes arrived", request=response.request)
            part.finish()
            return response.headers

    def _ask(
        self,
        method: str,
        url: str,
        *,
        is_read: bool = True,
        answers: Callable[[httpx2.Response], bool] = lambda response: False,
        **sent: Any,
    ) -> httpx2.Response:
        with self._turn(url), self._http.stream(method, url, **sent) as response:
            if is_read:
                response.read()
                _check_whole(response)
            if response.status_code >= 400 and not answers(response):
                raise self._refusal(response)
            return response

    def _refusal(self, response: httpx2.Response) -> StatusError:
        """The error; what asks to wait asks that of all threads."""
        turns = self._turns_of(response.url)
        text = response.text[:4000] if response.is_closed else ""
        error = StatusError(response, turns.asked_to_wait(response.status_code, response.headers, text))
        if error.is_passing and 0 < error.retry_after <= LONGEST_WAIT:
            turns.hold(error.retry_after)
        return error

    def _turn(self, url: str) -> AbstractContextManager[None]:
        try:
            return self._turns_of(httpx2.URL(url)).turn()
        except httpx2.InvalidURL:
            return nullcontext()  # asking says what is wrong with it

    def _turns_of(self, url: httpx2.URL) -> Turns:
        place = url.netloc.decode("ascii", "replace").lower()
        with self._lock:
            for name in (place, url.host.lower()):
                if name in self._turns:
                    return self._turns[name]
            return self._turns.setdefault(place, Turns(self._usual, self._clock, self._sleep))

    def _patiently(self, url: str, act: Callable[[], T], headers: Mapping[str, str] | None = None) -> T:
        """Run `act` with retries; a final failure is one sentence."""
        check_headers(url, headers or {})
        try:
            for attempt in stamina.retry_context(
                on=may_retry,
                attempts=self._attempts,
                timeout=None,
                wait_initial=self._wait,
                wait_max=30.0,
                wait_jitter=self._wait,
            ):
                with attempt:
                    return act()
        except httpx2.TimeoutException:
            raise UnreachableError(f"{plain(url)} did not answer in time; try again later.") from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            raise UnreachableError(f"{url!r} is not a web address; write one like https://example.org/path.") from None
        except httpx2.HTTPError as error:
            raise UnreachableError(
                f"{plain(url)} cannot be reached ({str(error) or type(error).__name__}); check the address and the connection."
            ) from None
        raise AssertionError("stamina either returns or raises")


def _check_whole(response: httpx2.Response) -> None:
    """A body that is shorter than it was said to be ended too early; of a packed one, unpacking it tells."""
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal() or "Content-Encoding" in response.headers:
        return
    has_body = response.request.method != "HEAD" and response.status_code not in (204, 304)
    if has_body and (got := len(response.content)) < int(length):
        raise httpx2.ReadError(f"only {got} of {length} bytes arrived", request=response.request)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port
