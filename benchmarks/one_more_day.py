"""One more day after three years of history, against one more day after one month.

The history is collected, then a day is added to the archive and collected; both workspaces take turns, each
time with the next day. Everything is a whole command, start-up included.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from footfall.sources.binder.sample import write_sample_archive
from measure import BUILD, FOOTFALL, Measured, alternate, claim, run

EVENTS = 2_000
ROUNDS = 7
LAST = date(2024, 5, 1)


def prepared(days: int) -> Path:
    """A workspace with `days` of history collected."""
    workspace = BUILD / f"history-{days}"
    shutil.rmtree(workspace, ignore_errors=True)
    write_sample_archive(workspace / "archive", days, EVENTS, until=LAST, has_rhythm=False)
    (workspace / "footfall.toml").write_text('[sources.binder]\narchive = "archive"\n')
    run([*FOOTFALL, "collect"], cwd=workspace)
    return workspace


def one_more(workspace: Path, days: int) -> Callable[[], Measured]:
    """Each call adds the next day to the archive, then measures collecting it."""
    added = 0

    def collect() -> Measured:
        nonlocal added
        added += 1
        write_sample_archive(
            workspace / "archive", days + added, EVENTS, until=LAST + timedelta(days=added), has_rhythm=False
        )
        return run([*FOOTFALL, "collect"], cwd=workspace)

    return collect


def main() -> None:
    print("collecting three years and one month of history …", flush=True)
    contenders = {str(days): one_more(prepared(days), days) for days in (30, 3 * 365)}
    best = alternate(ROUNDS, contenders)
    for days, measured in best.items():
        print(f"      after {days:>4} days: {measured.seconds:.2f} s")
    ratio = best["1095"].seconds / best["30"].seconds
    claim("one more day after three years, time of one after a month", ratio, "≤ 1.25", ratio <= 1.25)


if __name__ == "__main__":
    main()
