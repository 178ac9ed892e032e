"""GitHub is held to the promises of every source, by the kit that plugins use."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.http import Client
from footfall.sources.github import GitHub as Source
from footfall.testing import Upstream, check_source
from github_workspaces import counts, repository
from githubs import GitHub, Repository
from lengths import STEP

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
REVISED = ("a restated window is replaced",)


class Repositories(Upstream):
    """Two repositories with something of everything, and more of it as time goes by."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.github = GitHub(lambda: self.now)

    def settings(self) -> dict[str, Any]:
        return {"repositories": [each.name for each in self.github.repositories], "token": "good", "concurrency": 4}

    def client(self) -> Client:
        return Client(transport=self.github.transport(), wait=0.0, attempts=2, sleep=lambda _: None)

    def begin(self) -> None:
        for number, name in enumerate(("a/one", "a/two"), 1):
            self.add(number, name)

    def add(self, number: int, name: str) -> None:
        ahead = counts((self.starts_at + 20 * DAY).date(), days=50, first=number)
        self.github.repositories.append(repository(number, name, self.starts_at, views=ahead, clones=dict(ahead)))

    @property
    def one(self) -> Repository:
        return self.github.repositories[0]

    def restate(self) -> None:
        """Stars are given and taken back, and what the top ten of a day say changes within the day."""
        self.one.stars[(self.starts_at - 2 * DAY).date()] = 7
        self.one.paths[0]["count"] = 99

    def take_back(self) -> None:
        self.one.stars[(self.starts_at - 2 * DAY).date()] = 1
        self.one.paths[0]["count"] = 9

    def fail(self) -> None:
        self.github.fault = "down"

    def be_empty(self) -> None:
        self.github.fault = "empty"

    def recover(self) -> None:
        self.github.fault = ""

    def add_scopes(self, count: int) -> None:
        for number in range(count):
            self.add(100 + number, f"b/n{number}")

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += DAY
            self.one.stars[self.now.date()] += 2
            self.one.runs.append(self.now - timedelta(minutes=5))
        self.now = now


class Revised(Repositories):
    """Traffic that is revised: the larger value of a day counts from then on."""

    def restate(self) -> None:
        day = (self.starts_at - 5 * DAY).date()
        self.one.views[day] = (9_000, 900)
        self.one.clones[day] = (8_000, 800)


class TrafficAlone(Repositories):
    """A token that loses the right to read traffic: the rest is collected."""

    def fail(self) -> None:
        account = self.github.accounts["Bearer good"]
        account.allowed = account.allowed - {"traffic"}

    def recover(self) -> None:
        account = self.github.accounts["Bearer good"]
        account.allowed = account.allowed | {"traffic"}


class CutOff(Repositories):
    """Answers about traffic that end in the middle."""

    def fail(self) -> None:
        self.github.fault = "cut"


def test_every_promise_of_a_source(tmp_path: Path) -> None:
    assert check_source(Source, Repositories, tmp_path, step=STEP).skipped == ()


def test_revised_traffic_is_replaced(tmp_path: Path) -> None:
    assert check_source(Source, Revised, tmp_path, only=REVISED).kept == REVISED


@pytest.mark.parametrize("upstream", [TrafficAlone, CutOff])
def test_a_kind_that_fails_erases_nothing(upstream: type[Repositories], tmp_path: Path) -> None:
    kept = ("a failure erases nothing",)
    assert check_source(Source, upstream, tmp_path, only=kept).kept == kept
