"""How fast the server answers, beside peers measured in the same run: a bare FastAPI route, bare DuckDB, bitmapist.

cached      the same question again, next to a bare FastAPI route that returns the same bytes
unchanged   304 for a client that has the answer, next to a bare route that returns 304
uncached    rollup questions that were not asked before, p99 over HTTP next to the p99 of such SQL in bare DuckDB
marks       batches of 1,000 marks over HTTP, beside single marks of bitmapist on Redis, in marks a second
readers     50 readers while a collector commits, p99 next to that of the same readers at rest

Each server is a process of its own on this machine, and the two sides of a pair take turns.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import httpx2

import footfall
from footfall.access.tokens import FILE, Tokens
from footfall.sources.binder.sample import write_sample_archive
from measure import BUILD

FOLDER = BUILD / "web"
DAYS, PER_DAY = 1100, 400
SETTINGS = """
[sources.binder]
archive = "sample-archive"
first_day = {first}
[web]
marks_per_minute = 1000000
"""
PEER = """
import sys, uvicorn
from fastapi import FastAPI
from starlette.responses import Response
body, app = open(sys.argv[2], "rb").read(), FastAPI()

@app.get("/body")
async def whole():
    return Response(body, media_type="application/json")

@app.get("/unchanged")
async def unchanged():
    return Response(status_code=304, headers={"ETag": "x"})

