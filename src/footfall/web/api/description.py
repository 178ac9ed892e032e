"""The API described, as OpenAPI 3.1: options from the one grammar, schemas of what comes back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from footfall.activity.activity import LONGEST_EVENT
from footfall.activity.actors import LONGEST_NAME
from footfall.asking import COMMANDS
from footfall.options import Option, text_name
from footfall.schemas import MOMENT, TEXT, full_schema_of, schema_of
from footfall.web.api.formats import FORMATS, NOTES
from footfall.web.errors import PROBLEM

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key of the same token within a day is the same batch, which is marked once; with other marks it is "
    "refused (422, reused_key).",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
_ETAG = {"description": "Changes when the answer changes.", "schema": {"type": "string"}}


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an option that a form may leave empty, which is as if it was not given."""
    if schema.get("type") == "array":
        return {**schema, "items": _or_empty(schema["items"])}
    if schema.get("type") != "string":
        return schema
    found = {name: value for name, value in schema.items() if name != "minLength"}
    if "pattern" in found:
        found["pattern"] = f"^$|{found['pattern']}"
    if "enum" in found:
        found["enum"] = [*found["enum"], ""]
    return found


def _parameter(option: Option, is_in_path: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": text_name(option),
        "in": "path" if is_in_path else "query",
        "required": is_in_path or option.is_argument,
        "description": option.help,
        "schema": schema_of(option) if is_in_path else full_schema_of(option),
    }
    if not found["required"]:
        found["schema"] = _or_empty(found["schema"])
    if option.is_many and not is_in_path:
        found |= {"style": "form", "explode": True}
    return found


_FORMAT = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "The format of the answer; default: the one Accept prefers, or json.",
    "schema": {"type": "string", "enum": [*FORMATS, ""]},
}


def of_options(command: str, in_path: Sequence[str] = ()) -> dict[str, Any]:
    """The parameters of a question."""
    declared = COMMANDS[command]
    return {"parameters": [*(_parameter(option, option.name in in_path) for option in declared), _FORMAT]}


_QUERY_TEXTS: dict[str, dict[str, Any]] = {
    "period": {
        "description": "2026, 2026-11, 2026-W48, 2026-11-23, today, yesterday; default: all time.",
        "schema": _or_empty(TEXT),
    },
    "since": {"description": "Start, inclusive.", "schema": _or_empty({"type": "string", "pattern": MOMENT})},
    "until": {"description": "End, exclusive.", "schema": _or_empty({"type": "string", "pattern": MOMENT})},
    "limit": {
        "description": "The number of months of the timelines.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 600, "default": 12},
    },
}


_PATH_TEXTS = {"actor": TEXT | {"maxLength": LONGEST_NAME}}


def of_path(path: str, options: Sequence[str]) -> dict[str, Any]:
    """The parameters of what is not a question."""
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_TEXTS.get(name, TEXT)}
        for name in re.findall(r"{(\w+)}", path)
    ]
    in_query = [{"name": name, "in": "query", "required": False, **_QUERY_TEXTS[name]} for name in options]
    return {"parameters": [*in_path, *in_query]}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    meanings = {
        400: "The request is invalid.",
        401: "A token is needed.",
        403: "The token may not do this.",
        404: "Not found.",
        409: "Another collection is running.",
        406: "Accept allows none of the formats.",
        408: "The body did not arrive in time.",
        413: "The body is too large.",
        415: "The body is of another media type.",
        422: "The query has no correct answer, or cannot be parsed.",
        429: "Too many requests.",
        500: "An internal error, or invalid settings.",
        501: "An optional dependency is not installed.",
        502: "A source cannot be used.",
        503: "The lake or the store of marks is unavailable, or there are too many requests.",
    }
    return {
        status: {"description": meanings[status], "content": {PROBLEM: {"schema": _PROBLEM}}} for status in statuses
    }


def of_answer(command: str) -> dict[int | str, dict[str, Any]]:
    """What comes of a question."""
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}
    for format in FORMATS.values():
        media_type = format.media_type
        content.setdefault(media_type, {"schema": {"type": "string"} if format.is_text else {}})
    ok = {
        "description": f"The answer: a {command}.",
        "content": content,
        "headers": {"ETag": _ETAG, "Link": _LINK, NOTES: _NOTES},
    }
    unchanged = {"description": "Not modified.", "headers": {"ETag": _ETAG}}
    return {200: ok, 304: unchanged, **_problems(400, 401, 403, 404, 406, 422, 500, 501, 502, 503)}


