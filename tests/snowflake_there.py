"""Snowflake's own connector against fakesnow's server, in a Python of its own: their requirements conflict with ours.

PYTHONPATH=src python snowflake_there.py FOLDER     prints JSON: what the source stored, and all that was logged
"""

from __future__ import annotations

import io
import json
import logging
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
LOG = io.StringIO()
logging.basicConfig(stream=LOG, level=logging.DEBUG, force=True)  # as with -vv
TOKEN = "t0ken-in-a-query"


def serve() -> int:
    import fakesnow.server  # type: ignore[import-not-found]
    import uvicorn

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    for name in ("fakesnow", "fakesnow.server", "sqlglot", "uvicorn"):  # the server's own words are not ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    server = uvicorn.Server(uvicorn.Config(fakesnow.server.app, port=port, log_config=None, log_level="critical"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return port


def options(port: int) -> dict[str, Any]:
    return {
        "account": "fakesnow",
        "user": "reader",
        "password": "geheim-password",
        "host": "127.0.0.1",
        "port": port,
        "protocol": "http",
        "database": "imaging",
        "schema": "pypi",
    }


def main() -> dict[str, Any]:
    from footfall.collect import collect
    from footfall.lake import Lake
    from footfall.sources import Context
    from footfall.sources.warehouse import Warehouse
    from footfall.warehouses.snowflake import open_snowflake

    port = serve()
    answers: dict[str, Any] = {}
    snowflake = open_snowflake(options(port), "snowflake://fakesnow")
    write = snowflake._connection.cursor().execute
    write(
        "CREATE TABLE labeled_downloads (file_project TEXT, timestamp TIMESTAMP_NTZ, ingestion_timestamp TIMESTAMP_NTZ, "
        "download_type TEXT, project_type TEXT)"
    )

    def add(project: str, at: str, arrived: str, kind: str = "pip") -> None:
        write(f"INSERT INTO labeled_downloads VALUES ('{project}', '{at}', '{arrived}', '{kind}', 'plugin')")

    add("PartSeg", "2026-11-01 23:30:00", "2026-11-02 03:00:00")
    add("PartSeg", "2026-11-01 12:00:00", "2026-11-02 03:00:00")
    add("PartSeg", "2026-11-02 00:30:00", "2026-11-02 03:00:00")
    add("napari_x", "2026-11-02 10:00:00", "2026-11-02 12:00:00")
    add("napari_x", "2026-11-02 11:00:00", "2026-11-02 12:00:00", "mirror")
    now = datetime(2026, 11, 4, 12, tzinfo=UTC)
    query = f"&client_session_keep_alive=false&account=fakesnow&host=127.0.0.1&port={port}&protocol=http"
    settings = Warehouse.Settings.model_validate(
        {
            "connection": f"snowflake://reader:geheim-password@fakesnow/imaging/pypi?{query}",
            "tables": [{"preset": "napari_hub", "first_day": "2026-10-20"}],
        }
    )

    def stored() -> list[list[Any]]:
        context = Context(FOLDER, FOLDER / "scratch", lambda: now, lambda: None, "warehouse")  # type: ignore[arg-type, return-value]
        source: Any = Warehouse(settings, context)
        lake = Lake(FOLDER / "lake", lambda: now)
        (summary,) = collect(lake, {"warehouse": source}, now=lambda: now).sources
        answers.setdefault("faults", []).append([summary.error, summary.failed, *[n.reason for n in summary.notes][:2]])
        files = list(lake.snapshot(source.tables).tables["plugin_downloads"].files)
        rows = lake.cursor().sql(f"SELECT * FROM read_parquet({files})").to_arrow_table().to_pylist()
        return sorted([r["project"], r["day"].astimezone(UTC).date().isoformat(), r["plugin_installs"]] for r in rows)

    answers["first"] = stored()
    add("PartSeg", "2026-11-01 13:00:00", "2026-11-05 01:00:00")
    now += timedelta(days=2)
    answers["later"] = stored()
    answers["types"] = [
        str(snowflake.ask(f"SELECT {value} AS n").to_pylist()[0]["N"]) for value in ("42", "3000000000")
    ]
    answers["none"] = snowflake.ask("SELECT 1 AS n WHERE 1 = 0").column_names
    answers["zone"] = snowflake.zone()
    for name, sql in (("unknown", f"SELECT '{TOKEN}' FROM nowhere"), ("wrong", f"SELEC '{TOKEN}'")):
        try:
            snowflake.ask(sql)
        except Exception as error:
            answers[name] = f"{type(error).__name__}: {error}"
    snowflake.ask(f"SELECT '{TOKEN}'")
    snowflake.close()
    answers["log"] = [line for line in LOG.getvalue().splitlines() if TOKEN in line or "geheim-password" in line]
    return answers


if __name__ == "__main__":
    print(json.dumps(main()))
