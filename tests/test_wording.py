"""What libraries say to users is said in our words: values that are refused, and help as it is written."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from footfall.alerts import AlertSettings
from footfall.errors import SettingsError
from footfall.settings import Settings, explain
from footfall.sources import installed_sources
from pages import commands
from workspaces import run

THEIRS = re.compile(
    r"input should|value error|unable to parse|valid (dictionary|string|integer|tuple|list)|pydantic|_type", re.I
)
WRONG: tuple[Any, ...] = (3, -1, 1.5, "", "x", True, [], [1], {"x": 1}, date(2026, 1, 1), [{"x": 1}], {"x": {"y": 1}})
MODELS = {
    "footfall": Settings,
    "alerts": AlertSettings,
    **{name: point.load().Settings for name, point in installed_sources().items()},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_setting_that_is_refused_is_said_in_our_words(name: str, tmp_path: Path) -> None:
    model: type[BaseModel] = MODELS[name]
    said = []
    for field, info in model.model_fields.items():
        for value in WRONG:
            try:
                given = {info.alias or field: value}
                Settings(**{"folder": tmp_path, **given}) if model is Settings else model.model_validate(given)
            except ValidationError as error:
                faults = [each for each in error.errors() if each["type"] != "missing"]
                if faults:
                    said.append(explain(error, model, name))
            except SettingsError as error:
                said.append(str(error))
    assert said
    for sentence in said:
        assert not THEIRS.search(sentence), sentence
        assert "\n" not in sentence


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("query commits --top x", "'x': it must be a whole number."),
        ("query commits --top 1.5", "'1.5': it must be a whole number."),
        ("query commits --min-coverage lots", "'lots': it must be a number."),
        ("schedule bogus", "'bogus' is not one of 'cron', 'systemd', 'kubernetes', 'github-actions'."),
    ],
)
def test_a_value_on_the_command_line_that_is_refused(
    words: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = run(capsys, *words.split())
    assert done.code == 2
    assert said in done.err
    assert not THEIRS.search(done.err)


@pytest.mark.parametrize("name", [*commands(), "", "import"])
def test_help_shows_what_is_written(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brackets are not markup, and there are no types of Python."""
    monkeypatch.setenv("COLUMNS", "300")
    shown = run(capsys, *name.split(), "--help")
    assert shown.code == 0
    assert not re.search(r"<\w+>|<list\[|list\[str\]", shown.out)
    assert "\\[" not in shown.out
    command = commands().get(name)
    texts = (
        [command.help, *(getattr(each, "help", "") for each in command.params)]
        if command
        else ["[[alerts]]"] * (not name)
    )
    for text in texts:
        for bracket in re.findall(r"\[+[^\[\]]*\]+", text or ""):
            assert bracket in " ".join(shown.out.split()), bracket
