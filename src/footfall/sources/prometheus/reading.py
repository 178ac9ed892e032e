"""Reading the windows of one recipe and place: in pieces within the limits, with the outcome of each window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from footfall.errors import BrokenDataError, SourceError
from footfall.periods import Window, merge, micros_of
from footfall.sources import Batch, Offer
from footfall.sources.prometheus.asking import Answer, RefusedError, TooMuchError, ask_range
from footfall.sources.prometheus.endings import Found, outcome_of
from footfall.sources.prometheus.places import Place
from footfall.sources.prometheus.recipes import Recipe
from footfall.sources.prometheus.rows import Refused

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.http import Client

MOST_POINTS = 10_000
"""Per series in one answer; Prometheus allows at most 11,000."""
MOST_SPAN = timedelta(days=31)
"""Per query; Google's managed Prometheus allows at most 32 days."""
MOST_VALUES = 250_000
"""Estimated values in one answer: it is read into memory."""
FEW_SERIES = 1_000
"""The expected number of series until some have been seen."""


@dataclass(frozen=True)
class Task:
    """Windows of one recipe and place, in order."""

    recipe: Recipe
    place: Place
    offers: tuple[Offer, ...]

    @property
    def windows(self) -> list[Window]:
        """What to read for each: up to the last complete step."""
        return [Window(offer.window.start, min(offer.window.end, offer.detail.until)) for offer in self.offers]


@dataclass
class Sizes:
    """The number of series of each recipe and place seen so far, and which places do not answer."""

    series: dict[tuple[str, str], int] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)

    def span(self, task: Task) -> timedelta:
        """How much to query at once."""
        seen = max(1, self.series.get((task.recipe.table.name, task.place.name), FEW_SERIES))
        points = max(1, min(MOST_POINTS, MOST_VALUES // seen))
        return min(MOST_SPAN, points * task.recipe.step)

    def saw(self, task: Task, answer: Answer) -> None:
        key = (task.recipe.table.name, task.place.name)
        self.series[key] = max(self.series.get(key, 1), len(answer.series))


def read(task: Task, sizes: Sizes, client: Client) -> Batch:
    """The rows of the windows, and the outcome of each. A window that fails does not affect the others."""
    parts: list[pa.Table] = []
    windows = task.windows
    found = [Found(window) for window in windows]
    for run in merge(windows):
        for piece, part in _pieces(run, task, sizes, client):
            touched = [one for one, window in zip(found, windows, strict=True) if window.overlaps(piece)]
            for one in touched:
                one.add(part)
            if part.rows is not None:
                parts.append(part.rows)
    rows = _split(task.recipe, parts, windows)
    outcomes, kept = [], []
    seen: Window | None = None
    for offer, one, mine in zip(task.offers, found, rows, strict=True):
        outcome = outcome_of(offer, one, mine, seen or offer.detail.seen)
        seen = offer.window if mine.num_rows else seen
        outcomes.append(outcome)
        if outcome.end == "done":
            kept.append(mine)
    return Batch(outcomes, {task.recipe.table.name: _together(kept)} if kept else {})


@dataclass(frozen=True)
class Part:
    """The result of one piece: rows, or why there are none."""

    rows: pa.Table | None = None
    failure: str = ""
    partial: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    rejected: tuple[Refused, ...] = ()


def _pieces(run: Window, task: Task, sizes: Sizes, client: Client) -> Iterator[tuple[Window, Part]]:
    """The pieces of a contiguous span in order; if a query is too large, smaller ones follow."""
    at, most = run.start, MOST_SPAN
    step = task.recipe.step
    while at < run.end:
        piece = Window(at, min(run.end, at + max(step, min(most, sizes.span(task)))))
        try:
            part = _ask(piece, task, sizes, client)
        except TooMuchError as error:
            if piece.length <= step:
                part = Part(failure=str(error))
            else:
                most = max(step, piece.length // step // 2 * step)
                continue
        yield piece, part
        at = piece.end


def _ask(piece: Window, task: Task, sizes: Sizes, client: Client) -> Part:
    """Every query of the recipe over a piece. The end is excluded: it is the first step of the next piece."""
    if task.place.name in sizes.away:
        return Part(failure=sizes.away[task.place.name])
    first, last = piece.start + task.recipe.shift, piece.end - task.recipe.step + task.recipe.shift
    made, answers = [], []
    for asked in task.recipe.asked:
        try:
            answer = ask_range(task.place, asked.query, first, last, task.recipe.step, client)
            _check_moments(answer, task, piece)
            made.append(task.recipe.make(task.place.name, asked, answer.series, task.recipe.shift))
        except TooMuchError:
            raise
        except (RefusedError, BrokenDataError) as error:
            return Part(failure=str(error))
        except SourceError as error:
            sizes.away[task.place.name] = str(error)
            return Part(failure=str(error))
        sizes.saw(task, answer)
        answers.append(answer)
    return Part(
        _together([one.rows for one in made]),
        partial=tuple(dict.fromkeys(text for one in answers for text in one.partial)),
        remarks=tuple(dict.fromkeys(text for one in answers for text in one.remarks)),
        rejected=tuple(refused for one in made for refused in one.rejected),
    )


def _check_moments(answer: Answer, task: Task, piece: Window) -> None:
    """Every value must be at a requested moment: a proxy that shifts them would move values between days."""
    shift, step = task.recipe.shift, int(task.recipe.step.total_seconds())
    first, end = int((piece.start + shift).timestamp()), int((piece.end + shift).timestamp())
    for one in answer.series:
        if len(one.times) and (one.times[0] < first or one.times[-1] >= end or ((one.times - first) % step).any()):
            raise BrokenDataError(
                f"{task.place.name} answered with values of moments that were not asked for; something on the way aligns them "
                "to steps of its own."
            )


def _split(recipe: Recipe, parts: Sequence[pa.Table], windows: Sequence[Window]) -> list[pa.Table]:
    """The rows of each window."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = _together(parts) if parts else recipe.table.arrow_schema().empty_table()
    times = rows[recipe.table.time].cast(pa.int64())
    return [
        rows.filter(pc.and_(pc.greater_equal(times, micros_of(w.start)), pc.less(times, micros_of(w.end))))
        for w in windows
    ]


def _together(parts: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(parts)


def months_of(offers: Sequence[Offer]) -> Iterator[tuple[Offer, ...]]:
    """Offers of one table and place by month: a month is written at once."""
    month: list[Offer] = []
    for offer in sorted(offers, key=lambda one: one.window.start):
        if month and _month(month[0].window.start) != _month(offer.window.start):
            yield tuple(month)
            month = []
        month.append(offer)
    if month:
        yield tuple(month)


def _month(moment: datetime) -> tuple[int, int]:
    return moment.year, moment.month
