"""The jupyterhub source against hubs that are told what to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from footfall.collect import SourceSummary, collect
from footfall.errors import BrokenDataError
from footfall.http import Client
from footfall.lake import Lake
from footfall.ledger import Status
from footfall.sources import Context
from footfall.sources.hubs import Timescale
from footfall.sources.jupyterhub import JupyterHub, JupyterHubSettings
from footfall.sources.jupyterhub.exposition import reading_of
from footfall.testing import Upstream, check_source
from footfall.testing.contents import contents_of
from hubs_faked import FakeHub, user
from lengths import STEP

NOON = datetime(2026, 3, 10, 13, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Place:
    """A lake that collects from fake hubs, with a clock."""

    folder: Path
    hubs: dict[str, FakeHub]
    more: dict[str, Any] = field(default_factory=lambda: {"names": "plain"})
    now: datetime = NOON

    def source(self) -> JupyterHub:
        hubs = [
            {"name": name, "address": f"https://{name}/base/", "token": hub.token} for name, hub in self.hubs.items()
        ]
        settings = JupyterHubSettings.model_validate({"hubs": hubs, **self.more})
        return JupyterHub(
            settings, Context(self.folder, self.folder / "s", lambda: self.now, self.client, "jupyterhub")
        )

    def client(self) -> Client:
        return Client(
            transport=httpx2.MockTransport(lambda request: self.hubs[request.url.host].answer(request)),
            wait=0,
            attempts=1,
        )

    def lake(self) -> Lake:
        return Lake.open(str(self.folder / "lake"), now=lambda: self.now)

    def collect(self, now: datetime | None = None) -> SourceSummary:
        self.now = now or self.now
        (summary,) = collect(self.lake(), {"jupyterhub": self.source()}, now=lambda: self.now).sources
        return summary

    def rows(self, table: str) -> dict[Any, Any]:
        return dict(contents_of(self.lake(), self.source()).tables[table])

    def actors(self, action: str = "active") -> list[tuple[str, str]]:
        return sorted((f"{key[0]:%m-%d}", key[3]) for key in self.rows("hub_activity") if key[4] == action)


def test_unknown_labels_are_added_up(shared_data: Path) -> None:
    reading = reading_of((shared_data / "cases" / "J8_metrics.txt").read_text())
    assert reading.spawns == {"success": 40, "failure": 8}


def test_a_prefix_is_found_and_two_are_refused() -> None:
    text = FakeHub(prefix="myhub").text()
    assert reading_of(text).running == 2
    assert reading_of("running_servers 3\ntotal_users 4\n").running == 3
    with pytest.raises(BrokenDataError, match="'jupyterhub' and 'myhub'; set the `prefix`"):
        reading_of(text + FakeHub().text())
    assert reading_of(text + FakeHub(running=7).text(), "jupyterhub").running == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it has no metric"),
        ("<html><body>Login</body></html>", "line 1 is not a metric"),
        ("jupyterhub_running_servers NaN\n", "is not a count"),
        ('jupyterhub_active_users{period="24h 5\n', "line 1 is not a metric"),
    ],
)
def test_what_is_no_hub_is_refused(text: str, says: str) -> None:
    with pytest.raises(BrokenDataError, match=says):
        reading_of(text)


def test_collects_everything_a_hub_says(tmp_path: Path) -> None:
    hub = FakeHub(
        users=[
            user("ada", "2026-03-10T09:00:00Z", "2026-03-10T08:00:00Z"),
            user("bob", None),
            user("eve", "2026-03-01T00:00:00Z"),
        ]
    )
    place = Place(tmp_path, {"main": hub})
    assert not place.collect().failed
    assert {key[3]: values for key, values in place.rows("hub_users").items()} == {
        Timescale.DAILY: ((5,),),
        Timescale.WEEKLY: ((9,),),
        Timescale.MONTHLY: ((20,),),
    }
    assert list(place.rows("hub_levels").values()) == [((1, 30),)]  # the list of users says one, the metric two
    assert place.actors() == [("03-10", "ada")]
    assert place.actors("started") == [("03-10", "ada")]
    assert all(url.startswith("https://main/base/hub/") for url in hub.asked)


def test_a_day_is_covered_to_its_last_poll_and_whole_when_polled_in_its_last_hour(tmp_path: Path) -> None:
    """Two users, three polls: what a user did between a poll and their next activity is lost, and the ledger says so."""
    hub = FakeHub(users=[user("ada", "2026-03-10T10:00:00Z"), user("bob", "2026-03-10T11:00:00Z")])
    place = Place(tmp_path, {"main": hub})
    place.collect(NOON)
    # ada is active at 20:00, which no poll sees, and again the next morning; carl only in the evening
    hub.users = [
        user("ada", "2026-03-11T09:00:00Z"),
        user("bob", "2026-03-10T11:00:00Z"),
        user("carl", "2026-03-10T20:00:00Z"),
    ]
    place.collect(NOON + DAY)
    place.collect(NOON + DAY + timedelta(hours=10, minutes=30))
    place.collect(NOON + 2 * DAY)
    assert place.actors() == [("03-10", "ada"), ("03-10", "bob"), ("03-10", "carl"), ("03-11", "ada")]
    covered = {
        e.window.start.day: e.covered_until for e in place.lake().known("jupyterhub") if e.table == "hub_activity"
    }
    assert covered[10] == NOON
    assert covered[11] == datetime(2026, 3, 12, tzinfo=UTC)


def test_a_count_read_at_midnight_is_of_the_day_that_ends_there(tmp_path: Path) -> None:
    place = Place(tmp_path, {"main": FakeHub()})
    place.collect(datetime(2026, 3, 11, 0, 10, tzinfo=UTC))
    assert {key[0].day for key in place.rows("hub_users")} == {10}
    (entry,) = [e for e in place.lake().known("jupyterhub") if e.table == "hub_users"]
    assert (entry.status, entry.covered_until) == (Status.COMPLETE, datetime(2026, 3, 11, tzinfo=UTC))


def test_running_servers_after_a_restart_come_from_the_list_or_are_not_known(tmp_path: Path) -> None:
    hub = FakeHub(running=0, started_at=NOON - timedelta(minutes=5))
    hub.users = [user(f"u{n}", None, "2026-03-09T00:00:00Z") for n in range(12)]
    place = Place(tmp_path / "a", {"main": hub})
    place.collect()
    assert list(place.rows("hub_levels").values()) == [((12, 30),)]
    hub.users_status = 403
    blind = Place(tmp_path / "b", {"main": hub})
    assert blind.collect().failed == 1
    assert list(blind.rows("hub_levels").values()) == [((None, 30),)]


def test_starts_of_a_new_process_begin_with_zero(tmp_path: Path) -> None:
    """A process that started more servers than the one before is noticed by when it started."""
    hub = FakeHub(spawns={"success": 10})
    place = Place(tmp_path, {"main": hub})
    place.collect(NOON)
    hub.spawns, hub.started_at = {"success": 15}, NOON + timedelta(minutes=20)
    place.collect(NOON + timedelta(minutes=50))
    runs = sorted((f"{key[0]:%H}", key[4][11:16], values[0][0]) for key, values in place.rows("hub_spawns").items())
    assert runs == [("12", "13:20", 0), ("13", "00:00", 10), ("13", "13:20", 15)]


def test_one_hub_that_fails_stops_no_other(tmp_path: Path) -> None:
    place = Place(tmp_path, {"one": FakeHub(status=500, users_status=500), "two": FakeHub(users=[user("ada", None)])})
    assert place.collect().failed == 4
    assert {key[2] for key in place.rows("hub_users")} == {"two"}


def test_a_refusal_names_the_scopes(tmp_path: Path) -> None:
    place = Place(tmp_path, {"main": FakeHub(status=403, users=[user("ada", None)])})
    reasons = {note.reason for note in place.collect().notes}
    assert any(
        "the hub refuses its metrics (403); give the token of the service read:metrics" in each for each in reasons
    )
    assert [(c.name, c.state) for c in place.source().checks(NOON)] == [
        ("main: metrics", "failed"),
        ("main: users", "ok"),
    ]


def test_fewer_users_than_the_total_are_not_all(tmp_path: Path) -> None:
    users = [user(f"u{n}", "2026-03-10T10:00:00Z") for n in range(5)]
    place = Place(tmp_path, {"main": FakeHub(users=users, hidden=1)})
    place.collect()
    assert not place.actors()
    reasons = [e.reason for e in place.lake().known("jupyterhub") if e.table == "hub_activity"]
    assert "has 5 users and returned 4" in reasons[0]


def test_users_need_a_key_which_stays_the_same(tmp_path: Path) -> None:
    hub = FakeHub(users=[user("ada", "2026-03-10T10:00:00Z")])
    place = Place(tmp_path, {"main": hub}, {})
    place.collect()
    (entry,) = [e for e in place.lake().known("jupyterhub") if e.table == "hub_activity"]
    assert entry.status is Status.MISSING
    assert "set hash_key" in entry.reason
    place.more = {"hash_key": "one"}
    assert not place.collect(NOON + timedelta(minutes=1)).failed
    ((_, actor),) = place.actors()
    assert actor != "ada"
    place.more = {"hash_key": "two"}
    assert place.collect(NOON + timedelta(minutes=2)).failed == 1


def test_staff_and_services_have_roles(tmp_path: Path) -> None:
    at = "2026-03-10T10:00:00Z"
    users = [user("ada", at), user("root", at, groups=("admins",)), user("deployment-service-check", at)]
    place = Place(tmp_path, {"main": FakeHub(users=users)}, {"names": "plain", "staff_groups": ["admins"]})
    place.collect()
    assert {key[3]: key[5] for key in place.rows("hub_activity")} == {
        "ada": "person",
        "root": "staff",
        "deployment-service-check": "service",
    }


def test_a_hub_that_leaves_the_settings_is_retired_once(tmp_path: Path) -> None:
    one, two = FakeHub(), FakeHub()
    place = Place(tmp_path, {"one": one, "two": two}, {"users": False})
    place.collect()
    del place.hubs["two"]
    place.collect(NOON + DAY)
    place.collect(NOON + 2 * DAY)
    retired = [(e.table, e.scope) for e in place.lake().known("jupyterhub") if e.status is Status.RETIRED]
    assert sorted(retired) == [("hub_levels", "two"), ("hub_spawns", "two"), ("hub_users", "two")]


@pytest.mark.parametrize("address", ["hub.example.org", "ftp://x", "https://u:p@hub", "https://hub/?token=x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="write the address of a hub"):
        JupyterHubSettings.model_validate({"hubs": [{"name": "a", "address": address}]})


def test_two_hubs_of_one_name_are_refused() -> None:
    twins = [{"name": "a", "address": "https://a"}, {"name": "a", "address": "https://b"}]
    with pytest.raises(ValidationError, match="two hubs are called 'a'"):
        JupyterHubSettings.model_validate({"hubs": twins})


class Hubs(Upstream):
    """Hubs for the kit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hubs: dict[str, FakeHub] = {}

    def settings(self) -> dict[str, Any]:
        hubs = [{"name": name, "address": f"https://{name}", "token": hub.token} for name, hub in self.hubs.items()]
        return {"hubs": hubs, "names": "plain"}

    def begin(self) -> None:
        self.add("one")
        self.add("two")

    def add(self, name: str) -> None:
        at = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        self.hubs[name] = FakeHub(users=[user("ada", at, at), user("bob", at), user("eve", at)])

    def client(self) -> Client:
        transport = httpx2.MockTransport(lambda request: self.hubs[request.url.host].answer(request))
        return Client(transport=transport, wait=0, attempts=1, concurrency=64)

    def restate(self) -> None:
        self.hubs["one"].active = {"24h": 50, "7d": 90, "30d": 200}

    def take_back(self) -> None:
        self.hubs["one"].active = FakeHub().active

    def fail(self) -> None:
        self.hubs["one"].status = self.hubs["one"].users_status = 500

    def be_empty(self) -> None:
        self.hubs["one"].body = ""

    def recover(self) -> None:
        self.hubs["one"].status = self.hubs["one"].users_status = 200
        self.hubs["one"].body = None

    def add_scopes(self, count: int) -> None:
        for n in range(count):
            self.add(f"hub{n}")


@pytest.mark.slow
def test_keeps_the_promises_of_a_source(tmp_path: Path) -> None:
    assert not check_source(JupyterHub, Hubs, tmp_path, step=STEP).skipped
