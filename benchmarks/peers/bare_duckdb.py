"""The least that any tool on DuckDB must do: read, group by hour, write one sorted Parquet file.

Run as: python bare_duckdb.py ARCHIVE OUT.parquet
"""

from __future__ import annotations

import sys

import duckdb

COLUMNS = (
    "{timestamp: 'TIMESTAMPTZ', version: 'UTINYINT', provider: 'VARCHAR', spec: 'VARCHAR', status: 'VARCHAR', "
    "origin: 'VARCHAR', build_token: 'BOOLEAN', request_origin: 'VARCHAR', schema: 'VARCHAR', ref: 'VARCHAR'}"
)


def main(archive: str, out: str) -> None:
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'; SET preserve_insertion_order = false")
    connection.execute(
        f"""
        COPY (
            SELECT * FROM (
                SELECT date_trunc('hour', timestamp) AS hour, provider, spec, origin, status, version, build_token,
                       request_origin, count(*) AS launches
                FROM read_json('{archive}/events-*.jsonl', format = 'newline_delimited', columns = {COLUMNS})
                GROUP BY ALL
            ) ORDER BY date_trunc('month', hour), spec, hour
        ) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
        """
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
