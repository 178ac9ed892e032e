"""What pages need of the site that they are part of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from footfall.answer import Answer
from footfall.workspace import Workspace

_T = TypeVar("_T")


class Site(Protocol):
    """One workspace, asked by many at once: answers and pictures are kept by the answer's version."""

    @property
    def workspace(self) -> Workspace: ...

    async def ask(self, command: str, options: Mapping[str, Any]) -> Answer:
        """The answer to a question, its options under the names and in the texts of the command line."""

    async def run(self, function: Callable[..., _T], /, *arguments: Any) -> _T:
        """What a function that blocks returns, from a bounded pool of workers."""

    async def picture(
        self,
        answer: Answer,
        format: str = "svg",
        theme: str = "light",
        size: tuple[int, int] | None = None,
        **options: Any,
    ) -> bytes:
        """An answer drawn."""
