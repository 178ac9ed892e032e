"""Numbers among the words of a command: what an option reads them by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from footfall.numerals import number_of, whole_of


def whole(least: int | None = None, most: int | None = None) -> Callable[[Any], int]:
    """A reader of whole numbers within bounds, both included."""

    def read(given: Any) -> int:
        number = given if isinstance(given, int) else _read(whole_of, given)
        if (least is not None and number < least) or (most is not None and number > most):
            upto = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise ValueError(f"{number}: it must be a whole number {upto}")
        return number

    return read


def share(given: Any) -> float:
    """A number with a fraction."""
    return given if isinstance(given, float) else _read(number_of, given)


def _read(read: Callable[[str], Any], given: Any) -> Any:
    text = str(given)
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r}: {error}") from None
