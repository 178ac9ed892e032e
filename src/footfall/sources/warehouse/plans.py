"""The plan of a run for a table: which windows are offered, and since when each scope is counted again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from footfall.errors import BrokenDataError, FootfallError
from footfall.ledger import Entry, Known, Status
from footfall.periods import EPOCH, Grain, Period, Window, floor, from_micros, micros_of
from footfall.sources import Offer
from footfall.sources.warehouse.looks import Looks
from footfall.sources.warehouse.tables import Queried
from footfall.tables import Column, Role
from footfall.warehouses.casting import cast

if TYPE_CHECKING:
    from footfall.warehouses.asking import Warehouse

Open = Callable[[], "Warehouse"]
"""The connection, opened when it is first needed."""


@dataclass
class Plan:
    """One table within one run."""

    queried: Queried
    asked_at: datetime
    definition: str
    first_row: datetime | None = None
    """The first and the last day of the stored rows."""
    last_row: datetime | None = None
    reaches: datetime | None = None
    """Up to when the database says that it is loaded."""
    position: int | None = None
    """Up to where arrivals have been scanned once every change is stored."""
    changed: set[tuple[str, Window]] = field(default_factory=set)
    """The windows that changed."""
    fault: str = ""
    """Why the query for changes failed."""

    @property
    def vouched_until(self) -> datetime:
        """The final part of the time is not final yet."""
        return self.asked_at - self.queried.part.lag


@dataclass(frozen=True)
class Task:
    """The work for one offer."""

    plan: Plan
    stored: Entry | None
    recount_since: datetime | None
    """Since when its rows are read; None: nothing changed, and only the coverage advances."""

    @property
    def looks(self) -> Looks | None:
        """The stored days, if they have the same definition and are not in doubt."""
        found = Looks.of(self.stored)
        return found if found and found.definition == self.plan.definition else None


def plan_of(queried: Queried, known: Known, now: datetime, open_it: Open) -> tuple[Plan, Sequence[Offer]]:
    """The plan of a table, and its offers."""
    plan = Plan(queried, now, queried.definition)
    plan.first_row, plan.last_row = _stored_rows(known.of_table(queried.table.name))
    scopes = sorted({scope for table, scope in known.scopes if table == queried.table.name})
    try:
        changes = _changes(plan, known, scopes, open_it)
        plan.reaches = _reached(queried, open_it)
    except FootfallError as error:
        plan.fault, changes = str(error), {}
    make = _scoped if queried.part.scope else _unscoped
    return plan, list(make(plan, known, changes, scopes))


def _stored_rows(entries: Sequence[Entry]) -> tuple[datetime | None, datetime | None]:
    """The first day with rows that is stored, and the last."""
    filled = [entry for entry in entries if entry.is_success and entry.rows]
    if not filled:
        return None, None
    first, last = (choose(entry.window.start for entry in filled) for choose in (min, max))
    days = [
        entry.window.start.replace(month=int(name[:2]), day=int(name[2:]))
        for entry in filled
        if entry.window.start in (first, last)
        for name in (Looks.of(entry) or Looks("")).days
    ]
    return min([*days, last]), max([*days, first])


def _changes(plan: Plan, known: Known, scopes: Sequence[str], open_it: Open) -> Mapping[str, datetime]:
    """Since which day each scope changed after the last run; without scopes under the empty name.

    Arrivals are scanned from the last position, inclusive, and some time before it: a transaction may be
    committed later than its own clock says, and a date column has no hours.
    """
    queried, part = plan.queried, plan.queried.part
    if queried.changes is None:
        return {}
    positions = [known.cursor(queried.table.name, scope) for scope in (scopes if part.scope else [""])]
    cursor = max((at for at in positions if at is not None), default=None)
    until = plan.vouched_until
    plan.position = micros_of(until)
    if cursor is None and not part.scope:
        return {}
    since = EPOCH if cursor is None else floor(Grain.DAY, from_micros(cursor) - part.overlap)
    warehouse = open_it()
    moment = warehouse.dialect.moment
    sql = queried.changes.filled({"since": moment(since), "until": moment(max(since, until))})
    columns = [Column(queried.table.time, "timestamp", Role.ATTRIBUTE, "")]
    if part.scope:
        columns.append(Column(part.scope, "string", Role.DIMENSION, ""))
    found: dict[str, datetime] = {}
    for row in cast(warehouse.ask(sql), columns, part.changes).to_pylist():
        scope, at = row.get(part.scope, ""), row[queried.table.time]
        if at is None and not part.scope:
            continue  # the minimum of no rows
        if at is None or scope is None:
            raise BrokenDataError(f"{part.changes} gives a row without {queried.table.time} or {part.scope}.")
        day = floor(Grain.DAY, at)
        found[scope] = min(day, found.get(scope, day))
    return found


def _reached(queried: Queried, open_it: Open) -> datetime | None:
    """Up to when the database says that it is loaded."""
    if queried.reaches is None:
        return None
    answer = open_it().ask(queried.reaches.text)
    if answer.num_rows != 1 or answer.num_columns != 1:
        raise BrokenDataError(f"{queried.part.reaches} gives {answer.num_rows} rows; it must give one moment.")
    column = Column("reaches", "timestamp", Role.ATTRIBUTE, "")
    (row,) = cast(answer.rename_columns(["reaches"]), [column], queried.part.reaches).to_pylist()
    return row["reaches"] if row["reaches"] is None else row["reaches"].astimezone(UTC)


# Offers


def _windows(plan: Plan) -> Iterator[Window]:
    """The windows of a table, from its first day until now."""
    grain, first = plan.queried.window_grain, plan.queried.part.first_day
    period = Period.containing(grain, datetime(first.year, first.month, first.day, tzinfo=UTC))
    while period.start < plan.asked_at:
        yield period.window
        period = period.shift(1)


def _unscoped(plan: Plan, known: Known, changes: Mapping[str, datetime], scopes: Sequence[str]) -> Iterator[Offer]:
    name, since = plan.queried.table.name, changes.get("")
    for window in _windows(plan):
        stored, last = known.stored(name, "", window), known.latest(name, "", window)
        offer = _offer(plan, window, "", Task(plan, stored, window.start))
        if since is not None and window.end > since:
            plan.changed.add(("", window))
        elif known.is_rechecked(window):
            pass
        elif _is_final(plan, last, stored) and stored:
            offer = _with(offer, fingerprint=stored.fingerprint)
        elif _is_before_all(plan, last, window) and last:
            offer = _with(offer, absent=last.reason)
        yield offer


def _scoped(plan: Plan, known: Known, changes: Mapping[str, datetime], scopes: Sequence[str]) -> Iterator[Offer]:
    """Final windows without changes are not offered: they stay as they are."""
    name = plan.queried.table.name
    windows = list(_windows(plan))
    for scope in sorted({*scopes, *changes}):
        since, is_new = changes.get(scope), scope not in scopes
        for window in windows:
            stored, last = known.stored(name, scope, window), known.latest(name, scope, window)
            task = Task(plan, stored, None)
            is_changed = since is not None and window.end > since
            if is_changed:
                plan.changed.add((scope, window))
            if is_new or is_changed or known.is_rechecked(window) or _is_doubtful(task, last, window, plan):
                begin = (
                    since if is_changed and since and task.looks and not known.is_rechecked(window) else window.start
                )
                yield _offer(plan, window, scope, Task(plan, stored, max(begin, window.start)))
            elif not _is_final(plan, last, stored) and not _is_before_all(plan, last, window):
                yield _offer(plan, window, scope, task)


def _is_doubtful(task: Task, last: Entry | None, window: Window, plan: Plan) -> bool:
    """Whether what is stored cannot be relied on: it failed, has another definition, or was never collected."""
    if last is None:
        return plan.last_row is None or window.end <= plan.last_row
    if last.status is Status.MISSING:
        return not last.fingerprint.startswith(f"{plan.definition};")
    return not last.is_success or task.looks is None


def _offer(plan: Plan, window: Window, scope: str, task: Task) -> Offer:
    settles_at = window.end + max(plan.queried.part.settles_after, timedelta(0))
    return Offer(plan.queried.table.name, window, scope, settles_at=settles_at, detail=task)


def _with(offer: Offer, *, fingerprint: str = "", absent: str = "") -> Offer:
    return replace(offer, fingerprint=fingerprint, absent=absent)


def _is_final(plan: Plan, last: Entry | None, stored: Entry | None) -> bool:
    """Whether a window was read to its end, after it could change."""
    if last is None or stored is None or not last.is_success or stored.status is not Status.COMPLETE:
        return False
    looks = Looks.of(stored)
    return looks is not None and looks.definition == plan.definition and stored.covered_until >= stored.window.end


def _is_before_all(plan: Plan, last: Entry | None, window: Window) -> bool:
    """Whether a window is known to end before the first row in the database."""
    if last is None or last.status is not Status.MISSING or plan.first_row is None:
        return False
    return window.end <= plan.first_row and last.fingerprint.startswith(f"{plan.definition};")