uvicorn.run(app, port=int(sys.argv[1]), http="h11", access_log=False, log_level="warning")
"""
QUESTION = "/api/v1/query/launches?grain=month&last=36"


def main() -> None:
    first = workspace_of_launches()
    with server(["-m", "footfall", "-w", str(FOLDER), "serve", "--port"], "/healthz") as ours:
        body = httpx2.get(ours + QUESTION)
        (FOLDER / "body").write_bytes(body.content)
        (FOLDER / "peer.py").write_text(PEER)
        with server([str(FOLDER / "peer.py")], "/unchanged", str(FOLDER / "body")) as peer:
            _pair("cached answer", ours + QUESTION, peer + "/body", {}, least=0.5)
            _pair("304", ours + QUESTION, peer + "/unchanged", {"if-none-match": body.headers["etag"]}, least=0.8)
        _uncached(ours, first)
        _marks(ours)
        _readers(ours)


def workspace_of_launches() -> datetime:
    """Three years of launches, collected up to some days ago: the rest is for the collector to commit."""
    until = datetime.now(UTC).date()
    first = until - timedelta(days=DAYS)
    if not (FOLDER / "lake").is_dir():
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        write_sample_archive(FOLDER / "sample-archive", DAYS, PER_DAY, until=until)
        (FOLDER / "footfall.toml").write_text(SETTINGS.format(first=first), encoding="utf-8")
        with footfall.open(FOLDER) as workspace:
            workspace.collect()
    return datetime(first.year, first.month, first.day, tzinfo=UTC)


@contextmanager
def server(command: list[str], ready: str, *more: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, *command, str(port), *more], stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx2.get(address + ready)
                break
            except httpx2.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _per_second(client: httpx2.Client, url: str, headers: dict[str, str], count: int = 40) -> float:
    began = time.perf_counter()
    for _ in range(count):
        client.get(url, headers=headers)
    return count / (time.perf_counter() - began)


def _pair(name: str, ours: str, peer: str, headers: dict[str, str], least: float) -> None:
    with httpx2.Client() as client:
        client.headers["accept-encoding"] = "identity"
        for url in (ours, peer):
            _per_second(client, url, headers)
        # Short turns, of which the best counts: what else the machine does meanwhile slows down some of them.
        rates = [(_per_second(client, ours, headers), _per_second(client, peer, headers)) for _ in range(60)]
    best, bare = (max(each[n] for each in rates) for n in (0, 1))
    print(f"{name}: {best:,.0f}/s, a bare route {bare:,.0f}/s: {best / bare:.2f} × (at least {least})")


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _uncached(ours: str, first: datetime) -> None:
    """Windows that differ, so that no answer is kept; both sides read the same rollup."""
    days = [first + timedelta(days=n) for n in range(30, 230)]
    files = str(FOLDER / "lake" / "launches_by_day" / "**" / "*.parquet")
    connection = duckdb.connect()
    with httpx2.Client() as client:
        asked = [f"{ours}/api/v1/query/launches?grain=month&since={day:%Y-%m-%d}" for day in days]
        client.get(asked[0])
        http = [_timed(lambda url=url: client.get(url).raise_for_status()) for url in asked[1:]]  # type: ignore[misc]
    column = connection.sql(f"DESCRIBE SELECT * FROM read_parquet('{files}')").fetchall()
    moment = next(name for name, kind, *_ in column if "TIMESTAMP" in kind)
    sql = (
        f"SELECT epoch(date_trunc('month', {moment})) AS period, sum(launches) FROM read_parquet('{files}') "
        f"WHERE {moment} >= ? GROUP BY 1 ORDER BY 1"
    )
    connection.execute(sql, [days[0]]).fetchall()
    bare = [_timed(lambda day=day: connection.execute(sql, [day]).fetchall()) for day in days[1:]]  # type: ignore[misc]
    ratio = _p99(http) / _p99(bare)
    print(
        f"uncached: p99 {_p99(http) * 1e3:.1f} ms, its SQL in DuckDB {_p99(bare) * 1e3:.1f} ms: {ratio:.1f} × (at most 10)"
    )


def _marks(ours: str) -> None:
    (FOLDER / FILE).unlink(missing_ok=True)
    token = Tokens(FOLDER, FOLDER / ".footfall").create("benchmark", ["mark"], now=datetime.now(UTC))
    with httpx2.Client(headers={"authorization": f"Bearer {token}"}) as client:

        def send(n: int) -> None:
            batch = {"marks": [{"event": "benchmark", "actor": n * 1000 + k} for k in range(1000)]}
            client.post(f"{ours}/api/v1/marks", json=batch).raise_for_status()

        def marks_of(turn: int) -> float:
            began = time.perf_counter()
            for n in range(10):
                send(turn * 10 + n)
            return 10_000 / (time.perf_counter() - began)

        marks_of(0)
        with _bitmapist() as one_by_one:
            if one_by_one is None:
                rate = max(marks_of(turn) for turn in range(1, 11))
                print(f"marks: {rate:,.0f}/s in batches of 1,000; bitmapist or redis-server is not installed")
                return
            rates = [(marks_of(turn), one_by_one()) for turn in range(1, 21)]
    rate, single = (max(each[n] for each in rates) for n in (0, 1))
    print(
        f"marks: {rate:,.0f}/s in batches of 1,000, bitmapist one by one {single:,.0f}/s: {rate / single:.1f} × (at least 20)"
    )


@contextmanager
def _bitmapist() -> Iterator[Callable[[], float] | None]:
    """What marks one by one with bitmapist, and gives marks a second; None where that is not installed."""
    try:
        import bitmapist
        import redis
    except ImportError:
        yield None
        return
    if shutil.which("redis-server") is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port)
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.05)
        bitmapist.setup_redis("default", "localhost", port)

        def one_by_one() -> float:
            began = time.perf_counter()
            for n in range(300):
                bitmapist.mark_event("benchmark", n)
            return 300 / (time.perf_counter() - began)

        one_by_one()
        yield one_by_one
    finally:
        server.terminate()
        server.wait(20)


def _readers(ours: str) -> None:
    at_rest, failed = _read(ours, seconds=6)
    command = [sys.executable, "-m", "footfall", "-w", str(FOLDER), "collect", "--recheck", "--since", _since()]
    with open(os.devnull, "w") as nowhere:
        collector = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
        meanwhile, more = _read(ours, seconds=6)
        collector.wait(300)
    ratio = _p99(meanwhile) / _p99(at_rest)
    print(
        f"50 readers: p99 {_p99(meanwhile) * 1e3:.0f} ms during a collection, {_p99(at_rest) * 1e3:.0f} ms at rest: "
        f"{ratio:.1f} × (at most 3); {failed + more} errors (none allowed)"
    )


def _since() -> str:
    return f"{datetime.now(UTC) - timedelta(days=200):%Y-%m-%d}"


def _read(ours: str, seconds: float) -> tuple[list[float], int]:
    """The times of all answers, and how many were errors."""
    times: list[float] = []
    failed: list[int] = []
    until = time.monotonic() + seconds

    def read(n: int) -> None:
        with httpx2.Client(timeout=60) as client:
            while time.monotonic() < until:
                url = f"{ours}/api/v1/query/launches?grain=month&last={n % 20 + 1}"
                began = time.perf_counter()
                is_well = client.get(url).status_code == 200
                times.append(time.perf_counter() - began)
                if not is_well:
                    failed.append(n)
                time.sleep(0.05)

    readers = [threading.Thread(target=read, args=(n,)) for n in range(50)]
    for each in readers:
        each.start()
    for each in readers:
        each.join()
    return times, len(failed)


if __name__ == "__main__":
    main()
