"""The plan of a result: a query with all decisions made before measuring."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from footfall.annotations import NOTHING_HAPPENED, Annotation, Happened
from footfall.errors import UnknownValueError
from footfall.filters import Filter, Prefix, Value, text_of
from footfall.measuring.actors import ActorMeasurement, known_of, without_times
from footfall.measuring.coverage import Coverage
from footfall.measuring.facts import Division, divide
from footfall.measuring.matching import Group
from footfall.measuring.measure import Measurement, groups_of
from footfall.measuring.parts import Part
from footfall.measuring.reading import FactReader
from footfall.measuring.reported import ReportedMeasurement
from footfall.metrics import Kind, Metric, Subject
from footfall.periods import Grain, Window, ceil, floor, short
from footfall.query import Query, choices_made, step

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.engine import Engine
    from footfall.lake import Snapshot

MOST_VALUES_COMPARED = 20_000
"""How many existing values are considered for did-you-mean suggestions."""


class Measuring(Protocol):
    """Computes the numbers of a query."""

    @property
    def group_columns(self) -> tuple[str, ...]: ...

    def run(self, window: Window, grain: Grain, is_running: bool = False) -> pa.Table:
        """One row per period and group with rows: PERIOD (not for a total), the groups, VALUE, more for some kinds."""
        ...

    def bounds(self, grain: Grain) -> Window | None:
        """The whole periods of `grain` from the first to the last known one, ignoring filters."""
        ...


@dataclass(frozen=True)
class Plan:
    """A query with all decisions made before measuring."""

    query: Query
    subject: Subject
    snapshot: Snapshot
    engine: Engine
    now: datetime
    use_rollups: bool = True
    happened: Happened = NOTHING_HAPPENED
    """Known events for the values of the table."""
    window: Window | None = None
    policies: tuple[tuple[str, str], ...] = ()
    kept: tuple[Group, ...] | None = None
    other: str = "other"
    where: tuple[Filter, ...] | None = None
    """The filters of the query in their stored spellings; None until they were looked up."""
    parts: tuple[Part, ...] | None = None
    """The time of each scope that counts, if periods are compared by what was collected in both; None for all."""
    ranked: pa.Table | None = None
    """What ranking measured already, if that is the whole result: the sums of a total."""
    notes: tuple[str, ...] = ()

    def note(self, *sentences: str) -> Plan:
        return replace(self, notes=(*self.notes, *sentences))

    def within(self, parts: tuple[Part, ...]) -> Plan:
        """The same, for these parts of the time."""
        return replace(self, parts=parts, ranked=None)

    @property
    def metric(self) -> Metric:
        return self.subject.metric

    @cached_property
    def division(self) -> Division:
        """Which of the metric's facts is read when."""
        actors = self.subject.actors
        if actors is not None:
            return known_of(actors, self.snapshot)
        division = divide(self.subject, self.snapshot)
        return division.without(self._undated(division))

    def _undated(self, division: Division) -> list[str]:
        """Scopes with rows that lack the time at which they count: their value is unknown, not 0."""
        found: set[str] = set()
        for used in division.used:
            if used.fact.time and division.scope is not None:
                rows = FactReader(used, division.scope, self.snapshot, self.engine, self.query.as_of).mount(None)
                undated = rows.filter(rows[used.time].isnull()).select(division.scope).distinct()
                found.update(self.engine.run(undated)[division.scope].to_pylist())
        return sorted(found)

    @property
    def filters(self) -> tuple[Filter, ...]:
        chosen = (self.metric.policy(name).choices[choice] for name, choice in self.policies)
        return (*self.asked_filters, *(f for f in chosen if f is not None))

    @property
    def asked_filters(self) -> tuple[Filter, ...]:
        return self.query.where if self.where is None else self.where

    @property
    def measuring(self) -> Measuring:
        """Computes the values: from expressions on tables, spans reported by a source, or sets of actors."""
        if self.subject.actors is not None:
            return ActorMeasurement(self.subject.actors, self.parts)
        return ReportedMeasurement(self.measurement) if self.metric.kind is Kind.REPORTED else self.measurement

    @property
    def measurement(self) -> Measurement:
        """The expressions on tables."""
        return Measurement(
            self.metric,
            self.subject.series,
            self.division,
            self.snapshot,
            self.engine,
            by=self.query.by,
            filters=self.filters,
            as_of=self.query.as_of,
            use_rollups=self.use_rollups,
            kept=self.kept,
            other=self.other,
            parts=self.parts,
        )

    @property
    def is_additive(self) -> bool:
        """Whether a collected period without rows means 0."""
        return self.metric.kind in (Kind.SUM, Kind.DISTINCT, Kind.COUNTER)

    def is_asked(self, scope: str) -> bool:
        """Whether the query's filters include `scope`."""
        return all(pin.accepts(scope, self.folds_scopes) for pin in self._scope_filters)

    @cached_property
    def _scope_filters(self) -> tuple[Filter, ...]:
        return tuple(f for f in self.query.where if f.dimension == self.division.scope)

    @property
    def folds_scopes(self) -> bool:
        scope = self.division.scope
        return scope is not None and self.subject.dimensions[scope].folds_case

    @cached_property
    def coverage(self) -> Coverage:
        """The coverage of what is read, for the scopes of the query."""
        whole = Coverage(self.division.collected, self.now, self.happened.known_wrong)
        return whole.of(self.is_asked) if self._scope_filters else whole

    @cached_property
    def annotations(self) -> tuple[Annotation, ...]:
        """The known events in the window of the query, for its scopes."""
        return self.happened.within(self.window, self.is_asked) if self.window else ()

    @cached_property
    def scope_position(self) -> int | None:
        """The dimension of the query that holds the scope: groups then have their own coverage."""
        scope = self.division.scope
        return self.query.by.index(scope) if scope is not None and scope in self.query.by else None

    def scope_of(self, group: Group) -> Hashable:
        return None if self.scope_position is None else group[self.scope_position]

    def cover_key(self, group: Group) -> Hashable:
        """The key of its own coverage: a group whose kind reports what was seen, otherwise its scope."""
        return ("group", group) if self.metric.kind in (Kind.LEVEL, Kind.COUNTER) else self.scope_of(group)

    def coverage_of(self, scope: Hashable) -> Coverage:
        if self.scope_position is None:
            return self.coverage
        if self.kept is not None and scope == self.other:
            if len(self.query.by) > 1:  # any scope may contribute to the rest of several dimensions
                return self.coverage
            named = {group[self.scope_position] for group in self.kept}
            return self.coverage.of(lambda name: name not in named)
        return self.coverage.of_scope(str(scope))


