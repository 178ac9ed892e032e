"""The GitHub of our own answers as GitHub's OpenAPI description says that GitHub does.

The description comes from the npm package @octokit/openapi. It lacks `/stargazers/history`, whose form is written down here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from footfall.sources.github import GitHub as Source
from github_workspaces import START, Watched, repository
from githubs import Account, Commit, GitHub, Reply
from programs_needed import node_module

openapi = pytest.importorskip("openapi_schema_validator", reason="needs the package openapi-schema-validator")

HISTORY = "/repos/{owner}/{repo}/stargazers/history"
HISTORY_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["week", "total", "days"],
        "properties": {
            "week": {"type": "integer"},
            "total": {"type": "integer"},
            "days": {"type": "array", "minItems": 7, "maxItems": 7, "items": {"type": "integer"}},
        },
    },
}
ERROR = {"$ref": "#/components/schemas/basic-error"}
ASKED = {
    "/repos/{owner}/{repo}",
    "/repos/{owner}/{repo}/traffic/views",
    "/repos/{owner}/{repo}/traffic/clones",
    "/repos/{owner}/{repo}/traffic/popular/paths",
    "/repos/{owner}/{repo}/traffic/popular/referrers",
    "/repos/{owner}/{repo}/forks",
    "/repos/{owner}/{repo}/releases",
    "/repos/{owner}/{repo}/actions/runs",
    "/repos/{owner}/{repo}/commits",
    "/repos/{owner}/{repo}/compare/{basehead}",
    "/repos/{owner}/{repo}/stargazers",
    "/orgs/{org}/repos",
    "/users/{username}/repos",
    "/search/repositories",
    "/rate_limit",
    HISTORY,
}
"""Every path that the source asks with a token."""


@cache
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (node_module("@octokit/openapi") / "generated" / "api.github.com.json").read_text("utf-8")
    )
    return found


@dataclass
class Recorded(GitHub):
    """Remembers what it answered."""

    answers: list[tuple[str, str, Reply]] = field(default_factory=list)

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Reply:
        reply = super().answer(method, path, query, headers)
        self.answers.append((method, path, reply))
        return reply


@cache
def templates() -> dict[str, re.Pattern[str]]:
    """Every path of the description, with what it fits: compiled once, as there are more than `re` keeps."""
    return {each: re.compile(re.sub(r"\{\w+\}", "[^/]+", each)) for each in [*description()["paths"], HISTORY]}


def template_of(path: str) -> str:
    """The path as the description has it: of several that fit, the one with the fewest parameters."""
    path = re.sub(r"^/repositories/\d+", "/repos/owner/name", path)
    fits = [each for each, pattern in templates().items() if pattern.fullmatch(path)]
    return min(fits, key=lambda each: each.count("{"))


def schema_of(method: str, template: str, status: int) -> dict[str, Any]:
    if template == HISTORY and status == 200:
        return HISTORY_SCHEMA
    responses = description()["paths"].get(template, {}).get(method.lower(), {}).get("responses", {})
    said = responses.get(str(status), {})
    if "$ref" in said:
        said = description()["components"]["responses"][said["$ref"].rpartition("/")[2]]
    content = said.get("content", {})
    found: dict[str, Any] = content.get("application/json", {}).get("schema", ERROR if status >= 300 else {})
    assert found, f"{method} {template} has no answer {status}"
    return found


def faults_of(method: str, path: str, reply: Reply) -> list[str]:
    """Where an answer is not what the description says."""
    schema = {"allOf": [schema_of(method, template_of(path), reply.status)], "components": description()["components"]}
    validator = openapi.OAS30Validator(schema)
    return [
        f"{path} {reply.status}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(json.loads(reply.body))
    ]


def watched(folder: Path, **settings: Any) -> tuple[Watched, Recorded]:
    here = Watched(folder, repository(7, "a/b", topics=("maps",)), repository(8, "a/c"), **settings)
    github = Recorded(lambda: here.now, here.github.repositories)
    here.github = github
    return here, github


def check(github: Recorded) -> set[str]:
    """That all its answers are as described; the paths that were asked."""
    seen: set[tuple[str, int]] = set()
    for method, path, reply in github.answers:
        template = template_of(path)
        if reply.status == 304 or (template, reply.status) in seen:
            continue
        seen.add((template, reply.status))
        assert faults_of(method, path, reply) == []
    return {template for template, _ in seen}


def test_every_path_that_is_asked(tmp_path: Path) -> None:
    here, github = watched(tmp_path)
    here.succeed()
    github.repositories[0].commits.append(Commit("f" * 40, START, START))
    github.rename("a/b", "a/d")
    github.has_history = False
    github.repositories[0].stars[START.date()] += 1
    here.pass_days(1)
    here.succeed()
    here.set(repositories=["a/*", "topic:maps"])
    github.is_organisation = False
    here.pass_days(1)
    here.succeed()
    github.is_organisation = True
    with here.open() as opened:
        source = opened.sources["github"]
        assert isinstance(source, Source)
        assert {found.state for found in source.checks(here.now)} == {"ok"}
    assert check(github) == ASKED


@pytest.mark.parametrize(
    "account",
    [Account(frozenset()), Account(frozenset(), sso=True), Account(limit=2), Account(refusal="by integration")],
)
def test_refusals(tmp_path: Path, account: Account) -> None:
    here, github = watched(tmp_path)
    github.accounts["Bearer good"] = account
    here.set(repositories=["a/b", "a/c", "a/nothing"])
    here.collect()
    here.set(token="other")
    here.collect()
    github.repositories[0].commits.clear()
    github.accounts["Bearer other"] = Account()
    here.pass_days(timedelta(hours=1) / timedelta(days=1))
    here.collect()
    check(github)
    assert {reply.status for _, _, reply in github.answers} >= {200, 401, 404, 409}
