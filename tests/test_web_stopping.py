"""What is no longer awaited is ended: a client that left, a question that takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from footfall.answer import Answer
from footfall.errors import StoppedError
from footfall.stopping import Stop
from footfall.web.answers import Answers
from footfall.web.departure import Departing, while_there
from footfall.web.state import State
from served import Clock, opened, write_served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("stopping"))


@pytest.fixture
def answers(folder: Path) -> Iterator[Answers]:
    with opened(folder) as workspace:
        yield Answers(State(workspace), Clock())


def test_a_question_that_no_client_awaits_is_stopped(answers: Answers) -> None:
    stops: list[Stop] = []

    def ask(stop: Stop) -> asyncio.Task[Answer]:
        stops.append(stop)
        return asyncio.create_task(_until(lambda: stop.is_asked))

    async def leave() -> None:
        first, second = (asyncio.create_task(answers.get("q", ask)) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        assert not stops[0].is_asked, "another client still waits"
        second.cancel()
        await asyncio.sleep(0.05)
        assert stops[0].is_asked
        assert len(stops) == 1

    asyncio.run(leave())


async def _until(is_done: Callable[[], bool]) -> Answer:
    while not is_done():
        await asyncio.sleep(0.01)
    raise StoppedError("the query was stopped: the client disconnected.")


def test_work_ends_when_its_client_leaves() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await while_there(work())
        raise AssertionError("it went on")

    async def receive() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError("nothing can be sent to it")

    asyncio.run(Departing(app)({"type": "http", "method": "GET"}, receive, send))
    assert ended == ["work"]
