"""Collecting: progress, summary, and the state of every source."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from footfall.concealing import concealed
from footfall.formats import GAP, counted, days_of, length_of, listed, moment_of, size_of
from footfall.periods import ALL_TIME, Window, merge
from footfall.terminal.grids import GridColumn, facts_of, filled, grid_of

if TYPE_CHECKING:
    from footfall.collect import SourceStatus, SourceSummary, Summary
    from footfall.lake import Maintained
    from footfall.ledger import Entry
    from footfall.upkeep.standing import Loss, Standing

_SECONDS_BETWEEN_LINES = 10.0
_MOST_NOTES = 10


_BAR, _NARROW_BAR = 28, 8
_WIDE = 100
"""Characters from which on a long bar fits next to the amounts."""
_ROOM_FOR_RATE = 78


class _Amounts(ProgressColumn):
    """Windows done, bytes read and how fast: "120/760 windows · 12 MB of 104 MB · 31 MB/s", on one line."""

    def __init__(self, has_rate: bool) -> None:
        super().__init__(Column(no_wrap=True))
        self._has_rate = has_rate

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text("asking what is new", style="dim")
        windows, bytes_read, size = task.fields["windows"], task.fields["bytes"], task.fields["size"]
        parts = [f"{windows:,}/{task.fields['of']:,} windows"]
        if bytes_read or size:
            parts.append(f"{size_of(bytes_read)} of {size_of(size)}" if size else size_of(bytes_read))
        if task.elapsed and bytes_read and self._has_rate:
            parts.append(f"{size_of(bytes_read / task.elapsed)}/s")
        return Text(" · ".join(parts), style="dim")


class Bar:
    """A progress bar a source: windows, bytes, rate and the time left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", style="bold"),
            BarColumn(bar_width=_BAR if console.width >= _WIDE else _NARROW_BAR),
            _Amounts(console.width >= _ROOM_FOR_RATE),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._task: TaskID | None = None
        self._counts_bytes = False

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def ask(self, source: str) -> None:
        self._task = self._progress.add_task(source, total=None, windows=0, of=0, bytes=0, size=0)

    def start(self, source: str, windows: int, bytes: int) -> None:
        if self._task is None:
            self.ask(source)
        assert self._task is not None
        self._counts_bytes = bytes > 0
        total = max(bytes or windows, 1)
        self._progress.reset(self._task, total=total, windows=0, of=windows, bytes=0, size=bytes)

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        if self._task is None:
            return
        fields = self._progress.tasks[self._task].fields
        self._progress.update(
            self._task,
            advance=bytes if self._counts_bytes else windows,
            windows=fields["windows"] + windows,
            bytes=fields["bytes"] + bytes,
        )
        if note:
            self._progress.console.print(Text(note, style="dim"))

    def finish(self, summary: SourceSummary) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total
            if total is None:  # it could not be asked
                self._progress.update(self._task, visible=False)
            self._progress.update(self._task, completed=total if not summary.error else None)
            self._progress.stop_task(self._task)
            self._task = None


class Lines:
    """A line when a source starts, at intervals while it runs, and when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._source = ""
        self._of = self._windows = self._bytes = 0
        self._said_at = 0.0

    def ask(self, source: str) -> None:
        """Nothing to report yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def start(self, source: str, windows: int, bytes: int) -> None:
        self._source, self._of, self._windows, self._bytes = source, windows, 0, 0
        self._said_at = time.monotonic()
        size = f", {size_of(bytes)}" if bytes else ""
        self._say(f"{source}: {counted(windows, 'window')} to fetch{size}")

    def advance(self, *, windows: int = 0, bytes: int = 0, note: str = "") -> None:
        self._windows += windows
        self._bytes += bytes
        if note:
            self._say(f"{self._source}: {note}")
        if time.monotonic() - self._said_at >= _SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            read = f", {size_of(self._bytes)} read" if self._bytes else ""
            self._say(f"{self._source}: {self._windows:,} of {self._of:,} windows{read}")

    def finish(self, summary: SourceSummary) -> None:
        self._say(f"{summary.source}: {summary.error or 'done in ' + length_of(summary.seconds)}")

    def _say(self, line: str) -> None:
        self._console.print(Text(line))


def watcher(console: Console) -> Bar | Lines:
    """The watcher that suits the console: a bar on a terminal, else lines."""
    return Bar(console) if console.is_terminal else Lines(console)


# --- done, and how things stand


