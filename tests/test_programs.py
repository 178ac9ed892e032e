"""Programs that we start: what they write, how they end, and the bounds that they keep to."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from footfall.programs import Bounds, NotInstalledError, Program, StoppedError, is_installed, run

pytestmark = pytest.mark.slow
PYTHON = sys.executable


def test_what_it_is_given_and_writes_comes_through_whole() -> None:
    text = os.urandom(300_000)
    copy = "import sys; sys.stderr.write('said'); sys.stdout.buffer.write(sys.stdin.buffer.read())"
    done = run([PYTHON, "-c", copy], stdin=text)
    assert (done.status, done.out, done.err) == (0, text, b"said")


def test_its_status_folder_and_environment_are_those_asked_for(tmp_path: Path) -> None:
    script = "import os; print(os.getcwd(), os.environ['WHO']); raise SystemExit(7)"
    done = run([PYTHON, "-c", script], cwd=tmp_path, environment={**os.environ, "WHO": "ada"})
    assert (done.status, done.out.decode().split()) == (7, [str(tmp_path.resolve()), "ada"])


def test_a_program_that_is_not_there() -> None:
    assert not is_installed("no-such-program-here")
    assert is_installed("sh")
    with pytest.raises(NotInstalledError):
        run(["no-such-program-here"])


def test_a_program_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(StoppedError):
        run([PYTHON, "-c", "import time; time.sleep(600)"], bounds=Bounds(seconds=0.3))


def test_one_that_takes_too_much_memory_is_stopped_or_refused_the_memory() -> None:
    greedy = "a = bytearray(400_000_000); import time; time.sleep(600)"
    try:
        done = run([PYTHON, "-c", greedy], bounds=Bounds(memory=100_000_000, seconds=60))
    except StoppedError:
        return
    assert done.status != 0
    assert b"MemoryError" in done.err


def test_leaving_the_block_stops_it(tmp_path: Path) -> None:
    script = "import os, pathlib, time; pathlib.Path('new').write_text(str(os.getpid())); os.rename('new', 'pid'); time.sleep(600)"
    with Program([PYTHON, "-c", script], cwd=tmp_path):
        until = time.monotonic() + 60
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < until, "it did not start"
            time.sleep(0.01)
        pid = int((tmp_path / "pid").read_text())
        assert is_running(pid)
    while is_running(pid):
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """What ended and is not yet reaped by its parent runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
