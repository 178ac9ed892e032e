"""Gauges of many hubs, five minutes apart, from a real Prometheus into a table, against reading the same answers.

    python benchmarks/prometheus.py [HUBS [DAYS]]     by default 200 hubs and 365 days; needs Debian's prometheus

Both are whole commands, start-up included: the peer asks and reads every answer into arrays; Footfall asks, splits the
answers into days, and stores the rows with their ledger. A second run, with nothing new, is measured as well.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import BUILD, FOOTFALL, Measured, alternate, claim, run

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from prometheuses import Sample, prometheus

ROUNDS = 3
STEP = 300
QUERY = "hub_users_now"
SETTINGS = """
[sources.prometheus]
address = "{address}"
cluster = "main"
first_day = {first:%Y-%m-%d}
[[sources.prometheus.queries]]
name = "users_now"
query = "hub_users_now"
step = "5m"
labels = ["namespace"]
type = "integer"
"""
PEER = Path(__file__).parent / "peers" / "bare_prometheus.py"


def past(hubs: int, first: datetime, days: int) -> Iterator[Sample]:
    """A gauge for each hub, every five minutes."""
    start = int(first.timestamp())
    for hub in range(hubs):
        for at in range(0, days * 86_400, STEP):
            yield QUERY, {"namespace": f"hub-{hub:03}"}, start + at, (at // STEP * 7 + hub * 13) % 211


def workspace(address: str, first: datetime) -> Path:
    """An empty one each time."""
    folder = BUILD / "prometheus"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "footfall.toml").write_text(SETTINGS.format(address=address, first=first))
    return folder


def main() -> None:
    hubs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    days = int(sys.argv[2]) if len(sys.argv) > 2 else 365
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - timedelta(days=days)
    there = BUILD / "prometheus-server"
    shutil.rmtree(there, ignore_errors=True)
    print(f"filling Prometheus with {hubs} hubs over {days} days …", flush=True)
    with prometheus(there, past(hubs, first, days)) as address:
        span = [str(int(first.timestamp())), str(int(today.timestamp())), str(STEP)]

        def collect() -> Measured:
            return run([*FOOTFALL, "collect"], cwd=workspace(address, first))

        best = alternate(
            ROUNDS, {"bare": lambda: run([sys.executable, str(PEER), address, QUERY, *span]), "footfall": collect}
        )
        again = run([*FOOTFALL, "collect"], cwd=BUILD / "prometheus")
    shutil.rmtree(there, ignore_errors=True)
    for name, measured in {**best, "nothing new": again}.items():
        print(f"      {name:>11}: {measured.seconds:.2f} s, {measured.peak / 2**20:.0f} MiB")
    rows = hubs * days * 86_400 // STEP
    ratio = best["footfall"].seconds / best["bare"].seconds
    claim(f"{rows:,} values of Prometheus into a table, time of reading the answers", ratio, "≤ 1.5", ratio <= 1.5)
    ratio = again.seconds / best["footfall"].seconds
    claim("a second run with nothing new, time of the first", ratio, "≤ 0.5", ratio <= 0.5)


if __name__ == "__main__":
    main()
