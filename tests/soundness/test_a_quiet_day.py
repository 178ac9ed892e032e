"""A day with nothing new costs requests, not rewrites: commits and bytes of the lake are counted, and what upstream sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.sources.binder.sample import write_sample_archive
from histories import History

pytestmark = pytest.mark.slow

UNTIL = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Archive(SimpleHTTPRequestHandler):
    """An archive of events; it counts what it is asked for, and the bytes of the bodies that it sends."""

    def __init__(self, *args: Any, asked: Counter[str], **options: Any) -> None:
        self.asked = asked
        super().__init__(*args, **options)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        body = source.read()
        self.asked["bytes"] += len(body)
        outputfile.write(body)

    def log_request(self, *_: object) -> None:
        self.asked[self.command] += 1

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path, asked: Counter[str]) -> Iterator[str]:
    handler = partial(Archive, directory=str(folder), asked=asked)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def files_of(lake: Path) -> dict[Path, tuple[int, int]]:
    """Every file of the lake with its size and when it was written."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in lake.rglob("*") if path.is_file()}


def commits_of(lake: Path) -> Counter[str]:
    """Commits by table, counted as Delta numbers them."""
    return Counter(path.parent.parent.name for path in lake.glob("*/_delta_log/*.json"))


def test_nothing_new_is_requests_and_a_line_of_the_ledger(tmp_path: Path) -> None:
    write_sample_archive(tmp_path / "archive", 70, 400, until=UNTIL)
    history = History.new(tmp_path / "project")
    history.commit("2026-03-01T12:00+00:00")
    history.write()
    (tmp_path / "logins.csv").write_text("day,logins\n" + "".join(f"2026-02-{n:02},{n}\n" for n in range(1, 29)))
    asked: Counter[str] = Counter()
    lake = tmp_path / "lake"
    with served(tmp_path / "archive", asked) as address:
        (tmp_path / "footfall.toml").write_text(
            f"""
[sources.binder]
archive = "{address}"
first_day = {UNTIL - timedelta(days=70)}
[sources.git]
repositories = ["project"]
[sources.files]
[[sources.files.tables]]
name = "logins"
path = "logins.csv"
format = "csv"
time = {{ column = "day", format = "%Y-%m-%d" }}
measures = ["logins"]
"""
        )

        def collect(now: datetime) -> tuple[Counter[str], int, Counter[str]]:
            """The commits and the bytes that a run added, and what upstream was asked for."""
            asked.clear()
            before, commits = files_of(lake), commits_of(lake)
            with footfall.open(tmp_path, now=lambda: now) as opened:
                for one in opened.collect().sources:
                    assert not one.error
                    assert not one.failed
            after = files_of(lake)
            assert all(after[path] == looks for path, looks in before.items()), "no file is written again"
            added = sum(size for path, (size, _) in after.items() if path not in before)
            return commits_of(lake) - commits, added, Counter(asked)

        _, first_bytes, first = collect(NOW)
        assert first["bytes"] > 1_000_000
        for hours in (6, 12, 36):
            commits, added, sent = collect(NOW + timedelta(hours=hours))
            assert commits.keys() <= {"ledger"}, "no table is written"
            assert commits["ledger"] <= 3, "at most one commit per source: up to when it was looked at"
            assert added < first_bytes / 10
            assert sent["bytes"] < first["bytes"] / 50, "the index alone is sent again"
            assert sent["HEAD"] <= 14, "days that may still change are asked for, and no others"
            assert sent["GET"] <= 3
