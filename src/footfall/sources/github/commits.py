"""Commits of the default branch. Only what is new is read, as for a clone: all commits since the day of the oldest new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from footfall.errors import SourceError
from footfall.ledger import Entry
from footfall.periods import ALL_TIME, EPOCH, FAR_FUTURE, Grain, Window, floor
from footfall.sources import Batch, Offer
from footfall.sources.authors import Authors
from footfall.sources.github.asking import Answered, Asking, Later, Ready, Row, Shape, entries_of, failed_on, moment
from footfall.sources.github.refusals import RefusedError
from footfall.sources.github.repositories import Repo
from footfall.sources.github.tables import COMMITS
from footfall.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

EMPTY = "empty"
_VERSION = "1"


class Commits:
    """Commits."""

    name: ClassVar[str] = "commits"
    permission: ClassVar[str] = "Contents: read"
    tables: ClassVar[tuple[Table, ...]] = (COMMITS,)

    def __init__(self, authors: Authors) -> None:
        self._authors = authors
        self._shape = hashlib.sha256(f"{_VERSION} {authors.fingerprint}".encode()).hexdigest()[:12]

    def path(self, repo: Repo) -> str:
        return f"/repos/{repo.name}/commits"

    def ask(self, asking: Asking, repo: Repo) -> str:
        """The head of the default branch; empty where there is no commit (409)."""
        try:
            answer = asking.api.get(self.path(repo), repo.owner, self.permission, per_page=1)
        except RefusedError as error:
            if error.status != 409:
                raise
            return ""
        with Shape(f"the commits of {repo.name}"):
            commits = entries_of(answer)
            return str(commits[0]["sha"]) if commits else ""

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        for each in answers:
            if each.fault:
                yield failed_on(COMMITS, ALL_TIME, each)
                continue
            head = each.answer or EMPTY
            before = asking.known.stored(COMMITS.name, each.repo.id, ALL_TIME)
            reading = _Reading(asking, each.repo, head, self._shape, before, self._authors)
            # A repository that appears empty now erases nothing that was stored.
            detail = (
                Later(f"{each.repo.name}: commits", reading.batch)
                if head != EMPTY
                else Ready(restates=Window(EPOCH, EPOCH))
            )
            yield Offer(COMMITS.name, ALL_TIME, each.repo.id, f"{head}:{self._shape}", detail=detail)


@dataclass(frozen=True)
class _Reading:
    """A history to read."""

    asking: Asking
    repo: Repo
    head: str
    shape: str
    before: Entry | None
    authors: Authors

    def batch(self, offer: Offer) -> Batch:
        try:
            with Shape(f"the commits of {self.repo.name}"):
                return self._grown(offer) or self._whole(offer)
        except SourceError as error:
            return Batch([offer.failed(str(error).rstrip("."))])

    def _whole(self, offer: Offer) -> Batch:
        rows = list(self._rows())
        is_new = self.before is None or self.before.fingerprint.startswith(EMPTY)
        note = "" if is_new or offer.is_rechecked or not self._has_old_shape else "its history was rewritten"
        return Batch([offer.done(len(rows), note=note)], {COMMITS.name: _table(rows)})

    @property
    def _has_old_shape(self) -> bool:
        return self.before is not None and self.before.fingerprint.endswith(f":{self.shape}")

    def _grown(self, offer: Offer) -> Batch | None:
        """The commits since the head read before; None if that is no longer part of the history."""
        if self.before is None or offer.is_rechecked or not self._has_old_shape:
            return None
        old = self.before.fingerprint.partition(":")[0]
        if old in ("", EMPTY):
            return None
        news = self._news(old)
        if news is None:
            return None
        count, oldest = news
        since = floor(Grain.DAY, oldest)
        rows = [row for row in self._rows(since) if row["committed_at"] >= since]
        if len(rows) < count:
            return None
        done = offer.done(self.before.rows + count, restates=Window(since, FAR_FUTURE))
        return Batch([done], {COMMITS.name: _table(rows)})

    def _news(self, old: str) -> tuple[int, datetime] | None:
        """How many more commits there are, and the date of the oldest of them."""
        path = f"/repos/{self.repo.name}/compare/{old}...{self.head}"
        dates: list[datetime] = []
        total = -1
        try:
            for page in self.asking.api.pages(path, self.repo.owner, Commits.permission, per_page=100):
                if page["status"] != "ahead":
                    return None
                total = int(page["total_commits"])
                dates += [moment(each["commit"]["committer"]["date"]) for each in page["commits"]]
        except RefusedError as error:
            if error.status != 404:
                raise
        return (total, min(dates)) if dates and len(dates) == total else None

    def _rows(self, since: datetime | None = None) -> Iterator[Row]:
        asked: dict[str, Any] = {"sha": self.head, "per_page": 100}
        if since is not None:
            asked["since"] = f"{since - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
        path = f"/repos/{self.repo.name}/commits"
        for page in self.asking.api.pages(path, self.repo.owner, Commits.permission, **asked):
            yield from (self._row(each) for each in entries_of(page))

    def _row(self, found: Any) -> Row:
        commit = found["commit"]
        author = commit["author"]
        who, is_bot = self.authors(str(author["name"]).encode(), str(author["email"]).encode())
        account = found.get("author") or {}
        return {
            "committed_at": moment(commit["committer"]["date"]),
            "repo": self.repo.id,
            "sha": str(found["sha"]),
            "author": who,
            "authored_at": moment(author["date"]),
            "is_merge": len(found["parents"]) > 1,
            "is_bot": is_bot or account.get("type") == "Bot",
            "commits": 1,
        }


def _table(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist([dict(row) for row in rows], schema=COMMITS.arrow_schema())
