"""Sessions: a signed cookie with the user and an expiry; it holds no token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.access.tokens import Tokens
from footfall.access.viewer import Scope, Viewer
from footfall.errors import AccessError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from footfall.web.site import Site

COOKIE = "footfall_session"
LASTS = timedelta(days=14)
_KEY_FILE = "cookies.key"
_TOKEN, _HUB = "token", "hub"
_FAULT = "the session has expired; sign in again."


class Sessions:
    """Makes and reads the values of session cookies.

    Args:
        scratch: The workspace's folder for what may be deleted: the key that signs is there, so that a restart signs
            no user out.
        tokens: What a session by token must still be among.
    """

    def __init__(self, scratch: Path, tokens: Tokens) -> None:
        self._key, self._tokens = _key_in(scratch / _KEY_FILE), tokens

    def of_token(self, id: str, now: datetime) -> str:
        """The cookie of who signed in with the token of that id."""
        return self.signed({"by": _TOKEN, "id": id, "until": int((now + LASTS).timestamp())}, COOKIE)

    def of_hub(self, user: str, scopes: frozenset[Scope], now: datetime) -> str:
        """The cookie of a user whom a JupyterHub signed in."""
        until = int((now + timedelta(hours=12)).timestamp())  # what the hub takes back is taken back here within a day
        return self.signed({"by": _HUB, "id": user, "scopes": sorted(scopes), "until": until}, COOKIE)

    def viewer_of(self, cookie: str, now: datetime) -> Viewer:
        """Who signed in.

        Raises:
            AccessError: For a cookie that is not ours or is over, or whose token was revoked.
        """
        said = self.read(cookie, COOKIE)
        if said.get("until", 0) <= now.timestamp():
            raise AccessError(_FAULT)
        if said.get("by") == _HUB:
            return Viewer(str(said["id"]), frozenset(Scope(scope) for scope in said["scopes"]))
        return self._tokens.viewer_of_id(str(said.get("id")), now)

    def signed(self, said: dict[str, Any], purpose: str) -> str:
        """Something that comes back through a browser unchanged; see `read`."""
        text = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()
        return f"{text}.{self._signature(text, purpose)}"

    def read(self, value: str, purpose: str) -> dict[str, Any]:
        """What was signed for a purpose.

        Raises:
            AccessError: For what we did not sign for it.
        """
        text, _, signature = value.partition(".")
        if not hmac.compare_digest(self._signature(text, purpose).encode(), signature.encode("utf-8", "replace")):
            raise AccessError(_FAULT)
        said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text.encode()))
        return said

    def _signature(self, text: str, purpose: str) -> str:
        """Signatures are valid for one purpose only."""
        return hmac.new(self._key, f"{purpose}\n{text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _key_in(file: Path) -> bytes:
    """The key that signs; where the folder cannot be written, one that lives as long as the process."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(secrets.token_bytes(32))
        except FileExistsError:
            pass
        key = file.read_bytes()
        if len(key) == 32:
            return key
    except OSError:
        pass
    return secrets.token_bytes(32)


def set_session(site: Site, request: Request, response: Response, value: str) -> None:
    """The cookie of a session: no script reads it, no other site sends it along with a form."""
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(LASTS.total_seconds()),
        path=f"{site.prefix}/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    response.headers["Cache-Control"] = "no-store"
