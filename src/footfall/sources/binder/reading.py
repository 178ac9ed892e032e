"""Events files → launches by hour, on two paths with the same result.

The fast path counts the lines of a file as texts and parses each distinct line once; it accepts a file only if every
line is valid. The slow path reads any other file line by line; each line is accepted, or rejected with a reason.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any

from footfall.awaiting import result_of
from footfall.sources.binder.lines import FIELDS, RefusedError, event_on, hour_of, lines_of, sample_of
from footfall.sources.binder.names import repo_of

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.sources.binder.rows import Found
    from footfall.sources.binder.texts import Tally

PARSER_VERSION = 2
"""Increased when the rules here, in `lines` or in `names` produce different rows: then all days are read again."""

GROUPED = ("provider", "spec", "origin", "status", "version", "build_token", "request_origin")
MOST_LEARNT = 500_000
"""Names cached from one month to the next, so that rules run on new ones only."""
PORTION = 1 << 26
"""Bytes of files that are tallied together; with MOST_TEXT it bounds the memory that reading takes."""
MOST_BEGUN = 1 << 28
"""Limits in bytes for files and tallies that are prepared in advance."""
MOST_TEXT = 3 << 25
"""Bytes of distinct lines that are parsed together: those of a month, unless hardly any lines are equal."""
THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class File:
    """A day's file, ready to read."""

    day: date
    path: Path

    @property
    def size(self) -> int:
        """Size in bytes; None if it is unknown, in which case reading the file reports why."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0


@dataclass
class Reading:
    """The result of reading a file: the number of accepted events, and what was rejected or unusual."""

    taken: int = 0
    lines: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    sample: str = ""
    fault: str = ""
    """Why the file as a whole cannot be used; empty when it can."""
    is_last_refused: bool = False
    """Whether its last line was rejected: it may have been truncated there."""

    @property
    def notes(self) -> tuple[str, ...]:
        rejected = self.refused.total()
        notes = []
        if rejected:
            kinds = ", ".join(f"{n:,} {reason}" for reason, n in self.refused.most_common())
            notes.append(f"{rejected:,} of {self.lines:,} lines refused: {kinds}")
        if self.unknown:
            notes.append("unknown fields: " + ", ".join(f"{name} ({n:,})" for name, n in self.unknown.most_common(10)))
        return tuple(notes)


class Reader:
    """Reads files, about a month at a time, and sums their events by hour and dimensions.

    Files needed later can be started in the meantime, by any thread. `go_on` is called regularly while files
    are read, and raises when they are no longer needed.
    """

    def __init__(
        self, member: Callable[[str | None], str], keep_ref: bool = False, go_on: Callable[[], None] = lambda: None
    ) -> None:
        self._member = member
        self._go_on = go_on
        self._names = (*GROUPED, "ref") if keep_ref else GROUPED
        self._repos: dict[tuple[str, str, bool], str | None] = {}
        self._found: list[Found] = []
        self._pool = ThreadPoolExecutor(THREADS)  # shared by all months: a thread reuses its read buffer
        self._waiting: dict[File, int] = {}
        self._begun: dict[File, tuple[int, Future[Tally | None]]] = {}
        self._lock = RLock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._waiting.clear()  # first: otherwise cancelled work would start them
        self._pool.shutdown(cancel_futures=True)

    def begin(self, file: File) -> None:
        """Tally a file ahead of time, as soon as files started earlier leave room."""
        with self._lock:
            self._waiting[file] = file.size
            self._begin_waiting()

    def _begin_waiting(self, _: Future[Tally | None] | None = None) -> None:
        with self._lock:
            while self._waiting:
                file, size = next(iter(self._waiting.items()))
                if size + sum(_held(*begun) for begun in self._begun.values()) > MOST_BEGUN:
                    break
                del self._waiting[file]
                begun = self._tally(file)
                self._begun[file] = size, begun
                begun.add_done_callback(self._begin_waiting)

    def read(self, files: Sequence[File]) -> list[Reading]:
        """Read the files; the result of each, in order."""
        self._found = []
        taken = self.read_at_once(files)
        return [taken[file] if file in taken else self.read_by_line(file) for file in files]

    def rows(self, but: Iterable[date] = ()) -> pa.Table | None:
        """The rows that were read, in the form of the table, without the omitted days; None if there are none."""
        from footfall.sources.binder.rows import launch_rows, without

        left_out = [_midnight(day) for day in but]
        found = [one for one in (without(left_out, one) for one in self._found) if len(one.ids)]
        return launch_rows(found, self._names, self._repo, self._member) if found else None

    def _repo(self, provider: str, spec: str, has_gists: bool) -> str | None:
        launched = provider, spec, has_gists
        if launched not in self._repos:
            if len(self._repos) > MOST_LEARNT:
                self._repos.clear()
            self._repos[launched] = repo_of(provider, spec, has_gists=has_gists) or None
        return self._repos[launched]

    # The fast path

    def read_at_once(self, files: Sequence[File]) -> dict[File, Reading]:
        """Tally the files; the results of the valid ones."""
        taken: dict[File, Reading] = {}
        waiting: dict[File, Tally] = {}
        for portion in _portions(files):
            tallies = [self._begun_or_new(file) for file in portion]
            waiting |= {file: one for file, each in zip(portion, tallies, strict=True) if (one := result_of(each))}
            if sum(one.texts.nbytes for one in waiting.values()) > MOST_TEXT:
                taken |= self._take_valid(waiting)
                waiting = {}
        return taken | self._take_valid(waiting)

    def _begun_or_new(self, file: File) -> Future[Tally | None]:
        with self._lock:
            self._waiting.pop(file, None)
            _, begun = self._begun.pop(file, (0, None))
            self._begin_waiting()
        return begun or self._tally(file)

    def _tally(self, file: File) -> Future[Tally | None]:
        from footfall.sources.binder.texts import tally

        return self._pool.submit(tally, file.path, file.day)

    def _take_valid(self, tallies: dict[File, Tally]) -> dict[File, Reading]:
        """Keep all tallied files, or only the valid ones if one of them is invalid."""
        if not tallies:
            return {}
        if (taken := self._take(tallies)) is not None:
            return taken
        alone = [self._take({file: one}) for file, one in tallies.items()]
        return {file: reading for each in alone if each is not None for file, reading in each.items()}

    def _take(self, tallies: dict[File, Tally]) -> dict[File, Reading] | None:
        """Keep the tallied files if every text in them is a launch."""
        import numpy as np

        from footfall.sources.binder.rows import Found
        from footfall.sources.binder.texts import events_in, united

        self._go_on()
        texts, own = united(list(tallies.values()))
        events = events_in(texts)
        if events is None:
            return None
        self._found.append(
            Found(
                events.table.select(self._names),
                np.concatenate([ids[one.ids] for ids, one in zip(own, tallies.values(), strict=True)]),
                np.concatenate([_midnight(file.day) + one.hours for file, one in tallies.items()]),
                np.concatenate([one.launches for one in tallies.values()]),
            )
        )
        taken = {}
        for (file, one), ids in zip(tallies.items(), own, strict=True):
            launches = int(one.launches.sum())
            with_it = {_shown(name): one.launches[has[ids[one.ids]]].sum() for name, has in events.unknown.items()}
            taken[file] = Reading(
                launches, launches, unknown=Counter({name: int(n) for name, n in with_it.items() if n})
            )
        return taken

    # The slow path

    def read_by_line(self, file: File) -> Reading:
        """Read one file line by line and validate each line; valid lines are kept if there are any."""
        self._go_on()
        reading = Reading()
        events: dict[tuple[Any, ...], int] = {}
        ids, hours = [], []
        hour = lru_cache(maxsize=4096)(partial(hour_of, day=file.day))
        try:
            for line in lines_of(file.path):
                reading.lines += 1
                try:
                    event = event_on(line, reading.unknown)
                    hours.append(hour(event["timestamp"]))
                    ids.append(events.setdefault(tuple(map(event.get, self._names)), len(events)))
                    reading.is_last_refused = False
                except RefusedError as refusal:
                    reading.is_last_refused = True
                    reading.refused[str(refusal)] += 1
                    reading.sample = reading.sample or sample_of(line)
        except OSError as error:
            return Reading(fault=f"the file cannot be read: {error.strerror or error}")
        reading.taken = len(ids)
        if reading.refused and not reading.taken:
            reading.fault = "no line of the file is a launch event"
        self._keep(list(events), ids, hours, file.day)
        return reading

    def _keep(self, events: Sequence[tuple[Any, ...]], ids: list[int], hours: list[int], day: date) -> None:
        import numpy as np
        import pyarrow as pa

        from footfall.sources.binder.rows import Found

        columns = zip(*events, strict=True) if events else [()] * len(self._names)
        types = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}
        typed = {name: pa.array(column, types[FIELDS[name]]) for name, column in zip(self._names, columns, strict=True)}
        hours_since = np.array(hours, np.int64) + _midnight(day)
        self._found.append(Found(pa.table(typed), np.array(ids, np.int64), hours_since, np.ones(len(ids), np.int64)))


def _held(size: int, begun: Future[Tally | None]) -> int:
    """The memory in bytes that tallying a file of a given size takes, or that an existing tally takes."""
    if not begun.done() or begun.cancelled() or begun.exception():
        return size
    tally = begun.result()
    return tally.nbytes if tally else size


def _shown(name: str) -> str:
    """The name of an unknown field as used in notes."""
    return sample_of(name.encode("utf-8", "replace"))


def _midnight(day: date) -> int:
    """The first hour of a day, counted since 1970."""
    return (day - date(1970, 1, 1)).days * 24


def _portions(files: Sequence[File]) -> Iterator[list[File]]:
    """The files in groups of at most PORTION bytes, unless a single file is larger."""
    portion: list[File] = []
    size = 0
    for file in files:
        size += (more := file.size)
        if portion and size > PORTION:
            yield portion
            portion, size = [], more
        portion.append(file)
    if portion:
        yield portion
