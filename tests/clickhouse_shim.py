"""ClickHouse's HTTP interface in front of chdb, the same engine in a process: run by a Python that has chdb.

    python clickhouse_shim.py [SETTINGS]     prints its port, then answers until its standard input ends

SETTINGS are appended to each query, such as `max_result_rows=1000, result_overflow_mode='break'` of the public servers.
"""

from __future__ import annotations

import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb import session  # type: ignore[import-not-found]

FIXED = sys.argv[1] if len(sys.argv) > 1 else ""
SESSION = session.Session()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
        params = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        kind = params.pop("default_format", "TabSeparated")
        for name in ("wait_end_of_query", "database"):
            params.pop(name, None)
        given = [f"{name}={value!r}" for name, value in params.items()] + ([FIXED] if FIXED else [])
        if given and sql.lstrip().upper().startswith(("SELECT", "WITH")):
            sql = f"{sql} SETTINGS {', '.join(given)}"
        try:
            body = SESSION.query(sql, kind).bytes() or b""
            self.answer(200, body)
        except Exception as error:
            found = re.search(r"Code: (\d+)", str(error))
            self.answer(404 if found and found[1] == "60" else 500, str(error).encode(), found[1] if found else "1")

    def answer(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    server.shutdown()
