"""Levels: gauges with several series that are sampled separately.

A sample belongs to the time step that it is in; for each series the last sample of a step counts, and the largest if
several are equally late. Within a step the series are summed; over a period's steps the mean, maximum or last is taken.

A series without a sample in a step in which others have some keeps its value for that step and counts as unseen:
the coverage falls, the sum does not. If it stays silent for longer than the metric's `ends_after`, it ended with its
last sample: it is not carried forward, and is not a zero either. An ended series adds nothing from then on.

Samples of other series show that it was silent for that long. Only samples up to `ends_after` after the step count, so
that a step has the same value in every window, and samples after a gap do not end a series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from footfall.measuring.kinds import MOMENT, PERIOD, SHARE, VALUE, aggregate
from footfall.metrics import Within
from footfall.periods import EPOCH, Window

if TYPE_CHECKING:
    import ibis.expr.types as ir

STEP, NEXT, STOP, SEEN, SERIES = "step_number", "next_step", "stop_step", "series_seen", "series_counted"
GOES_ON, NEWEST = "goes_on", "newest_step"


@dataclass(frozen=True)
class Steps:
    """The steps of a level, numbered from 1970."""

    length: timedelta
    ends_after: timedelta

    def number(self, moment: datetime) -> int:
        return (moment - EPOCH) // self.length

    @property
    def most_silent(self) -> int:
        """The maximum distance from one sample of a series to the next, in steps."""
        return max(1, self.ends_after // self.length)

    def around(self, window: Window) -> Window:
        """The window, extended by what is needed to tell a silent series from an ended one."""
        reach = self.length * (self.most_silent + 1)
        return Window(window.start - reach, window.end + reach)


def measure_level(
    rows: ir.Table,
    sampled: ir.Table,
    keys: Sequence[str],
    series: Sequence[str],
    steps: Steps,
    window: Window,
    within: Within,
) -> ir.Table:
    """One row per key: VALUE and SHARE.

    `rows` are samples with the `keys`, the columns of `series`, STEP, VALUE and MOMENT, from around `window`;
    `sampled` are the steps in which any series has samples, each with its PERIOD if that is a key.
    """
    groups = [key for key in keys if key != PERIOD]
    counted = _counted(rows, sampled, [*keys], [*groups, *series], steps)
    first, end = steps.number(window.start), steps.number(window.end - timedelta(microseconds=1))
    counted = counted.filter(counted[STEP] >= first, counted[STEP] <= end)
    sums = counted.group_by([*keys, STEP]).aggregate(
        **{VALUE: counted[VALUE].sum(), SEEN: counted[SEEN].sum(), SERIES: counted.count()}
    )
    seen, expected = sums[SEEN].cast("float64"), sums[SERIES].cast("float64")
    match within:
        case "mean":
            value, share = sums[VALUE].mean(), seen.sum() / expected.sum()
        case "max":
            value, share = sums[VALUE].max(), seen.sum() / expected.sum()
        case "last":
            value, share = sums[VALUE].argmax(sums[STEP]), (seen / expected).argmax(sums[STEP])
    return aggregate(sums, keys, **{VALUE: value, SHARE: share})


def _counted(rows: ir.Table, sampled: ir.Table, keys: list[str], series: list[str], steps: Steps) -> ir.Table:
    """A row per key, series and step in which it counts: its VALUE, and whether it was SEEN (1) or carried on (0)."""
    import ibis

    # For equal moments an engine may take either value: so the order includes both.
    order = ibis.struct({MOMENT: rows[MOMENT], VALUE: rows[VALUE]})
    last = rows.group_by(list(dict.fromkeys([*keys, *series, STEP]))).aggregate(**{VALUE: rows[VALUE].argmax(order)})
    window = ibis.window(group_by=series, order_by=STEP) if series else ibis.window(order_by=STEP)
    followed = last.mutate(**{NEXT: last[STEP].lead().over(window)})
    goes_on = followed[NEXT].notnull() & (followed[NEXT] - followed[STEP] <= steps.most_silent)
    stop = goes_on.ifelse(followed[NEXT], followed[STEP] + steps.most_silent)
    stopping = followed.mutate(**{GOES_ON: goes_on, STOP: stop})
    names = [*keys, STEP, VALUE]
    seen = stopping.select(*names, **{SEEN: ibis.literal(1, type="int64")})
    gaps = stopping.filter(stopping[STOP] > stopping[STEP] + 1)
    held = [*keys, STEP, STOP, VALUE, GOES_ON]
    gaps = gaps.select(**{f"gap_{name}": gaps[name] for name in held if name != PERIOD})
    ahead = ibis.range_window(preceding=0, following=steps.most_silent, order_by=STEP)
    known = sampled.mutate(**{NEWEST: sampled[STEP].max().over(ahead)})
    silent = gaps.join(known, [known[STEP] > gaps[f"gap_{STEP}"], known[STEP] < gaps[f"gap_{STOP}"]])
    # A series without later samples counts as silent until a sample of another series shows that it has ended.
    has_ended = silent[NEWEST] >= silent[f"gap_{STEP}"] + steps.most_silent
    silent = silent.filter(silent[f"gap_{GOES_ON}"] | ~has_ended)
    carried = silent.select(
        **{key: silent[key if key == PERIOD else f"gap_{key}"] for key in keys},
        **{STEP: silent[STEP], VALUE: silent[f"gap_{VALUE}"], SEEN: ibis.literal(0, type="int64")},
    )
    return seen.union(carried)