_NOTES = {"description": "For CSV: the notes on the answer, as a JSON list of texts.", "schema": {"type": "string"}}
_LINK = {
    "description": "The query with every default filled in.",
    "schema": {"type": "string"},
}


def of_record(name: str) -> dict[int | str, dict[str, Any]]:
    """What comes of anything else."""
    schema = {"$ref": f"#/components/schemas/{_NAMES[name]}"}
    ok = {
        "description": "What was asked for.",
        "content": {"application/json": {"schema": schema}},
        "headers": {"ETag": _ETAG},
    }
    unchanged = {"description": "Not modified.", "headers": {"ETag": _ETAG}}
    return {200: ok, 304: unchanged, **_problems(400, 401, 403, 404, 422, 500, 501, 502, 503)}


_NAMES = {
    "metrics": "Metrics",
    "metric": "Metric",
    "events": "Events",
    "event": "Event",
    "membership": "Membership",
    "annotations": "Annotations",
    "status": "Status",
    "napari": "Activity",
}


def of_marks() -> dict[int | str, dict[str, Any]]:
    """What comes of marks."""
    schema = {"$ref": "#/components/schemas/Marked"}
    ok = {"description": "All marks are stored.", "content": {"application/json": {"schema": schema}}}
    return {200: ok, **_problems(400, 401, 403, 408, 413, 415, 422, 429, 500, 503)}


