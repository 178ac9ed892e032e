"""Tools of a model: what can be called, what a call gives, and a server that answers mistakes as results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.client import Client

from footfall.access.viewer import Scope, Viewer
from footfall.asking import COMMANDS
from footfall.errors import FootfallError, NotAllowedError, QueryError, UnknownNameError
from footfall.mcp.calling import call, texts_of_arguments
from footfall.mcp.server import make_server
from footfall.mcp.tools import OF_PROJECTS, every_tool
from footfall.workspace import Workspace
from served import opened, write_served
from workspaces import launches

TOOL = Viewer("model", frozenset({Scope.READ}), ("tool",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("mcp"))


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with opened(folder) as workspace:
        yield workspace


class TestTools:
    def test_every_question_is_a_tool_and_two_say_what_there_is(self) -> None:
        assert {tool.name for tool in every_tool()} == {"metrics", "status", *COMMANDS}

    def test_each_says_what_it_does_and_takes_nothing_unknown(self) -> None:
        for tool in every_tool():
            assert len(tool.description) > 20
            assert (tool.schema["type"], tool.schema["additionalProperties"]) == ("object", False)
            assert set(tool.schema.get("required", ())) <= set(tool.schema["properties"])

    def test_arguments_have_the_types_that_models_know(self) -> None:
        tools = {tool.name: tool.schema["properties"] for tool in every_tool()}
        assert tools["query"]["metric"]["type"] == "array"
        assert tools["query"]["cumulative"]["type"] == "boolean"
        assert set(tools["query"]["grain"]["enum"]) == {"hour", "day", "week", "month", "year", "total"}
        assert (tools["project"]["months"]["type"], tools["project"]["months"]["minimum"]) == ("integer", 1)


class TestArguments:
    @pytest.mark.parametrize(
        ("given", "text"),
        [("a", "a"), (3, "3"), (0.5, "0.5"), (True, "true"), (False, "false"), (["a", 1, True], ["a", "1", "true"])],
    )
    def test_they_become_texts(self, given: Any, text: Any) -> None:
        assert texts_of_arguments({"x": given, "y": None}) == {"x": text}

    @pytest.mark.parametrize("given", [{}, {"a": 1}, [{"a": 1}]])
    def test_an_object_is_refused(self, given: Any) -> None:
        with pytest.raises(QueryError, match="where is an object; give a text, a number, true or false, or a list"):
            texts_of_arguments({"where": given})


class TestCalls:
    def test_a_number_is_the_archives_own_count(self, workspace: Workspace, folder: Path) -> None:
        asked = {"metric": ["launches"], "grain": "month", "since": "2026-02", "until": "2026-03", "by": ["provider"]}
        record = call(workspace, "query", asked)
        by_provider = launches(folder, "2026-02-01", "2026-03-01", "provider")
        assert {row["provider"]: row["launches"] for row in record["rows"]} == dict(by_provider)
        assert record["coverage"] == 1.0
        json.dumps(record)

    def test_metrics_are_all_or_one(self, workspace: Workspace) -> None:
        every = call(workspace, "metrics", {})["metrics"]
        assert {"launches", "commits", "active"} <= {metric["name"] for metric in every}
        assert call(workspace, "metrics", {"metric": "commits"}) == next(m for m in every if m["name"] == "commits")
        with pytest.raises(UnknownNameError, match="unknown metric 'commit'; did you mean"):
            call(workspace, "metrics", {"metric": "commit"})

    def test_status_names_the_sources(self, workspace: Workspace) -> None:
        assert {table["source"] for table in call(workspace, "status", {})["tables"]} == {"binder", "git"}

    @pytest.mark.parametrize(
        ("tool", "arguments", "sentence"),
        [
            ("queri", {}, "unknown tool 'queri'; did you mean 'query'"),
            ("status", {"metric": "commits"}, "unknown argument 'metric'"),
            ("metrics", {"name": "commits"}, "unknown argument 'name'"),
            ("query", {"metric": "commits", "grian": "day"}, "unknown .* 'grian'; did you mean 'grain'"),
            ("query", {}, "metric is missing"),
            ("query", {"metric": ["commits"], "last": -1}, "last"),
            ("growth", {"event": "activ"}, "event 'activ' was never marked; did you mean 'active'"),
        ],
    )
    def test_a_mistake_is_one_sentence(
        self, workspace: Workspace, tool: str, arguments: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(FootfallError, match=sentence):
            call(workspace, tool, arguments)

    def test_of_some_projects_nothing_else_is_read(self, workspace: Workspace) -> None:
        asked = {"metric": "commits", "project": "tool", "grain": "total"}
        assert [row["commits"] for row in call(workspace, "query", asked, TOOL)["rows"]] == [4]
        assert "launches" not in {metric["name"] for metric in call(workspace, "metrics", {}, TOOL)["metrics"]}
        for tool, arguments in (("status", {}), ("projects", {}), ("query", {"metric": "commits"})):
            with pytest.raises(NotAllowedError):
                call(workspace, tool, arguments, TOOL)


class TestServer:
    def asked(self, workspace: Workspace, tool: str, arguments: dict[str, Any], *viewer: Viewer) -> Any:
        async def ask() -> Any:
            async with Client(make_server(workspace, *viewer)) as client:
                return await client.call_tool(tool, arguments)

        return anyio.run(ask)

    def offered(self, workspace: Workspace, *viewer: Viewer) -> set[str]:
        async def ask() -> set[str]:
            async with Client(make_server(workspace, *viewer)) as client:
                return {tool.name for tool in (await client.list_tools()).tools}

        return anyio.run(ask)

    def test_it_offers_what_the_viewer_may_call(self, workspace: Workspace) -> None:
        assert self.offered(workspace) == {tool.name for tool in every_tool()}
        assert self.offered(workspace, TOOL) == set(OF_PROJECTS)

    def test_an_answer_is_a_record_and_its_text(self, workspace: Workspace) -> None:
        given = self.asked(workspace, "query", {"metric": "commits", "grain": "total"})
        assert not given.is_error
        assert json.loads(given.content[0].text) == given.structured_content
        assert [row["commits"] for row in given.structured_content["rows"]] == [4]

    def test_a_mistake_is_a_result_that_the_model_can_read(self, workspace: Workspace) -> None:
        given = self.asked(workspace, "query", {"metric": "commit"})
        assert given.is_error
        assert given.structured_content["code"] == "unknown_name"
        assert given.content[0].text == given.structured_content["detail"]
        assert "did you mean 'commits'" in given.content[0].text
        assert "\n" not in given.content[0].text

    def test_what_takes_too_long_is_stopped(self, folder: Path) -> None:
        with opened(folder, web={"most_seconds": 1e-6}) as hurried:
            given = self.asked(hurried, "query", {"metric": "commits"})
        assert (given.is_error, given.structured_content["code"]) == (True, "stopped")
