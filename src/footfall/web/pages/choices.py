"""The form of Explore: its options and choices, parsed from an address and written as one.

The address is the state: every query has one address, without defaults. A form sends all of its
fields; what it sends is brought into that address, and the browser is sent there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from footfall.filters import Filter
from footfall.metrics import Kind, Metric, Subject
from footfall.options import QUERY, text_name
from footfall.periods import Grain
from footfall.web.pages import words
from footfall.workspace import Workspace

Pairs = list[tuple[str, str]]

LAST = {
    Grain.HOUR: ("24", "72", "168"),
    Grain.DAY: ("28", "91", "364", "1092"),
    Grain.WEEK: ("13", "52", "156"),
    Grain.MONTH: ("12", "24", "60"),
    Grain.YEAR: ("5", "10"),
}
"""The spans that are offered for each length of a period; the second is taken where no time is said."""
TOPS = ("4", "8", "20", "50")
MEANS = {Grain.HOUR: ("24", "168"), Grain.DAY: ("7", "28"), Grain.WEEK: ("4", "13"), Grain.MONTH: ("3", "12")}
MOST_METRICS = 4
_DRAWN = ("stacked", "log")
"""How it is drawn: of the address, and no part of the question."""
_HELPERS = ("filter", "is", "was")
"""Fields of the form that become other options: a filter in two parts; the beginning that the form had before."""
_LISTS = ("metric", "by")
"""Names that may stand in one text, parted by commas."""
_NAMES = tuple(text_name(option) for option in QUERY)


@dataclass(frozen=True)
class Chosen:
    """A question as texts, and how it is to be drawn."""

    asked: dict[str, list[str]]
    drawn: dict[str, bool]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Chosen:
        """What an address asks for, tidied: as every address of this question has it."""
        given: dict[str, list[str]] = {}
        for name, text in pairs:
            name = name.replace("-", "_") if name.replace("-", "_") in _NAMES else name
            parts = text.split(",") if name in _LISTS else [text]
            given.setdefault(name, []).extend(part.strip() for part in parts if part.strip())
        given = {name: texts for name, texts in given.items() if texts}
        _settle_time(given)
        _settle_filter(given)
        drawn = {name: given.pop(name, ["false"])[0].lower() in ("true", "1", "on", "yes") for name in _DRAWN}
        for helper in _HELPERS:
            given.pop(helper, None)
        return cls({name: list(dict.fromkeys(texts)) for name, texts in given.items()}, drawn)

    def first(self, name: str) -> str:
        return next(iter(self.asked.get(name, [])), "")

    @property
    def grain(self) -> str:
        return self.first("grain") or "day"

    @property
    def pairs(self) -> Pairs:
        """The address as names and texts, options in the order of the grammar."""
        order = {name: n for n, name in enumerate(_NAMES)}
        asked = sorted(self.asked.items(), key=lambda item: order.get(item[0], len(order)))
        said = [(name, text) for name, texts in asked for text in texts if (name, text) not in _DEFAULTS]
        return said + [(name, "true") for name, is_on in self.drawn.items() if is_on]

    @property
    def address(self) -> str:
        return urlencode(self.pairs)

    def but(self, **changed: str | Sequence[str] | None) -> str:
        """The address of the same question with some options changed, or without those that are None."""
        asked = {**self.asked}
        for name, value in changed.items():
            asked.pop(name, None)
            if value:
                asked[name] = [value] if isinstance(value, str) else list(value)
        return Chosen(asked, self.drawn).address


_DEFAULTS = {("grain", "day"), ("cumulative", "false"), ("min_coverage", "1"), ("min_coverage", "1.0")}


def _settle_time(given: dict[str, list[str]]) -> None:
    """`last` and `since` both say where it begins: of a form that sends both, what was changed is meant."""
    if "last" in given and "since" in given and "was" in given:
        given.pop("last" if given["since"] != given["was"] else "since")
        if "since" not in given:
            given.pop("until", None)
    grain = next(iter(given.get("grain", [])), "day")
    if grain == Grain.TOTAL:
        given.pop("last", None)
        given.pop("rolling", None)
        given.pop("cumulative", None)
    elif "metric" in given and not {"last", "since", "until"} & set(given) and grain in set(LAST):
        given["last"] = [LAST[Grain(grain)][1]]


def _settle_filter(given: dict[str, list[str]]) -> None:
    """A dimension and a value, chosen apart, are one filter."""
    dimension, value = given.get("filter", [""])[0], given.get("is", [""])[0]
    if dimension and value:
        given.setdefault("where", []).append(str(Filter(dimension, (None if value == "(none)" else value,))))
    if "by" not in given:
        given.pop("top", None)


@dataclass(frozen=True)
class Option:
    """One entry of a list to choose from."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Offered:
    """Everything that the form lets choose, with what is chosen."""

    metrics: list[list[Option]]
    """A list for each metric that is chosen, and one to add another."""
    grains: list[Option]
    lasts: list[Option]
    since: str
    until: str
    dimensions: list[Option]
    tops: list[Option]
    means: list[Option]
    compares: list[Option]
    projects: list[Option]
    policies: list[tuple[str, list[Option]]]
    filters: list[tuple[str, str]]
    """Each filter, and the address without it."""
    cumulative: bool
    stacked: bool
    log: bool
    kept: Pairs
    """Options that the form has no field for: they stay as they are."""

    @property
    def is_open(self) -> bool:
        """Whether any of the choices is made that are folded away."""
        compared = any(one.is_chosen for one in [*self.compares, *self.projects])
        decided = any(one.is_chosen and one.value for _, options in self.policies for one in options)
        drawn = self.cumulative or self.stacked or self.log
        return bool(len(self.metrics) > 2 or self.since or self.until or self.filters or compared or decided or drawn)


