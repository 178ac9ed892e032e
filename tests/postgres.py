"""A PostgreSQL server of its own for tests: in a folder, on a free port, ended with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from programs_needed import program

PLACES = "/usr/lib/postgresql/*/bin"


def _as_owner() -> dict[str, int]:
    """PostgreSQL does not run as root: there the user `postgres` owns it."""
    if os.getuid():
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("there is no user postgres, and PostgreSQL does not run as root")
    return {"user": user.pw_uid, "group": user.pw_gid}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a server whose own time zone is far from UTC."""
    initdb, pg_ctl = program("initdb", "postgresql", PLACES), program("pg_ctl", "postgresql", PLACES)
    owner = _as_owner()
    folder = Path(mkdtemp(prefix="footfall-pg-"))
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    data, port = folder / "data", _free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=America/Los_Angeles"
    try:
        made = [initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale", "C"]
        subprocess.run(made, check=True, capture_output=True, **owner)  # type: ignore[call-overload]
        start = [pg_ctl, "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **owner)  # type: ignore[call-overload]
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            stop = [pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **owner)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
