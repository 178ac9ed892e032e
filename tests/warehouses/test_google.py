"""Tokens of Google: without the library or credentials one sentence says what to do; with them a token is renewed in time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from footfall.errors import MissingExtraError, SettingsError
from footfall.warehouses.google import google_token


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(MissingExtraError, match="signing in at Google without a token in the settings"):
        google_token()


@pytest.mark.parametrize("content", [None, "", "{}", '{"type": "service_account"}', "not json"])
def test_a_file_that_holds_no_credentials_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    pytest.importorskip("google.auth")
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(
        SettingsError, match="set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account"
    ) as raised:
        google_token()
    assert "\n" not in str(raised.value)
