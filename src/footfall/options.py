"""Options: every part of a question, declared once. Command line, Python, docs and checks derive from it.

An option has the same meaning everywhere:

    grain         the length of a period
    since, until  the periods that are asked: from the one that holds `since` up to `until`, which is exclusive
    last          the last so many periods instead, or a span such as 2w, up to `until` or now, the current one included
    as_of         as it was known, or as if it were asked, at that moment
    by            dimensions to split by
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from footfall.errors import QueryError, UnknownNameError, shown
from footfall.numerals import number_of
from footfall.periods import Grain, before, floor, parse_moment, short

MOMENTS = "2026, 2026-11, 2026-W48, 2026-11-23, an instant, yesterday, 7d (ago)"
DATED = (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.YEAR)
"""Grains of activity: marks are kept by the day."""
MOST = 1000
"""More rows or columns than this are not a table to read."""


class Type(StrEnum):
    """What an option's value is."""

    TEXT = "text"
    CHOICE = "choice"
    COUNT = "count"
    LENGTH = "length"
    """A number of periods, or a span of time such as 2w."""
    SHARE = "share"
    """A part of a whole, 0 to 1."""
    FLAG = "flag"
    MOMENT = "moment"
    NAMES = "names"
    """One or several, parted by commas."""
    FILTERS = "filters"
    EVENT = "event"
    EVENTS = "events"
    CHOICES = "choices"
    """NAME=CHOICE, one or several."""


class Span(str):
    """A span of time as text: 14d, 2w, 6m, 1y."""

    __slots__ = ()


_ANY_DAY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Option:
    """One part of a question."""

    name: str
    """As Python has it; the command line writes as_of as --as-of."""
    type: Type
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    """Of a closed list of words."""
    default: Any = None
    example: str = ""
    short: str = ""
    flag: str = ""
    """The command line's name where it is another."""
    most: int | None = None
    """Of a count."""
    is_argument: bool = False
    """Whether the command line takes it by its place, without a name."""

    @property
    def is_many(self) -> bool:
        return self.type in (Type.NAMES, Type.FILTERS, Type.EVENTS, Type.CHOICES)

    def read(self, given: Any, now: datetime) -> Any:
        """The value that was given, of its type; an error names the option and what it may be."""
        match self.type:
            case Type.CHOICE:
                return None if given is None and not self.default else choice_of(self.name, given, self.choices)
            case Type.COUNT:
                return count_of(self.name, given, self.most)
            case Type.LENGTH:
                return length_of(self.name, given, self.most)
            case Type.SHARE:
                return read_share(self.name, given)
            case Type.FLAG:
                return flag_of(self.name, given)
            case Type.MOMENT:
                return read_moment(self.name, given, now)
            case Type.NAMES:
                return names_of(self.name, given)
            case _:
                return given


# --- reading


def choice_of(name: str, given: Any, valid: Iterable[str]) -> str:
    """One of a closed list of words, whatever its letters' case."""
    words = [str(word) for word in valid]
    word = given.strip().lower() if isinstance(given, str) else given
    if word not in words:
        raise UnknownNameError(name, str(given), words)
    return str(word)


_MOST_COUNT = 10**9


def count_of(name: str, given: Any, most: int | None = None) -> int | None:
    """A whole number of at least 1, as a number or as text; None where there is none."""
    if given is None:
        return None
    upto = f"a whole number from 1 to {most:,}" if most else "a whole number of at least 1"
    try:
        if isinstance(given, bool | float) or (isinstance(given, str) and not re.fullmatch(r"\s*[0-9]{1,9}\s*", given)):
            raise TypeError
        count = int(given)
        if count >= _MOST_COUNT:
            raise OverflowError
    except (TypeError, ValueError, OverflowError):
        raise QueryError(f"{name} is {shown(given)}; it must be {upto}.") from None
    if count < 1 or (most and count > most):
        raise QueryError(f"{name} is {shown(count)}; it must be {'at least 1' if not most else upto}.")
    return count


