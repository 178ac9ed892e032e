"""Work in another thread is ended: before it begins, between its steps, or while it runs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import ibis
import pytest

from footfall.asking import ask, read_texts
from footfall.engine import connect
from footfall.errors import StoppedError
from footfall.stopping import Stop, check_stopped, ended_by, stoppable
from served import opened, write_served


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("stopping"))


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


def test_without_a_stop_nothing_ends() -> None:
    check_stopped()
    with ended_by(lambda: pytest.fail("it was ended")):
        check_stopped()


def interrupted(stop: Stop) -> None:
    stop.ask("it was asked to end")
    raise RuntimeError("interrupted")  # as a database raises


def test_asking_ends_the_part_under_way_and_only_that() -> None:
    stop = Stop()
    ended: list[str] = []
    with stoppable(stop):
        with ended_by(lambda: ended.append("first")):
            pass
        with pytest.raises(StoppedError, match="it was asked to end"), ended_by(lambda: ended.append("second")):
            interrupted(stop)
        with pytest.raises(StoppedError, match="it was asked to end"):
            check_stopped()
    assert ended == ["second"]
    check_stopped()  # outside, nothing is to end


def test_the_first_reason_stands() -> None:
    stop = Stop()
    stop.check()
    assert not stop.is_asked
    stop.ask("the client disconnected")
    stop.ask("it takes longer than 30 s")
    with pytest.raises(StoppedError, match=r"^the query was stopped: the client disconnected\.$"):
        stop.check()


def test_a_stop_within_another_gives_way_when_it_is_over() -> None:
    outer, inner = Stop(), Stop()
    inner.ask("the inner one")
    with stoppable(outer):
        with stoppable(inner), pytest.raises(StoppedError, match="inner"):
            check_stopped()
        check_stopped()
        outer.ask("the outer one")
        with pytest.raises(StoppedError, match="outer"):
            check_stopped()


def test_work_that_ends_by_itself_gives_its_result_though_it_was_asked_to_end() -> None:
    """Nothing is thrown away that is there already."""
    stop = Stop()
    with stoppable(stop), ended_by(lambda: None):
        stop.ask("too late")
        result = 7
    assert result == 7
