"""The generated archive that the benchmarks read: made once, kept in build/."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from footfall.sources.binder.sample import write_sample_archive
from measure import BUILD

UNTIL = date(2020, 5, 1)
"""Events had 230 bytes then; the ref and the build token came later."""


def archive_of(days: int, events_per_day: int, until: date = UNTIL) -> Path:
    """`days` files of exactly `events_per_day` skewed launches each."""
    folder = BUILD / f"archive-{days}x{events_per_day}-{until}"
    if not (folder / "index.jsonl").is_file():
        print(f"generating {days} days of {events_per_day:,} launches …", flush=True)
        write_sample_archive(folder, days, events_per_day, until=until, has_rhythm=False)
    return folder
