"""What a reader of numbers should know about the time they cover: annotations, and intervals known to be wrong.

A source provides both as optional attributes, `annotations` and `known_wrong`; footfall.toml adds more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from footfall.periods import Window, short

_MOST_NAMED = 3


class AnnotationKind(StrEnum):
    """What an annotation is about."""

    RELEASE = "release"
    """A version was published."""
    OUTAGE = "outage"
    """Something did not work."""
    BREAK = "break"
    """A definition changed upstream: numbers before and after it are not comparable."""
    NOTE = "note"
    """Anything else that explains the numbers."""


@dataclass(frozen=True)
class Annotation:
    """Something that happened at a moment or over a span.

    Parameters:
        kind: `release`, `outage`, `break` or `note`.
        window: When; of a moment the window is empty (see `at`).
        text: What happened, in a few words.
        scope: The part of the source that it is about, such as a repository; empty for all of it.
        source: The name of the source; empty for every source. Filled in for what a source provides.
        table: The table that it is about; empty for all tables of the source.

    Example:
        >>> from datetime import date
        >>> str(Annotation.at("release", date(2026, 3, 1), "version 2.0"))
        '2026-03-01: release, version 2.0'
    """

    kind: AnnotationKind
    window: Window
    text: str
    scope: str = ""
    source: str = ""
    table: str = ""

    @classmethod
    def at(
        cls, kind: AnnotationKind | str, on: date | datetime, text: str, *, scope: str = "", table: str = ""
    ) -> Annotation:
        """An annotation of one moment; a date is its first moment in UTC."""
        moment = _moment(on)
        return cls(AnnotationKind(kind), Window(moment, moment), text, scope, table=table)

    @classmethod
    def during(
        cls,
        kind: AnnotationKind | str,
        first: date | datetime,
        last: date | datetime,
        text: str,
        *,
        scope: str = "",
        table: str = "",
    ) -> Annotation:
        """An annotation of a span; where `last` is a date, that day is included."""
        return cls(AnnotationKind(kind), span(first, last), text, scope, table=table)

    def is_within(self, window: Window) -> bool:
        """Whether it happened in `window`, or over some of it.

        Args:
            window: A half-open span of time.

        Example:
            >>> from datetime import date
            >>> from footfall.periods import Window
            >>> Annotation.at("note", date(2026, 3, 1), "moved").is_within(Window.of_day(date(2026, 3, 1)))
            True
        """
        if self.window.start == self.window.end:
            return self.window.start in window
        return self.window.overlaps(window)

    def parts(self, window: Window) -> bool:
        """Whether `window` has time on both sides of it, or some of the time that it took.

        Args:
            window: A half-open span of time.

        Example:
            >>> from datetime import date
            >>> from footfall.periods import Window
            >>> Annotation.at("break", date(2026, 3, 1), "bots count").parts(Window.of_day(date(2026, 3, 1)))
            False
        """
        if self.window.start == self.window.end:
            return window.start < self.window.start < window.end
        return self.window.overlaps(window)

    def __str__(self) -> str:
        about = f" ({self.scope})" if self.scope else ""
        return f"{span_in_words(self.window)}: {self.kind}, {self.text}{about}"


@dataclass(frozen=True)
class KnownWrong:
    """An interval in which a source is known to have recorded wrong or incomplete values.

    Its time does not count as collected: coverage 0, with the reason, in every answer. What is stored is still shown.

    Parameters:
        window: The interval, half-open, in UTC.
        reason: Why the values are wrong, in one clause.
        scope: The part of the source that it is about; empty for all of it.
        source: The name of the source. Filled in for what a source provides.
        table: The table that it is about; empty for all tables of the source.

    Example:
        >>> from datetime import date
        >>> str(KnownWrong.days(date(2022, 10, 20), date(2022, 11, 23), "one cluster was not recorded"))
        '2022-10-20 to 2022-11-23 (one cluster was not recorded)'
    """

    window: Window
    reason: str
    scope: str = ""
    source: str = ""
    table: str = ""

    @classmethod
    def days(
        cls, first: date | datetime, last: date | datetime, reason: str, *, scope: str = "", table: str = ""
    ) -> KnownWrong:
        """The interval from `first` to `last`; where `last` is a date, that day is included."""
        return cls(span(first, last), reason, scope, table=table)

    def is_about(self, source: str, scope: str) -> bool:
        """Whether it is about a scope of a source; what is read from several sources has the source ""."""
        return (not self.source or not source or self.source == source) and self.scope in ("", scope)

    def __str__(self) -> str:
        about = f" of {self.scope}" if self.scope else ""
        return f"{span_in_words(self.window)}{about} ({self.reason.rstrip('.')})"


@dataclass(frozen=True)
class Happened:
    """What is known to have happened to the values of one table."""

    annotations: tuple[Annotation, ...] = ()
    known_wrong: tuple[KnownWrong, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the settings say about every number of the source."""

    def of(self, source: str, table: str) -> Happened:
        """The part of it about one table of one source."""

        def is_about(one: Annotation | KnownWrong) -> bool:
            return one.source in ("", source) and one.table in ("", table)

        return Happened(tuple(filter(is_about, self.annotations)), tuple(filter(is_about, self.known_wrong)))

    def within(self, window: Window, scopes: Callable[[str], bool]) -> tuple[Annotation, ...]:
        """The annotations of `window` about scopes that `scopes` accepts, oldest first."""
        found = (a for a in self.annotations if a.is_within(window) and (not a.scope or scopes(a.scope)))
        return sort_annotations(found)