def length_of(name: str, given: Any, most: int | None = None) -> int | Span | None:
    """A whole number of periods, or a span of time such as 2w; None where there is none."""
    if isinstance(given, str) and before(_ANY_DAY, given) is not None:
        return Span(given.strip().lower())
    try:
        return count_of(name, given, most)
    except QueryError as error:
        if not isinstance(given, str):
            raise
        raise QueryError(f"{str(error).rstrip('.')}, or a span such as 2w, 90d, 6m or 1y.") from None


def read_share(name: str, given: Any) -> float | None:
    """A number above 0 and up to 1; None where there is none."""
    if given is None:
        return None
    try:
        share = number_of(given) if isinstance(given, str) else float("" if isinstance(given, bool) else given)
        shown = f"{share:g}"  # the same words for a number and for its text
    except (TypeError, ValueError):
        share, shown = -1.0, repr(given)
    if not 0 < share <= 1:
        raise QueryError(f"{name} is {shown}; it must be a number above 0 and up to 1, such as 0.7.")
    return share


def flag_of(name: str, given: Any) -> bool:
    if not isinstance(given, bool):
        raise QueryError(f"{name} is {given!r}; it must be True or False.")
    return given


def read_moment(name: str, given: Any, now: datetime) -> datetime | None:
    """The moment that text, a date or a datetime names; None where there is none."""
    if given is None:
        return None
    if not isinstance(given, str | date) or given != given:
        hint = f"; write it as text: '{given}'" if isinstance(given, int) and 1900 <= given < 3000 else ""
        raise QueryError(f"{name}={given!r} is not a date or time{hint or '; write one like ' + repr('2026-11-23')}.")
    return parse_moment(given, now)


def names_of(name: str, given: Any) -> tuple[str, ...]:
    """Names, one by one or parted by commas, each once."""
    example = "launches" if name == "metric" else "repo"
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or isinstance(listed, Mapping):
        raise QueryError(
            f"{name} is {given!r}; give names, such as {name}=[{example!r}]{'' if name == 'metric' else ', or leave it out'}."
        )
    texts = list(listed)
    for text in texts:
        if not isinstance(text, str):
            raise QueryError(f"{name} has {text!r}, which is not a name; give texts, such as {name}=[{example!r}].")
    return tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))


def check_window(since: datetime | None, until: datetime | None, last: int | None) -> None:
    """What is wrong with a window whatever is asked of it."""
    if since and until and since >= until:
        raise QueryError(f"since {short(since)} must come before until {short(until)}.")
    if last and since:
        raise QueryError("last and since both set the start of the window; give only one of them.")


# --- declarations

GRAIN = Option(
    "grain", Type.CHOICE, "hour, day, week (ISO), month, year or total.", "GRAIN", tuple(Grain), "day", "month", "-g"
)
SINCE = Option("since", Type.MOMENT, f"Start, inclusive: {MOMENTS}.", "DATE", example="2026-11")
UNTIL = Option("until", Type.MOMENT, "End, exclusive.", "DATE", example="2026-12")
LAST = Option(
    "last", Type.LENGTH, "The last N periods, or a span such as 2w; the current one included.", "N", example="12"
)
AS_OF = Option("as_of", Type.MOMENT, "Answer from the data as it was known at that time.", "DATE", example="yesterday")

_METRIC = Option(
    "metric",
    Type.NAMES,
    "The metric, one or several; `footfall metrics` lists them.",
    "METRIC",
    example="launches",
    is_argument=True,
)
_EVENT = Option("event", Type.EVENT, "The event that counts as active.", "EVENT", example="active", is_argument=True)
_DATED = replace(GRAIN, help="day, week, month or year.", choices=tuple(DATED), default="week")
_AS_IF = replace(AS_OF, help="Answer as of that time: later marks do not count.")
_ROWS = replace(LAST, help="The last N periods, or a span such as 6m; default: 12, or all from --since on.", most=MOST)

