"""A query as an address, a command line, and Python."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from footfall.asking import COMMANDS
from footfall.options import Type, text_name, texts_of

_Asked = Mapping[str, Any]


def said(asked: _Asked, command: str = "query") -> list[tuple[str, str]]:
    """The options that say more than their default, as names and texts; of a list each value.

    >>> said({"metric": "launches", "grain": "day", "by": ["repo"], "last": "30", "cumulative": False})
    [('metric', 'launches'), ('last', '30'), ('by', 'repo')]
    """
    given = {name: value for name, value in asked.items() if value != "" and (name, value) != _WHOLE}
    return texts_of(COMMANDS[command], given)


_WHOLE = ("min_coverage", 1.0)
"""The default, as an answer says it."""


def address(asked: _Asked, command: str = "query") -> str:
    """The question as the query of an address; what is a default is left out.

    >>> address({"metric": "launches", "grain": "day", "by": ["repo"], "last": "30"})
    'metric=launches&last=30&by=repo'
    """
    return urlencode(said(asked, command))


def command_line(asked: _Asked, command: str = "query") -> str:
    """The question as a command.

    >>> command_line({"metric": "launches", "where": ["repo=a b"], "cumulative": True})
    "footfall query launches --where 'repo=a b' --cumulative"
    """
    declared = {text_name(option): option for option in COMMANDS[command]}
    given = [(declared[name], text) for name, text in said(asked, command)]
    words = ["footfall", command, *(shlex.quote(text) for option, text in given if option.is_argument)]
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
    for option in COMMANDS[command]:
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
