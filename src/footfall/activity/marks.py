"""The methods of a workspace for making and reading marks."""

from __future__ import annotations

import asyncio
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from footfall.activity.activity import Activity
    from footfall.activity.events import Event
    from footfall.activity.files import FileMarks
    from footfall.periods import Moment


class Marks(Protocol):
    """Marks what actors did, and reads the exact sets of who did it."""

    @property
    def activity(self) -> Activity: ...

    def mark(
        self, event: str, actors: Any, at: Moment | None = None, *, hourly: bool | None = None, unique: bool = False
    ) -> None:
        """Mark that actors did an event; marks are durable when this returns.

        Args:
            event: What they did, such as "active".
            actors: One actor (a number, a text, a UUID) or many: a list, a NumPy array, an Arrow column, a series.
            at: The day, or the moment; default: now.
            hourly: Also mark the hour of `at`; default: from the settings.
            unique: Mark without a time; with `at`, both.

        Raises:
            MarkError: For an invalid event, actor or moment; nothing was marked.
            StoreWriteError: If the store cannot be written; earlier marks are intact.

        Example:
            >>> ff.mark("paid", [1, "ada"], "2026-03-02")
        """
        self.activity.mark(event, actors, at, hourly=hourly, unique=unique)

    async def amark(
        self, event: str, actors: Any, at: Moment | None = None, *, hourly: bool | None = None, unique: bool = False
    ) -> None:
        """Mark from async code: `mark` in a thread, so that the event loop does not wait for the disk.

        Args:
            event: What they did, such as "active".
            actors: One actor or many.
            at: The day, or the moment; default: now.
            hourly: Also mark the hour of `at`.
            unique: Mark without a time; with `at`, both.

        Raises:
            MarkError: For an invalid event, actor or moment; nothing was marked.
            StoreWriteError: If the store cannot be written.

        Example:
            >>> import asyncio
            >>> asyncio.run(ff.amark("paid", "ada", "2026-03-02"))
        """
        await asyncio.to_thread(self.mark, event, actors, at, hourly=hourly, unique=unique)

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

        Args:
            event: What they did.
            file: Its path.
            actor: The column that holds the actor.
            at: The column that holds the moment, or one moment for all; default: now.
            zone: The time zone, or its name, of moments without one.
            skip_missing: Skip and count rows without actor or time; default: refuse them.
            hourly: Also mark by the hour.

        Raises:
            MarkError: For a file, column, actor or moment that cannot be read; nothing was marked.

        Example:
            >>> ff.mark_file("bought", folder / "orders.csv", actor="customer", at="day").marked
            2
        """
        from footfall.activity.files import Columns
        from footfall.activity.moments import zone_of

        return self.activity.mark_file(
            event, Path(file), Columns(actor, at, zone_of(zone), skip_missing), hourly=hourly
        )

    def unmark(
        self, event: str, actors: Any, at: Moment | None = None, *, hourly: bool | None = None, unique: bool = False
    ) -> int:
        """Remove marks; weeks, months and years are updated. Returns how many marks were removed.

        Args:
            event: What they did not do.
            actors: One or many, as `mark` takes them.
            at: The day with all its hours; default: today.
            hourly: Only the hour of `at`.
            unique: The marks without a time.

        Raises:
            MarkError: For an invalid event, actor or moment.

        Example:
            >>> ff.mark("typo", 7, "2026-03-02")
            >>> ff.unmark("typo", 7, "2026-03-02")
            1
        """
        return self.activity.unmark(event, actors, at, hourly=hourly, unique=unique)

    def event(self, name: str) -> Event:
        """An event, whose `.day()`, `.month()`, `.between()` … are exact sets of actors.

        Args:
            name: What they did.

        Example:
            >>> february, march = (ff.event("active").month(2026, month) for month in (2, 3))
            >>> len(february & march)
            2
        """
        return self.activity.event(name)

    def events(self) -> list[str]:
        """The names of all events, marked or collected.

        Example:
            >>> "signed_up" in ff.events()
            True
        """
        return self.activity.events()

    def forget(self, actors: Any) -> int:
        """Remove actors from every set and from the stored names. Returns how many sets lost one.

        Args:
            actors: One or many, as `mark` takes them.

        Raises:
            StoreWriteError: When the store cannot be written.

        Example:
            >>> ff.mark("gone", "eve", "2026-03-02")
            >>> ff.forget("eve") > 0
            True
        """
        return self.activity.forget(actors)
