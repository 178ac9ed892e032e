"""The promises of a source, each tried on an upstream of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from footfall.collect import SourceSummary, collect
from footfall.errors import UnknownNameError
from footfall.lake import Lake
from footfall.ledger import LEDGER, Entry
from footfall.sources import Context, Source
from footfall.tables import Role, Rows, Table
from footfall.testing.contents import Contents, contents_of
from footfall.testing.upstream import Upstream

MANY = 300
"""Scopes that a source must be able to collect at once."""

MOST_COMMITS = 3
"""Commits to one table in one run of many scopes."""


class BrokenPromisesError(AssertionError):
    """A source broke promises: one sentence each, in `promises`."""

    def __init__(self, source: str, promises: Sequence[str]) -> None:
        self.promises = tuple(promises)
        super().__init__("\n".join(f"{source}: {promise}" for promise in promises))


@dataclass(frozen=True)
class Checked:
    """The names of the promises that were kept, and of those that the upstream cannot test."""

    kept: tuple[str, ...]
    skipped: tuple[str, ...]


class _BrokenError(Exception):
    """One promise is broken; the text says what the source did."""


class _KilledError(BaseException):
    """Simulates a killed process."""


def check_source(
    kind: type[Any], upstream: Callable[[Path], Upstream], folder: Path, *, only: Collection[str] = (), step: int = 1
) -> Checked:
    """Test every promise of a source, each with its own upstream and lake.

    Args:
        kind: The source's class.
        upstream: Makes an upstream in an empty folder; usually a class derived from `Upstream`.
        folder: An empty folder, such as pytest's `tmp_path`.
        only: Names of promises, of `PROMISES`; default: all of them.
        step: Kill runs right before and right after every commit (1), or every second one (2): each state of the lake
            is met then once instead of twice, and a source of many tables is checked faster.

    Raises BrokenPromisesError, which names everything that was broken.

    A kill is an exception that ends the run right before or right after a commit, whose place takes another source and
    another lake in the same process: nothing but files outlives it.
    """
    kept, skipped, broken = [], [], []
    if step < 1:
        raise ValueError(f"step is 1 or more, not {step}.")
    if unknown := set(only) - PROMISES.keys():
        raise UnknownNameError("promise", min(unknown), PROMISES)
    chosen = {name: promise for name, promise in PROMISES.items() if not only or name in only}
    for n, (name, promise) in enumerate(chosen.items()):
        place = folder / f"{n}"
        place.mkdir(parents=True)
        try:
            promise(_Trial.begun(kind, upstream, place, step))
            kept.append(name)
        except NotImplementedError:
            skipped.append(name)
        except _BrokenError as error:
            broken.append(f"{name}: {error}.")
    if broken:
        raise BrokenPromisesError(kind.name, broken)
    return Checked(tuple(kept), tuple(skipped))


class _MortalLake(Lake):
    """A lake whose process dies at a commit; counts them by table."""

    dies_at = 0
    is_late = False
    """Whether it dies after the commit rather than before it."""
    most = 1_000_000
    """Commits to one table, of which one more ends the run."""

    def __init__(self, root: Path, now: Callable[[], datetime]) -> None:
        super().__init__(root, now)
        self.commits: list[str] = []

    def commit(self, table: Table, rows: Rows | Sequence[Any] | None, **more: Any) -> int:
        self.commits.append(table.name)
        is_last = len(self.commits) == self.dies_at
        if table.name != LEDGER.name and self.commits.count(table.name) > self.most:
            raise _KilledError
        if is_last and not self.is_late:
            raise _KilledError
        version = super().commit(table, rows, **more)
        if is_last:
            raise _KilledError
        return version


@dataclass
class _Trial:
    """A source, its upstream, and lakes to collect it into."""

    kind: type[Any]
    upstream: Upstream
    folder: Path
    step: int = 1
    """Between the commits at which a run is killed."""
    runs: int = 0
    known: set[str] = field(default_factory=set)

    @classmethod
    def begun(cls, kind: type[Any], upstream: Callable[[Path], Upstream], folder: Path, step: int) -> _Trial:
        (folder / "upstream").mkdir()
        there = upstream(folder / "upstream")
        there.begin()
        return cls(kind, there, folder, step)

    def source(self, lake: str) -> Source:
        scratch = self.folder / f"{lake}-scratch"
        context = Context(self.folder, scratch, lambda: self.upstream.now, self.upstream.client, self.kind.name)
        source: Source = self.kind(self.kind.Settings.model_validate(self.upstream.settings()), context)
        return source

    def lake(self, name: str = "lake") -> _MortalLake:
        return _MortalLake(self.folder / name, lambda: self.upstream.now)

    def collect(self, name: str = "lake", lake: Lake | None = None) -> SourceSummary:
        """One run, as a process of its own would do it, a second after the one before."""
        self.upstream.now += timedelta(seconds=1)
        lake = lake or self.lake(name)
        (summary,) = collect(lake, {self.kind.name: self.source(name)}, now=lambda: self.upstream.now).sources
        return summary

    def succeed(self, name: str = "lake") -> SourceSummary:
        """A run of which nothing should fail."""
        summary = self.collect(name)
        if summary.error:
            raise _BrokenError(f"with nothing wrong upstream it ended with an error: {summary.error.rstrip('.')}")
        if summary.failed:
            failed = next(note for note in summary.notes if note.status == "failed")
            raise _BrokenError(f"with nothing wrong upstream the window {failed.window} failed: {failed.reason}")
        return summary

    def contents(self, name: str = "lake") -> Contents:
        return contents_of(self.lake(name), self.source(name))

    def at_once(self) -> Contents:
        """What a lake holds that is collected from the beginning now."""
        self.runs += 1
        name = f"other-{self.runs}"
        self.succeed(name)
        return self.contents(name)

    def entries(self, name: str = "lake") -> list[Entry]:
        return list(self.lake(name).known(self.kind.name))

    def versions(self) -> dict[str, int]:
        source = self.source("lake")
        pinned = self.lake().snapshot(source.tables).tables
        return {table.name: pinned[table.name].version for table in source.tables if table.name in pinned}

    def collected(self) -> Contents:
        """What a first run brings, which must be something."""
        self.succeed()
        found = self.contents()
        if found.is_empty:
            raise _BrokenError("the first run brought no row, though upstream has something")
        return found


def _is_idempotent(trial: _Trial) -> None:
    before, versions = trial.collected(), trial.versions()
    trial.succeed()
    if difference := trial.contents().difference(before):
        raise _BrokenError(f"a second run changed what was stored: {difference}")
    if changed := [name for name, version in trial.versions().items() if version != versions.get(name)]:
        raise _BrokenError(f"a second run with nothing new wrote to {', '.join(changed)} again")


def _answers_for_every_window(trial: _Trial) -> None:
    found = trial.collected()
    successes = [entry for entry in trial.entries() if entry.is_success]
    for table in trial.source("lake").tables:
        names = [c.name for c in table.columns if c.role is not Role.MEASURE and c.name != "observed_at"]
        for key in found.tables[table.name]:
            row = dict(zip(names, key, strict=True))
            scope = row[table.rule.scope] if table.rule.scope else None
            spans = (e.covered for e in successes if e.table == table.name and scope in (None, e.scope))
            if not any(row[table.time] in span for span in spans):
                raise _BrokenError(
                    f"{table.name} holds a row of {row[table.time]:%Y-%m-%d %H:%M}, a time that no outcome says was collected"
                )


def _survives_kills(trial: _Trial) -> None:
    trial.collected()
    right = trial.at_once()
    for is_late in (False, True):
        died, at = True, 1 - trial.step
        while died:
            at += trial.step
            name = f"killed-{at}-{'after' if is_late else 'before'}"
            died = _killed(trial, name, at, is_late)
            trial.succeed(name)
            if difference := trial.contents(name).difference(right):
                when = "after" if is_late else "before"
                raise _BrokenError(f"killed {when} its commit number {at} and run again: {difference}")


def _killed(trial: _Trial, name: str, at: int, is_late: bool) -> bool:
    """Run until the commit `at`; False when there are not so many."""
    lake = trial.lake(name)
    lake.dies_at, lake.is_late = at, is_late
    try:
        trial.collect(name, lake)
    except _KilledError:
        return True
    return False


def _replaces_what_is_restated(trial: _Trial) -> None:
    before = trial.collected()
    trial.upstream.restate()
    trial.succeed()
    right = before.updated(trial.at_once())
    if difference := trial.contents().difference(right):
        raise _BrokenError(f"after a window was restated: {difference}")
    if not before.difference(right):
        raise _BrokenError("`restate` of the upstream changed nothing that the source reads")


def _believes_no_restatement_that_was_killed(trial: _Trial) -> None:
    before = trial.collected()
    for at in range(1, 10, trial.step):
        trial.upstream.restate()
        died = _killed(trial, "lake", at, is_late=True)
        trial.upstream.take_back()
        trial.succeed()
        if difference := trial.contents().difference(before):
            raise _BrokenError(
                f"a window was restated, the run killed after its commit number {at}, and the window taken back: {difference}"
            )
        if not died:
            return


def _erases_nothing_when_upstream_fails(trial: _Trial) -> None:
    _erases_nothing(trial, trial.upstream.fail, "failed", is_told=True)


def _erases_nothing_when_upstream_is_empty(trial: _Trial) -> None:
    _erases_nothing(trial, trial.upstream.be_empty, "answered with nothing", is_told=False)


def _erases_nothing(trial: _Trial, happen: Callable[[], None], what: str, is_told: bool) -> None:
    before = trial.collected()
    happen()
    summary = trial.collect()
    if summary.unexpected:
        raise _BrokenError(
            f"when upstream {what} it raised {summary.unexpected}, where a SourceError or a failed outcome is right"
        )
    if difference := trial.contents().difference(before):
        raise _BrokenError(f"when upstream {what}: {difference}")
    if is_told and not summary.error and not summary.failed:
        raise _BrokenError(f"when upstream {what}, neither an error nor a failed outcome said so")
    trial.upstream.recover()
    trial.succeed()
    if difference := trial.contents().difference(before):
        raise _BrokenError(f"after upstream {what} and recovered: {difference}")


def _reads_the_clock(trial: _Trial) -> None:
    """At any hour, and around the ends of days, months and years."""
    start = trial.upstream.now
    hours = [start + timedelta(hours=hour, minutes=30) for hour in range(0, 24, 3)]
    day = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for moment in sorted({*hours, day - timedelta(seconds=30), day, day + timedelta(seconds=30)}):
        trial.upstream.move(moment)
        trial.succeed()
        for entry in trial.entries():
            # A window that is over is covered to its end, and a history without an end to the moment it was read.
            if entry.is_success and entry.covered.end > trial.upstream.now and entry.window.start <= trial.upstream.now:
                raise _BrokenError(
                    f"at {moment:%Y-%m-%d %H:%M} it claims that {entry.window} was collected until "
                    f"{entry.covered.end:%Y-%m-%d %H:%M}, which was still to come"
                )
    if difference := trial.contents().difference(trial.contents().updated(trial.at_once())):
        raise _BrokenError(f"run at many hours of a day: {difference}")


def _collects_many_scopes(trial: _Trial) -> None:
    trial.upstream.add_scopes(MANY)
    lake = trial.lake()
    lake.most = MOST_COMMITS
    try:
        summary = trial.collect(lake=lake)
    except _KilledError:
        table = lake.commits[-1]
        raise _BrokenError(
            f"{MANY} scopes took more than {MOST_COMMITS} commits to {table}; rows in memory are committed together"
        ) from None
    if summary.error or summary.failed:
        raise _BrokenError(f"of {MANY} scopes {summary.failed} windows failed: {summary.error.rstrip('.')}")
    scopes = {entry.scope for entry in trial.entries() if entry.is_success}
    if len(scopes) < MANY:
        raise _BrokenError(f"of {MANY} scopes it collected {len(scopes)}")
    trial.succeed()


def _catches_up(trial: _Trial) -> None:
    trial.collected()
    trial.upstream.move(trial.upstream.now + timedelta(days=14))
    trial.succeed()
    found = trial.contents()
    if difference := found.difference(found.updated(trial.at_once())):
        raise _BrokenError(f"after two weeks without a run: {difference}")


PROMISES: dict[str, Callable[[_Trial], None]] = {
    "a second run changes nothing": _is_idempotent,
    "rows lie in what is said to be collected": _answers_for_every_window,
    "a killed run is completed by the next": _survives_kills,
    "a restated window is replaced": _replaces_what_is_restated,
    "a restatement that was killed and taken back is not trusted": _believes_no_restatement_that_was_killed,
    "a failure erases nothing": _erases_nothing_when_upstream_fails,
    "an empty answer erases nothing": _erases_nothing_when_upstream_is_empty,
    "runs work at any hour": _reads_the_clock,
    f"{MANY} scopes are collected together": _collects_many_scopes,
    "two weeks without a run are caught up": _catches_up,
}
