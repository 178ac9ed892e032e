"""Reported counts: distinct counts made by the source, each for a span of time. They are never added up.

The count of a reported span is known. For any other span there are bounds:

- at most: the smallest sum of reported counts whose spans together cover it (they may extend beyond it);
- at least: the count of a reported span, minus the most that the part of it outside can have (as above).

So a month of reported days lies between its largest day and the sum of its days, and the bounds are tighter if the
source reported a span that contains it or is within it. The total of several series (repositories) lies between
their maximum and their sum, as the same people may be in all of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import pyarrow as pa

from footfall.measuring.kinds import MOMENT, PERIOD, VALUE
from footfall.measuring.matching import Group, instant, keep_matching
from footfall.measuring.measure import Measurement, group_column
from footfall.periods import Grain, Window, periods_in

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from footfall.measuring.reading import FactReader

ENDS, LEAST, MOST = "span_end", "least_value", "most_value"

Number: TypeAlias = int | float


class Reported(NamedTuple):
    """A reported span."""

    start: datetime
    end: datetime
    number: Number


class Bounds(NamedTuple):
    """The bounds of a count; `most` is None if there is no upper bound."""

    least: Number
    most: Number | None

    @property
    def value(self) -> Number | None:
        return self.least if self.least == self.most else None


@dataclass(frozen=True)
class ReportedMeasurement:
    """The counterpart of `Measurement` for other kinds: rows of PERIOD, group columns, VALUE, LEAST and MOST."""

    measurement: Measurement

    @property
    def group_columns(self) -> tuple[str, ...]:
        return self.measurement.group_columns

    def bounds(self, grain: Grain) -> Window | None:
        return self.measurement.bounds(grain)

    def run(self, window: Window, grain: Grain, is_running: bool = False) -> pa.Table:
        """One row per period and group for which something was reported."""
        found, value_type = self._read(window)
        cells: dict[tuple[datetime, Group], list[Bounds]] = defaultdict(list)
        for (group, _), spans in found.items():
            for period in periods_in(grain, window):
                asked = window if grain is Grain.TOTAL else period.window
                if bounds := bounds_of(asked, spans):
                    cells[period.start, group].append(bounds)
        together = {key: united(each) for key, each in cells.items()}
        columns: dict[str, pa.Array] = {}
        if grain is not Grain.TOTAL:
            columns[PERIOD] = pa.array([start for start, _ in together], pa.timestamp("us", "UTC"))
        columns |= self._groups([group for _, group in together])
        columns[VALUE] = pa.array([bounds.value for bounds in together.values()], value_type)
        columns[LEAST] = pa.array([bounds.least for bounds in together.values()], value_type)
        columns[MOST] = pa.array([bounds.most for bounds in together.values()], value_type)
        return pa.table(columns)

    def _groups(self, groups: Sequence[Group]) -> dict[str, pa.Array]:
        table = self.measurement.readers[0].table
        types = [table.arrow_schema().field(name).type for name in self.measurement.by]
        return {group_column(n): pa.array([group[n] for group in groups], kind) for n, kind in enumerate(types)}

    def _read(self, window: Window) -> tuple[dict[tuple[Group, Group], list[Reported]], pa.DataType]:
        """By group and series, in order, the reported counts of spans that overlap `window` or one of these spans."""
        found: dict[tuple[Group, Group], dict[tuple[datetime, datetime], Number]] = defaultdict(dict)
        value_type = pa.int64()
        hull = window
        parts = [(reader, self._spans(reader)) for reader in self.measurement.readers]
        for _, spans in parts:
            touching = _touching(spans, window).aggregate(first=spans[MOMENT].min(), last=spans[ENDS].max())
            first, last = self.measurement.engine.run(touching).to_pylist()[0].values()
            if first is not None:
                hull = Window(min(first, hull.start), max(last, hull.end))
        for reader, spans in parts:
            rows = self.measurement.engine.run(_touching(spans, hull))
            value_type = rows[VALUE].type
            for row in rows.to_pylist():
                group = tuple(row[name] for name in self.group_columns)
                series = tuple(row[f"series_{n}"] for n in range(len(self.measurement.series)))
                if row[VALUE] is not None:  # the first fact that reported a span wins
                    found[group, series].setdefault((row[MOMENT], row[ENDS]), row[VALUE])
            self._add_zeros(reader, hull, found)
        return {
            key: sorted(Reported(*span, n) for span, n in spans.items()) for key, spans in found.items()
        }, value_type

    def _spans(self, reader: FactReader) -> ir.Table:
        """The rows of a fact with the end of each span."""
        measurement, fact = self.measurement, reader.used.fact
        rows = reduce(keep_matching, measurement.filters, reader.mount(None))
        moment = rows[reader.used.time]
        end = rows[fact.ends] if fact.ends else measurement.engine.next_period(moment, reader.table.resolution)
        groups = {group_column(n): rows[dimension] for n, dimension in enumerate(measurement.by)}
        series = {f"series_{n}": rows[dimension] for n, dimension in enumerate(measurement.series)}
        return rows.select(**groups, **series, **{MOMENT: moment, ENDS: end, VALUE: fact.values(rows)})

    def _add_zeros(
        self,
        reader: FactReader,
        hull: Window,
        found: Mapping[tuple[Group, Group], dict[tuple[datetime, datetime], Number]],
    ) -> None:
        """In a table of equal spans, a collected span without a row is 0."""
        if reader.used.fact.ends:
            return
        collected = self.measurement.snapshot.collected(reader.table.name)
        units = periods_in(reader.table.resolution, hull)
        starts = [unit.start for unit in units]
        scope = reader.scope
        position = self.measurement.series.index(scope) if scope in self.measurement.series else None
        for (_, series), spans in found.items():
            name = None if position is None else series[position]
            known = collected.spans if name is None else collected.of_scope(str(name)).spans
            for span in {span.window for each in known.values() for span in each}:
                for n in range(bisect_left(starts, span.start), len(units)):
                    if units[n].end > span.end:
                        break
                    spans.setdefault((units[n].start, units[n].end), 0)


def _touching(spans: ir.Table, window: Window) -> ir.Table:
    return spans.filter(spans[MOMENT] < instant(window.end), spans[ENDS] > instant(window.start))


def bounds_of(asked: Window, spans: Sequence[Reported]) -> Bounds | None:
    """What `spans`, in order, say about the count of `asked`; None if none overlaps it."""
    touching = [span for span in spans if span.start < asked.end and asked.start < span.end]
    if not touching:
        return None
    exact = next((span for span in touching if (span.start, span.end) == (asked.start, asked.end)), None)
    if exact is not None:
        return Bounds(exact.number, exact.number)
    most = least_cover(asked, touching)
    least: Number = 0
    for span in touching:
        outside = [least_cover(part, spans) for part in _outside(span, asked)]
        least = max(least, span.number - sum(o if o is not None else span.number for o in outside))
    return Bounds(least if most is None else min(least, most), most)


def _outside(span: Reported, asked: Window) -> Iterator[Window]:
    if span.start < asked.start:
        yield Window(span.start, asked.start)
    if span.end > asked.end:
        yield Window(asked.end, span.end)


def least_cover(asked: Window, spans: Iterable[Reported]) -> Number | None:
    """The smallest sum of the counts of spans that together cover `asked`; None if they do not."""
    best: Number | None = None
    reached: list[tuple[Number, datetime]] = []  # sums so far, with how far they cover without a gap
    for span in spans:
        if span.end <= asked.start or span.start >= asked.end:
            continue
        if span.start <= asked.start:
            total: Number = span.number
        else:
            while reached and reached[0][1] < span.start:
                heappop(reached)  # later spans start even later
            if not reached:
                continue
            total = reached[0][0] + span.number
        if span.end >= asked.end:
            best = total if best is None else min(best, total)
        heappush(reached, (total, span.end))
    return best


def united(parts: Sequence[Bounds]) -> Bounds:
    """The bounds of several series together: the same people may be in all of them."""
    if len(parts) == 1:
        return parts[0]
    most = [part.most for part in parts]
    return Bounds(max(part.least for part in parts), None if None in most else sum(m for m in most if m is not None))
