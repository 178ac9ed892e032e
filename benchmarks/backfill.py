"""Backfill and size: 120 days of 25,000 launches each, from JSON files to committed tables with rollups.

Peers: the archive notebook's way (pandas and Feather files), and a bare DuckDB script that only reads, groups and
writes one sorted Parquet file. The same launches, written in other ways, are compared with the plain archive by the
CPU time. Everything is a whole command, start-up included.
"""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

from archive import VARIANTS, archive_of, variant_of
from measure import BUILD, FOOTFALL, Measured, alternate, claim, run, size_of

PEERS = Path(__file__).parent / "peers"
ROUNDS = 3
MEGABYTE = 1_000_000


def main() -> None:
    archive = archive_of(120, 25_000)
    work = BUILD / "backfill"
    print(f"{size_of(archive) / MEGABYTE:,.0f} MB of JSON lines in {len(list(archive.glob('events-*')))} files")

    def notebook() -> Measured:
        shutil.rmtree(work / "notebook", ignore_errors=True)
        return run([sys.executable, str(PEERS / "notebook.py"), str(archive), str(work / "notebook")])

    def bare() -> Measured:
        return run([sys.executable, str(PEERS / "bare_duckdb.py"), str(archive), str(work / "bare.parquet")])

    def footfall(archive: Path) -> Measured:
        shutil.rmtree(work / "workspace", ignore_errors=True)
        (work / "workspace").mkdir(parents=True)
        (work / "workspace" / "footfall.toml").write_text(f'[sources.binder]\narchive = "{archive}"\n')
        return run([*FOOTFALL, "collect"], cwd=work / "workspace")

    work.mkdir(parents=True, exist_ok=True)
    variants = {name: partial(footfall, variant_of(archive, name)) for name in VARIANTS}
    peer = notebook()
    best = alternate(ROUNDS, {"bare": bare, **variants, "footfall": partial(footfall, archive)})
    for name, measured in {"notebook": peer, **best}.items():
        print(
            f"      {name:26} {measured.seconds:6.2f} s  {measured.cpu:6.2f} s of CPU"
            f"  {measured.peak / MEGABYTE:7,.0f} MB at the most"
        )
    ours = best["footfall"]
    against_notebook = peer.cpu / ours.cpu
    claim("backfill, CPU time of the notebook", against_notebook, "≥ 4", against_notebook >= 4)
    print(f"      time of the bare DuckDB script: {ours.seconds / best['bare'].seconds:.2f}×")
    against_bare = ours.cpu / best["bare"].cpu
    claim("backfill, CPU time of the bare DuckDB script", against_bare, "≤ 0.9", against_bare <= 0.9)
    for name in VARIANTS:
        against_plain = best[name].cpu / ours.cpu
        claim(f"{name}, CPU time of the plain archive", against_plain, "≤ 1.5", against_plain <= 1.5)
    peak = max(best[name].peak for name in ("footfall", *VARIANTS))
    print(f"{'  ok ' if peak < 1.5e9 else 'MISS '} peak memory {peak / 1e9:.2f} GB  (promised < 1.5 GB)")
    feather = size_of(work / "notebook" / "days")
    lake = work / "workspace" / "lake"
    hourly, by_day = size_of(lake / "launches", "month=*/*"), size_of(lake / "launches_by_day", "month=*/*")
    print(
        f"      hourly {hourly / MEGABYTE:.2f} MB, daily {by_day / MEGABYTE:.2f} MB; Feather {feather / MEGABYTE:.0f} MB"
    )
    claim(
        "size of the Feather files for the same days",
        feather / (hourly + by_day),
        "≥ 10",
        feather / (hourly + by_day) >= 10,
    )


if __name__ == "__main__":
    main()
