"""ClickHouse and BigQuery behind one interface: the session is in UTC before anything is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from footfall.http import Client
from footfall.periods import Window
from footfall.settings import Secret
from footfall.warehouses.bigquery import BigQuery
from footfall.warehouses.clickhouse import ClickHouse
from footfall.warehouses.over_http import AskedBigQuery, AskedClickHouse
from footfall.warehouses.refusals import RefusedQueryError

WINDOW = Window(datetime(2026, 5, 12, tzinfo=UTC), datetime(2026, 5, 13, tzinfo=UTC))


class Server:
    """A ClickHouse in a zone of its own, which changes where it is asked to."""

    def __init__(self, zone: str, *, is_stubborn: bool = False) -> None:
        self.zone, self.is_stubborn = zone, is_stubborn
        self.zones: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        zone = self.zone if self.is_stubborn else request.url.params.get("session_timezone", self.zone)
        self.zones.append(zone)
        if "timezone()" in request.content.decode():
            return httpx2.Response(200, text=f'"z"\n"String"\n"{zone}"\n')
        if "count()" in request.content.decode():
            return httpx2.Response(200, text='"c","s"\n"UInt64","Int64"\n1,7\n')
        return httpx2.Response(200, text='"n"\n"Int64"\n7\n')


def clickhouse(server: Server) -> AskedClickHouse:
    client = Client(transport=httpx2.MockTransport(server), wait=0.0)
    return AskedClickHouse(ClickHouse(client, "https://here", user="demo", password=Secret("hidden")))


def test_a_server_in_utc_is_asked_as_it_is() -> None:
    server = Server("Etc/UTC")
    asked = clickhouse(server)
    (part,) = asked.answer(lambda window: "SELECT n FROM t", WINDOW, ["n"])
    assert part.to_pylist() == [{"n": 7}]
    assert set(server.zones) == {"Etc/UTC"}
    asked.close()


def test_a_server_elsewhere_is_asked_in_utc() -> None:
    server = Server("Asia/Tokyo")
    assert clickhouse(server).ask("SELECT n FROM t").to_pylist() == [{"n": 7}]
    assert server.zones == ["Asia/Tokyo", "UTC", "UTC"]


def test_a_server_that_stays_elsewhere_is_refused() -> None:
    with pytest.raises(RefusedQueryError, match="the session of ClickHouse is in the time zone 'Asia/Tokyo'"):
        clickhouse(Server("Asia/Tokyo", is_stubborn=True))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_project_of_bigquery_is_asked_for_its_zone_first(zone: str) -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        body: dict[str, Any] = {"jobComplete": True, "totalBytesProcessed": "0", "totalRows": "1"}
        fields = [{"name": "z", "type": "STRING"}]
        return httpx2.Response(200, json={**body, "schema": {"fields": fields}, "rows": [{"f": [{"v": zone}]}]})

    client = Client(transport=httpx2.MockTransport(network), wait=0.0)
    project = BigQuery(client, "me", Secret("hidden"), sleep=lambda seconds: None)
    if zone == "UTC":
        asked = AskedBigQuery(project)
        assert [part.to_pylist() for part in asked.answer(lambda window: "SELECT z", WINDOW, ())] == [[{"z": "UTC"}]]
        assert asked.cost("SELECT z") == 0
    else:
        with pytest.raises(RefusedQueryError, match="the session of BigQuery is in the time zone 'America/New_York'"):
            AskedBigQuery(project)
