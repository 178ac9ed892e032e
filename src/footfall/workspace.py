"""A workspace: settings, lake, engine and sources, opened together. The Python interface of Footfall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.activity.marks import Marks
from footfall.annotations import Annotation, Happened, sort_annotations
from footfall.communities.questions import CommunityQuestions
from footfall.errors import SettingsError, UnknownNameError, UnknownValueError
from footfall.metrics import Metric, Subject
from footfall.once import once
from footfall.options import names_of
from footfall.periods import Moment, utc_now
from footfall.projects.questions import ProjectQuestions
from footfall.retention.asking import ActivityQuestions
from footfall.settings import Settings, read_settings
from footfall.sources import Context, Source, open_sources
from footfall.sources.opening import check_known
from footfall.tables import Table
from footfall.upkeep.asking import Upkeep
from footfall.upkeep.collecting import Collecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from footfall.activity import Activity
    from footfall.activity.collected import CollectedEvent
    from footfall.collect import SourceStatus
    from footfall.engine import Engine
    from footfall.http import Client
    from footfall.lake import Lake, Snapshot
    from footfall.metrics import ActorCounts
    from footfall.result import Result
    from footfall.sources.happened import Happenings


class Workspace(Marks, Collecting, ActivityQuestions, ProjectQuestions, CommunityQuestions, Upkeep):
    """An open workspace. Cheap to create: lake and engine are opened when they are first needed.

    Args:
        settings: What footfall.toml and the environment say; `footfall.open` reads them.
        now: A clock, for tests.

    Example:
        >>> with footfall.open(folder) as opened:
        ...     opened.events()
        ['active', 'commit_author', 'signed_up']
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close store, engine and connections; the next use opens them again.

        Example:
            >>> ff.close()
        """
        with ExitStack() as closing:
            for name in ("activity", "engine", "client"):
                if (opened := self.__dict__.pop(name, None)) is not None:
                    closing.callback(opened.close)

    @once
    def lake(self) -> Lake:
        from footfall.lake import Lake

        settings = self.settings
        copies = settings.scratch / "lakes"
        return Lake.open(settings.lake_address, now=self.now, options=settings.lake.access, copies=copies)

    @once
    def engine(self) -> Engine:
        from footfall.engine import connect

        settings = self.settings
        return connect(settings.engine.opened, lake=settings.lake_address, lake_there=settings.engine.lake)

    @once
    def client(self) -> Client:
        from footfall.http import Client

        return Client()

    @once
    def sources(self) -> dict[str, Source]:
        opened = open_sources(self.settings.sources, self._context)
        if self.settings.activity.lake:
            from footfall.activity.facts import with_facts

            opened = with_facts(opened, lambda: self.activity)
        check_known(self.settings.notes, opened, "[notes]")
        return opened

    @property
    def _context(self) -> Context:
        folder = self.settings.folder
        return Context(folder, self.settings.scratch, self.now, lambda: self.client)

    def _source_alone(self, name: str) -> Source:
        if name not in self.settings.sources:
            return self.sources[name]  # activity, which has no settings of a source
        return open_sources({name: self.settings.sources[name]}, self._context)[name]

    @once
    def activity(self) -> Activity:
        """Activity: marks, and the sets of actors. Sources and lake are opened only for collected events."""
        from footfall.activity import Activity, Naming
        from footfall.stores.opening import open_store

        chosen = self.settings.activity
        store = open_store(chosen.store, self.settings.folder, self.now)
        naming = Naming(chosen.hash_key.reveal().encode() if chosen.hash_key else None)

        def load_collected() -> dict[str, CollectedEvent]:
            from footfall.activity.collected import collected_events
            from footfall.sources.happened import happened_to

            def read_happened(table: Table) -> Happened:
                return happened_to([table], self._happened, self.sources)

            return collected_events(self.tables.values(), lambda: self.lake, store, naming, read_happened)

        activity = Activity(store, self.now, naming, chosen.hourly, chosen.population, load_collected)
        if chosen.lake:
            from footfall.upkeep.facts import FactsInLake

            activity.facts = FactsInLake(lambda: self.activity, lambda: self.lake, lambda: self.engine, self.now)
        return activity

    @property
    def tables(self) -> dict[str, Table]:
        return {table.name: table for source in self.sources.values() for table in source.tables}

    @property
    def event_metrics(self) -> dict[str, Metric]:
        """The distinct actors of each event, as metrics.

        Where another metric has the name of an event, the event's is called `event:NAME`.
        """
        from footfall.activity.metrics import event_metrics

        return event_metrics(self.activity, self.metrics)

    @property
    def metrics(self) -> dict[str, Metric]:
        """The metrics of the sources, by name; see `event_metrics` for the actors of events."""
        return {metric.name: metric for source in self.sources.values() for metric in source.metrics}

    def snapshot(self, as_of: datetime | None = None, tables: Iterable[Table] | None = None) -> Snapshot:
        """One version of every table, for repeatable reads.

        Args:
            as_of: As it was at that moment; now by default.
            tables: Only these.

        Raises:
            LakeError: When the lake cannot be read.

        Example:
            >>> "commits" in ff.snapshot().tables
            True
        """
        return self.lake.snapshot(list(self.tables.values() if tables is None else tables), as_of)

    def query(
        self,
        metric: str | Sequence[str],
        *metrics: str,
        grain: str = "day",
        since: Moment | None = None,
        until: Moment | None = None,
        last: int | None = None,
        by: Sequence[str] = (),
        where: Sequence[str] | Mapping[str, Any] = (),
        project: str | None = None,
        top: int | None = None,
        rolling: int | None = None,
        min_coverage: float | None = None,
        cumulative: bool = False,
        compare: str | None = None,
        as_of: Moment | None = None,
        policies: Mapping[str, str] | None = None,
    ) -> Result:
        """Query one metric, or several side by side.

        Args:
            metric: The name of a metric; `ff.metrics` lists them.
            metrics: More of them, which share window, grain and dimensions.
            grain: The length of a period: "hour", "day", "week" (ISO), "month", "year" or "total", in UTC.
            since: From here on: "2026", "2026-11", "2026-W48", "2026-11-23", an instant, "yesterday"; or a date.
            until: Up to here, exclusive.
            last: The number of periods instead, with the current one.
            by: Dimensions to split by.
            where: Filters that all hold: `repo=a,b`, `repo!=a`, `repo=a/*`, or a mapping `{"repo": ["a", "b"]}`.
            project: Only the part of this project of footfall.toml.
            top: The number of largest groups, with all others in one row; at most 1,000.
            rolling: The number of periods of a rolling mean.
            min_coverage: The minimum collected share of a mean's time, above 0 to 1.
            cumulative: A running total.
            compare: "previous" (the window of equal length right before) or "year" (a year before).
            as_of: As it was known at that moment.
            policies: A choice for each policy of the metric, such as {"merges": "with"}.

        Raises:
            UnknownNameError: For a metric, dimension, grain, value or policy that does not exist.
            QueryError: For a query that cannot be parsed or has no correct answer.

        Example:
            >>> ff.query("commits", grain="month", since="2026-01", until="2026-03").to_csv().splitlines()[1]
            '2026-01-01,2,1,complete'
        """
        from footfall.measuring import answer
        from footfall.projects.names import of_silence
        from footfall.query import Query
        from footfall.sources.happened import happened_to

        now = self.now()
        names = (*names_of("metric", metric), *names_of("metric", metrics))
        known = {name: found for each in names or ("",) for name, found in self._metrics_for(each).items()}
        if not_set_up := next((name for name in names if name not in known), ""):
            self._refuse(not_set_up, known)
        query = Query.parse(
            names,
            metrics=known,
            tables=self.tables,
            now=now,
            grain=grain,
            since=since,
            until=until,
            last=last,
            by=by,
            where=where,
            top=top,
            rolling=rolling,
            min_coverage=min_coverage,
            cumulative=cumulative,
            compare=compare,
            as_of=as_of,
            policies=policies or {},
            project=project,
            part_of=self.filter_of_project,
        )
        subjects = [
            Subject.of(known[name], self.tables, lambda event: self._counts_of(event, now)).naming(
                query.chosen_dimensions
            )
            for name in query.metrics
        ]
        behind = {subject.metric.name: self._tables_behind(subject) for subject in subjects}
        happened = {
            name: replace(happened_to(tables, self._happened, self.sources), remarks=tuple(self._notes_on(tables)))
            for name, tables in behind.items()
        }
        tables = list(dict.fromkeys(table for each in behind.values() for table in each))
        try:
            return answer(query, subjects, self.snapshot(query.as_of, tables), self.engine, now, happened=happened)
        except UnknownValueError as error:
            raise of_silence(error, query.project, query.where) from None

    def _refuse(self, metric: str, known: Mapping[str, Metric]) -> None:
        """Raises UnknownNameError for a metric that is not among `known`; it names a source that would measure it."""
        from footfall.sources.opening import kinds_with

        kinds = {str(part.get("kind", name)) for name, part in self.settings.sources.items()}
        off = kinds_with(metric, kinds)
        hint = (
            f"The source {off[0]} provides it and is not enabled: add [sources.{off[0]}] to footfall.toml."
            if off
            else ""
        )
        raise UnknownNameError("metric", metric, known, hint)

    def _counts_of(self, event: str, now: datetime) -> ActorCounts:
        from footfall.activity.counts import EventCounts

        if (facts := self.activity.facts) is None:
            return EventCounts(self.activity, event, now)
        from footfall.retention.engine_counting import EngineEventCounts

        return EngineEventCounts(self.activity, event, now, lambda: facts.counting([event]))

    def _tables_behind(self, subject: Subject) -> tuple[Table, ...]:
        """The tables that the numbers come from; of an event the one that reports it, where one does."""
        if subject.actors is None:
            return subject.tables
        return () if subject.actors.table is None else (self.tables[subject.actors.table],)

    def _metrics_for(self, name: str) -> dict[str, Metric]:
        """The metrics of the sources, and, if `name` is not one of them, the metric of that event, or all to choose from."""
        if name in (measured := self.metrics):
            return measured
        from footfall.activity.metrics import metric_named

        event = metric_named(self.activity, name)
        return {**measured, **(self.event_metrics if event is None else {name: event})}

    @once
    def _happenings(self) -> Happenings:
        from footfall.sources.happened import Happenings

        return Happenings(self.settings, self.sources, lambda: self.lake)

    @property
    def _happened(self) -> Happened:
        return self._happenings.known()

    def annotations(self, since: Moment | None = None, until: Moment | None = None) -> tuple[Annotation, ...]:
        """Annotations in [since, until) from the sources and footfall.toml, oldest first.

        Args:
            since: The first moment asked for; everything by default.
            until: The first moment no longer asked for.

        Raises:
            QueryError: For a moment that cannot be read.

        Example:
            >>> [each.text for each in ff.annotations(since="2026")]
            ['1.0']
        """
        window = self._window(since, until)
        return sort_annotations(a for a in self._happened.annotations if a.is_within(window))

    def _notes_on(self, tables: Iterable[Table]) -> list[str]:
        """Notes from the settings on the sources of `tables`."""
        asked = list(tables)
        if not asked:  # events that are marked by an application need no source
            return []
        return [
            self.settings.notes[name]
            for name, source in self.sources.items()
            if name in self.settings.notes and any(table in source.tables for table in asked)
        ]

    def notes_on_events(self, *events: str) -> tuple[str, ...]:
        found = [self.activity.owners.table_of(event) for event in events]
        return tuple(self._notes_on(event.table for event in found if event))

    def status(self) -> list[SourceStatus]:
        """The state of every source: freshness, gaps, failures and their reasons.

        Example:
            >>> [state.source for state in ff.status()]
            ['git']
        """
        from footfall.collect import status

        named = [table for table in self.tables.values() if table.scope_names]
        return status(self.sources, self.snapshot(tables=named), self.now())


def open(where: str | Path | Settings | None = None, *, now: Callable[[], datetime] = utc_now) -> Workspace:
    """The workspace of a folder.

    Args:
        where: A folder with a footfall.toml, such a file, or settings; default: the current folder.
        now: A clock, for tests.

    Raises:
        SettingsError: When the settings cannot be used; the sentence says which and why.

    Example:
        >>> sorted(footfall.open(folder).metrics)[:2]
        ['authors', 'commits']
    """
    if where is not None and not isinstance(where, str | Path | Settings):
        raise SettingsError(f"{where!r} is not a folder; give the path of one that holds a footfall.toml.")
    return Workspace(where if isinstance(where, Settings) else read_settings(where), now)
