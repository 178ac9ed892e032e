"""What stands in for upstream while a source is checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:
    from footfall.http import Client


class Upstream:
    """A place that the source reads, in an empty `folder`; the kit tells it what to change.

    Its author writes `settings` and `begin`, and as many of the others as the upstream can do: what it cannot is left
    out, and said in what `check_source` returns. Values should be such that a lost or doubled row shows: no zeros.

        class Doors(Upstream):
            def settings(self): return {"folder": str(self.folder)}
            def begin(self): …write three days, the last one today…
            def restate(self): …another count for the first day…
    """

    starts_at: ClassVar[datetime] = datetime(2026, 3, 10, 12, tzinfo=UTC)
    """The clock when a check begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = self.starts_at
        """The clock, moved by the kit."""

    def settings(self) -> dict[str, Any]:
        """The source's part of footfall.toml."""
        raise NotImplementedError

    def begin(self) -> None:
        """Have something to collect: several windows, where there are scopes two or more."""
        raise NotImplementedError

    def client(self) -> Client:
        """The network; a source over HTTP gets `Client(transport=httpx2.MockTransport(self.answer))` or the like."""
        no_network()

    def restate(self) -> None:
        """State a window otherwise that was stated before: larger values, and in such a way that it can be noticed."""
        raise NotImplementedError

    def take_back(self) -> None:
        """Undo `restate`: everything looks exactly as before it."""
        raise NotImplementedError

    def fail(self) -> None:
        """Return nothing from now on, as in an outage."""
        raise NotImplementedError

    def be_empty(self) -> None:
        """Answer, by a fault, as if there were nothing where there was something: an empty file, list or body."""
        raise NotImplementedError

    def recover(self) -> None:
        """End `fail` and `be_empty`: everything looks as before."""
        raise NotImplementedError

    def add_scopes(self, count: int) -> None:
        """Have so many scopes more, each with something to collect."""
        raise NotImplementedError

    def move(self, now: datetime) -> None:
        """Time goes by until `now`: have what upstream would have then. By default only the clock moves."""
        self.now = now


def no_network() -> NoReturn:
    raise AssertionError("the source uses HTTP, and its upstream has no `client`")
