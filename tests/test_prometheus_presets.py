"""The presets of the prometheus source: their expressions by promtool, their rows against a real Prometheus."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

import footfall
from footfall.ledger import Status
from footfall.sources.hubs import is_staging
from footfall.sources.prometheus.presets import cluster_users_query, hub_activity_query, hub_users_query
from programs_needed import program
from prometheus_faked import FakeGrafana, FakePrometheus
from prometheuses import Sample, prometheus
from test_prometheus import DAY, Place, seconds

FIRST = datetime(2026, 3, 6, tzinfo=UTC)
USER = "annotation_hub_jupyter_org_username"
DAILY, ACTIVITY = hub_users_query("24h"), hub_activity_query("namespace", USER)


# The expressions


def rules(tmp_path: Path, series: dict[str, str], expression: str, at: str, expected: list[dict[str, Any]]) -> None:
    """`promtool test rules`: what an expression gives at a moment of some series, minute by minute."""
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": at, "exp_samples": expected}],
    }
    file = tmp_path / "rules.yml"  # YAML is a superset of JSON
    file.write_text(json.dumps({"evaluation_interval": "1m", "tests": [test]}))
    promtool = program("promtool", "prometheus")
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def gauge(**labels: str) -> str:
    named = {"period": "24h", "namespace": "prod", **labels}
    return "jupyterhub_active_users{" + ",".join(f'{name}="{value}"' for name, value in named.items()) + "}"


def prod(value: int) -> dict[str, Any]:
    return {"labels": '{namespace="prod"}', "value": value}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("series", "at", "expected"),
    [
        pytest.param({gauge(): "10x1433 _x12 10x1440"}, "24h", [prod(10)], id="away at midnight"),
        pytest.param({gauge(): "100x1500 5x1380"}, "48h", [prod(5)], id="a quiet day after a busy one"),
        pytest.param(
            {gauge(pod="old"): "100x600", gauge(pod="new"): "_x601 5x839"}, "24h", [prod(5)], id="another pod since 10:00"
        ),
        pytest.param(
            {gauge(pod="a"): "7x1440", gauge(pod="b"): "_x1400 9x40"}, "24h", [prod(9)], id="two pods at a time"
        ),
        pytest.param({gauge(): "10x1440 _x1440"}, "48h", [], id="away all day"),
        pytest.param({gauge(): "10x1440 8x30 _x1410"}, "48h", [], id="only in the first hour, which is of the day before"),
        pytest.param({gauge(namespace="a"): "1x1440", gauge(namespace="b"): "2x1440"}, "24h",
            [{"labels": '{namespace="a"}', "value": 1}, {"labels": '{namespace="b"}', "value": 2}], id="two hubs"),
    ],
)  # fmt: skip
def test_the_last_reading_of_a_day_is_the_day_s(
    tmp_path: Path, series: dict[str, str], at: str, expected: list[dict[str, Any]]
) -> None:
    rules(tmp_path, series, DAILY, at, expected)


def pod(user: str, namespace: str = "prod", name: str = "") -> str:
    return f'kube_pod_annotations{{namespace="{namespace}",pod="{name or f"jupyter-{user}"}",{USER}="{user}"}}'


@pytest.mark.slow
def test_who_had_a_server_is_told_by_day(tmp_path: Path) -> None:
    series = {
        pod("ada"): "1x5 _x3000",  # the first minutes of the first day
        pod("bob"): "_x1439 1x1 _x2000",  # at 23:59 of the first day, and at 00:00 of the second
        pod("eve"): "_x1500 1x10",
        pod("", name="jupyter-nameless"): "1x3000",
        pod("hub", name="hub-1234"): "1x3000",
    }
    labels = [f'{{{USER}="{name}", namespace="prod"}}' for name in ("ada", "bob", "eve")]
    ada, bob, eve = ({"labels": each, "value": 1} for each in labels)
    rules(tmp_path, series, ACTIVITY, "24h", [ada, bob])
    rules(tmp_path, series, ACTIVITY, "48h", [bob, eve])
    rules(tmp_path, series, ACTIVITY, "72h", [])


@pytest.mark.slow
def test_unique_users_of_a_cluster_are_counted_once_over_its_hubs(tmp_path: Path) -> None:
    series = {pod("ada"): "1x5", pod("ada", "other"): "_x50 1x5", pod("bob", "other"): "1x5"}
    rules(tmp_path, series, cluster_users_query(USER), "24h", [{"labels": "{}", "value": 2}])


# Against a real Prometheus, through a Grafana


def past() -> Iterator[Sample]:
    """Two hubs for three days, every five minutes; "prod" is away around midnight. And who had a server."""
    start = int(FIRST.timestamp())
    for at in range(0, 3 * 1440, 5):
        day, minute = divmod(at, 1440)
        for period, factor in (("24h", 1), ("7d", 5), ("30d", 20)):
            if 6 < minute < 1434:
                yield (
                    "jupyterhub_active_users",
                    {"namespace": "prod", "period": period},
                    start + at * 60,
                    factor * (10 + day),
                )
            yield "jupyterhub_active_users", {"namespace": "staging", "period": period}, start + at * 60, factor
    users = {"ada": (0, 1), "bob": (1,), "deployment-service-check": (0, 1, 2), "choldgraf": (2,)}
    for name, days in users.items():
        for day in days:
            for minute in range(600, 660):
                labels = {"namespace": "prod", "pod": f"jupyter-{name}", USER: name}
                yield "kube_pod_annotations", labels, start + (day * 1440 + minute) * 60, 1


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), past()) as there:
        yield there


class Behind(FakePrometheus):
    """A data source of the fake Grafana that is a real Prometheus."""

    address = ""

    def answer(self, request: httpx2.Request, path: str) -> httpx2.Response:
        headers = {"Content-Type": request.headers.get("Content-Type", "")}
        got = httpx2.request(request.method, f"{self.address}{path}", content=request.content, headers=headers)
        return httpx2.Response(got.status_code, content=got.content)


def through_grafana(tmp_path: Path, address: str, preset: list[str], **more: object) -> Place:
    behind = Behind()
    behind.address = address
    settings = {"queries": [], "preset": preset, "first_day": "2026-03-06", **more}
    return Place(
        tmp_path, grafana=FakeGrafana({"earth": behind}), more=settings, now=FIRST + 3 * DAY + timedelta(hours=2)
    )


@pytest.mark.slow
def test_the_original_table_comes_out(tmp_path: Path, address: str) -> None:
    place = through_grafana(tmp_path, address, ["hub_users"])
    assert not place.collect().failed
    expected = {}
    for day in range(3):
        for timescale, factor in (("daily", 1), ("weekly", 5), ("monthly", 20)):
            moment = FIRST + day * DAY
            expected[moment, "earth", "prod", timescale, False] = ((factor * (10 + day),),)
            expected[moment, "earth", "staging", timescale, True] = ((factor,),)
    assert {key[:5]: values for key, values in place.rows("hub_users").items()} == expected
    assert {e.status for e in place.entries().values()} == {Status.COMPLETE}


@pytest.mark.slow
def test_actors_come_from_labels_and_have_roles(tmp_path: Path, address: str) -> None:
    place = through_grafana(tmp_path, address, ["hub_activity"], names="plain", staff=["choldgraf"])
    assert not place.collect().failed
    assert sorted((key[0].day, key[3], key[5]) for key in place.rows("hub_activity")) == [
        (6, "ada", "person"),
        (6, "deployment-service-check", "service"),
        (7, "ada", "person"),
        (7, "bob", "person"),
        (7, "deployment-service-check", "service"),
        (8, "choldgraf", "staff"),
        (8, "deployment-service-check", "service"),
    ]


@pytest.mark.slow
def test_names_are_hashed_and_another_key_is_refused(tmp_path: Path, address: str) -> None:
    place = through_grafana(tmp_path, address, ["hub_activity"], hash_key="one")
    assert not place.collect().failed
    actors = {key[3] for key in place.rows("hub_activity")}
    assert len(actors) == 4
    assert "ada" not in actors
    place.more["hash_key"] = "two"
    assert place.collect().failed
    assert "the same users would count twice" in place.entries()["earth", 8].reason
    assert {key[3] for key in place.rows("hub_activity")} == actors


def test_without_a_key_names_are_not_kept(tmp_path: Path) -> None:
    place = Place(tmp_path, more={"queries": [], "preset": ["hub_activity", "hub_users"]})
    assert not place.collect().error
    assert not place.rows("hub_activity")
    (said,) = [entry for entry in place.lake().known("prometheus") if entry.table == "hub_activity"]
    assert said.status is Status.MISSING
    assert "set hash_key in [sources.prometheus]" in said.reason


@pytest.mark.slow
def test_a_cluster_s_unique_users(tmp_path: Path, address: str) -> None:
    place = through_grafana(tmp_path, address, ["cluster_users"])
    assert not place.collect().failed
    assert {key[0].day: values for key, values in place.rows("cluster_users").items()} == {
        6: ((2,),),
        7: ((3,),),
        8: ((4,),),
    }


# Against real hubs


def test_hubs_and_users_of_real_clusters_add_up(tmp_path: Path, shared_data: Path) -> None:
    """171 hubs on 30 clusters: hubs and users as the list of them gives them, without staging hubs by default."""
    with (shared_data / "jupyterhub" / "2i2c_hubs.csv").open(encoding="utf-8", newline="") as text:
        hubs = [(row["cluster"], row["hub"]) for row in csv.DictReader(text)]
    day = datetime(2026, 3, 9, tzinfo=UTC)
    there: dict[str, FakePrometheus] = {}
    for at, (cluster, hub) in enumerate(hubs, start=1):
        there.setdefault(cluster, FakePrometheus()).put(DAILY, {"namespace": hub}, {seconds(day + DAY): at})
    place = Place(
        tmp_path, grafana=FakeGrafana(there), more={"queries": [], "preset": "hub_users", "first_day": "2026-03-09"}
    )
    assert not place.collect().failed
    (tmp_path / "footfall.toml").write_text(
        '[sources.prometheus]\ngrafana = "https://grafana"\npreset = "hub_users"\n', encoding="utf-8"
    )
    counted = [(at, cluster) for at, (cluster, hub) in enumerate(hubs, start=1) if not is_staging(hub)]

    def ask(metric: str, **more: Any) -> list[Any]:
        with footfall.open(tmp_path) as ff:
            return ff.query(metric, since="2026-03-09", until="2026-03-10", **more).to_dicts()

    assert [row["hub_users"] for row in ask("hub_users")] == [sum(at for at, _ in counted)]
    assert [row["hubs"] for row in ask("hubs")] == [len(counted)]
    assert [row["clusters"] for row in ask("clusters")] == [len({cluster for _, cluster in counted})]
    everything = ask("hub_users", policies={"staging": "included"})
    assert [row["hub_users"] for row in everything] == [sum(range(1, len(hubs) + 1))]


def test_hubs_are_left_out_by_pattern_and_launches_are_marked(tmp_path: Path) -> None:
    place = Place(tmp_path, more={"queries": [], "preset": ["hub_users", "hub_activity"], "names": "plain"})
    place.more |= {"exclude_hubs": ["main/highmem", "old-*"], "binder_hubs": ["binder*"]}
    midnight = seconds(datetime(2026, 3, 10, tzinfo=UTC))
    for hub in ("prod", "highmem", "old-a", "binder-x"):
        place.prometheus.put(DAILY, {"namespace": hub}, {midnight: 3})
        place.prometheus.put(ACTIVITY, {"namespace": hub, USER: f"{hub}-user"}, {midnight: 1})
    place.collect()
    assert {key[2] for key in place.rows("hub_users")} == {"prod", "binder-x"}
    assert {(key[2], key[5]) for key in place.rows("hub_activity")} == {("prod", "person"), ("binder-x", "launch")}
