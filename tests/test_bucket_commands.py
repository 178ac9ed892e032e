"""Commands on a workspace whose lake is in a bucket: the answers of the same lake in a folder."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

import footfall
from footfall.lake.copying import copy_lake
from footfall.lake.storage import bucket as storage
from footfall.web.state import State
from s3 import BUCKET, KEY, SECRET, Proxy
from workspaces import run, write_workspace

pytestmark = pytest.mark.slow

QUESTIONS = (
    ("query", "launches", "commits", "--grain", "week", "--since", "2026-01", "--until", "2026-03"),
    (
        "query",
        "launches",
        "--by",
        "federation",
        "--grain",
        "total",
        "--since",
        "2026-01",
        "--until",
        "2026-03",
    ),
    ("cohort", "commit_author", "commit_author", "--grain", "month", "--since", "2026-01"),
    ("events",),
    ("doctor", "--deep"),
)


@pytest.fixture
def address(bucket: Proxy, monkeypatch: pytest.MonkeyPatch) -> str:
    found = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    where = {"address": found, "endpoint": bucket.endpoint, "region": "us-east-1"}
    for name, value in (
        ("FOOTFALL_LAKE", json.dumps(where)),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ):
        monkeypatch.setenv(name, value)
    return found


def test_commands_answer_as_on_a_folder(
    bucket: Proxy, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_workspace(tmp_path / "workspace")

    def said() -> list[tuple[int, str]]:
        ran = [run(capsys, "--workspace", folder, *question) for question in QUESTIONS]
        return [(each.code, each.out if not each.code else each.err) for each in ran]

    assert run(capsys, "--workspace", folder, "collect").code == 0
    there = said()
    assert [(code, text) for code, text in there if code] == []
    assert run(capsys, "--workspace", folder, "maintain").code == 0
    assert run(capsys, "--workspace", folder, "repair").code == 0
    refused = run(capsys, "--workspace", folder, "backup", tmp_path / "backup.tar")
    assert refused.code == 1
    assert "which a backup cannot hold" in refused.err
    copy_lake(address, str(tmp_path / "lake"), options=bucket.options)
    monkeypatch.setenv("FOOTFALL_LAKE", str(tmp_path / "lake"))
    here = said()
    for (code, text), (_, other), question in zip(here, there, QUESTIONS, strict=True):
        assert code == 0
        if question[0] != "doctor":  # which names the place
            assert text == other
            assert text.count("\n") > 1


def test_a_server_notices_a_commit_to_the_bucket(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_workspace(tmp_path / "workspace")
    opened = footfall.open(folder)
    opened.collect("git")
    monkeypatch.setattr(storage, "_STATE_SECONDS", 0)
    state = State(opened)
    before = state.stamp()
    assert state.holds(before, reads_activity=False)
    footfall.open(folder).collect("binder")
    assert not state.holds(before, reads_activity=False)
    assert state.holds(state.stamp(), reads_activity=False)
    state.check_lake()
