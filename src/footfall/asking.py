"""Any kind of question, asked in texts by name: as addresses, forms and programs have them.

What the command line asks by words is asked here by the same names, through the one grammar of `footfall.options`, and
answered by the same methods of the workspace: so every interface gives the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

from footfall.errors import NotAllowedError, QueryError, UnknownNameError, UnknownValueError
from footfall.filters import OPPOSITES
from footfall.options import QUESTIONS, Option, Type, of_texts, texts_of
from footfall.periods import shift
from footfall.result import Result

if TYPE_CHECKING:
    from footfall.answer import Answer
    from footfall.workspace import Workspace

Texts: TypeAlias = Mapping[str, str | Sequence[str]]
"""By option a text, or several."""

PROJECT = (
    Option("name", Type.TEXT, "A project of footfall.toml.", "NAME", example="icepyx", is_argument=True),
    Option("months", Type.COUNT, "The length of the timeline, in complete months.", "N", default=12, most=600),
)
PROJECTS = (Option("by", Type.TEXT, "The metric to rank by; default: the first available.", "METRIC"),)
BESIDE = (
    Option("metric", Type.TEXT, "The metric to compare.", "METRIC", example="installs", is_argument=True),
    Option("projects", Type.NAMES, "Projects of footfall.toml.", "NAME", default=(), example="icepyx"),
    Option("months", Type.COUNT, "The length of the timeline, in complete months.", "N", default=24, most=600),
    Option(
        "align",
        Type.CHOICE,
        "date, or age: months since the first month with a number.",
        "ALIGN",
        ("date", "age"),
        "date",
    ),
)
COMMUNITIES = (
    Option("constellation", Type.TEXT, "Only communities of this group.", "NAME", example="Africa"),
    Option("days", Type.COUNT, "How many days are averaged.", "N", default=28, example="7", most=3660),
    Option("until", Type.MOMENT, "The day after the last of these days; default: today.", "DATE", example="2026-11-01"),
)
COMMANDS: dict[str, tuple[Option, ...]] = {
    **QUESTIONS,
    "project": PROJECT,
    "projects": PROJECTS,
    "communities": COMMUNITIES,
    "beside": BESIDE,
}
"""The options of everything that can be asked, by its command."""


def read_texts(command: str, texts: Texts) -> dict[str, Any]:
    """The options of a question as Python would be given them.

    Raises:
        UnknownNameError: For a command or an option that does not exist.
        QueryError: For a text that is not of its option's type, or an option that is missing.

    Example:
        >>> read_texts("growth", {"event": "active", "last": "3"})
        {'event': 'active', 'last': '3'}
    """
    if command not in COMMANDS:
        raise UnknownNameError("question", command, COMMANDS)
    declared = COMMANDS[command]
    asked = of_texts(declared, texts)
    for option in declared:
        if option.is_argument and option.name not in asked:
            raise QueryError(f"{option.name} is missing; give it, such as {option.name}={option.example}.")
    return asked


def ask(workspace: Workspace, command: str, asked: Mapping[str, Any]) -> Answer:
    """The answer to a question that `read_texts` read.

    Example:
        >>> ask(ff, "growth", {"event": "active", "grain": "month", "last": "2"}).to_dicts()[0]["new"]
        2
    """
    given = dict(asked)
    match command:
        case "query":
            return workspace.query(given.pop("metric"), **given)
        case "cohort":
            return workspace.cohort(**given)
        case "funnel":
            return workspace.funnel(given.pop("steps"), **given)
        case "stickiness":
            return workspace.stickiness(**given)
        case "growth":
            return workspace.growth(**given)
        case "project":
            return workspace.project(**given)
        case "projects":
            return workspace.projects_by(given.get("by"))
        case "beside":
            return workspace.beside(given.pop("metric"), given.pop("projects", ()), **given)
        case "communities":
            return workspace.communities(**given)
    raise UnknownNameError("question", command, COMMANDS)


def ask_hiding(workspace: Workspace, command: str, asked: Mapping[str, Any], least: int) -> Answer:
    """The same without small counts of actors; see `Answer.hiding`.

    Raises:
        NotAllowedError: Where they cannot be taken out, such as of a mean that is made of them.

    Example:
        >>> ask_hiding(ff, "query", {"metric": "authors", "grain": "month", "last": "1"}, 5).to_dicts()[0]["authors"]
    """
    answer = ask(workspace, command, asked)
    if not least:
        return answer
    if isinstance(answer, Result) and any(each.counts_actors for each in answer.metrics):
        _check_means(workspace, answer, least)
        _check_rest(workspace, answer, least)
    return answer.hiding(least)


def _check_means(workspace: Workspace, answer: Result, least: int) -> None:
    """Two means that differ by a period give it away: they are shown where nothing in them is hidden."""
    query = answer.query
    if query.rolling is None:
        return
    start = None if query.since is None else shift(query.grain, query.since, 1 - query.rolling)
    parts = {**answer.question, "rolling": None, "cumulative": False, "top": None, "since": start}
    del parts["min_coverage"]  # which is about means alone
    made_of = workspace.query(parts.pop("metric"), **parts)
    if made_of.hiding(least) is not made_of:
        raise NotAllowedError(
            f"this mean is made of counts of actors from 1 to {least - 1:,}, which are hidden here (smallest_cell); leave out rolling, "
            "or ask for a coarser grain."
        )


def _check_rest(workspace: Workspace, answer: Result, least: int) -> None:
    """What a filter leaves out is the whole, which may be asked for, without what it keeps: it must not be small either."""
    question = {**answer.question, "top": None, "rolling": None, "cumulative": False}
    del question["min_coverage"]
    metric = question.pop("metric")
    for at, kept in enumerate(answer.query.where):
        rest = [
            *answer.query.where[:at],
            replace(kept, operator=OPPOSITES[kept.operator]),
            *answer.query.where[at + 1 :],
        ]
        try:
            left_out = workspace.query(metric, **{**question, "where": rest})
        except (UnknownValueError, QueryError):  # nothing is left out
            continue
        if left_out.hiding(least) is not left_out:
            raise NotAllowedError(
                f"{kept} leaves out counts of actors from 1 to {least - 1:,}, which are hidden here (smallest_cell), and the total "
                "without it would reveal them; leave it out, or ask for a coarser grain."
            )


def asked_again(answer: Answer) -> list[tuple[str, str]]:
    """The question of an answer as names and texts, every default filled in; they give the same answer again.

    Example:
        >>> asked_again(ff.growth("active", grain="month", last=2))[:2]
        [('event', 'active'), ('grain', 'month')]
    """
    question = dict(answer.question)
    if answer.command == "projects":
        question["by"] = question.pop("metric", None)
    return texts_of(COMMANDS[answer.command], question)


def address_of(answer: Answer) -> str:
    """The same as the end of an address under /api/v1, such as "cohort?first=signed_up&then=active"."""
    texts = asked_again(answer)
    if answer.command != "project":
        return f"{answer.command}?{urlencode(texts)}"
    name, rest = dict(texts)["name"], [each for each in texts if each[0] != "name"]
    return f"projects/{quote(name, safe='')}" + (f"?{urlencode(rest)}" if rest else "")
