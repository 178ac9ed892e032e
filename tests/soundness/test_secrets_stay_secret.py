"""Secrets appear nowhere: not in what commands say, with -vv or without, in logs, errors, the ledger, the lake or any file.

Every server of the workspace is hostile: it answers with what it was sent, headers and all.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest

from footfall.collect import collect, status
from footfall.concealing import concealed, remember
from footfall.lake import Lake
from footfall.ledger import Known
from footfall.sources import Batch, Offer, Progress
from histories import History
from test_collect import DAYS, Door

pytestmark = pytest.mark.slow

SECRETS = {
    name: f"{name}-S3cr3t/{n}+{'e' if name in ('hub', 'grafana', 'header') else 'é'}={n}"
    for n, name in enumerate(("hub", "key", "store", "warehouse", "grafana", "header", "mail", "click"))
}
HOOK = "services/T000/hook-S3cr3t-path"
GIT = "git-S3cr3t-42"


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent; the status changes from answer to answer."""

    statuses: tuple[int, ...] = (403, 200, 401, 404)
    asked = 0

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = f"{self.command} {self.path}\n{self.headers}\n".encode() + self.rfile.read(length)
        plain = self.headers.get("Authorization", "").encode()
        if b"Basic " in plain:
            sent += base64.b64decode(plain.removeprefix(b"Basic "))
        self.send_response(self.statuses[Echo.asked % len(self.statuses)])
        Echo.asked += 1
        self.send_header("X-Echo", self.headers.get("Authorization", "none"))
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_HEAD = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def write_settings(folder: Path, echo: str) -> dict[str, str]:
    """A workspace in which everything that may be secret is. Returns the environment that it needs."""
    history = History.new(folder / "project")
    history.commit("2026-03-01T12:00+00:00")
    history.write()
    (folder / "q.sql").write_text(
        f"SELECT '{SECRETS['warehouse']}' AS token, :since AS day FROM nowhere WHERE :since < :until"
    )
    table = '[[sources.{0}.tables]]\nname = "{0}_t"\nquery = "q.sql"\ntime = "day"\nfirst_day = 2026-03-01\nmeasures = ["{0}_n"]\n'
    store = quote(SECRETS["store"], safe="")
    mail, click = quote(SECRETS["mail"], safe=""), quote(SECRETS["click"], safe="")
    (folder / "footfall.toml").write_text(
        f"""
activity = {{ store = "redis://:{store}@127.0.0.1:1/0", hash_key = {{ env = "KEY" }} }}
[sources.git]
repositories = ["project", "http://user:{GIT}@{echo}/x.git"]
hash_key = {{ env = "KEY" }}
[sources.jupyterhub]
hubs = [{{ name = "main", address = "http://{echo}", token = {{ env = "HUB" }} }}]
hash_key = {{ env = "KEY" }}
[sources.prometheus]
grafana = "http://{echo}"
preset = "hub_users"
token = {{ env = "GRAFANA" }}
headers = {{ X-Scope-OrgID = {{ env = "HEADER" }} }}
[sources.warehouse]
connection = {{ env = "POSTGRES" }}
{table.format("warehouse")}
[sources.click]
kind = "warehouse"
connection = "clickhouse+http://me:{click}@{echo}/db"
{table.format("click")}
[[alerts]]
name = "still"
when = "standstill"
days = 0.000001
webhook = "http://{echo}/{HOOK}"
email = {{ to = ["a@b"], from = "c@d", server = "smtp://u:{mail}@127.0.0.1:1" }}
"""
    )
    return {
        "KEY": SECRETS["key"],
        "HUB": SECRETS["hub"],
        "GRAFANA": SECRETS["grafana"],
        "HEADER": SECRETS["header"],
        "POSTGRES": f"postgresql://me:{quote(SECRETS['warehouse'], safe='')}@127.0.0.1:1/db",
    }


def forms(secret: str) -> set[bytes]:
    """A secret as it stands, in an address, in JSON, and in base64 with or without a user before it."""
    coded = {base64.b64encode(f"{user}{secret}".encode()).rstrip(b"=")[:-1] for user in ("", "me:", "user:", "u:", ":")}
    return {secret.encode(), quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), *coded}


FORMS = {form for secret in (*SECRETS.values(), HOOK, GIT) for form in forms(secret)}


def found_in(content: bytes) -> list[bytes]:
    return [form for form in FORMS if form in content]


def test_no_command_says_a_secret_and_no_file_holds_one(tmp_path: Path, echo: str) -> None:
    environment = {**write_settings(tmp_path, echo), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONUTF8": "1"}
    commands = [
        ["-vv", "collect"], ["-v", "collect"], ["-vv", "status"], ["status", "--format", "json"], ["-vv", "doctor"],
        ["doctor", "--format", "json"], ["-vv", "alert"], ["-vv", "query", "commits"], ["-vv", "query", "nothing"],
        ["-vv", "events"], ["schedule", "github-actions", "--to", "-"],
    ]  # fmt: skip
    said = b""
    for words in commands:
        asked = [sys.executable, "-m", "footfall", "-w", str(tmp_path), *words]
        done = subprocess.run(asked, capture_output=True, check=False, env=environment, timeout=120)
        assert found_in(done.stdout + done.stderr) == [], words
        said += done.stdout + done.stderr
    for proof in (
        b"jupyterhub",
        b"could not be collected completely",
        b"DEBUG",
        b"Traceback",
        b"webhook of the alert still",
    ):
        assert proof in said, "the commands came as far as they should"
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("footfall.toml", "q.sql")]
    assert [path for path in files if path.is_relative_to(tmp_path / "lake")]
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += repr(pq.ParquetFile(path).read().to_pylist()).encode()
        assert found_in(content) == [], path


class Careless(Door):
    """A source that puts a secret into everything that it says."""

    def offers(self, known: Known, now: datetime) -> Iterator[Offer]:
        for offer in super().offers(known, now):
            if offer.window.start.day == 3:
                yield Offer(offer.table, offer.window, absent=f"nothing for {SECRETS['hub']}")
            elif offer.window.start.day == 10:
                raise KeyError(SECRETS["hub"])
            else:
                yield offer

    def fetch(self, offers: Sequence[Offer], tell: Progress) -> Iterator[Batch]:
        yield Batch([offers[0].failed(f"401 for {SECRETS['hub']}", rejected=1, sample=f"line with {SECRETS['hub']}")])
        yield Batch([offers[1].missing(f"none for {SECRETS['hub']}")])


def test_what_a_careless_source_says_is_kept_without_its_secret(tmp_path: Path) -> None:
    remember(SECRETS["hub"])
    lake, door = Lake.open(str(tmp_path / "lake")), Careless(dict.fromkeys(DAYS, 1))
    now = datetime(2024, 1, 10, 12, tzinfo=UTC)
    for _ in range(2):
        (summary,) = collect(lake, {"door": door}, now=lambda: now).sources
        shown = repr([summary, status({"door": door}, lake.snapshot([]), now), list(lake.known("door"))])
        assert SECRETS["hub"] not in shown
        assert "KeyError: '…'" in summary.error
        assert "401 for …" in shown
        assert "nothing for …" in shown
        assert "line with …" in shown
    assert concealed("nothing to hide") == "nothing to hide"