def choose_policies(plan: Plan) -> Plan:
    """Every policy of the metric has a choice, explicit or by default, and the result names it.

    A default yields to the query: filtering or splitting by the policy's column includes all of its values.
    """
    made = choices_made(plan.query, plan.metric)
    chosen: list[tuple[str, str]] = []
    for policy in plan.metric.policies:
        choice, kept = policy.choose(made.get(policy.name)), policy.choices[policy.choose(made.get(policy.name))]
        if kept is not None and policy.name not in made and kept.dimension in plan.query.chosen_dimensions:
            how = "splits by" if kept.dimension in plan.query.by else "chooses by"
            plan = plan.note(
                f"Policy {policy.name} ({choice} by default) is not applied, because the query {how} {kept.dimension}."
            )
            if policy.open_choice is None:
                continue
            choice = policy.open_choice
        chosen.append((policy.name, choice))
    return replace(plan, policies=tuple(chosen))


def find_window(plan: Plan) -> Plan:
    """An open end of the window is where the ledger or the data starts or ends, extended to whole periods.

    It never extends past the current period. There is no window if none was given and there is no data.
    """
    query = plan.query
    since, until = query.since, query.until
    if query.as_of is not None and not plan.division.collected.spans and plan.measuring.bounds(Grain.DAY) is None:
        return plan.note(_nothing_known(plan))
    if since is None or until is None:
        grain = Grain.DAY if query.grain is Grain.TOTAL else query.grain
        known = [w for w in (plan.measuring.bounds(grain), plan.coverage.bounds) if w is not None]
        if not known and since is None:
            return plan.note(_nothing_known(plan))
        if until is None:
            until = _last_known(plan, grain, known)
            until = max(until, step(grain, floor(grain, since), 1)) if since else until
        if since is None:
            since = floor(grain, min(w.start for w in known))
            if since >= until:
                since = floor(grain, until - timedelta(microseconds=1))
    return replace(plan, window=Window(since, until))


def _last_known(plan: Plan, grain: Grain, known: Sequence[Window]) -> datetime:
    """Where an open window ends: with the last known period, at the latest with the current one.

    A total ends with what was collected, so that it includes no time that is not over.
    """
    last = max((w.end for w in known), default=plan.now)
    if plan.query.grain is Grain.TOTAL and plan.subject.actors is not None:
        return min(ceil(Grain.DAY, last), ceil(Grain.HOUR, plan.now))  # sets are stored by day
    collected = plan.coverage.bounds
    if plan.query.grain is Grain.TOTAL and collected and last - collected.end < timedelta(days=1):
        return min(collected.end, plan.now)
    return min(ceil(grain, last), step(grain, floor(grain, plan.now), 1))


