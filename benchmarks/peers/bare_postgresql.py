"""The bare query: asked through ADBC, its answer read into memory."""

from __future__ import annotations

import sys

import adbc_driver_postgresql.dbapi as driver

with driver.connect(sys.argv[1], autocommit=True) as connection, connection.cursor() as cursor:
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.execute(sys.argv[2])
    print(cursor.fetch_arrow_table().num_rows)