QUERY = (
    _METRIC,
    GRAIN,
    SINCE,
    UNTIL,
    LAST,
    Option("by", Type.NAMES, "Split by a dimension; may be repeated.", "DIM", default=(), example="repo"),
    Option(
        "where",
        Type.FILTERS,
        "DIM=VALUE[,VALUE] or DIM!=VALUE; may be repeated.",
        "FILTER",
        default=(),
        example="provider=GitHub",
    ),
    Option("project", Type.TEXT, "Only this project of footfall.toml.", "NAME", example="icepyx"),
    Option("top", Type.COUNT, "The N largest groups; all others in one row.", "N", example="10"),
    Option("rolling", Type.COUNT, "Mean over N calendar periods.", "N", example="7"),
    Option(
        "min_coverage",
        Type.SHARE,
        "Minimum collected share of a mean's time; default 1.",
        "SHARE",
        example="0.7",
    ),
    Option("cumulative", Type.FLAG, "Running total.", default=False),
    Option(
        "compare",
        Type.CHOICE,
        "Compare with the window right before (previous) or with a year before (year).",
        "SPAN",
        ("previous", "year"),
        example="year",
    ),
    AS_OF,
    Option(
        "policies",
        Type.CHOICES,
        "Choose a policy; `footfall metrics METRIC` lists them.",
        "NAME=CHOICE",
        default=(),
        example="status=any",
        flag="--policy",
    ),
)
COHORT = (
    Option("first", Type.EVENT, "The event that starts a cohort.", "FIRST", example="signed_up", is_argument=True),
    Option("then", Type.EVENT, "The event that counts as coming back.", "THEN", example="active", is_argument=True),
    _DATED,
    replace(SINCE, help="The first period with a row."),
    replace(UNTIL, help="Rows start before this date; their columns go on to now."),
    _ROWS,
    Option("columns", Type.COUNT, "The number of later periods.", "N", default=12, example="6", most=MOST),
    Option(
        "kind",
        Type.CHOICE,
        "active: all who did FIRST; new: for the first time ever.",
        "KIND",
        ("active", "new"),
        "active",
        "new",
    ),
    Option(
        "retention",
        Type.CHOICE,
        "return: in that period; unbounded: then or later.",
        "FORM",
        ("return", "unbounded"),
        "return",
        "unbounded",
    ),
    Option(
        "where_first",
        Type.EVENTS,
        "Only who did this too, in the row's period; flag:EVENT: is marked without a time.",
        "EVENT",
        default=(),
        example="paid",
    ),
    Option(
        "where_then",
        Type.EVENTS,
        "Only who did this too, on coming back; flag:EVENT: is marked without a time.",
        "EVENT",
        default=(),
        example="paid",
    ),
    _AS_IF,
)
FUNNEL = (
    Option("steps", Type.EVENTS, "The steps, in order.", "EVENT", example="signed_up", is_argument=True),
    Option(
        "within", Type.TEXT, "The longest time from the first step to the last.", "DAYS", default="7d", example="2w"
    ),
    replace(SINCE, help="First steps from this date; default: 30 days ago."),
    replace(UNTIL, help="First steps before this date, exclusive."),
    _AS_IF,
)
STICKINESS = (
    _EVENT,
    Option(
        "windows",
        Type.CHOICE,
        "trailing: the last 7 and 30 days; calendar: months.",
        "WINDOWS",
        ("trailing", "calendar"),
        "trailing",
        "calendar",
    ),
    SINCE,
    UNTIL,
    replace(_ROWS, help="The last N days or months, or a span such as 6m; default: 30, or all from --since on."),
    _AS_IF,
)
GROWTH = (_EVENT, _DATED, SINCE, UNTIL, _ROWS, _AS_IF)

QUESTIONS = {"query": QUERY, "cohort": COHORT, "funnel": FUNNEL, "stickiness": STICKINESS, "growth": GROWTH}
"""The options of each kind of question, by the command that asks it."""


