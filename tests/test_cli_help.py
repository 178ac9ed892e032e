"""The help of every command: examples that can be typed, and no words of Python's."""

from __future__ import annotations

import re
import shlex

import pytest

from footfall.cli import main
from footfall.cli.app import options_first
from footfall.cli.help import EXAMPLES
from pages import commands


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_has_examples_and_no_types_of_python(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*name.split(), "--help"])
    shown = capsys.readouterr().out
    assert not re.search(r"<(bool|str|int|float|list)", shown)
    assert f"footfall {name}" in shown.split("Examples")[-1].replace("-w ~/usage ", "")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_asks_what_the_command_takes(name: str) -> None:
    command = commands()[name]
    taken = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for example in EXAMPLES[name]:
        words = options_first(shlex.split(example)[1:])
        assert " ".join(words).split(name)[0] in ("", "-w ~/usage ")
        assert {word for word in words if word.startswith("-")} - {"-w"} <= taken


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("status -w here --check", "-w here status --check"),
        ("status --workspace=here", "--workspace=here status"),
        ("mark active -- -w here", "mark active -- -w here"),
        ("status -w", "status -w"),
        ("-v -w a query x", "-w a -v query x"),
    ],
)
def test_the_workspace_may_be_named_anywhere(given: str, read: str) -> None:
    assert options_first(given.split()) == read.split()
