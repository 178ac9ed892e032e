"""Google access tokens, which last an hour: given in the settings, or created by google-auth from local credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from footfall.errors import MissingExtraError, SettingsError
from footfall.settings import Secret
from footfall.warehouses.quiet import silence
from footfall.warehouses.refusals import in_words

SCOPE = "https://www.googleapis.com/auth/bigquery.readonly"


def google_token() -> Callable[[], Secret]:
    """A function that returns a valid token: for the service account in the file GOOGLE_APPLICATION_CREDENTIALS, for
    the machine's account, or for `gcloud auth application-default login`."""
    silence("google.auth", "urllib3", "requests")
    try:
        import google.auth
        from google.auth.transport.requests import Request
    except ImportError:
        raise MissingExtraError("signing in at Google without a token in the settings", "bigquery") from None
    try:
        # Typed manually: google-auth is only partly typed, and if it is not installed mypy knows no types.
        credentials: Any = google.auth.default(scopes=[SCOPE])[0]
    except google.auth.exceptions.GoogleAuthError as error:
        raise SettingsError(
            f"no credentials of Google were found ({in_words(str(error))}); set GOOGLE_APPLICATION_CREDENTIALS to the file "
            "of a service account, or give an access token as `password`."
        ) from None
    request: Any = Request()

    def token() -> Secret:
        if not credentials.valid:
            try:
                credentials.refresh(request)
            except google.auth.exceptions.GoogleAuthError as error:
                raise SettingsError(f"Google gives no token: {in_words(str(error))}; check the credentials.") from None
        return Secret(str(credentials.token))

    return token
