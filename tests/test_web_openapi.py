"""The description of the API holds: what schemathesis generates from it, right and wrong, is answered as it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from footfall.access.tokens import Tokens
from served import NOW, write_served
from serving import served

pytestmark = pytest.mark.slow
_SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 422, 429, 503]
"""
"""422 is also a question that is well formed and has no honest answer, such as a window that ends before it begins."""
_RUN = (
    "--phases=examples,coverage,fuzzing,stateful",
    "--max-examples=8",
    "--max-time=30",
    "--seed=1",
    "--generation-deterministic",
    "--continue-on-failure",
    "--warnings=off",
    "--no-color",
)


def test_every_generated_request_is_answered_as_described(tmp_path: Path) -> None:
    folder = write_served(tmp_path / "served", '\n[web]\nmarks_per_minute = 1000000\nreading = "token"\n')
    token = Tokens(folder, folder / ".footfall").create("all", ["admin"], now=NOW)
    program = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    (tmp_path / "schemathesis.toml").write_text(_SETTINGS, encoding="utf-8")
    with served(folder) as server:
        asked = [f"{server.address}/api/v1/openapi.json", f"--header=Authorization: Bearer {token}", *_RUN]
        ran = subprocess.run([*program, "run", *asked], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, "\n".join(line[:300] for line in (ran.stdout + ran.stderr).splitlines())
