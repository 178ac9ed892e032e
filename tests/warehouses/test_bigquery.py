"""BigQuery over REST, against answers of the shape that its interface documents."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from footfall.errors import BrokenDataError, UnreachableError
from footfall.http import Client, StatusError
from footfall.settings import Secret
from footfall.warehouses.bigquery import BigQuery
from footfall.warehouses.refusals import RefusedQueryError

FIELDS = [
    {"name": "day", "type": "DATE", "mode": "NULLABLE"},
    {"name": "at", "type": "TIMESTAMP"},
    {"name": "n", "type": "INTEGER"},
    {"name": "share", "type": "FLOAT"},
    {"name": "exact", "type": "NUMERIC"},
    {"name": "ci", "type": "BOOLEAN"},
]
ROW = ["2026-05-12", "1778544000000001", "42", "NaN", "1.10", None]


def row(values: list[str | None]) -> dict[str, Any]:
    return {"f": [{"v": value} for value in values]}


class Fake:
    """A project of BigQuery: a dry run, a job that takes a while, and pages."""

    def __init__(self, rows: int = 3, page: int = 2, size: int = 1_000, busy: int = 0) -> None:
        self.rows, self.page, self.size, self.busy = rows, page, size, busy
        self.total = rows
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == "Bearer hidden"
        if request.method == "POST":
            asked = json.loads(request.content)
            self.asked.append(asked)
            if asked.get("dryRun"):
                return httpx2.Response(200, json={"jobComplete": True, "totalBytesProcessed": str(self.size)})
            return httpx2.Response(200, json=self.answer(0))
        return httpx2.Response(200, json=self.answer(int(request.url.params.get("pageToken", "0"))))

    def answer(self, start: int) -> dict[str, Any]:
        job = {"jobReference": {"jobId": "job_1", "location": "US"}}
        if self.busy:
            self.busy -= 1
            return {**job, "jobComplete": False}
        end = min(self.rows, start + self.page)
        more = {"pageToken": str(end)} if end < self.rows else {}
        rows = [row(ROW)] * (end - start)
        head = {"schema": {"fields": FIELDS}, "jobComplete": True, "totalRows": str(self.total)}
        return {**job, **head, **({"rows": rows} if rows else {}), **more}


def bigquery(network: Any, **options: Any) -> BigQuery:
    client = Client(transport=httpx2.MockTransport(network), wait=0.0)
    return BigQuery(client, "me", Secret("hidden"), sleep=lambda seconds: None, **options)


def test_values_keep_their_types_and_all_pages_come() -> None:
    found = bigquery(Fake()).ask("SELECT …")
    assert found.num_rows == 3
    assert [str(kind) for kind in found.schema.types] == [
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "int64",
        "double",
        "string",
        "bool",
    ]
    assert found["at"][0].as_py().isoformat() == "2026-05-12T00:00:00.000001+00:00"
    assert found["ci"].null_count == 3


def test_what_it_costs_is_asked_first_and_bounded_by_the_server_as_well() -> None:
    fake = Fake()
    bigquery(fake, most_bytes=1_000).ask("SELECT …")
    dry, real = fake.asked
    assert dry["dryRun"]
    assert real["maximumBytesBilled"] == "1000"
    assert not real["useLegacySql"]


def test_a_query_that_reads_too_much_is_never_asked() -> None:
    fake = Fake(size=5 * 2**30)
    with pytest.raises(RefusedQueryError, match=r"would read .*GB.*most_bytes"):
        bigquery(fake, most_bytes=2**30).ask("SELECT …")
    assert len(fake.asked) == 1


def test_a_job_that_takes_a_while_is_waited_for() -> None:
    assert bigquery(Fake(busy=4)).ask("SELECT …").num_rows == 3


def test_a_job_that_never_ends_is_given_up() -> None:
    ticks = iter(range(0, 10**6, 600))
    with pytest.raises(UnreachableError, match="did not finish"):
        bigquery(Fake(busy=10**6), clock=lambda: float(next(ticks))).ask("SELECT …")


def test_rows_that_are_missing_are_an_error() -> None:
    fake = Fake()
    fake.total = 4
    with pytest.raises(BrokenDataError, match="gave 3 rows of an answer that has 4"):
        bigquery(fake).ask("SELECT …")


def test_no_row_is_an_empty_table_with_its_columns() -> None:
    found = bigquery(Fake(rows=0)).ask("SELECT …")
    assert (found.num_rows, found.column_names[:2]) == (0, ["day", "at"])


@pytest.mark.parametrize(
    ("status", "reason", "hint"),
    [
        (403, "accessDenied", "BigQuery Job User"),
        (400, "invalidQuery", "correct the query"),
        (401, "authError", "another one"),
        (404, "notFound", "correct the name"),
        (400, "bytesBilledLimitExceeded", "most_bytes"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_fix(status: int, reason: str, hint: str) -> None:
    asked = []

    def network(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        error = {"code": status, "message": "No.\nReally", "errors": [{"reason": reason}]}
        return httpx2.Response(status, json={"error": error})

    with pytest.raises(RefusedQueryError, match=f"No. Really; .*{hint}"):
        bigquery(network).ask("SELECT …")
    assert len(asked) == 1


def test_a_fault_of_the_server_is_asked_again_then_said() -> None:
    error = {"error": {"code": 503, "message": "busy", "errors": [{"reason": "backendError"}]}}
    with pytest.raises(StatusError, match="503"):
        bigquery(lambda request: httpx2.Response(503, json=error)).ask("SELECT …")


@pytest.mark.parametrize(
    "field", [{"name": "x", "type": "RECORD"}, {"name": "x", "type": "STRING", "mode": "REPEATED"}]
)
def test_lists_and_records_are_refused(field: dict[str, str]) -> None:
    fake = Fake()

    def network(request: httpx2.Request) -> httpx2.Response:
        answer = fake(request).json()
        return httpx2.Response(200, json={**answer, "schema": {"fields": [field]}})

    with pytest.raises(BrokenDataError, match="lists or records"):
        bigquery(network).ask("SELECT …")
