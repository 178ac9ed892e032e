"""The site: a workspace as requests ask it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from footfall.access.viewer import Scope, Viewer
from footfall.errors import NotAllowedError, QueryError, UnknownNameError
from footfall.web.site import Site, viewer_of_request
from served import Clock, opened, write_served

T = TypeVar("T")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served(tmp_path_factory.mktemp("site"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(folder: Path, clock: Clock) -> Iterator[Site]:
    with opened(folder, clock) as workspace:
        site = Site(workspace)
        yield site
        site.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.mark.parametrize(
    ("command", "texts", "asked"),
    [
        ("query", {"metric": "launches", "grain": "month", "last": "2"}, {"grain": "month", "last": 2}),
        ("query", {"metric": ["launches"], "by": "provider", "cumulative": "true", "policy": "status=any"}, None),
        ("cohort", {"first": "signed_up", "then": "active", "grain": "month"}, None),
        ("funnel", {"steps": ["signed_up", "active"], "within": "2w"}, None),
        ("stickiness", {"event": "active"}, None),
        ("growth", {"event": "active", "last": "3"}, None),
        ("project", {"name": "tool"}, None),
        ("projects", {}, None),
    ],
)
def test_every_kind_of_question_is_asked_by_texts(site: Site, command: str, texts: Any, asked: Any) -> None:
    answer = run(site.ask(command, texts))
    assert answer.command == command
    if asked:
        assert answer.version == site.workspace.query("launches", **asked).version


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"metric": "launche"}, "did you mean 'launches'"),
        ({}, "metric is missing"),
        ({"metric": "launches", "last": ["1", "2"]}, "given 2 times"),
        ({"metric": "launches", "cumulative": "perhaps"}, "true or false"),
        ({"metric": "launches", "policy": "any"}, "NAME=CHOICE"),
        ({"metric": "launches", "gran": "day"}, "did you mean 'grain'"),
        ({"metric": "launches", "as_of": "2026", "as-of": "2026"}, "given twice"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(site: Site, texts: Any, said: str) -> None:
    with pytest.raises((QueryError, UnknownNameError), match=said):
        run(site.ask("query", texts))


def test_an_answer_is_kept_until_the_workspace_changes(site: Site, folder: Path, clock: Clock) -> None:
    asked = {"event": "active", "last": "3"}
    run(site.ask("growth", asked))  # the store keeps unions that were asked for: it changes by being read
    time.sleep(0.1)
    first = run(site.ask("growth", asked))
    assert run(site.ask("growth", asked)) is first
    with opened(folder, clock) as other:
        other.mark("active", "eve", "2026-03-09")
    second = run(site.ask("growth", asked))
    assert second is not first
    assert second.to_dicts() != first.to_dicts()


def test_a_mark_keeps_what_is_read_from_tables(site: Site) -> None:
    first = run(site.ask("query", {"metric": "launches"}))
    site.workspace.mark("active", "eve", "2026-03-08")
    assert run(site.ask("query", {"metric": "launches"})) is first


def test_the_clock_makes_an_answer_anew(site: Site, clock: Clock) -> None:
    asked = {"metric": "launches", "last": "2"}
    first = run(site.ask("query", asked))
    clock.move(days=1)
    second = run(site.ask("query", asked))
    assert second.to_dicts()[-1]["period"] > first.to_dicts()[-1]["period"]


def test_the_same_question_is_asked_once(site: Site) -> None:
    async def many() -> list[Any]:
        return await asyncio.gather(*(site.ask("query", {"metric": "launches", "by": "provider"}) for _ in range(20)))

    answers = run(many())
    assert len({id(answer) for answer in answers}) == 1


def test_an_answer_with_too_many_rows_is_refused(folder: Path) -> None:
    with opened(folder, web={"most_rows": 10}) as workspace:
        site = Site(workspace)
        with pytest.raises(QueryError, match="at most 10"):
            run(site.ask("query", {"metric": "launches"}))
        site.close()


def test_a_token_for_a_project_asks_for_nothing_else(site: Site) -> None:
    limited = Viewer("ci", frozenset({Scope.READ}), ("Tool",))
    token = viewer_of_request.set(limited)
    try:
        assert run(site.ask("query", {"metric": "commits", "project": "tool"})).to_dicts()
        assert run(site.ask("project", {"name": "TOOL"})).command == "project"
        for command, texts in [
            ("query", {"metric": "commits"}),
            ("query", {"metric": "launches", "project": "other"}),
            ("project", {"name": "other"}),
            ("projects", {}),
            ("growth", {"event": "active"}),
        ]:
            with pytest.raises(NotAllowedError, match="may read only Tool"):
                run(site.ask(command, texts))
    finally:
        viewer_of_request.reset(token)


def test_pictures_are_drawn_once(site: Site) -> None:
    async def drawn() -> tuple[bytes, bytes]:
        answer = await site.ask("query", {"metric": "launches", "last": "30"})
        return await site.picture(answer, theme="dark"), await site.picture(answer, theme="dark")

    first, second = run(drawn())
    assert first.startswith(b"<svg")
    assert second is first


def test_its_threads_end_with_it(folder: Path) -> None:
    with opened(folder) as workspace:
        site = Site(workspace)
        run(site.ask("query", {"metric": "launches"}))
        site.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("footfall-ask")]
