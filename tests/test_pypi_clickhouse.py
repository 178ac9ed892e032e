"""The pypi source against ClickHouse: recorded answers, and its own engine with ClickPy's tables where chdb is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

import footfall
from clickpy_faked import SUMS, Recorded, clickpy
from footfall.collect import SourceSummary, collect
from footfall.errors import QueryError, UnknownNameError
from footfall.http import Client
from footfall.lake import Lake
from footfall.ledger import Known
from footfall.settings import Settings
from footfall.sources import Context
from footfall.sources.pypi import PyPI, PyPISettings
from footfall.sources.pypi.mirrors import is_mirror
from footfall.warehouses.clickhouse import ClickHouse

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
LAST = date(2026, 5, 19)
DAY = timedelta(days=1)


class Place:
    """A lake that collects from a server."""

    def __init__(self, folder: Path, answer: Any = None, **settings: Any) -> None:
        self.folder, self.answer, self.now = folder, answer, NOON
        self.settings = {"packages": ["icepyx"], "provider": "clickhouse", **settings}

    def client(self) -> Client:
        transport = httpx2.MockTransport(self.answer) if self.answer else None
        return Client(transport=transport, wait=0.0)

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


def recorded() -> Recorded:
    return Recorded(
        totals={
            "pip": {LAST - n * DAY: 1_000_000 for n in range(60) if n not in (3, 4)},
            "icepyx": {LAST: 30, LAST - 5 * DAY: 7},
        },
        splits={
            "version": [
                (LAST - 5 * DAY, "1.0", "pip", "DE", 7),
                (LAST, "1.0", "pip", "DE", 11),
                (LAST, "1.1", "bandersnatch", "US", 9),
                (LAST, "1.1", "", "", 8),
                (LAST, "1.1", "Nexus", "US", 2),
            ],
            "python_minor": [
                (LAST - 5 * DAY, "3.9", "other", 7),
                (LAST, "3.10", "other", 11),
                (LAST, "", "bandersnatch", 11),
                (LAST, "", "", 8),
            ],
            "system": [
                (LAST - 5 * DAY, "Linux", "other", 7),
                (LAST, "Linux", "other", 11),
                (LAST, "", "bandersnatch", 11),
                (LAST, "", "", 8),
            ],
        },
    )


def test_mirrors_are_known_by_name_and_no_name_is_neither() -> None:
    assert [is_mirror(n) for n in ("Bandersnatch", "z3c.pypimirror", "devpi", "Artifactory", "uv", "")] == [
        *[True] * 4,
        False,
        False,
    ]
    assert is_mirror(None) is None


def test_days_are_split_as_far_as_it_knows(tmp_path: Path) -> None:
    place = Place(tmp_path, recorded().answer)
    summary = place.collect()
    assert (summary.error, summary.failed) == ("", 0)
    asked: dict[str, Any] = {"grain": "total", "since": str(LAST), "until": str(LAST + DAY)}
    with place.workspace() as ff:
        numbers = {
            policy: ff.query("installs", policies={"mirrors": policy}, **asked).rows["installs"].to_pylist()
            for policy in ("excluded", "certain", "included")
        }
        assert numbers == {"excluded": [19], "certain": [11], "included": [30]}
        assert ff.query("downloads", **asked).rows["downloads"].to_pylist() == [30]
        by_version = ff.query("downloads", by=["version", "country"], **asked).rows.to_pylist()
        assert {(r["version"], r["country"]): r["downloads"] for r in by_version} == {
            ("1.0", "DE"): 11,
            ("1.1", "US"): 11,
            ("1.1", None): 8,
        }
        by_python = ff.query("installs", by="python_minor", **asked).rows.to_pylist()
        assert {r["python_minor"]: r["installs"] for r in by_python} == {"3.10": 11, None: 8}
        with pytest.raises(QueryError, match=r"not known by is_ci: ClickHouse does not have this"):
            ff.query("installs", by="is_ci")
        with pytest.raises(QueryError, match=r"python_minor or by version, but not by both"):
            ff.query("installs", by=["python_minor", "version"])
        with pytest.raises(UnknownNameError, match=r"cannot leave it out"):
            ff.query("installs", policies={"ci": "excluded"})


def test_days_that_were_not_loaded_are_missing_and_others_are_zero(tmp_path: Path) -> None:
    place = Place(tmp_path, recorded().answer)
    place.collect()
    with place.workspace() as ff:
        rows = ff.query("installs", since=str(LAST - 5 * DAY), until=str(LAST + 2 * DAY)).rows.to_pylist()
    numbers = [(row["installs"], row["coverage"]) for row in rows]
    assert numbers == [(7, 1.0), (None, 0.0), (None, 0.0), (0, 1.0), (0, 1.0), (19, 1.0), (None, 0.0)]


def test_nothing_new_is_not_read_again_and_a_refilled_day_is(tmp_path: Path) -> None:
    server = recorded()
    place = Place(tmp_path, server.answer)
    place.collect()
    first = len(server.asked)
    place.collect()
    assert not [sql for sql in server.asked[first:] if "_by_version_" in sql]
    server.totals["icepyx"][LAST] = 31
    server.splits["version"][1] = (LAST, "1.0", "pip", "DE", 12)
    place.now = NOON + timedelta(hours=1)
    assert place.collect().failed == 2  # the other tables are not loaded yet
    with place.workspace() as ff:
        asked: dict[str, Any] = {"grain": "total", "since": str(LAST), "until": str(LAST + DAY)}
        assert ff.query("installs", **asked).rows["installs"].to_pylist() == [20]
        assert sum(ff.query("installs", by="python_minor", **asked).rows["installs"].to_pylist()) == 19


def test_a_day_that_is_deleted_there_stays_here(tmp_path: Path) -> None:
    server = recorded()
    place = Place(tmp_path, server.answer)
    place.collect()
    del server.totals["icepyx"][LAST - 5 * DAY]
    server.totals["icepyx"][LAST - 10 * DAY] = 0
    assert place.collect().failed == 3
    with place.workspace() as ff:
        asked: dict[str, Any] = {"grain": "total", "since": str(LAST - 5 * DAY), "until": str(LAST - 4 * DAY)}
        assert ff.query("installs", **asked).rows["installs"].to_pylist() == [7]


def test_an_unknown_project_and_a_server_that_is_away(tmp_path: Path) -> None:
    place = Place(tmp_path, recorded().answer, packages=["icepyx", "no-such"])
    assert place.collect().failed == 3
    assert [(c.name, c.state) for c in place.source().checks(NOON)] == [
        ("ClickHouse", "ok"),
        ("icepyx", "ok"),
        ("no-such", "failed"),
    ]
    assert not list(place.source().deadlines(Known(), NOON))
    away = Place(tmp_path, lambda request: httpx2.Response(401, text="no"))
    assert "401" in away.collect().error
    assert [c.state for c in away.source().checks(NOON)] == ["failed"]


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[str, ClickHouse]]:
    with clickpy() as there:
        yield there


@pytest.mark.slow
def test_the_real_engine_with_its_limits_gives_every_download(tmp_path: Path, engine: tuple[str, ClickHouse]) -> None:
    address, server = engine
    server.ask(
        "INSERT INTO pypi.pypi SELECT toDate('2026-05-01') + number % 19, ['DE','US','',''][1 + number % 4], 'icepyx', "
        "'sdist', ['pip','uv','bandersnatch','Nexus',''][1 + number % 5], ['3.9','3.10','3.1',''][1 + number % 4], "
        "['Linux','Darwin',''][1 + number % 3], '1.' || toString(number % 97) FROM numbers(60000)"
    )
    server.ask(
        "INSERT INTO pypi.pypi SELECT toDate('2026-05-01') + number % 19, '', 'pip', 'sdist', 'pip', '3.9', 'Linux', '1' "
        "FROM numbers(190)"
    )
    for statement in SUMS:  # twice a half: sums that are not merged yet
        server.ask(statement.format(where="rowNumberInAllBlocks() % 2 = 0"))
        server.ask(statement.format(where="rowNumberInAllBlocks() % 2 = 1"))
    place = Place(tmp_path, address=address, user="default", since="2026-05-01")
    summary = place.collect()
    assert (summary.error, summary.failed) == ("", 0)
    numbers = range(60_000)
    installers, minors = ("pip", "uv", "bandersnatch", "Nexus", None), ("3.9", "3.10", "3.1", None)
    asked: dict[str, Any] = {"grain": "total", "since": "2026-05-01", "until": "2026-05-20"}
    with place.workspace() as ff:
        assert ff.query("downloads", **asked).rows["downloads"].to_pylist() == [60_000]
        assert ff.query("installs", **asked).rows["installs"].to_pylist() == [36_000]
        by_installer = ff.query("downloads", by="installer", **asked).rows.to_pylist()
        assert {r["installer"]: r["downloads"] for r in by_installer} == Counter(installers[n % 5] for n in numbers)
        by_python = ff.query("installs", by="python_minor", **asked).rows.to_pylist()
        right = Counter(minors[n % 4] for n in numbers if installers[n % 5] not in ("bandersnatch", "Nexus"))
        assert {r["python_minor"]: r["installs"] for r in by_python} == right
