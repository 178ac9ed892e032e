"""A GitHub of our own: repositories with traffic, stars and the rest, under a clock that a test moves.

It has the manners that make archives wrong: a window of 14 days that slides by the hour, so that its oldest day shrinks;
days that come late, stand still, vanish and come back; the rules for days of zero before and after 2025-12-29; renames,
names that are deleted and made anew; ETags that vary with the token; permissions an endpoint; primary and secondary limits.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2

import github_bodies as bodies
from github_bodies import Body

DAY = timedelta(days=1)
ZEROS_ARE_STATED_SINCE = datetime(2025, 12, 29, tzinfo=UTC)
Counts = dict[date, tuple[int, int]]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass
class Commit:
    sha: str
    authored_at: datetime
    committed_at: datetime
    author: str = "Ada"
    email: str = "ada@example.org"
    parents: int = 1


@dataclass
class Repository:
    """A repository, with what truly happened to it."""

    id: int
    name: str
    created_at: datetime
    views: Counts = field(default_factory=dict)
    clones: Counts = field(default_factory=dict)
    stars: Counter[date] = field(default_factory=Counter)
    forks: list[datetime] = field(default_factory=list)
    runs: list[datetime] = field(default_factory=list)
    releases: dict[str, datetime] = field(default_factory=dict)
    assets: dict[str, list[tuple[int, str, datetime, int]]] = field(default_factory=dict)
    """By tag: id, name, upload, downloads."""
    commits: list[Commit] = field(default_factory=list)
    paths: list[Body] = field(default_factory=list)
    referrers: list[Body] = field(default_factory=list)
    former: list[str] = field(default_factory=list)
    topics: tuple[str, ...] = ()
    is_fork: bool = False
    hides_stars: bool = False
    """Whether GitHub shows another number of stars than it lists."""

    def body(self) -> Body:
        stars = sum(self.stars.values()) + (3 if self.hides_stars else 0)
        return bodies.repository(
            self.id, self.name, self.created_at, stars=stars, forks=len(self.forks), fork=self.is_fork
        )


@dataclass
class Account:
    """What a token may do."""

    allowed: frozenset[str] = frozenset({"traffic", "actions", "contents", "stargazers"})
    refusal: str = "Resource not accessible by personal access token"
    limit: int = 5_000
    used: int = 0
    sso: bool = False


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class GitHub:
    """The server; `answer` is its network, for a mock transport or for `asgi`."""

    now: Callable[[], datetime]
    repositories: list[Repository] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=lambda: {"Bearer good": Account(), "": Account(frozenset())})
    is_organisation: bool = True
    has_history: bool = True
    late: int = 1
    """Days that the newest day of traffic is late."""
    frozen_at: date | None = None
    """The last day that GitHub's pipeline has made, where it stands still."""
    vanished: set[date] = field(default_factory=set)
    fault: str = ""
    """"down", "empty", "cut", "slow": how every answer about what a repository has goes wrong."""
    refusals: list[Reply] = field(default_factory=list)
    """Replies that are given first, one a request."""
    replayed: dict[str, Any] = field(default_factory=dict)
    """Bodies by path, instead of our own."""
    app_tokens: int = 0
    busy: int = 0
    """How often an answer is still being prepared (202)."""
    asked: list[str] = field(default_factory=list)
    not_modified: int = 0
    bytes_sent: int = 0
    under_way: int = 0
    most_under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def transport(self) -> httpx2.MockTransport:
        def handle(request: httpx2.Request) -> httpx2.Response:
            reply = self.answer(request.method, request.url.path, request.url.query.decode(), request.headers)
            return httpx2.Response(reply.status, content=reply.body, headers=dict(reply.headers))

        return httpx2.MockTransport(handle)

    def named(self, name: str) -> Repository | None:
        return next((each for each in self.repositories if each.name.lower() == name.lower()), None)

    def rename(self, old: str, new: str) -> None:
        repo = self.named(old)
        assert repo is not None
        repo.former.append(repo.name)
        repo.name = new

    # Requests

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Reply:
        who = headers.get("Authorization", headers.get("authorization", ""))
        with self._lock:
            self.asked.append(f"{method} {path}{f'?{query}' if query else ''}")
            if self.refusals:
                return self.refusals.pop(0)
        params = dict(parse_qsl(query))
        account = self.accounts.get(who)
        if path.startswith("/app/") or path.endswith("/installation"):
            return self._as_app(path, who)
        if account is None:
            return self._error(401, "Bad credentials")
        reply = self._counted(account, self._moved(path) or self._found(path, params, account, headers))
        return self._conditional(reply, who, headers, path)

    def _counted(self, account: Account, reply: Reply) -> Reply:
        with self._lock:
            reset = int(self.now().timestamp()) + 1800
            limits = {"x-ratelimit-limit": str(account.limit), "x-ratelimit-reset": str(reset)}
            if account.used >= account.limit:
                return self._error(403, "API rate limit exceeded", {**limits, "x-ratelimit-remaining": "0"})
            account.used += 1
            left = {"x-ratelimit-remaining": str(account.limit - account.used)}
        return Reply(reply.status, reply.body, {**reply.headers, **limits, **left})

    def _conditional(self, reply: Reply, who: str, headers: Mapping[str, str], path: str) -> Reply:
        """ETags vary with the token, and an answer that did not change is free."""
        if reply.status != 200:
            return reply
        etag = f'W/"{hashlib.sha256(reply.body + who.encode()).hexdigest()[:20]}"'
        if self.fault == "cut" and "/traffic/" in path:
            return Reply(200, reply.body[: len(reply.body) // 2], {"Content-Type": "application/json"})
        if headers.get("If-None-Match", headers.get("if-none-match")) == etag:
            with self._lock:
                self.not_modified += 1
                self.accounts[who].used -= 1
            return Reply(304, b"", {"ETag": etag})
        with self._lock:
            self.bytes_sent += len(reply.body)
        return Reply(200, reply.body, {**reply.headers, "ETag": etag})

    def _as_app(self, path: str, who: str) -> Reply:
        if not who.startswith("Bearer ey"):
            return self._error(401, "A JSON web token could not be decoded")
        if path.endswith("/installation"):
            return self._json(bodies.installation(1, path.split("/")[2], self.now()))
        self.app_tokens += 1
        token = f"ghs_{self.app_tokens}"
        self.accounts[f"Bearer {token}"] = Account()
        return Reply(
            201, json.dumps({"token": token, "expires_at": bodies.written(self.now() + timedelta(hours=1))}).encode()
        )

    def _moved(self, path: str) -> Reply | None:
        """A name that was given up leads to its number, unless another repository has it."""
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if not match or self.named(match[1]):
            return None
        for each in self.repositories:
            if match[1].lower() in [name.lower() for name in each.former]:
                location = f"{bodies.HOST}/repositories/{each.id}{match[2] or ''}"
                return Reply(301, json.dumps(bodies.error("Moved Permanently")).encode(), {"Location": location})
        return None

    def _found(self, path: str, params: Mapping[str, str], account: Account, headers: Mapping[str, str]) -> Reply:
        if self.fault == "down":
            return self._error(500, "Server Error")
        if path in self.replayed:
            return self._json(self.replayed[path])
        if path == "/rate_limit":
            left = {"limit": account.limit, "remaining": account.limit - account.used, "reset": 1}
            return self._json(bodies.rate_limit(left))
        if path.startswith(("/orgs/", "/users/")):
            return self._of_owner(path, params)
        if path == "/search/repositories":
            return self._of_topic(params)
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?|/repositories/(\d+)(/.*)?", path)
        repo = match and (
            self.named(match[1]) if match[1] else next((r for r in self.repositories if str(r.id) == match[3]), None)
        )
        if not match or not repo:
            return self._error(404, "Not Found")
        rest = match[2] or match[4] or ""
        return self._of_repository(repo, rest, params, account, headers, path)

    def _of_owner(self, path: str, params: Mapping[str, str]) -> Reply:
        _, kind, owner, *_ = path.split("/")
        if kind == "orgs" and not self.is_organisation:
            return self._error(404, "Not Found")
        found = [r.body() for r in self.repositories if r.name.lower().startswith(f"{owner.lower()}/")]
        return self._page(found, path, params) if found else self._error(404, "Not Found")

    def _of_topic(self, params: Mapping[str, str]) -> Reply:
        topic = params["q"].removeprefix("topic:")
        found = [{**r.body(), "score": 1.0} for r in self.repositories if topic in r.topics]
        return self._json({"total_count": len(found), "incomplete_results": False, "items": found})

    def _of_repository(
        self,
        repo: Repository,
        rest: str,
        params: Mapping[str, str],
        account: Account,
        headers: Mapping[str, str],
        path: str,
    ) -> Reply:
        if not rest:
            return self._json(repo.body())
        needs = {"traffic": "traffic", "stargazers": "stargazers", "actions": "actions", "commits": "contents"}
        need = needs.get(rest.split("/")[1], "")
        if need and rest != "/stargazers/history" and need not in account.allowed:
            more = {"X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso"} if account.sso else {}
            return self._error(403, account.refusal, more)
        if self.busy:
            self.busy -= 1
            return Reply(202, b"{}")
        is_empty = self.fault == "empty"
        if match := re.fullmatch(r"/traffic/(views|clones)", rest):
            days = [] if is_empty else self._days(getattr(repo, match[1]))
            total = sum(day["count"] for day in days)
            return self._json({"count": total, "uniques": min(total, 9), match[1]: days})
        if match := re.fullmatch(r"/traffic/popular/(paths|referrers)", rest):
            return self._json([] if is_empty else getattr(repo, match[1]))
        if rest.startswith("/compare/"):
            return self._compare(repo, rest.removeprefix("/compare/"), params, path)
        lists: dict[str, Callable[[], Sequence[Body]]] = {
            "/stargazers/history": lambda: list(self._weeks(repo)),
            "/stargazers": lambda: self._stargazers(repo),
            "/forks": lambda: [
                {**bodies.repository(9_000 + n, f"fork{n}/b", at, stars=0, forks=0), "fork": True}
                for n, at in sorted(enumerate(repo.forks), key=lambda each: each[1], reverse=True)
            ],
            "/releases": lambda: self._releases(repo),
        }
        if rest == "/stargazers/history" and not self.has_history:
            return self._error(404, "Not Found")
        if rest in lists:
            size = {"/stargazers/history": 30}.get(rest)
            return self._page([] if is_empty else lists[rest](), path, params, size)
        if rest == "/actions/runs":
            return self._runs(repo, path, params)
        if rest == "/commits":
            return self._commits(repo, path, params)
        return self._error(404, "Not Found")

    def _days(self, truth: Counts) -> list[Body]:
        """The days of an answer: the oldest is cut off by the hour."""
        now, today = self.now(), self.now().date()
        are_zeros_stated = now >= ZEROS_ARE_STATED_SINCE
        newest = today - self.late * DAY if are_zeros_stated else today
        newest = min(newest, self.frozen_at or newest)
        oldest = newest - 13 * DAY if are_zeros_stated else today - 14 * DAY
        found = []
        for n in range((newest - oldest).days + 1):
            day = oldest + n * DAY
            count, uniques = truth.get(day, (0, 0))
            if day == oldest:
                count, uniques = count * (24 - now.hour) // 24, uniques * (24 - now.hour) // 24
            if day not in self.vanished and (count or are_zeros_stated):
                found.append({"timestamp": bodies.written(midnight(day)), "count": count, "uniques": uniques})
        return found

    def _weeks(self, repo: Repository) -> Iterator[Body]:
        """Weeks that begin on Sundays, newest first, back to the first star."""
        if not repo.stars:
            return
        today = self.now().date()
        sunday = today - DAY * ((today.weekday() + 1) % 7)
        while sunday + 6 * DAY >= min(repo.stars):
            days = [repo.stars.get(sunday + n * DAY, 0) for n in range(7)]
            yield {"week": int(midnight(sunday).timestamp()), "total": sum(days), "days": days}
            sunday -= 7 * DAY

    def _stargazers(self, repo: Repository) -> list[Body]:
        days = sorted(repo.stars.elements())
        return [
            {"starred_at": bodies.written(midnight(day)), "user": bodies.user(f"fan{n}")} for n, day in enumerate(days)
        ]

    def _releases(self, repo: Repository) -> list[Body]:
        return [
            bodies.release(n, tag, at, [bodies.asset(*each) for each in repo.assets.get(tag, ())])
            for n, (tag, at) in enumerate(repo.releases.items(), 1)
        ]

    def _runs(self, repo: Repository, path: str, params: Mapping[str, str]) -> Reply:
        asked = params.get("created", ">=1970-01-01")
        is_since = asked.startswith(">=")
        day = date.fromisoformat(asked.removeprefix(">="))
        truth = [] if self.fault == "empty" else repo.runs
        found = [at for at in truth if (at.date() >= day if is_since else at.date() == day)]
        listed = [bodies.run(n, at, repo.body()) for n, at in enumerate(sorted(found, reverse=True)[:1000], 1)]
        size = int(params.get("per_page", 30))
        page = int(params.get("page", 1))
        part = listed[(page - 1) * size : page * size]
        return self._json(
            {"total_count": len(found), "workflow_runs": part}, self._link(path, params, page, len(listed), size)
        )

    def _commits(self, repo: Repository, path: str, params: Mapping[str, str]) -> Reply:
        if not repo.commits or self.fault == "empty":
            return self._error(409, "Git Repository is empty.")
        shas = [each.sha for each in repo.commits]
        if params.get("sha", shas[-1]) not in shas:
            return self._error(404, "No commit found for SHA")
        upto = repo.commits[: shas.index(params.get("sha", shas[-1])) + 1]
        since = params.get("since")
        found = [each for each in upto if since is None or each.committed_at >= datetime.fromisoformat(since)]
        return self._page([_commit_body(repo, each) for each in reversed(found)], path, params)

    def _compare(self, repo: Repository, asked: str, params: Mapping[str, str], path: str) -> Reply:
        shas = [each.sha for each in repo.commits]
        base, _, head = asked.partition("...")
        if base not in shas or head not in shas:
            return self._error(404, "Not Found")
        at, to = shas.index(base), shas.index(head)
        new = [_commit_body(repo, each) for each in repo.commits[at + 1 : to + 1]]
        urls = {f"{each}_url": path for each in ("html", "permalink", "diff", "patch")} | {"url": path}
        size, page = int(params.get("per_page", 250)), int(params.get("page", 1))
        said = {
            "status": "ahead" if new else "identical",
            "ahead_by": len(new),
            "behind_by": 0,
            "total_commits": len(new),
            "base_commit": _commit_body(repo, repo.commits[at]),
            "merge_base_commit": _commit_body(repo, repo.commits[at]),
            "commits": new[(page - 1) * size : page * size],
            "files": [],
        }
        return self._json({**urls, **said}, self._link(path, params, page, len(new), size))

    # Replies

    def _page(self, found: Sequence[Body], path: str, params: Mapping[str, str], size: int | None = None) -> Reply:
        size = size or int(params.get("per_page", 30))
        page = int(params.get("page", 1))
        return self._json(found[(page - 1) * size : page * size], self._link(path, params, page, len(found), size))

    @staticmethod
    def _link(path: str, params: Mapping[str, str], page: int, count: int, size: int) -> dict[str, str]:
        if page * size >= count:
            return {}
        return {"Link": f'<{bodies.HOST}{path}?{urlencode({**params, "page": page + 1})}>; rel="next"'}

    @staticmethod
    def _json(body: Any, headers: Mapping[str, str] = {}) -> Reply:
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})

    @staticmethod
    def _error(status: int, message: str, headers: Mapping[str, str] = {}) -> Reply:
        return Reply(
            status, json.dumps(bodies.error(message)).encode(), {"Content-Type": "application/json", **headers}
        )


def _commit_body(repo: Repository, each: Commit) -> Body:
    at = repo.commits.index(each)
    parents = [repo.commits[max(0, at - n - 1)].sha for n in range(each.parents)] if at else []
    return bodies.commit(each.sha, parents, each.authored_at, each.committed_at, each.author, each.email)


def asgi(server: GitHub, latency: float = 0.0) -> Callable[..., Awaitable[None]]:
    """The same over HTTP, for uvicorn; each answer takes `latency` seconds."""
    import asyncio

    async def app(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        server.under_way += 1
        server.most_under_way = max(server.most_under_way, server.under_way)
        await asyncio.sleep(latency)
        headers = httpx2.Headers([(k.decode(), v.decode()) for k, v in scope["headers"]])
        host = f"http://{headers['host']}"
        reply = server.answer(scope["method"], scope["path"], scope["query_string"].decode(), headers)
        said = {k: v.replace(bodies.HOST, host) for k, v in reply.headers.items()}
        sent = [(k.lower().encode(), v.encode()) for k, v in said.items()]
        sent.append((b"content-length", str(len(reply.body)).encode()))
        server.under_way -= 1
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": reply.body})

    return app
