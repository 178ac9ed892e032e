"""Who an author is: people by address, bots by name, and no name where a key hides it."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from footfall.settings import Secret
from footfall.sources.authors import Authors, text_of


@pytest.mark.parametrize(
    ("name", "email", "identity", "is_bot"),
    [
        ("Ada", "Ada@Example.org", "ada@example.org", False),
        ("Ada", "", "ada", False),
        ("", "", None, False),
        ("  ", " ", None, False),
        ("dependabot[bot]", "support@github.com", "dependabot[bot]", True),
        ("Renovate Bot", "a@b", "renovate bot", True),
        ("pre-commit-ci", "", "pre-commit-ci", True),
        ("Ada", "bot@example.org", "bot@example.org", True),
        ("Claude Monet", "claude@example.org", "claude@example.org", False),  # a first name is no agent
        ("Claude", "noreply@anthropic.com", "noreply@anthropic.com", True),
        ("Robot Maker", "maker@example.org", "maker@example.org", False),
        ("Abbot", "abbot@example.org", "abbot@example.org", False),
        ("[b]", "x@example.org", "x@example.org", False),
    ],
)
def test_people_are_addresses_and_bots_are_names(name: str, email: str, identity: str | None, is_bot: bool) -> None:
    assert Authors(None, ())(name.encode(), email.encode()) == (identity, is_bot)


def test_patterns_of_the_settings_come_on_top_whatever_their_case() -> None:
    authors = Authors(None, ["*@CI.example.org", "Build *"])
    assert authors(b"Ada", b"ada@ci.example.org") == ("ada@ci.example.org", True)
    assert authors(b"build nightly", b"ada@example.org") == ("build nightly", True)
    assert authors(b"dependabot", b"") == ("dependabot", True)


def test_with_a_key_an_identity_is_a_hash_that_only_the_key_gives() -> None:
    key = "a-key-of-a-test-only"
    right = hmac.new(key.encode(), b"ada@example.org", hashlib.sha256).hexdigest()[:16]
    assert Authors(Secret(key), ())(b"Ada", b"ADA@example.org") == (right, False)
    assert Authors(Secret("another-key"), ())(b"Ada", b"ada@example.org")[0] != right
    assert Authors(Secret(key), ())(b"", b"") == (None, False)
    assert Authors(Secret(key), ())(b"dependabot", b"")[1] is True


def test_the_fingerprint_changes_with_who_is_who() -> None:
    prints = [
        Authors(None, ()).fingerprint,
        Authors(None, ["x"]).fingerprint,
        Authors(Secret("a-key-of-a-test"), ()).fingerprint,
        Authors(Secret("another-key"), ()).fingerprint,
    ]
    assert len(set(prints)) == 4
    assert Authors(None, ["X"]).fingerprint == prints[1], "case is ignored"


def test_bytes_of_another_encoding_stay_apart() -> None:
    assert text_of("Zoë ".encode()) == "zoë"
    assert text_of("Zoë".encode("latin-1")) == "zo\\xeb"
    assert text_of(b"\xe9") != text_of(b"\xe8")
