"""Tokens: made once, shown once, kept as hashes, looked up in constant time, revoked at once.

A token is `ff_<id>_<secret>`. The id finds it; of the secret, which has 256 random bits, only the SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from footfall.access.viewer import Scope, Viewer
from footfall.collect.lock import locked
from footfall.concealing import remember
from footfall.errors import AccessError, FootfallError, QueryError, UnknownNameError
from footfall.formats import instant_of
from footfall.periods import in_utc

FILE = "tokens.json"
"""Beside footfall.toml."""
_FORM = re.compile(r"ff_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@/-]{0,79}")
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """What is kept of a token."""

    id: str
    name: str
    hash: str
    """SHA-256 of its secret, in hexadecimal digits."""
    scopes: tuple[str, ...]
    projects: tuple[str, ...]
    made_at: str
    expires_at: str | None = None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and datetime.fromisoformat(self.expires_at) <= now

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.name, frozenset(Scope(scope) for scope in self.scopes), self.projects)


class Tokens:
    """The tokens of a workspace. A change in the file, such as a token revoked, is seen by the next look.

    Args:
        folder: The workspace.
        scratch: Its folder for locks.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._file, self._scratch = folder / FILE, scratch
        self._read: tuple[tuple[int, int, int] | None, dict[str, Token]] = (None, {})

    def every(self) -> list[Token]:
        """All of them, in the order in which they were made."""
        return list(self._known().values())

    def create(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        now: datetime,
        projects: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> str:
        """Make a token; its text is returned only here.

        Args:
            name: Whose or what for; no two tokens share it.
            scopes: Of "read", "mark" and "admin", at least one.
            now: When it is made.
            projects: Only these may be read with it; only with the scope "read".
            expires_at: From when on it is no longer valid.

        Raises:
            QueryError: For a name that is taken or has other characters, or an end in the past.
            UnknownNameError: For a scope that does not exist.
            FootfallError: When the file cannot be written.
        """
        _check(name, scopes, projects, now, expires_at)
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        remember(secret)
        made = Token(
            id,
            name,
            hashlib.sha256(secret.encode()).hexdigest(),
            tuple(dict.fromkeys(scopes)),
            tuple(dict.fromkeys(projects)),
            instant_of(now),
            None if expires_at is None else instant_of(in_utc(expires_at)),
        )
        with locked(self._scratch, now, "token"):
            known = self.every()
            if any(token.name == name for token in known):
                raise QueryError(f"there is a token called {name!r}; revoke it first, or choose another name.")
            self._write([*known, made])
        return f"ff_{id}_{secret}"

    def revoke(self, name: str, now: datetime) -> None:
        """No longer take a token.

        Raises:
            UnknownNameError: For a name that no token has.
        """
        with locked(self._scratch, now, "token"):
            known = self.every()
            if all(token.name != name for token in known):
                raise UnknownNameError("token", name, [token.name for token in known])
            self._write([token for token in known if token.name != name])

    def viewer_of(self, text: str, now: datetime) -> Viewer:
        """Who has the token `text`.

        Raises:
            AccessError: For one that is not known, was revoked, or is over.
        """
        found = _FORM.fullmatch(text.strip())
        token = self._known().get(found[1]) if found else None
        given = hashlib.sha256(found[2].encode()).hexdigest() if found else _NOTHING
        is_right = hmac.compare_digest(given, token.hash if token else "0" * 64)
        if token is None or not is_right:
            raise AccessError("the token is not valid; `footfall token create` makes one.")
        return self._valid(token, now)

    def viewer_of_id(self, id: str, now: datetime) -> Viewer:
        """Who has the token of an id that was proved before, such as by a signed cookie.

        Raises:
            AccessError: For one that was revoked or is over.
        """
        token = self._known().get(id)
        if token is None:
            raise AccessError("the token was revoked; sign in with another one.")
        return self._valid(token, now)

    @staticmethod
    def _valid(token: Token, now: datetime) -> Viewer:
        if token.is_over(now):
            raise AccessError(f"the token expired on {token.expires_at}; `footfall token create` makes another.")
        return token.viewer

    def _known(self) -> dict[str, Token]:
        try:
            stat = os.stat(self._file)
            state = stat.st_mtime_ns, stat.st_size, stat.st_ino
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise FootfallError(f"{self._file} cannot be read: {error.strerror}.") from None
        if self._read[0] != state:
            self._read = state, {token.id: token for token in _tokens_in(self._file)}
        return self._read[1]

    def _write(self, tokens: Iterable[Token]) -> None:
        fresh = self._file.with_name(f".{FILE}.{secrets.token_hex(4)}")
        text = json.dumps({"tokens": [asdict(token) for token in tokens]}, indent=2) + "\n"
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise FootfallError(f"{self._file} cannot be written: {error.strerror}.") from None


def _check(
    name: str, scopes: Sequence[str], projects: Sequence[str], now: datetime, expires_at: datetime | None
) -> None:
    if not _NAME.fullmatch(name):
        raise QueryError(
            f"{name[:80]!r} is not a name of a token: it has 1 to 80 letters, digits, blanks and . _ @ / -, and begins with a "
            "letter or digit."
        )
    for scope in scopes:
        if scope not in list(Scope):
            raise UnknownNameError("scope", scope, list(Scope))
    if not scopes:
        raise QueryError(f"a token needs a scope: {', '.join(Scope)}.")
    if projects and set(scopes) != {Scope.READ.value}:
        raise QueryError("a token for some projects may only read; leave out the other scopes, or the projects.")
    if expires_at is not None and in_utc(expires_at) <= now:
        raise QueryError(f"{expires_at:%Y-%m-%d} is in the past; a token must expire in the future.")


def _tokens_in(file: Path) -> list[Token]:
    try:
        given: Any = json.loads(file.read_text(encoding="utf-8"))["tokens"]
        tokens = [
            Token(**{**each, "scopes": tuple(each["scopes"]), "projects": tuple(each["projects"])}) for each in given
        ]
        for token in tokens:
            _ = token.viewer, token.is_over(datetime.fromisoformat(token.made_at))
    except (OSError, ValueError, KeyError, TypeError):
        raise FootfallError(f"{file} is damaged; restore it from a backup, or delete it and make new tokens.") from None
    return tokens