def read(command: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The options of a question as they were given, each of its type, with its default where it was not given."""
    declared = {option.name: option for option in QUESTIONS[command]}
    if unknown := [name for name in given if name not in declared]:
        raise TypeError(f"{command} has no option {unknown[0]!r}")
    found = {name: option.read(given.get(name, option.default), now) for name, option in declared.items()}
    return _since_of_span(found, now)


def _since_of_span(found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A span as `last` says where the window begins; it ends where `until` says, or with today."""
    span = found.get("last")
    if not isinstance(span, Span):
        return found
    if found["since"] is not None:
        raise QueryError("last and since both set the start of the window; give only one of them.")
    end = found["until"] or floor(Grain.DAY, now) + timedelta(days=1)
    return found | {"last": None, "since": before(end, span)}


# --- as text, where every part of a question has a name: addresses, and programs

_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def text_name(option: Option) -> str:
    """What an option is called where everything is text: as on the command line, with _ for -."""
    return option.flag.removeprefix("--").replace("-", "_") or option.name


def of_texts(declared: Iterable[Option], texts: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    """A question as Python would be given it, from texts by name; an empty text is an option that is not given.

    Args:
        declared: The options of the kind of question.
        texts: By name a text, or several.

    Raises:
        UnknownNameError: For an option that the question does not have.
        QueryError: For several values of an option that takes one, or a text that is not of its type.

    Example:
        >>> of_texts(QUESTIONS["query"], {"metric": "commits", "by": ["repo", "author"], "policy": "merges=with"})
        {'metric': ('commits',), 'by': ('repo', 'author'), 'policies': {'merges': 'with'}}
    """
    names = {text_name(option): option for option in declared}
    aliases = {option.name: option for option in names.values()}
    asked: dict[str, Any] = {}
    for name, given in texts.items():
        option = names.get(name.replace("-", "_")) or aliases.get(name)
        if option is None:
            raise UnknownNameError("option", name, names)
        if option.name in asked:
            raise QueryError(f"{text_name(option)} is given twice, under two names; leave out one of them.")
        values = [given] if isinstance(given, str) else [each for each in given if each.strip()]
        if values and values != [""]:
            asked[option.name] = _of_texts(option, values)
    return asked


def _of_texts(option: Option, values: Sequence[str]) -> Any:
    name = text_name(option)
    if option.type is Type.CHOICES:
        return dict(choice_made(name, value, option.metavar) for value in values)
    if option.type in (Type.NAMES, Type.EVENTS):
        return names_of(name, values)
    if option.is_many:
        return tuple(values)
    if len(values) > 1:
        raise QueryError(f"{name} takes one value and was given {len(values)} times; leave out the others.")
    if option.type is Type.FLAG:
        return _flag_of_text(name, values[0])
    return values[0]


def choice_made(name: str, text: str, form: str = "NAME=CHOICE") -> tuple[str, str]:
    """A choice as text: NAME=CHOICE."""
    chosen, equals, choice = text.partition("=")
    if not equals:
        raise QueryError(f"{name} {text!r} cannot be read; write {form}.")
    return chosen.strip(), choice.strip()


def _flag_of_text(name: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in (*_YES, *_NO):
        raise QueryError(f"{name} is {text!r}; it must be true or false.")
    return word in _YES


def texts_of(declared: Iterable[Option], question: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A question as names and texts, in the order of its options: `of_texts` reads them again; defaults are left out.

    Example:
        >>> texts_of(QUESTIONS["query"], {"metric": "commits", "grain": "day", "by": ["repo", "author"], "last": 3})
        [('metric', 'commits'), ('last', '3'), ('by', 'repo'), ('by', 'author')]
    """
    found: list[tuple[str, str]] = []
    for option in declared:
        given = question.get(option.name)
        if given is None or given == option.default or given in ((), [], {}, False):
            continue
        if option.type is Type.SHARE and given == 1:  # the whole, which an answer says where nothing was asked
            continue
        if option.type is Type.CHOICES:
            values = [f"{name}={choice}" for name, choice in dict(given).items()]
        else:
            values = [str(given)] if isinstance(given, str | int | float | bool) else [str(each) for each in given]
        found += [(text_name(option), value.lower() if option.type is Type.FLAG else value) for value in values]
    return found
