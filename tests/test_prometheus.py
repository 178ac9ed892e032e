"""The prometheus source against a Prometheus and a Grafana that are told what to say."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from footfall.collect import SourceSummary, collect
from footfall.errors import BrokenDataError
from footfall.http import Client
from footfall.lake import Lake
from footfall.ledger import Entry, Known, Status
from footfall.sources import Context
from footfall.sources.prometheus import Prometheus, PrometheusSettings
from footfall.sources.prometheus.asking import read_answer
from footfall.sources.prometheus.presets import hub_users_query
from footfall.sources.prometheus.remembered import read_retention
from footfall.testing import Upstream, check_source
from footfall.testing.contents import contents_of
from lengths import STEP
from prometheus_faked import FakeGrafana, FakePrometheus

NOON = datetime(2026, 3, 10, 12, 10, tzinfo=UTC)
DAY = timedelta(days=1)
CPU = 'sum by (namespace) (rate(cpu_seconds_total{pod=~"jupyter-.*"}[5m]))'
QUERY = {"name": "cpu", "query": CPU, "step": "1h", "labels": ["namespace"]}


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def steps(first: datetime, count: int, step: timedelta, value: float = 1) -> dict[int, float | str]:
    return {seconds(first + at * step): value + at for at in range(count)}


@dataclass
class Place:
    """A lake that collects from a fake Prometheus, or a fake Grafana, with a clock."""

    folder: Path
    prometheus: FakePrometheus = field(default_factory=FakePrometheus)
    grafana: FakeGrafana | None = None
    more: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOON

    def settings(self) -> dict[str, Any]:
        where = (
            {"grafana": "https://grafana", "token": self.grafana.token}
            if self.grafana
            else {"address": "https://prometheus", "cluster": "main"}
        )
        return {**where, "queries": [QUERY], "first_day": "2026-03-08", **self.more}

    def source(self) -> Prometheus:
        settings = PrometheusSettings.model_validate(self.settings())
        context = Context(self.folder, self.folder / "s", lambda: self.now, self.client, "prometheus")
        return Prometheus(settings, context)

    def client(self) -> Client:
        return Client(transport=httpx2.MockTransport(self.answer), wait=0, attempts=1)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.grafana:
            return self.grafana.answer(request)
        return self.prometheus.answer(request, request.url.path)

    def lake(self) -> Lake:
        return Lake.open(str(self.folder / "lake"), now=lambda: self.now)

    def collect(self, now: datetime | None = None) -> SourceSummary:
        self.now = now or self.now
        (summary,) = collect(self.lake(), {"prometheus": self.source()}, now=lambda: self.now).sources
        return summary

    def rows(self, table: str = "cpu") -> dict[Any, Any]:
        return dict(contents_of(self.lake(), self.source()).tables[table])

    def entries(self) -> dict[tuple[str, int], Entry]:
        """The newest entry of each scope and day."""
        known = Known(self.lake().known("prometheus"))
        return {(e.scope, e.window.start.day): known.latest(e.table, e.scope, e.window) or e for e in known}


def test_values_become_rows_and_missing_steps_are_missing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.prometheus.put(CPU, {"namespace": "prod"}, {seconds(NOON.replace(hour=3, minute=0)): "0.25"})
    place.prometheus.put(CPU, {"namespace": "staging"}, {seconds(NOON.replace(hour=3, minute=0) - DAY): "1"})
    assert not place.collect().failed
    assert place.rows() == {
        (datetime(2026, 3, 10, 3, tzinfo=UTC), "main", "prod"): ((0.25,),),
        (datetime(2026, 3, 9, 3, tzinfo=UTC), "main", "staging"): ((1.0,),),
    }
    assert place.entries()["main", 10].covered_until == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert place.entries()["main", 8].status is Status.MISSING  # no series is not a zero


def test_queries_are_sent_as_they_are_in_whole_seconds_and_ends_meet_without_doubles(tmp_path: Path) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    place = Place(tmp_path, more={"first_day": "2026-01-01", "queries": [QUERY | {"step": "1m"}]})
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(first, 69 * 1440, timedelta(minutes=1)))
    assert not place.collect().failed
    assert {form["query"] for form in place.prometheus.asked} == {CPU}
    spans = sorted((int(form["start"]), int(form["end"])) for form in place.prometheus.asked)
    assert all(start == end + 60 for (_, end), (start, _) in pairwise(spans))
    rows = place.rows()
    assert len(rows) == 68 * 1440 + 12 * 60 + 10
    assert all(len(values) == 1 for values in rows.values())


def test_what_is_too_much_at_once_is_asked_in_smaller_pieces(tmp_path: Path) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    place = Place(tmp_path, FakePrometheus(most_days=3), more={"first_day": "2026-01-01"})
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(first, 24 * 60, timedelta(hours=1)))
    assert not place.collect().failed
    assert len(place.rows()) == 24 * 60


def test_a_value_over_a_step_belongs_to_the_step_that_ends_at_its_moment(tmp_path: Path) -> None:
    query = {"name": "starts", "query": "increase(x[1d])", "step": "1d", "covers": "step", "kind": "sum"}
    place = Place(tmp_path, more={"queries": [query]})
    place.prometheus.put("increase(x[1d])", {}, steps(datetime(2026, 3, 8, tzinfo=UTC), 3, DAY))
    place.collect()
    # read at 24:00 of a day; the one read at 00:00 of the first day is of the day before, which is not asked for
    assert place.rows("starts") == {
        (datetime(2026, 3, 8, tzinfo=UTC), "main"): ((2.0,),),
        (datetime(2026, 3, 9, tzinfo=UTC), "main"): ((3.0,),),
    }
    assert ("main", 10) not in place.entries()


def test_a_warning_is_partial_and_an_info_is_not(tmp_path: Path) -> None:
    place = Place(tmp_path, FakePrometheus(infos=["PromQL info: metric might not be a counter"]))
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1)))
    place.collect()
    assert place.entries()["main", 9].status is Status.COMPLETE
    assert "might not be a counter" in place.entries()["main", 9].reason

    half = Place(tmp_path / "half", FakePrometheus(warnings=["No StoreAPIs matched for this query"]))
    half.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1), 5))
    half.collect()
    entry = half.entries()["main", 8]
    assert len(half.rows()) == 60
    assert entry.covered.start == entry.covered.end
    assert "did not answer: No StoreAPIs" in entry.reason
    half.prometheus.warnings = []
    half.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1), 9))
    half.collect()
    assert half.entries()["main", 8].covered == half.entries()["main", 8].window
    assert min(half.rows().values()) == ((9.0,),)


def test_a_part_that_does_not_answer_takes_nothing_from_what_was_whole(tmp_path: Path) -> None:
    place = Place(tmp_path)
    values = steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1), 5)
    place.prometheus.put(CPU, {"namespace": "prod"}, values)
    place.collect()
    before = place.rows()
    place.prometheus.warnings = ["fetch series for {prometheus=b}: connection refused"]
    place.prometheus.put(CPU, {"namespace": "prod"}, dict.fromkeys(values, 1))
    assert place.collect().failed
    assert place.rows() == before


def test_series_that_are_gone_are_missing_and_not_zero(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 24, timedelta(hours=1)))
    place.collect()
    assert place.entries()["main", 9].status is Status.MISSING
    assert "no series found, though some did on 2026-03-08" in place.entries()["main", 9].reason
    count = len(place.prometheus.asked)
    place.collect()
    assert [form["start"] for form in place.prometheus.asked[count:]] == [str(seconds(NOON.replace(hour=0, minute=0)))]


def test_values_that_are_no_numbers_are_refused_and_counted(tmp_path: Path) -> None:
    place = Place(tmp_path, more={"queries": [QUERY | {"type": "integer"}]})
    first = datetime(2026, 3, 9, tzinfo=UTC)
    values = {
        seconds(first + timedelta(hours=at)): value for at, value in enumerate(["1", "NaN", "+Inf", "2.5", "4e2"])
    }
    place.prometheus.put(CPU, {"namespace": "prod"}, values)
    place.collect()
    assert sorted(place.rows().values()) == [((1,),), ((400,),)]
    assert (place.entries()["main", 9].rejected, place.entries()["main", 10].rejected) == (3, 0)
    assert place.entries()["main", 9].sample == '{namespace="prod"}: nan'


def test_two_series_of_the_same_dimensions_are_refused_and_never_added(tmp_path: Path) -> None:
    place = Place(tmp_path)
    for pod in "ab":
        place.prometheus.put(CPU, {"namespace": "prod", "pod": pod}, {seconds(NOON.replace(minute=0) - DAY): 1})
    summary = place.collect()
    assert summary.failed
    assert (
        'namespace="prod", pod="a"} and {namespace="prod", pod="b"}; name the label'
        in place.entries()["main", 9].reason
    )


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        ((400, 'invalid parameter "query": 1:5: parse error: unexpected "}"'), "main refuses the query .400.: invalid"),
        ((422, "found duplicate series for the match group"), "found duplicate series"),
        ((401, "no"), "answered 401 Unauthorized; check that the credentials are set"),
    ],
)
def test_a_refusal_is_told_with_its_reason(tmp_path: Path, refusal: tuple[int, str], says: str) -> None:
    place = Place(tmp_path, FakePrometheus(refusal=refusal))
    assert place.collect().failed
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(place.entries()["main", 9].reason)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "answered with a vector"),
        ({"status": "success"}, "not a Prometheus matrix"),
        (
            {"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "x"]]}]}},
            "not a Prometheus matrix",
        ),
        (
            {"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[10**30, "1"]]}]}},
            "not a Prometheus matrix",
        ),
        (
            {"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[2, "1"], [1, "1"]]}]}},
            "not a Prometheus matrix",
        ),
        (
            {"data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[2, "1"], [2, "3"]]}]}},
            "not a Prometheus matrix",
        ),
        ({"data": {"resultType": "matrix", "result": [{"metric": {}, "histograms": [[1, {}]]}]}}, "histograms"),
    ],
)
def test_answers_that_are_no_matrix_are_refused(answer: dict[str, Any], says: str) -> None:
    with pytest.raises(BrokenDataError, match=says):
        read_answer(answer, "https://prometheus/api/v1/query_range")


def test_a_page_of_html_is_not_an_answer(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.answer = lambda request: httpx2.Response(200, text="<html>Login</html>")  # type: ignore[method-assign]
    assert place.collect().failed
    assert "did not answer like Prometheus" in place.entries()["main", 9].reason


def test_a_counter_that_is_reset_gains_whole_numbers(tmp_path: Path) -> None:
    query = {"name": "spawns", "query": "sum(spawns)", "step": "1h", "kind": "counter", "type": "integer"}
    place = Place(tmp_path, more={"queries": [query], "first_day": "2026-03-09"})
    first = datetime(2026, 3, 9, tzinfo=UTC)
    place.prometheus.put("sum(spawns)", {}, dict(zip(steps(first, 4, timedelta(hours=1)), (10, 15, 2, 4), strict=True)))
    place.collect()
    assert sorted(key[0].hour for key in place.rows("spawns")) == [0, 1, 2, 3]
    assert place.source().metrics[0].kind == "counter"


# Through Grafana


def grafana(tmp_path: Path, *names: str) -> Place:
    place = Place(tmp_path, grafana=FakeGrafana({name: FakePrometheus() for name in names}))
    assert place.grafana
    for at, one in enumerate(place.grafana.sources.values(), start=1):
        one.put(CPU, {"namespace": "prod"}, {seconds(datetime(2026, 3, 9, 3, tzinfo=UTC)): at})
    return place


def test_every_data_source_is_a_cluster_and_is_asked_by_its_uid(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth", "leap")
    assert not place.collect().failed
    assert {key[1]: values for key, values in place.rows().items()} == {"earth": ((1.0,),), "leap": ((2.0,),)}


def test_two_data_sources_of_one_address_are_one(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth", "prometheus")
    assert place.grafana
    place.grafana.urls = {"earth": "https://One.example.org/", "prometheus": "https://one.example.org"}
    place.collect()
    assert {key[1] for key in place.rows()} == {"earth"}
    said = [e for e in place.lake().known("prometheus") if e.scope == "prometheus"]
    assert [(e.status, e.reason) for e in said] == [(Status.RETIRED, "it has the address of earth, which is collected")]
    place.more = {"duplicates": "all"}
    place.collect()
    assert {key[1] for key in place.rows()} == {"earth", "prometheus"}


def test_data_sources_are_chosen_and_left_out_by_patterns(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth", "earth-test", "leap")
    place.more = {"data_sources": ["earth*"], "exclude": ["*-test"]}
    place.collect()
    assert {key[1] for key in place.rows()} == {"earth"}
    place.more = {"data_sources": ["mars"]}
    assert "lists no data source of the type prometheus that the settings want" in place.collect().error


def test_a_data_source_that_is_gone_keeps_its_history_and_is_no_failure(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth", "leap")
    place.collect()
    assert place.grafana
    del place.grafana.sources["leap"]
    summary = place.collect(NOON + DAY)
    assert not summary.failed
    assert not summary.error
    assert {key[1] for key in place.rows()} == {"earth", "leap"}
    retired = [e for e in place.lake().known("prometheus") if e.status is Status.RETIRED]
    assert [e.scope for e in retired] == ["leap"]
    place.collect(NOON + 2 * DAY)
    assert len([e for e in place.lake().known("prometheus") if e.status is Status.RETIRED]) == 1


def test_listing_and_querying_are_permissions_apart(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth")
    assert place.grafana
    place.grafana.may_query = False
    assert place.collect().failed
    assert "the token may not query this data source; give it the permission datasources:query" in (
        place.entries()["earth", 9].reason
    )
    place.grafana.may_query, place.grafana.may_list = True, False
    assert "may not list data sources; give it the permission datasources:read" in place.collect().error
    place.more = {"data_sources": [{"name": "earth", "uid": "uid-earth"}]}
    assert not place.collect().error
    assert len(place.rows()) == 1


def test_secrets_are_nowhere_to_be_seen(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth")
    assert place.grafana
    place.grafana.may_query = False
    place.collect()
    known = list(place.lake().known("prometheus"))
    assert "glsa_secret" not in repr(known) + repr(place.source()._settings)
    assert "glsa_secret" not in (tmp_path / "s" / "retention.json").read_text()


# Settings


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"address": "prometheus:9090"}, "write an address such as https"),
        ({"address": "https://p", "grafana": "https://g"}, "both set; keep one"),
        ({"address": "https://p", "queries": [QUERY | {"step": "7m"}]}, "a step divides a day"),
        ({"address": "https://p", "queries": [QUERY | {"step": "soon"}]}, "write a number and a unit"),
        ({"address": "https://p", "queries": [QUERY, QUERY]}, "two queries are called 'cpu'"),
        ({"address": "https://p", "token": "t", "user": "u"}, "token and user are both set"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PrometheusSettings.model_validate(settings)


def test_without_an_address_there_is_nothing_to_ask(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.settings = lambda: {"queries": [QUERY]}  # type: ignore[method-assign]
    assert "set `address` or `grafana`" in place.collect().error


@pytest.mark.parametrize(
    ("text", "days"), [("15d", 15), ("15d or 10GiB", 15), ("10GiB", None), ("2w", 14), ("", None), ("1d12h", 1.5)]
)
def test_retentions_are_read(text: str, days: float | None) -> None:
    assert read_retention(text) == (None if days is None else timedelta(days=days))


def test_what_is_not_remembered_any_more_is_not_asked_for_and_stays(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1)))
    place.collect()
    place.prometheus.retention, place.prometheus.is_forgetful = "2d", True
    before = place.rows()
    summary = place.collect(NOON + 30 * DAY)
    assert place.rows() == before
    assert not summary.failed
    reason = next(e.reason for e in place.lake().known("prometheus") if e.window.start.day == 20)
    assert reason == "main keeps 2 days, and this day was not collected in time"


# What works, and what will be forgotten


def checks(place: Place) -> dict[str, tuple[str, str, str]]:
    return {one.name: (one.state, one.detail, one.fix) for one in place.source().checks(place.now)}


def test_checks_tell_listing_from_querying(tmp_path: Path) -> None:
    place = grafana(tmp_path, "earth", "moon")
    assert place.grafana
    place.grafana.urls["moon"] = place.grafana.urls["earth"] = "https://one"
    moment = NOON.replace(minute=0)
    place.grafana.sources["earth"].put(CPU, {"namespace": "prod"}, {seconds(moment): 2})
    assert checks(place) == {
        "list data sources": ("ok", "1 are asked; moon reads the address of earth", ""),
        "earth: query": ("ok", "it keeps 365 days", ""),
        "earth: cpu": ("ok", "1 values at 2026-03-10 12:00", ""),
    }
    place.grafana.may_query = False
    state, detail, fix = checks(place)["earth: query"]
    assert (state, "may not query" in detail, "datasources:query" in fix) == ("failed", True, True)
    place.grafana.may_list = False
    ((state, detail, fix),) = checks(place).values()
    assert (state, "may not list" in detail, "datasources:read" in fix) == ("failed", True, True)


def test_checks_name_a_query_that_gives_nothing_or_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert checks(place)["main: cpu"][:2] == ("unknown", "no series found")
    place.prometheus.refusal = (422, "many-to-many matching not allowed")
    assert "many-to-many" in checks(place)["main: query"][1]


def test_what_is_forgotten_next_is_the_oldest_day_that_is_not_final(tmp_path: Path) -> None:
    place = Place(tmp_path, FakePrometheus(retention="15d"))
    place.prometheus.put(CPU, {"namespace": "prod"}, steps(datetime(2026, 3, 8, tzinfo=UTC), 60, timedelta(hours=1)))

    def next_lost() -> list[tuple[str, str, datetime, str]]:
        known = Known(place.lake().known("prometheus"))
        return [(one.table, one.scope, one.at, one.what) for one in place.source().deadlines(known, place.now)]

    assert next_lost() == []  # it did not say yet how long it remembers
    place.collect()
    assert next_lost() == [("cpu", "main", datetime(2026, 3, 25, tzinfo=UTC), "cpu of 2026-03-10")]
    place.now = NOON + 3 * DAY
    assert next_lost() == [("cpu", "main", datetime(2026, 3, 25, tzinfo=UTC), "cpu of 2026-03-10")]


# The promises of every source


class Measured(Upstream):
    """A Grafana whose data sources have a value an hour, and whose last three days may still change."""

    def settings(self) -> dict[str, Any]:
        return {
            "grafana": "https://grafana",
            "token": "glsa_secret",
            "queries": [QUERY],
            "first_day": "2026-03-05",
            "settles_after": "72h",
        }

    def begin(self) -> None:
        self.there = FakeGrafana({"earth": FakePrometheus(), "leap": FakePrometheus()})
        self.until = datetime(2026, 3, 5, tzinfo=UTC)
        self.move(self.now)

    def client(self) -> Client:
        return Client(transport=httpx2.MockTransport(self.answer), wait=0, attempts=1)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        return self.there.answer(request)

    def move(self, now: datetime) -> None:
        while self.until <= now:
            for name, one in self.there.sources.items():
                value = self.until.hour + len(name)
                one.put(CPU, {"namespace": "prod"}, {seconds(self.until): value})
            self.until += timedelta(hours=1)
        self.now = now

    def _state(self, value: int) -> None:
        moment = (self.starts_at - DAY).replace(hour=7)
        self.there.sources["earth"].put(CPU, {"namespace": "prod"}, {seconds(moment): value})

    def restate(self) -> None:
        self._state(99)

    def take_back(self) -> None:
        self._state(7 + len("earth"))

    def fail(self) -> None:
        for one in self.there.sources.values():
            one.refusal = (500, "expanding series: context canceled")

    def be_empty(self) -> None:
        for one in self.there.sources.values():
            one.is_forgetful = True

    def recover(self) -> None:
        for one in self.there.sources.values():
            one.refusal, one.is_forgetful = None, False

    def add_scopes(self, count: int) -> None:
        for at in range(count):
            one = self.there.sources.setdefault(f"more-{at}", FakePrometheus())
            one.put(CPU, {"namespace": "prod"}, {seconds(self.starts_at - DAY): at})


def test_keeps_the_promises_of_a_source(tmp_path: Path) -> None:
    assert check_source(Prometheus, Measured, tmp_path, step=STEP).skipped == ()


# The page


def test_the_page_s_settings_are_valid_and_its_metrics_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[1] / "docs" / "sources" / "prometheus.md").read_text(encoding="utf-8")
    monkeypatch.setenv("GRAFANA_TOKEN", "secret")
    monkeypatch.setenv("FOOTFALL_HASH_KEY", "secret")
    text = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    shown = tomllib.loads(text)["sources"]["prometheus"]
    settings = PrometheusSettings.model_validate(shown | {"communities": "communities.csv"})
    source = Prometheus(settings, Context(tmp_path, tmp_path, lambda: NOON, Client))
    metrics = {metric.name: {policy.name: policy.choices for policy in metric.policies} for metric in source.metrics}
    commands = re.findall(r"`footfall query ([^`]+)`", page)
    assert len(commands) == 10
    for command in commands:
        words = command.split()
        asked = list(takewhile(lambda word: not word.startswith("--"), words))
        assert set(asked) <= metrics.keys()
        chosen = [pair.split("=") for flag, pair in pairwise(words) if flag == "--policy"]
        assert all(choice in metrics[asked[0]][name] for name, choice in chosen)
    queried = re.search(r"`(last_over_time\([^`]+)`", page)
    assert queried
    assert queried[1] == hub_users_query("24h")
