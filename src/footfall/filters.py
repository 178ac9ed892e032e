"""Filters: which rows count. One grammar, printed and parsed by one pair of functions.

    repo=a/b,c/d        one of these                repo!=a/b       none of these
    repo=jupyterhub/*   everything with this start  repo!=x/*       nothing with this start
    version>=3          at least; also > < <=       origin=(none)   rows that have no value
    page="a,b","x*"     quotes hold a value that has a comma, a quote (doubled), an asterisk or blanks at its ends

A label of a value (`label_of`) is what every output shows: it keeps no value, the empty text and the text "(none)" apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from footfall.errors import QueryError, UnknownNameError
from footfall.numerals import number_of, whole_of
from footfall.periods import EPOCH, parse_moment

if TYPE_CHECKING:
    from footfall.tables import Column

Value: TypeAlias = str | int | float | bool | datetime | None
"""A dimension's value; None is the value of rows that have none."""

NO_VALUE = "(none)"
"""How a missing value is written."""


@dataclass(frozen=True)
class Prefix:
    """Every text that starts with `start`; an empty start is any text at all."""

    start: str


Wanted: TypeAlias = Value | Prefix
Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
RANGES: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
"""The operators that compare with one value; they work on values and on columns alike."""


OPPOSITES: Mapping[str, Operator] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What keeps the rest, rows without a value aside."""


@dataclass(frozen=True)
class Filter:
    """Rows whose `dimension` is one of `values` (=), none of them (!=), or on one side of the only one (< <= > >=).

    Rows without a value are kept by `!=`, and by `=` where None is among the values. No range keeps them.

    >>> str(Filter("repo", ("a,b", Prefix("jupyterhub/"), None)))
    'repo="a,b",jupyterhub/*,(none)'
    """

    dimension: str
    values: tuple[Wanted, ...]
    operator: Operator = "="

    @property
    def is_negated(self) -> bool:
        return self.operator == "!="

    @property
    def is_range(self) -> bool:
        return self.operator in RANGES

    def accepts(self, value: Value, folds_case: bool = False) -> bool:
        """Whether a row with this value counts; with `folds_case` upper and lower case are one."""
        if self.is_range:
            return value is not None and bool(RANGES[self.operator](value, self.values[0]))
        return any(_matches(value, wanted, folds_case) for wanted in self.values) != self.is_negated

    def __str__(self) -> str:
        return f"{self.dimension}{self.operator}{','.join(map(_printed, self.values))}"


def _matches(value: Value, wanted: Wanted, folds_case: bool) -> bool:
    if isinstance(wanted, Prefix):
        return isinstance(value, str) and _folded(value, folds_case).startswith(_folded(wanted.start, folds_case))
    return bool(_folded(value, folds_case) == _folded(wanted, folds_case))


def _folded(value: Any, folds_case: bool) -> Any:
    return value.lower() if folds_case and isinstance(value, str) else value


def _printed(value: Wanted) -> str:
    if isinstance(value, Prefix):
        return f"{_protected(value.start) if value.start else ''}*"
    return _protected(value) if isinstance(value, str) else text_of(value)


def _protected(text: str) -> str:
    """`text` as it stands, or in quotes where it would be read as something else."""
    is_plain = text and text != NO_VALUE and text == text.strip() and text[0] != "=" and not set(text) & set(',"*')
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


_PARTS = re.compile(r"\d+|[a-z]+")
_RANKS = {"dev": 0, "post": 3}
"""What stands in for a part of letters, next to the end of a version (2) and a number (4); others come before the end."""


def version_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """What texts of versions are sorted by: numbers as numbers, and what comes before a release before it.

    >>> sorted(["3.10", "3.9", "3.1", "3.9rc1"], key=version_order)
    ['3.1', '3.9rc1', '3.9', '3.10']
    """
    parts = _PARTS.findall(text.lower())
    keys = [(4, int(part), "") if part.isdecimal() else (_RANKS.get(part, 1), 0, part) for part in parts]
    return (*keys, (2, 0, ""))


def text_of(value: Value) -> str:
    """A value as plain text: (none) for no value, true and false, moments in UTC."""
    if value is None:
        return NO_VALUE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def label_of(value: Value) -> str:
    """A dimension's value as every output shows it; different values have different labels.

    No value is (none). The empty text and texts that could be mistaken (the text "(none)", or one that
    begins with a quote) stand in quotes, as in a filter: "" and "(none)".
    """
    if isinstance(value, str) and (not value or value == NO_VALUE or value[0] == '"'):
        return _quoted(value)
    return text_of(value)


Dimensions: TypeAlias = Mapping[str, "Column"]
"""What can be filtered by, by name."""

_FILTER = re.compile(r"\s*([^=!<>\s]+)\s*(!=|>=|<=|=|<|>)(.*)", re.DOTALL)
_VALUE = re.compile(r'\s*(?:"((?:[^"]|"")*)"(\*?)|([^,"]*))\s*(?:,|\Z)')
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_filter(text: str, dimensions: Dimensions, of: str, now: datetime = EPOCH) -> Filter:
    """Parse the filter `text` for the dimensions of the metric `of`; the inverse of `str`.

    Raises QueryError where it cannot be read, UnknownNameError for a dimension that is not among `dimensions`.
    """
    match = _FILTER.fullmatch(text)
    if match is None:
        raise QueryError(
            f"filter {text!r} cannot be read; write dimension=value, dimension!=value,other, dimension=start* or "
            "dimension>=value."
        )
    name, operator, values = match.groups()
    column = dimension_of(name, dimensions, of)
    read = tuple(dict.fromkeys(_typed(column, part, now) for part in _parts(values)))
    return Filter(name, read, operator)  # type: ignore[arg-type]


def filter_of(name: str, values: Any, dimensions: Dimensions, of: str, now: datetime = EPOCH) -> Filter:
    """The filter of Python values: one, or several as a sequence; texts are literal, `*` included."""
    column = dimension_of(name, dimensions, of)
    listed = (
        values if isinstance(values, Sequence | set | frozenset) and not isinstance(values, str | bytes) else (values,)
    )
    return Filter(name, tuple(_typed(column, _Part(v), now) if isinstance(v, str) else v for v in listed))


def named_in(text: str) -> str:
    """The dimension that a filter names, be it known or not; empty where the text cannot be read."""
    match = _FILTER.fullmatch(text)
    return match[1] if match else ""


def dimension_of(name: str, dimensions: Dimensions, of: str) -> Column:
    if name not in dimensions:
        raise UnknownNameError(f"dimension of {of}", name, dimensions)
    return dimensions[name]


@dataclass(frozen=True)
class _Part:
    """One value as it was written."""

    text: str
    is_prefix: bool = False


def _parts(text: str) -> Iterator[_Part | None]:
    """The values of a list, None for no value."""
    at = 0
    while True:
        match = _VALUE.match(text, at)
        if match is None:
            raise QueryError(
                f'filter values {text!r} cannot be read; put a value that holds a comma or a quote in "…".'
            )
        quoted, star, plain = match.groups()
        yield _Part(quoted.replace('""', '"'), bool(star)) if quoted is not None else _plain(plain.strip())
        at = match.end()
        if at >= len(text) and not match[0].endswith(","):
            return


def _plain(text: str) -> _Part | None:
    if text == NO_VALUE:
        return None
    start = text.removesuffix("*")
    if "*" in start:
        raise QueryError(
            f'{text!r} has an asterisk before its end, and only a start can be matched; write start*, or "{text}" in '
            "quotes for the asterisk itself."
        )
    return _Part(start, is_prefix=start != text)


def _typed(column: Column, part: _Part | None, now: datetime) -> Wanted:
    if part is None:
        return None
    if part.is_prefix:
        return Prefix(part.text)
    text = part.text
    match column.type:
        case "boolean":
            if text.lower() not in _TRUTHS:
                raise UnknownNameError(f"value of {column.name}", text, ("true", "false", NO_VALUE))
            return _TRUTHS[text.lower()]
        case "integer":
            return _number(column.name, text, whole_of, "a whole number")
        case "number":
            return _number(column.name, text, number_of, "a number")
        case "timestamp":
            return parse_moment(text, now)
        case _:
            return column.code_of(text)


def _number(name: str, text: str, read: Callable[[str], float], what: str) -> float:
    try:
        return read(text)
    except ValueError:
        raise QueryError(f"{name} is {what}, not {text[:60]!r}.") from None


_TYPES: dict[str, tuple[Any, str]] = {
    "string": (str, "a text"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": (bool, "true or false"),
    "timestamp": (datetime, "a moment"),
}


def check_filter(filter: Filter, column: Column) -> None:
    """Reject filters without values, and values of another type, which match nothing or break the engine."""
    name = filter.dimension
    if not filter.values:
        raise QueryError(f"the filter on {name} names no value; give at least one, {NO_VALUE} for rows without.")
    if filter.is_range and (
        len(filter.values) != 1 or filter.values[0] is None or isinstance(filter.values[0], Prefix)
    ):
        raise QueryError(f"{filter} compares with more than a value; write {name}{filter.operator} and one value.")
    if filter.is_range and column.type == "boolean":
        raise QueryError(f"{name} is true or false, which have no order; write {name}=true or {name}=false.")
    kind, described = _TYPES.get(column.type, (object, "a value"))
    for value in filter.values:
        if isinstance(value, Prefix):
            if column.type != "string":
                raise QueryError(
                    f"{filter}: only texts have a start, and {name} is {described}; write a range such as {name}>=…."
                )
            continue
        is_fitting = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if value is not None and (not is_fitting or (isinstance(value, float) and not isfinite(value))):
            raise QueryError(f"a value of {name} is {described}, not {value!r}.")