def _nothing_known(plan: Plan) -> str:
    if plan.metric.event is not None:
        return without_times(plan.metric.event)
    tables = (table.name for table in plan.subject.tables)
    found = [at for at in map(plan.snapshot.first_recorded_at, tables) if at is not None]
    if plan.query.as_of is None or not found:
        return f"Nothing was collected yet for {plan.metric.name}; run `footfall collect`."
    return f"Not known at {short(plan.query.as_of)}: {plan.metric.name} was first collected on {min(found):%Y-%m-%d}."


def whole_periods(plan: Plan) -> Plan:
    """Every grain except a total has whole periods: a partial week next to full ones would look like a drop."""
    window, grain = plan.window, plan.query.grain
    assert window is not None
    if grain is Grain.TOTAL:
        return plan
    whole = Window(floor(grain, window.start), ceil(grain, window.end))
    if whole == window:
        return plan
    return replace(plan, window=whole).note(
        f"The window was widened to whole {grain}s in UTC ({whole}): a partial {grain} would look like a drop."
    )


def keep_top(plan: Plan) -> Plan:
    """Ranks the groups over the whole window. The rest is called "other", or "(other)" if a group has that name."""
    if plan.query.top is None:
        return plan
    assert plan.window is not None
    ranked = plan.measurement.rank(plan.window, plan.query.top)
    groups = groups_of(ranked, plan.measurement.group_columns)
    if not groups and plan.query.compare is None:
        return plan
    kept = tuple(groups[: plan.query.top])
    other = "other"
    while any(other in group for group in kept):
        other = f"({other})"
    if other != "other":
        plan = plan.note(f"One group is named 'other'; the remaining groups are shown as {other!r}.")
    is_summed = plan.metric.kind is Kind.SUM and not plan.metric.may_overlap(plan.query.by)
    if is_summed and plan.query.grain is Grain.TOTAL:
        plan = replace(plan, ranked=_name_rest(ranked, len(kept), plan.measurement.group_columns, other))
    return replace(plan, kept=kept, other=other)


def _name_rest(ranked: pa.Table, count: int, columns: Sequence[str], other: str) -> pa.Table:
    """Groups as text, as the engine returns them if it merges the rest; the row after the first `count` is the rest."""
    import pyarrow as pa

    for name in columns:
        texts = [as_text(value) if i < count else other for i, value in enumerate(ranked[name].to_pylist())]
        ranked = ranked.set_column(ranked.schema.get_field_index(name), name, pa.array(texts, pa.string()))
    return ranked


def as_text(value: Value) -> str | None:
    """As SQL casts it, so that a ranked value is found again next to "other"."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_values(plans: Sequence[Plan], has_rows: bool) -> None:
    """A value that does not occur is probably a typo; for a single value, any measured row rules that out.

    For several metrics it is enough if one knows the value.
    """
    for position, filter in enumerate(plans[0].query.where):
        is_truth = (
            plans[0].subject.dimensions[filter.dimension].type == "boolean"
        )  # `false` may be a valid value without rows
        if filter.operator != "=" or is_truth or (has_rows and len(filter.values) == 1):
            continue
        unknown: list[UnknownValueError] = []
        for plan in plans:
            try:
                _check_filter(plan, plan.asked_filters[position])
            except UnknownValueError as error:
                unknown.append(error)
        if len(unknown) == len(plans):
            raise unknown[0]


def _check_filter(plan: Plan, filter: Filter) -> None:
    column = plan.measurement.values_of(filter.dimension)
    existing = column.as_table().distinct()
    wanted = [value for value in filter.values if value is not None and not isinstance(value, Prefix)]
    found = plan.engine.run(existing.filter(existing[filter.dimension].isin(wanted)))[0].to_pylist() if wanted else []
    for start in (value.start for value in filter.values if isinstance(value, Prefix)):
        beginning = existing.filter(existing[filter.dimension].startswith(start)) if start else existing
        if not plan.engine.run(beginning.limit(1)).num_rows:
            wanted.append(f"{start}*")
    unknown = [value for value in wanted if value not in found and not _is_scope(plan, filter.dimension, value)]
    if not unknown:
        return
    valid = plan.engine.run(existing.order_by(filter.dimension).limit(MOST_VALUES_COMPARED))[0].to_pylist()
    if valid:
        raise UnknownValueError(filter.dimension, map(text_of, unknown), map(text_of, valid))


def _is_scope(plan: Plan, dimension: str, value: Value) -> bool:
    """Whether the ledger knows `value` as a scope: collected without rows it is 0, and not collected it is missing."""
    if dimension != plan.division.scope:
        return False
    wanted = Filter(dimension, (value,))
    return any(wanted.accepts(scope.name, plan.folds_scopes) for scope in plan.division.collected.spans)
