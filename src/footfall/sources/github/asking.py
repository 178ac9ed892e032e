"""Shared by all kinds of the source: a repository is queried, and its answer becomes offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from footfall.errors import BrokenDataError
from footfall.periods import Window
from footfall.sources import Batch, Known, Offer
from footfall.sources.github.api import Api
from footfall.sources.github.repositories import Repo
from footfall.tables import Table

DAY = timedelta(days=1)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ready:
    """The detail of an offer whose rows are already loaded."""

    rows: Sequence[Row] = ()
    count: int | None = None
    """How many facts the ledger should record, if that is not the number of rows."""
    note: str = ""
    restates: Window | None = None
    """Under `Replace` the part of the window that the rows replace."""


@dataclass(frozen=True)
class Refused:
    """The detail of an offer that failed."""

    reason: str


@dataclass(frozen=True)
class Later:
    """The detail of an offer that needs further requests."""

    what: str
    """What is being read, for progress messages."""
    read: Callable[[Offer], Batch]


@dataclass(frozen=True)
class Asking:
    """What a kind needs to query, and what was known before."""

    api: Api
    known: Known
    now: datetime

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class Answered:
    """The result of querying a repository: an answer, or a fault."""

    repo: Repo
    answer: Any = None
    fault: str = ""


class Kind(Protocol):
    """One kind of data that is collected from repositories."""

    @property
    def name(self) -> str:
        """Its name in the setting `collect`."""
        ...

    @property
    def tables(self) -> tuple[Table, ...]: ...

    @property
    def permission(self) -> str:
        """The permission that a token needs, in GitHub's words."""
        ...

    def path(self, repo: Repo) -> str:
        """The first request; it shows whether a token has the permission."""
        ...

    def ask(self, asking: Asking, repo: Repo) -> Any:
        """The parsed answer for a repository; called in many threads. Raises SourceError."""
        ...

    def offers(self, asking: Asking, answers: Sequence[Answered]) -> Iterator[Offer]:
        """The offers of all repositories; a repository that failed gets a failed offer."""
        ...


@dataclass(frozen=True)
class Shape:
    """Validates parsed JSON, with one-sentence errors."""

    what: str
    """The subject of the answer, for messages: "the views of a/b"."""
    faults: tuple[type[Exception], ...] = field(default=(KeyError, TypeError, ValueError, AttributeError), repr=False)

    def __enter__(self) -> Shape:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self.faults):
            raise BrokenDataError(
                f"GitHub's answer about {self.what} has an unexpected format; nothing of it was stored."
            ) from None


def moment(text: str) -> datetime:
    """A moment with its zone, as GitHub writes it. Raises ValueError."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("a moment without a zone could be anywhere")
    return read.astimezone(UTC)


def count_of(value: Any) -> int:
    """A whole number that is not negative. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    if value < 0:
        raise ValueError(f"{value} is negative")
    return value


def entries_of(found: Any) -> list[Any]:
    """A list, unchanged; an empty object is not a list and does not mean zero entries. Raises TypeError."""
    if not isinstance(found, list):
        raise TypeError(f"{type(found).__name__} is not a list")
    return found


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def days_between(first: date, last: date) -> list[date]:
    """The days from `first` to `last`, inclusive."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def failed_on(table: Table, window: Window, answered: Answered) -> Offer:
    """The offer of a window that failed."""
    return Offer(table.name, window, answered.repo.id, detail=Refused(answered.fault))
