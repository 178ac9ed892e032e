"""Spark Connect servers on this machine: Sail as a cluster, and Apache Spark. For tests and benchmarks."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SPARK_VENV = Path(__file__).parents[1] / ".venv-spark"
"""Where `make test-spark` installs Apache Spark: its package and the one of the client exclude each other."""


def sail_command(port: int, **variables: str) -> tuple[list[str], dict[str, str]]:
    """The command of Sail in `local-cluster` mode, a driver and two workers that talk gRPC, and its environment."""
    workers = {"SAIL_CLUSTER__WORKER_INITIAL_COUNT": "2", "SAIL_CLUSTER__WORKER_MAX_COUNT": "2"}
    environment = {**os.environ, "SAIL_MODE": "local-cluster", "RUST_LOG": "error", **workers, **variables}
    return [sys.executable, "-m", "pysail", "spark", "server", "--port", str(port)], environment


def spark_lacks() -> str:
    """What Apache Spark lacks on this machine; empty if it can be started."""
    if shutil.which("java") is None:
        return "java is not installed, and Apache Spark needs it (version 17 or newer)"
    return "" if _spark_home() else "Apache Spark is not installed (`make test-spark` installs it)"


def spark_command(port: int, memory: str = "1g") -> tuple[list[str], dict[str, str]]:
    """The command of Apache Spark with two cores of this machine, and its environment."""
    home = _spark_home()
    assert home is not None, spark_lacks()
    settings = {
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    command = [str(home / "bin" / "spark-submit"), "--master", "local[2]", "--driver-memory", memory, *options]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    return command, {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}


def _spark_home() -> Path | None:
    return next(SPARK_VENV.glob("lib/python*/site-packages/pyspark"), None)
