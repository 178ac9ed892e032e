"""A query of a metric: parsed once at the boundary, then validated by named checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from footfall.errors import QueryError, UnknownNameError
from footfall.filters import Filter, Value, check_filter, dimension_of, filter_of, named_in, parse_filter
from footfall.formats import listed
from footfall.metrics import Kind, Metric, Subject
from footfall.options import read
from footfall.periods import ASKABLE, Grain, Moment, floor, shift
from footfall.tables import Table

Compare: TypeAlias = Literal["previous", "year"]
COMPARES: tuple[Compare, ...] = ("previous", "year")
Where: TypeAlias = str | Filter | Sequence[str | Filter] | Mapping[str, Value | Sequence[Value]]
"""Filters as text ("federation=gesis,ovh"), ready made, or in Python as {"federation": ["gesis", None]}."""

MOST_GROUPS = 1000
"""The largest `top`: beyond it a ranking is a table of its own, to be asked without `top`."""


@dataclass(frozen=True)
class Query:
    """What is asked of one or several metrics; `since` is inclusive, `until` exclusive, both in UTC."""

    metrics: tuple[str, ...]
    """Several share window, grain, dimensions and filters; the first one ranks the groups of `top`."""
    grain: Grain = Grain.DAY
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    by: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    project: str | None = None
    """The project that one of the filters keeps."""
    top: int | None = None
    rolling: int | None = None
    min_coverage: float = 1.0
    """Of a rolling mean: the part of its time that must have been collected, 0 to 1."""
    cumulative: bool = False
    compare: Compare | None = None
    as_of: datetime | None = None
    policies: tuple[tuple[str, str], ...] = ()

    @property
    def metric(self) -> str:
        """The metric asked, or the first of several."""
        return self.metrics[0]

    @property
    def chosen_dimensions(self) -> frozenset[str]:
        """What the question filters or splits by."""
        return frozenset((*self.by, *(f.dimension for f in self.where)))

    @classmethod
    def parse(
        cls,
        metric: str | Sequence[str],
        *,
        metrics: Mapping[str, Metric],
        tables: Mapping[str, Table],
        now: datetime,
        grain: str = "day",
        since: Moment | None = None,
        until: Moment | None = None,
        last: int | str | None = None,
        by: str | Sequence[str] = (),
        where: Where = (),
        top: int | str | None = None,
        rolling: int | str | None = None,
        min_coverage: float | str | None = None,
        cumulative: bool = False,
        compare: str | None = None,
        as_of: Moment | None = None,
        policies: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        project: str | None = None,
        part_of: Callable[[str, Sequence[Subject]], Filter] | None = None,
    ) -> Query:
        """The query that raw texts ask for, checked; `last` is turned into its window here.

        `part_of` gives the filter that keeps a project's part of the metrics.
        """
        given: dict[str, Any] = {"metric": metric, "grain": grain, "since": since, "until": until, "last": last}
        given |= {"by": by, "where": where, "top": top, "rolling": rolling, "min_coverage": min_coverage}
        given |= {"cumulative": cumulative, "compare": compare, "as_of": as_of, "policies": policies}
        given |= {"project": project}
        asked = read("query", given, now)
        subjects = subjects_of(asked.pop("metric"), metrics, tables)
        for subject in subjects:
            _check_actors(subject, by=by, where=where, top=top, as_of=as_of)
            check_known(asked["by"], subject)
        asked["grain"] = Grain(asked["grain"])
        asked["where"] = parse_filters(where, subjects, now)
        if project is not None and part_of is not None:
            asked["where"] = tuple(dict.fromkeys((*asked["where"], part_of(project, subjects))))
        asked["min_coverage"] = asked["min_coverage"] or 1.0
        asked["policies"] = _parse_policies(policies)
        query = cls(metrics=tuple(subject.metric.name for subject in subjects), **asked)
        check_policy_names(query, subjects)
        for subject in subjects:
            for check in CHECKS:
                check(query, subject)
        return _window_of_last(query, now)


def subjects_of(
    names: Sequence[str], metrics: Mapping[str, Metric], tables: Mapping[str, Table]
) -> tuple[Subject, ...]:
    """What a question about one or several metrics is about."""
    if not names:
        raise QueryError("no metric was given; name at least one.")
    for name in names:
        if name not in metrics:
            raise UnknownNameError("metric", name, metrics)
    return tuple(Subject.of(metrics[name], tables) for name in names)


def parse_filters(where: Where, subjects: Sequence[Subject], now: datetime) -> tuple[Filter, ...]:
    """All of them must hold for a row to count."""
    first = subjects[0]
    dimensions = {name: c for name, c in first.dimensions.items() if all(name in s.dimensions for s in subjects[1:])}
    asked_of = listed([subject.metric.name for subject in subjects])
    if isinstance(where, Mapping):
        _check_all_known(where, subjects)
        return tuple(filter_of(name, values, dimensions, asked_of, now) for name, values in where.items())
    texts = (where,) if isinstance(where, str | Filter) else where
    if not isinstance(texts, Iterable) or not all(isinstance(text, str | Filter) for text in texts):
        raise QueryError(
            f"where is {where!r}; give texts, such as 'repo=a,b', or a mapping, such as {{'repo': ['a', 'b']}}."
        )
    _check_all_known((t.dimension if isinstance(t, Filter) else named_in(t) for t in texts), subjects)
    return tuple(each if isinstance(each, Filter) else parse_filter(each, dimensions, asked_of, now) for each in texts)


def _check_all_known(names: Iterable[str], subjects: Sequence[Subject]) -> None:
    listed = tuple(names)
    for subject in subjects:
        check_known(listed, subject)


def _check_actors(subject: Subject, **asked: object) -> None:
    """The actors of an event are counted on sets: these have no dimensions, and are kept as they are now."""
    if subject.metric.event is None:
        return
    name = subject.metric.name
    for part in ("by", "where", "top"):
        if asked[part]:
            raise QueryError(f"{name} counts the actors of an event, which have no dimensions; leave out {part}.")
    if asked["as_of"] is not None:
        raise QueryError(f"{name} counts the actors of an event as they are known now; leave out as_of.")


def _parse_policies(policies: Any) -> tuple[tuple[str, str], ...]:
    """Choices by policy, in order."""
    try:
        chosen = dict(policies)
        if isinstance(policies, str) or not all(isinstance(part, str) for pair in chosen.items() for part in pair):
            raise TypeError
    except (TypeError, ValueError):
        raise QueryError(f"policies is {policies!r}; give a choice for each, such as {{'status': 'any'}}.") from None
    return tuple(sorted(chosen.items()))


def _window_of_last(query: Query, now: datetime) -> Query:
    """The `last` periods end with the one that `until`, or else now, lies in."""
    if query.last is None:
        return query
    end = query.until or shift(query.grain, floor(query.grain, now), 1)
    aligned = floor(query.grain, end)
    whole = query.last if aligned == end else query.last - 1
    return replace(query, since=step(query.grain, aligned, -whole), until=end)


def step(grain: Grain, start: datetime, count: int) -> datetime:
    """The start `count` periods later or, when negative, earlier; an error where the calendar ends."""
    try:
        return shift(grain, start, count)
    except (ValueError, OverflowError):
        raise QueryError(
            f"{abs(count):,} {grain}s from {start:%Y-%m-%d} lead past the end of the calendar; ask for fewer."
        ) from None


def check_known(names: Iterable[str], subject: Subject) -> None:
    """A dimension that the source cannot fill as it is set up would be one group of rows without a value."""
    for name in names:
        if name in subject.unknown:
            raise QueryError(f"{subject.metric.name} is not known by {name}: {subject.unknown[name].rstrip('.')}.")


def check_dimensions(query: Query, subject: Subject) -> None:
    """They are dimensions of the metric, and known together."""
    for name in query.chosen_dimensions:
        dimension_of(name, subject.dimensions, subject.metric.name)
    subject.naming(query.chosen_dimensions)


def check_filters(query: Query, subject: Subject) -> None:
    for each in query.where:
        check_filter(each, subject.dimensions[each.dimension])


def check_grain(query: Query, subject: Subject) -> None:
    """A table that knows days cannot tell hours."""
    if query.grain is not Grain.TOTAL and not query.grain.holds(subject.resolution):
        raise QueryError(
            f"{subject.metric.name} is known by {subject.resolution}, not by {query.grain}; ask with grain {subject.resolution} or coarser."
        )


def check_window(query: Query, subject: Subject) -> None:
    for moment in (query.since, query.until):
        if moment and moment not in ASKABLE:
            first, last = ASKABLE.start.year, ASKABLE.end.year
            raise QueryError(f"{moment:%Y-%m-%d} is out of range; a window lies between {first} and {last}.")
    if query.since and query.until and query.since >= query.until:
        raise QueryError(
            f"since ({query.since:%Y-%m-%d %H:%MZ}) must come before until ({query.until:%Y-%m-%d %H:%MZ}), which is exclusive."
        )
    if query.last and query.since:
        raise QueryError("last and since both set the start of the window; give only one of them.")
    if query.last and query.grain is Grain.TOTAL:
        raise QueryError("last counts periods and a total has none; give since, or a grain such as day.")


def check_top(query: Query, subject: Subject) -> None:
    if query.top is None:
        return
    if not query.by:
        raise QueryError(f"top ranks groups, and there are none; add by, one of {', '.join(subject.dimensions)}.")
    if subject.metric.kind is Kind.REPORTED:
        raise QueryError(
            f"{subject.metric.name} is a distinct count made by its source and may be known only as a range, so it cannot "
            "rank groups; leave out top."
        )
    if query.top > MOST_GROUPS:
        raise QueryError(f"top is {query.top}; it may be at most {MOST_GROUPS}: leave it out to get every group.")


def check_rolling(query: Query, subject: Subject) -> None:
    if query.rolling is None:
        if query.min_coverage < 1:
            raise QueryError("min_coverage is about the periods of a rolling mean; add rolling, such as 7.")
        return
    if query.grain is Grain.TOTAL:
        raise QueryError("rolling is a mean over several periods and a total is one; give a grain such as day.")
    if query.cumulative:
        raise QueryError("rolling and cumulative cannot be combined; leave out one of them.")
    if subject.metric.kind is Kind.LATEST:
        raise QueryError(f"{subject.metric.name} is a point in time and has no mean; leave out rolling.")
    if subject.metric.kind is Kind.REPORTED:
        raise QueryError(
            f"{subject.metric.name} is a distinct count made by its source, so a mean of parts is meaningless; "
            "ask without rolling."
        )


def check_step(query: Query, subject: Subject) -> None:
    """Within its step a level knows one value."""
    step = subject.metric.step
    if step is not None and query.grain is Grain.HOUR and step > timedelta(hours=1):
        raise QueryError(f"{subject.metric.name} is sampled every {step}, not by hour; ask with grain day or coarser.")


def check_cumulative(query: Query, subject: Subject) -> None:
    if not query.cumulative:
        return
    if query.grain is Grain.TOTAL:
        raise QueryError("a total is already the sum; for a running total give a grain such as day.")
    if subject.metric.kind is Kind.REPORTED:
        raise QueryError(
            f"{subject.metric.name} is a distinct count made by its source: sums would count the same people again; ask "
            "without cumulative, for the span you need."
        )
    if subject.metric.kind is Kind.LEVEL:
        raise QueryError(
            f"{subject.metric.name} is a level, which does not add up over time; ask without cumulative, or with grain total."
        )
    if subject.metric.kind is Kind.LATEST:
        raise QueryError(f"{subject.metric.name} is a point in time and does not add up; leave out cumulative.")


def check_compare(query: Query, subject: Subject) -> None:
    if query.compare is None:
        return
    if query.since is None and query.last is None:
        raise QueryError("compare needs a window to compare with the one before; add since or last.")
    if subject.metric.kind is Kind.LATEST:
        raise QueryError(f"{subject.metric.name} is a point in time and has no change in percent; leave out compare.")
    if subject.metric.kind is Kind.REPORTED:
        raise QueryError(
            f"{subject.metric.name} is a distinct count made by its source and may be known only as a range; query both "
            "windows without compare."
        )


def check_policy_names(query: Query, subjects: Sequence[Subject]) -> None:
    """A choice is of a policy that some metric has, or of that of one metric, written METRIC.POLICY."""
    known = [p.name for subject in subjects for p in subject.metric.policies]
    known += [f"{s.metric.name}.{p.name}" for s in subjects for p in s.metric.policies] if len(subjects) > 1 else []
    for name, _ in query.policies:
        if name not in known:
            raise UnknownNameError(f"policy of {listed(query.metrics)}", name, dict.fromkeys(known))


def choices_made(query: Query, metric: Metric) -> dict[str, str]:
    """The choices made of the policies of one metric: METRIC.POLICY goes before POLICY."""
    names = {p.name for p in metric.policies}
    made = {name: choice for name, choice in query.policies if name in names}
    prefix = f"{metric.name}."
    return made | {n.removeprefix(prefix): choice for n, choice in query.policies if n.startswith(prefix)}


def check_policies(query: Query, subject: Subject) -> None:
    """A policy that was chosen and a filter on its column would both decide which rows count."""
    filtered = {f.dimension for f in query.where}
    for name, choice in choices_made(query, subject.metric).items():
        policy = subject.metric.policy(name)
        kept = policy.choices[policy.choose(choice)]
        if kept is not None and kept.dimension in filtered:
            raise QueryError(
                f"policy {name}={choice} and the filter on {kept.dimension} both filter by {kept.dimension}; leave out one "
                "of them."
            )


CHECKS = (
    check_dimensions,
    check_filters,
    check_grain,
    check_step,
    check_window,
    check_top,
    check_rolling,
    check_cumulative,
    check_compare,
    check_policies,
)
