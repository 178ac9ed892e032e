"""Options are declared once: command line, Python and docs have the same names, choices and defaults."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.errors import FootfallError, QueryError
from footfall.options import QUESTIONS, Option, Type, read
from footfall.periods import Grain
from footfall.query import Query
from footfall.retention import questions
from footfall.retention.cohorts import CohortKind, Retention
from footfall.retention.stickiness import Windows
from footfall.workspace import Workspace
from pages import DOCS, commands

NOW = datetime(2026, 11, 27, tzinfo=UTC)
RECORDS: dict[str, Any] = {
    "query": Query,
    "cohort": questions.CohortQuestion,
    "funnel": questions.FunnelQuestion,
    "stickiness": questions.StickinessQuestion,
    "growth": questions.GrowthQuestion,
}
EVERY = [(command, option) for command, options in QUESTIONS.items() for option in options]


@pytest.mark.parametrize("command", QUESTIONS)
def test_python_and_the_record_have_the_same_options(command: str) -> None:
    declared = {option.name for option in QUESTIONS[command]}
    taken = set(inspect.signature(getattr(Workspace, command)).parameters) - {"self", "older"}
    several = {"metric": "metrics"} if command == "query" else {}
    assert {several.get(name, name) for name in taken} == {several.get(name, name) for name in declared}
    assert {several.get(name, name) for name in declared} == set(RECORDS[command].__dataclass_fields__)


@pytest.mark.parametrize(("command", "option"), EVERY, ids=lambda each: each if isinstance(each, str) else each.name)
def test_the_command_line_and_its_page_have_every_option(command: str, option: Option) -> None:
    shown = next(p for p in commands()[command].params if p.name == option.name)
    assert shown.help == option.help
    page = (DOCS / "cli.md").read_text(encoding="utf-8").split(f"### footfall {command}\n")[1].split("###")[0]
    name = option.metavar if option.is_argument else option.flag or f"--{option.name.replace('_', '-')}"
    assert f"`{name}" in page
    assert option.help.replace("|", "\\|") in page
    if not option.is_argument:
        assert shown.default == (None if option.default == () else option.default)


@pytest.mark.parametrize(("command", "option"), EVERY, ids=lambda each: each if isinstance(each, str) else each.name)
def test_python_has_the_same_default(command: str, option: Option) -> None:
    parameter = inspect.signature(getattr(Workspace, command)).parameters[option.name]
    if not option.is_argument:
        assert parameter.default == option.default or (parameter.default, option.default) == (None, ())


@pytest.mark.parametrize(("command", "option"), EVERY, ids=lambda each: each if isinstance(each, str) else each.name)
def test_every_example_can_be_read(command: str, option: Option) -> None:
    if option.type is not Type.FLAG:
        assert option.example
        assert option.read(option.example, NOW) is not None


def test_closed_lists_are_those_of_the_code() -> None:
    choices = {(command, option.name): option.choices for command, option in EVERY if option.choices}
    assert choices["query", "grain"] == tuple(Grain)
    assert choices["cohort", "kind"] == tuple(CohortKind)
    assert choices["cohort", "retention"] == tuple(Retention)
    assert choices["stickiness", "windows"] == tuple(Windows)


def test_what_is_not_given_has_its_default_and_an_unknown_name_is_a_bug() -> None:
    asked = read("growth", {"event": "active", "until": "2026-11"}, NOW)
    assert (asked["grain"], asked["last"], asked["until"]) == ("week", None, datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(TypeError, match="growth has no option 'by'"):
        read("growth", {"event": "active", "by": "week"}, NOW)
    with pytest.raises(FootfallError, match="unknown grain 'fortnight'"):
        read("growth", {"event": "active", "grain": "fortnight"}, NOW)


WEDNESDAY = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "until", "since"),
    [
        ("2w", None, datetime(2026, 11, 12, tzinfo=UTC)),
        ("14D ", None, datetime(2026, 11, 12, tzinfo=UTC)),
        ("1d", None, datetime(2026, 11, 25, tzinfo=UTC)),
        ("1m", "2026-03-31", datetime(2026, 2, 28, tzinfo=UTC)),
        ("1m", "2024-03-30", datetime(2024, 2, 29, tzinfo=UTC)),
        ("1y", "2024-02-29", datetime(2023, 2, 28, tzinfo=UTC)),
        ("12m", "2026-12-31", datetime(2025, 12, 31, tzinfo=UTC)),
        ("13m", "2026-12-31", datetime(2025, 11, 30, tzinfo=UTC)),
    ],
)
def test_a_span_ends_with_today_or_where_until_says(last: str, until: str | None, since: datetime) -> None:
    asked = read("query", {"metric": "launches", "last": last, "until": until}, WEDNESDAY)
    assert (asked["last"], asked["since"]) == (None, since)


@pytest.mark.parametrize("last", ["0d", "99999y", "2 weeks", "-2w", "2h", "٢w", "1.5m", ""])
def test_what_is_no_span_is_one_sentence(last: str) -> None:
    with pytest.raises(QueryError, match=r"not a length of time|is outside the calendar|or a span such as 2w"):
        read("query", {"metric": "launches", "last": last}, WEDNESDAY)
    with pytest.raises(QueryError, match="give only one of them"):
        read("query", {"metric": "launches", "last": "2w", "since": "2026"}, WEDNESDAY)


def test_since_takes_a_span_as_so_long_ago() -> None:
    assert read("query", {"metric": "launches", "since": "7d"}, WEDNESDAY)["since"] == datetime(
        2026, 11, 18, tzinfo=UTC
    )
