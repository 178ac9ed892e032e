"""The text format of a hub's metrics (Prometheus text format 0.0.4), and the values of a hub in it."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from footfall.errors import BrokenDataError
from footfall.numerals import number_of
from footfall.sources.hubs import Timescale

_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s+([^\s}]+)(?:\s+-?\d+)?\s*")
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|\Z)')
_ESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
PERIODS = {"24h": Timescale.DAILY, "7d": Timescale.WEEKLY, "30d": Timescale.MONTHLY}
ACTIVE, RUNNING, TOTAL, SPAWNS = (
    "active_users",
    "running_servers",
    "total_users",
    "server_spawn_duration_seconds_count",
)


@dataclass(frozen=True)
class Sample:
    """One line: the name of a metric, its labels and its value."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Reading:
    """What a hub reported at one moment; None or empty for what it did not report."""

    active: Mapping[Timescale, int]
    running: int | None
    total: int | None
    spawns: Mapping[str, int]
    """Attempted server starts since the hub started, by outcome."""
    started_at: datetime | None
    """When the hub's process started."""


def parse(text: str) -> list[Sample]:
    """The samples of a text. Raises BrokenDataError, which names the first invalid line."""
    samples = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _SAMPLE.fullmatch(line.strip())
        try:
            if found is None:
                raise ValueError
            samples.append(Sample(found[1], _labels(found[2] or ""), _value(found[3])))
        except ValueError:
            raise BrokenDataError(
                f"line {number} is not a metric: {line[:60]!r}; check the address of the hub"
            ) from None
    return samples


def _value(text: str) -> float:
    """A number, NaN or an infinity, which are all valid samples."""
    return float(text) if text.lstrip("+-").lower() in ("nan", "inf") else number_of(text)


def _labels(text: str) -> dict[str, str]:
    labels, at = dict[str, str](), 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if found is None:
            raise ValueError(text)
        labels[found[1]] = re.sub(r"\\.", lambda each: _ESCAPED.get(each[0], each[0]), found[2])
        at = found.end()
    return labels


def reading_of(text: str, prefix: str | None = None) -> Reading:
    """The values of a hub. Unknown labels are summed.

    Args:
        text: The answer of `/hub/metrics`.
        prefix: The prefix of the metric names; by default it is inferred from their suffixes.

    Raises BrokenDataError if there are no hub metrics, or if there are two prefixes.
    """
    samples = parse(text)
    start = _prefix_of(samples) if prefix is None else prefix
    lead = f"{start}_" if start else ""
    if not any(sample.name in {f"{lead}{name}" for name in (ACTIVE, RUNNING, TOTAL, SPAWNS)} for sample in samples):
        raise BrokenDataError(f"it has no metric {lead}{RUNNING} or {lead}{ACTIVE}; check the address of the hub")
    active: dict[Timescale, int] = defaultdict(int)
    spawns: dict[str, int] = defaultdict(int)
    for sample in samples:
        if sample.name == f"{lead}{ACTIVE}" and sample.labels.get("period") in PERIODS:
            active[PERIODS[sample.labels["period"]]] += _whole(sample)
        elif sample.name == f"{lead}{SPAWNS}":
            spawns[sample.labels.get("status", "")] += _whole(sample)
    running, total = (_only(samples, f"{lead}{name}") for name in (RUNNING, TOTAL))
    return Reading(dict(active), running, total, dict(spawns), _started_at(samples))


def _prefix_of(samples: Sequence[Sample]) -> str:
    """The prefix of the names that only a hub has."""
    found = {
        sample.name.removesuffix(name).rstrip("_")
        for sample in samples
        for name in (ACTIVE, RUNNING, TOTAL, SPAWNS)
        if sample.name == name or sample.name.endswith(f"_{name}")
    }
    if len(found) > 1:
        named = " and ".join(repr(each) for each in sorted(found))
        raise BrokenDataError(f"its metrics begin with {named}; set the `prefix` of the hub in footfall.toml")
    return next(iter(found), "jupyterhub")


def _only(samples: Sequence[Sample], name: str) -> int | None:
    values = [_whole(sample) for sample in samples if sample.name == name]
    return sum(values) if values else None


def _whole(sample: Sample) -> int:
    if not math.isfinite(sample.value) or sample.value < 0:
        raise BrokenDataError(f"{sample.name} is {sample.value}, which is not a count")
    return round(sample.value)


def _started_at(samples: Sequence[Sample]) -> datetime | None:
    started = [sample.value for sample in samples if sample.name == "process_start_time_seconds"]
    is_date = len(started) == 1 and 0 < started[0] < 253402300800  # the year 10000
    return datetime.fromtimestamp(started[0], UTC) if is_date else None
