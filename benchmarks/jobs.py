"""A backfill shared by processes: `collect --jobs 2` and `--jobs 4` against one process, in wall time.

The archive is that of `backfill.py`. Each command is a whole one, start-up included; the tables are compared at the end.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from archive import archive_of
from measure import BUILD, FOOTFALL, Measured, alternate, run

ROUNDS = 3


def main() -> None:
    archive = archive_of(120, 25_000)
    work = BUILD / "jobs"

    def collect(jobs: int) -> Measured:
        folder = work / str(jobs)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "footfall.toml").write_text(f'[sources.binder]\narchive = "{archive}"\n')
        return run([*FOOTFALL, "collect", "--jobs", str(jobs)], cwd=folder)

    best = alternate(ROUNDS, {f"collect --jobs {n}": partial(collect, n) for n in (1, 2, 4)})
    for name, measured in best.items():
        ratio = measured.seconds / best["collect --jobs 1"].seconds
        print(
            f"      {name:20} {measured.seconds:6.2f} s  {measured.cpu:6.2f} s of CPU  {ratio:.2f}× the time of one process"
        )
    if len({_rows_of(work / str(n)) for n in (1, 2, 4)}) != 1:
        raise SystemExit("MISS  the tables differ")


def _rows_of(folder: Path) -> str:
    import duckdb

    files = folder / "lake" / "launches" / "month=*" / "*.parquet"
    asked = f"SELECT md5(string_agg(md5(l::VARCHAR), '' ORDER BY md5(l::VARCHAR))) FROM read_parquet('{files}') l"
    [(digest,)] = duckdb.connect().execute(asked).fetchall()
    return str(digest)


if __name__ == "__main__":
    main()
