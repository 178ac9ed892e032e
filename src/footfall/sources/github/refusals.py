"""What GitHub's refusals mean, and how to fix them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from footfall.errors import SourceError
from footfall.http import StatusError
from footfall.sources.github.credentials import NO_TOKEN


class RefusedError(SourceError):
    """GitHub refuses to answer; `fix` says what to do."""

    def __init__(self, reason: str, fix: str = "", status: int = 0) -> None:
        self.reason, self.fix, self.status = reason, fix, status
        super().__init__(f"{reason}; {fix}." if fix else f"{reason}.")


class UsedUpError(RefusedError):
    """The limit of a credential is used up until `resets_at`."""

    def __init__(self, who: str, resets_at: datetime) -> None:
        self.resets_at = resets_at
        super().__init__(
            f"the limit of {who} is used up until {resets_at:%H:%M} UTC",
            "collect again after that, or use another token",
            403,
        )


def refusal(error: StatusError, who: str, permission: str) -> RefusedError:
    """The refusal as our error: `who` asked, and `permission` is what the endpoint needs."""
    if resets_at := _used_up(error.headers):
        return UsedUpError(who, resets_at)
    said = _said(error.body)
    reason, fix = _explained(error, said, who, permission)
    return RefusedError(f"{reason} ({error.status}{f': {said}' if said else ''})", fix, error.status)


def _explained(error: StatusError, said: str, who: str, permission: str) -> tuple[str, str]:
    folded = said.lower()
    match error.status:
        case 401:
            return f"GitHub does not accept {who}", "it is mistyped, revoked or expired: create a new one"
        case 403 | 429 if is_secondary(error.body) or error.status == 429:
            return "GitHub limits the rate of requests", "lower `concurrency`, or collect again later"
        case 401 | 403 if who == NO_TOKEN:
            return (
                "GitHub does not allow it without a token",
                f"set `token`, or a token of the owner, with {permission}",
            )
        case 403 if "sso" in folded or "saml" in folded or "x-github-sso" in error.headers:
            return f"the organisation does not accept {who} yet", "authorise it for the organisation (Configure SSO)"
        case 403 if "organization" in folded and ("forbids" in folded or "restrict" in folded or "approv" in folded):
            return f"the organisation does not allow {who}", "ask an owner of the organisation to approve it"
        case 403 if "by integration" in folded:
            return (
                f"{who} is of the wrong kind, as is every token of GitHub Actions, or its App lacks the permission",
                f"use a personal token or an App with {permission}",
            )
        case 403 if "by personal access token" in folded:
            return f"{who} lacks a permission", f"give it {permission}"
        case 403 if "push access" in folded:
            return f"{who} is of an account without push access", f"use one of a maintainer, with {permission}"
        case 403:
            return f"GitHub does not allow it to {who}", f"it needs {permission}"
        case 404 if not said:
            return "there is no API of GitHub at this address", "check `api` in footfall.toml"
        case 404:
            return (
                f"GitHub has nothing there for {who}",
                f"it was deleted, or is private and {who} may not see it: it needs {permission}",
            )
        case 409:
            return "the repository is empty", ""
        case status if status >= 500:
            return "GitHub has an internal error", "collect again later"
        case _:
            return "GitHub refuses the request", ""


def _said(body: str) -> str:
    try:
        message = json.loads(body).get("message", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(message)[:200].rstrip(".")


def is_secondary(body: str) -> bool:
    """Whether a refusal is a secondary limit; sometimes only the body says so."""
    folded = body.lower()
    return "secondary rate limit" in folded or "abuse detection" in folded


def _used_up(headers: Mapping[str, str]) -> datetime | None:
    """When the primary limit resets, if it is used up."""
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") != "0" or not reset.isdecimal():
        return None
    return datetime.fromtimestamp(int(reset), UTC)


class Waits:
    """How long to wait if `Retry-After` is absent: until a limit's reset, or a minute, then longer.

    Args:
        now: The clock that resets are checked against.
        first: Seconds to wait at the first secondary limit; each further one within `memory` doubles it.
    """

    def __init__(self, now: Callable[[], datetime], first: float = 60.0) -> None:
        self._now, self._first = now, first
        self._times = 0
        self._last: datetime | None = None
        self._lock = threading.Lock()

    memory = timedelta(minutes=15)

    def __call__(self, status: int, headers: Mapping[str, str], body: str) -> float:
        if status not in (403, 429) or headers.get("retry-after"):
            return 0.0
        now = self._now()
        if resets_at := _used_up(headers):
            return max(1.0, (resets_at - now).total_seconds())
        if not is_secondary(body) and status != 429:
            return 0.0
        with self._lock:
            if self._last is None or now - self._last > self.memory:
                self._times = 0
            self._times, self._last = self._times + 1, now
            return self._first * float(2 ** (self._times - 1))