_OFFERED = ("metric", "grain", "last", "since", "until", "by", "top", "rolling", "compare", "project", "cumulative")


def offered(workspace: Workspace, chosen: Chosen) -> Offered:
    """What can be chosen now: dimensions and policies are those of the metrics that are chosen."""
    known = {**workspace.metrics, **workspace.event_metrics}
    metrics = [known[name] for name in chosen.asked.get("metric", []) if name in known]
    subjects = [Subject.of(metric, workspace.tables) for metric in metrics]
    policies = [policy for metric in metrics[:1] for policy in metric.policies if len(policy.choices) > 1]
    made = dict(text.partition("=")[::2] for text in chosen.asked.get("policy", []))
    grain = chosen.grain
    return Offered(
        metrics=_metric_lists(known, metrics),
        grains=_options(_grains(subjects), grain, words.capitalised),
        lasts=_lasts(chosen),
        since=_day_of(chosen.first("since")),
        until=_day_of(chosen.first("until")),
        dimensions=[Option("", "not split"), *_options(_dimensions(subjects), chosen.first("by"), _spaced)],
        tops=[Option("", "all groups"), *_options(TOPS, chosen.first("top"), "the largest {}".format)],
        means=[Option("", "as they are"), *_means(chosen)],
        compares=[
            Option("", "nothing"),
            *_options(("previous", "year"), chosen.first("compare"), _COMPARED.__getitem__),
        ],
        projects=_projects(workspace, chosen.first("project")),
        policies=[
            (
                policy.description,
                [
                    Option(
                        "" if choice == policy.default else f"{policy.name}={choice}",
                        choice,
                        choice == made.get(policy.name, policy.default),
                    )
                    for choice in policy.choices
                ],
            )
            for policy in policies
        ],
        filters=[
            (text, chosen.but(where=[other for other in chosen.asked["where"] if other != text]))
            for text in chosen.asked.get("where", [])
        ],
        cumulative=chosen.first("cumulative").lower() == "true",
        stacked=chosen.drawn["stacked"],
        log=chosen.drawn["log"],
        kept=[
            (name, text)
            for name, text in chosen.pairs
            if name not in (*_OFFERED, *_DRAWN, "policy") or (name == "by" and text != chosen.first("by"))
        ],
    )


_COMPARED = {"previous": "the time before", "year": "a year before"}


def _metric_lists(known: Mapping[str, Metric], chosen: Sequence[Metric]) -> list[list[Option]]:
    """One list for each metric that is chosen, the first always; the last one adds another."""
    titles = [metric.title for metric in known.values()]

    def label(metric: Metric) -> str:
        return metric.title if titles.count(metric.title) == 1 else f"{metric.title} ({metric.name})"

    lists = []
    for n, one in enumerate([*chosen, None][:MOST_METRICS]):
        own = [Option(m.name, label(m), one is not None and m.name == one.name) for m in known.values()]
        lists.append(own if n == 0 else [Option("", "and …" if one is None else "remove"), *own])
    return lists


def _options(values: Iterable[str], chosen: str, label: Any) -> list[Option]:
    listed = [str(value) for value in values]
    if chosen and chosen not in listed:
        listed.append(chosen)
    return [Option(value, label(value), value == chosen) for value in listed]


def _spaced(name: str) -> str:
    return f"by {name.replace('_', ' ')}"


def _grains(subjects: Sequence[Subject]) -> list[str]:
    """Those that all of the metrics are known by."""
    order = list(Grain)
    finest = max((order.index(subject.resolution) for subject in subjects), default=0)
    return [str(grain) for grain in order[finest:]]


def _dimensions(subjects: Sequence[Subject]) -> list[str]:
    """Those that all of the metrics have; of what events are there are none."""
    if not subjects or any(subject.metric.event for subject in subjects):
        return []
    first, *others = subjects
    return [
        name
        for name in first.dimensions
        if name not in first.unknown and all(name in other.dimensions for other in others)
    ]


def _lasts(chosen: Chosen) -> list[Option]:
    grain = chosen.grain
    if grain not in set(LAST):
        return [Option("", "all, or from dates", True)]
    picked = chosen.first("last")
    return [
        *_options(LAST[Grain(grain)], picked, lambda count: f"last {count} {grain}s"),
        Option("", "by dates", not picked),
    ]


def _means(chosen: Chosen) -> list[Option]:
    grain = chosen.grain
    offered = MEANS.get(Grain(grain), ()) if grain in set(MEANS) else ()
    return _options(offered, chosen.first("rolling"), lambda count: f"mean of {count} {grain}s")


def _projects(workspace: Workspace, chosen: str) -> list[Option]:
    names = list(workspace.projects)
    return [Option("", "all projects"), *_options(names, chosen, str)] if names else []


def _day_of(text: str) -> str:
    """What a field for dates can show: the day of a moment at midnight."""
    return text[:10] if len(text) >= 10 and text[10:] in ("", "T00:00:00Z", "T00:00Z", "T00:00:00+00:00") else ""


def can_stack(metrics: Sequence[Metric], by: str) -> bool:
    """Whether groups may lie on top of each other: they add up."""
    return bool(by) and all(metric.kind not in (Kind.DISTINCT, Kind.REPORTED, Kind.LATEST) for metric in metrics)
