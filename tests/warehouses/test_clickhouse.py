"""ClickHouse over HTTP: against answers as its servers gave them, and against its own engine where chdb is there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx2
import pytest

from footfall.errors import BrokenDataError, UnreachableError
from footfall.http import Client
from footfall.periods import Window
from footfall.settings import Secret
from footfall.warehouses.clickhouse import ClickHouse
from footfall.warehouses.refusals import RefusedQueryError
from programs_needed import python_with

Network = Callable[[httpx2.Request], httpx2.Response]
TWO_DAYS = Window(datetime(2026, 5, 12, tzinfo=UTC), datetime(2026, 5, 14, tzinfo=UTC))
WHERE = "https://clickhouse.example.org:8443"


def clickhouse(network: Network) -> ClickHouse:
    client = Client(transport=httpx2.MockTransport(network), wait=0.0)
    return ClickHouse(client, WHERE, user="demo", password=Secret("hidden"))


def answering(text: str, status: int = 200, **headers: str) -> Network:
    return lambda request: httpx2.Response(status, text=text, headers=headers)


def question(window: Window) -> str:
    return f"SELECT day, n FROM d WHERE day >= '{window.start:%Y-%m-%d}' AND day < '{window.end:%Y-%m-%d}'"


class CutsAt:
    """A server that ends an answer after so many rows and calls it a success, as `result_overflow_mode = 'break'` does."""

    def __init__(self, most: int, rows: list[tuple[str, int]]) -> None:
        self.most, self.rows, self.asked = most, rows, 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        sql = request.content.decode()
        found = [(day, n) for day, n in self.rows if f">= '{day}'" in sql or day > sql.split(">= '")[1][:10]]
        found = [(day, n) for day, n in found if day < sql.split("day < '")[1][:10]]
        if "cityHash64" in sql:
            parts, part = sql.split(" % ")[1].rstrip(")").split(" = ")
            found = found[int(part) :: int(parts)]
        if sql.startswith("SELECT count()"):
            return httpx2.Response(200, text=f'"c","s"\n"UInt64","Int64"\n{len(found)},{sum(n for _, n in found)}\n')
        lines = "".join(f'"{day}",{n}\n' for day, n in found[: self.most])
        return httpx2.Response(200, text=f'"day","n"\n"Date","Int64"\n{lines}')


def test_values_keep_their_types() -> None:
    network = answering(
        '"day","n","at","name","none","flag"\n"Date","UInt64","DateTime(\'Europe/Berlin\')","LowCardinality(Nullable(String))",'
        '"Nullable(String)","Bool"\n"2026-05-12",18446744073709551615,"2026-07-01 00:00:00","",\\N,true\n'
    )
    (row,) = clickhouse(network).ask("SELECT …").to_pylist()
    assert row["day"] == date(2026, 5, 12)
    assert row["n"] == 2**64 - 1
    assert row["at"] == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert (row["name"], row["none"], row["flag"]) == ("", None, True)


def test_no_row_is_an_empty_table_with_its_columns() -> None:
    found = clickhouse(answering('"day","n"\n"Date","UInt64"\n')).ask("SELECT …")
    assert (found.num_rows, found.column_names) == (0, ["day", "n"])


def test_credentials_stand_in_headers_alone() -> None:
    asked: list[httpx2.Request] = []

    def network(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, text='"a"\n"UInt8"\n1\n')

    clickhouse(network).ask("SELECT 1")
    assert asked[0].headers["X-ClickHouse-User"] == "demo"
    assert asked[0].headers["X-ClickHouse-Key"] == "hidden"
    assert "hidden" not in str(asked[0].url)
    assert asked[0].url.params["wait_end_of_query"] == "1"


def test_an_exception_in_the_header_is_one_sentence_and_is_not_tried_again() -> None:
    asked = []

    def network(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        text = "Code: 60. DB::Exception: Table default.wtf does not exist. (UNKNOWN_TABLE) (version 25.6)"
        return httpx2.Response(500, text=text, headers={"X-ClickHouse-Exception-Code": "60"})

    with pytest.raises(
        RefusedQueryError, match=r"Table default.wtf does not exist.*; correct the name of the table"
    ) as caught:
        clickhouse(network).ask("SELECT 1 FROM wtf")
    assert caught.value.number == 60
    assert len(asked) == 1


def test_an_exception_at_the_end_of_a_success_is_noticed() -> None:
    network = answering(
        '"n"\n"UInt64"\n1\n2\nCode: 159. DB::Exception: Timeout exceeded: elapsed 60.1 s. (TIMEOUT_EXCEEDED)'
    )
    with pytest.raises(RefusedQueryError, match=r"Timeout exceeded.*longer than the server allows"):
        clickhouse(network).ask("SELECT …")


@pytest.mark.parametrize("text", ["<html>", "Ok.\n", '"a","b"\n"UInt8"\n', '"n"\n"UInt8"\nmany\n'])
def test_what_is_no_answer_of_clickhouse_is_said(text: str) -> None:
    with pytest.raises(BrokenDataError, match=r"did not answer as ClickHouse does|cannot be read"):
        clickhouse(answering(text)).ask("SELECT …")


def test_another_place_is_not_sent_our_password() -> None:
    with pytest.raises(UnreachableError, match=r"points to https://elsewhere.example.org"):
        clickhouse(answering("", 302, Location="https://elsewhere.example.org/")).ask("SELECT 1")


def test_an_answer_that_is_cut_is_asked_for_in_parts_until_it_agrees() -> None:
    rows = [("2026-05-12", n) for n in range(30)] + [("2026-05-13", n) for n in range(7)]
    server = CutsAt(10, rows)
    found = clickhouse(server).ask_whole(question, TWO_DAYS, totals=("n",))
    assert sorted((f"{row['day']}", row["n"]) for row in found.to_pylist()) == sorted(rows)


def test_an_answer_that_agrees_is_asked_for_once() -> None:
    server = CutsAt(10, [("2026-05-12", 5)])
    assert clickhouse(server).ask_whole(question, TWO_DAYS, totals=("n",)).num_rows == 1
    assert server.asked == 2


def test_what_cannot_be_had_whole_is_an_error_not_less() -> None:
    server = CutsAt(0, [("2026-05-12", 5), ("2026-05-12", 6)])
    with pytest.raises(BrokenDataError, match="cuts its answers"):
        clickhouse(server).ask_whole(question, TWO_DAYS)


def test_sums_that_differ_are_an_error() -> None:
    def network(request: httpx2.Request) -> httpx2.Response:
        is_control = request.content.startswith(b"SELECT count()")
        return httpx2.Response(
            200, text='"c","n"\n"UInt64","Int64"\n1,6\n' if is_control else '"day","n"\n"Date","Int64"\n2026-05-12,5\n'
        )

    with pytest.raises(BrokenDataError, match="changes while it is read"):
        clickhouse(network).ask_whole(question, TWO_DAYS, totals=("n",))


@pytest.fixture(scope="module")
def engine() -> Iterator[ClickHouse]:
    """ClickHouse's engine with the limits of its public servers, and 240,000 groups over eight days."""
    python = python_with("FOOTFALL_CHDB_PYTHON", "chdb")
    shim = Path(__file__).parents[1] / "clickhouse_shim.py"
    limits = "max_result_rows=1000, result_overflow_mode='break'"
    with subprocess.Popen(
        [python, str(shim), limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        server = ClickHouse(Client(wait=0.0), f"http://127.0.0.1:{int(process.stdout.readline())}")
        server.ask(
            "CREATE TABLE d (day Date, project String, country Nullable(String), n Int64) ENGINE=SummingMergeTree ORDER BY (project, day)"
        )
        server.ask(
            "INSERT INTO d SELECT toDate('2026-05-12') + number % 8, 'p' || toString(intDiv(number, 8)), "
            "if(number % 7 = 0, NULL, 'DE'), number % 13 + 1 FROM numbers(240000)"
        )
        yield server
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.slow
def test_the_real_engine_cuts_and_all_rows_come_nevertheless(engine: ClickHouse) -> None:
    def grouped(window: Window) -> str:
        return (
            "SELECT day, project, country, sum(n) AS n FROM d "
            f"WHERE day >= '{window.start:%Y-%m-%d}' AND day < '{window.end:%Y-%m-%d}' GROUP BY day, project, country"
        )

    window = Window(datetime(2026, 5, 12, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC))
    assert engine.ask(grouped(window)).num_rows < 240_000
    found = engine.ask_whole(grouped, window, totals=("n",))
    assert found.num_rows == 240_000
    assert sum(found["n"].to_pylist()) == sum(n % 13 + 1 for n in range(240_000))
    assert found["country"].null_count == len(range(0, 240_000, 7))


@pytest.mark.slow
def test_the_real_engine_says_what_is_wrong(engine: ClickHouse) -> None:
    with pytest.raises(RefusedQueryError, match=r"'nope'.*correct the name of the table"):
        engine.ask("SELECT 1 FROM nope")
