"""Marks inside other programs: middleware, frameworks, forks, servers with several processes."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import footfall
from conftest import free_port, wait_for
from footfall.middleware import MarkASGI, MarkWSGI
from histories import History
from pages import DOCS

pytestmark = pytest.mark.slow


@pytest.fixture
def ff(tmp_path: Path) -> Iterator[footfall.Workspace]:
    (tmp_path / "footfall.toml").touch()
    with footfall.open(tmp_path) as opened:
        yield opened


def today(ff: footfall.Workspace, event: str = "active") -> list[Any]:
    return sorted(ff.event(event).day())


def test_marks_from_many_tasks(ff: footfall.Workspace) -> None:
    async def mark_all() -> None:
        await asyncio.gather(*(ff.amark("active", n) for n in range(200)))

    asyncio.run(mark_all())
    assert today(ff) == list(range(200))


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    scope["user_id"] = scope["path"].removeprefix("/") or None
    status = 404 if scope["path"] == "/gone" else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask_asgi(app: Any, path: str, kind: str = "http") -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({"type": kind, "path": path}, None, send))
    return sent


def test_asgi(ff: footfall.Workspace) -> None:
    app = MarkASGI(asgi, ff, "active", user_of=lambda scope: scope["user_id"])
    for path in ("/ada", "/", "/gone"):
        assert ask_asgi(app, path)[1]["body"] == b"hello"
    ask_asgi(app, "/bob", kind="websocket")
    assert today(ff) == ["ada"]


def test_wsgi(ff: footfall.Workspace) -> None:
    closed = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("404 Not Found" if environ["PATH_INFO"] == "/gone" else "200 OK", [])
        return Body([b"hel", b"lo"])

    marking = MarkWSGI(app, ff, "active", user_of=lambda environ: environ.get("REMOTE_USER"))
    for path, user in (("/", 7), ("/", None), ("/gone", 8)):
        assert b"".join(marking({"PATH_INFO": path, "REMOTE_USER": user}, lambda *said: None)) == b"hello"
    assert closed == [True] * 3
    assert today(ff) == [7]


def test_a_mark_that_fails_is_logged_and_the_answer_is_sent(
    ff: footfall.Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    app = MarkASGI(asgi, ff, "Not An Event", user_of=lambda scope: -5)
    assert ask_asgi(app, "/ada")[1]["body"] == b"hello"
    assert "was not marked" in caplog.text


# Frameworks, as the docs show them


def example(heading: str) -> str:
    found = re.search(rf"^## {heading}\n.*?```python\n(.*?)```", (DOCS / "embedding.md").read_text(), re.S | re.M)
    assert found
    return found[1]


def test_the_example_for_flask(ff: footfall.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    flask = pytest.importorskip("flask")
    monkeypatch.chdir(ff.settings.folder)
    made: dict[str, Any] = {"__name__": "shop"}
    exec(example("Flask"), made)
    app = made["app"]

    def log_in(user: int) -> str:
        flask.session["user_id"] = user
        return "welcome"

    app.add_url_rule("/login/<int:user>", view_func=log_in)
    client, visitor = app.test_client(), app.test_client()
    client.get("/login/5")
    client.get("/no-such-page")
    visitor.get("/no-such-page")
    made["ff"].close()
    assert today(ff) == [5]
    assert ff.event("active").day().occurrences() == 1


def test_the_example_for_django(tmp_path: Path) -> None:
    pytest.importorskip("django")
    (tmp_path / "footfall.toml").touch()
    (tmp_path / "marks.py").write_text(example("Django"))
    script = """
