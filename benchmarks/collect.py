"""Collecting GitHub's traffic: many repositories × 4 endpoints, against the same calls one after the other through PyGithub.

    python benchmarks/collect.py [REPOSITORIES [FEW]]     by default 500 and 60; needs PyGithub

A GitHub of canned answers, in a process of its own, takes 50 ms for each. Both contenders are whole commands. Then a second
run, with nothing new, is checked against the first in bytes that the server sends; and a day more after 400 days against a day
more after 30, with FEW repositories, collected day by day, and without the network, whose time would hide what grows.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import httpx2

import footfall
from footfall.http import Client
from measure import BUILD, FOOTFALL, Measured, alternate, claim, run

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from canned_github import DAY, FIRST, answer, name_of

PEERS = Path(__file__).parent / "peers"
LATENCY = 50
ROUNDS = 2
FEW_DAYS, DAYS = 30, 400
DAYS_MORE = 5
TABLES = ("views", "clones", "paths", "referrers")


@contextmanager
def server() -> Iterator[str]:
    """The address of a GitHub of canned answers."""
    command = [sys.executable, str(PEERS / "canned_github.py")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)


def set_to(address: str, day: int, latency: int) -> int:
    """Set the server's day and latency; the bytes that it had sent."""
    with urlopen(f"{address}/_set/{day}/{latency}") as said:
        return int(json.load(said))


def workspace(name: str, repositories: int, address: str, *, is_fresh: bool = True) -> Path:
    folder = BUILD / "collect" / name
    if is_fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    names = json.dumps([name_of(number) for number in range(repositories)])
    lines = [f'api = "{address}"', 'token = "good"', f"repositories = {names}", f"collect = {json.dumps(TABLES)}"]
    (folder / "footfall.toml").write_text("[sources.github]\n" + "\n".join(lines) + "\n")
    return folder


def in_process(folder: Path, first: int, last: int) -> float:
    """Collect from day to day without a network; the seconds of the last day."""
    return [one_day(folder, day) for day in range(first, last + 1)][-1]


def one_day(folder: Path, day: int) -> float:
    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=answer(request.url.path, day))

    started = time.perf_counter()
    with footfall.open(folder, now=lambda: FIRST + day * DAY + timedelta(hours=9)) as opened:
        opened.client = Client(transport=httpx2.MockTransport(handle))
        (summary,) = opened.collect().sources
    assert not summary.error, summary.error
    assert not summary.failed, summary.notes
    return time.perf_counter() - started


def against_pygithub(repositories: int) -> None:
    today = (datetime.now(UTC) - FIRST).days
    with server() as address:
        set_to(address, today, LATENCY)
        peer = [sys.executable, str(PEERS / "pygithub_traffic.py"), address, str(repositories)]

        def collect() -> Measured:
            return run([*FOOTFALL, "collect"], cwd=workspace("first", repositories, address))

        one_by_one = run(peer)
        best = alternate(ROUNDS, {"footfall": collect})["footfall"]
        before = set_to(address, today, LATENCY)
        collect()
        between = set_to(address, today, LATENCY)
        again = run([*FOOTFALL, "collect"], cwd=workspace("first", repositories, address, is_fresh=False))
        after = set_to(address, today, LATENCY)
    print(f"      PyGithub: {one_by_one.seconds:.1f} s, {one_by_one.peak / 2**20:.0f} MiB")
    print(f"      footfall: {best.seconds:.1f} s, {best.peak / 2**20:.0f} MiB; nothing new: {again.seconds:.1f} s")
    what = f"{repositories} repositories × 4 endpoints, times as quick as one after the other"
    ratio = one_by_one.seconds / best.seconds
    claim(what, ratio, "≥ 8", ratio >= 8)
    ratio = (between - before) / (after - between)
    claim("a second run with nothing new, bytes of the first", ratio, "≥ 5 times fewer", ratio >= 5)
    logs = [BUILD / "collect" / "first" / "lake" / f"github_{name}" / "_delta_log" for name in TABLES]
    commits = max(sum(1 for file in log.glob("*.json") if int(file.stem) > 0) for log in logs)
    claim("commits to a table in both runs", commits, "1", commits == 1)


def a_day_more(few: int) -> None:
    reached = {"after 30": FEW_DAYS, "after 400": DAYS}
    for name, days in reached.items():
        in_process(workspace(name, few, "https://api.github.com"), 1, days)
    inside: dict[str, list[float]] = {name: [] for name in reached}
    for _ in range(DAYS_MORE):  # they take turns
        for name in reached:
            reached[name] += 1
            inside[name].append(in_process(BUILD / "collect" / name, reached[name], reached[name]))
    for name, seconds in inside.items():
        print(f"      a day more {name} days: {min(seconds):.2f} s")
    ratio = min(inside["after 400"]) / min(inside["after 30"])
    claim(f"a day more after {DAYS} days, time of one after {FEW_DAYS}", ratio, "≤ 1.25", ratio <= 1.25)


def main() -> None:
    numbers = [int(each) for each in sys.argv[1:]]
    against_pygithub(numbers[0] if numbers else 500)
    a_day_more(numbers[1] if len(numbers) > 1 else 60)


if __name__ == "__main__":
    main()
