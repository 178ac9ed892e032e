"""One range query and its answer: POST, whole seconds, the query text unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from footfall.errors import BrokenDataError, UnreachableError
from footfall.http import StatusError
from footfall.sources.prometheus.places import MAY_QUERY, Place

if TYPE_CHECKING:
    import numpy as np

    from footfall.http import Client

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_HARMLESS = re.compile(r"PromQL (info|warning):", re.IGNORECASE)
"""Notes about a query whose answer is complete; other warnings say that a part of the data did not answer."""
_TOO_MUCH = re.compile(
    r"maximum resolution|too many|too long|too large|exceed|limit|time[d ]*out|samples", re.IGNORECASE
)
TIMEOUT = 150.0
"""Seconds to wait for an answer: Prometheus itself gives up after two minutes."""


class TooMuchError(UnreachableError):
    """The query was too large; a smaller one may succeed."""


class RefusedError(UnreachableError):
    """It rejects this query; others may succeed."""


@dataclass(frozen=True)
class Series:
    """The values of one set of labels."""

    labels: Mapping[str, str]
    times: np.ndarray[Any, Any]
    """Seconds since 1970, in order; steps without a value are absent."""
    values: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Answer:
    """The result of a range query."""

    series: tuple[Series, ...]
    partial: tuple[str, ...] = ()
    """Warnings that a part of the data did not answer: the result looks complete but is not."""
    remarks: tuple[str, ...] = ()
    """Warnings and infos about the query that do not affect the result."""


def ask_range(place: Place, query: str, first: datetime, last: datetime, step: timedelta, client: Client) -> Answer:
    """The values at `first`, a step later, … up to and including `last`. Raises SourceError."""
    form = {
        "query": query,
        "start": str(_seconds(first)),
        "end": str(_seconds(last)),
        "step": str(int(step.total_seconds())),
    }
    url = f"{place.address}/api/v1/query_range"
    headers = {**place.headers, **_FORM}
    try:
        response = client.post(url, content=urlencode(form), headers=headers, timeout=TIMEOUT, answers=_is_said)
    except StatusError as error:
        raise UnreachableError(_explained(place, error.status, str(error))) from None
    answer = _parsed(response.content, url)
    if response.status_code >= 400 or answer.get("status") != "success":
        said = str(answer.get("error") or answer.get("message") or "no reason given").strip()
        kind = TooMuchError if response.status_code in (413, 504) or _TOO_MUCH.search(said) else RefusedError
        raise kind(f"{place.name} refuses the query ({response.status_code}): {said[:300].rstrip('.')}.")
    return read_answer(answer, url)


def read_answer(answer: Mapping[str, Any], url: str) -> Answer:
    """An answer of the query API. Raises BrokenDataError if it is invalid."""
    try:
        data = answer["data"]
        if data["resultType"] != "matrix":
            raise BrokenDataError(f"{url} answered with a {data['resultType']}, where series over time were asked for.")
        series = tuple(_series(one, url) for one in data["result"])
        said = [str(text) for name in ("warnings", "infos") for text in answer.get(name) or ()]
        is_info = set(map(str, answer.get("infos") or ()))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise BrokenDataError(
            f"{url} answered with something that is not a Prometheus matrix; check the address."
        ) from None
    harmless = [text for text in said if text in is_info or _HARMLESS.match(text)]
    return Answer(series, tuple(text for text in said if text not in harmless), tuple(harmless))


def _series(one: Mapping[str, Any], url: str) -> Series:
    import numpy as np

    if one.get("histograms"):
        raise BrokenDataError(
            f"{url}: the query gives histograms; ask for a number of them, as with histogram_count() or histogram_quantile()."
        )
    pairs = one["values"]
    labels = {str(name): str(value) for name, value in one["metric"].items()}
    times = np.fromiter((pair[0] for pair in pairs), np.int64, len(pairs))
    values = np.fromiter((float(pair[1]) for pair in pairs), np.float64, len(pairs))
    if (np.diff(times) <= 0).any():
        raise ValueError("moments out of order, or one twice")
    return Series(labels, times, values)


def _is_said(response: Any) -> bool:
    """Whether a refusal gives a reason in Prometheus's format: then it is parsed and not retried."""
    return response.status_code in (400, 413, 422, 504) or (
        response.status_code == 503 and "timeout" in response.text[:300]
    )


def _parsed(content: bytes, url: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(content)
        if not isinstance(answer, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise BrokenDataError(f"{url} did not answer like Prometheus; check the address and the token.") from None
    return answer


def _explained(place: Place, status: int, said: str) -> str:
    if status in (401, 403) and place.is_proxied:
        return (
            f"Grafana answered {status} to a query of {place.name}: the token may not query this data source; give it the "
            f"permission {MAY_QUERY}."
        )
    return f"{place.name}: {said}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
