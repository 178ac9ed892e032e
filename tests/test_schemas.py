"""What describes the API says what the API reads: the same options, and no text more or less."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from footfall.asking import COMMANDS
from footfall.errors import FootfallError
from footfall.options import text_name
from footfall.periods import parse_moment
from footfall.schemas import MOMENT, schema_of, schema_of_question

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described_and_what_must_be_given_is_required(command: str) -> None:
    schema = schema_of_question(command)
    assert list(schema["properties"]) == [text_name(option) for option in COMMANDS[command]]
    assert schema["required"] == [text_name(option) for option in COMMANDS[command] if option.is_argument]
    assert schema["additionalProperties"] is False
    for option in COMMANDS[command]:
        described = schema["properties"][text_name(option)]
        assert described["description"] == option.help
        assert (described["type"] == "array") == option.is_many


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_fits_the_description_of_its_option(command: str) -> None:
    for option in COMMANDS[command]:
        schema = schema_of(option)
        if option.example and "pattern" in schema:
            assert re.search(schema["pattern"], option.example), option.name


def test_options_that_are_left_out_are_neither_described_nor_required() -> None:
    schema = schema_of_question("query", without=("metric", "by"))
    assert not {"metric", "by"} & schema["properties"].keys()
    assert schema["required"] == []


@pytest.mark.parametrize(
    "text",
    ["2026", "2026-11", "2026-W48", "30d", "2w", "today", "yesterday", "now", "2026-11-23T10:00Z",
     "2026-11-23 10:00:30.5+02:00", " 2026-11-23 "],
)  # fmt: skip
def test_moments_that_are_described_are_read(text: str) -> None:
    assert re.search(MOMENT, text)
    parse_moment(text, NOW)


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-1-1", "2026-11-23T10:00", "tomorrow", "2026/11/23", "20261123", "2026W48"],
)
def test_moments_that_are_not_described_are_refused(text: str) -> None:
    assert not re.search(MOMENT, text)
    with pytest.raises(FootfallError):
        parse_moment(text, NOW)
