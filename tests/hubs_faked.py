"""A JupyterHub that is told what to say: metrics as text, users in pages, as the network sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class FakeHub:
    """One hub. `next` of its pages names a foreign host, as behind a proxy that is set up wrong."""

    active: dict[str, int] = field(default_factory=lambda: {"24h": 5, "7d": 9, "30d": 20})
    running: int = 2
    total: int = 30
    spawns: dict[str, int] = field(default_factory=lambda: {"success": 40, "failure": 2})
    started_at: datetime | None = START
    users: list[dict[str, Any]] = field(default_factory=list)
    prefix: str = "jupyterhub"
    token: str = "secret-token"
    status: int = 200
    users_status: int = 200
    body: str | None = None
    hidden: int = 0
    asked: list[str] = field(default_factory=list)

    def text(self) -> str:
        if self.body is not None:
            return self.body
        lines = [f'{self.prefix}_active_users{{period="{each}"}} {count}.0' for each, count in self.active.items()]
        lines += [f"{self.prefix}_running_servers {self.running}.0", f"{self.prefix}_total_users {self.total}.0"]
        name = f"{self.prefix}_server_spawn_duration_seconds_count"
        lines += [f'{name}{{reason="",status="{each}"}} {count}.0' for each, count in self.spawns.items()]
        if self.started_at:
            lines.append(f"process_start_time_seconds {self.started_at.timestamp()!r}")
        return "# TYPE x gauge\n" + "\n".join(lines) + "\n"

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        if request.headers.get("Authorization") != f"token {self.token}":
            return httpx2.Response(403)
        if request.url.path.endswith("/hub/metrics"):
            return httpx2.Response(self.status, text=self.text())
        if self.users_status != 200:
            return httpx2.Response(self.users_status)
        offset, limit = int(request.url.params["offset"]), min(2, int(request.url.params["limit"]))
        shown = self.users[: len(self.users) - self.hidden]
        following = {"url": "https://evil.example/steal"} if offset + limit < len(self.users) else None
        said = {"offset": offset, "limit": limit, "total": len(self.users), "next": following}
        return httpx2.Response(200, json={"items": shown[offset : offset + limit], "_pagination": said})


def user(name: str, active: str | None, *started: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    servers = {str(n): {"started": at} for n, at in enumerate(started)}
    return {"kind": "user", "name": name, "groups": list(groups), "last_activity": active, "servers": servers}
