"""Downloads in PostgreSQL into daily tables, against the bare query through the same driver.

    python benchmarks/warehouse.py [ROWS]     by default 10 million; needs Debian's postgresql

Both are whole commands, start-up included: the peer runs the query and reads its answer into memory; Footfall runs it, checks
types and days, and stores the rows with their ledger. A second run, with nothing new, is measured as well.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import adbc_driver_postgresql.dbapi as driver

from measure import BUILD, FOOTFALL, Measured, alternate, claim, run

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres import postgresql

ROUNDS = 3
DAYS = 365
QUERY = (
    "SELECT at::date AS day, project, version, system, count(*) AS downloads FROM downloads "
    "WHERE at >= :since AND at < :until GROUP BY 1, 2, 3, 4"
)
SETTINGS = """
[sources.warehouse]
connection = "{address}"
[[sources.warehouse.tables]]
name = "installs"
query = "installs.sql"
time = "day"
first_day = 2025-01-01
dimensions = ["project", "version", "system"]
measures = ["downloads"]
"""
PEER = Path(__file__).parent / "peers" / "bare_postgresql.py"


def fill(address: str, rows: int) -> None:
    """Single downloads of a year: 50 projects, 8 versions, 3 systems."""
    with driver.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE downloads(at timestamptz, project text, version text, system text)")
        cursor.execute(
            "INSERT INTO downloads SELECT timestamptz '2025-01-01Z' + n * interval '1 second' * "
            f"({DAYS} * 86400.0 / {rows}), 'project-' || n % 50, (n / 50) % 8 || '.0', "
            f"(ARRAY['Linux', 'Darwin', 'Windows'])[1 + n % 3] FROM generate_series(0, {rows - 1}) n"
        )
        cursor.execute("ANALYZE downloads")


def workspace(address: str) -> Path:
    """An empty one each time."""
    folder = BUILD / "warehouse"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "footfall.toml").write_text(SETTINGS.format(address=address))
    (folder / "installs.sql").write_text(QUERY)
    return folder


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with postgresql() as address:
        print(f"filling PostgreSQL with {rows:,} downloads …", flush=True)
        fill(address, rows)
        asked = QUERY.replace(":since", "timestamptz '2025-01-01Z'").replace(":until", "timestamptz '2026-01-01Z'")

        def collect() -> Measured:
            return run([*FOOTFALL, "collect"], cwd=workspace(address))

        best = alternate(
            ROUNDS, {"bare": lambda: run([sys.executable, str(PEER), address, asked]), "footfall": collect}
        )
        again = run([*FOOTFALL, "collect"], cwd=BUILD / "warehouse")
    for name, measured in {**best, "nothing new": again}.items():
        print(f"      {name:>11}: {measured.seconds:.2f} s, {measured.peak / 2**20:.0f} MiB")
    ratio = best["footfall"].seconds / best["bare"].seconds
    claim(f"{rows:,} rows of PostgreSQL into daily tables, time of the bare query", ratio, "≤ 1.5", ratio <= 1.5)
    ratio = again.seconds / best["footfall"].seconds
    claim("a second run with nothing new, time of the first", ratio, "≤ 0.5", ratio <= 0.5)


if __name__ == "__main__":
    main()
