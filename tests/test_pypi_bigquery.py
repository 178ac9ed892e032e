"""The pypi source against BigQuery: answers of the shape that its interface documents."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

import footfall
from footfall.collect import SourceSummary, collect
from footfall.http import Client
from footfall.lake import Lake
from footfall.settings import Settings
from footfall.sources import Context
from footfall.sources.pypi import PyPI, PyPISettings
from pypistats_faked import FakePyPIStats, plain

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
LAST = date(2026, 5, 19)
DAY = timedelta(days=1)
NAMES = ("day", "project", "version", "python_minor", "system", "installer", "country", "is_ci", "downloads")
TYPES = {"day": "DATE", "is_ci": "BOOLEAN", "downloads": "INTEGER"}


class FakeBigQuery:
    """Rows of PyPI's table, added up by day, project and split; `pip` is there on every day but those `unloaded`."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = [
            (f"{LAST}", "icepyx", "1.0", "3.10", "Linux", "pip", "DE", "true", "11"),
            (f"{LAST}", "icepyx", "1.0", "3.9", "Linux", "uv", "DE", "", "7"),
            (f"{LAST}", "icepyx", "1.0", "", "", "bandersnatch", "US", "", "20"),
            (f"{LAST}", "icepyx", "1.0", "", "", "", "US", "", "3"),
        ]
        self.unloaded: set[date] = set()
        self.bytes = 1_000_000
        self.missing = 0
        self.asked: list[dict[str, Any]] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == "Bearer hidden"
        asked = json.loads(request.content)
        self.asked.append(asked)
        if asked.get("dryRun"):
            return httpx2.Response(200, json={"jobComplete": True, "totalBytesProcessed": str(self.bytes)})
        first, last = map(date.fromisoformat, re.findall(r"TIMESTAMP\('([\d-]+)'\)", asked["query"]))
        days = [first + n * DAY for n in range((last - first).days)]
        rows: list[tuple[str, ...]] = [
            (f"{d}", "pip", "", "", "", "", "", "", "9000") for d in days if d not in self.unloaded
        ]
        rows += [row for row in self.rows if f"{first}" <= row[0] < f"{last}" and f"'{row[1]}'" in asked["query"]]
        fields = [{"name": name, "type": TYPES.get(name, "STRING")} for name in NAMES]
        listed = [{"f": [{"v": value or None} for value in row]} for row in rows]
        said = {"jobComplete": True, "totalRows": str(len(rows) + self.missing), "schema": {"fields": fields}}
        return httpx2.Response(200, json={**said, "jobReference": {"jobId": "j"}, "rows": listed})

    @property
    def paid(self) -> int:
        return sum(not asked.get("dryRun") for asked in self.asked)


class Place:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.now, self.upstream = folder, NOON, FakeBigQuery()
        self.settings: dict[str, Any] = {"packages": ["icepyx"], "provider": "bigquery", "since": "2026-05-10"}
        self.settings |= {"billing_project": "mine", "password": "hidden", **settings}

    def client(self) -> Client:
        return Client(transport=httpx2.MockTransport(self.upstream.answer), wait=0.0)

    def source(self) -> PyPI:
        context = Context(self.folder, self.folder / "s", lambda: self.now, self.client, "pypi")
        return PyPI(PyPISettings.model_validate(self.settings), context)

    def lake(self) -> Lake:
        return Lake.open(str(self.folder / "lake"), now=lambda: self.now)

    def collect(self) -> SourceSummary:
        (summary,) = collect(self.lake(), {"pypi": self.source()}, now=lambda: self.now).sources
        return summary

    def workspace(self) -> Any:
        settings = {"sources": {"pypi": self.settings}, "lake": "lake", "folder": self.folder}
        return footfall.Workspace(Settings.model_validate(settings), now=lambda: self.now)

    def installs(self, **asked: Any) -> list[dict[str, Any]]:
        asked = {"grain": "total", "since": str(LAST), "until": str(LAST + DAY), **asked}
        with self.workspace() as ff:
            return list(ff.query("installs", **asked).rows.to_pylist())


