"""Settings of the engine: in this process by default, or at an address that may be in the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from footfall.engine_settings import EngineSettings
from workspaces import run, write_workspace


def test_by_default_queries_run_in_this_process_on_the_same_lake() -> None:
    assert (EngineSettings().address, EngineSettings().lake) == ("duckdb://", "")


def test_the_address_may_be_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_ADDRESS", "sc://spark.example.org:15002")
    given = {"address": {"env": "ENGINE_ADDRESS"}, "lake": "s3a://bucket/usage"}
    settings = EngineSettings.model_validate(given)
    assert (settings.opened, settings.lake) == ("sc://spark.example.org:15002", "s3a://bucket/usage")
    assert "spark.example.org" not in repr(settings)


def test_a_variable_that_is_not_set_is_missed_by_queries_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENGINE_ADDRESS", raising=False)
    folder = write_workspace(tmp_path)
    file = folder / "footfall.toml"
    file.write_text('engine = { address = { env = "ENGINE_ADDRESS" } }\n' + file.read_text())
    assert run(capsys, "-w", folder, "collect").code == 0
    assert run(capsys, "-w", folder, "status").code == 0
    for words in (("query", "commits", "--last", "3"), ("doctor",)):
        ran = run(capsys, "-w", folder, *words)
        assert ran.code != 0
        assert "the environment variable ENGINE_ADDRESS is not set" in ran.out + ran.err


@pytest.mark.parametrize(
    "given", [{"address": ""}, {"address": 7}, {"adress": "duckdb://"}, {"address": {"env": "1A"}}]
)
def test_anything_else_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        EngineSettings.model_validate(given)
