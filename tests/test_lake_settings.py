"""Settings of the lake: a folder or a bucket, and what its object store is given."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from footfall.errors import UnsetError
from footfall.lake_settings import LakeSettings


def test_by_default_it_is_a_folder_and_needs_nothing() -> None:
    assert (LakeSettings().address, LakeSettings().access) == ("lake", {})


def test_what_is_empty_is_not_given_and_credentials_win_over_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET_SECRET", "from-the-environment")
    settings = LakeSettings.model_validate(
        {
            "address": "s3://bucket/usage",
            "region": "eu-west-1",
            "options": {"allow_http": "true", "access_key_id": "old", "timeout": ""},
            "credentials": {"access_key_id": "new-key", "secret_access_key": {"env": "BUCKET_SECRET"}},
        }
    )
    assert settings.access == {
        "region": "eu-west-1",
        "allow_http": "true",
        "access_key_id": "new-key",
        "secret_access_key": "from-the-environment",
    }
    assert "new-key" not in repr(settings)
    assert "from-the-environment" not in repr(settings)


def test_an_unset_variable_is_named_when_the_lake_is_reached_and_not_before() -> None:
    settings = LakeSettings.model_validate({"credentials": {"secret_access_key": {"env": "NOT_SET_ANYWHERE"}}})
    with pytest.raises(UnsetError, match="NOT_SET_ANYWHERE"):
        _ = settings.access


@pytest.mark.parametrize("given", [{"address": ""}, {"bucket": "x"}, {"credentials": {"a": 7}}, {"options": {"a": 1}}])
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        LakeSettings.model_validate(given)
