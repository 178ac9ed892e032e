"""Snowflake: its own connector against fakesnow's server, in a Python of its own; the preset of napari hub's view."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from programs_needed import python_with

pytestmark = pytest.mark.slow
HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = python_with(
        "FOOTFALL_FAKESNOW_PYTHON",
        "'fakesnow[server]' 'snowflake-connector-python<5' pydantic-settings httpx2 stamina deltalake",
    )
    done = subprocess.run(
        [python, str(HERE / "snowflake_there.py"), str(tmp_path_factory.mktemp("snowflake"))],
        env={**os.environ, "PYTHONPATH": str(HERE.parent / "src")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_view_of_napari_hub_is_collected_and_late_rows_are_counted(there: dict[str, Any]) -> None:
    """Half an hour before midnight stays on its day; names are those of PyPI; what is not a download by pip is left out."""
    assert there["faults"] == [["", 0], ["", 0]]
    assert there["first"] == [["napari-x", "2026-11-02", 1], ["partseg", "2026-11-01", 2], ["partseg", "2026-11-02", 1]]
    assert there["later"] == [["napari-x", "2026-11-02", 1], ["partseg", "2026-11-01", 3], ["partseg", "2026-11-02", 1]]


def test_numbers_of_any_width_and_no_row_at_all_can_be_read(there: dict[str, Any]) -> None:
    assert there["types"] == ["42", "3000000000"]
    assert there["none"] == ["N"]


def test_the_session_is_in_utc(there: dict[str, Any]) -> None:
    assert there["zone"] in ("UTC", "Etc/UTC")


def test_faults_are_one_sentence_without_the_query(there: dict[str, Any]) -> None:
    assert "NOWHERE does not exist" in there["unknown"]
    assert "GRANT SELECT" in there["unknown"]
    assert "t0ken" not in there["unknown"] + there["wrong"]


def test_the_connector_logs_no_query_and_no_password(there: dict[str, Any]) -> None:
    """Though everything else is logged, at the finest level."""
    assert there["log"] == []
