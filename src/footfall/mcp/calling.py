"""Tool calls: answered with the same record as the API, or with one sentence on what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from footfall import records
from footfall.access.reach import Reach
from footfall.access.viewer import PUBLIC, Viewer
from footfall.asking import COMMANDS, ask, read_texts
from footfall.errors import FootfallError, NotAllowedError, QueryError, UnknownNameError

if TYPE_CHECKING:
    from footfall.workspace import Workspace

MOST_ROWS = 20_000
"""The most rows in an answer for a model."""


def call(workspace: Workspace, tool: str, arguments: Mapping[str, Any], viewer: Viewer = PUBLIC) -> dict[str, Any]:
    """What a tool gives.

    Args:
        workspace: What is asked.
        tool: Its name.
        arguments: As JSON has them.
        viewer: Who asks: one of some projects reads nothing else.

    Raises:
        FootfallError: For a tool or an argument that does not exist, or a question that has no answer.
    """
    reach = Reach(workspace)
    try:
        return _called(workspace, tool, arguments, viewer, reach)
    except FootfallError as error:
        raise reach.mistake(viewer, error) from None


def _called(
    workspace: Workspace, tool: str, arguments: Mapping[str, Any], viewer: Viewer, reach: Reach
) -> dict[str, Any]:
    if tool in COMMANDS:
        asked = read_texts(tool, texts_of_arguments(arguments))
        reach.check(viewer, tool, asked)
        answer = ask(workspace, tool, asked)
        if len(answer) > MOST_ROWS:
            raise QueryError(
                f"the answer has {len(answer):,} rows, and at most {MOST_ROWS:,} are allowed; ask for a shorter window, a "
                "coarser grain, or fewer groups."
            )
        return answer.to_record()
    match tool:
        case "metrics":
            given = _only(arguments, "metric")
            name, among = given.get("metric"), reach.metrics(viewer) if viewer.is_limited else None
            if name is None:
                return {"metrics": records.metrics_of(workspace, among)}
            return records.metric_of(workspace, str(name), among)
        case "status":
            _only(arguments)
            if viewer.is_limited:
                raise NotAllowedError(
                    f"only {', '.join(viewer.projects)} may be read here, and status covers everything."
                )
            return records.status_of(workspace)
    raise UnknownNameError("tool", tool, ("metrics", "status", *COMMANDS))


def texts_of_arguments(arguments: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    """Arguments as the one grammar has them: a text, or several; null is none.

    Example:
        >>> texts_of_arguments({"metric": ["commits"], "last": 3, "cumulative": True, "by": None})
        {'metric': ['commits'], 'last': '3', 'cumulative': 'true'}
    """
    return {name: _text(name, value) for name, value in arguments.items() if value is not None}


def _text(name: str, value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [str(_text(name, each)) for each in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise QueryError(f"{name} is an object; give a text, a number, true or false, or a list of them.")


def _only(arguments: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in arguments:
        if name not in names:
            raise UnknownNameError("argument", name, names)
    return arguments
