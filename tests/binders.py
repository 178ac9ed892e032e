"""An archive of launches for tests: events, files and folders of them, a server that can be made to fail, and reading."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from batches import entries_of, rows_in, windows_of
from footfall.collect import choose
from footfall.http import Client
from footfall.ledger import Entry, Known
from footfall.periods import ALL_TIME, Window
from footfall.sources import Batch, Context
from footfall.sources.binder import Binder, BinderSettings

DAY = date(2024, 1, 10)
NOW = datetime(2024, 1, 20, 12, tzinfo=UTC)
DAYS = [DAY + timedelta(days=n) for n in range(11)]
"""From 10 to 20 January; NOW is noon of the last."""
LATER = datetime(2024, 3, 20, 12, tzinfo=UTC)
"""When none of them is recent."""


def event(at: str = "09:30", day: date = DAY, **changes: Any) -> dict[str, Any]:
    """A launch as version 5 of the schema has it; a change to None leaves the field out."""
    fields = {
        "timestamp": f"{day}T{at}:00+00:00",
        "schema": "binderhub.jupyter.org/launch",
        "version": 5,
        "provider": "GitHub",
        "spec": "Owner/Name/HEAD",
        "ref": "0" * 40,
        "origin": "gesis.mybinder.org",
        "build_token": True,
        "status": "success",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def line(at: str = "09:30", day: date = DAY, **changes: Any) -> str:
    return json.dumps(event(at, day, **changes))


def write(folder: Path, day: date, *lines: str | bytes, end: bytes = b"\n", name: str = "events-{}.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    body = b"".join((one if isinstance(one, bytes) else one.encode()) + end for one in lines)
    path = folder / name.format(day)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


@dataclass
class Read:
    """All that a fetch gave."""

    batches: list[Batch]
    rows: list[dict[str, Any]]
    outcomes: dict[date, Entry]
    replaces: list[Window]

    @property
    def launches(self) -> int:
        return sum(row["launches"] for row in self.rows)


def binder(archive: Path | str, scratch: Path, now: datetime = NOW, **changes: Any) -> Binder:
    values = {"archive": str(archive), "first_day": DAY, **changes}
    return Binder(BinderSettings(**values), Context(scratch, scratch, lambda: now, lambda: Client(wait=0, attempts=3)))


def read(source: Binder, known: Sequence[Entry] = (), now: datetime = NOW, heard: list[Any] | None = None) -> Read:
    """Offer, plan and fetch as `collect` does, and materialise."""
    result = Read([], [], {}, [])
    planned = choose("binder", source.offers(Known(known), now), Known(known), ALL_TIME, now)

    def tell(*, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        if heard is not None:
            heard.append((windows, bytes))

    for batch in source.fetch(planned.wanted, tell):
        result.batches.append(batch)
        learnt = entries_of(batch, "binder", now, known)
        result.outcomes.update({entry.window.start.date(): entry for entry in learnt})
        result.replaces += windows_of(batch)
        if (table := rows_in(batch)) is not None:
            (launches,) = source.tables
            assert set(table.column_names) == set(launches.names)
            table = table.select(launches.names).cast(launches.arrow_schema())
            result.rows += table.to_pylist()
    result.outcomes.update({entry.window.start.date(): entry for entry in (*planned.missing, *planned.renewed)})
    return result


def collected(result: Read, known: Sequence[Entry] = (), at: datetime = NOW) -> list[Entry]:
    """The ledger after `result`."""
    return [*known, *(replace(entry, observed_at=at) for entry in result.outcomes.values())]


def fetched(source: Binder, known: Sequence[Entry], now: datetime = NOW) -> list[date]:
    return [
        o.window.start.date()
        for o in choose("binder", source.offers(Known(known), now), Known(known), ALL_TIME, now).wanted
    ]


class Server:
    """A real web server of an archive in memory, which can be made to fail."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[int]] = {}
        """Statuses that a path answers first; 0 breaks the connection off in the middle of the body."""
        self.has_etags = True
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                name = self.path.removeprefix("/archive/")
                wanted = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
                outer.asked.append(f"{self.command} {name}" + (f" from {wanted}" if wanted else ""))
                fault = outer.faults[name].pop(0) if outer.faults.get(name) else None
                body = outer.files.get(name)
                if body is None or fault:
                    self.send_response(fault or 404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                etag = f'"{hashlib.md5(body).hexdigest()}"'
                start = int(wanted) if wanted and self.headers.get("If-Range") == etag else 0
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                if outer.has_etags:
                    self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body[start : start + (len(body) - start) // 2 if fault == 0 else None])
                self.close_connection = fault == 0

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/archive"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def put(self, day: date, *lines: str) -> None:
        self.files[f"events-{day}.jsonl"] = "".join(one + "\n" for one in lines).encode()

    def index(self, *items: tuple[date, Any], end: str = "\n") -> None:
        lines = (json.dumps({"name": f"events-{day}.jsonl", "date": str(day), "count": n}) for day, n in items)
        self.files["index.jsonl"] = ("\n".join(lines) + end).encode()

    def asked_since(self) -> list[str]:
        asked, self.asked = sorted(self.asked), []
        return asked

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
