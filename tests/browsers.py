"""A real browser for tests of pages: Chromium, what it complains of, and what axe-core finds."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from footfall.web.app import create_app
from footfall.workspace import Workspace
from programs_needed import node_module, program

WIDE, NARROW, HUGE = 1280, 360, 2560
_ALLOWED = ("Failed to load resource: the server responded with a status of",)
"""Chromium reports each page whose status is an error; what the page shows is tested instead."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright; skips where either is missing."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
    path = program("chromium", "chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serving(workspace: Workspace) -> Iterator[str]:
    """The address at which a thread of this process serves a workspace, whose clock the test chose."""
    server = uvicorn.Server(uvicorn.Config(create_app(workspace), log_config=None, ws="none"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listener]),))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@contextmanager
def page_of(browser: Any, address: str, *, width: int = WIDE, scheme: str = "light", **more: Any) -> Iterator[Any]:
    """A tab of its own, relative to `address`; fails when the browser complained of something on the way.

    Args:
        width: Of the viewport in CSS pixels.
        scheme: "light" or "dark".
        more: For the context, such as `java_script_enabled=False`.
    """
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme, **more
    )
    context.set_default_timeout(120_000)  # a busy machine draws slowly
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.extend([request.url] if not request.url.startswith(address) else []))
    try:
        yield page
        assert [each for each in said if not each.startswith(_ALLOWED)] == []
    finally:
        context.close()


def axe_source() -> str:
    """The script of axe-core."""
    return (node_module("axe-core") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Any, source: str) -> list[str]:
    """What axe-core finds wrong, by all of its rules: rule, element, and what it says.

    Args:
        page: A tab.
        source: `axe_source()`.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def overflow(page: Any, width: int) -> int:
    """By how many pixels the page is wider than a window of that width leaves room for."""
    page.set_viewport_size({"width": width, "height": 900})
    return int(page.evaluate("document.documentElement.scrollWidth - document.body.offsetWidth"))
