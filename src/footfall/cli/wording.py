"""Messages of the command line library in plain words: invalid values, and help without markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from footfall.errors import said_of_value

if TYPE_CHECKING:
    from click import Context

_TAG = re.compile(r"(?<!\\)\[(?=[a-z#/@\[])")
"""What rich takes for the beginning of its markup; `[[alerts]]` is a name of a table."""


class Group(TyperGroup):
    """Commands whose help shows brackets as they are written, and no types of Python."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        _with_plain_texts(self, ctx)
        super().format_help(ctx, formatter)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        return _with_plain_texts(found, ctx) if found is not None else None

    def invoke(self, ctx: Any) -> Any:
        with _in_our_words():
            return super().invoke(ctx)


def _with_plain_texts(command: Any, ctx: Any) -> Any:
    """The command with its texts shown without markup; applied once."""
    if getattr(command, "has_plain_texts", False):
        return command
    command.has_plain_texts = True
    command.help = _as_written(command.help)
    command.epilog = _as_written(command.epilog)
    for each in command.get_params(ctx):
        each.help = _as_written(getattr(each, "help", None))
        # a kind such as <bool> or <list[str]> is meaningless to users: the option's name or help says what it takes
        each.display_type_rich = _nothing if each.param_type_name == "argument" else each.display_type_rich
        if each.param_type_name == "option" and each.metavar is None:
            each.metavar = "" if each.is_flag or each.count else each.name.upper()
    for inner in getattr(command, "commands", {}).values():
        _with_plain_texts(inner, ctx)
    return command


def _nothing(ctx: Context) -> None:
    return None


def _as_written(text: str | None) -> str | None:
    return _TAG.sub(r"\\[", text) if text else text


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Report an invalid value in our own words instead of pydantic's."""
    from typer import BadParameter
    from typer.exceptions import TyperException

    try:
        yield
    except BadParameter as error:
        faults: Any = getattr(error.__cause__, "errors", None)
        if faults is not None:
            (first, *_) = faults()
            said = said_of_value(first)
            error.message = f"{said}." if first["type"] == "value_error" else f"{first['input']!r}: {said}."
        raise
    except TyperException as error:
        if hasattr(error, "possibilities") and _takes_actors(getattr(error, "ctx", None)):
            _explain_hyphen(error)
        raise


def _takes_actors(context: Any) -> bool:
    return context is not None and any(each.metavar == "ACTOR" for each in context.command.get_params(context))


def _explain_hyphen(error: Any) -> None:
    """An actor that begins with a hyphen was taken for an option: how to write it, or that it cannot be one."""
    if error.option_name[1:].isdecimal():
        from footfall.activity.actors import VALID_ACTORS

        error.message = f"A negative number is not a valid actor: {VALID_ACTORS}. Nothing was done."
    elif not error.option_name.startswith("--"):
        error.message = (
            f"{error.message}. Put an actor that begins with a hyphen after --, as in `mark active -- -ada`."
        )
