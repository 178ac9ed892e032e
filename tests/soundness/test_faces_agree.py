"""The command line, HTTP and the Model Context Protocol give one answer to one question, and one sentence to one mistake."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from mcp.client.client import Client
from starlette.testclient import TestClient

import footfall
from footfall.asking import COMMANDS
from footfall.mcp.server import make_server
from footfall.options import Type, text_name
from footfall.web.app import create_app
from footfall.workspace import Workspace
from hub_workspaces import PLACES, collect_hubs, settings
from lengths import IS_LONG
from served import write_served
from workspaces import run

pytestmark = pytest.mark.slow

Question = dict[str, Any]
METRICS = ["launches", "repos", "commits", "authors", "active", "launche", "hub_users", "clusters"]
EVENTS = ["active", "signed_up", "binder_launch", "commit_author", "activ"]
MOMENTS = ["2025-12-25", "2026", "2026-01", "2026-W05", "2026-02-10", "2026-03-01T00:00:00Z", "2026-02-30"]
VALUES: dict[str, Callable[[Random], Any]] = {
    "metric": lambda r: r.sample(METRICS[:4], r.choice([2, 3])) if r.random() < 0.3 else [r.choice(METRICS)],
    "grain": lambda r: r.choice(["hour", "day", "week", "month", "year", "total", "Month", "quarter"]),
    "since": lambda r: r.choice(MOMENTS),
    "until": lambda r: r.choice(MOMENTS),
    "last": lambda r: r.choice([1, 2, 12, 400, 0]),
    "by": lambda r: r.sample(["provider", "repo", "federation", "author"], r.choice([1, 1, 2])),
    "where": lambda r: [r.choice(["provider=GitHub", "provider!=GitHub", "repo=*jupyter*", "repo=nowhere", "x"])],
    "project": lambda r: r.choice(["tool", "TOOL", "other", "tol"]),
    "top": lambda r: r.choice([1, 2, 5, 5000]),
    "rolling": lambda r: r.choice([1, 3, 7]),
    "min_coverage": lambda r: r.choice([0.5, 0.9, 1, 2]),
    "cumulative": lambda r: True,
    "compare": lambda r: r.choice(["previous", "year", "before"]),
    "as_of": lambda r: r.choice(["2026-11-20", "2026-03-05"]),
    "policies": lambda r: [r.choice(["status=any", "status=success", "merges=with", "status=no", "status"])],
    "first": lambda r: r.choice(EVENTS),
    "then": lambda r: r.choice(EVENTS),
    "event": lambda r: r.choice(EVENTS),
    "columns": lambda r: r.choice([1, 3, 12]),
    "kind": lambda r: r.choice(["active", "new", "old"]),
    "retention": lambda r: r.choice(["return", "unbounded"]),
    "where_first": lambda r: [r.choice(EVENTS)],
    "where_then": lambda r: [r.choice(EVENTS)],
    "steps": lambda r: r.sample(EVENTS, r.choice([1, 2, 3])),
    "within": lambda r: r.choice(["3d", "2w", "soon"]),
    "windows": lambda r: r.choice(["trailing", "calendar"]),
    "name": lambda r: r.choice(["tool", "Tool", "tol"]),
    "months": lambda r: r.choice([1, 3, 12, 700]),
    "projects": lambda r: r.sample(["tool", "Other", "tol"], r.choice([1, 2])),
    "align": lambda r: r.choice(["date", "age", "size"]),
    "constellation": lambda r: r.choice(["Africa", "California State", "Afrika"]),
    "days": lambda r: r.choice([1, 7, 28, 5000]),
}
OF_COMMAND: dict[tuple[str, str], Callable[[Random], Any]] = {
    ("projects", "by"): lambda r: r.choice(["commits", "authors", "launches", "launche"]),
    ("beside", "metric"): lambda r: r.choice(METRICS),
    ("communities", "until"): lambda r: r.choice(["2026-03-11", "2026-03-10", "2026-02-30"]),
}
"""Values of options that mean something else there."""
RIGHT: tuple[str, Question] = ("beside", {"metric": "commits", "projects": ["tool"]})
"""Chance seldom finds one of this kind that has an answer."""
WEIGHTS = {
    "query": 12,
    "cohort": 2,
    "funnel": 2,
    "stickiness": 2,
    "growth": 2,
    "project": 1,
    "projects": 1,
    "beside": 3,
    "communities": 2,
}


def random_question(random: Random) -> tuple[str, Question]:
    """A kind of question with some of its options; about one in three is mistaken somewhere."""
    command = random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=1)[0]
    asked: Question = {}
    for option in COMMANDS[command]:
        share = 1.0 if option.is_argument or option.name in ("projects", "constellation") else 0.22
        if random.random() < share:
            asked[option.name] = OF_COMMAND.get((command, option.name), VALUES[option.name])(random)
    return command, asked


def as_words(command: str, asked: Question) -> list[str]:
    """As the command line has it."""
    words = ["project", "--all"] if command == "projects" else [command]
    words += ["--format", "json"]
    for option in COMMANDS[command]:
        if option.name not in asked:
            continue
        given = asked[option.name]
        values = given if isinstance(given, list) else [given]
        flag = option.flag or f"--{option.name.replace('_', '-')}"
        for value in values:
            is_word = option.is_argument or option.name == "projects"
            words += [str(value)] if is_word else [flag] if option.type is Type.FLAG else [flag, str(value)]
    return words


def as_texts(command: str, asked: Question) -> dict[str, Any]:
    """As addresses and tools have it."""
    named = {option.name: text_name(option) for option in COMMANDS[command]}
    return {named[name]: value for name, value in asked.items()}


def told(record: dict[str, Any], asked: Question) -> dict[str, Any]:
    """What must be equal: all of it, except for the moment of asking where none was asked for."""
    if "as_of" in asked or record["command"] == "query":
        return record
    timeless = {
        part: {name: value for name, value in record[part].items() if name not in ("as_of", "asked_at")}
        for part in ("question", "definition")
    }
    return {**record, **timeless, "version": "", "span": ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_served(tmp_path_factory.mktemp("faces"))
    with (folder / "footfall.toml").open("a", encoding="utf-8") as out:
        out.write(settings(5))
    collect_hubs(folder, PLACES, days=5)
    return folder


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with footfall.open(folder) as workspace:
        yield workspace


def by_command_line(folder: Path, command: str, asked: Question, capsys: pytest.CaptureFixture[str]) -> Any:
    done = run(capsys, "-w", folder, *as_words(command, asked))
    if done.code == 0:
        return json.loads(done.out)
    assert done.code == 1, done.err
    return done.err.removeprefix("footfall: ").strip()


def by_http(client: TestClient, command: str, asked: Question) -> Any:
    texts = as_texts(command, asked)
    params = {name: str(value).lower() if isinstance(value, bool) else value for name, value in texts.items()}
    path = f"projects/{params.pop('name')}" if command == "project" else command
    response = client.get(f"/api/v1/{path}", params=params)
    return response.json() if response.status_code == 200 else response.json()["detail"]


@asynccontextmanager
async def model(workspace: Workspace) -> Any:
    async with Client(make_server(workspace)) as client:
        yield client


def by_model(workspace: Workspace, questions: list[tuple[str, Question]]) -> list[Any]:
    async def ask() -> list[Any]:
        found: list[Any] = []
        async with model(workspace) as client:
            for command, asked in questions:
                result = await client.call_tool(command, as_texts(command, asked))
                text = result.content[0].text
                found.append(text if result.is_error else json.loads(text))
                if not result.is_error:
                    assert result.structured_content == json.loads(text)
        return found

    return anyio.run(ask)


def test_random_questions(folder: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    random = Random(535)
    questions = [RIGHT, *(random_question(random) for _ in range(200 if IS_LONG else 70))]
    modelled = by_model(workspace, questions)
    assert {command for command, _ in questions} == set(COMMANDS)
    answered: Counter[str] = Counter()
    with TestClient(create_app(workspace)) as client:
        for (command, asked), third in zip(questions, modelled, strict=True):
            first, second = by_command_line(folder, command, asked, capsys), by_http(client, command, asked)
            where = (command, asked)
            if isinstance(first, str):
                assert second == first, where
                assert third == first, where
                continue
            answered[command] += 1
            assert not isinstance(second, str), (where, second)
            assert not isinstance(third, str), (where, third)
            assert told(second, asked) == told(first, asked), where
            assert told(third, asked) == told(first, asked), where
            for record in (first, second, third):  # no number without what it means
                assert {"definition", "coverage", "notes", "question", "version"} <= record.keys()
                assert command != "query" or "policies" in record["question"]
    assert 0.3 < answered.total() / len(questions) < 0.95
    assert set(answered) == set(COMMANDS)  # each kind was answered at least once


def test_the_tools_of_a_model(workspace: Workspace) -> None:
    async def ask() -> None:
        async with model(workspace) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert {"metrics", "query", "cohort", "status", "project"} <= tools.keys()
            assert tools["query"].input_schema["required"] == ["metric"]
            metrics = await client.call_tool("metrics", {})
            assert {each["name"] for each in metrics.structured_content["metrics"]} >= {"launches", "active"}
            assert (await client.call_tool("metrics", {"metric": "launches"})).structured_content["policies"]
            assert (await client.call_tool("status", {})).structured_content["tables"]
            for tool, arguments, said in [
                ("metrics", {"metric": "launche"}, "did you mean 'launches'"),
                ("metrics", {"name": "launches"}, "unknown argument"),
                ("query", {}, "metric is missing"),
                ("query", {"metric": {"a": 1}}, "is an object"),
                ("query", {"metric": "<script>alert(1)</script>"}, "unknown metric"),
                ("query", {"metric": "launches", "where": ["repo='; drop table x; --"]}, "unknown value"),
                ("nothing", {}, "unknown tool"),
            ]:
                result = await client.call_tool(tool, arguments)
                assert result.is_error
                assert said in result.content[0].text

    anyio.run(ask)
