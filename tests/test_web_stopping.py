"""What is no longer awaited is ended: a client that left, a question that takes too long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis
import pytest
from starlette.types import Message, Receive, Scope, Send

from footfall.answer import Answer
from footfall.asking import ask, read_texts
from footfall.engine import connect
from footfall.errors import StoppedError
from footfall.stopping import Stop, ended_by, stoppable
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


def test_duckdb_is_interrupted() -> None:
    engine, stop = connect("duckdb://"), Stop()
    many = ibis.range(0, 3_000_000).unnest().name("n").as_table()
    slow = many.cross_join(many.rename(m="n")).aggregate(total=ibis._.n.sum())
    timer = threading.Timer(0.5, stop.ask, ["it takes longer than 0.5 s"])
    timer.start()
    began = time.monotonic()
    with pytest.raises(StoppedError, match=r"longer than 0\.5 s"), stoppable(stop):
        engine.run(slow)
    assert time.monotonic() - began < 10
    timer.join()
    engine.close()


def test_what_was_stopped_before_it_began_does_not_begin() -> None:
    stop = Stop()
    stop.ask("the client disconnected")
    with stoppable(stop), pytest.raises(StoppedError, match="the client disconnected"), ended_by(lambda: None):
        raise AssertionError("it began")


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("cohort", {"first": "active", "then": "active"}),
        ("funnel", {"steps": ["signed_up", "active"], "since": "2026-02-01"}),
        ("stickiness", {"event": "active"}),
        ("growth", {"event": "active"}),
        ("query", {"metric": "active", "grain": "day"}),
    ],
)
def test_questions_about_activity_end_between_their_steps(folder: Path, command: str, asked: dict[str, Any]) -> None:
    """A set is read in one step: what was asked to end before the next one ends there."""
    with opened(folder) as workspace:
        question = read_texts(command, asked)
        assert len(ask(workspace, command, question))
        stop = Stop()
        stop.ask("it takes longer than 30 s")
        with stoppable(stop), pytest.raises(StoppedError, match="longer than 30 s"):
            ask(workspace, command, question)


def test_an_error_of_its_own_stays_what_it_is() -> None:
    with stoppable(Stop()), pytest.raises(ZeroDivisionError), ended_by(lambda: None):
        _ = 1 / 0


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
    raise StoppedError("the question was stopped: its asker left.")


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
