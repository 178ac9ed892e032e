"""Settings of the engine: in this process by default, or at an address that may be in the environment."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from footfall.engine_settings import EngineSettings


def test_by_default_queries_run_in_this_process_on_the_same_lake() -> None:
    assert (EngineSettings().address, EngineSettings().lake) == ("duckdb://", "")


def test_the_address_may_be_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_ADDRESS", "sc://spark.example.org:15002")
    given = {"address": {"env": "ENGINE_ADDRESS"}, "lake": "s3a://bucket/usage"}
    settings = EngineSettings.model_validate(given)
    assert (settings.address, settings.lake) == ("sc://spark.example.org:15002", "s3a://bucket/usage")


@pytest.mark.parametrize(
    "given", [{"address": ""}, {"address": 7}, {"adress": "duckdb://"}, {"address": {"env": "1A"}}]
)
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        EngineSettings.model_validate(given)
