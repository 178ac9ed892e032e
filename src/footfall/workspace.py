"""A workspace: settings, lake, engine and sources, opened together. The Python face of Footfall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from footfall.annotations import Annotation, Happened, sort_annotations
from footfall.errors import QueryError, SettingsError, UnknownNameError
from footfall.metrics import Metric, Subject
from footfall.periods import ALL_TIME, Window, parse_moment, utc_now
from footfall.retention.asking import ActivityQuestions
from footfall.settings import Settings, read_settings
from footfall.sources import Context, Source, open_sources
from footfall.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from footfall.activity import Activity
    from footfall.activity.collected import CollectedEvent
    from footfall.activity.events import Event
    from footfall.activity.files import FileMarks
    from footfall.collect import SourceStatus, Summary, Watcher
    from footfall.engine import Engine
    from footfall.http import Client
    from footfall.lake import Lake, Maintained, Snapshot
    from footfall.result import Result

SCRATCH = ".footfall"
"""The workspace's folder for downloads and clones; safe to delete."""

Moment = str | date | datetime | None


class Workspace(ActivityQuestions):
    """One workspace, open. Cheap to make: lake and engine are opened when they are first needed.

    `with footfall.open() as ff:` closes it at the end.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of store, engine and connections; the next use opens them again."""
        with ExitStack() as closing:
            for name in ("activity", "engine", "client"):
                if (opened := self.__dict__.pop(name, None)) is not None:
                    closing.callback(opened.close)

    @cached_property
    def lake(self) -> Lake:
        from footfall.lake import Lake

        return Lake.open(self.settings.lake_address, now=self.now)

    @cached_property
    def engine(self) -> Engine:
        from footfall.engine import connect

        return connect(self.settings.engine)

    @cached_property
    def client(self) -> Client:
        from footfall.http import Client

        return Client()

    @cached_property
    def sources(self) -> dict[str, Source]:
        folder = self.settings.folder
        context = Context(folder, folder / SCRATCH, self.now, lambda: self.client)
        return open_sources(self.settings.sources, context)

    @cached_property
    def activity(self) -> Activity:
        """Who did what when: marks, and the sets of actors. Sources and lake are opened only for events of theirs."""
        from footfall.activity import Activity, Naming
        from footfall.stores.opening import open_store

        chosen = self.settings.activity
        store = open_store(chosen.store, self.settings.folder, self.now)
        naming = Naming(chosen.hash_key.reveal().encode() if chosen.hash_key else None)

        def load_collected() -> dict[str, CollectedEvent]:
            from footfall.activity.collected import collected_events

            return collected_events(self.tables.values(), lambda: self.lake, store, naming)

        return Activity(store, self.now, naming, chosen.hourly, chosen.population, load_collected)

    @property
    def tables(self) -> dict[str, Table]:
        return {table.name: table for source in self.sources.values() for table in source.tables}

    @property
    def event_metrics(self) -> dict[str, Metric]:
        """The distinct actors of each event, as metrics; `event:NAME` where a metric has the name of the event."""
        from footfall.activity.metrics import event_metrics

        return event_metrics(self.activity, self.metrics)

    @property
    def metrics(self) -> dict[str, Metric]:
        """What the sources measure, by name; see `event_metrics` for the actors of events."""
        return {metric.name: metric for source in self.sources.values() for metric in source.metrics}

    def collect(
        self,
        *names: str,
        since: Moment = None,
        until: Moment = None,
        dry_run: bool = False,
        recheck: bool = False,
        watch: Watcher | None = None,
    ) -> Summary:
        """Collect the sources `names`, or all; only windows that touch [since, until) where these are given.

        `recheck` fetches everything in that span again, whatever it looks like; else only what is new or restated.
        """
        from footfall.collect import collect

        for name in names:
            if name not in self.sources:
                raise UnknownNameError("source", name, self.sources, "It must stand in footfall.toml.")
        if not self.sources:
            raise SettingsError("no source is set up; add one to footfall.toml, such as [sources.git].")
        chosen = {name: source for name, source in self.sources.items() if not names or name in names}
        window = self._window(since, until)
        return collect(
            self.lake,
            chosen,
            now=self.now,
            window=window,
            is_dry_run=dry_run,
            is_recheck=recheck,
            set_up=self.sources,
            watch=watch,
        )

    def _window(self, since: Moment, until: Moment) -> Window:
        start = ALL_TIME.start if since is None else parse_moment(since, self.now())
        end = ALL_TIME.end if until is None else parse_moment(until, self.now())
        if end <= start:
            raise QueryError(f"until ({end:%Y-%m-%d}) must come after since ({start:%Y-%m-%d}).")
        return Window(start, end)

    def snapshot(self, as_of: datetime | None = None, tables: Iterable[Table] | None = None) -> Snapshot:
        """One version of every table (or of `tables`), to read from as often as one likes."""
        return self.lake.snapshot(list(self.tables.values() if tables is None else tables), as_of)

    def query(
        self,
        metric: str,
        *,
        grain: str = "day",
        since: Moment = None,
        until: Moment = None,
        last: int | None = None,
        by: Sequence[str] = (),
        where: Sequence[str] | Mapping[str, Any] = (),
        top: int | None = None,
        rolling: int | None = None,
        min_coverage: float | None = None,
        cumulative: bool = False,
        compare: str | None = None,
        as_of: Moment = None,
        policies: Mapping[str, str] | None = None,
    ) -> Result:
        """The answer to one question; see `footfall.query.Query` for what each part means."""
        from footfall.activity.counts import EventCounts
        from footfall.measuring import answer
        from footfall.query import Query
        from footfall.sources.happened import happened_to

        now = self.now()
        metrics = self._metrics_for(metric)
        query = Query.parse(
            metric,
            metrics=metrics,
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
        )
        subject = Subject.of(metrics[query.metric], self.tables, lambda event: EventCounts(self.activity, event, now))
        tables = self._tables_behind(subject)
        happened = happened_to(tables, self._happened, self.sources)
        result = answer(query, subject, self.snapshot(query.as_of, tables), self.engine, now, happened=happened)
        return replace(result, notes=(*self._notes_on(tables), *result.notes))

    def _tables_behind(self, subject: Subject) -> tuple[Table, ...]:
        """The tables that the numbers come from; of an event the one that reports it, where one does."""
        if subject.actors is None:
            return subject.tables
        return () if subject.actors.table is None else (self.tables[subject.actors.table],)

    def _metrics_for(self, name: str) -> dict[str, Metric]:
        """The metrics of the sources, and where `name` is none of them that of the event it means, or all to choose from."""
        from footfall.activity.metrics import metric_named

        if name in (measured := self.metrics):
            return measured
        event = metric_named(self.activity, name)
        return {**measured, **(self.event_metrics if event is None else {name: event})}

    @cached_property
    def _happened(self) -> Happened:
        from footfall.sources.happened import gather

        return gather(self.settings, self.sources)

    def annotations(self, since: Moment = None, until: Moment = None) -> tuple[Annotation, ...]:
        """What happened in [since, until), by the sources and footfall.toml, oldest first.

        Parameters:
            since: The first moment asked for; everything by default.
            until: The first moment no longer asked for.

        Raises QueryError for a moment that cannot be read.

        Example:
            >>> ff.annotations(since="2026")  # doctest: +SKIP
            (Annotation(kind=<AnnotationKind.RELEASE: 'release'>, ...),)
        """
        window = self._window(since, until)
        return sort_annotations(a for a in self._happened.annotations if a.is_within(window))

    def _notes_on(self, tables: Iterable[Table]) -> list[str]:
        """What the settings remark on the sources of `tables`."""
        asked = list(tables)
        return [
            self.settings.notes[name]
            for name, source in self.sources.items()
            if name in self.settings.notes and any(table in source.tables for table in asked)
        ]

    def mark(
        self, event: str, actors: Any, at: Moment = None, *, hourly: bool | None = None, unique: bool = False
    ) -> None:
        """Mark that actors did an event; durable on return. See `footfall.activity.Activity.mark`."""
        self.activity.mark(event, actors, at, hourly=hourly, unique=unique)

    def mark_file(
        self,
        event: str,
        file: str | Path,
        *,
        actor: str,
        at: str | None = None,
        zone: str | tzinfo | None = None,
        skip_missing: bool = False,
        hourly: bool | None = None,
    ) -> FileMarks:
        """Mark the rows of a CSV (also .gz, .bz2, .zst) or Parquet file, all or nothing.

        `actor` is the column that says who; `at` the column that says when, or one moment for all; `zone`, or its
        name, is that of moments that name none. Rows without actor or time are refused, or left out and counted.
        """
        from footfall.activity.files import Columns
        from footfall.activity.moments import zone_of

        return self.activity.mark_file(
            event, Path(file), Columns(actor, at, zone_of(zone), skip_missing), hourly=hourly
        )

    def unmark(
        self, event: str, actors: Any, at: Moment = None, *, hourly: bool | None = None, unique: bool = False
    ) -> int:
        """Take marks back; how many were there. See `footfall.activity.Activity.unmark`."""
        return self.activity.unmark(event, actors, at, hourly=hourly, unique=unique)

    def event(self, name: str) -> Event:
        """An event, whose `.day()`, `.month()`, `.between()` … are exact sets of actors."""
        return self.activity.event(name)

    def events(self) -> list[str]:
        """The events that anybody did."""
        return self.activity.events()

    def notes_on_events(self, *events: str) -> tuple[str, ...]:
        found = [self.activity.owners.table_of(event) for event in events]
        return tuple(self._notes_on(event.table for event in found if event))

    def forget(self, actors: Any) -> int:
        """Take actors out of every set and out of the names; how many sets lost one. See `Activity.forget`."""
        return self.activity.forget(actors)

    def status(self) -> list[SourceStatus]:
        """How every source stands: how fresh, with which gaps, what failed and why."""
        from footfall.collect import status

        return status(self.sources, self.snapshot(tables=[]), self.now())

    def maintain(self, keep_days: int = 30) -> list[Maintained]:
        """Compact small files and expire versions older than `keep_days`."""
        from footfall.lake.maintain import maintain

        if keep_days < 1:
            raise QueryError(f"keep_days is {keep_days}; older versions are kept for at least 1 day.")
        return maintain(self.lake, self.tables.values(), timedelta(days=keep_days))


def open(where: str | Path | Settings | None = None, *, now: Callable[[], datetime] = utc_now) -> Workspace:
    """The workspace at `where`: a folder with a footfall.toml, such a file, or settings; default: the current folder."""
    return Workspace(where if isinstance(where, Settings) else read_settings(where), now)
