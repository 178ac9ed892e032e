"""Retention: cohorts, funnels, stickiness and growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from footfall.answer import Answer
from footfall.asking import COMMANDS, read_texts
from footfall.errors import FootfallError, UnknownNameError
from footfall.options import text_name
from footfall.retention.cohorts import Cohort
from footfall.retention.funnels import Funnel
from footfall.web.errors import status_of
from footfall.web.pages.choices import Option
from footfall.web.pages.downloads import file_of, file_response
from footfall.web.pages.figures import figure_of_activity
from footfall.web.pages.heat import heat_of, legend_of
from footfall.web.pages.spelling import command_line, python
from footfall.web.pages.templating import render
from footfall.web.site import Site
from footfall.workspace import Workspace

VIEWS = {
    "cohort": "Who came back",
    "funnel": "Step by step",
    "stickiness": "How often",
    "growth": "New and lost",
}
_DRAWN = ("form", "counts")
"""How a cohort is shown: of the address, and no part of the question."""
_FORMS = {"heatmap": "table", "curves": "curves"}
_MOST_STEPS = 6
_STEP = 56
"""Pixels of height for a step of a funnel."""
_ONE_STEP = (
    "A funnel follows actors from one event to the next. Choose the second step above; "
    "events of one application, marked with footfall mark, have the same actors."
)


@dataclass(frozen=True)
class Asked:
    """A view with the texts of its question, and how it is shown."""

    view: str
    texts: dict[str, list[str]]
    drawn: dict[str, str]

    @classmethod
    def read(cls, params: QueryParams, steps: Sequence[str]) -> Asked:
        """What an address asks for; without events the first of `steps`, of a funnel all of them.

        Args:
            params: Of the address.
            steps: The events that a funnel has where none are chosen.

        Raises:
            UnknownNameError: For a view that there is not.
        """
        view = params.get("view") or "cohort"
        if view not in VIEWS:
            raise UnknownNameError("view", view, VIEWS)
        texts: dict[str, list[str]] = {}
        for name, text in params.multi_items():
            if text.strip() and name not in ("view", *_DRAWN):
                texts.setdefault(name.replace("-", "_"), []).append(text.strip())
        drawn = {name: params[name] for name in _DRAWN if view == "cohort" and params.get(name, "").strip()}
        if drawn.get("form", "heatmap") not in _FORMS:
            raise UnknownNameError("form", drawn["form"], _FORMS)
        for name in _EVENTS_OF[view]:
            texts.setdefault(name, list(steps if name == "steps" else steps[:1]))
        return cls(view, texts, {k: v for k, v in drawn.items() if v not in ("heatmap", "false")})

    def first(self, name: str) -> str:
        return next(iter(self.texts.get(name, [])), "")

    @property
    def steps(self) -> list[str]:
        """Of a funnel, in their order."""
        return [step for text in self.texts.get("steps", []) for step in text.split(",")]

    @property
    def address(self) -> str:
        """The one address of this question."""
        defaults = {(text_name(o), str(o.default)) for o in COMMANDS[self.view] if o.default is not None}
        pairs = [("view", self.view)] if self.view != "cohort" else []
        pairs += [(name, text) for name, texts in self.texts.items() for text in texts if (name, text) not in defaults]
        return urlencode([*pairs, *self.drawn.items()])


_EVENTS_OF = {"cohort": ("first", "then"), "funnel": ("steps",), "stickiness": ("event",), "growth": ("event",)}


async def retention(site: Site, request: Request) -> Response:
    """The page of `/retention`."""
    root = request.scope.get("root_path", "").rstrip("/")
    events = await site.run(events_of, site.workspace)
    if not events:
        return render(request, "retention_nothing.html", page="retention")
    known = await site.run(groups_of, site.workspace)
    asked = Asked.read(request.query_params, steps_from(next(iter(events)), known))
    if request.query_params and asked.address != urlencode(request.query_params.multi_items()):
        return RedirectResponse(f"{root}/retention?{asked.address}", 303)
    values: dict[str, Any] = {"page": "retention", "asked": asked, "views": VIEWS, "fields": fields(asked, events)}
    values["is_open"] = any(
        field.is_rare and (field.name in asked.texts or field.name in asked.drawn) for field in values["fields"]
    )
    values["tabs"] = [(view, name, f"{root}/retention?{_tab(view, asked, known)}") for view, name in VIEWS.items()]
    if asked.view == "funnel" and len(asked.steps) < 2 and set(asked.texts) == {"steps"}:
        return render(request, "retention.html", problem="", hint=_ONE_STEP, answer=None, **values)
    try:
        is_heat = asked.view == "cohort" and asked.drawn.get("form") != "curves"
        answer = await site.ask(asked.view, asked.texts, is_whole=is_heat)  # the table hides cells one by one
    except FootfallError as error:
        return render(
            request, "retention.html", status=status_of(error), problem=str(error), hint="", answer=None, **values
        )
    shown = await _shown(site, asked, answer, root, events)
    return render(request, "retention.html", problem="", hint="", answer=answer, **values, **shown)


def events_of(workspace: Workspace) -> dict[str, str]:
    """The events that there are, with what those who did them are called: first those that applications mark."""
    titles = {metric.event: metric.title for metric in workspace.event_metrics.values() if metric.event}
    owners = workspace.activity.owners
    marked_first = sorted(workspace.events(), key=lambda name: owners.table_of(name) is not None)
    return {name: titles.get(name, name) for name in marked_first}


def groups_of(workspace: Workspace) -> dict[str, str]:
    """The table of each event, or an empty text for one that applications mark: those of one group have the same actors."""
    tables = {event: workspace.activity.owners.table_of(event) for event in workspace.events()}
    return {event: "" if table is None else table.table.name for event, table in tables.items()}


def steps_from(event: str, groups: Mapping[str, str]) -> list[str]:
    """An event, and the next one that the same actors may do."""
    return [event, *[each for each in groups if each != event and groups[each] == groups.get(event)][:1]]


def _tab(view: str, asked: Asked, groups: Mapping[str, str]) -> str:
    """The address of another view about the same event."""
    event = asked.first(_EVENTS_OF[asked.view][0])
    name = _EVENTS_OF[view][0]
    pairs = [("view", view)] if view != "cohort" else []
    pairs += [(name, each) for each in (steps_from(event, groups) if view == "funnel" else [event])]
    pairs += [("then", event)] if view == "cohort" else []
    return urlencode(pairs)


async def _shown(site: Site, asked: Asked, answer: Answer, root: str, events: Mapping[str, str]) -> dict[str, Any]:
    """The answer as table and chart, and what it means."""
    smallest, named = site.settings.smallest_cell, _named(asked, answer, events)
    heat = figure = None
    legend = ""
    if isinstance(answer, Cohort) and asked.drawn.get("form") != "curves":
        heat = heat_of(answer, counts=asked.drawn.get("counts") == "true", smallest=smallest)
        legend = legend_of(answer, heat.rows)
    else:
        form: dict[str, Any] = {"form": "curves"} if asked.view == "cohort" else {}
        if isinstance(answer, Funnel):
            form["height"] = _STEP * len(answer.steps)
            answer = replace(answer, steps=tuple(replace(s, event=events.get(s.event, s.event)) for s in answer.steps))
        figure = await figure_of_activity(site, answer, named["title"], **form)
    question = read_texts(asked.view, asked.texts)
    return {
        **named,
        "heat": heat,
        "figure": figure,
        "smallest": smallest,
        "legend": legend,
        "downloads": [
            (label, f"{root}/retention/answer.{form}?{asked.address}")
            for form, label in (("csv", "CSV"), ("json", "JSON"), ("png", "PNG"), ("svg", "SVG"))
        ],
        "copies": [("Command line", command_line(question, asked.view)), ("Python", python(question, asked.view))],
    }


def _named(asked: Asked, answer: Answer, events: Mapping[str, str]) -> dict[str, str]:
    """Title and description in the words of the events, not by their names."""
    description = answer.description
    for name, title in events.items():
        description = description.replace(f"'{name}'", f"“{title}”")
    done = [events.get(step, step) for name in _EVENTS_OF[asked.view] for step in asked.texts[name]]
    grain = asked.first("grain") or "week"
    titles = {
        "funnel": " → ".join(done),
        "stickiness": f"{done[0]}: daily and weekly as a share of monthly",
        "growth": f"{done[0]}: new, returning, resurrected and dormant, each {grain}",
    }
    return {"title": titles.get(asked.view, answer.title), "description": description}


async def retention_download(site: Site, request: Request) -> Response:
    """`/retention/answer.FORM`: the answer as a file."""
    form = str(request.path_params["form"])
    if form not in ("csv", "json", "png", "svg"):
        raise UnknownNameError("format", form, ("csv", "json", "png", "svg"))
    events = await site.run(events_of, site.workspace)
    asked = Asked.read(request.query_params, list(events)[:1])
    answer = await site.ask(asked.view, asked.texts)
    if form in ("png", "svg"):
        shape: dict[str, Any] = {"form": asked.drawn.get("form", "heatmap")} if asked.view == "cohort" else {}
        return file_response(await site.picture(answer, form, **shape), form, answer.title)
    return file_response(await site.run(file_of, answer, form), form, answer.title)


# --- the form


@dataclass(frozen=True)
class Field:
    """One field of the form: a list to choose from; those that few need are folded away."""

    name: str
    label: str
    options: tuple[Option, ...]
    is_rare: bool = False


_RARE = ("retention", "where_first", "where_then", "counts", "columns", "last")
"""Of cohorts: what few need is folded away."""
_LABELS = {
    "first": "Starting event",
    "then": "Return event",
    "event": "Event",
    "grain": "Each",
    "last": "Periods",
    "columns": "Followed for",
    "kind": "Cohorts of",
    "retention": "Counts as a return",
    "where_first": "Only those who also did",
    "where_then": "Only returns with",
    "within": "Within",
    "windows": "Windows",
}
_WORDS = {
    "active": "everyone active then",
    "new": "new ones only",
    "return": "in that period",
    "unbounded": "in that period or later",
    "trailing": "rolling days",
    "calendar": "calendar months",
}
_NUMBERS = {"last": ("6", "12", "24", "52"), "columns": ("6", "12", "24"), "within": ("1d", "7d", "14d", "28d")}


def fields(asked: Asked, events: Mapping[str, str]) -> list[Field]:
    """The fields of a view, from the options of its command, with what is chosen."""
    made: list[Field] = []
    for option in COMMANDS[asked.view]:
        name = option.name
        chosen = asked.first(name)
        if name == "steps":
            made += _steps(asked, events)
        elif name in ("first", "then", "event"):
            made.append(Field(name, _LABELS[name], _events(events, chosen)))
        elif name in ("where_first", "where_then"):
            made.append(Field(name, _LABELS[name], (Option("", "anything"), *_events(events, chosen))))
        elif option.choices:
            current = chosen or str(option.default)
            made.append(
                Field(
                    name,
                    _LABELS[name],
                    tuple(Option(str(c), _WORDS.get(str(c), str(c)), str(c) == current) for c in option.choices),
                )
            )
        elif name in _NUMBERS:
            made.append(Field(name, _LABELS[name], _numbers(name, chosen, str(option.default or ""))))
    if asked.view == "cohort":
        form = asked.drawn.get("form", "heatmap")
        made.append(Field("form", "Show as", tuple(Option(key, label, key == form) for key, label in _FORMS.items())))
        if form == "heatmap":
            counts = asked.drawn.get("counts") == "true"
            made.append(Field("counts", "Values", (Option("", "percent"), Option("true", "numbers", counts))))
    return [replace(field, is_rare=asked.view == "cohort" and field.name in _RARE) for field in made]


def _events(events: Mapping[str, str], chosen: str) -> tuple[Option, ...]:
    named = {**events, **({} if not chosen or chosen in events else {chosen: chosen})}
    return tuple(Option(name, title, name == chosen) for name, title in named.items())


def _steps(asked: Asked, events: Mapping[str, str]) -> list[Field]:
    """A list for each step, and one to add another."""
    steps = asked.steps
    made = [
        Field("steps", f"Step {n + 1}", ((Option("", "remove"),) if n > 1 else ()) + _events(events, step))
        for n, step in enumerate(steps)
    ]
    if len(steps) < _MOST_STEPS:
        made.append(Field("steps", f"Step {len(steps) + 1}", (Option("", "add one …"), *_events(events, ""))))
    return made


def _numbers(name: str, chosen: str, default: str) -> tuple[Option, ...]:
    listed = list(_NUMBERS[name])
    current = chosen or default
    if current and current not in listed:
        listed.append(current)
    first = () if current else (Option("", "default", True),)
    return (*first, *(Option(value, value, value == current) for value in listed))
