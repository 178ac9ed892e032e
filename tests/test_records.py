"""Records for programs: metrics, events and membership, in values that JSON has."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from footfall import records
from footfall.errors import QueryError, UnknownNameError
from footfall.workspace import Workspace
from served import opened, write_served


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(write_served(tmp_path_factory.mktemp("records"))) as workspace:
        yield workspace


class TestMetrics:
    def test_those_of_sources_come_before_those_of_events(self, workspace: Workspace) -> None:
        every = records.metrics_of(workspace)
        of_events = [record["event"] is not None for record in every]
        assert of_events == sorted(of_events)
        assert {"launches", "commits", "active", "signed_up"} <= {record["name"] for record in every}
        json.dumps(every)

    def test_one_says_what_it_can_be_split_by_and_what_was_decided(self, workspace: Workspace) -> None:
        commits = records.metric_of(workspace, "commits")
        assert (commits["kind"], commits["unit"], commits["event"]) == ("sum", "commits", None)
        assert {"repo", "author"} <= {dimension["name"] for dimension in commits["dimensions"]}
        merges = next(policy for policy in commits["policies"] if policy["name"] == "merges")
        assert merges["default"] in merges["choices"]
        assert None in merges["choices"].values(), "one choice keeps everything"

    def test_actors_are_known_by_the_day(self, workspace: Workspace) -> None:
        active = records.metric_of(workspace, "active")
        assert (active["finest_grain"], active["event"], active["tables"]) == ("day", "active", [])

    def test_only_those_that_may_be_read(self, workspace: Workspace) -> None:
        among = {"commits": workspace.metrics["commits"]}
        assert [record["name"] for record in records.metrics_of(workspace, among)] == ["commits"]
        assert records.metrics_of(workspace, {}) == []
        with pytest.raises(UnknownNameError) as raised:
            records.metric_of(workspace, "launches", among)
        assert raised.value.valid == ("commits",)


class TestEvents:
    """Three actors were marked on two days of each."""

    def test_all_that_have_actors(self, workspace: Workspace) -> None:
        found = {record["event"]: record for record in records.events_of(workspace)}
        assert {"active", "signed_up", "binder_launch", "commit_author"} == set(found)
        active = found["active"]
        assert (active["first_day"], active["last_day"], active["actors"], active["marks"]) == (
            "2026-02-03",
            "2026-03-02",
            3,
            6,
        )
        json.dumps(list(found.values()))

    @pytest.mark.parametrize(
        ("period", "since", "until", "actors"),
        [
            ("2026", "2026-01-01", "2027-01-01", 3),
            ("2026-02", "2026-02-01", "2026-03-01", 3),
            ("2026-W06", "2026-02-02", "2026-02-09", 3),
            ("2026-w06", "2026-02-02", "2026-02-09", 3),
            ("2026-02-03", "2026-02-03", "2026-02-04", 3),
            (" 2026-02-04 ", "2026-02-04", "2026-02-05", 0),
            ("yesterday", "2026-03-10", "2026-03-11", 0),
        ],
    )
    def test_a_period_is_read_as_people_write_it(
        self, workspace: Workspace, period: str, since: str, until: str, actors: int
    ) -> None:
        found = records.event_of(workspace, "active", period)
        assert (found["since"][:10], found["until"][:10], found["actors"]) == (since, until, actors)
        assert found["is_over"] is (until <= "2026-03-11")
        assert found["gaps"] == []

    def test_without_a_period_it_is_all_time(self, workspace: Workspace) -> None:
        found = records.event_of(workspace, "active", None)
        assert (found["since"], found["until"], found["actors"], found["marks"]) == (None, None, 3, 6)

    @pytest.mark.parametrize(
        "period", ["", "26", "2026-2", "20260203", "2026w06", "last week", "2026-02-03T12", "٢٠٢٦", "2026-02/03"]
    )
    def test_anything_else_is_refused_with_examples(self, workspace: Workspace, period: str) -> None:
        with pytest.raises(QueryError, match="write one like 2026, 2026-11, 2026-W48"):
            records.event_of(workspace, "active", period)

    @pytest.mark.parametrize("period", ["2026-13", "2026-W54", "2026-02-30"])
    def test_what_no_calendar_has_is_refused(self, workspace: Workspace, period: str) -> None:
        with pytest.raises(QueryError):
            records.event_of(workspace, "active", period)

    def test_an_unknown_event_is_refused_with_its_neighbour(self, workspace: Workspace) -> None:
        for ask in (records.event_of, lambda *given: records.membership_of(given[0], given[1], "ada", given[2])):
            with pytest.raises(UnknownNameError, match="unknown event 'activ'; did you mean 'active'"):
                ask(workspace, "activ", "2026")

    @pytest.mark.parametrize(("actor", "did"), [("ada", True), ("7", True), ("8", False), ("Ada", False), ("", False)])
    def test_whether_one_did_it(self, workspace: Workspace, actor: str, did: bool) -> None:
        if actor:
            assert records.membership_of(workspace, "active", actor, "2026-02")["did"] is did
            assert records.membership_of(workspace, "active", actor, "2026-01")["did"] is False


def test_the_state_of_every_source(workspace: Workspace) -> None:
    found = records.status_of(workspace)
    assert {table["source"] for table in found["tables"]} == {"binder", "git"}
    json.dumps(found)
