"""Lists of hubs and communities: read as data and never run, and joined to what is measured."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

import footfall
from footfall.errors import BrokenDataError, SourceError
from footfall.ledger import Status
from footfall.sources.hubs import SIZES, is_staging, size_of
from footfall.sources.hubs.clusters import read_clusters
from footfall.sources.hubs.communities import by_hub, read_communities, read_list
from footfall.sources.hubs.sizes import BOUNDS
from footfall.sources.prometheus.presets import hub_users_query
from prometheus_faked import FakeGrafana, FakePrometheus
from test_prometheus import DAY, Place, seconds

MONTHLY = hub_users_query("30d")


def real_hubs(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "jupyterhub" / "2i2c_hubs.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def write_clusters(folder: Path, hubs: list[dict[str, str]]) -> None:
    """As they lie in a repository, with a template next to them that is not YAML."""
    by_cluster: dict[str, list[dict[str, str]]] = defaultdict(list)
    for hub in hubs:
        by_cluster[hub["cluster"]].append(hub)
    for name, listed in by_cluster.items():
        of_hubs = [
            {"name": one["hub"], **{key: one[key] for key in ("display_name", "domain", "helm_chart")}}
            for one in listed
        ]
        file = folder / "config" / "clusters" / name / "cluster.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(yaml.safe_dump({"name": name, "provider": listed[0]["provider"], "hubs": of_hubs}))
    template = folder / "config" / "clusters" / "templates" / "cluster.yaml"
    template.parent.mkdir()
    template.write_text("name: {{ cluster_name }}\n{% if hubs %}\nhubs:\n{% endif %}")


def test_real_hubs_are_read_from_their_folders(tmp_path: Path, shared_data: Path) -> None:
    hubs = real_hubs(shared_data)
    write_clusters(tmp_path, hubs)
    found = read_clusters(tmp_path)
    names = ("cluster", "provider", "hub", "display_name", "domain", "helm_chart")
    assert sorted(tuple(getattr(one, name) for name in names) for one in found) == sorted(
        tuple(hub[name] for name in names) for hub in hubs
    )
    assert len({one.cluster for one in found}) == 30
    assert read_clusters(tmp_path / "config" / "clusters") == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("!!python/object/apply:os.system ['touch evil']", "cannot be read"),
        ("name: [", "cannot be read"),
        ("- a list", "does not describe a cluster"),
        ("name: earth\nhubs: 3", "is not a list of hubs"),
        ("name: earth\nhubs: [{name: a}, {name: a}]", "is listed twice"),
    ],
)
def test_a_cluster_that_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "earth" / "cluster.yaml"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(BrokenDataError, match=says):
        read_clusters(tmp_path)
    assert not (Path.cwd() / "evil").exists()


def test_a_folder_without_clusters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no \*/cluster.yaml"):
        read_clusters(tmp_path)


@pytest.mark.parametrize(
    ("text", "hubs"),
    [("['a', 'b']", ("a", "b")), ('["a"]', ("a",)), ("('a',)", ("a",)), ("a; b", ("a", "b")), ("", ()), ("[]", ())],
)
def test_lists_are_read(text: str, hubs: tuple[str, ...]) -> None:
    assert read_list(text) == hubs


@pytest.mark.parametrize(
    "text",
    [
        "[__import__('os').system('touch evil')]",
        "__import__('os').system('touch evil')",
        "[x for x in ['a']]",
        "['a' * 10]",
        "[1, 2]",
        "['a'",
        "[" * 5000,
    ],
)
def test_a_list_is_never_run(text: str) -> None:
    with pytest.raises(ValueError, match="list"):
        read_list(text)
    assert not (Path.cwd() / "evil").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,place\na,b\n", "has no column 'hubs'"),
        ("name,hubs\n,a\n", "line 2: the community has no name"),
        ("name,hubs\nA,a\nA,b\n", "two communities are called 'A'"),
        ("name,hubs,latitude\nA,a,91\n", "'91' is not a number of degrees from -90 to 90"),
        ("name,hubs,longitude\nA,a,east\n", "'east' is not a number of degrees from -180 to 180"),
        ("name,hubs\nA,eval('1')\n", "line 2: hubs cannot be read"),
    ],
)
def test_a_community_that_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "communities.csv").write_text(text)
    with pytest.raises(BrokenDataError, match=says):
        read_communities(tmp_path / "communities.csv")


def test_a_hub_of_two_communities_is_refused(tmp_path: Path) -> None:
    (tmp_path / "communities.csv").write_text("name,hubs\nA,x; y\nB,y\n")
    with pytest.raises(BrokenDataError, match="'y' is in two communities, 'A' and 'B'"):
        by_hub(read_communities(tmp_path / "communities.csv"))


def test_no_number_of_users_falls_out_of_the_bins() -> None:
    for users in [*BOUNDS, *(bound - 1 for bound in BOUNDS[1:]), 3_000_000]:
        first, _, last = SIZES[size_of(users)].partition("-")
        assert users >= int(first.split()[0])
        assert users < int(last or 10**9)
    assert [SIZES["00"], SIZES["11"]] == ["0-5", "10000 and above"]


def test_users_and_communities_by_size_and_by_community(tmp_path: Path, shared_data: Path) -> None:
    """Monthly users of real hubs, from 0 to 12,000: counts and users by bin, none dropped, and by community."""
    hubs = real_hubs(shared_data)
    write_clusters(tmp_path / "infrastructure", hubs)
    kept = [hub for hub in hubs if not is_staging(hub["hub"])]
    first, second, third = kept[0], kept[1], kept[2]
    (tmp_path / "communities.csv").write_text(
        "name,constellation,location,latitude,longitude,hubs\n"
        f"Ocean,Earth,Oslo,59.9,10.7,\"['{first['cluster']}/{first['hub']}', '{second['domain']}']\"\n"
        f'Sky,,,,,"[""{third["domain"]}""]"\n'
    )
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    users = {(hub["cluster"], hub["hub"]): (at * 997) % 12_001 if at % 3 else at % 60 for at, hub in enumerate(hubs)}
    there: dict[str, FakePrometheus] = {}
    for (cluster, hub), count in users.items():
        there.setdefault(cluster, FakePrometheus()).put(MONTHLY, {"namespace": hub}, {seconds(midnight): count})
    lists = {"clusters": "infrastructure", "communities": "communities.csv"}
    place = Place(tmp_path, grafana=FakeGrafana(there))
    place.more = {"queries": [], "preset": "hub_users", "first_day": "2026-03-09", **lists}
    assert not place.collect().failed
    (tmp_path / "footfall.toml").write_text(
        '[sources.prometheus]\ngrafana = "https://grafana"\npreset = "hub_users"\n'
        'clusters = "infrastructure"\ncommunities = "communities.csv"\n'
    )

    def ask(metric: str, day: datetime, **more: Any) -> dict[Any, Any]:
        with footfall.open(tmp_path) as ff:
            rows = ff.query(metric, since=day, until=day + DAY, **more).to_dicts()
        return {row.get((more.get("by") or ["period"])[0]): row[metric] for row in rows}

    counted = {(one["cluster"], one["hub"]): users[one["cluster"], one["hub"]] for one in kept}
    hubs_in, users_in = Counter[str](), Counter[str]()
    for count in counted.values():
        hubs_in[size_of(count)] += 1
        users_in[size_of(count)] += count
    day = midnight - DAY
    assert ask("communities_by_size", day, by=["size"]) == dict(hubs_in)
    assert ask("users_by_community_size", day, by=["size"]) == dict(users_in)
    assert "11" in hubs_in
    by_community = ask("users_by_community_size", day, by=["community"])
    assert by_community["Ocean"] == sum(counted[one["cluster"], one["hub"]] for one in (first, second))
    assert by_community["Sky"] == counted[third["cluster"], third["hub"]]
    assert sum(by_community.values()) == sum(counted.values())
    assert list(ask("communities", place.now.replace(hour=0, minute=0)).values()) == [2]
    assert len(place.rows("hub_list")) == 171
    ocean = next(values for key, values in place.rows("hub_communities").items() if "Ocean" in key)
    assert ocean == ((59.9, 10.7, 2),)


def test_a_list_that_cannot_be_read_is_a_failure_and_erases_nothing(tmp_path: Path) -> None:
    (tmp_path / "communities.csv").write_text("name,hubs\nA,x\n")
    place = Place(tmp_path, more={"communities": "communities.csv", "queries": []})
    assert not place.collect().failed
    before = place.rows("hub_communities")
    (tmp_path / "communities.csv").write_text("name\nA\n")
    assert place.collect().failed
    assert place.rows("hub_communities") == before
    assert {e.status for e in place.entries().values()} == {Status.FAILED}
