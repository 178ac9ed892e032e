"""Who an author is, and whether it is a bot."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from fnmatch import fnmatchcase

from footfall.settings import Secret

KNOWN_BOTS = tuple(
    """*[[]bot]*, bot, *-bot, *_bot, * bot, bot@*, *-bot@*, dependabot, dependabot-preview, support@dependabot.com, renovate,
    pre-commit-ci, github-actions, github action, action@github.com, actions@github.com, greenkeeper, allcontributors, imgbot,
    mergify, meeseeksmachine, lumberbot*, henchbot, conda-forge-admin, regro-cf-autotick*, weblate, hosted weblate, transifex,
    codecov, pyup.io, semantic-release""".replace("\n    ", " ").split(", ")
)
"""Names and e-mails that are bots', as lower-case patterns (`*` is anything, `[[]` a bracket)."""


class Authors:
    """Who the author of a commit is; each name and address is looked at once."""

    def __init__(self, hash_key: Secret | None, bots: Sequence[str]) -> None:
        self._key = hash_key.reveal().encode() if hash_key else None
        self._bots = (*KNOWN_BOTS, *(pattern.lower() for pattern in bots))
        self._seen: dict[tuple[bytes, bytes], tuple[str | None, bool]] = {}
        marks = "\n".join((self._hashed("footfall") if self._key else "plain", *self._bots))
        self.fingerprint = hashlib.sha256(marks.encode()).hexdigest()[:12]

    def __call__(self, name: bytes, email: bytes) -> tuple[str | None, bool]:
        known = self._seen.get((name, email))
        if known is None:
            known = self._seen[name, email] = self._look_at(text_of(name), text_of(email))
        return known

    def _look_at(self, name: str, email: str) -> tuple[str | None, bool]:
        identity = email or name or None
        is_bot = any(fnmatchcase(text, pattern) for text in (name, email) for pattern in self._bots)
        return self._hashed(identity) if identity and self._key else identity, is_bot

    def _hashed(self, identity: str) -> str:
        assert self._key is not None
        return hmac.new(self._key, identity.encode(), hashlib.sha256).hexdigest()[:16]


def text_of(raw: bytes) -> str:
    """A name or an address in lower case; bytes that are no UTF-8 stay apart from one another, as \\xe9."""
    return raw.decode(errors="backslashreplace").strip().lower()
