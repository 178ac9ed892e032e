"""A backfill that several processes share: the same table and ledger as from one, whichever of them is killed."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

import footfall
from binders import line, write
from footfall.collect.parts import by_month
from footfall.errors import FootfallError, LakeError, QueryError
from footfall.jobs import JobError, Task, run_jobs
from footfall.periods import Window
from footfall.sources import Offer
from lengths import IS_LONG
from workspaces import run

SETTINGS = '[sources.binder]\narchive = "{}"\nfirst_day = 2019-06-01\n'


@pytest.fixture(scope="module")
def archive(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launches of six years by week and member, as published, a two-thousandth of them: a file for each week."""
    weeks: dict[date, list[str]] = defaultdict(list)
    with (shared_data / "binder" / "launches_over_time_by_source.csv").open() as file:
        for row in csv.DictReader(file):
            day = datetime.fromisoformat(row["y" if row["x"].isdigit() else "x"]).date()
            for n in range(int(float(row["y"])) // 2000):
                spec, at = f"Owner/Name-{n * n % 97}/HEAD", f"{n % 24:02}:{n % 60:02}"
                weeks[day].append(line(at, day, origin=row["trace"], spec=spec))
    folder = tmp_path_factory.mktemp("archive")
    for day, lines in weeks.items():
        write(folder, day, *lines)
    return folder


@pytest.fixture(scope="module")
def alone(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Rows and ledger that one process makes of the archive."""
    folder = workspace(tmp_path_factory.mktemp("alone"), archive)
    ended(folder, collect(folder, 1))
    return contents(folder)


slow = pytest.mark.slow


def workspace(folder: Path, archive: Path) -> Path:
    (folder / "footfall.toml").write_text(SETTINGS.format(archive))
    return folder


def collect(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "footfall", "-w", str(folder), "--quiet", "collect", "--jobs", str(jobs)]
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(command, stderr=said)


def ended(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """It ends well; what it says otherwise is shown."""
    assert process.wait(timeout=120) == 0, (folder / "said.txt").read_text()


def contents(folder: Path) -> tuple[str, str]:
    """All rows of the table, sorted, and all entries of the ledger that are in force, without when they were made."""
    with footfall.open(folder) as ff:
        pinned = ff.snapshot().tables["launches"]
        entries = sorted(
            repr((e.table, e.scope, e.window, e.status, e.covered_until, e.rows, e.rejected, e.fingerprint, e.reason))
            for e in ff.lake.known().about_windows()
        )
    files = [list(pinned.files)]
    rows = duckdb.connect().execute("SELECT t::VARCHAR FROM read_parquet($1) t ORDER BY ALL", files).fetchall()
    return "\n".join(row for (row,) in rows), "\n".join(entries)


def jobs_below(pid: int) -> list[int]:
    """The processes of jobs that descend from one."""
    parents, found = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
            if b"footfall.jobs" in (folder / "cmdline").read_bytes() and b"sh" not in (folder / "comm").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue

    def descends(each: int) -> bool:
        while each > 1 and each != pid:
            each = parents.get(each, 0)
        return each == pid

    return [each for each in found if descends(each)]


def until(holds: Callable[[], Any], seconds: float = 60) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def is_there(pid: int) -> bool:
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


@slow
def test_four_processes_make_what_one_makes(archive: Path, alone: tuple[str, str], tmp_path: Path) -> None:
    folder = workspace(tmp_path, archive)
    process = collect(folder, 4)
    assert len(until(lambda: len(found := jobs_below(process.pid)) == 4 and found)) == 4
    ended(folder, process)
    assert contents(folder) == alone
    assert alone[0].count("\n") > 4_000


@slow
@pytest.mark.parametrize("seed", range(8 if IS_LONG else 2))
def test_a_job_that_is_killed_costs_only_time(archive: Path, alone: tuple[str, str], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    folder = workspace(tmp_path, archive)
    process = collect(folder, 4)
    until(lambda: len(jobs_below(process.pid)) == 4)
    time.sleep(chance.uniform(0, 2))
    for victim in jobs_below(process.pid)[:1]:
        os.kill(victim, signal.SIGKILL)
    process.wait(timeout=120)
    ended(folder, collect(folder, 4))
    assert contents(folder) == alone


@slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_job_outlives_the_run(archive: Path, alone: tuple[str, str], tmp_path: Path, how: signal.Signals) -> None:
    folder = workspace(tmp_path, archive)
    process = collect(folder, 2)
    started = until(lambda: len(found := jobs_below(process.pid)) == 2 and found)
    process.send_signal(how)
    process.wait(timeout=60)
    until(lambda: not any(map(is_there, started)), 20)
    ended(folder, collect(folder, 1))
    assert contents(folder) == alone


@slow
def test_two_machines_share_a_lake_each_with_its_span(archive: Path, alone: tuple[str, str], tmp_path: Path) -> None:
    running = []
    for name, span in (("one", ["--until", "2022-07"]), ("two", ["--since", "2022-07"])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "footfall.toml").write_text(f'lake = "../lake"\n{SETTINGS.format(archive)}')
        command = [sys.executable, "-m", "footfall", "-w", str(tmp_path / name), "--quiet", "collect", *span]
        running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert contents(tmp_path / "one") == alone


def test_parts_are_whole_months_in_a_row() -> None:
    chance = random.Random(3)
    for _ in range(200):
        days = sorted(chance.sample(range(900), chance.randrange(1, 400)))
        offers = [
            Offer("t", Window.of_day(date(2020, 1, 1) + timedelta(days=n)), size=chance.choice([1, 50, 900]))
            for n in days
        ]
        jobs = chance.randrange(1, 9)
        parts = by_month(offers, jobs)
        assert [offer for part in parts for offer in part] == offers
        assert 1 <= len(parts) <= jobs
        ends = [(part[0].window.start, part[-1].window.start) for part in parts]
        assert all(f"{last:%Y-%m}" < f"{first:%Y-%m}" for (_, last), (first, _) in pairwise(ends))
        months: dict[str, int] = defaultdict(int)
        for offer in offers:
            months[f"{offer.window.start:%Y-%m}"] += offer.size or 0
        fair = sum(months.values()) / jobs + max(months.values())
        assert max(sum(offer.size or 0 for offer in part) for part in parts) <= fair


def double(number: int, *, tell: Callable[[Any], None]) -> int:
    tell(("half", number))
    print("what the work prints is no answer")
    return 2 * number


def die(status: int, *, tell: Callable[[Any], None]) -> None:
    print("out of luck", file=sys.stderr, flush=True)
    if status:
        os._exit(status)
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(error: type[FootfallError], *, tell: Callable[[Any], None]) -> None:
    raise error("it is not to be.")


def stumble(*, tell: Callable[[Any], None]) -> None:
    [][0]


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.mark.usefixtures("importable")
def test_jobs_answer_in_the_order_of_their_tasks_and_tell_meanwhile() -> None:
    heard: list[Any] = []
    results, failures = run_jobs([Task(double, (n,)) for n in (3, 1, 2)], heard.append)
    assert (results, failures) == ([6, 2, 4], [])
    assert sorted(heard) == [("half", 1), ("half", 2), ("half", 3)]


@pytest.mark.usefixtures("importable")
def test_a_failure_leaves_the_others_their_results() -> None:
    tasks = [Task(stumble, ()), Task(double, (4,)), Task(die, (0,)), Task(die, (3,)), Task(refuse, (LakeError,))]
    results, failures = run_jobs([*tasks, Task(refuse, (QueryError,))])
    assert results == [8]
    assert [type(each) for each in failures] == [LakeError] + [JobError] * 4
    lake, index, killed, ended, refused = map(str, failures)
    assert lake == refused == "it is not to be."
    assert "IndexError" in index
    assert "ended by signal 9 before" in killed
    assert "ended with status 3 (out of luck) before" in ended


@pytest.mark.parametrize("jobs", [0, 65, "two", -1, 1.5])
def test_a_wrong_number_of_jobs_is_refused(archive: Path, tmp_path: Path, jobs: Any) -> None:
    with footfall.open(workspace(tmp_path, archive)) as ff:
        for act in (ff.collect, ff.maintain):
            with pytest.raises(QueryError, match=r"jobs is .*; it must be a whole number from 1 to 64\."):
                act(jobs=jobs)


def test_the_command_line_refuses_it_too(capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path) -> None:
    for command in ("collect", "maintain"):
        ran = run(capsys, "-w", workspace(tmp_path, archive), command, "--jobs", "0")
        assert ran.code == 2
        assert "from 1 to 64" in ran.err


def test_a_lake_that_cannot_be_written_fails_once(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("in the way")
    with footfall.open(workspace(tmp_path, archive)) as ff, pytest.raises(LakeError, match="is a file"):
        ff.collect(jobs=2)


def test_maintaining_together_does_what_one_does(archive: Path, alone: tuple[str, str], tmp_path: Path) -> None:
    settings = (
        SETTINGS.format(archive) + '[[sources.files.tables]]\nname = "hosts"\nformat = "csv"\npath = "hosts.csv"\n'
    )
    settings += 'time = "day"\nwindow = "day"\n[[sources.files.tables.measures]]\nname = "hosts"\nkind = "sum"\n'
    (tmp_path / "hosts.csv").write_text(
        "day,hosts\n" + "".join(f"2025-0{m}-0{d},{d}\n" for m in (1, 2) for d in (1, 2))
    )
    (tmp_path / "footfall.toml").write_text(settings)
    with footfall.open(tmp_path) as ff:
        for day in ("2025-01-02", "2025-01-03", "2025-02-02", "2026"):
            ff.collect(until=day)
        before = len(ff.snapshot().tables["hosts"].files)
        done = {each.table: each for each in ff.maintain(jobs=2)}
        assert list(done)[-1] == "ledger"
        assert (before, done["hosts"].files_before, done["hosts"].files_after) == (4, 4, 2)
        assert {"launches", "launches_by_day", "hosts"} < set(done)
        assert ff.query("hosts", grain="total", since="2025", until="2026").to_dicts()[0]["hosts"] == 6
    assert contents(tmp_path)[0] == alone[0]
