"""The server over standard input and output, with the `mcp` library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

import footfall
from footfall.access.viewer import PUBLIC, Viewer
from footfall.concealing import concealed
from footfall.errors import FootfallError
from footfall.mcp.calling import call
from footfall.mcp.tools import INSTRUCTIONS, OF_PROJECTS, Tool, every_tool
from footfall.stopping import Stop, stoppable

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from footfall.workspace import Workspace


def make_server(workspace: Workspace, viewer: Viewer = PUBLIC) -> Server[Any]:
    """A server that answers from a workspace.

    Args:
        workspace: What is asked.
        viewer: Who asks: one of some projects reads nothing else.

    Example:
        >>> make_server(ff).name
        'footfall'
    """
    one_at_a_time = anyio.CapacityLimiter(1)
    offered = [tool for tool in every_tool() if not viewer.is_limited or tool.name in OF_PROJECTS]
    seconds = workspace.settings.web.most_seconds

    async def list_tools(
        context: ServerRequestContext[Any], asked: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in offered])

    async def call_tool(context: ServerRequestContext[Any], asked: types.CallToolRequestParams) -> types.CallToolResult:
        stop = Stop()
        work = partial(_answered, stop, workspace, viewer, asked.name, asked.arguments or {})
        try:
            with anyio.fail_after(seconds):
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=one_at_a_time)
        except TimeoutError:
            return _mistake("stopped", f"the query was stopped: it takes longer than {seconds:g} s.")
        finally:
            stop.ask("the client disconnected")

    return Server(
        "footfall",
        version=footfall.__version__,
        title="Footfall",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def serve(workspace: Workspace, viewer: Viewer = PUBLIC) -> None:
    """Answer over standard input and output until the input ends; see `make_server`."""

    async def run() -> None:
        server = make_server(workspace, viewer)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return types.Tool(name=tool.name, description=tool.description, input_schema=tool.schema, annotations=hints)


def _answered(
    stop: Stop, workspace: Workspace, viewer: Viewer, tool: str, arguments: Mapping[str, Any]
) -> types.CallToolResult:
    try:
        with stoppable(stop):
            record = call(workspace, tool, arguments, viewer)
    except FootfallError as error:
        return _mistake(error.code, str(error))
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=record)


def _mistake(code: str, said: str) -> types.CallToolResult:
    """Errors that the model can fix are results: protocol errors would be hidden from it."""
    sentence = " ".join(concealed(said).split())
    return types.CallToolResult(
        content=[types.TextContent(text=sentence)],
        structured_content={"code": code, "detail": sentence},
        is_error=True,
    )