NOTHING_HAPPENED = Happened()


def sort_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Oldest first; each once."""
    return tuple(sorted(dict.fromkeys(annotations), key=lambda a: (a.window, a.kind, a.source, a.scope, a.text)))


def remarks_on_annotations(annotations: Sequence[Annotation]) -> Iterator[str]:
    """A sentence for each break; outages and notes the first few; releases are only carried along."""
    for one in annotations:
        if one.kind is AnnotationKind.BREAK:
            yield f"A break: {_described(one)}. Numbers before and after it are not comparable."
    others = [one for one in annotations if one.kind in (AnnotationKind.OUTAGE, AnnotationKind.NOTE)]
    for one in others[:_MOST_NAMED]:
        yield f"{str(one.kind).capitalize()}: {_described(one)}."
    if len(others) > _MOST_NAMED:
        yield f"{len(others) - _MOST_NAMED:,} more annotations lie in this time."


def _described(one: Annotation) -> str:
    about = f" ({one.scope})" if one.scope else ""
    return f"{one.text.rstrip('.')}{about}, {span_in_words(one.window)}"


def remarks_on_known_wrong(known_wrong: Iterable[KnownWrong], window: Window) -> list[str]:
    """A sentence for each interval that lies in `window`, oldest first."""
    wrong = sorted((known for known in known_wrong if known.window.overlaps(window)), key=lambda k: k.window)
    return [f"Known to be wrong, and counted as not collected: {one}." for one in dict.fromkeys(wrong)]


def span(first: date | datetime, last: date | datetime) -> Window:
    """From `first` to `last`: a moment ends it, a date is its last day. Raises ValueError where it would be empty."""
    start = _moment(first)
    end = last if isinstance(last, datetime) else Window.of_day(last).end
    if end <= start:
        raise ValueError(f"it would end ({last}) before it begins ({first})")
    return Window(start, end)


def _moment(on: date | datetime) -> datetime:
    return on if isinstance(on, datetime) else Window.of_day(on).start


def span_in_words(window: Window) -> str:
    """2022-10-20 to 2022-11-23, both days included; one day or moment by itself."""
    if window.start == window.end:
        return short(window.start)
    last_day = Window.of_day((window.end - window.end.resolution).date())
    if (window.start.hour, window.start.minute) == (0, 0) and window.end == last_day.end:
        first, last = short(window.start), short(last_day.start)
        return first if first == last else f"{first} to {last}"
    return f"{short(window.start)} to {short(window.end)}"