import django
from django.conf import settings
settings.configure(SECRET_KEY="x", ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware", "marks.mark_user"])
django.setup()
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
user = User.objects.create_user("ada", password="x")
client = Client()
client.force_login(user)
assert client.get("/").content == b"hello"
assert client.get("/gone").status_code == 404
assert Client().get("/").status_code == 200
print(user.pk)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with footfall.open(tmp_path) as ff:
        assert today(ff) == [int(done.stdout)]


# Forks


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    history = History.new(tmp_path / "project")
    history.commit("2026-03-02T12:00+00:00")
    history.write()
    (tmp_path / "footfall.toml").write_text('[sources.git]\nrepositories = ["project"]\n')
    with footfall.open(tmp_path) as ff:
        ff.collect()
    return tmp_path


SCRIPT = """
import os, signal, sys
import footfall
ff = footfall.open()
def commits():
    return ff.query("commits", since="2026-03", until="2026-04", grain="month").rows["commits"].to_pylist()
if "asked" in sys.argv:
    assert commits() == [1]
    ff.mark("active", 1)
if os.fork() == 0:
    signal.alarm(50)
    ff.mark("active", 2)
    try:
        print("child", commits(), flush=True)
    except footfall.LakeError as error:
        print("child", str(error).count("forked"), flush=True)
    sys.exit(3)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 3, "the child crashed"
print("parent", commits(), sorted(ff.event("active").day()))
"""


@pytest.mark.parametrize(("option", "child"), [("asked", "1"), ("fresh", "[1]")])
def test_after_a_fork_marks_work_and_questions_work_or_are_refused(collected: Path, option: str, child: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, option], cwd=collected, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    marked = [1, 2] if option == "asked" else [2]
    assert done.stdout.splitlines() == [f"child {child}", f"parent [1] {marked}"]
    assert "panic" not in done.stderr


APP = """
import footfall
ff = footfall.open()
{asked}
def app(environ, start_response):
    ff.mark("active", int(environ["PATH_INFO"].removeprefix("/")))
    start_response("200 OK", [])
    return [b"marked"]
"""


@pytest.mark.parametrize("option", ["", "--preload"])
def test_workers_of_gunicorn_mark(collected: Path, option: str) -> None:
    pytest.importorskip("gunicorn")
    (collected / "shop.py").write_text(APP.format(asked='ff.query("commits", last=1)' if option else ""))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-w",
        "3",
        "--max-requests",
        "20",
        "-b",
        f"127.0.0.1:{port}",
        "shop:app",
    ]
    server = subprocess.Popen([*command, *option.split()], cwd=collected, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(port, server)
        for n in range(60):
            for _ in range(5):  # a worker that is replaced may drop a connection
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{n}", timeout=30) as answer:
                        assert answer.read() == b"marked"
                    break
                except OSError:
                    time.sleep(0.1)
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=60)[1]
    assert "SIGSEGV" not in said
    assert "code 139" not in said
    with footfall.open(collected) as ff:
        assert today(ff) == list(range(60))


ASYNC_APP = """
import footfall
ff = footfall.open()
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await ff.amark("active", int(scope["path"].removeprefix("/")))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"marked"})
"""


def test_workers_of_uvicorn_mark(collected: Path) -> None:
    pytest.importorskip("uvicorn")
    (collected / "shop.py").write_text(ASYNC_APP)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--workers", "2", "--lifespan", "off", "--port", str(port), "shop:app"]
    server = subprocess.Popen(command, cwd=collected, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(port, server)
        for n in range(60):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{n}", timeout=60) as answer:
                assert answer.read() == b"marked"
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=60)[1]
    assert "Traceback" not in said
    assert said.count("Started server process") == 2
    with footfall.open(collected) as ff:
        assert today(ff) == list(range(60))


TASKS = """
import footfall, os
from celery import Celery
app = Celery(broker="filesystem://", set_as_current=False)
app.conf.broker_transport_options = {{"data_folder_in": "queue", "data_folder_out": "queue"}}
app.conf.worker_prefetch_multiplier = 1
ff = footfall.open()
{asked}
@app.task(name="mark")
def mark(n):
    ff.mark("active", n)
    ff.mark("worked", os.getpid())
    assert n in ff.event("active").day()
    ff.mark("checked", n)
"""


@pytest.mark.parametrize("is_asked_before", [False, True])
def test_workers_of_celery_mark(collected: Path, is_asked_before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    celery = pytest.importorskip("celery")
    (collected / "queue").mkdir()
    (collected / "tasks.py").write_text(TASKS.format(asked='ff.query("commits", last=1)' if is_asked_before else ""))
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tasks",
        "worker",
        "-P",
        "prefork",
        "-c",
        "2",
        "--max-tasks-per-child",
        "4",
    ]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    monkeypatch.chdir(collected)
    sender = celery.Celery(broker="filesystem://", set_as_current=False)
    sender.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}
    for n in range(20):
        sender.send_task("mark", [n], ignore_result=True)
    worker = subprocess.Popen(
        [*command, *quiet], cwd=collected, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        with footfall.open(collected) as ff:
            ends = time.monotonic() + 120
            while list(ff.event("checked").day()) != list(range(20)) and time.monotonic() < ends:
                time.sleep(0.2)
            assert today(ff) == list(ff.event("checked").day()) == list(range(20))
            assert len(ff.event("worked").day()) > 2, "processes are replaced, by forks of a parent that goes on"
    finally:
        worker.send_signal(signal.SIGTERM)
        said = worker.communicate(timeout=60)[1]
    assert "SIGSEGV" not in said
    assert "Traceback" not in said


POOL = """
import multiprocessing, sys
import footfall

def mark(n):
    with footfall.open() as ff:
        ff.mark("active", n)
        return n, len(ff.query("commits", since="2026-03", until="2026-04", grain="month").rows)

if __name__ == "__main__":
    with footfall.open() as ff:
        ff.query("commits", last=1)
        with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
            assert sorted(pool.map(mark, range(6))) == [(n, 1) for n in range(6)]
        print(sorted(ff.event("active").day()))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_pools_mark_and_ask(collected: Path, method: str) -> None:
    (collected / "pool.py").write_text(POOL)
    done = subprocess.run(
        [sys.executable, "pool.py", method], cwd=collected, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{list(range(6))}\n"), done.stderr
