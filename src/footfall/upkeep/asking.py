"""Methods of a workspace for its upkeep."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from footfall.errors import FootfallError, UnknownNameError

if TYPE_CHECKING:
    from footfall.activity import Activity
    from footfall.alerts import AlertSettings
    from footfall.annotations import Happened
    from footfall.backups import BackedUp
    from footfall.engine import Engine
    from footfall.http import Client
    from footfall.lake import Lake
    from footfall.settings import Settings
    from footfall.sources import Source
    from footfall.tables import Table
    from footfall.upkeep.alerting import Look
    from footfall.upkeep.deep import RepairStep
    from footfall.upkeep.discarding import Discarded
    from footfall.upkeep.examining import Finding, Named
    from footfall.upkeep.ranges import RangeState
    from footfall.upkeep.standing import Standing


class Upkeep(Protocol):
    """The state of everything, and whether it works."""

    settings: Settings
    now: Callable[[], datetime]

    @property
    def sources(self) -> dict[str, Source]: ...
    @property
    def tables(self) -> dict[str, Table]: ...
    @property
    def projects(self) -> Mapping[str, Named]: ...
    @property
    def lake(self) -> Lake: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def activity(self) -> Activity: ...
    @property
    def client(self) -> Client: ...
    @property
    def _happened(self) -> Happened: ...

    if TYPE_CHECKING:

        def query(self, *args: Any, **asked: Any) -> Any: ...

    @abstractmethod
    def _source_alone(self, name: str) -> Source: ...

    def standing(self) -> Standing:
        """The state of every source, data that upstream will delete and when, and intervals known to be wrong.

        Raises:
            LakeError: When the lake cannot be read.

        Example:
            >>> [loss.deadline.what for loss in ff.standing().losses]
            []
        """
        from footfall.upkeep.standing import standing

        named = [table for table in self.tables.values() if table.scope_names]
        found = standing(self.sources, self.lake, self.lake.snapshot(named), self._happened, self.now())
        return found if found.states else replace(found, has_marks=bool(self._marked()))

    def alert(self, *, dry_run: bool = False) -> Look:
        """Check all alerts, and send one message when an alarm starts and one when it ends.

        What lasts is remembered in alerts.json, beside footfall.toml.

        Args:
            dry_run: Only check: nothing is sent or stored.

        Raises:
            BusyError: While another process does the same in this workspace.
            FootfallError: When what was remembered cannot be read or written.

        Example:
            >>> ff.alert().messages
            ()
        """
        from footfall.collect.lock import locked
        from footfall.upkeep.alarms import FILE, Memory, read_memory
        from footfall.upkeep.alerting import Look, look, send_unsent

        alerts, folder = self.settings.alerts, self.settings.folder
        if not alerts:
            return Look(Memory())
        with nullcontext() if dry_run else locked(self.settings.scratch, self.now(), "alert"):
            done = look(alerts, self.standing(), self._complete_days, read_memory(folder / FILE), self.now())
            return done if dry_run else send_unsent(done, alerts, folder / FILE, folder, lambda: self.client)

    def _complete_days(self, alert: AlertSettings, state: RangeState) -> dict[date, float]:
        """The complete days of a metric since the last break of its definition, as far back as alerts look."""
        from footfall.upkeep.days import complete_days, first_day

        asked = self.query(
            alert.metric, grain="day", since=first_day(state, self.now()), until=self.now(), where=alert.where
        )
        return complete_days(asked.to_dicts(), alert.metric, asked.annotations)

    def examine(self, *, deep: bool = False) -> Iterator[Finding]:
        """Whether settings, lake, activity, engine and every source work, check by check.

        Args:
            deep: Also read every file and every set, and verify its checksum.

        Example:
            >>> [found.check.name for found in ff.examine() if found.is_failed]
            []
        """
        from footfall.sources import Check
        from footfall.upkeep.examining import (
            Finding,
            alerts_checked,
            checks_of,
            projects_checked,
            sources_checked,
            tried,
            variables_checked,
            writable,
        )

        folder = self.settings.folder
        opened: dict[str, Source] = {}
        yield tried("settings", "footfall.toml", lambda: str(folder), "")
        for found in sources_checked(
            self.settings.sources, self._source_alone, lambda: self._happened, bool(self._marked())
        ):
            if isinstance(found, Finding):
                yield found
            else:
                opened[found[0]] = found[1]
        fix = "correct `lake` in footfall.toml, or give this user the right to write there"
        yield tried("lake", "read", self._lake_read, "correct `lake` in footfall.toml")
        is_folder = "://" not in self.settings.lake.address
        here = Path(self.settings.lake_address)
        yield tried("lake", "write", lambda: writable(here) if is_folder else self.lake.storage.check_writes(), fix)
        if deep:
            yield from self._lake_examined(opened)
        yield tried("activity", "read", self._activity_read, "correct `activity` in footfall.toml")
        if deep:
            yield from self._store_examined()
        yield (started := tried("engine", "start", self._engine_started, "correct `engine` in footfall.toml"))
        if not started.is_failed and self.settings.engine.opened.startswith("sc:"):
            fix = "give the server access to the lake, or set `lake` under [engine] to its address there"
            yield tried("engine", "read", lambda: self._engine_reads(opened.values()), fix)
        yield from alerts_checked(self.settings.alerts, self._watchable(opened), self.settings.sources)
        if len(opened) == len(self.settings.sources):
            try:
                yield from projects_checked(self.projects.values(), self._scopes)
            except FootfallError as error:
                yield Finding("settings", Check("projects", "failed", str(error), "correct [[projects]]"))
        for name, source in opened.items():
            yield from variables_checked(name, self.settings.sources[name])
            yield from checks_of(name, source, self.now())

    def _lake_examined(self, opened: Mapping[str, Source]) -> Iterator[Finding]:
        from footfall.upkeep.deep import lake_examined

        with suppress(FootfallError):  # one that cannot be opened is reported above
            yield from lake_examined(self.lake, [table for source in opened.values() for table in source.tables])

    def _store_examined(self) -> Iterator[Finding]:
        from footfall.upkeep.deep import store_examined

        with suppress(FootfallError):
            yield from store_examined(self.activity.store)

    def repair(self, *, dry_run: bool = False) -> list[RepairStep]:
        """Repair damage in the lake and the activity as far as possible; intact data is not touched.

        The damaged files are kept. The next run collects again what the lake lost, as far as upstream has it.

        Args:
            dry_run: Only return what would be done.

        Raises:
            BusyError: While another process collects in this workspace.
            StoreBusyError: While another process has the store of marks open.
            DamagedStoreError: Where nothing of the store can be read.
            LakeError: When the lake cannot be written.

        Example:
            >>> ff.repair()
            []
        """
        from footfall.collect.lock import locked
        from footfall.upkeep.deep import lake_repaired, store_repaired

        with nullcontext() if dry_run else locked(self.settings.scratch, self.now()):
            tables = {name: source.tables for name, source in self.sources.items()}
            lake = list(lake_repaired(self.lake, tables, dry_run=dry_run))
            return [*lake, *store_repaired(self.activity.store, dry_run=dry_run)]

    def discard(self, source: str, scopes: str | Sequence[str], *, dry_run: bool = False) -> list[Discarded]:
        """Remove what was collected of scopes that footfall.toml no longer has, such as repositories; nothing brings it back.

        Args:
            source: The source that collected them.
            scopes: Their names, as `footfall status` and `by` show them.
            dry_run: Only say what would be removed.

        Raises:
            UnknownNameError: For a source that is not in footfall.toml, or a scope that nothing was collected of.
            QueryError: For a scope that is still collected.
            BusyError: While another process collects in this workspace.
            ConflictError: While other processes keep writing the table.

        Example:
            >>> ff.discard("git", "old/name")
            Traceback (most recent call last):
            footfall.errors.UnknownNameError: unknown scope of git 'old/name'; valid: project.
        """
        from footfall.collect.lock import locked
        from footfall.upkeep.discarding import discarded

        if source not in self.sources:
            raise UnknownNameError("source", source, self.sources, "It must be in footfall.toml.")
        given = [scopes] if isinstance(scopes, str) else list(dict.fromkeys(scopes))
        tables = {name: each.tables for name, each in self.sources.items()}
        with nullcontext() if dry_run else locked(self.settings.scratch, self.now()):
            return list(discarded(self.lake, source, tables, given, dry_run=dry_run))

    def backup(self, file: str | Path, *, force: bool = False, watch: Callable[[int], None] | None = None) -> BackedUp:
        """Write the whole workspace into one file: settings, marks, the lake, tokens and the state of alerts.

        Others may mark and collect in the meantime: earlier marks are in it, and lake and ledger agree.
        `footfall.restore` makes a workspace of it.

        Args:
            file: Written under a temporary name until it is complete.
            force: Overwrite an existing file.
            watch: Receives how many bytes were written since it was called last.

        Raises:
            BackupError: When the file is there already, or cannot be written.
            LakeError: When the lake cannot be read.
            ActivityError: When the store of marks is damaged, or cannot be read.

        Example:
            >>> ff.backup(folder / "usage.tar").notes
            ()
        """
        from footfall.backups import backup

        store = self.activity.store
        return backup(self.settings, store, Path(file), self.now(), force=force, watch=watch)

    def _lake_read(self) -> str:
        ledger = self.lake.snapshot([]).ledger
        return "nothing is collected yet" if ledger is None else f"version {ledger.version} of the ledger"

    def _activity_read(self) -> str:
        from footfall.formats import counted

        store = self.activity.store
        return f"{counted(len(store.events()), 'event')} in {store.address}"

    def _marked(self) -> list[str] | None:
        """The events that have marks; None if the store cannot be read."""
        try:
            return list(self.activity.store.events())
        except FootfallError:
            return None

    def _watchable(self, opened: Mapping[str, Source]) -> set[str]:
        """The metrics that alerts can watch, including those of events; empty if they cannot all be determined."""
        if len(opened) < len(self.settings.sources):
            return set()
        marked = self._marked()
        if marked is None:
            return set()  # reported for the activity
        reported = [event.name for source in opened.values() for table in source.tables for event in table.events]
        events = {name for event in (*marked, *reported) for name in (event, f"event:{event}")}
        return events | {metric.name for source in opened.values() for metric in source.metrics}

    def _scopes(self, source: str, dimension: str) -> set[str] | None:
        """The collected values of a dimension, if these are the scopes of the source."""
        scoped = [table for table in self.sources[source].tables if table.rule.scope == dimension]
        if not scoped:
            return None
        snapshot = self.lake.snapshot(scoped)
        scopes = (scope for table in scoped for scope in snapshot.collected(table.name).totals)
        former = {name for names in snapshot.scope_names.values() for name in snapshot.names_in(names).former}
        return {scope.name for scope in scopes if scope.source == source} | former

    def _engine_reads(self, sources: Iterable[Source]) -> str:
        from footfall.upkeep.examining import table_read

        return table_read(self.engine, self.lake, [table for source in sources for table in source.tables])

    def _engine_started(self) -> str:
        return type(self.engine).__name__
