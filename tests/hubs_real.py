"""A real JupyterHub for tests: on free ports of the loopback, with users who sign in and servers, ended with the tests."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx2
import pytest

from programs_needed import node_module

TOKEN = "a-token-of-a-service-that-reads"
ADMIN = "a-token-of-a-service-that-may-do-everything"

_CONFIG = """
import sys
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/base/"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.ConfigurableHTTPProxy.command = ["node", {proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [sys.executable, {server!r}]
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.JupyterHub.services = [{{"name": "reader", "api_token": {token!r}}}, {{"name": "boss", "api_token": {admin!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "reads", "scopes": ["read:metrics", "list:users", "read:users:activity", "read:servers"], "services": ["reader"]}},
    {{"name": "rules", "scopes": ["admin:users", "admin:servers"], "services": ["boss"]}},
]
"""
_SERVER = """
import http.server, os, urllib.parse


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *more):
        pass


address = urllib.parse.urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
http.server.HTTPServer((address.hostname, address.port), Answer).serve_forever()
"""


@dataclass(frozen=True)
class RealHub:
    """A hub that runs."""

    address: str

    def api(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"token {ADMIN}"}
        answer = httpx2.request(method, f"{self.address}/hub/api{path}", headers=headers, timeout=30, **more)
        answer.raise_for_status()
        return answer

    def sign_in(self, name: str) -> None:
        """As a person does it in a browser: the form, and then its answer with the cookie that it set."""
        with httpx2.Client(follow_redirects=True, timeout=30) as browser:
            form = browser.get(f"{self.address}/hub/login?next=/base/hub/home")
            answer = self.fill_in(browser, form, name)
            assert answer.status_code == 200, answer.text

    def fill_in(self, browser: httpx2.Client, form: httpx2.Response, name: str) -> httpx2.Response:
        """The form to sign in, sent with that name to where it says."""
        found = re.search(r'name="_xsrf"\s+value="([^"]+)"', form.text)
        assert found, "the form has no _xsrf"
        data = {"username": name, "password": "", "_xsrf": found[1]}
        return browser.post(str(form.url), data=data)

    def start_server(self, name: str) -> None:
        self.api("POST", f"/users/{name}/server")
        for _ in range(100):
            if (server := self.api("GET", f"/users/{name}").json()["servers"].get("")) and server["ready"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"the server of {name} did not start")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def jupyterhub(more: str = "") -> Iterator[RealHub]:
    """A hub at a base path, with more lines of configuration; its processes are a group of their own, ended whole."""
    if importlib.util.find_spec("jupyterhub") is None:
        pytest.skip("jupyterhub is not installed (pip install jupyterhub)")
    if shutil.which("node") is None:
        pytest.skip("the program node is not installed (Debian: nodejs)")
    proxy = node_module("configurable-http-proxy") / "bin" / "configurable-http-proxy"
    folder, port = Path(mkdtemp(prefix="footfall-hub-")), free_port()
    (folder / "server.py").write_text(_SERVER)
    ports = {"port": port, "hub_port": free_port(), "proxy_port": free_port()}
    names = {"proxy": str(proxy), "server": str(folder / "server.py"), "folder": folder}
    (folder / "config.py").write_text(_CONFIG.format(**ports, **names, token=TOKEN, admin=ADMIN) + more)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", "config.py"],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        hub = RealHub(f"http://127.0.0.1:{port}/base")
        _wait(hub, process, folder / "log")
        yield hub
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)  # it ends the servers, which are sessions of their own
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(hub: RealHub, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            if httpx2.get(f"{hub.address}/hub/health", timeout=2).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the hub did not start:\n{log.read_text()}")
