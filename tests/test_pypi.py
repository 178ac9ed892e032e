"""The pypi source against a pypistats.org that is told what to count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

import footfall
from footfall.collect import SourceSummary, collect
from footfall.errors import BrokenDataError, QueryError, UnknownNameError
from footfall.http import Client
from footfall.lake import Lake
from footfall.ledger import Entry, Known, Status
from footfall.periods import Window
from footfall.settings import Settings
from footfall.sources import Context
from footfall.sources.pypi import PyPI, PyPISettings
from footfall.sources.pypi.losses import lost_days
from footfall.sources.pypi.names import normalise
from footfall.sources.pypi.pypistats import counts_of, day_of
from footfall.testing import Upstream, check_source
from footfall.testing.contents import contents_of
from lengths import STEP
from pypistats_faked import Day, FakePyPIStats, plain

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
YESTERDAY = date(2026, 5, 19)
DAY = timedelta(days=1)


@dataclass
class Place:
    """A lake that collects from a fake pypistats.org, with a clock."""

    folder: Path
    upstream: FakePyPIStats
    more: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON
    waited: list[float] = field(default_factory=list)

    def source(self) -> PyPI:
        settings = {"packages": list(self.upstream.projects), "address": "https://stats.example", **self.more}
        context = Context(self.folder, self.folder / "s", lambda: self.now, self.client, "pypi")
        return PyPI(PyPISettings.model_validate(settings), context)

    def client(self) -> Client:
        return Client(
            transport=httpx2.MockTransport(self.upstream.answer),
            wait=0,
            clock=lambda: sum(self.waited),
            sleep=self.waited.append,
        )

    def lake(self) -> Lake:
        return Lake.open(str(self.folder / "lake"), now=lambda: self.now)

    def collect(self, now: datetime | None = None, **more: Any) -> SourceSummary:
        self.now = now or self.now
        self.upstream.today = self.now.date()
        (summary,) = collect(self.lake(), {"pypi": self.source()}, now=lambda: self.now, **more).sources
        return summary

    def rows(self, table: str = "pypi_downloads") -> Mapping[Any, Any]:
        return contents_of(self.lake(), self.source()).tables[table]

    def entry(self, project: str, day: date, table: str = "pypi_downloads") -> Entry | None:
        entries = self.lake().known("pypi")
        at = entries.positions[0].get((table, project, Window.of_day(day)))
        return None if at is None else entries[at]

    def workspace(self) -> Any:
        sources = {"pypi": {"packages": list(self.upstream.projects), "address": "https://stats.example", **self.more}}
        settings = Settings.model_validate({"sources": sources, "lake": "lake", "folder": self.folder})
        return footfall.Workspace(settings, now=lambda: self.now)


def place_of(folder: Path, **projects: dict[date, Day]) -> Place:
    found = {name.replace("_", "-"): days for name, days in projects.items()}
    return Place(folder, FakePyPIStats(found, NOON.date()))


def test_names_are_one_whatever_their_spelling(tmp_path: Path) -> None:
    assert [normalise(n) for n in ("mooch.settings", "zope..interface", "PyYAML", "RecOrder_Napari")] == [
        "mooch-settings",
        "zope-interface",
        "pyyaml",
        "recorder-napari",
    ]
    place = Place(tmp_path, FakePyPIStats({"recorder-napari": {YESTERDAY: plain(5)}}, NOON.date()))
    place.more = {"packages": ["RecOrder_Napari", "recorder.napari"]}
    assert not place.collect().failed
    assert {path.split("/")[-2] for path in place.upstream.asked} == {"__all__", "recorder-napari"}
    with place.workspace() as ff:
        found = ff.query("installs", grain="total", where="project=RecOrder.Napari")
        assert found.rows["installs"].to_pylist() == [5]


@pytest.mark.parametrize(
    "packages", [[], ["../x"], ["a/b"], [""], ["a b"]], ids=["none", "path", "slash", "empty", "blank"]
)
def test_what_is_no_name_is_refused(packages: list[str]) -> None:
    with pytest.raises(ValidationError):
        PyPISettings.model_validate({"packages": packages})


def test_a_day_without_downloads_is_zero_and_one_that_no_project_has_is_missing(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    place.upstream.lost = {date(2026, 5, 7), date(2026, 5, 8)}
    assert not place.collect().failed
    with place.workspace() as ff:
        found = ff.query("installs", since="2026-05-06", until="2026-05-10").rows.to_pylist()
        assert [(row["installs"], row["coverage"]) for row in found] == [(0, 1.0), (None, 0.0), (None, 0.0), (0, 1.0)]


def test_a_day_that_comes_late_is_filled_and_was_not_known_before(tmp_path: Path) -> None:
    late = date(2026, 5, 8)
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7), late: plain(4)})
    place.upstream.lost = {late}
    place.collect()
    place.upstream.lost = set()
    assert place.collect(NOON + DAY).failed == 0
    with place.workspace() as ff:
        (now,) = ff.query("installs", since="2026-05-08", until="2026-05-09").rows.to_pylist()
        assert (now["installs"], now["coverage"]) == (4, 1.0)
        assert ff.query("installs", since="2026-05-07", until="2026-05-08").rows["installs"].to_pylist() == [0]


def test_an_unknown_project_fails_and_is_no_zero(tmp_path: Path, shared_data: Path) -> None:
    said = json.loads((shared_data / "cases" / "P12_unknown.json").read_text())
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)}, no_such={})
    place.upstream.broken = {"no-such/python_minor": httpx2.Response(200, json=said["python_minor"]["body"])}
    summary = place.collect()
    assert summary.failed == 3
    entry = place.entry("no-such", YESTERDAY)
    assert entry is not None
    assert entry.reason.startswith("pypistats.org has no project no-such; check the name")
    with place.workspace() as ff:
        found = ff.query(
            "installs", by="project", grain="total", since="2026-05-01", until="2026-05-20"
        ).rows.to_pylist()
        assert [(row["project"], row["installs"]) for row in found] == [("icepyx", 7)]


def test_an_empty_breakdown_of_a_project_that_has_downloads_is_an_error(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    empty = {"data": [], "package": "icepyx", "type": "python_minor_downloads"}
    place.upstream.broken = {"icepyx/python_minor": httpx2.Response(200, json=empty)}
    assert place.collect().failed == 1
    assert len(place.rows()) == 2
    assert not place.rows("pypi_pythons")
    assert len(place.rows("pypi_systems")) == 2


def test_minors_are_texts_in_the_order_of_versions(tmp_path: Path, shared_data: Path) -> None:
    said = json.loads((shared_data / "cases" / "P3_python_minor.json").read_text())
    counts = counts_of(said, "x", "https://stats.example")
    day = date(2026, 11, 1)
    stated = day_of(day, {"with_mirrors": {day: 120}, "without_mirrors": {day: 115}}, counts, "python_minor")
    by_minor = {
        dict(split).get("python_minor"): n for split, n in stated.counts.items() if not dict(split)["is_mirror"]
    }
    assert by_minor == {"3.1": 5, "3.9": 7, "3.10": 100, None: 3}
    assert stated.downloads == 120


def test_breakdowns_add_up_to_all_and_are_known_apart(tmp_path: Path) -> None:
    day = Day({"3.1": 5, "3.9": 7, "3.10": 100, "null": 3}, {"Linux": 100, "null": 15}, mirrors=9, people=118)
    place = place_of(tmp_path, icepyx={YESTERDAY: day})
    assert not place.collect().failed
    with place.workspace() as ff:
        asked: dict[str, Any] = {"grain": "total", "since": "2026-05-19", "until": "2026-05-20"}
        assert ff.query("installs", **asked).rows["installs"].to_pylist() == [118]
        assert ff.query("downloads", **asked).rows["downloads"].to_pylist() == [127]
        by_python = ff.query("installs", by="python_minor", **asked).rows.to_pylist()
        assert {row["python_minor"]: row["installs"] for row in by_python} == {"3.1": 5, "3.9": 7, "3.10": 100, None: 6}
        by_day = ff.query("installs", by="python_minor", since="2026-05-19", until="2026-05-20").rows
        assert by_day["python_minor"].to_pylist() == ["3.1", "3.9", "3.10", None]
        for where, right in (("python_minor>=3.9", 107), ("python_minor<3.9", 5), ("python_minor>3.10", 0)):
            assert ff.query("installs", where=where, **asked).rows["installs"].to_pylist() == [right]
        by_system = ff.query("downloads", by=["system", "project"], **asked).rows.to_pylist()
        assert {row["system"]: row["downloads"] for row in by_system} == {"Linux": 100, None: 27}
        with pytest.raises(QueryError, match="can be split by python_minor or by system, but not by both"):
            ff.query("installs", by=["python_minor", "system"], **asked)


def test_what_the_provider_does_not_know_is_said(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    place.collect()
    with place.workspace() as ff:
        for asked in ({"by": "country"}, {"where": "country=DE"}, {"where": {"is_ci": True}}):
            with pytest.raises(
                QueryError, match=r"not known by (country|is_ci): pypistats.org does not report it; set provider"
            ):
                ff.query("installs", **asked)
        with pytest.raises(UnknownNameError, match=r"Valid: included.*cannot leave it out"):
            ff.query("installs", policies={"ci": "excluded"})
        assert dict(ff.query("installs", last=3).policies) == {"mirrors": "excluded", "ci": "included"}


def test_the_limit_is_kept_before_asking(tmp_path: Path) -> None:
    projects = {f"p{n}": {YESTERDAY: plain(n + 1)} for n in range(20)}
    place = Place(tmp_path, FakePyPIStats(projects, NOON.date()))
    assert not place.collect().failed
    assert len(place.upstream.asked) == 61
    assert sum(place.waited) >= 120  # the 61st may start two minutes after the first
    assert max(place.waited) <= 60


def test_a_refusal_in_html_is_waited_for_and_no_json(tmp_path: Path, shared_data: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    place.collect()
    assert "429" in (shared_data / "cases" / "P11_429.html").read_text()
    place.more = {"refused_wait": 0.4}
    place.upstream.refusals = 3
    place.waited = []
    asked = len(place.upstream.asked)
    assert not place.collect(NOON + DAY).failed
    assert len(place.upstream.asked) == asked + 7
    assert max(place.waited) > 0.35
    place.upstream.refusals = 1_000
    before = dict(place.rows())
    assert "429" in place.collect(NOON + 2 * DAY).error
    assert dict(place.rows()) == before


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (httpx2.Response(200, text="<html>", headers={"Content-Type": "text/html"}), "did not answer with JSON"),
        (
            httpx2.Response(200, json={"data": [{"category": "x"}], "package": "icepyx"}),
            "does not answer as pypistats.org",
        ),
        (httpx2.Response(200, json={"data": [], "package": "other"}), "answers about another project"),
        (httpx2.Response(200, json=[1]), "does not answer as pypistats.org"),
    ],
)
def test_what_is_no_answer_is_a_failure(tmp_path: Path, response: httpx2.Response, says: str) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    place.upstream.broken = {"icepyx/overall": response}
    assert place.collect().failed == 3
    entry = place.entry("icepyx", YESTERDAY)
    assert entry is not None
    assert says in entry.reason


def test_a_count_that_is_stated_twice_is_refused() -> None:
    twice = [{"category": "null", "date": "2026-05-01", "downloads": n} for n in (1, 2)]
    with pytest.raises(BrokenDataError, match="states 2026-05-01 twice"):
        counts_of({"data": twice, "package": "x"}, "x", "https://stats.example")


def test_it_is_asked_once_after_each_update(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7), NOON.date(): plain(8)})
    place.collect()
    asked = len(place.upstream.asked)
    place.collect(NOON + timedelta(hours=3))
    assert len(place.upstream.asked) == asked + 1  # which days there are
    place.collect(NOON + DAY)
    assert len(place.upstream.asked) == asked + 5


def test_downloads_that_vanish_are_a_failure_and_erase_nothing(tmp_path: Path) -> None:
    days = {YESTERDAY: plain(7), date(2026, 5, 3): plain(4)}
    place = place_of(tmp_path, icepyx=days)
    place.collect()
    before = dict(place.rows())
    del days[date(2026, 5, 3)]
    assert place.collect(NOON + DAY).failed == 3
    assert dict(place.rows()) == before
    entry = place.entry("icepyx", date(2026, 5, 3))
    assert entry is not None
    assert entry.reason.startswith("pypistats.org gave 5 downloads of this day before and none now")


def test_a_project_that_left_the_settings_is_retired(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)}, gget={YESTERDAY: plain(3)})
    place.collect()
    place.more = {"packages": ["icepyx"]}
    place.collect(NOON + DAY)
    assert {e.scope for e in place.lake().known("pypi") if e.status is Status.RETIRED} == {"gget"}
    with place.workspace() as ff:
        assert ff.query("installs", grain="total", since="2026-05-01", until="2026-05-20").rows[
            "installs"
        ].to_pylist() == [10]


def test_a_loss_of_every_project_is_told_with_the_day(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)})
    place.upstream.totals = {date(2026, 5, 12): 230_000}
    place.collect()
    entry = place.entry("icepyx", date(2026, 5, 12))
    assert entry is not None
    assert (
        entry.reason == "pypistats.org counted 23% of what is usual for all of PyPI on this day: downloads are missing"
    )
    ordinary = place.entry("icepyx", date(2026, 5, 11))
    assert ordinary is not None
    assert not ordinary.reason


def test_weekends_are_no_losses() -> None:
    totals = {
        date(2026, 3, 1) + n * DAY: 1000 if (date(2026, 3, 1) + n * DAY).weekday() < 5 else 450 for n in range(60)
    }
    assert not lost_days(totals)


def test_what_is_wrong_is_found_and_what_will_be_lost(tmp_path: Path) -> None:
    place = place_of(tmp_path, icepyx={YESTERDAY: plain(7)}, no_such={})
    place.collect()
    found = [(check.name, check.state) for check in place.source().checks(NOON)]
    assert found == [("pypistats.org", "ok"), ("icepyx", "ok"), ("no-such", "failed")]
    deadlines = {d.scope: d.at for d in place.source().deadlines(Known(place.lake().known("pypi")), NOON)}
    assert deadlines["icepyx"] == datetime(2026, 5, 20, tzinfo=UTC) + timedelta(days=180)
    assert deadlines["no-such"] < NOON + DAY
    place.upstream.status = 503
    assert [check.state for check in place.source().checks(NOON)] == ["failed", "unknown", "unknown"]


class Stats(Upstream):
    """pypistats.org, which the kit tells what to do."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fake = FakePyPIStats({}, self.starts_at.date(), reach=20)

    def settings(self) -> dict[str, Any]:
        return {"packages": list(self.fake.projects), "address": "https://stats.example", "once_a_day": False}

    def client(self) -> Client:
        return _Unlimited(transport=httpx2.MockTransport(self.fake.answer), wait=0, attempts=1)

    def begin(self) -> None:
        self.add_scopes(2)

    def add_scopes(self, count: int) -> None:
        first = self.starts_at.date()
        for n in range(len(self.fake.projects), len(self.fake.projects) + count):
            self.fake.projects[f"p{n}"] = {first - ago * DAY: plain(ago + n) for ago in range(1, 4)}

    def restate(self) -> None:
        self.fake.projects["p1"][self.starts_at.date() - 2 * DAY] = plain(40)

    def take_back(self) -> None:
        self.fake.projects["p1"][self.starts_at.date() - 2 * DAY] = plain(3)

    def fail(self) -> None:
        self.fake.status = 503

    def be_empty(self) -> None:
        self.fake.is_empty = True

    def recover(self) -> None:
        self.fake.status, self.fake.is_empty = 200, False

    def move(self, now: datetime) -> None:
        while self.now.date() < now.date():
            self.now += DAY
            for days in self.fake.projects.values():
                days[self.now.date() - DAY] = plain(self.now.day)
        self.now = now
        self.fake.today = now.date()


class _Unlimited(Client):
    """The kit moves its own clock: limits are not kept."""

    def limit(self, host: str, limit: Any) -> None:
        """None."""


@pytest.mark.slow
def test_it_keeps_the_promises_of_a_source(tmp_path: Path) -> None:
    assert not check_source(PyPI, Stats, tmp_path, step=STEP).skipped
