"""Who may do what: viewers, tokens that are kept as hashes, and what a viewer of some projects may ask for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from footfall.access.reach import Reach
from footfall.access.tokens import FILE, Tokens
from footfall.access.viewer import PUBLIC, VISITOR, Scope, Viewer
from footfall.errors import AccessError, FootfallError, NotAllowedError, QueryError, UnknownNameError, UnknownValueError
from footfall.workspace import Workspace
from served import opened, write_served

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class TestViewers:
    def test_admin_holds_every_other_scope(self) -> None:
        for scope in Scope:
            assert Viewer("a", frozenset({Scope.ADMIN})).may(scope)
            assert [each for each in Scope if Viewer("a", frozenset({scope})).may(each)] == (
                list(Scope) if scope is Scope.ADMIN else [scope]
            )

    def test_who_did_not_sign_in_reads_only_where_reading_is_open(self) -> None:
        assert not any(VISITOR.may(scope) for scope in Scope)
        assert [scope for scope in Scope if PUBLIC.may(scope)] == [Scope.READ]
        assert not VISITOR.is_signed_in
        assert not PUBLIC.is_signed_in
        assert Viewer("ci").is_signed_in

    def test_named_projects_are_a_limit_and_none_is_no_limit(self) -> None:
        assert Viewer("ci", projects=("tool",)).is_limited
        assert not Viewer("ci").is_limited


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return Tokens(tmp_path, tmp_path / ".footfall")


class TestTokens:
    def test_the_text_is_shown_once_and_only_its_hash_is_kept(self, tokens: Tokens, tmp_path: Path) -> None:
        text = tokens.create("ci", ["mark"], now=NOW)
        kept = (tmp_path / FILE).read_text()
        assert text.split("_", 2)[2] not in kept
        assert (tmp_path / FILE).stat().st_mode & 0o077 == 0, "no other user of the machine reads it"
        assert tokens.viewer_of(text, NOW) == Viewer("ci", frozenset({Scope.MARK}))
        assert tokens.viewer_of(f" {text}\n", NOW).name == "ci"
        assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".tokens")] == []

    def test_a_token_that_is_not_exactly_it_is_refused_in_the_same_words(self, tokens: Tokens) -> None:
        text = tokens.create("ci", ["read"], now=NOW)
        other = "A" if text[-1] != "A" else "B"
        unknown = f"ff_{'0' * 12}_{text.split('_', 2)[2]}"
        for wrong in (text[:-1] + other, text[:-1], text + "A", unknown, "", "ff__", text.upper(), "\x00", "ff_" * 900):
            with pytest.raises(AccessError, match=r"^the token is not valid; `footfall token create` makes one"):
                tokens.viewer_of(wrong, NOW)

    def test_a_revoked_one_is_refused_by_everyone_who_has_the_file_open(self, tokens: Tokens, tmp_path: Path) -> None:
        text = tokens.create("ci", ["read"], now=NOW)
        elsewhere = Tokens(tmp_path, tmp_path / ".footfall")
        assert elsewhere.viewer_of(text, NOW).name == "ci"
        id = tokens.every()[0].id
        assert tokens.viewer_of_id(id, NOW).name == "ci"
        tokens.revoke("ci", NOW)
        with pytest.raises(AccessError):
            elsewhere.viewer_of(text, NOW)
        with pytest.raises(AccessError, match="revoked; sign in with another one"):
            tokens.viewer_of_id(id, NOW)
        with pytest.raises(UnknownNameError, match="unknown token 'ci'"):
            tokens.revoke("ci", NOW)

    def test_it_ends_at_its_moment_whatever_zone_that_was_given_in(self, tokens: Tokens) -> None:
        end = datetime(2026, 3, 12, 2, tzinfo=timezone(2 * timedelta(hours=1)))  # midnight in UTC
        text = tokens.create("ci", ["read"], now=NOW, expires_at=end)
        midnight = datetime(2026, 3, 12, tzinfo=UTC)
        assert tokens.viewer_of(text, midnight - timedelta(seconds=1)).name == "ci"
        with pytest.raises(AccessError, match="expired on 2026-03-12"):
            tokens.viewer_of(text, midnight)

    @pytest.mark.parametrize(
        ("given", "error", "sentence"),
        [
            ({"name": ""}, QueryError, "is not a name of a token"),
            ({"name": "-a"}, QueryError, "is not a name of a token"),
            ({"name": "a\nb"}, QueryError, "is not a name of a token"),
            ({"name": "a" * 81}, QueryError, "is not a name of a token"),
            ({"scopes": []}, QueryError, "a token needs a scope: read, mark, admin"),
            ({"scopes": ["reed"]}, UnknownNameError, "unknown scope 'reed'; did you mean 'read'"),
            ({"scopes": ["read", "mark"], "projects": ["tool"]}, QueryError, "for some projects may only read"),
            ({"expires_at": NOW}, QueryError, "is in the past"),
            ({"name": "there"}, QueryError, "there is a token called 'there'"),
        ],
    )
    def test_what_no_token_can_be_is_refused_and_changes_nothing(
        self, tokens: Tokens, given: dict[str, Any], error: type[FootfallError], sentence: str
    ) -> None:
        tokens.create("there", ["read"], now=NOW)
        whole = {"name": "new", "scopes": ["read"], **given}
        with pytest.raises(error, match=sentence):
            tokens.create(whole.pop("name"), whole.pop("scopes"), now=NOW, **whole)
        assert [each.name for each in tokens.every()] == ["there"]

    @pytest.mark.parametrize(
        "content", ["", "{}", "[]", '{"tokens": [{}]}', '{"tokens": 7}', '{"tokens": [{"id": "x", "more": 1}]}', "\x00"]
    )
    def test_a_damaged_file_is_one_sentence_and_lets_nobody_in(
        self, tokens: Tokens, tmp_path: Path, content: str
    ) -> None:
        (tmp_path / FILE).write_text(content)
        with pytest.raises(FootfallError, match=r"tokens\.json is damaged; restore it from a backup, or delete it"):
            tokens.viewer_of(f"ff_{'0' * 12}_{'A' * 43}", NOW)

    def test_an_unknown_scope_in_the_file_is_damage_too(self, tokens: Tokens, tmp_path: Path) -> None:
        tokens.create("ci", ["read"], now=NOW)
        file = tmp_path / FILE
        said = json.loads(file.read_text())
        said["tokens"][0]["scopes"] = ["everything"]
        file.write_text(json.dumps(said))
        os.utime(file, (1, 1))
        with pytest.raises(FootfallError, match="is damaged"):
            tokens.every()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(write_served(tmp_path_factory.mktemp("access"))) as workspace:
        yield workspace


class TestReach:
    TOOL = Viewer("hub", frozenset({Scope.READ}), ("tool",))

    def test_everyone_else_asks_for_everything(self, workspace: Workspace) -> None:
        reach = Reach(workspace)
        reach.check(PUBLIC, "growth", {"event": "active"})
        error = UnknownValueError("repo", ["x"], ["secret"])
        assert reach.mistake(PUBLIC, error) is error

    def test_metrics_are_those_with_a_part_of_the_project(self, workspace: Workspace) -> None:
        metrics = Reach(workspace).metrics(self.TOOL)
        assert {"commits", "authors"} <= set(metrics)
        assert "launches" not in metrics

    @pytest.mark.parametrize(
        ("command", "asked"),
        [
            ("query", {"metric": "commits"}),
            ("query", {"metric": "commits", "project": "other"}),
            ("project", {"name": "other"}),
            ("projects", {}),
            ("growth", {"event": "active"}),
            ("query", {"metric": "commits", "project": "tool", "where": ["repo=elsewhere"]}),
            ("query", {"metric": "commits", "project": "tool", "where": ["repo!=elsewhere"]}),
            ("query", {"metric": "commits", "project": "tool", "where": "repo>a"}),
        ],
    )
    def test_anything_else_is_not_allowed(self, workspace: Workspace, command: str, asked: dict[str, Any]) -> None:
        with pytest.raises(NotAllowedError, match="this token may read only"):
            Reach(workspace).check(self.TOOL, command, asked)

    def test_its_own_part_is_allowed_in_any_spelling(self, workspace: Workspace) -> None:
        reach = Reach(workspace)
        reach.check(self.TOOL, "project", {"name": "Tool"})
        reach.check(self.TOOL, "query", {"metric": ["commits"], "project": "TOOL", "where": ["repo=PROJECT"]})
        with pytest.raises(UnknownNameError, match="unknown metric 'launches'"):
            reach.check(self.TOOL, "query", {"metric": "launches", "project": "tool"})

    def test_a_mistake_names_nothing_of_others(self, workspace: Workspace) -> None:
        reach = Reach(workspace)
        said = reach.mistake(self.TOOL, UnknownValueError("repo", ["secre"], ["secret"]))
        assert str(said) == "repo=secre does not occur; check its spelling, or leave it out."
        assert "'other'" not in str(reach.mistake(self.TOOL, UnknownNameError("project", "othe", ["other", "tool"])))
