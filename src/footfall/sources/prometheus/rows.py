"""From series to rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from footfall.errors import BrokenDataError
from footfall.periods import EPOCH
from footfall.sources.prometheus.asking import Series
from footfall.tables import OBSERVED_AT, Observe, Table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_MICROS = 1_000_000


@dataclass(frozen=True)
class Refused:
    """A value that cannot be converted to a row."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Made:
    """Rows, and the values that could not be converted."""

    rows: pa.Table
    rejected: tuple[Refused, ...] = ()


def values_of(
    table: Table, cluster: str, series: Sequence[Series], dimensions: Sequence[tuple[str, str]], back: timedelta
) -> Made:
    """A row per value, with the labels that are dimensions. Values that are not finite (NaN, Inf) are rejected.

    Raises BrokenDataError if two series have the same dimensions: only the query can make them distinct.
    """
    import numpy as np

    keys = [tuple(one.labels.get(label, "") for label, _ in dimensions) for one in series]
    _check_distinct(table.name, keys, series, [label for label, _ in dimensions])
    is_whole = table.column("value").type == "integer"
    masks = [np.isfinite(one.values) & ((one.values == np.rint(one.values)) | (not is_whole)) for one in series]
    kept = [Series(one.labels, one.times[mask], one.values[mask]) for one, mask in zip(series, masks, strict=True)]
    texts = {name: [key[at] for key in keys] for at, (_, name) in enumerate(dimensions)}
    rows = arrow(
        table,
        moments=moments_of(kept, back),
        numbers={"value": np.concatenate([one.values for one in kept]) if kept else np.empty(0)},
        texts={"cluster": [cluster] * len(series), **texts},
        lengths=[len(one.times) for one in kept],
    )
    refused = [each for one, mask in zip(series, masks, strict=True) for each in refused_of(one, mask, back)]
    return Made(rows, tuple(refused))


def refused_of(one: Series, mask: np.ndarray[Any, Any], back: timedelta) -> list[Refused]:
    """The values of a series that `mask` leaves out."""
    if mask.all():
        return []
    return [
        Refused(EPOCH + timedelta(seconds=int(at)) - back, f"{_named(one.labels)}: {value}")
        for at, value in zip(one.times[~mask], one.values[~mask], strict=True)
    ]


def moments_of(series: Sequence[Series], back: timedelta) -> np.ndarray[Any, Any]:
    """The times of the rows of all series, in microseconds: those of the values, shifted back by `back`."""
    import numpy as np

    times = np.concatenate([one.times for one in series]) if series else np.empty(0, np.int64)
    return (times - int(back.total_seconds())) * _MICROS


def arrow(
    table: Table,
    *,
    moments: np.ndarray[Any, Any],
    numbers: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]],
    texts: Mapping[str, Sequence[Any]],
    lengths: Sequence[int],
) -> pa.Table:
    """Columns in the form of the table.

    Args:
        moments: For each row, in microseconds.
        numbers: For each row, by column.
        texts: For each series, by column; the moment of observation is filled in when rows are stored.
        lengths: How many rows each series has.
    """
    import numpy as np
    import pyarrow as pa

    schema = table.arrow_schema()
    of_series = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    columns: dict[str, Any] = {table.time: pa.array(moments, pa.int64())}
    columns |= {
        name: pa.array(values, None if len(values) else schema.field(name).type) for name, values in numbers.items()
    }
    for name, values in texts.items():
        columns[name] = pa.array(list(values), schema.field(name).type).take(pa.array(of_series))
    if isinstance(table.rule, Observe):
        columns[OBSERVED_AT] = pa.nulls(len(moments), schema.field(OBSERVED_AT).type)
    return pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def _check_distinct(
    table: str, keys: Sequence[tuple[str, ...]], series: Sequence[Series], labels: Sequence[str]
) -> None:
    if len(set(keys)) == len(keys):
        return
    seen: dict[tuple[str, ...], Series] = {}
    for key, one in zip(keys, series, strict=True):
        if (other := seen.setdefault(key, one)) is not one:
            said = f"by ({', '.join(labels)})" if labels else "without labels"
            raise BrokenDataError(
                f"{table}: two series have the same dimensions, {_named(other.labels)} and {_named(one.labels)}; name the label "
                f"that tells them apart in `labels`, or aggregate in the query, as with sum {said}."
            )


def _named(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
