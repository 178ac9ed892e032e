"""Credentials for GitHub: a token, a token for each owner, the installations of a GitHub App, or none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from footfall.errors import BrokenDataError, MissingExtraError, SettingsError
from footfall.settings import Secret

if TYPE_CHECKING:
    from footfall.sources.github.settings import AppSettings, GitHubSettings

NO_TOKEN = "no token"
_FRESH = timedelta(minutes=5)
"""An App token that expires sooner than this is not used any longer."""


class Credential(Protocol):
    """A credential."""

    @property
    def name(self) -> str:
        """Its name in messages; not a secret."""
        ...

    @property
    def identity(self) -> str:
        """Its identity if its token changes; empty if the token itself is the identity."""
        ...

    def headers(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Token:
    """A token of a user, classic or fine-grained."""

    name: str
    secret: Secret
    identity: str = ""

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.secret.reveal()}"}


@dataclass(frozen=True)
class Anonymous:
    """No credential: 60 requests an hour, and no traffic."""

    name: str = NO_TOKEN
    identity: str = ""

    def headers(self) -> Mapping[str, str]:
        return {}


Ask = Callable[..., Any]
"""Calls the API with the given headers: (method, path, headers) → parsed JSON."""


@dataclass
class Installation:
    """An installation of an App: its token is renewed every hour, and the credential stays the same."""

    owner: str
    app: AppSettings
    ask: Ask
    now: Callable[[], datetime]
    _token: Secret | None = None
    _ends_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        return f"the App {self.app.id} at {self.owner}"

    @property
    def identity(self) -> str:
        return f"app {self.app.id} at {self.owner.lower()}"

    def headers(self) -> Mapping[str, str]:
        with self._lock:
            if self._token is None or self._ends_at is None or self.now() + _FRESH >= self._ends_at:
                self._renew()
            assert self._token is not None
            return {"Authorization": f"Bearer {self._token.reveal()}"}

    def _renew(self) -> None:
        signed = {"Authorization": f"Bearer {self._signed()}"}
        found = self.ask("GET", f"/users/{self.owner}/installation", signed)
        try:
            made = self.ask("POST", f"/app/installations/{int(found['id'])}/access_tokens", signed)
            self._token = Secret(str(made["token"]))
            self._ends_at = datetime.fromisoformat(made["expires_at"])
        except (KeyError, TypeError, ValueError):
            raise BrokenDataError(
                f"GitHub gave no token for {self.name}; check the installations of the App."
            ) from None

    def _signed(self) -> str:
        """A JWT for the App, valid for some minutes, signed with its private key."""
        try:
            import jwt
        except ImportError:
            raise MissingExtraError("a GitHub App", "github") from None
        now = self.now()
        claims = {"iss": self.app.id, "iat": now - timedelta(minutes=1), "exp": now + timedelta(minutes=9)}
        try:
            return str(jwt.encode(claims, self.app.key.reveal(), algorithm="RS256"))
        except (ValueError, TypeError, jwt.exceptions.PyJWTError):
            raise SettingsError(
                "the `key` of the GitHub App is not a private key; give the complete text of the PEM file from GitHub."
            ) from None


class Credentials:
    """Which credential to use for the repositories of an owner."""

    def __init__(self, settings: GitHubSettings, ask: Ask, now: Callable[[], datetime]) -> None:
        self._app, self._ask, self._now = settings.app, ask, now
        self._usual: Credential = Token("the token", settings.token) if settings.token else Anonymous()
        self._owned: dict[str, Credential] = {
            owner.lower(): Token(f"the token of {owner}", secret) for owner, secret in settings.tokens.items()
        }
        self._lock = threading.Lock()

    def of(self, owner: str) -> Credential:
        """The credential for an owner; without an owner, the default one."""
        with self._lock:
            key = owner.lower()
            if self._app is not None and owner and key not in self._owned:
                self._owned[key] = Installation(owner, self._app, self._ask, self._now)
            return self._owned.get(key, self._usual)
