"""The options of a question as the command line has them: made from `footfall.options`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from footfall.cli.numerals import share, whole
from footfall.options import QUESTIONS, Option, Type, choice_made

_PANEL = "The question"
_OLDER = {"by": ("--by", str | None, None), "rows": ("--rows", int | None, whole())}
"""0.1.0's names of --grain and --last, where questions are about activity."""
_KINDS = {Type.COUNT: int, Type.FLAG: bool, Type.SHARE: float}
_READERS = {Type.COUNT: whole(), Type.SHARE: share}


def asking(question: str, *, has_older: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a kind of question, which it takes as one mapping, `asked`.

    With `has_older` 0.1.0's names are taken as well, hidden from the help, and come in `asked["older"]`.
    """
    declared = QUESTIONS[question]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in signature(command, eval_str=True).parameters.values() if p.name != "asked"]
        older = _older() if has_older else []
        arguments = [_parameter(option) for option in declared if option.is_argument]
        options = [_parameter(option) for option in declared if not option.is_argument]
        keywords = [p for p in own if p.kind is Parameter.KEYWORD_ONLY]
        shown = [*(p for p in own if p not in keywords), *arguments, *options, *keywords, *older]

        @wraps(command)
        def asked(**given: Any) -> None:
            read = {option.name: _value(option, given.pop(option.name)) for option in declared}
            if has_older:
                read["older"] = {name: given.pop(name) for name in _OLDER}
            command(asked=read, **given)

        asked.__signature__ = Signature(shown)  # type: ignore[attr-defined]
        asked.__annotations__ = {p.name: p.annotation for p in shown}
        return asked

    return decorate


def _parameter(option: Option) -> Parameter:
    kind: Any = _KINDS.get(option.type, str)
    if option.is_many:
        kind = list[kind]
    if option.is_argument:
        argument = typer.Argument(metavar=option.metavar, help=option.help, show_default=False)
        return Parameter(option.name, Parameter.KEYWORD_ONLY, annotation=Annotated[kind, argument])
    names = [option.flag or f"--{option.name.replace('_', '-')}", *([option.short] if option.short else [])]
    declared = typer.Option(
        *names,
        metavar=option.metavar or None,
        help=option.help,
        rich_help_panel=_PANEL,
        parser=_READERS.get(option.type),
    )
    default = None if option.default == () else option.default
    given = kind if default is not None else kind | None
    return Parameter(option.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[given, declared])


def _older() -> list[Parameter]:
    return [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind, typer.Option(flag, hidden=True, parser=read)],
        )
        for name, (flag, kind, read) in _OLDER.items()
    ]


def _value(option: Option, given: Any) -> Any:
    """As Python would be given it: lists that are absent are empty, choices are a mapping."""
    if option.type is Type.CHOICES:
        name = option.flag.removeprefix("--")
        return dict(choice_made(name, text, option.metavar) for text in given or ())
    return option.default if given is None and option.is_many else given


def renewed(asked: Mapping[str, Any], now: Any) -> dict[str, Any]:
    """A question with today's option names; warns on standard error about names of 0.1.0."""
    given = dict(asked)
    older = {name: value for name, value in given.pop("older", {}).items() if value is not None}
    if not older:
        return given
    from footfall.retention.older import renewed as renew

    given, said = renew(given, older, now)
    print(f"footfall: option names of 0.1.0: {said}.", file=sys.stderr)
    return given
