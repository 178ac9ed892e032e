"""A question in the forms that other faces take: an address, a command line, Python."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from footfall.options import QUESTIONS, Option, Type

_Asked = Mapping[str, Any]


def address(asked: _Asked, command: str = "query") -> str:
    """The question as the query of an address; what is a default is left out.

    >>> address({"metric": "launches", "grain": "day", "by": ["repo"], "last": 30})
    'metric=launches&last=30&by=repo'
    """
    return urlencode([(option.name, text) for option, text in _given(asked, command)])


def command_line(asked: _Asked, command: str = "query") -> str:
    """The question as a command.

    >>> command_line({"metric": "launches", "where": ["repo=a b"], "cumulative": True})
    "footfall query launches --where 'repo=a b' --cumulative"
    """
    words = ["footfall", command]
    given = list(_given(asked, command))
    words += [shlex.quote(text) for option, text in given if option.is_argument]
    for option, text in given:
        if not option.is_argument:
            words.append(option.flag or f"--{option.name.replace('_', '-')}")
            words += [] if option.type is Type.FLAG else [shlex.quote(text)]
    return " ".join(words)


def python(asked: _Asked, command: str = "query") -> str:
    """The question in Python.

    >>> python({"metric": "launches", "last": 30})
    'import footfall\\n\\nff = footfall.open()\\nanswer = ff.query("launches", last=30)'
    """
    arguments: list[str] = []
    for option in QUESTIONS[command]:
        value = asked.get(option.name)
        if value is None or value == option.default or value in ((), [], {}, ""):
            continue
        written = _literal(value)
        if option.is_argument:
            arguments += [_literal(v) for v in value] if isinstance(value, list | tuple) else [written]
        else:
            arguments.append(f"{option.name}={written}")
    return f"import footfall\n\nff = footfall.open()\nanswer = ff.{command}({', '.join(arguments)})"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        quoted = repr(value)
        return f'"{value}"' if quoted == f"'{value}'" and '"' not in value else quoted
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_literal(k)}: {_literal(v)}' for k, v in value.items())}}}"
    return repr(value)


def _given(asked: _Asked, command: str) -> Iterator[tuple[Option, str]]:
    """Every option that says more than its default, as texts; a list has several."""
    for option in QUESTIONS[command]:
        value = asked.get(option.name)
        if value is None or value is False or value == option.default or value in ((), [], {}, ""):
            continue
        if option.name == "min_coverage" and value == 1.0:
            continue
        if isinstance(value, Mapping):
            yield from ((option, f"{name}={choice}") for name, choice in value.items())
        elif isinstance(value, list | tuple):
            yield from ((option, str(each)) for each in value)
        else:
            yield option, "true" if value is True else str(value)