_OUTCOMES = ("complete", "provisional", "missing", "failed", "unchanged", "rows", "refused", "read", "time")
_GOES = {"unchanged": 1, "time": 2, "read": 3, "provisional": 4, "refused": 5, "missing": 6}
"""Columns that the summary drops on a narrow terminal, in this order."""


def summary(done: Summary, *, width: int = 100) -> RenderableType:
    """What a run of `collect` came to: a line per source, then everything that needs attention.

    Empty columns are left out.
    """
    heads = ("to fetch", "missing", "unchanged", "to read") if done.is_dry_run else _OUTCOMES
    lines = [_planned(source) if done.is_dry_run else _outcome(source) for source in done.sources]
    columns = [
        GridColumn(head, [line[n] for line in lines], goes=7 - _GOES.get(head, 7)) for n, head in enumerate(heads)
    ]
    shown = [column for column in columns if set(column.cells) - {GAP} or column.head == "complete"]
    grid = filled(["source"], [[Text(source.source)] for source in done.sources], shown, width)
    grid.columns[0].no_wrap = True
    return Group(grid, *(line for source in done.sources for line in _notes(source)))


def _planned(source: SourceSummary) -> list[str]:
    return [
        f"{source.windows:,}",
        f"{source.missing:,}",
        f"{source.unchanged:,}",
        GAP if source.size is None else size_of(source.size),
    ]


def _outcome(source: SourceSummary) -> list[str]:
    counts = [source.complete, source.provisional, source.missing, source.failed, source.unchanged]
    return [
        *(f"{count:,}" if count else GAP for count in counts),
        f"{source.rows:,}",
        f"{source.rejected:,}" if source.rejected else GAP,
        size_of(source.bytes) if source.bytes else GAP,
        length_of(source.seconds),
    ]


def _notes(source: SourceSummary) -> list[Text]:
    lines = [Text(concealed(f"{source.source}: {remark}."), style="yellow") for remark in source.remarks]
    if source.error:
        return [*lines, Text(f"{source.source}: {source.error}", style="red")]
    notes = _alike(source.notes)
    lines += [_note(entries) for entries in notes[:_MOST_NOTES]]
    if len(notes) > _MOST_NOTES:
        lines.append(Text(f"… and {len(notes) - _MOST_NOTES} more: see `footfall status`", style="dim"))
    return lines


