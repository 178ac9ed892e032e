"""Signing in through a JupyterHub, whose service this is: by OAuth, with JupyterHub's own HubOAuth.

JupyterHub starts a service with its addresses and its token in the environment; where these are, people sign in there.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from footfall.access.viewer import Scope
from footfall.concealing import remember
from footfall.errors import AccessError, MissingExtraError, NotAllowedError, SettingsError
from footfall.web.security import local_path
from footfall.web.sessions import set_session

if TYPE_CHECKING:
    from footfall.web.site import Site

_NEEDED = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_API_URL", "JUPYTERHUB_CLIENT_ID", "JUPYTERHUB_SERVICE_PREFIX")
_STATE = "footfall_hub_state"
_STATE_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class HubService:
    """What JupyterHub says to a service that it runs."""

    prefix: str
    """What every address begins with, without a slash at its end."""
    host: str | None
    port: int | None
    oauth: Any
    """JupyterHub's HubOAuth."""


def hub_of(environment: Mapping[str, str] = os.environ) -> HubService | None:
    """The hub whose service this is; None where there is none.

    Raises:
        SettingsError: Where a part of what a hub says is missing.
        MissingExtraError: Without the package jupyterhub.
    """
    if "JUPYTERHUB_SERVICE_PREFIX" not in environment:
        return None
    if missing := [name for name in _NEEDED if not environment.get(name)]:
        raise SettingsError(f"{missing[0]} is not set, which a service of JupyterHub needs; let the hub start it.")
    try:
        from jupyterhub.services.auth import HubOAuth
    except ImportError:
        raise MissingExtraError("a service of JupyterHub", "jupyterhub") from None
    remember(environment["JUPYTERHUB_API_TOKEN"])
    address = urlsplit(environment.get("JUPYTERHUB_SERVICE_URL", ""))
    prefix = environment["JUPYTERHUB_SERVICE_PREFIX"].rstrip("/")
    return HubService(prefix, address.hostname, address.port, HubOAuth())


def routes(site: Site, hub: HubService) -> list[BaseRoute]:
    """To the hub, and back from it."""

    async def leave(request: Request) -> Response:
        return _to_hub(site, hub, request, local_path(request.query_params.get("next", "/")))

    async def come_back(request: Request) -> Response:
        return await _from_hub(site, hub, request)

    return [
        Route("/login/hub", leave, methods=["GET"], name="hub"),
        Route("/oauth_callback", come_back, methods=["GET"]),
    ]


def _to_hub(site: Site, hub: HubService, request: Request, back: str) -> Response:
    """To the hub's page, with a state that only this browser can bring back, and the challenge of a secret (PKCE)."""
    verifier, challenge, method = hub.oauth.generate_pkce_code_challenge()
    state, until = secrets.token_urlsafe(16), site.workspace.now() + _STATE_LASTS
    asked = urlencode({"state": state, "code_challenge": challenge, "code_challenge_method": method})
    response = RedirectResponse(f"{hub.oauth.login_url}&{asked}", 303, {"Cache-Control": "no-store"})
    kept = {"state": state, "verifier": verifier, "next": back, "until": int(until.timestamp())}
    response.set_cookie(
        _STATE,
        site.sessions.signed(kept, _STATE),
        max_age=int(_STATE_LASTS.total_seconds()),
        path=f"{site.prefix}/oauth_callback",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def _from_hub(site: Site, hub: HubService, request: Request) -> Response:
    """Back from the hub: the code that it gave becomes a user, and the user a session. The hub's token is not kept."""
    kept, now = site.sessions.read(request.cookies.get(_STATE, ""), _STATE), site.workspace.now()
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    if not secrets.compare_digest(state.encode(), str(kept["state"]).encode()) or not code:
        raise AccessError("This sign-in was not started here; sign in again.")
    if kept.get("until", 0) <= now.timestamp():
        raise AccessError("signing in took too long; try again.")
    user = await _user(hub, code, str(kept["verifier"]))
    if not hub.oauth.check_scopes(hub.oauth.access_scopes, user):
        raise NotAllowedError(
            f"JupyterHub does not let {user['name']} use this service; ask the administrators of the hub."
        )
    scopes = frozenset({Scope.READ, Scope.ADMIN} if user.get("admin") else {Scope.READ})
    response = RedirectResponse(f"{site.prefix}{local_path(str(kept['next']))}", 303)
    set_session(site, request, response, site.sessions.of_hub(str(user["name"]), scopes, now))
    response.delete_cookie(_STATE, path=f"{site.prefix}/oauth_callback")
    return response


async def _user(hub: HubService, code: str, verifier: str) -> dict[str, Any]:
    """Whom the hub gave the code for."""
    from tornado.web import HTTPError

    try:
        token = await hub.oauth.token_for_code(code, code_verifier=verifier, sync=False)
        remember(token)
        user: dict[str, Any] | None = await hub.oauth.user_for_token(token, use_cache=False, sync=False)
    except HTTPError as error:
        raise AccessError(f"JupyterHub did not say who signed in ({error.status_code}); try again.") from None
    if not user:
        raise AccessError("JupyterHub knows no user for this; sign in again.")
    return user


def login_address(site: Site, back: str) -> str:
    """Where a browser signs in through the hub, and comes back to `back`."""
    return f"{site.prefix}/login/hub?next={quote(back)}"
