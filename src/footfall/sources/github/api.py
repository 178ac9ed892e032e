"""GitHub's API: requests about repositories, with the credential of each owner, within GitHub's limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from footfall.errors import BrokenDataError
from footfall.http import Client, Kept, Limit, StatusError
from footfall.sources.github.credentials import Credential, Credentials
from footfall.sources.github.refusals import RefusedError, UsedUpError, Waits, refusal

if TYPE_CHECKING:
    from footfall.sources.github.settings import GitHubSettings

JSON = "application/vnd.github+json"
STARRED = "application/vnd.github.star+json"
"""Requests stars with the moment at which they were given."""


class Api:
    """A client for GitHub; thread-safe.

    Args:
        settings: The source's settings.
        client: The HTTP client.
        answers: The folder of cached answers, each for the credential that received it.
        now: The clock that limits are checked against.
    """

    def __init__(self, settings: GitHubSettings, client: Client, answers: Path, now: Callable[[], datetime]) -> None:
        self.address = settings.api
        self.credentials = Credentials(settings, self._ask_as_app, now)
        self._settings, self._client, self._answers, self._now = settings, client, answers, now
        self._kept: dict[str, Kept] = {}
        self._used_up: dict[str, UsedUpError] = {}
        self._lock = threading.Lock()
        host = urlsplit(self.address).netloc.rpartition("@")[2]
        client.limit(host, Limit(concurrency=settings.concurrency, read_wait=Waits(now)))

    def get(self, path: str, owner: str, permission: str, *, accept: str = JSON, **params: Any) -> Any:
        """The parsed answer; None if GitHub has no content (204).

        Raises RefusedError with the `permission` that the endpoint needs, BrokenDataError, UnreachableError.
        """
        credential = self.credentials.of(owner)
        with _Translated(self, credential, permission):
            response = self._client.get(
                self.address + path,
                params=params or None,
                headers=self._headers(credential, accept),
                keep=self._kept_of(credential),
                ready_within=self._settings.patience,
            )
        return None if response.status_code == 204 else _parsed(response, path)

    def pages(self, path: str, owner: str, permission: str, *, accept: str = JSON, **params: Any) -> Iterator[Any]:
        """The parsed pages; `params` sets the page size."""
        credential = self.credentials.of(owner)
        pages = self._client.pages(
            self.address + path,
            params=params or None,
            headers=self._headers(credential, accept),
            keep=self._kept_of(credential),
            ready_within=self._settings.patience,
        )
        while True:
            with _Translated(self, credential, permission):
                response = next(pages, None)
            if response is None or response.status_code == 204:
                return
            yield _parsed(response, path)

    def _headers(self, credential: Credential, accept: str) -> Mapping[str, str]:
        with self._lock:
            used_up = self._used_up.get(credential.name)
        if used_up is not None and used_up.resets_at > self._now():
            raise used_up  # each further request would extend the wait
        return {"Accept": accept, "X-GitHub-Api-Version": self._settings.api_version, **credential.headers()}

    def _kept_of(self, credential: Credential) -> Kept:
        with self._lock:
            return self._kept.setdefault(credential.identity, Kept(self._answers, credential.identity))

    def _ask_as_app(self, method: str, path: str, headers: Mapping[str, str]) -> Any:
        sent = {"Accept": JSON, "X-GitHub-Api-Version": self._settings.api_version, **headers}
        url = self.address + path
        try:
            response = self._client.post(url, headers=sent) if method == "POST" else self._client.get(url, headers=sent)
        except StatusError as error:
            raise refusal(error, "the GitHub App", "to be installed at the owner") from None
        return _parsed(response, path)

    def remember(self, error: UsedUpError, credential: Credential) -> None:
        with self._lock:
            self._used_up[credential.name] = error


class _Translated:
    """Translates GitHub's refusals into our errors."""

    def __init__(self, api: Api, credential: Credential, permission: str) -> None:
        self._api, self._credential, self._permission = api, credential, permission

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, StatusError):
            return
        refused: RefusedError = refusal(error, self._credential.name, self._permission)
        if isinstance(refused, UsedUpError):
            self._api.remember(refused, self._credential)
        raise refused from None


def _parsed(response: Any, path: str) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        kind = response.headers.get("Content-Type", "no content type")
        raise BrokenDataError(f"GitHub's answer to {path} is not valid JSON ({kind}); try again later.") from None
