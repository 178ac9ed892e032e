"""The prometheus source against a real Prometheus, whose past is backfilled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from footfall.http import Client
from prometheuses import Sample, prometheus
from test_prometheus import Place

pytestmark = pytest.mark.slow
FIRST = datetime(2026, 3, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def past() -> Iterator[Sample]:
    """A gauge of two hubs each minute; one is away from 23:54 to 00:06, and a counter that is reset."""
    start = int(FIRST.timestamp())
    for at in range(4 * 1440):
        if 6 < at % 1440 < 1434:
            yield "users", {"namespace": "prod"}, start + at * 60, 10 + at // 1440
    for at in range(4 * 1440):
        yield "users", {"namespace": "staging"}, start + at * 60, 3
    for hour, value in enumerate((10, 15, 2, 4)):
        for minute in range(60):
            yield "spawns", {}, start + hour * 3600 + minute * 60, value


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), past()) as there:
        yield there


class RealPlace(Place):
    """The same, over the network of this machine."""

    def client(self) -> Client:
        return Client(attempts=1)


def place(tmp_path: Path, address: str, **query: object) -> RealPlace:
    one = RealPlace(tmp_path, now=FIRST + timedelta(days=4, hours=1))
    made = {"name": "cpu", "step": "5m", "labels": ["namespace"], **query}
    one.more = {"address": address, "queries": [made], "first_day": "2026-03-06"}
    return one


def test_a_gauge_is_read_as_prometheus_gives_it(tmp_path: Path, address: str) -> None:
    one = place(tmp_path, address, query="users", type="integer")
    assert not one.collect().failed
    answer = httpx2.post(
        f"{address}/api/v1/query_range",
        data={
            "query": "users",
            "start": FIRST.timestamp(),
            "end": (FIRST + timedelta(days=4, minutes=55)).timestamp(),
            "step": 300,
        },
    ).json()
    expected = {
        (datetime.fromtimestamp(at, UTC), "main", series["metric"]["namespace"]): ((int(value),),)
        for series in answer["data"]["result"]
        for at, value in series["values"]
    }
    assert len(expected) > 2000
    assert one.rows() == expected


def test_a_hub_that_was_away_at_midnight_has_its_day(tmp_path: Path, address: str) -> None:
    """Read at one instant, the day is lost; read as the last value of the day it is there."""
    instant = place(tmp_path / "a", address, query="max by (namespace) (users)", step="1d", covers="step")
    last = place(
        tmp_path / "b", address, query="max by (namespace) (last_over_time(users[23h]))", step="1d", covers="step"
    )
    instant.collect()
    last.collect()
    assert {key[2] for key in instant.rows()} == {"staging"}
    assert sorted((key[0].day, values[0][0]) for key, values in last.rows().items() if key[2] == "prod") == [
        (6, 10.0),
        (7, 11.0),
        (8, 12.0),
        (9, 13.0),
    ]


def test_too_fine_a_step_is_asked_below_its_limit(tmp_path: Path, address: str) -> None:
    one = place(tmp_path, address, query='users{namespace="staging"}', step="5s")
    assert not one.collect().failed
    assert len([key for key in one.rows() if key[0].day == 7]) == 17_280


def test_what_it_refuses_is_told_in_its_words(tmp_path: Path, address: str) -> None:
    one = place(tmp_path, address, query="sum by (namespace) (users")
    assert one.collect().failed
    assert "main refuses the query (400)" in one.entries()["main", 6].reason
    assert "unclosed left parenthesis" in one.entries()["main", 6].reason
