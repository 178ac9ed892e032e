"""Servers of the store on Redis beyond one plain Redis: TLS, Valkey, and a cluster that changes while it is used."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import free_port, start_redis, wait_for
from footfall.errors import UnreachableStoreError
from footfall.stores.redis import RedisStore
from footfall.stores.store import PER_DAY, day_slot
from stores import members

pytestmark = pytest.mark.slow
redis = pytest.importorskip("redis")

MONDAY = day_slot(datetime.fromisoformat("2026-11-23T00:00Z"))
TLS = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")


def ended(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait(timeout=30)


# TLS


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of this machine that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes certificates, is not installed")
    files = folder / f"{name}.pem", folder / f"{name}.key"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", *TLS, "-addext", names, "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True)
    return files


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of a Redis that speaks TLS only, and the certificate that it shows."""
    folder, port = tmp_path_factory.mktemp("tls"), free_port()
    shown, key = certificate(folder, "server")
    options = ["--tls-port", str(port), "--tls-cert-file", str(shown), "--tls-key-file", str(key)]
    server = start_redis(0, folder, *options, "--tls-ca-cert-file", str(shown), "--tls-auth-clients", "no")
    try:
        time.sleep(0.5)
        if server.poll() is not None:
            pytest.skip("this Redis was built without TLS")
        wait_for(port, server)
        yield port, shown
    finally:
        ended(server)


def test_marks_over_tls(tls: tuple[int, Path]) -> None:
    port, shown = tls
    store = RedisStore(f"rediss://localhost:{port}/2?ssl_ca_certs={shown}")
    store.mark_one("active", MONDAY, 7)
    store.mark_one("active", MONDAY, "ada")
    assert members(store, "active", MONDAY, MONDAY + PER_DAY) == {7, "ada"}
    store.close()


def test_a_server_that_nobody_vouches_for_is_refused_in_one_sentence(tls: tuple[int, Path], tmp_path: Path) -> None:
    other, _ = certificate(tmp_path, "other")
    for address in (f"rediss://localhost:{tls[0]}", f"rediss://localhost:{tls[0]}?ssl_ca_certs={other}"):
        with pytest.raises(UnreachableStoreError, match=r"(?i)certificate") as error:
            RedisStore(address).mark_one("active", MONDAY, 1)
        assert "\n" not in str(error.value)
    with pytest.raises(UnreachableStoreError):
        RedisStore(f"redis://localhost:{tls[0]}").mark_one("active", MONDAY, 1)


# A cluster that changes


@contextmanager
def cluster_of(folder: Path, masters: int, replicas: int) -> Iterator[tuple[list[int], dict[int, Any]]]:
    """The ports of the nodes of a cluster, and their processes."""
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli, which makes clusters, is not installed")
    with ExitStack() as running:
        nodes: dict[int, Any] = {}
        while len(nodes) < masters * (1 + replicas):
            port = free_port() % 30_000 + 20_000  # nodes talk on a port 10,000 higher
            if port not in nodes:
                (folder / f"{port}").mkdir()
                options = [
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    "1500",
                    "--repl-diskless-sync-delay",
                    "0",
                ]
                nodes[port] = start_redis(port, folder / f"{port}", *options)
                running.callback(ended, nodes[port])
        for port, node in nodes.items():
            wait_for(port, node)
        addresses = [f"127.0.0.1:{port}" for port in nodes]
        cli("--cluster", "create", *addresses, "--cluster-replicas", str(replicas), "--cluster-yes")
        until_ready(list(nodes))
        yield list(nodes), nodes


def cli(*arguments: str) -> None:
    subprocess.run(["redis-cli", *arguments], check=True, capture_output=True, timeout=120)


def until_ready(ports: list[int]) -> None:
    """Every node knows the whole cluster, and every replica has what its master has."""
    for _ in range(600):
        found = [redis.Redis(port=port).execute_command("CLUSTER INFO") for port in ports]
        is_ok = all(info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) >= len(ports) for info in found)
        if is_ok and all(role[0] == b"master" or role[3] == b"connected" for role in map(role_of, ports)):
            return
        time.sleep(0.1)
    raise AssertionError("the cluster does not become ready")


def role_of(port: int) -> Any:
    with redis.Redis(port=port) as client:
        return client.execute_command("ROLE")


class Marking(threading.Thread):
    """Marks one actor after the other, on a week's days in turn, and keeps what was acknowledged."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.store = RedisStore(address)
        self.acknowledged: list[int] = []
        self.refused: list[Exception] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        n = 0
        while not self.is_over.is_set():
            try:
                self.store.mark_one("active", MONDAY + n % 7 * PER_DAY, n)
                self.acknowledged.append(n)
            except Exception as error:
                self.refused.append(error)
            n += 1

    def end(self) -> set[int]:
        """Stop. Returns the actors that the store has."""
        self.is_over.set()
        self.join(timeout=60)
        assert not self.is_alive()
        found = {n for n in members(self.store, "active", MONDAY, MONDAY + 7 * PER_DAY) if isinstance(n, int)}
        self.store.close()
        return found


def test_no_mark_is_lost_while_slots_move(tmp_path: Path) -> None:
    with cluster_of(tmp_path, 3, 0) as (ports, _):
        marking = Marking(f"redis://127.0.0.1:{ports[0]}?cluster=true")
        marking.start()
        ids = [redis.Redis(port=port, decode_responses=True).execute_command("CLUSTER MYID") for port in ports]
        for source, target in ((0, 1), (1, 2), (2, 0)):
            moved = ["--cluster-from", ids[source], "--cluster-to", ids[target], "--cluster-slots", "5000"]
            cli("--cluster", "reshard", f"127.0.0.1:{ports[0]}", *moved, "--cluster-yes")
        found = marking.end()
        assert marking.refused == []
        assert len(marking.acknowledged) > 100
        assert found == set(marking.acknowledged)


def test_a_lost_master_is_replaced_and_marking_goes_on(tmp_path: Path) -> None:
    with cluster_of(tmp_path, 3, 1) as (ports, nodes):
        marking = Marking(f"redis://127.0.0.1:{ports[1]}?cluster=true")
        marking.start()
        time.sleep(1)
        lost = next(port for port in ports if role_of(port)[0] == b"master" and port != ports[1])
        ended(nodes[lost])
        others, ends = [port for port in ports if port != lost], time.monotonic() + 60
        while time.monotonic() < ends and sum(role_of(port)[0] == b"master" for port in others) < 3:
            time.sleep(0.1)
        known = len(marking.acknowledged)
        while time.monotonic() < ends and len(marking.acknowledged) < known + 200:
            time.sleep(0.1)
        assert len(marking.acknowledged) >= known + 200
        found = marking.end()
        assert all(isinstance(error, UnreachableStoreError) and "\n" not in str(error) for error in marking.refused)
        lost_marks = set(marking.acknowledged) - found
        assert len(lost_marks) <= 5, "a replica follows its master with a delay of one mark or two"