def body_of_marks() -> dict[str, Any]:
    """The body of marks."""
    batch = {
        "type": "object",
        "required": ["marks"],
        "additionalProperties": False,
        "properties": {"marks": {"type": "array", "items": {"$ref": "#/components/schemas/Mark"}, "maxItems": 1000}},
    }
    return {
        "parameters": [_IDEMPOTENCY],
        "security": [{"token": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": batch},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        },
    }


NEEDS_TOKEN: dict[str, Any] = {"security": [{"token": []}]}


def _body(schema: dict[str, Any], *, is_required: bool) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {**NEEDS_TOKEN, "requestBody": {"required": is_required, "content": content}}


def body_of_collect() -> dict[str, Any]:
    """What is to be collected: everything that is new, by default."""
    moment = {"type": ["string", "null"], "pattern": MOMENT}
    properties = {
        "sources": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Which; default: all."},
        "since": {**moment, "description": "Only windows that touch this date or later ones."},
        "until": {**moment, "description": "Only windows before this date."},
        "recheck": {"type": ["boolean", "null"], "description": "Fetch again what is stored."},
    }
    return _body({"type": "object", "properties": properties, "additionalProperties": False}, is_required=False)


def body_of_forget(most: int) -> dict[str, Any]:
    """Who is to be forgotten."""
    actors = {"type": "array", "items": _ACTOR, "minItems": 1, "maxItems": most}
    schema = {"type": "object", "required": ["actors"], "properties": {"actors": actors}, "additionalProperties": False}
    return _body(schema, is_required=True)


def of_run(status: int) -> dict[int | str, dict[str, Any]]:
    """What comes of a collection, which continues after the response."""
    found: dict[str, Any] = {
        "description": "Its state: none, running, done or failed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}},
    }
    if status == 202:
        where = {"description": "The address of its state.", "schema": {"type": "string"}}
        found |= {"headers": {"Location": where}}
        return {202: found, **_problems(400, 401, 403, 408, 409, 413, 415, 422, 500, 503)}
    return {status: found, **_problems(401, 403, 500)}


def of_forget() -> dict[int | str, dict[str, Any]]:
    """What comes of forgetting."""
    schema = {"$ref": "#/components/schemas/Forgotten"}
    ok = {"description": "The actors were forgotten.", "content": {"application/json": {"schema": schema}}}
    return {200: ok, **_problems(400, 401, 403, 408, 413, 415, 422, 500, 503)}


def _object(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": True}


def _list(name: str, items: dict[str, Any]) -> dict[str, Any]:
    return _object([name], **{name: {"type": "array", "items": items}})


_MAYBE = {"type": ["string", "null"]}
_TIMELINE = _object(["timeline", "stats", "coverage"], timeline={"type": "array"}, coverage={"type": "number"})
_ACTOR = {"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}]}
_MARK: dict[str, Any] = {
    "event": {"type": "string", "minLength": 1, "maxLength": LONGEST_EVENT},
    "at": {**_MAYBE, "description": "A day or a moment, such as 2026-11-23T09:30:00Z; default: now."},
    "hourly": {"type": ["boolean", "null"], "description": "Whether its hour counts; default: as the settings say."},
    "unique": {"type": ["boolean", "null"], "description": "Whether it also counts for all time; default: false."},
}


def _mark(who: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A mark of one actor, or of several."""
    found = _object(["event", who], **_MARK, **{who: schema})
    return {**found, "additionalProperties": False}


SCHEMAS: dict[str, Any] = {
    "Problem": _object(
        ["type", "title", "status", "code", "detail", "instance"],
        type={"type": "string"},
        title={"type": "string"},
        status={"type": "integer"},
        code={"type": "string", "description": "Stable, for programs, such as unknown_name."},
        detail={"type": "string", "description": "One sentence: what was wrong, what is valid, what to do."},
        instance={"type": "string"},
    ),
    "Answer": _object(
        ["command", "title", "span", "question", "definition", "coverage", "notes", "version", "rows"],
        command={"type": "string", "enum": list(COMMANDS)},
        title={"type": "string"},
        span={"type": "string"},
        question={"type": "object", "description": "Every default filled in, with the policies that were chosen."},
        definition={"type": "object", "description": "What the numbers are."},
        coverage={"type": "number", "minimum": 0, "maximum": 1, "description": "How much of its time was collected."},
        notes={"type": "array", "items": {"type": "string"}},
        version={"type": "string", "description": "Equal versions have equal rows, notes and questions."},
        rows={"type": "array", "items": {"type": "object"}},
    ),
    "Metric": _object(
        [
            "name",
            "title",
            "description",
            "unit",
            "kind",
            "adds_up",
            "version",
            "finest_grain",
            "dimensions",
            "policies",
        ],
        name={"type": "string"},
        kind={"type": "string"},
        event=_MAYBE,
    ),
    "Metrics": _list("metrics", {"$ref": "#/components/schemas/Metric"}),
    "Events": _list("events", _object(["event", "actors", "marks"], event={"type": "string"}, first_day=_MAYBE)),
    "Event": _object(
        ["event", "period", "actors", "marks", "known_until", "is_over", "gaps", "notes"],
        event={"type": "string"},
        actors={"type": ["integer", "null"], "description": "null where it is too small to be shown."},
        marks={"type": ["integer", "null"]},
    ),
    "Membership": _object(["event", "period", "actor", "did"], did={"type": "boolean"}),
    "Annotations": _list("annotations", _object(["kind", "since", "until", "text"], text={"type": "string"})),
    "Status": _object(["asked_at", "tables", "reasons"], tables={"type": "array"}, reasons={"type": "array"}),
    "Activity": _object(["usage", "maintenance"], usage=_TIMELINE, maintenance=_TIMELINE),
    "Mark": {"oneOf": [_mark("actor", _ACTOR), _mark("actors", {"type": "array", "items": _ACTOR})]},
    "Run": _object(
        ["state", "started_at", "ended_at", "said"],
        state={"type": "string", "enum": ["none", "running", "done", "failed"]},
        started_at=_MAYBE,
        ended_at=_MAYBE,
        said={"type": "string", "description": "What it wrote, without secrets."},
    ),
    "Forgotten": _list(
        "forgotten",
        _object(
            ["actor", "was_known", "sets", "still_in_tables"],
            actor=_ACTOR,
            was_known={"type": "boolean"},
            sets={"type": "integer", "description": "The number of sets the actor was removed from."},
            still_in_tables={"type": "array", "items": {"type": "string"}},
        ),
    ),
    "Marked": _object(
        ["marked", "events", "repeated"],
        marked={"type": "integer"},
        events={"type": "array", "items": {"type": "string"}},
        repeated={"type": "boolean"},
    ),
}


def described(app: FastAPI, *, needs_token: bool) -> dict[str, Any]:
    """The whole description.

    Args:
        app: Whose routes are described.
        needs_token: Whether reading needs a token.
    """
    from fastapi.openapi.utils import get_openapi

    import footfall

    found = get_openapi(
        title="Footfall",
        version=footfall.__version__,
        summary="Long-term usage analytics: the queries of the command line, over HTTP.",
        routes=app.routes,
    )
    found["paths"] = {path: each for path, each in found.get("paths", {}).items() if path.startswith("/api/")}
    for path in found["paths"].values():
        path.pop("head", None)
        for operation in path.values():
            operation["responses"] = {str(status): each for status, each in operation["responses"].items()}
    found.setdefault("components", {})["schemas"] = SCHEMAS
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    if needs_token:
        found["security"] = [{"token": []}]
    return found
