"""A real Prometheus for tests: filled with a past, on a free port, ended with the tests."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conftest import free_port, wait_for
from programs_needed import program

Sample = tuple[str, Mapping[str, str], int, float]
"""Name, labels, second, value."""


def exposition(samples: Iterable[Sample]) -> str:
    """OpenMetrics text, as promtool reads it: a family is one block, in which series and times are in order."""
    by_name: dict[str, list[str]] = {}
    for name, labels, at, value in samples:
        named = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
        by_name.setdefault(name, []).append(f"{name}{{{named}}} {value} {at}")
    blocks = [f"# TYPE {name} gauge\n" + "\n".join(lines) + "\n" for name, lines in by_name.items()]
    return "".join(blocks) + "# EOF\n"


@contextmanager
def prometheus(folder: Path, samples: Iterable[Sample], scrapes: str = "", retention: str = "100y") -> Iterator[str]:
    """The address of a Prometheus that remembers `samples`.

    Args:
        folder: An empty folder, for what it writes.
        scrapes: The part `scrape_configs` of its settings.
    """
    server, promtool = program("prometheus", "prometheus"), program("promtool", "prometheus")
    data, text = folder / "data", folder / "past.txt"
    data.mkdir(parents=True)
    text.write_text(exposition(samples))
    if text.stat().st_size > len("# EOF\n"):
        backfill = [
            promtool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "--quiet",
            "--max-block-duration=744h",
            str(text),
            str(data),
        ]
        done = subprocess.run([*backfill], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (folder / "prometheus.yml").write_text(scrapes or "global: {}\n")
    port = free_port()
    command = [
        server,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={retention}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, running)
        _wait_ready(f"http://127.0.0.1:{port}/-/ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(timeout=30)


def _wait_ready(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("Prometheus does not get ready")


def wait_for_samples(address: str, name: str, count: int, seconds: float = 90) -> None:
    """Until a series of that name has so many samples of the last minutes."""
    asked = urllib.parse.urlencode({"query": f"max(count_over_time({name}[10m])) >= {count}"})
    for _ in range(int(seconds * 4)):
        with urllib.request.urlopen(f"{address}/api/v1/query?{asked}", timeout=10) as answer:
            if json.load(answer)["data"]["result"]:
                return
        time.sleep(0.25)
    raise AssertionError(f"{name} has not been scraped {count} times in {seconds:.0f} s")
