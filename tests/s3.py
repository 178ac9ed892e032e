"""A proxy before an object store: it counts the requests, and fails as an object store fails."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

BUCKET, KEY, SECRET = "lakes", "footfall-tests", "sesame-of-the-tests"


@dataclass
class Fault:
    """What happens to the next `times` requests that match."""

    times: int
    method: str = ".*"
    path: str = ".*"
    status: int = 0
    code: str = ""
    cuts_request: bool = False
    """The connection ends before the request reaches the store."""
    cuts_answer: bool = False
    """The store gets the request, and half of its answer arrives."""

    def takes(self, method: str, path: str) -> bool:
        return self.times > 0 and bool(re.fullmatch(self.method, method)) and bool(re.search(self.path, path))


@dataclass
class Proxy:
    """The proxy at `endpoint`, and what it saw."""

    endpoint: str
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def options(self) -> dict[str, str]:
        """What a lake needs to reach the store through the proxy."""
        return {
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "access_key_id": KEY,
            "secret_access_key": SECRET,
        }

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The requests of a block."""
        found: list[str] = []
        before = len(self.requests)
        yield found
        found += self.requests[before:]


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy before the object store at `port` of this machine."""
    lock = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                proxy.requests.append(f"{self.command} {self.path}")
                fault = next((each for each in proxy.faults if each.takes(self.command, self.path)), None)
                if fault:
                    fault.times -= 1
            if fault and fault.cuts_request:
                self.close_connection = True
                return
            if fault and fault.status:
                said = f"<?xml version='1.0'?><Error><Code>{fault.code}</Code><Message>so</Message></Error>".encode()
                self.answer(fault.status, [("Content-Type", "application/xml")], said)
                return
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            upstream.request(self.command, self.path, body, dict(self.headers))
            got = upstream.getresponse()
            content = got.read()
            kept = [(name, value) for name, value in got.getheaders() if name.lower() not in _OF_A_HOP]
            if fault and fault.cuts_answer:
                if content:
                    self.answer(got.status, kept, content[: len(content) // 2], length=len(content))
                self.close_connection = True
                return
            length = int(got.getheader("Content-Length") or 0) if self.command == "HEAD" else len(content)
            self.answer(got.status, kept, content, length=length)
            upstream.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815

        def answer(
            self, status: int, headers: list[tuple[str, str]], content: bytes, length: int | None = None
        ) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) if length is None else length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


_OF_A_HOP = {"content-length", "connection", "transfer-encoding", "keep-alive"}