def _alike(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries with the same message for several windows of a table and scope, grouped, so that an unreachable source is one line."""
    found: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        said = (entry.source, entry.table, entry.scope, str(entry.status), entry.reason, entry.sample)
        found.setdefault(said, []).append(entry)
    return list(found.values())


def _note(entries: Sequence[Entry]) -> Text:
    """A note from the ledger about some windows."""
    entry = entries[0]
    style = "red" if entry.status == "failed" else "yellow"
    when = "" if entry.window == ALL_TIME else _days(merge(one.window for one in entries))
    where = " ".join(word for word in (entry.source, entry.scope, when) if word)
    text = Text(concealed(f"{where}: "), style=style)
    text.append(concealed(entry.reason))
    if entry.sample:
        text.append(concealed(f"\n    {entry.sample[:160]}"), style="dim")
    return text


def status(found: Standing, now: datetime) -> RenderableType:
    """Per table of every source: freshness, gaps, failures, data that will be lost, and what to do next."""
    parts: list[RenderableType] = []
    for state in found.states:
        if parts:
            parts.append(Text())
        parts.append(Text.assemble((state.source, "bold cyan"), f" · {state.table}"))
        parts.append(facts_of(*_state(state, found, now)))
    return Group(*parts)


def marks(events: Sequence[str], address: str) -> RenderableType:
    """The events that are marked by an application, where they are kept, and how to ask for their actors."""
    facts: list[tuple[str, RenderableType]] = [
        ("events", f"{len(events)}: {listed(events[:6])}{' …' if len(events) > 6 else ''}"),
        ("kept in", address),
        ("next", Text(f"footfall query {events[0]} --grain month   counts its actors", style="dim")),
    ]
    return Group(Text.assemble("\n", ("marks", "bold cyan")), facts_of(*facts))


def _state(state: SourceStatus, found: Standing, now: datetime) -> list[tuple[str, RenderableType]]:
    facts: list[tuple[str, RenderableType]] = []
    if state.unreachable:
        facts.append(("last time", Text(state.unreachable, style="red")))
    if state.fresh_until is None:
        facts.append(("collected", Text("nothing yet", style="yellow")))
    else:
        since = f" (since {state.first:%Y-%m-%d})" if state.first else ""
        scopes = (
            f" of {', '.join(state.scopes[:4])}{' …' if len(state.scopes) > 4 else ''}" if any(state.scopes) else ""
        )
        facts.append(("collected", f"{counted(state.windows, 'window')}{scopes}{since}"))
        facts.append(("fresh until", f"{moment_of(state.fresh_until)}, {_ago(now - state.fresh_until)}"))
    if state.nothing_since:
        facts.append(("upstream", Text(f"has had nothing since {moment_of(state.nothing_since)}", style="yellow")))
    if state.gaps:
        lost = length_of(sum((gap.length for gap in state.gaps), timedelta()).total_seconds())
        facts.append(("gaps", Text(f"{len(state.gaps)} ({lost}): {_days(state.gaps)}", style="yellow")))
    if state.provisional:
        facts.append(("provisional", _days(state.provisional)))
    if state.failed:
        facts.append(("failed", _entries(state.failed)))
    if state.refused:
        what = f"{counted(state.rejected, 'line')} in {counted(len(state.refused), 'window')}"
        facts.append(("refused", Group(Text(what), _entries(state.refused))))
    if state.gone:
        facts.append(("gone", _gone(state.gone)))
    if wrong := found.wrong_in(state):
        facts.append(("known wrong", _some([Text(str(known), style="yellow") for known in wrong])))
    if losses := found.losses_of(state):
        facts.append(("will be lost", _some([_loss(loss, now) for loss in losses])))
    if why := (found.unknown or {}).get(state.source):
        facts.append(("will be lost", Text(f"not known: {why}", style="red")))
    if state.last_run_at:
        facts.append(("last run", f"{moment_of(state.last_run_at)}, {_ago(now - state.last_run_at)}"))
    return [*facts, ("next", _next(state))]


def _next(state: SourceStatus) -> Text:
    command = f"footfall collect {state.source}"
    if state.unreachable or state.failed:
        return Text(f"{command}   retries failed windows", style="bold")
    if state.nothing_since:
        return Text(f"{command}   asks whether upstream has something again", style="dim")
    return Text(f"{command}   fetches new and changed data", style="dim" if state.fresh_until else "bold")


def _entries(entries: Sequence[Entry]) -> Group:
    return _some([_note(alike) for alike in _alike(entries)])


def _gone(entries: Sequence[Entry]) -> Text:
    """Windows that upstream no longer has."""
    days = _days(merge(entry.window for entry in entries))
    return Text(f"upstream no longer has {days}; what was stored still counts", style="yellow")


def _some(lines: Sequence[Text]) -> Group:
    more = [Text(f"… and {len(lines) - 5} more", style="dim")] if len(lines) > 5 else []
    return Group(*lines[:5], *more)


def _loss(loss: Loss, now: datetime) -> Text:
    """Data that upstream will delete, and the time left."""
    left = loss.at - now
    when = f"in {length_of(left.total_seconds())}" if left > timedelta() else "now"
    about = f"{loss.deadline.scope}: " if loss.deadline.scope else ""
    style = "red" if left < timedelta(days=3) else ""
    return Text(concealed(f"{moment_of(loss.at)} ({when}): {about}{loss.deadline.what}"), style=style)


def _days(windows: Sequence[Window], most: int = 4) -> str:
    shown = ", ".join(days_of(window) for window in windows[:most])
    return f"{shown} and {len(windows) - most} more" if len(windows) > most else shown


def _ago(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    if minutes < 2:
        return "just now" if minutes > -60 else "ahead of now"
    for size, unit, most in ((1, "minute", 90), (60, "hour", 48 * 60)):
        if minutes < most:
            return f"{counted(round(minutes / size), unit)} ago"
    return f"{counted(round(minutes / 1440), 'day')} ago"


def maintenance(done: Sequence[Maintained]) -> RenderableType:
    """What `maintain` did, a line per table."""
    if not done:
        return Text("The lake is empty: nothing to maintain. Next: footfall collect")
    grid = grid_of("table")
    for head in ("files", "size", "expired files", "freed"):
        grid.add_column(head, justify="right")
    for table in done:
        grid.add_row(
            table.table,
            _became(str(table.files_before), str(table.files_after)),
            _became(size_of(table.bytes_before), size_of(table.bytes_after)),
            f"{table.expired_files:,}",
            size_of(table.expired_bytes),
        )
    return grid


def _became(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"