def test_every_dimension_is_known_together_and_policies_are_right_on_nulls(tmp_path: Path) -> None:
    place = Place(tmp_path)
    summary = place.collect()
    assert (summary.error, summary.failed) == ("", 0)
    assert [r["installs"] for r in place.installs()] == [10]  # neither mirrors nor runs known to be CI
    assert [r["installs"] for r in place.installs(policies={"ci": "included"})] == [21]
    assert [r["installs"] for r in place.installs(policies={"mirrors": "certain"})] == [7]
    found = place.installs(by=["python_minor", "system", "country"], policies={"ci": "included"})
    assert {(r["python_minor"], r["system"], r["country"]): r["installs"] for r in found} == {
        ("3.10", "Linux", "DE"): 11,
        ("3.9", "Linux", "DE"): 7,
        (None, None, "US"): 3,
    }


def test_a_day_is_paid_for_once_a_day_until_it_is_final(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.collect()
    assert place.upstream.paid == 1
    place.collect()
    assert place.upstream.paid == 1
    place.now = NOON + DAY
    place.collect()
    assert place.upstream.paid == 2
    assert "TIMESTAMP('2026-05-13')" in place.upstream.asked[-1]["query"]  # those before are final
    assert all(asked["maximumBytesBilled"] for asked in place.upstream.asked if not asked.get("dryRun"))


def test_a_day_that_is_as_it_was_is_not_written_again(tmp_path: Path) -> None:
    place = Place(tmp_path, once_a_day=False)
    place.collect()
    version = place.lake().snapshot(place.source().tables).tables["pypi_downloads"].version
    assert not place.collect().failed
    assert place.upstream.paid == 2
    assert place.lake().snapshot(place.source().tables).tables["pypi_downloads"].version == version
    place.upstream.rows[0] = (*place.upstream.rows[0][:-1], "12")
    place.collect()
    assert [r["installs"] for r in place.installs(policies={"ci": "included"})] == [22]


def test_what_costs_too_much_is_not_asked(tmp_path: Path) -> None:
    place = Place(tmp_path, most_bytes=1_000)
    assert place.collect().failed == 10
    assert place.upstream.paid == 0
    assert [check.state for check in place.source().checks(NOON)] == ["ok"]


def test_rows_that_are_missing_make_a_failure(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.upstream.missing = 1
    assert place.collect().failed == 10


def test_a_day_that_was_not_loaded_fails_and_downloads_that_vanish_stay(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.upstream.unloaded = {LAST - DAY}
    assert place.collect().failed == 1
    place.now = NOON + DAY
    place.upstream.rows, place.upstream.unloaded = [], set()
    assert place.collect().failed == 1
    assert [r["installs"] for r in place.installs()] == [10]


def test_an_unknown_project_is_no_zero(tmp_path: Path) -> None:
    place = Place(tmp_path, packages=["icepyx", "no-such"])
    assert place.collect().failed == 10


def test_who_pays_must_be_said() -> None:
    with pytest.raises(ValidationError, match="billing_project"):
        PyPISettings.model_validate({"packages": ["icepyx"], "provider": "bigquery"})


def test_another_provider_goes_on_and_the_seam_is_a_break(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.collect()
    place.now = NOON + DAY
    stats = FakePyPIStats({"icepyx": {LAST: plain(70), LAST + DAY: plain(50)}}, place.now.date())
    place.settings = {"packages": ["icepyx"], "address": "https://stats.example"}
    place.upstream.answer = stats.answer  # type: ignore[method-assign]
    assert not place.collect().failed
    assert not place.collect().failed
    with place.workspace() as ff:
        found = ff.query("installs", since=str(LAST), until=str(LAST + 2 * DAY))
        assert found.rows["installs"].to_pylist() == [21, 50]
        breaks = [(f"{one.window.start:%Y-%m-%d}", one.text) for one in found.annotations]
        assert breaks == [(f"{LAST + DAY}", "counted by pypistats.org from here on, by BigQuery before")]
        rows = ff.query("installs", since=str(LAST + DAY), until=str(LAST + 2 * DAY), compare="previous").rows
        assert rows["compared"].to_pylist() == ["break"]
    (summary,) = collect(place.lake(), {"pypi": place.source()}, now=lambda: place.now, is_recheck=True).sources
    assert not summary.failed
    place.collect()
    with place.workspace() as ff:
        found = ff.query("installs", since=str(LAST), until=str(LAST + 2 * DAY))
        assert found.rows["installs"].to_pylist() == [70, 50]
        assert not found.annotations
