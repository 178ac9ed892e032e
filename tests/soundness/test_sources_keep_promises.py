"""The built-in sources are held to the same promises as any plugin, by the kit that plugins use."""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.sources.binder import Binder
from footfall.sources.git import Git
from footfall.testing import Upstream, check_source
from histories import History
from lengths import STEP

pytestmark = pytest.mark.slow


class Archive(Upstream):
    """The events archive in a folder."""

    def settings(self) -> dict[str, Any]:
        return {"archive": str(self.folder / "archive"), "first_day": f"{self.starts_at - timedelta(days=40):%Y-%m-%d}"}

    def begin(self) -> None:
        for ago in (39, 38, 9, 2, 1, 0):
            self.write(self.starts_at - timedelta(days=ago), 3 + ago)

    def file(self, moment: datetime) -> Path:
        return self.folder / "archive" / f"events-{moment:%Y-%m-%d}.jsonl"

    def write(self, moment: datetime, launches: int) -> None:
        event = {
            "timestamp": f"{moment:%Y-%m-%d}T00:05:00+00:00",
            "schema": "binderhub.jupyter.org/launch",
            "version": 4,
            "provider": "GitHub",
            "spec": "owner/name/HEAD",
            "status": "success",
            "origin": "gesis.mybinder.org",
        }
        file = self.file(moment)
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{json.dumps(event)}\n" * launches)
        os.utime(file, (launches, launches))  # as a file that is put back looks: the same time again

    def restate(self) -> None:
        self.write(self.starts_at - timedelta(days=38), 90)

    def take_back(self) -> None:
        self.write(self.starts_at - timedelta(days=38), 41)

    def fail(self) -> None:
        (self.folder / "archive").rename(self.folder / "away")

    def be_empty(self) -> None:
        """The index continues to list what the file has lost."""
        moment = self.starts_at - timedelta(days=38)
        line = {"name": self.file(moment).name, "date": f"{moment:%Y-%m-%d}", "count": "41"}
        (self.folder / "archive" / "index.jsonl").write_text(json.dumps(line) + "\n")
        self.write(moment, 0)

    def recover(self) -> None:
        if (self.folder / "away").exists():
            (self.folder / "away").rename(self.folder / "archive")
        self.take_back()

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += timedelta(days=1)
            self.write(self.now, 7)
        self.now = now


class Repositories(Upstream):
    """Folders with histories."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.names: list[str] = []

    def settings(self) -> dict[str, Any]:
        return {"repositories": [str(self.folder / name) for name in self.names]}

    def begin(self) -> None:
        for name in ("one", "two"):
            self.new(name)

    def new(self, name: str) -> None:
        history = History.new(self.folder / name)
        for n in range(3):
            history.commit(f"2026-0{n + 1}-03T12:00+00:00", parents=[f":{n}"] if n else [], files={"a": f"{name}{n}"})
        history.write()
        self.names.append(name)

    def fail(self) -> None:
        (self.folder / "one").rename(self.folder / "away")

    def be_empty(self) -> None:
        shutil.copytree(self.folder / "one", self.folder / "whole", dirs_exist_ok=True)
        shutil.rmtree(self.folder / "one")
        History.new(self.folder / "one")

    def recover(self) -> None:
        for kept in ("away", "whole"):
            if (self.folder / kept).exists():
                shutil.rmtree(self.folder / "one", ignore_errors=True)
                (self.folder / kept).rename(self.folder / "one")


def test_binder(tmp_path: Path) -> None:
    assert check_source(Binder, Archive, tmp_path, step=STEP).skipped == ("300 scopes are collected together",)


def test_git(tmp_path: Path) -> None:
    skipped = check_source(Git, Repositories, tmp_path, step=STEP).skipped
    assert skipped == (
        "a restated window is replaced",
        "a restatement that was killed and taken back is not trusted",
        "300 scopes are collected together",
    )
