"""Numbers that come out of a Prometheus, against plain Python over what it was told."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.sources.prometheus.presets import hub_activity_query, hub_users_query
from prometheus_faked import FakeGrafana, FakePrometheus
from test_prometheus import DAY, NOON, Place, seconds, steps

USER = "annotation_hub_jupyter_org_username"
ACTIVITY, DAILY = hub_activity_query("namespace", USER), hub_users_query("24h")
HOUR = timedelta(hours=1)


def ask(place: Place, settings: str, metric: str, **more: Any) -> list[dict[str, Any]]:
    """What a question about the lake of `place` gives."""
    (place.folder / "footfall.toml").write_text(f"[sources.prometheus]\n{settings}", encoding="utf-8")
    with footfall.open(place.folder) as ff:
        return ff.query(metric, **more).to_dicts()


def test_a_counter_gains_whole_numbers_across_its_resets(tmp_path: Path) -> None:
    """10, 15, a reset, 2, 4: 5 + 2 + 2, where a rate that is drawn out to the ends gives fractions."""
    query = {"name": "spawns", "query": "sum(spawns)", "step": "1h", "kind": "counter", "type": "integer"}
    place = Place(tmp_path, more={"queries": [query], "first_day": "2026-03-09"})
    first = datetime(2026, 3, 9, 3, tzinfo=UTC)
    moments = list(steps(first, 4, HOUR))
    place.prometheus.put("sum(spawns)", {}, dict(zip(moments, (10, 15, 2, 4), strict=True)))
    assert not place.collect().failed
    settings = (
        'address = "https://prometheus"\n[[sources.prometheus.queries]]\nname = "spawns"\nquery = "sum(spawns)"\n'
        'step = "1h"\nkind = "counter"\ntype = "integer"\n'
    )
    (row,) = ask(place, settings, "spawns", since="2026-03-09", until="2026-03-10")
    assert row["spawns"] == 9
    assert isinstance(row["spawns"], int)


def test_different_users_of_a_month_over_hubs_and_clusters(tmp_path: Path) -> None:
    """As a calendar month counts them: each name once, with the policies that leave some out."""
    chance = random.Random(7)
    clusters = {"earth": FakePrometheus(), "leap": FakePrometheus()}
    hubs, names = ("prod", "staging", "binder"), [f"user-{at}" for at in range(40)] + ["choldgraf", "hubtraf-1"]
    seen: dict[int, set[tuple[str, str]]] = defaultdict(set)
    first = datetime(2026, 1, 15, tzinfo=UTC)
    for day in range(54):
        midnight = first + (day + 1) * DAY
        for cluster in clusters.values():
            for hub in hubs:
                for name in chance.sample(names, 2):
                    who = f"launch-{chance.random()}" if hub == "binder" else name
                    cluster.put(ACTIVITY, {"namespace": hub, USER: who}, {seconds(midnight): 1})
                    seen[(first + day * DAY).month].add((hub, who))
    settings = {"preset": "hub_activity", "names": "plain", "staff": ["choldgraf"], "binder_hubs": ["binder"]}
    place = Place(tmp_path, grafana=FakeGrafana(clusters))
    place.more = {"queries": [], "first_day": "2026-01-15", **settings}
    assert not place.collect().failed
    text = 'grafana = "https://grafana"\npreset = "hub_activity"\nnames = "plain"\n'

    def counted(**policies: str) -> list[int]:
        rows = ask(
            place, text, "hub_unique_users", since="2026-01-15", until="2026-03-10", grain="month", policies=policies
        )
        return [row["hub_unique_users"] for row in rows]

    def expected(*kept: str, staff: bool = False, services: bool = False) -> list[int]:
        def counts(name: str) -> bool:
            return (staff or name != "choldgraf") and (services or not name.startswith("hubtraf"))

        return [len({who for hub, who in seen[month] if hub in kept and counts(who)}) for month in (1, 2, 3)]

    assert counted() == expected("prod")
    assert counted(staging="included") == expected("prod", "staging")
    assert counted(staff="included") == expected("prod", staff=True)
    everyone = dict.fromkeys(("staging", "staff", "services", "launches"), "included")
    assert counted(**everyone) == expected(*hubs, staff=True, services=True)


def test_a_cluster_that_is_gone_ends_and_is_not_zero(tmp_path: Path) -> None:
    there = {"earth": FakePrometheus(), "leap": FakePrometheus()}
    for name, users in (("earth", 7), ("leap", 5)):
        last = 20 if name == "earth" else 10
        values = {seconds(datetime(2026, 3, day, tzinfo=UTC)): users for day in range(2, last + 1)}
        there[name].put(DAILY, {"namespace": "prod"}, values)
    place = Place(
        tmp_path, grafana=FakeGrafana(there), more={"queries": [], "preset": "hub_users", "first_day": "2026-03-01"}
    )
    place.collect(datetime(2026, 3, 10, 3, tzinfo=UTC))
    del there["leap"]
    assert place.grafana
    place.grafana.sources.pop("leap", None)
    assert not place.collect(datetime(2026, 3, 20, 3, tzinfo=UTC)).failed
    settings = 'grafana = "https://grafana"\npreset = "hub_users"\n'
    rows = ask(place, settings, "hub_users", since="2026-03-01", until="2026-03-20", by=["cluster"])
    found = {(str(row["period"])[:10], row["cluster"]): row["hub_users"] for row in rows}
    assert {day: value for (day, cluster), value in found.items() if cluster == "leap" and value is not None} == {
        f"2026-03-{day:02}": 5 for day in range(1, 10)
    }
    assert all(found[f"2026-03-{day:02}", "earth"] == 7 for day in range(1, 20))
    whole = ask(place, settings, "hub_users", since="2026-03-01", until="2026-03-20")
    assert [row["hub_users"] for row in whole] == [12] * 9 + [7] * 10
    assert {row["coverage"] for row in whole} == {1.0}


@pytest.mark.parametrize(("said", "coverage"), [("warnings", 0.0), ("infos", 1.0)])
def test_a_part_that_did_not_answer_lowers_the_coverage_and_a_remark_does_not(
    tmp_path: Path, said: str, coverage: float
) -> None:
    text = "No StoreAPIs matched" if said == "warnings" else "PromQL info: metric might not be a counter"
    prometheus = FakePrometheus(**{said: [text]})  # type: ignore[arg-type]
    prometheus.put(DAILY, {"namespace": "prod"}, {seconds(datetime(2026, 3, 10, tzinfo=UTC)): 4})
    place = Place(tmp_path, prometheus, more={"queries": [], "preset": "hub_users", "first_day": "2026-03-09"})
    place.collect(NOON)
    settings = 'address = "https://prometheus"\npreset = "hub_users"\n'
    (row,) = ask(place, settings, "hub_users", since="2026-03-09", until="2026-03-10")
    assert row["coverage"] == coverage
