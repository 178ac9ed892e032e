"""What libraries say to users is said in our words: values that are refused, and help as it is written."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

import footfall
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
    assert "[b]" not in shown.out
    command = commands().get(name)
    texts = (
        [command.help, *(getattr(each, "help", "") for each in command.params)]
        if command
        else ["[[alerts]]"] * (not name)
    )
    for text in texts:
        for bracket in re.findall(r"\[+[^\[\]]*\]+", text or ""):
            assert bracket in " ".join(shown.out.split()), bracket


# --- plain technical English

ODD = {
    r"\banew\b": "again",
    r"\blest\b": "so that ... not",
    r"\bwhoever\b": "anyone who",
    r"\bsuch an? one\b": "name the thing",
    r"\bmend(s|ed|ing)?\b": "repair, or fix",
    r"\bonce more\b": "again",
    r"\bmeanwhile\b": "in the meantime",
    r"\bever so (many|few|much)\b": "many, few, much",
    r"\bhonest answer\b": "correct answer",
    r"\bheld against\b": "checked against",
    r"\b(an?|one) (line|row|column|bar|batch|commit|colour) an? (period|metric|group|step|day|month|key|cell|set|table|source)\b": "per",
    r"\bbeside (it|them|the)\b": "next to",
    r"\btold apart\b": "distinguished",
    r"\bof nobody\b": "without actors",
    r"\bas one likes\b|\bas often as you like\b|\bwhenever you like\b": "no limit, or safe to repeat",
    r"\bin words of (its|their) own\b": "in its own format",
    r"\b(every|other) faces?\b": "output, or interface",
    r"\bswitch (it|a source) on\b": "enable",
    r"\bsources? that (is|are) set up\b": "configured source",
    r"\b(stands?|stood) in footfall\.toml\b": "is in footfall.toml",
    r"(?<!there )\bis no (actor|name|date|number|moment|file|folder)\b": "is not a valid ...",
    r"\b(doers|doings|nursery|_hope|_knock|_dressed|is_dressed|_told)\b": "name it for what it does",
    r"\bare marked by hand\b|\bis marked by hand\b": "marked by an application",
    r"\bto begin anew\b|\bbegin another\b": "start over, or use another",
    r"\bslip of the pen\b": "typo",
    r"\bthe words of now\b|\bthe names of now\b": "current names",
    r"\b(he|she|his|her|him)\b": "they",
}
WRITTEN = [
    *Path(footfall.__file__).parent.rglob("*.py"),
    *Path(footfall.__file__).parent.rglob("*.html"),
    *(Path(__file__).parents[1] / "docs").rglob("*.md"),
    Path(__file__).parents[1] / "README.md",
]


@pytest.mark.parametrize("pattern", ODD)
def test_a_usual_word_is_used_where_there_is_one(pattern: str) -> None:
    """In messages, docstrings, comments, names and docs."""
    odd = re.compile(pattern, re.I)
    found = [
        f"{file.name}:{number}: {line.strip()[:120]}"
        for file in WRITTEN
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if odd.search(line)
    ]
    assert not found, f"write {ODD[pattern]!r} instead: {found[:5]}"
