"""A server of marks of our own, for tests that connect to it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Served(NamedTuple):
    port: int
    process: subprocess.Popen[str]
    store: Path


def client_of(port: int, **options: Any) -> Any:
    redis = pytest.importorskip("redis")
    return redis.Redis(port=port, socket_timeout=60, **options)


@contextmanager
def marks_served(folder: Path, *options: str) -> Iterator[Served]:
    """`footfall serve-marks` of a workspace in a folder."""
    pytest.importorskip("hiredis")
    (folder / "footfall.toml").touch()
    command = [sys.executable, "-m", "footfall", "-w", str(folder), "serve-marks", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = re.search(r":(\d+)[,.]", process.stdout.readline())
        assert said, process.stderr.read()
        yield Served(int(said[1]), process, folder / "activity.db")
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
        process.stderr.close()
