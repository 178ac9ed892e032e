"""Collecting by itself: when the next run is due, that a failed run does not end it, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from footfall.errors import QueryError
from footfall.upkeep.repeating import Cron, Every, parse_schedule, repeat
from workspaces import run, write_workspace

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


class Clock:
    """A clock that moves when something sleeps or works."""

    def __init__(self, runs: int) -> None:
        self.at, self.left, self.began = START, runs, list[datetime]()
        self.told: list[datetime] = []

    def work(self, takes: timedelta) -> None:
        self.began.append(self.at)
        self.at += takes
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def begins(when: str, runs: int, takes: timedelta = timedelta(minutes=5)) -> list[str]:
    clock = Clock(runs)
    with pytest.raises(KeyboardInterrupt):
        repeat(
            lambda: clock.work(takes),
            parse_schedule(when),
            now=lambda: clock.at,
            sleep=clock.sleep,
            tell=clock.told.append,
        )
    assert clock.told == clock.began[-len(clock.told) :]
    return [f"{at:%d %H:%M}" for at in clock.began]


def test_a_length_begins_at_once_and_keeps_its_distance() -> None:
    assert begins("6h", 4) == ["01 09:30", "01 15:30", "01 21:30", "02 03:30"]


def test_a_run_that_takes_longer_skips_a_time_and_never_piles_up() -> None:
    assert begins("6h", 3, timedelta(hours=13)) == ["01 09:30", "02 03:30", "02 21:30"]


def test_a_cron_expression_waits_for_its_times_in_utc() -> None:
    assert begins("30 5,17 * * *", 3) == ["01 17:30", "02 05:30", "02 17:30"]
    assert parse_schedule("0  6 * *  MON") == Cron("0 6 * * MON")
    assert parse_schedule("90m") == Every(timedelta(minutes=90))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("daily", "'daily' is not a schedule; write a length of time such as 6h, or a cron expression"),
        ("0h", "is not a schedule"),
        ("61 5 * * *", "'61 5 * * *' is not a cron expression: Bad minute"),
        ("0 0 30 2 *", "Bad day-of-month"),
        ("* * * * * *", "is not a schedule"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_is(when: str, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_schedule(when)
    assert said in str(caught.value)


def test_every_goes_with_nothing_that_is_for_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_workspace(tmp_path)
    for option in ("--dry-run", "--recheck", "--since=2026"):
        ran = run(capsys, "-w", folder, "collect", "--every", "6h", option)
        assert (ran.code, "leave out --since" in ran.err) == (1, True)
    ran = run(capsys, "-w", tmp_path / "nowhere", "collect", "--every", "6h")
    assert (ran.code, "no footfall.toml" in ran.err) == (1, True)


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """The process is gone afterwards, whatever went wrong."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 0, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
def test_it_runs_by_itself_and_ends_cleanly(tmp_path: Path, number: int, code: int, word: str) -> None:
    """A failed run is reported and does not end it; while it waits another process may collect; a signal ends it at once."""
    folder = write_workspace(tmp_path)
    settings = (folder / "footfall.toml").read_text()
    (folder / "footfall.toml").write_text(settings.replace('"sample-archive"', '"nowhere"'))
    # A runner of tests that was started in the background ignores SIGINT, and so would what it starts.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from footfall.cli import run; run()"
    )
    again = [sys.executable, "-c", program, "-w", str(folder), "collect", "--every", "6h"]
    with (
        subprocess.Popen(
            again, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as service,
        ended(service),
    ):
        assert service.stdout
        lines = iter(service.stdout.readline, "")
        assert any("next run: " in line for line in lines)
        (folder / "footfall.toml").write_text(settings)
        done = subprocess.run([*again[:-2]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        asked_at = time.monotonic()
        service.send_signal(number)
        _, said = service.communicate(timeout=20)
        assert time.monotonic() - asked_at < 5
    assert service.returncode == code
    assert "binder could not be collected completely" in said
    assert said.splitlines()[-1].startswith(f"footfall: {word}; what was committed stays")
    with pytest.raises(ProcessLookupError):
        os.killpg(service.pid, 0)


@pytest.mark.slow
def test_a_second_run_is_refused_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from footfall.collect.lock import locked

    folder = write_workspace(tmp_path)
    with locked(folder / ".footfall", START):
        ran = run(capsys, "-w", folder, "collect")
        assert run(capsys, "-w", folder, "collect", "--dry-run").code == 0
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        f"footfall: another run of collect is in progress in this workspace (process {os.getpid()}, since 2026-03-01 09:30 "
        "UTC); wait until it ends, or stop it."
    )
    assert run(capsys, "-w", folder, "collect").code == 0
