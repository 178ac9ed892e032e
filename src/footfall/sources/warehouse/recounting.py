"""From offers to batches: changes are read, checked against what is stored, and stated if they differ.

A day without rows is a zero only if there are rows of a later day, or if the database says that it is loaded so far:
otherwise it is not loaded yet, and missing. If rows are stored and none are returned, the answer is not trusted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from footfall.errors import FootfallError
from footfall.periods import Grain, Window, periods_in, short
from footfall.sources import Batch, Offer, Outcome, Progress
from footfall.sources.warehouse.looks import Day, Looks, name_of
from footfall.sources.warehouse.plans import Open, Plan, Task
from footfall.sources.warehouse.staging import Counted, Staged
from footfall.tables import Rows
from footfall.warehouses.asking import Question, Warehouse

MOST_NAMED = 1_000
"""The most scopes named in a query; for more, they are filtered from the rows of all scopes."""
_DAY = timedelta(days=1)


def batches_of(plan: Plan, offers: Sequence[Offer], open_it: Open, staged: Staged, tell: Progress) -> Iterator[Batch]:
    """The batches of one table: one for all scopes, or one for each span of days that is read."""
    if plan.fault:
        tell(windows=len(offers))
        yield Batch([offer.failed(plan.fault) for offer in offers])
        return
    fetched = {(offer.scope, offer.window) for offer in offers}
    position = plan.position if plan.changed <= fetched else None
    stretches = [list(offers)] if plan.queried.part.scope else list(_stretches(offers))
    for n, stretch in enumerate(stretches):
        tell(note=f"{plan.queried.table.name}: {short(stretch[0].window.start)}")
        try:
            warehouse = open_it() if any(_task(offer).recount_since for offer in stretch) else None
            is_last = n == len(stretches) - 1
            batch = _batch(plan, stretch, warehouse, staged, position if is_last else None)
        except FootfallError as error:
            position = None  # the change is not stored
            batch = Batch([offer.failed(str(error)) for offer in stretch])
        tell(windows=len(stretch))
        yield batch


def _task(offer: Offer) -> Task:
    task: Task = offer.detail
    return task


def _stretches(offers: Sequence[Offer]) -> Iterator[list[Offer]]:
    """Offers with consecutive windows."""
    run: list[Offer] = []
    for offer in sorted(offers, key=lambda offer: offer.window):
        if run and run[-1].window.end != offer.window.start:
            yield run
            run = []
        run.append(offer)
    if run:
        yield run


def _batch(
    plan: Plan, offers: Sequence[Offer], warehouse: Warehouse | None, staged: Staged, position: int | None
) -> Batch:
    staged.clear()
    if warehouse is not None:
        for question, window in _questions(plan, offers, warehouse):
            staged.take(warehouse.answer(question, window, plan.queried.totals), window)
    came = _Came.of(plan, staged.days())
    outcomes = [_outcome(offer, came, position) for offer in offers]
    rows: dict[str, Rows] = {}
    spans: dict[str, list[Window]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.replaces:
            spans[outcome.offer.scope].append(outcome.replaces)
    if spans and came.days:
        rows[plan.queried.table.name] = staged.rows(spans)
    return Batch(outcomes, rows)


# The queries


def _questions(plan: Plan, offers: Sequence[Offer], warehouse: Warehouse) -> Iterator[tuple[Question, Window]]:
    """The queries, each with its window."""
    if not plan.queried.part.scope:
        for window in _bounded(Window(offers[0].window.start, offers[-1].window.end), plan):
            yield _question(plan, warehouse, ()), window
        return
    since = _recounted(offers)
    until = max(offer.window.end for offer in offers)
    months: dict[datetime, list[str]] = defaultdict(list)
    for scope, moment in since.items():
        months[moment.replace(day=1)].append(scope)
    for scopes in months.values():
        begin = min(since[scope] for scope in scopes)
        named = () if len(scopes) > MOST_NAMED else sorted(scopes)
        for window in _bounded(Window(begin, until), plan):
            yield _question(plan, warehouse, named), window


def _recounted(offers: Sequence[Offer]) -> dict[str, datetime]:
    """Since when each scope is counted again."""
    since: dict[str, datetime] = {}
    for offer in offers:
        if begin := _task(offer).recount_since:
            since[offer.scope] = min(begin, since.get(offer.scope, begin))
    return since


def _bounded(window: Window, plan: Plan) -> Iterator[Window]:
    """The window in parts, each short enough for one query."""
    most = timedelta(days=plan.queried.part.days_per_query) or window.length
    start = window.start
    while start < window.end:
        yield Window(start, min(window.end, start + most))
        start += most


def _question(plan: Plan, warehouse: Warehouse, scopes: Sequence[str]) -> Question:
    dialect, query = warehouse.dialect, plan.queried.query

    def question(window: Window) -> str:
        sql = query.filled({"since": dialect.moment(window.start), "until": dialect.moment(window.end)})
        return dialect.among(sql, plan.queried.part.scope, scopes) if scopes else sql

    return question


# The results


@dataclass(frozen=True)
class _Came:
    """The days that have rows, and up to when the database is loaded according to them."""

    plan: Plan
    days: Sequence[Counted]
    by_month: Mapping[tuple[str, datetime], Mapping[datetime, Day]] = field(default_factory=dict)
    """By scope and first day of the month."""
    filled_from: datetime | None = None
    filled_until: datetime | None = None
    """The end of the last day that has rows; a day without rows before it is a zero."""
    last_came: datetime | None = None

    @classmethod
    def of(cls, plan: Plan, days: Sequence[Counted]) -> _Came:
        by_month: dict[tuple[str, datetime], dict[datetime, Day]] = defaultdict(dict)
        for one in days:
            by_month[one.scope, one.day.replace(day=1)][one.day] = one.looks
        found = [one.day for one in days]
        first = min([*found, *filter(None, [plan.first_row])], default=None)
        last = max([*found, *filter(None, [plan.last_row])], default=None)
        until = plan.reaches or (last + _DAY if last is not None else None)
        return cls(plan, days, by_month, first, until, max(found, default=None))

    def of_window(self, scope: str, window: Window) -> dict[str, Day]:
        """The days of a window, as its fingerprint lists them."""
        if window.length <= _DAY:
            looks = self.by_month.get((scope, window.start.replace(day=1)), {}).get(window.start)
            return {name_of(window.start): looks} if looks else {}
        months = periods_in(Grain.MONTH, window)
        found = [self.by_month.get((scope, month.start), {}) for month in months]
        return {name_of(day): looks for days in found for day, looks in days.items()}

    def has_any_in(self, window: Window) -> bool:
        return self.last_came is not None and window.start <= self.last_came


def _outcome(offer: Offer, came: _Came, position: int | None) -> Outcome:
    """The outcome of a window."""
    task, plan = _task(offer), came.plan
    until = _covered(offer.window, came)
    if task.recount_since is None:
        return _renewed(offer, task, came, until)
    looks = _looks(offer, task, came)
    if not looks.rows:
        if _is_lost(task, offer.window, came):
            return offer.failed(
                f"{plan.queried.part.query} has no rows for it or a later day, and {task.stored.rows if task.stored else 0:,}"
                " rows of it are stored; they stay. If they were removed for good, run `footfall collect --recheck` with "
                "`reaches` set."
            )
        if until is None:
            return _missing(offer, came)
    if task.looks and looks == task.looks and not offer.is_rechecked:
        return offer.unchanged(covered_until=until, fingerprint=str(looks))
    begin = _first_difference(task.looks, looks, offer.window) if not offer.is_rechecked else offer.window.start
    return offer.done(
        looks.rows,
        covered_until=until,
        fingerprint=str(looks),
        restates=Window(begin, offer.window.end),
        position=position,
    )


def _looks(offer: Offer, task: Task, came: _Came) -> Looks:
    """The current fingerprint of the window: days that were not read again keep theirs."""
    since = task.recount_since or offer.window.start
    kept = task.looks.before(since) if task.looks and since > offer.window.start else {}
    fresh = Looks("", came.of_window(offer.scope, offer.window)).since(since)
    return Looks(came.plan.definition, {**kept, **fresh})


def _first_difference(old: Looks | None, new: Looks, window: Window) -> datetime:
    """The first day whose stored rows must change."""
    if old is None or window.length <= _DAY:
        return window.start
    names = [name for name in {**old.days, **new.days} if old.days.get(name) != new.days.get(name)]
    first = min(names, default=name_of(window.start))
    return window.start.replace(month=int(first[:2]), day=int(first[2:]))


def _is_lost(task: Task, window: Window, came: _Came) -> bool:
    """Whether stored rows are gone upstream, with nothing later to show that upstream is loaded at all."""
    if task.stored is None or not task.stored.rows or (came.plan.reaches and came.plan.reaches >= window.end):
        return False
    return not came.days if came.plan.queried.part.scope else not came.has_any_in(window)


def _covered(window: Window, came: _Came) -> datetime | None:
    """Up to when a window is stated; None if the database is not loaded that far, or starts later."""
    if came.filled_until is None or came.filled_from is None:
        return None
    if window.end <= came.filled_from or window.start >= came.filled_until:
        return None
    until = min(window.end, came.plan.vouched_until)
    if came.plan.queried.part.scope or came.plan.reaches:
        until = min(until, came.filled_until)
    return max(until, window.start)


def _renewed(offer: Offer, task: Task, came: _Came, until: datetime | None) -> Outcome:
    """Nothing changed in the scope: it stays as it is, and is covered up to where the database is loaded."""
    if task.looks is not None:
        return offer.unchanged(covered_until=until, fingerprint=str(task.looks))
    if until is None:
        return _missing(offer, came)
    return offer.done(0, covered_until=until, fingerprint=str(Looks(came.plan.definition)))


def _missing(offer: Offer, came: _Came) -> Outcome:
    looks = str(Looks(came.plan.definition))
    first, until = came.filled_from, came.filled_until
    if first is not None and offer.window.end <= first:
        return offer.missing(f"the database has nothing before {short(first)}", fingerprint=looks)
    if until is not None:
        return offer.missing(f"the database is filled until {short(until)}", fingerprint=looks)
    return offer.missing("the database has no rows", fingerprint=looks)
