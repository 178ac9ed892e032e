"""BigQuery over its REST interface.

    bigquery = BigQuery(client, "my-project", token, most_bytes=10 * 2**30)
    bigquery.cost(sql)      bytes that it would read, determined by a dry run: free
    bigquery.ask(sql)       an Arrow table: a dry run, then the query with `maximumBytesBilled`, all pages

The number of rows that were read is checked against the total that the job reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError, UnreachableError
from footfall.formats import size_of
from footfall.warehouses.bigquery_rows import rows_of
from footfall.warehouses.refusals import RefusedQueryError, in_words

if TYPE_CHECKING:
    import httpx2
    import pyarrow as pa

    from footfall.http import Client
    from footfall.settings import Secret

ADDRESS = "https://bigquery.googleapis.com"
MOST_BYTES = 10 * 2**30
PATIENCE = 3_600.0
"""The longest time a job may run, in seconds."""
_WAIT = 30_000
"""How long one request waits for the job, in milliseconds."""
_HINTS = {
    "accessDenied": "the account needs the roles BigQuery Job User (on the project) and BigQuery Data Viewer (on the data)",
    "bytesBilledLimitExceeded": "raise `most_bytes`, or ask for fewer days or columns",
    "quotaExceeded": "the project's quota is used up: wait, or raise it",
    "rateLimitExceeded": "too many requests: try again later",
    "authError": "the token is no longer valid: get another one",
    "required": "the token is missing or no longer valid: get another one",
    "notFound": "correct the name of the project or table, and the location",
}
_PASSING = frozenset({"backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded"})


class BigQuery:
    """One BigQuery project, which is billed for the queries.

    Args:
        client: The HTTP client.
        project: The project that is billed.
        token: An OAuth access token, or a function that returns one (they last an hour).
        most_bytes: The most that one query may read; larger queries are refused before they cost anything.
        location: The location of the data, such as `EU`; by default BigQuery finds it.
        address: The address of the REST interface.
        clock, sleep: Used for waiting for a job.
    """

    def __init__(
        self,
        client: Client,
        project: str,
        token: Secret | Callable[[], Secret],
        *,
        most_bytes: int = MOST_BYTES,
        location: str = "",
        address: str = ADDRESS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._token = token
        self._most_bytes = most_bytes
        self._location = location
        self._queries = f"{address.rstrip('/')}/bigquery/v2/projects/{project}/queries"
        self._clock = clock
        self._sleep = sleep

    def cost(self, sql: str) -> int:
        """Bytes that a query would read."""
        answer = self._post({**self._asked(sql), "dryRun": True})
        return int(answer.get("totalBytesProcessed", 0))

    def ask(self, sql: str) -> pa.Table:
        """The complete answer.

        Raises RefusedQueryError for a query that would read more than `most_bytes` or that BigQuery rejects, and
        BrokenDataError if rows are missing.
        """
        import pyarrow as pa

        pages = list(self.pages(sql))
        return pa.concat_tables(pages, promote_options="permissive")

    def pages(self, sql: str) -> Iterator[pa.Table]:
        """The answer in parts, at least one; after the last one, all rows are known to be complete."""
        if (cost := self.cost(sql)) > self._most_bytes:
            raise RefusedQueryError(
                f"the query would read {size_of(cost)}, and `most_bytes` allows {size_of(self._most_bytes)}; the query was not run. "
                "Raise `most_bytes`, or ask for fewer days or columns."
            )
        answer = self._post(
            {**self._asked(sql), "maximumBytesBilled": str(self._most_bytes), "timeoutMs": _WAIT, "useQueryCache": True}
        )
        answer = self._finished(answer)
        fields, total, got = _fields_of(answer), int(answer.get("totalRows", 0)), 0
        seen: set[str] = set()
        while True:
            rows = answer.get("rows", [])
            got += len(rows)
            yield rows_of(fields, rows)
            page = answer.get("pageToken", "")
            if not page:
                break
            if page in seen:
                raise BrokenDataError("BigQuery names a page as next that came before; try again later.")
            seen.add(page)
            answer = self._get(answer, {"pageToken": page})
        if got != total:
            raise BrokenDataError(f"BigQuery gave {got:,} rows of an answer that has {total:,}; try again later.")

    def _asked(self, sql: str) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "query": sql,
            "useLegacySql": False,
            "formatOptions": {"useInt64Timestamp": True},
            "connectionProperties": [{"key": "time_zone", "value": "UTC"}],
        }
        return {**asked, "location": self._location} if self._location else asked

    def _finished(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer when its job is done."""
        until = self._clock() + PATIENCE
        pause = 1.0
        while not answer.get("jobComplete", False):
            if self._clock() > until:
                raise UnreachableError(
                    "BigQuery did not finish the query within an hour; ask for fewer days or columns."
                )
            self._sleep(pause)
            pause = min(2 * pause, 15.0)
            answer = self._get(answer, {"timeoutMs": _WAIT})
        return answer

    def _get(self, answer: Mapping[str, Any], more: Mapping[str, Any]) -> Mapping[str, Any]:
        """Further results of the answer's job."""
        job = answer.get("jobReference", {})
        params = {**more, "formatOptions.useInt64Timestamp": "true"}
        if location := job.get("location") or self._location:
            params["location"] = location
        address = f"{self._queries}/{job.get('jobId', '')}"
        response = self._client.get(address, params=params, headers=self._headers())
        return {"jobReference": job, **_json_of(response)}

    def _post(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        response = self._client.post(
            self._queries, json=asked, headers=self._headers(), timeout=120.0, answers=_is_explained
        )
        answer = _json_of(response)
        if "error" in answer:
            raise _refusal(answer["error"], str(asked.get("query", "")))
        return answer

    def _headers(self) -> dict[str, str]:
        token = self._token() if callable(self._token) else self._token
        return {"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"}


def _is_explained(response: httpx2.Response) -> bool:
    """Whether a refusal gives a reason, so that a retry would not help."""
    try:
        reasons = {one.get("reason", "") for one in response.json()["error"]["errors"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return not reasons & _PASSING


def _json_of(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise BrokenDataError("BigQuery did not answer with JSON; check the address.")
    return answer


def _fields_of(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    fields = answer.get("schema", {}).get("fields")
    if not fields:
        raise BrokenDataError("BigQuery answered without the columns of its answer; check that the query is a SELECT.")
    return list(fields)


def _refusal(error: Mapping[str, Any], sql: str) -> RefusedQueryError:
    first = next(iter(error.get("errors") or [{}]))
    reason, said = str(first.get("reason", "")), in_words(str(error.get("message", "")), sql)
    hint = _HINTS.get(reason, "correct the query")
    return RefusedQueryError(f"BigQuery refuses the query: {said}; {hint}.", said, int(error.get("code", 0)))
