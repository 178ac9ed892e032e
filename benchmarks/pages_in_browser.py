"""How fast pages are in a browser, beside peers measured in the same run.

first chart   from the click to a drawn chart on the overview of three years of launches: of a time that was not asked for before,
              next to a notebook that draws such a chart; again, next to a bare page that has the same SVG; right after the start
no chart      pages without a chart over HTTP, next to a bare route that returns the same bytes
bytes         what is transferred before any script runs
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2

from measure import BUILD, FOOTFALL, run
from web import FOLDER, server, workspace_of_launches

PEER = """
import sys, uvicorn
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
app = Starlette(routes=[Route("/{name}", lambda request: HTMLResponse(Path(sys.argv[2], request.path_params["name"]).read_text()))])
uvicorn.run(app, port=int(sys.argv[1]), http="h11", access_log=False, log_level="warning")
"""
CHARTS = ("/", "/explore?metric=launches&grain=day&by=federation&rolling=7&last=1095")
PLAIN = ("/sources", "/projects", "/retention", "/login")
SEEN = "() => [...document.querySelectorAll('svg')].some(svg => svg.getBoundingClientRect().width > 300)"
"""A drawing that is as wide as a chart: no bar, no sparkline."""
ROUNDS = 7


HUBS = BUILD / "pages"
"""The demonstration, which has hubs and communities."""


def main() -> None:
    _launches()
    _hubs()


def _hubs() -> None:
    """The page with the most pictures: two charts and two maps."""
    if not (HUBS / "lake").is_dir():
        run([*FOOTFALL, "demo", str(HUBS), "--no-serve"])
    with chromium() as browser, server(["-m", "footfall", "-w", str(HUBS), "serve", "--port"], "/healthz") as ours:
        print(f"/hubs right after the start: {first_chart(browser, ours + '/hubs') * 1e3:,.0f} ms")
        kept = statistics.median(first_chart(browser, ours + "/hubs") for _ in range(ROUNDS))
        print(f"/hubs, kept: {kept * 1e3:,.0f} ms")
        for path in ("/hubs", "/", "/projects/samplepkg"):
            _bytes(browser, ours + path)


def _launches() -> None:
    workspace_of_launches()
    command = ["-m", "footfall", "-w", str(FOLDER), "serve", "--port"]
    (FOLDER / "bare.py").write_text(PEER)
    bare_folder = FOLDER / "bare"
    bare_folder.mkdir(exist_ok=True)
    (bare_folder / "chart").touch()
    beside = server([str(FOLDER / "bare.py")], "/chart", str(bare_folder))
    with chromium() as browser, beside as peer, server(command, "/healthz") as ours:
        print(f"first chart right after the start: {first_chart(browser, ours + '/') * 1e3:,.0f} ms")
        _bare_page(ours, bare_folder / "chart")
        kept, bare = _alternating(browser, ours + "/", peer + "/chart")
        print(
            f"first chart, kept: {kept * 1e3:,.0f} ms, a bare page with the same SVG {bare * 1e3:,.0f} ms: {kept / bare:.1f} ×"
        )
        uncached = statistics.median(first_chart(browser, f"{ours}/?period={900 + n}d") for n in range(ROUNDS))
        notebook = _notebook()
        print(
            f"first chart, not cached: {uncached * 1e3:,.0f} ms (at most 1,000), a notebook {notebook * 1e3:,.0f} ms: "
            f"{uncached / notebook:.2f} ×"
        )
        for path in PLAIN:
            _plain(ours, peer, path, bare_folder)
        for path in (*CHARTS, *PLAIN):
            _bytes(browser, ours + path)


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def first_chart(browser: Any, address: str) -> float:
    """Seconds from asking for the page to the frame in which its first chart is drawn, in a tab without a cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    try:
        began = time.perf_counter()
        page.goto(address, wait_until="commit")
        page.wait_for_function(SEEN, polling="raf", timeout=60_000)
        return time.perf_counter() - began
    finally:
        context.close()


def _alternating(browser: Any, ours: str, peer: str) -> tuple[float, float]:
    first_chart(browser, ours), first_chart(browser, peer)
    pairs = [(first_chart(browser, ours), first_chart(browser, peer)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def _bare_page(ours: str, file: Any) -> None:
    """The chart alone, drawn already: less than that no page can do."""
    page = httpx2.get(ours + "/").text
    found = re.search(r'<div class="drawing wide".*?</svg>', page, re.S)
    assert found is not None, "the overview has no chart"
    file.write_text(
        f"<!doctype html><title>Chart</title><link rel=icon href=data:,><link rel=icon href=data:,>{found[0]}</div>",
        encoding="utf-8",
    )


def _notebook() -> float:
    files = str(FOLDER / "lake" / "launches_by_day" / "**" / "*.parquet")
    script = str(FOLDER.parents[2] / "benchmarks" / "peers" / "chart.py")
    return min(run([sys.executable, script, files, str(FOLDER / "notebook.svg")]).seconds for _ in range(2))


def _plain(ours: str, peer: str, path: str, folder: Any) -> None:
    name = path.strip("/")
    with httpx2.Client() as client:
        (folder / name).write_text(client.get(ours + path).text, encoding="utf-8")
        pairs = [(_seconds(client, ours + path), _seconds(client, f"{peer}/{name}")) for _ in range(30)]
    mine, bare = (statistics.median(each[n] for each in pairs) for n in (0, 1))
    print(
        f"{path}: {mine * 1e3:.1f} ms (at most 100), a bare route with the same bytes {bare * 1e3:.1f} ms: {mine / bare:.1f} ×"
    )


def _seconds(client: httpx2.Client, address: str) -> float:
    began = time.perf_counter()
    client.get(address).read()
    return time.perf_counter() - began


def _bytes(browser: Any, address: str) -> None:
    """As they go over the line, of all that is not a script."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(address, wait_until="networkidle")
    before = sum(size for request, size in sizes.items() if kinds.get(request) != "Script")
    context.close()
    print(f"{address[address.index('/', 8) :]}: {before / 1e3:.0f} kB before scripts (at most 150)")


if __name__ == "__main__":
    main()
