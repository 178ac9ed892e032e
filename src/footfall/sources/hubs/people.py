"""Who is a person, staff or a service, and the name under which each is stored."""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from functools import cached_property

from footfall.settings import Secret


class Role(StrEnum):
    """The role of a user of a hub, according to the settings."""

    PERSON = "person"
    STAFF = "staff"
    SERVICE = "service"
    """An account that no person uses: a health check, a bot."""
    LAUNCH = "launch"
    """A Binder launch, which creates a new user each time."""


class People:
    """Users of hubs: their roles, and the names under which they are stored.

    Args:
        hash_key: Names are stored as keyed hashes (HMAC-SHA-256, 16 hex digits); None stores them unchanged.
        staff: Name patterns (`*` matches anything), ignoring case.
        services: Name patterns of accounts that no person uses.
        staff_groups: Groups of the hub whose members are staff.

    Example:
        >>> people = People(None, staff=("choldgraf",), services=("deployment-*",))
        >>> people.role("deployment-service-check").value, people.kept_name("ada")
        ('service', 'ada')
    """

    def __init__(
        self,
        hash_key: Secret | None,
        *,
        staff: Sequence[str] = (),
        services: Sequence[str] = (),
        staff_groups: Collection[str] = (),
    ) -> None:
        self._hash_key = hash_key
        self._is_staff = _matcher(staff)
        self._is_service = _matcher(services)
        self._staff_groups = frozenset(staff_groups)

    @cached_property
    def _key(self) -> bytes | None:
        """Read lazily: queries need no key."""
        return self._hash_key.reveal().encode() if self._hash_key else None

    @property
    def fingerprint(self) -> str:
        """Changes when the same user would be stored under a different name: depends on the key."""
        return self.kept_name("footfall")[:8] if self._key else "plain"

    def kept_name(self, name: str) -> str:
        """The name under which a user is stored: the same in every hub and source that uses the same key."""
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:16] if self._key else name

    def role(self, name: str, groups: Collection[str] = ()) -> Role:
        """The role of a user. An account that no person uses is a service, whatever its groups."""
        if self._is_service(name.lower()):
            return Role.SERVICE
        is_staff = bool(self._is_staff(name.lower())) or not self._staff_groups.isdisjoint(groups)
        return Role.STAFF if is_staff else Role.PERSON


def _matcher(patterns: Sequence[str]) -> Callable[[str], object]:
    """Whether a name in lower case matches one of the patterns; False if there are none."""
    return re.compile("|".join(fnmatch.translate(each.lower()) for each in patterns) or r"(?!)").match
