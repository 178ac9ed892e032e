"""What goes wrong around a server, and what it promises all the same; against `footfall serve` as a process."""

from __future__ import annotations

import json
import random
import select
import shutil
import socket
import string
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, count, repeat
from pathlib import Path
from typing import Any

import httpx2
import pytest

import footfall
from footfall.access.tokens import Tokens
from prometheuses import prometheus
from served import HOSTILE, NOW, write_served
from serving import Served, served
from workspaces import write_workspace

pytestmark = pytest.mark.slow
PATIENCE = 120.0
"""Seconds for what takes a moment on a quiet machine."""
_SETTINGS = "\n[web]\nmarks_per_minute = 1000000\nmost_seconds = 600\n"
_QUESTION = "/api/v1/query/launches?grain=day&last=30&until=2026-03-11"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("faults"), _SETTINGS)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as server:
        yield server


@pytest.fixture
def client(server: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.address, timeout=PATIENCE) as client:
        yield client


def token(folder: Path, name: str, scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {Tokens(folder, folder / '.footfall').create(name, [scope], now=NOW)}"}


def test_clients_that_send_a_byte_a_second_hold_up_no_other(server: Served, client: httpx2.Client) -> None:
    """Others are answered meanwhile; the head of a request that does not come is not waited for."""
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    request = count_bytes(b"GET /api/v1/metrics HTTP/1.1\r\nHost: x\r\nX-Padding: ")
    try:
        held, until = list(slow), time.monotonic() + PATIENCE
        while held and time.monotonic() < until:
            byte = next(request)
            for one in held:
                with suppress(OSError):
                    one.send(byte)
            assert client.get("/healthz").status_code == 200
            assert client.get(_QUESTION).status_code == 200
            answered, _, _ = select.select(held, [], [], 1)
            held = [one for one in held if one not in answered or not is_closed(one)]
        assert not held
    finally:
        for one in slow:
            one.close()


def count_bytes(start: bytes) -> Iterator[bytes]:
    """A request that never ends."""
    for byte in chain(start, repeat(ord("x"))):
        yield bytes([byte])


def is_closed(one: socket.socket) -> bool:
    try:
        return one.recv(1000) == b""
    except ConnectionError:
        return True


def _bad_requests(amount: int) -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """Methods, paths, headers and bodies at random; the same ones each time."""
    chance = random.Random(7)
    words = [*string.printable, *HOSTILE[:5], "%00", "%ff", "../", "metric", "launches", "&", "=", "?", "[]", "é", "∞"]
    starts = (
        "/",
        "/api/v1/",
        "/api/v1/query/",
        "/api/v1/query?",
        "/api/v1/events/",
        "/badge/",
        "/projects/",
        "/static/",
    )
    for _ in range(amount):
        path = chance.choice(starts) + "".join(chance.choices(words, k=chance.randint(0, 12)))
        headers = {"Accept": chance.choice(["*/*", "text/html", "image/png", "application/json;q=x", ""])}
        if chance.random() < 0.3:
            headers["Authorization"] = chance.choice(["Bearer x", "Basic x", "Bearer ff_" + "0" * 50])
        if chance.random() < 0.2:
            headers["Cookie"] = "footfall_session=" + "".join(chance.choices(string.ascii_letters + ".", k=20))
        method = chance.choice(["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
        body = bytes(chance.choices(range(256), k=chance.randint(0, 50))) if method == "POST" else b""
        yield method, path, headers, body


def test_no_bad_request_is_a_fault(server: Served, client: httpx2.Client) -> None:
    statuses: dict[int, int] = {}
    for method, path, headers, body in _bad_requests(2_000):
        try:
            response = client.request(method, path, headers=headers, content=body)
        except httpx2.InvalidURL:
            continue
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        assert response.status_code < 500, (method, path, response.text)
        if response.status_code >= 400 and method != "HEAD" and "text/html" not in response.headers["content-type"]:
            assert response.headers["content-type"] == "application/problem+json", (method, path, response.text)
            assert response.json()["detail"]
    assert sum(number for status, number in statuses.items() if status >= 400) > 1_000
    for raw in (
        b"\x00\x01\x02\r\n\r\n",
        b"GET HTTP/1.1\r\n\r\n",
        b"GET /".ljust((64 << 10) + 1, b"x"),  # a head that is longer than any that is read
    ):
        answered = sent_raw(server, raw)
        assert answered.startswith(b"HTTP/1.1 400 "), raw[:50]
        assert b"application/problem+json" in answered
    for raw in (b"GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"\r\n" * 99):
        assert b" 500 " not in sent_raw(server, raw)
    assert client.get(_QUESTION).status_code == 200


def sent_raw(server: Served, request: bytes) -> bytes:
    """What comes back for some bytes until the server closes."""
    found = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as one, suppress(ConnectionError):
        one.sendall(request)
        while piece := one.recv(4000):
            found += piece
    return found


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path) -> None:
    """Four writers send batches until the server is killed; then each batch that was acknowledged is there whole, the
    rest wholly or not at all, and sending all of them again under their keys marks none twice."""
    folder = tmp_path / "killed"
    folder.mkdir()
    (folder / "footfall.toml").write_text(_SETTINGS, encoding="utf-8")
    headers, acknowledged, sent = token(folder, "app", "mark"), [], []
    with served(folder) as server:

        def write(writer: int) -> None:
            with httpx2.Client(timeout=PATIENCE, headers=headers) as client, suppress(httpx2.HTTPError):
                for batch in count():
                    first = (writer * 100_000 + batch) * 10
                    sent.append(first)
                    _send(client, server, first).raise_for_status()
                    acknowledged.append(first)

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        for writer in writers:
            writer.start()
        while len(acknowledged) < 60 and any(writer.is_alive() for writer in writers):
            time.sleep(0.01)
        server.kill()
        for writer in writers:
            writer.join()
    assert len(acknowledged) >= 60
    there = _marked(folder)
    for first in sent:
        found = sum(actor in there for actor in range(first, first + 10))
        assert found == 10 if first in acknowledged else found in (0, 10)
    with served(folder) as server, httpx2.Client(timeout=PATIENCE, headers=headers) as client:
        repeated = {first: _send(client, server, first).json()["repeated"] for first in sent}
    assert all(repeated[first] for first in acknowledged)
    with footfall.open(folder) as workspace:
        assert workspace.event("load").day("2026-03-02").occurrences() == 10 * len(sent)


def _send(client: httpx2.Client, server: Served, first: int) -> httpx2.Response:
    marks = [{"event": "load", "actors": list(range(first, first + 10)), "at": "2026-03-02"}]
    return client.post(
        f"{server.address}/api/v1/marks", json={"marks": marks}, headers={"Idempotency-Key": f"b-{first}"}
    )


def _marked(folder: Path) -> set[Any]:
    with footfall.open(folder) as workspace:
        return set(workspace.event("load").day("2026-03-02"))


def test_the_lake_goes_away_and_comes_back(folder: Path, client: httpx2.Client) -> None:
    before = client.get(_QUESTION).json()["rows"]
    shutil.move(folder / "lake", folder / "away")
    try:
        assert client.get("/readyz").status_code == 503
        for path in (_QUESTION, "/api/v1/query/commits?grain=month", "/api/v1/status"):
            response = client.get(path)
            if response.status_code == 200:  # what nothing was collected of says so, and gives no number
                said = response.json()
                assert all(row.get("launches") is None for row in said.get("rows", [])), path
            else:
                assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
        assert client.get("/healthz").status_code == 200
    finally:
        shutil.move(folder / "away", folder / "lake")
    after = client.get(_QUESTION)
    assert (after.status_code, after.json()["rows"]) == (200, before)
    assert client.get("/readyz").status_code == 200


def test_pages_are_read_while_a_collector_commits(tmp_path: Path) -> None:
    """Every answer is of before or of after a commit: its rows and its version never disagree."""
    folder = tmp_path / "collected"
    folder.mkdir()
    write_workspace(folder)
    with (folder / "footfall.toml").open("a", encoding="utf-8") as settings:
        settings.write(_SETTINGS)
    seen: dict[str, str] = {}
    faults: list[str] = []
    with served(folder) as server:
        collecting = subprocess.Popen(
            [sys.executable, "-m", "footfall", "-w", str(folder), "collect"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def read(path: str) -> None:
            with httpx2.Client(base_url=server.address, timeout=PATIENCE) as client:
                while collecting.poll() is None:
                    response = client.get(path)
                    if response.status_code != 200:
                        faults.append(f"{path}: {response.status_code} {response.text[:300]}")
                    elif path == _QUESTION:
                        answer = response.json()
                        rows = json.dumps(answer["rows"])
                        if seen.setdefault(answer["version"], rows) != rows:
                            faults.append("one version has two sets of rows")

        paths = [_QUESTION, _QUESTION, "/", "/api/v1/status", "/metrics"]
        readers = [threading.Thread(target=read, args=(path,)) for path in paths]
        try:
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
        finally:
            collecting.kill()
            code = collecting.wait()
        assert code == 0
        last = httpx2.get(f"{server.address}{_QUESTION}", timeout=PATIENCE).json()
    assert not faults
    with footfall.open(folder) as workspace:
        known = workspace.query("launches", grain="day", last=30, until="2026-03-11").to_dicts()
    assert [row["launches"] for row in last["rows"]] == [row["launches"] for row in known]


def test_a_real_prometheus_scrapes_it(folder: Path, server: Served, tmp_path: Path) -> None:
    httpx2.get(f"{server.address}{_QUESTION}", timeout=PATIENCE)
    scrapes = (
        "scrape_configs:\n- job_name: footfall\n  scrape_interval: 1s\n  static_configs:\n"
        f"  - targets: ['127.0.0.1:{server.port}']\n"
    )
    with prometheus(tmp_path / "prometheus", [], scrapes) as address:

        def asked(query: str) -> list[Any]:
            answer = httpx2.get(f"{address}/api/v1/query", params={"query": query}, timeout=PATIENCE)
            return list(answer.json()["data"]["result"])

        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if asked("footfall_journal_rows") and asked('footfall_http_requests_total{route="/api/v1/query/{metric}"}'):
                break
            time.sleep(1)
        assert [each["value"][1] for each in asked('up{job="footfall"}')] == ["1"]
        fresh = {each["metric"]["source"] for each in asked("footfall_fresh_until_timestamp_seconds")}
        assert "binder" in fresh
        assert float(asked("sum(footfall_http_request_seconds_count)")[0]["value"][1]) >= 1
        assert asked("histogram_quantile(0.99, footfall_http_request_seconds_bucket)")
