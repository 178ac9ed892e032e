"""The options of a question as JSON Schema: shared by the API and the MCP tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from footfall.asking import COMMANDS
from footfall.options import Option, Type, text_name

TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
MOMENT = (
    r"^\s*(\d{4}(-\d{2}(-\d{2})?|-[Ww]\d{2})?|\d{1,5}[DWMYdwmy]|today|yesterday|now|"
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:\d{2}))\s*$"
)
"""The format of a moment; it may still not exist in the calendar."""
_MOST_VALUES = 50


def schema_of(option: Option) -> dict[str, Any]:
    """The schema of one value of an option.

    Example:
        >>> from footfall.options import LAST
        >>> schema_of(LAST)["minimum"]
        1
    """
    match option.type:
        case Type.CHOICE:
            return {"type": "string", "enum": [str(choice) for choice in option.choices]}
        case Type.COUNT:
            return {"type": "integer", "minimum": 1, "maximum": option.most or 999_999_999}
        case Type.SHARE:
            return {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
        case Type.FLAG:
            return {"type": "boolean"}
        case Type.MOMENT:
            return {"type": "string", "pattern": MOMENT}
        case Type.CHOICES:
            return {"type": "string", "pattern": "^[^=]+=.+$"}
        case _:
            return dict(TEXT)


def full_schema_of(option: Option) -> dict[str, Any]:
    """The schema of an option, with its default: a list if it takes several values."""
    schema = schema_of(option)
    if option.is_many:
        least = {"minItems": 1} if option.is_argument else {}
        return {"type": "array", "items": schema, "maxItems": _MOST_VALUES, **least}
    if option.default not in (None, ()):
        schema["default"] = option.default if isinstance(option.default, bool | int | float) else str(option.default)
    return schema


def schema_of_question(command: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of all options of a question, as an object.

    Example:
        >>> schema_of_question("growth")["required"]
        ['event']
    """
    declared = [option for option in COMMANDS[command] if option.name not in without]
    return {
        "type": "object",
        "properties": {text_name(o): {**full_schema_of(o), "description": o.help} for o in declared},
        "required": [text_name(option) for option in declared if option.is_argument],
        "additionalProperties": False,
    }
