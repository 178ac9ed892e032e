"""Systems of bitmapist for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall import bitmapist


@contextmanager
def two_systems(folder: Path, address: str | None = None) -> Iterator[None]:
    """Two empty systems, `default` and `other`: databases of the server at an address, else files."""
    before = dict(bitmapist.SYSTEMS)
    for db, name in enumerate(("default", "other"), start=3):
        if address is None:
            bitmapist.setup_store(name, folder / f"{name}.db")
        else:
            host, port = place_of(address)
            bitmapist.setup_redis(name, host, port, db=db)
            bitmapist.get_redis(name).flushdb()
    yield
    for name in ("default", "other"):
        bitmapist.activity_of(name).close()
    bitmapist.SYSTEMS.clear()
    bitmapist.SYSTEMS.update(before)


def place_of(address: str) -> tuple[str, int]:
    host, port = address.removeprefix("redis://").split("/")[0].split(":")
    return host, int(port)
