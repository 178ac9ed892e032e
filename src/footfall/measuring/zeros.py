"""Improbable days of zero: the source may have lost them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, inf, isinf, log

_WEEK = 7
_EXPECTED = 0.01
"""A zero is improbable if a window of this length would have fewer than this many by chance."""


def improbable_zeros(totals: Sequence[float | None]) -> Iterator[int]:
    """The positions of days with 0 that chance does not explain; None marks a day that is not settled or not known.

    A day is expected to be at least as busy as the quietest of its neighbours: the settled days next to its run of
    zeros, and the nearest same weekdays outside the run. Both days next to the run and one same weekday
    must be known, so that a quiet weekend or a paused project is not flagged. With that expectation the chance
    of 0 is the Poisson one, exp(-expected), where the window varies no more than Poisson numbers do. Where it varies
    more (index of dispersion d = variance / mean above 1, as for commits, which come in bursts), it is that of the
    negative binomial distribution with the same d: d ** (-expected / (d - 1)). All settled days count for d except
    those of the run itself. A day is improbable if chance times the number of settled days is below 0.01.
    """
    known = sum(total is not None for total in totals)
    for run in _runs_of_zeros(totals):
        expected = {day: least for day in run if (least := _expected(totals, run, day)) is not None}
        if not expected or max(expected.values()) <= 0:
            continue
        dispersion = _dispersion([t for i, t in enumerate(totals) if t is not None and i not in run])
        yield from (day for day in run if known * _chance_of_zero(expected.get(day, 0), dispersion) < _EXPECTED)


def _dispersion(totals: Sequence[float]) -> float:
    """Variance / mean: 1 for Poisson numbers. Infinite if the mean is not above 0: then nothing is improbable."""
    from statistics import fmean, pvariance  # imported late: only few results have a day of zeros

    mean = fmean(totals)
    return pvariance(totals, mean) / mean if mean > 0 else inf


def _expected(totals: Sequence[float | None], run: range, day: int) -> float | None:
    """The smallest of the neighbours; None if a day next to the run or every same weekday is unknown."""
    beside = (_at(totals, run.start - 1), _at(totals, run.stop))
    before, after = day - _WEEK, day + _WEEK
    while before in run:
        before -= _WEEK
    while after in run:
        after += _WEEK
    alike = [total for total in (_at(totals, before), _at(totals, after)) if total is not None]
    if not alike or beside[0] is None or beside[1] is None:
        return None
    return min(beside[0], beside[1], *alike)


def _chance_of_zero(expected: float, dispersion: float) -> float:
    if isinf(dispersion):
        return 1.0
    if dispersion <= 1:
        return exp(-expected)
    return exp(-expected * log(dispersion) / (dispersion - 1))


def _runs_of_zeros(totals: Sequence[float | None]) -> Iterator[range]:
    start = 0
    while start < len(totals):
        stop = start
        while stop < len(totals) and totals[stop] == 0:
            stop += 1
        if stop > start:
            yield range(start, stop)
        start = max(stop, start + 1)


def _at(totals: Sequence[float | None], position: int) -> float | None:
    return totals[position] if 0 <= position < len(totals) else None
