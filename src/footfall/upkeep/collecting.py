"""The methods of a workspace for collecting and for maintaining what was collected."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from footfall.errors import QueryError, SettingsError, UnknownNameError
from footfall.periods import ALL_TIME, Moment, Window, parse_moment, utc_now

if TYPE_CHECKING:
    from footfall.collect import Summary, Watcher
    from footfall.lake import Lake, Maintained
    from footfall.settings import Settings
    from footfall.sources import Source
    from footfall.tables import Table


class Collecting(Protocol):
    """Fetching what is new and keeping it in order, by one process or by several."""

    settings: Settings
    now: Callable[[], datetime]

    @property
    def sources(self) -> dict[str, Source]: ...
    @property
    def lake(self) -> Lake: ...

    @property
    def tables(self) -> dict[str, Table]: ...
    @abstractmethod
    def _source_alone(self, name: str) -> Source: ...

    @property
    def _clock_of_jobs(self) -> Callable[[], datetime]:
        """The clock, or what it shows now: a clock of tests may not be known to another process."""
        return self.now if self.now is utc_now else partial(_at, self.now())

    def collect(
        self,
        *names: str,
        since: Moment | None = None,
        until: Moment | None = None,
        dry_run: bool = False,
        recheck: bool = False,
        jobs: int = 1,
        watch: Watcher | None = None,
    ) -> Summary:
        """Fetch new and changed data, commit it, and report what could not be fetched.

        Args:
            names: Which sources; all of footfall.toml by default.
            since: Only windows that touch this moment or later ones.
            until: Only windows before this moment, exclusive.
            dry_run: Only return what would be fetched.
            recheck: Fetch everything in that span again, even if it looks unchanged.
            jobs: How many processes share the work: of sources that allow it, each fetches other months. 1 to 64.
            watch: Receives the progress; see `footfall.collect.Watcher`.

        Raises:
            UnknownNameError: For a source that is not in footfall.toml.
            SettingsError: When no source is set up.
            QueryError: For a span that is empty, or an invalid number of jobs.
            BusyError: While another process collects in this workspace.
            LakeError: When the lake cannot be written; what was committed stays.

        Example:
            >>> ff.collect("git").sources[0].error
            ''
        """
        from footfall.collect import collect
        from footfall.collect.lock import locked
        from footfall.collect.parts import Split
        from footfall.jobs import MOST
        from footfall.options import count_of

        for name in names:
            if name not in self.sources:
                raise UnknownNameError("source", name, self.sources, "It must be in footfall.toml.")
        if not self.sources:
            raise SettingsError("no source is set up; add one to footfall.toml, such as [sources.git].")
        chosen = {name: source for name, source in self.sources.items() if not names or name in names}
        window = self._window(since, until)
        many = count_of("jobs", jobs, MOST) or 1
        with nullcontext() if dry_run else locked(self.settings.scratch, self.now()):
            return collect(
                self.lake,
                chosen,
                now=self.now,
                window=window,
                is_dry_run=dry_run,
                is_recheck=recheck,
                set_up=self.sources,
                watch=watch,
                split=Split(many, partial(_open_part, type(self), self.settings, self._clock_of_jobs))
                if many > 1
                else None,
            )

    def _window(self, since: Moment | None, until: Moment | None) -> Window:
        start = ALL_TIME.start if since is None else parse_moment(since, self.now())
        end = ALL_TIME.end if until is None else parse_moment(until, self.now())
        if end <= start:
            raise QueryError(f"until ({end:%Y-%m-%d}) must come after since ({start:%Y-%m-%d}).")
        return Window(start, end)

    def maintain(self, keep_days: int = 30, *, jobs: int = 1) -> list[Maintained]:
        """Compact small files and expire old table versions.

        Args:
            keep_days: How many days older versions stay readable with `as_of`; at least 1.
            jobs: How many processes share the work, each some of the tables; 1 to 64.

        Raises:
            QueryError: For less than a day, or an invalid number of jobs.
            LakeWriteError: When the lake cannot be written; what was stored is intact.

        Example:
            >>> [done.table for done in ff.maintain()][:1]
            ['commits']
        """
        from footfall.jobs import MOST
        from footfall.lake.maintain import Split, maintain
        from footfall.options import count_of

        if keep_days < 1:
            raise QueryError(f"keep_days is {keep_days}; older versions are kept for at least 1 day.")
        many = count_of("jobs", jobs, MOST) or 1
        split = Split(many, partial(_open_lake, type(self), self.settings, self._clock_of_jobs)) if many > 1 else None
        return maintain(self.lake, self.tables.values(), timedelta(days=keep_days), split)


def _open_part(kind: Any, settings: Settings, now: Callable[[], datetime], name: str) -> tuple[Lake, Source]:
    """What a job needs of a workspace, whose class is `kind`."""
    workspace = kind(settings, now)
    return workspace.lake, workspace._source_alone(name)


def _open_lake(kind: Any, settings: Settings, now: Callable[[], datetime]) -> Lake:
    lake: Lake = kind(settings, now).lake
    return lake


def _at(moment: datetime) -> datetime:
    return moment
