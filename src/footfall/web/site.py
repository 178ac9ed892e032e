"""Site: a workspace for requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from footfall.access.reach import Reach
from footfall.access.tokens import Tokens
from footfall.access.viewer import PUBLIC, Viewer
from footfall.asking import Texts, ask_hiding, read_texts
from footfall.errors import (
    FootfallError,
    MissingExtraError,
    QueryError,
    StoppedError,
    UnknownNameError,
)
from footfall.stopping import Stop, stoppable
from footfall.web.answers import Answers, Kept
from footfall.web.bounded import Bounded
from footfall.web.collecting import Collector, command_of
from footfall.web.departure import while_there
from footfall.web.rates import Rate
from footfall.web.sessions import Sessions
from footfall.web.state import State

if TYPE_CHECKING:
    from fastapi import FastAPI

    from footfall.answer import Answer
    from footfall.web.hub import HubService
    from footfall.web_settings import WebSettings
    from footfall.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

PICTURES = ("svg", "png", "html", "json")
_MOST_OF_PICTURES = 64 << 20
"""Bytes of pictures that are kept."""
_SIGN_INS_PER_MINUTE = 10
"""Attempts from one address."""
_MOST_WAITING = 200
"""Questions that wait for a worker; one more is refused."""

viewer_of_request: ContextVar[Viewer] = ContextVar("footfall_viewer", default=PUBLIC)
"""Who asks, of the request that is being answered."""


class Site:
    """A workspace for requests: concurrent, bounded, each query once, answers cached while they are valid.

    Args:
        workspace: What is asked.
        prefix: What every address begins with, such as "/services/footfall"; without a slash at its end.
        hub: The JupyterHub whose service this is.

    Example:
        >>> site = Site(ff)
        >>> answer = asyncio.run(site.ask("query", {"metric": "commits", "grain": "month"}))
        >>> answer.command
        'query'
        >>> site.close()
    """

    def __init__(self, workspace: Workspace, *, prefix: str = "", hub: HubService | None = None) -> None:
        self.workspace = workspace
        self.prefix = prefix
        self._state = State(workspace)
        self._answers = Answers(self._state, workspace.now)
        self._workers = ThreadPoolExecutor(self.settings.workers, thread_name_prefix="footfall-ask")
        self._painters = ThreadPoolExecutor(1, thread_name_prefix="footfall-draw")
        self._pictures = Bounded(_MOST_OF_PICTURES)
        self.figures: dict[Hashable, Any] = {}
        """What pages made of answers, by their versions: drawings, sentences and tables of charts."""
        self._drawing: dict[Hashable, asyncio.Task[bytes]] = {}
        """Pictures that are being drawn: the next to ask for one waits for it."""
        self.pictures_drawn = 0
        self._waiting = 0
        self.tokens = Tokens(workspace.settings.folder, workspace.settings.scratch)
        self.sessions = Sessions(workspace.settings.scratch, self.tokens)
        self.sign_ins = Rate(_SIGN_INS_PER_MINUTE)
        self.marks = Rate(self.settings.marks_per_minute)
        self.reach = Reach(workspace)
        settings = workspace.settings
        self.collector = Collector(command_of(settings.folder), settings.scratch, workspace.now)
        self.hub = hub
        """The JupyterHub that people sign in through, where this is a service of one."""
        self.app: FastAPI
        """Set by the application that is made around it."""

    @property
    def settings(self) -> WebSettings:
        return self.workspace.settings.web

    @property
    def kept_bytes(self) -> int:
        """Size of the cached answers."""
        return self._answers.total_bytes

    async def ask(self, command: str, options: Texts, *, is_whole: bool = False) -> Answer:
        """The answer to a question, as the command line asks it, without the counts that the settings hide.

        Args:
            command: "query", "cohort", "funnel", "stickiness", "growth", "project" or "projects".
            options: By name, as on the command line (`min_coverage` or `min-coverage`), a text or a list of texts.
            is_whole: With small counts, for a page that hides them itself.

        Raises:
            FootfallError: For what cannot be asked, may not be seen, takes too long, or comes to too many rows.
        """
        return (await self.kept(command, options, is_whole=is_whole))[1].answer

    async def kept(self, command: str, options: Texts, *, is_whole: bool = False) -> tuple[Hashable, Kept]:
        """The key of the question, and its answer with what is kept next to it: its state, and what was made of it."""
        asked, viewer = read_texts(command, options), viewer_of_request.get()
        try:
            self.reach.check(viewer, command, asked)
            least = 0 if is_whole else self.settings.smallest_cell
            key = least, question_key(command, asked)
            kept = self._answers.standing(key)
            if kept is None:
                kept = await while_there(self._answers.get(key, self._asking(command, asked, least)))
        except FootfallError as error:
            raise self.reach.mistake(viewer, error) from None
        return key, kept

    def is_standing(self, key: Hashable, kept: Kept) -> bool:
        """Whether an answer that was given still holds."""
        return self._answers.standing(key) is kept

    def check_lake(self) -> None:
        """Raises LakeError where the lake was there and is gone."""
        self._state.check_lake()

    def note_size(self, key: Hashable) -> None:
        """More was made of an answer, which is kept with it."""
        self._answers.note_size(key)

    def _asking(self, command: str, asked: dict[str, Any], least: int) -> Callable[[Stop], asyncio.Task[Answer]]:
        return lambda stop: asyncio.create_task(self._answered(command, asked, least, stop))

    async def _answered(self, command: str, asked: dict[str, Any], least: int, stop: Stop) -> Answer:
        seconds = self.settings.most_seconds
        timer = asyncio.get_running_loop().call_later(seconds, stop.ask, f"it takes longer than {seconds:g} s")
        try:
            answer = await self._in(self._workers, partial(_ask_stoppable, stop, self.workspace, command, asked, least))
        finally:
            timer.cancel()
        if len(answer) > self.settings.most_rows:
            raise QueryError(
                f"the answer has {len(answer):,} rows, and at most {self.settings.most_rows:,} are allowed; ask for a shorter "
                "window, a coarser grain, or fewer groups."
            )
        return answer

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` gives, run next to the event loop; so many at once as the settings allow.

        Raises:
            StoppedError: Where too many wait already.
        """
        return await self._in(self._workers, partial(function, *args, **kwargs))

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise StoppedError("too many queries are waiting; try again in a few seconds.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, copy_context().run, work)
        finally:
            self._waiting -= 1

    async def picture(
        self,
        answer: Answer,
        format: str = "svg",
        *,
        theme: str | None = "light",
        title: str | None = None,
        size: tuple[int, int] | None = None,
        **options: Any,
    ) -> bytes:
        """An answer drawn; what is drawn once is kept as long as its version is asked for.

        Args:
            answer: What is drawn.
            format: "svg", "png", "html" or "json" (Vega-Lite).
            theme: "light" or "dark"; None lets an HTML page follow its reader.
            title: Instead of the answer's own; an empty text for none.
            size: Width and height of the drawing in pixels.
            options: Of the kind of answer, as `Answer.chart` takes them.

        Raises:
            QueryError: When there is nothing to draw, or the question cannot be drawn.
        """
        if format not in PICTURES:
            raise UnknownNameError("format", format, PICTURES)
        key = (answer.command, answer.version, format, theme, title, size, repr(sorted(options.items())))
        drawn = self._pictures.get(key)
        if drawn is None:
            if key not in self._drawing:
                draw = partial(_draw, answer, format, theme=theme, title=title, size=size, **options)
                self._drawing[key] = asyncio.create_task(self._drawn(key, draw))
            drawn = await while_there(asyncio.shield(self._drawing[key]))
        return drawn

    async def _drawn(self, key: Hashable, draw: Callable[[], bytes]) -> bytes:
        """Drawn to the end, though its asker leaves: the next one wants the same."""
        try:
            drawn = await self._in(self._painters, draw)
            self._pictures.keep(key, drawn)
            self.pictures_drawn += 1
            return drawn
        finally:
            del self._drawing[key]

    async def warm_up(self) -> None:
        """Open what the first question would wait for, and the renderer of pictures."""
        await self.run(_open, self.workspace)
        await self._in(self._painters, _warm_renderer)

    def close(self) -> None:
        """End the workers: questions and a collection that are under way are stopped, drawings are awaited."""
        self.collector.close()
        self._answers.stop()
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._painters.shutdown(wait=True, cancel_futures=True)


def question_key(command: str, asked: dict[str, Any]) -> Hashable:
    """Equal keys are one question; a relative window means another one tomorrow, which is why answers hold a minute."""
    return command, repr(sorted(asked.items()))


def _ask_stoppable(stop: Stop, workspace: Workspace, command: str, asked: dict[str, Any], least: int) -> Answer:
    with stoppable(stop):
        stop.check()
        return ask_hiding(workspace, command, asked, least)


def _draw(answer: Answer, format: str, **look: Any) -> bytes:
    picture = answer.chart(**look)
    return picture.to_png() if format == "png" else str(getattr(picture, f"to_{format}")()).encode()


def _open(workspace: Workspace) -> None:
    """Sources, lake, engine and activity, which threads must not open at once; and what the first question loads."""
    _ = workspace.engine, workspace.lake, workspace.activity.owners
    for name in list(workspace.metrics)[:1]:
        with suppress(FootfallError):  # a question that has no answer says so when it is asked
            workspace.query(name, grain="total", last=None)


def _warm_renderer() -> None:
    """The first drawing of a process takes seconds, the next a tenth of one."""
    try:
        import vl_convert

        import footfall.charts.results  # noqa: F401  # Altair takes half a second to load
    except (ImportError, MissingExtraError):  # without charts there is nothing to warm
        return
    mark = {"data": {"values": [{"a": 1}]}, "mark": "line", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
    vl_convert.vegalite_to_svg(vl_spec=mark)
