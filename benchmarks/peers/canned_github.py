"""A GitHub for measuring: every answer is made once and sent after a latency, with an ETag; it counts the bytes that it sends.

    python canned_github.py     prints its port; ends when its input ends

`GET /_set/DAY/MILLISECONDS` sets the day and the latency, and answers with the bytes that were sent until then.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import github_bodies as bodies

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def name_of(number: int) -> str:
    return f"owner/repository-{number}"


def answer(path: str, day: int) -> Any:
    """The body for a path on a day since `FIRST`: 14 days of traffic, and the ten most popular of each kind."""
    match = re.fullmatch(r"/repos/owner/repository-(\d+)(/.*)?", path)
    if not match:
        return None
    number, rest = int(match[1]), (match[2] or "").rpartition("/")[2]
    if not rest:
        return bodies.repository(number + 1, name_of(number), FIRST - 400 * DAY, stars=5, forks=1)
    if rest in ("views", "clones"):
        days = [
            {
                "timestamp": bodies.written(FIRST + n * DAY),
                "count": (number * 7 + n * 13) % 97 + 9,
                "uniques": n % 7 + 1,
            }
            for n in range(day - 14, day)
        ]
        return {"count": sum(each["count"] for each in days), "uniques": 9, rest: days}
    counts = {"count": day % 50 + 3, "uniques": 2}
    if rest == "paths":
        return [{"path": f"/{name_of(number)}/p{n}", "title": f"Page {n} of it", **counts} for n in range(10)]
    return [{"referrer": f"site-{n}.example.org", **counts} for n in range(10)]


@lru_cache(maxsize=50_000)
def canned(path: str, day: int, host: str) -> tuple[bytes, str]:
    body = json.dumps(answer(path, day)).replace(bodies.HOST, f"http://{host}").encode()
    return body, f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'


class Server:
    """HTTP/1.1 with connections that stay open, and nothing else."""

    def __init__(self) -> None:
        self.day, self.latency, self.sent = 30, 0.0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                reply = self.reply(head.decode("latin-1"))
                await asyncio.sleep(self.latency)
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def reply(self, head: str) -> bytes:
        path = head.split(" ", 2)[1].partition("?")[0]
        if path.startswith("/_set/"):
            day, latency = map(int, path.split("/")[2:])
            self.day, self.latency = day, latency / 1000
            return _http("200 OK", json.dumps(self.sent).encode(), "")
        host = re.search(r"(?im)^host: *(.+?)\r?$", head)
        body, etag = canned(path, self.day, host[1] if host else "")
        match = re.search(r"(?im)^if-none-match: *(.+?)\r?$", head)
        is_same = match is not None and match[1] == etag
        reply = _http("304 Not Modified", b"", etag) if is_same else _http("200 OK", body, etag)
        self.sent += len(reply)
        return reply


def _http(status: str, body: bytes, etag: str) -> bytes:
    kind = f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n" if body else ""
    limits = "x-ratelimit-limit: 5000\r\nx-ratelimit-remaining: 4000\r\nx-ratelimit-reset: 1893456000\r\n"
    return f"HTTP/1.1 {status}\r\n{kind}ETag: {etag}\r\n{limits}\r\n".encode() + body


async def main() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
