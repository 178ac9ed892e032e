"""What the GitHub source does with refusals, limits, faults and credentials."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from footfall.sources import Deadline
from footfall.sources.github.refusals import Waits
from github_bodies import error
from github_workspaces import DAY, START, Watched, counts, repository
from githubs import Account, Reply

TODAY = START.date()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "here", repository(7, "a/b"))


def allow(here: Watched, *allowed: str, **more: Any) -> None:
    here.github.accounts["Bearer good"] = Account(frozenset(allowed), **more)


REFUSED = [
    ("Resource not accessible by personal access token", "lacks a permission", "Administration: read"),
    ("Resource not accessible by integration", "every token of GitHub Actions", "use a personal token or an App"),
    ("Must have push access to repository", "without push access", "one of a maintainer"),
    (
        "`a` forbids access via a personal access token (classic). Please ask an owner of the organization",
        "the organisation does not allow",
        "ask an owner",
    ),
]


@pytest.mark.parametrize(("said", "means", "fix"), REFUSED)
def test_what_is_refused_says_why_and_what_to_do(watched: Watched, said: str, means: str, fix: str) -> None:
    watched.set(collect=["views", "clones", "paths", "referrers", "stars"])
    watched.succeed()
    before = watched.values("views", since="2026-03-01", until="2026-03-09")
    allow(watched, "contents", "actions", refusal=said)
    watched.pass_days()
    summary = watched.collect()
    assert not summary.error
    reasons = [note.reason for note in summary.notes if note.table == "github_views"]
    assert len(reasons) == 1
    assert means in reasons[0]
    assert fix in reasons[0]
    assert {note.table for note in summary.notes} == {
        "github_views",
        "github_clones",
        "github_paths",
        "github_referrers",
    }
    assert watched.values("views", since="2026-03-01", until="2026-03-09") == before


def test_sso_is_a_refusal_of_its_own(watched: Watched) -> None:
    allow(watched, refusal="Resource protected by organization SAML enforcement.", sso=True)
    assert any("Configure SSO" in note.reason for note in watched.collect().notes)


def test_a_token_that_is_not_accepted_is_one_error(watched: Watched) -> None:
    watched.set(token="old")
    summary = watched.collect()
    assert "GitHub does not accept the token (401: Bad credentials)" in summary.error
    assert "create a new one" in summary.error


def test_without_a_token_what_is_public_is_collected(tmp_path: Path) -> None:
    here = Watched(tmp_path, repository(7, "a/b"), collect=["stars", "forks", "releases"])
    here.settings = {key: value for key, value in here.settings.items() if key != "token"}
    here.succeed()
    assert here.values("stars") == {"a/b": 4}


def test_a_token_for_each_owner(tmp_path: Path) -> None:
    here = Watched(
        tmp_path, repository(7, "a/b"), repository(8, "X/y"), token="good", tokens={"x": "theirs"}, collect=["views"]
    )
    here.github.accounts["Bearer theirs"] = Account(frozenset())
    summary = here.collect()
    assert [note.scope for note in summary.notes] == ["X/y"]
    assert "the token of x lacks a permission" in summary.notes[0].reason
    assert here.values("views").keys() == {"a/b"}


def test_a_transferred_repository_needs_a_token_of_its_new_owner(tmp_path: Path) -> None:
    here = Watched(tmp_path, repository(8, "x/y"), tokens={"x": "theirs"}, collect=["views"])
    here.settings = {key: value for key, value in here.settings.items() if key != "token"}
    here.github.accounts["Bearer theirs"] = Account()
    here.succeed()
    before = here.values("views", until="2026-03-09")
    here.github.rename("x/y", "z/y")
    reasons = {note.scope: note.reason for note in here.collect().notes}
    assert "is now called z/y" in reasons["8"]
    assert "does not allow it without a token" in reasons["z/y"]
    assert "set `token`, or a token of the owner, with" in reasons["z/y"]
    assert here.values("views", until="2026-03-09") == {"z/y": before["x/y"]}


class TestLimits:
    def test_a_used_up_limit_is_asked_no_further(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, *(repository(n, f"a/r{n}") for n in range(1, 30)), collect=["views"], concurrency=1)
        here.github.accounts["Bearer good"] = Account(limit=40)
        summary = here.collect()
        assert len(here.values("views")) == 11
        assert summary.failed == 18
        assert "used up until 13:00 UTC" in summary.notes[0].reason
        assert len(here.github.asked) == 41
        here.now += timedelta(minutes=31)
        here.github.accounts["Bearer good"].used = 0
        here.succeed()
        assert len(here.values("views")) == 29

    def test_a_limit_that_asks_to_wait_is_waited_for(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        waiting = Reply(429, json.dumps(error("slow down")).encode(), {"Retry-After": "1"})
        watched.github.refusals = [waiting]
        watched.succeed()

    def test_a_secondary_limit_that_only_its_body_tells(self) -> None:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        waits = Waits(lambda: now)
        body = json.dumps(error("You have exceeded a secondary rate limit."))
        assert [waits(403, {}, body) for _ in range(3)] == [60, 120, 240]
        now += timedelta(hours=1)
        assert waits(403, {}, body) == 60
        assert waits(403, {}, json.dumps(error("Must have push access"))) == 0
        assert waits(200, {}, body) == 0
        assert waits(403, {"retry-after": "7"}, body) == 0  # said by the answer itself

    def test_a_limit_that_begins_anew_soon(self) -> None:
        now = datetime(2026, 3, 1, tzinfo=UTC)
        reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(now.timestamp()) + 20)}
        assert Waits(lambda: now)(403, reset, "") == 20


def test_a_list_that_is_closed_later_says_who_may_read_it_and_keeps_what_was_read(tmp_path: Path) -> None:
    here = Watched(tmp_path, repository(7, "a/b"), collect=["stars"])
    here.github.has_history = False  # then stars are read from the list that admins and collaborators may see
    here.succeed()
    allow(here, "traffic")
    here.github.repositories[0].stars[TODAY] += 2
    (note,) = here.collect().notes
    assert note.reason.endswith("give it the account of an admin or a collaborator")
    asked = here.ask("stars", grain="total")
    assert asked.rows["stars"].to_pylist() == [4]
    assert any(said.startswith("1 window failed in the last run: a/b (the token") for said in asked.notes)


class TestFaults:
    @pytest.mark.parametrize("fault", ["cut", "empty"])
    def test_an_answer_that_is_none_erases_nothing(self, watched: Watched, fault: str) -> None:
        watched.set(collect=["views", "clones", "stars", "commits"])
        watched.succeed()
        before = {name: watched.values(name, until="2026-03-10") for name in ("views", "clones", "stars", "commits")}
        watched.github.fault = fault
        watched.pass_days(0.3)
        summary = watched.collect()
        assert not summary.error
        assert {name: watched.values(name, until="2026-03-10") for name in before} == before
        if fault == "cut":
            assert any("not valid JSON" in note.reason for note in summary.notes)

    @pytest.mark.parametrize(
        "body",
        [
            {"count": 1, "uniques": 1, "views": [{"timestamp": "2026-03-05T08:00:00Z", "count": 1, "uniques": 1}]},
            {"count": 1, "uniques": 1, "views": [{"timestamp": "2026-03-05T00:00:00Z", "count": -1, "uniques": 1}]},
            {"count": 1, "uniques": 1, "views": [{"timestamp": "2026-03-05T00:00:00Z", "count": "9", "uniques": 1}]},
            {"count": 1, "uniques": 1},
            [],
            "no",
            None,
        ],
    )
    def test_an_answer_of_another_form_is_a_failure(self, watched: Watched, body: Any) -> None:
        watched.set(collect=["views", "clones"])
        watched.github.replayed["/repos/a/b/traffic/views"] = body
        summary = watched.collect()
        assert [note.table for note in summary.notes] == ["github_views"]
        assert "an unexpected format" in summary.notes[0].reason

    def test_an_address_that_is_no_github_is_said(self, watched: Watched) -> None:
        watched.github.refusals = [Reply(404, b"<html>Not Found</html>", {"Content-Type": "text/html"})] * 9
        (note,) = watched.collect().notes
        assert (note.scope, note.reason) == (
            "a/b",
            "there is no API of GitHub at this address (404); check `api` in footfall.toml",
        )

    def test_a_fault_of_the_server_is_one_error(self, watched: Watched) -> None:
        watched.github.fault = "down"
        assert "GitHub has an internal error (500" in watched.collect().error

    @pytest.mark.parametrize("kind", ["views", "clones", "paths", "referrers", "stars", "forks", "releases", "commits"])
    def test_an_answer_that_is_prepared_is_awaited(self, tmp_path: Path, kind: str) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=[kind])
        here.github.busy = 2
        here.succeed()
        assert here.github.busy == 0

    def test_one_that_is_never_ready_is_a_failure_and_no_zero(self, tmp_path: Path) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=["views"], patience=5)
        here.github.busy = 1_000
        summary = here.collect()
        assert "still being prepared (202)" in summary.notes[0].reason
        assert here.ask("views", last=3).coverage == 0

    @pytest.mark.parametrize("kind", ["forks", "releases", "workflow_runs", "stars", "commits"])
    def test_a_list_that_is_never_ready_is_no_empty_one(self, tmp_path: Path, kind: str) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=[kind], patience=5)
        here.github.busy = 1_000
        summary = here.collect()
        assert summary.failed == len(summary.notes) >= 1
        assert all("still being prepared (202)" in note.reason for note in summary.notes)
        with here.open() as opened:
            assert {table for table, _ in opened.lake.known("github").scopes} == {"github_names"}

    @pytest.mark.parametrize(
        ("kind", "path"),
        [
            ("paths", "traffic/popular/paths"),
            ("forks", "forks"),
            ("releases", "releases"),
            ("stars", "stargazers/history"),
            ("commits", "commits"),
        ],
    )
    def test_an_object_in_the_place_of_a_list_is_no_empty_list(self, tmp_path: Path, kind: str, path: str) -> None:
        here = Watched(tmp_path, repository(7, "a/b"), collect=[kind])
        here.github.replayed[f"/repos/a/b/{path}"] = {}
        assert {"an unexpected format" in note.reason for note in here.collect().notes} == {True}


class TestApp:
    @pytest.fixture
    def here(self, tmp_path: Path) -> Watched:
        rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
        serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
        pytest.importorskip("jwt")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        found = Watched(tmp_path, repository(7, "a/b"), collect=["views"], app={"id": "7", "key": text.decode()})
        found.settings = {name: value for name, value in found.settings.items() if name != "token"}
        return found

    def test_its_tokens_rotate_and_it_stays_who_it_is(self, here: Watched) -> None:
        here.succeed()
        here.now += timedelta(hours=2)
        here.succeed()
        assert here.github.app_tokens == 2
        assert here.values("views").keys() == {"a/b"}

    def test_a_token_serves_for_an_hour(self, here: Watched) -> None:
        with here.open() as opened:
            opened.collect()
            opened.collect()
        assert here.github.app_tokens == 2  # a run has a token of its own; none is kept on the disk
        kept = [path.read_bytes() for path in here.folder.rglob("*") if path.is_file()]
        assert not any(b"ghs_" in each for each in kept)

    def test_a_key_that_is_none(self, here: Watched) -> None:
        here.set(app={"id": "7", "key": "nonsense"})
        summary = here.collect()
        assert "not a private key" in summary.error + "".join(note.reason for note in summary.notes)


def test_secrets_appear_nowhere(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    watched.github.accounts["Bearer very-secret-token"] = Account(frozenset({"contents"}))
    watched.set(token="very-secret-token")
    summary = watched.collect()
    assert summary.failed
    assert "very-secret" not in repr(summary) + capsys.readouterr().out
    files = [path for path in watched.folder.rglob("*") if path.is_file() and path.name != "footfall.toml"]
    assert files
    assert not [path for path in files if b"very-secret" in path.read_bytes()]


class TestExamining:
    def found(self, here: Watched) -> dict[str, tuple[str, str, str]]:
        with here.open() as opened:
            source: Any = opened.sources["github"]
            return {check.name: (check.state, check.detail, check.fix) for check in source.checks(here.now)}

    def test_every_credential_entry_and_endpoint(self, watched: Watched) -> None:
        found = self.found(watched)
        assert {state for state, _, _ in found.values()} == {"ok"}
        assert found["use the token"][1].endswith("of 5,000 requests per hour are left")
        assert {"find a/b", "read views of a/b", "read commits of a/b", "read stars of a/b"} <= found.keys()

    def test_what_is_refused(self, watched: Watched) -> None:
        allow(watched, "contents")
        state, detail, fix = self.found(watched)["read views of a/b"]
        assert state == "failed"
        assert "lacks a permission" in detail
        assert "Administration: read" in fix

    def test_what_is_not_there(self, watched: Watched) -> None:
        watched.set(repositories=["a/b", "a/gone"])
        assert self.found(watched)["find a/gone"][0] == "failed"

    def test_what_will_be_lost_and_when(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        watched.succeed()
        with watched.open() as opened:
            source: Any = opened.sources["github"]
            known = opened.lake.known("github")
            from footfall.ledger import Known

            found = {each.table: each for each in source.deadlines(Known(known), watched.now)}
        first = START.replace(hour=0, minute=0) - 3 * DAY  # what began four days before the answer grows no more
        assert found["github_views"].scope == "a/b"
        assert found["github_views"].at == first + 14 * DAY
        assert f"views of {first:%Y-%m-%d}" in found["github_views"].what

    def test_collecting_every_day_leaves_nothing_to_be_lost_soon(self, tmp_path: Path) -> None:
        """GitHub keeps 14 days: more than so many days have to pass, each with a run of its own."""
        here = Watched(tmp_path, repository(7, "a/b", views=counts(TODAY + 40 * DAY, 80)), collect=["views"])
        for _ in range(16):
            here.succeed()
            here.pass_days()
        assert not losses_of(here, within=9)
        here.github.frozen_at = here.now.date() - 2 * DAY  # as GitHub stands still, nothing more is learnt
        for _ in range(9):
            assert losses_of(here, within=1) == []
            here.pass_days()
            here.succeed()
        assert [each.scope for each in losses_of(here, within=3)] == ["a/b"]

    def test_a_day_that_vanished_may_be_lost(self, watched: Watched) -> None:
        watched.set(collect=["views"])
        gone = TODAY - 9 * DAY
        watched.github.vanished = {gone}
        watched.succeed()
        assert {each.at.date() for each in losses_of(watched, within=6)} == {gone + 14 * DAY}


def losses_of(here: Watched, within: int) -> list[Deadline]:
    """What is lost of the views within some days."""
    with here.open() as opened:
        found = [loss.deadline for loss in opened.standing().losses if loss.deadline.table == "github_views"]
    return [each for each in found if each.at - here.now <= within * DAY]
