"""Who an author is, and whether it is a bot."""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import cached_property

from footfall.settings import Secret

KNOWN_BOTS = tuple(
    """*[[]bot]*, bot, *-bot, *_bot, bot@*, *-bot@*, renovate bot, dependabot, dependabot-preview, support@dependabot.com,
    renovate, pre-commit-ci, github-actions, github action, action@github.com, actions@github.com, greenkeeper,
    allcontributors, imgbot, imgbotapp, mergify, meeseeksmachine, lumberbot*, henchbot, conda-forge-admin, regro-cf-autotick*,
    weblate, hosted weblate, transifex, codecov, pyup.io, semantic-release, ansibot, ansibot@users.noreply.github.com,
    *+ansibot@users.noreply.github.com, *+copilot@users.noreply.github.com, copilot-swe-agent*, noreply@anthropic.com,
    *+claude@users.noreply.github.com, cursoragent@cursor.com, devin-ai-integration*, openhands@all-hands.dev""".replace(
        "\n    ", " "
    ).split(", ")
)
"""Names and e-mails of bots and agents, as lower-case patterns (`*` matches anything, `[[]` matches a bracket).

Agents that commit under several names are matched by e-mail. No pattern is a last name: people may be called Claude.
"""


_VERSION = "2"
"""Increased when the same author would get a different identity, or would be classified differently (bot or person)."""


class Authors:
    """The authors of commits; each name and address is classified once.

    People are identified by e-mail address. A bot that is recognised by name is identified by it, at any address.
    So an address that a person and a bot both use is not split, and whether an author is a bot is the same in all of
    their commits, in every repository.
    """

    def __init__(self, hash_key: Secret | None, bots: Sequence[str]) -> None:
        self._hash_key = hash_key
        patterns = (*KNOWN_BOTS, *(pattern.lower() for pattern in bots))
        self._is_bot = re.compile("|".join(map(fnmatch.translate, patterns))).match
        self._patterns = patterns
        self._seen: dict[tuple[bytes, bytes], tuple[str | None, bool]] = {}

    @cached_property
    def _key(self) -> bytes | None:
        """Read lazily: queries need no key."""
        return self._hash_key.reveal().encode() if self._hash_key else None

    @cached_property
    def fingerprint(self) -> str:
        """Changes when authors would be identified differently: depends on the key and the bot patterns."""
        marks = "\n".join((self._hashed("footfall") if self._key else "plain", _VERSION, *self._patterns))
        return hashlib.sha256(marks.encode()).hexdigest()[:12]

    def __call__(self, name: bytes, email: bytes) -> tuple[str | None, bool]:
        known = self._seen.get((name, email))
        if known is None:
            known = self._seen[name, email] = self._look_at(text_of(name), text_of(email))
        return known

    def _look_at(self, name: str, email: str) -> tuple[str | None, bool]:
        identity = (name if self._is_bot(name) else email or name) or None
        is_bot = identity is not None and self._is_bot(identity) is not None
        return self._hashed(identity) if identity and self._key else identity, is_bot

    def _hashed(self, identity: str) -> str:
        assert self._key is not None
        return hmac.new(self._key, identity.encode(), hashlib.sha256).hexdigest()[:16]


def text_of(raw: bytes) -> str:
    """A name or an address in lower case; bytes that are not UTF-8 stay distinct, as \\xe9."""
    return raw.decode(errors="backslashreplace").strip().lower()
